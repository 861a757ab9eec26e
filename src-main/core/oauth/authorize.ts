/** Starts an attempt: fresh secrets of its own and the URL to open (RFC 6749 §4.1.1 and §4.2.1, RFC 7636, RFC 9700 §2.1). */
import * as oauth from 'oauth4webapi';
import { failure, success } from '../errors.ts';
import type { Result } from '../errors.ts';
import type { Pkce } from '../provider.ts';
import { wantsIdToken } from './provider-connection.ts';
import type { Parameters, ProviderConnection } from './provider-connection.ts';

/** One attempt; everything that its answer is held against. Lives in memory only and is used once. */
export interface PendingAttempt {
  readonly connection: ProviderConnection;
  readonly flow: 'code' | 'implicit';
  readonly redirectUri: string;
  readonly scope: string;
  /** 256 random bits each, base64url (RFC 9700 §2.1.1; oauth4webapi makes them). */
  readonly state: string;
  readonly nonce: string;
  /** Undefined without PKCE. */
  readonly codeVerifier?: string;
  /** The answer was asked for as a posted form, which arrives here as a query. */
  readonly isPosted: boolean;
}

export interface AuthorizationUrl {
  readonly url: URL;
  readonly attempt: PendingAttempt;
}

export interface AuthorizationOptions {
  readonly flow: 'code' | 'implicit';
  readonly redirectUri: string;
  /** With spaces between scopes. */
  readonly scope: string;
  /** Never replace one that the flow sets. */
  readonly parameters: Parameters;
  /** For a code; other than S256 only where the provider's data or the person asks for it. */
  readonly pkce: Pkce;
}

/**
 * @returns `endpoint-missing` without an authorization endpoint, for a code also without a token endpoint;
 * `pkce-unsupported` when the provider lists PKCE methods without the one to be used (there is no way back to `plain`).
 */
export async function startAuthorization(
  connection: ProviderConnection,
  options: AuthorizationOptions,
): Promise<Result<AuthorizationUrl>> {
  const { server, client, ways } = connection;
  const { flow, redirectUri, scope, pkce } = options;
  const host = new URL(server.issuer).host;
  if (server.authorization_endpoint === undefined) {
    return failure('endpoint-missing', { host, subject: 'authorization endpoint' });
  }
  // Before anybody signs in for nothing
  if (flow === 'code' && server.token_endpoint === undefined) {
    return failure('endpoint-missing', { host, subject: 'token endpoint' });
  }
  const usesPkce = flow === 'code' && pkce !== 'off';
  const methods = server.code_challenge_methods_supported;
  if (usesPkce && methods !== undefined && !methods.includes(pkce)) {
    return failure('pkce-unsupported', { host });
  }

  // A query in the endpoint is kept (RFC 6749 §3.1)
  const url = new URL(server.authorization_endpoint);
  for (const [name, value] of options.parameters) url.searchParams.set(name, value);
  const codeVerifier = oauth.generateRandomCodeVerifier();
  const attempt: PendingAttempt = {
    connection,
    flow,
    redirectUri,
    scope,
    state: oauth.generateRandomState(),
    nonce: oauth.generateRandomNonce(),
    ...(usesPkce ? { codeVerifier } : {}),
    isPosted: url.searchParams.get('response_mode') === 'form_post',
  };
  const asksForIdToken = wantsIdToken(connection, scope);
  const set = (name: string, value: string): void => {
    url.searchParams.set(name, value);
  };
  // OpenID Connect Core §3.2.2.1 for the implicit flow with an ID token
  set('response_type', flow === 'code' ? 'code' : asksForIdToken ? 'id_token token' : 'token');
  set('client_id', client.client_id);
  set('redirect_uri', redirectUri);
  if (scope !== '') {
    set(ways.scopeParameter ?? 'scope', scope.split(' ').join(ways.scopeSeparator ?? ' '));
  }
  set('state', attempt.state);
  if (asksForIdToken) set('nonce', attempt.nonce);
  if (usesPkce) {
    const isPlain = pkce === 'plain';
    set(
      'code_challenge',
      isPlain ? codeVerifier : await oauth.calculatePKCECodeChallenge(codeVerifier),
    );
    set('code_challenge_method', pkce);
  }
  return success({ url, attempt });
}
