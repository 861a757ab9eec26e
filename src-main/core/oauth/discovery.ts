/** Reads a provider's metadata (OpenID Connect Discovery 1.0 §4, RFC 8414 §3) and refuses what could lead a request astray. */
import * as oauth from 'oauth4webapi';
import { failure, success } from '../errors.ts';
import type { Result } from '../errors.ts';
import type { Clock, Http } from '../ports.ts';
import { oneLine } from '../safe-text.ts';
import { isSecure } from '../tenant.ts';
import { callOptions, isDevelopmentIssuer } from './provider-connection.ts';
import { translate } from './translate.ts';

/** Metadata older than this is read again before the next use. */
const KEPT_FOR_MS = 24 * 3600 * 1000;

export interface Discovery {
  /**
   * @param pattern What the metadata may state as its issuer although another was asked for.
   * @returns Metadata whose issuer equals `issuer` character for character (or fits the pattern) and whose endpoints are
   * all safe to use.
   */
  find(
    issuer: string,
    signal?: AbortSignal,
    pattern?: string,
  ): Promise<Result<oauth.AuthorizationServer>>;
}

export function createDiscovery(http: Http, clock: Clock): Discovery {
  const kept = new Map<
    string,
    { readonly server: oauth.AuthorizationServer; readonly atMs: number }
  >();
  return {
    async find(issuer, signal, pattern) {
      // What fits a pattern is good only for those who ask with it
      const key = JSON.stringify([issuer, pattern]);
      const known = kept.get(key);
      if (known !== undefined && clock.now() - known.atMs < KEPT_FOR_MS)
        return success(known.server);
      const fetched = await fetchMetadata(issuer, http, signal, pattern);
      if (fetched.ok) kept.set(key, { server: fetched.value, atMs: clock.now() });
      // The last good copy serves while the provider cannot be asked
      else if (known !== undefined) return success(known.server);
      return fetched;
    },
  };
}

async function fetchMetadata(
  issuer: string,
  http: Http,
  signal: AbortSignal | undefined,
  pattern: string | undefined,
): Promise<Result<oauth.AuthorizationServer>> {
  const url = new URL(issuer);
  let last = failure('discovery-missing', { host: url.host });
  // The two documents put the well-known part at different ends of an issuer with a path
  for (const algorithm of ['oidc', 'oauth2'] as const) {
    try {
      const response = await oauth.discoveryRequest(url, {
        ...callOptions(http, url, signal),
        algorithm,
      });
      if (response.status === 404) continue;
      if (response.status !== 200) {
        return failure(response.status >= 500 ? 'provider-trouble' : 'discovery-missing', {
          host: url.host,
          detail: `HTTP ${String(response.status)}`,
        });
      }
      const metadata: unknown = await response.json().catch(() => undefined);
      if (typeof metadata !== 'object' || metadata === null || !('issuer' in metadata)) {
        return failure('not-the-provider', { host: url.host });
      }
      return checkMetadata(issuer, withoutNulls(metadata) as oauth.AuthorizationServer, pattern);
    } catch (cause) {
      last = translate(cause, url.host);
      if (last.error.code !== 'not-the-provider') return last;
    }
  }
  return last;
}

/** Servers that write null for what they do not have mean that it is absent. */
function withoutNulls(metadata: object): object {
  return Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== null));
}

const LISTS = [
  'code_challenge_methods_supported',
  'token_endpoint_auth_methods_supported',
] as const;
/** An issuer that can be offered character for character: a trailing slash, for example, matters. */
function isShowable(issuer: unknown): issuer is string {
  if (typeof issuer !== 'string' || issuer.length > 300 || !URL.canParse(issuer)) return false;
  const url = new URL(issuer);
  const { username, password, search, hash } = url;
  return (
    isSecure(url) &&
    [username, password, search, hash].every((part) => part === '') &&
    oneLine(issuer) === issuer
  );
}

const ENDPOINTS = [
  'authorization_endpoint',
  'token_endpoint',
  'revocation_endpoint',
  'userinfo_endpoint',
  'jwks_uri',
  'end_session_endpoint',
  'device_authorization_endpoint',
] as const;

/**
 * RFC 8414 §3.3 and Discovery §4.3: the issuer must be the one asked for, character for character. Endpoints are
 * parsed before anything is loaded from them or handed to the system (CVE-2025-6514 was command execution by one).
 */
function checkMetadata(
  issuer: string,
  metadata: oauth.AuthorizationServer,
  pattern: string | undefined,
): Result<oauth.AuthorizationServer> {
  const asked = new URL(issuer);
  const isExpected =
    metadata.issuer === issuer ||
    (pattern !== undefined && new RegExp(pattern).test(metadata.issuer));
  if (!isExpected) {
    return failure('issuer-mismatch', {
      host: asked.host,
      ...(isShowable(metadata.issuer) ? { issuer: metadata.issuer } : {}),
    });
  }
  if (LISTS.some((name) => metadata[name] !== undefined && !Array.isArray(metadata[name]))) {
    return failure('not-the-provider', { host: asked.host });
  }
  for (const name of ENDPOINTS) {
    const value: unknown = metadata[name];
    if (value === undefined) continue;
    const endpoint = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
    const safe =
      endpoint?.hash === '' &&
      endpoint.username === '' &&
      endpoint.password === '' &&
      (endpoint.protocol === 'https:' || (isDevelopmentIssuer(asked) && isSecure(endpoint)));
    if (!safe) {
      return failure('endpoint-unsafe', { host: asked.host, subject: name.replaceAll('_', ' ') });
    }
  }
  return success(metadata);
}
