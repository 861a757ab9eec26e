/** Starts an authorization-code attempt: fresh secrets of its own and the URL to open (RFC 6749 §4.1.1, RFC 7636, RFC 9700 §2.1). */
import * as oauth from 'oauth4webapi';
import { failure, success } from '../errors.ts';
import type { Result } from '../errors.ts';
import type { ProviderConnection } from './provider-connection.ts';

/** One attempt; everything that its answer is held against. Lives in memory only and is used once. */
export interface PendingAttempt {
  readonly connection: ProviderConnection;
  readonly redirectUri: string;
  readonly scope: string;
  /** 256 random bits each, base64url (RFC 9700 §2.1.1; oauth4webapi makes them). */
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

export interface AuthorizationUrl {
  readonly url: URL;
  readonly attempt: PendingAttempt;
}

/**
 * @param options.parameters Extra parameters of the tenant; never replace one that the flow sets.
 * @returns `endpoint-missing` without an authorization endpoint, `pkce-unsupported` when the provider lists PKCE methods
 * without S256 (there is no way back to `plain`).
 */
export async function startAuthorization(
  connection: ProviderConnection,
  options: {
    readonly redirectUri: string;
    readonly scope: string;
    readonly parameters: readonly (readonly [string, string])[];
  },
): Promise<Result<AuthorizationUrl>> {
  const { server, client } = connection;
  const host = new URL(server.issuer).host;
  if (server.authorization_endpoint === undefined) {
    return failure('endpoint-missing', { host, subject: 'authorization endpoint' });
  }
  const methods = server.code_challenge_methods_supported;
  if (methods !== undefined && !methods.includes('S256'))
    return failure('pkce-unsupported', { host });

  const attempt: PendingAttempt = {
    connection,
    redirectUri: options.redirectUri,
    scope: options.scope,
    state: oauth.generateRandomState(),
    nonce: oauth.generateRandomNonce(),
    codeVerifier: oauth.generateRandomCodeVerifier(),
  };
  // A query in the endpoint is kept (RFC 6749 §3.1)
  const url = new URL(server.authorization_endpoint);
  for (const [name, value] of options.parameters) url.searchParams.set(name, value);
  const set = (name: string, value: string): void => {
    url.searchParams.set(name, value);
  };
  set('response_type', 'code');
  set('client_id', client.client_id);
  set('redirect_uri', attempt.redirectUri);
  if (attempt.scope !== '') set('scope', attempt.scope);
  set('state', attempt.state);
  if (asksForIdToken(attempt.scope)) set('nonce', attempt.nonce);
  set('code_challenge', await oauth.calculatePKCECodeChallenge(attempt.codeVerifier));
  set('code_challenge_method', 'S256');
  return success({ url, attempt });
}

/** OpenID Connect Core §3.1.2.1: only `openid` among the scopes asks for an ID token. */
export function asksForIdToken(scope: string): boolean {
  return scope.split(' ').includes('openid');
}
