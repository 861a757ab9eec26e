/** One provider as a tenant reaches it: its metadata, our client there, and the options every call is made with. */
import * as oauth from 'oauth4webapi';
import type { Http } from '../ports.ts';
import type { OAuthServer } from '../provider.ts';
import { isLoopback } from '../tenant.ts';

export interface ProviderConnection {
  readonly server: oauth.AuthorizationServer;
  readonly client: oauth.Client;
  readonly authentication: oauth.ClientAuth;
  readonly http: Http;
  readonly ways: ProviderWays;
}

export type ClientAuthentication = 'basic' | 'post';

/** Where a provider departs from RFC 6749 or wants more than it; nothing of it for one that does not. */
export interface ProviderWays {
  readonly authentication?: ClientAuthentication;
  /** Without metadata nobody knows the issuer and its keys: what cannot be checked is not looked at. */
  readonly ignoresIdTokens?: true;
  readonly scopeSeparator?: ',';
  readonly scopeParameter?: string;
  /** Sent along with a code, and with a refresh token. */
  readonly tokenParameters?: Parameters;
  readonly refreshParameters?: Parameters;
  /** See `OAuthServer`. */
  readonly readAnswer?: NonNullable<OAuthServer['readAnswer']>;
  readonly extras?: Readonly<Record<string, string>>;
}

export type Parameters = readonly (readonly [name: string, value: string])[];

/** Tolerated difference of the clocks when an ID token is checked (60 s, as in most clients). */
const CLOCK_TOLERANCE_SECONDS = 60;

/**
 * @param clientSecret Undefined for a public client (RFC 6749 §2.1). With one, `client_secret_basic` is used where the
 * server takes it, as RFC 6749 §2.3.1 asks, and `client_secret_post` else; `ways.authentication` goes before both.
 */
export function connect(
  server: oauth.AuthorizationServer,
  clientId: string,
  clientSecret: string | undefined,
  http: Http,
  ways: ProviderWays = {},
): ProviderConnection {
  return {
    server,
    client: { client_id: clientId, [oauth.clockTolerance]: CLOCK_TOLERANCE_SECONDS },
    authentication: clientAuthentication(server, clientSecret, ways.authentication),
    http,
    ways,
  };
}

function clientAuthentication(
  server: oauth.AuthorizationServer,
  clientSecret: string | undefined,
  chosen: ClientAuthentication | undefined,
): oauth.ClientAuth {
  if (clientSecret === undefined) return oauth.None();
  // RFC 8414 §2: client_secret_basic is what an absent list means
  const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  const takesOnlyPost =
    !methods.includes('client_secret_basic') && methods.includes('client_secret_post');
  return (chosen ?? (takesOnlyPost ? 'post' : 'basic')) === 'post'
    ? oauth.ClientSecretPost(clientSecret)
    : oauth.ClientSecretBasic(clientSecret);
}

/** OpenID Connect Core §3.1.2.1: only `openid` among the scopes asks for an ID token. */
export function wantsIdToken({ ways }: ProviderConnection, scope: string): boolean {
  return ways.ignoresIdTokens !== true && scope.split(' ').includes('openid');
}

/**
 * Options for a call of oauth4webapi: our Http, and plain http only towards a server on this computer
 * whose issuer is itself on this computer (development).
 */
export function callOptions(
  http: Http,
  issuer: URL,
  signal?: AbortSignal,
): {
  readonly [oauth.customFetch]: typeof http;
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so to stand out; see the docstring
  readonly [oauth.allowInsecureRequests]: boolean;
  readonly signal?: AbortSignal;
} {
  return {
    [oauth.customFetch]: http,
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so to stand out; see the docstring
    [oauth.allowInsecureRequests]: isDevelopmentIssuer(issuer),
    ...(signal === undefined ? {} : { signal }),
  };
}

export function isDevelopmentIssuer(issuer: URL): boolean {
  return issuer.protocol === 'http:' && isLoopback(issuer.hostname);
}
