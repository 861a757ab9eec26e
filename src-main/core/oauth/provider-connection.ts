/** One provider as a tenant reaches it: its metadata, our client there, and the options every call is made with. */
import * as oauth from 'oauth4webapi';
import type { Http } from '../ports.ts';
import { isLoopback } from '../tenant.ts';

export interface ProviderConnection {
  readonly server: oauth.AuthorizationServer;
  readonly client: oauth.Client;
  readonly authentication: oauth.ClientAuth;
  readonly http: Http;
}

/** Tolerated difference of the clocks when an ID token is checked (60 s, as in most clients). */
const CLOCK_TOLERANCE_SECONDS = 60;

/**
 * @param clientSecret Undefined for a public client (RFC 6749 §2.1). With one, `client_secret_basic` is used where the
 * server takes it, as RFC 6749 §2.3.1 asks, and `client_secret_post` else.
 */
export function connect(
  server: oauth.AuthorizationServer,
  clientId: string,
  clientSecret: string | undefined,
  http: Http,
): ProviderConnection {
  return {
    server,
    client: { client_id: clientId, [oauth.clockTolerance]: CLOCK_TOLERANCE_SECONDS },
    authentication: clientAuthentication(server, clientSecret),
    http,
  };
}

function clientAuthentication(
  server: oauth.AuthorizationServer,
  clientSecret: string | undefined,
): oauth.ClientAuth {
  if (clientSecret === undefined) return oauth.None();
  // RFC 8414 §2: client_secret_basic is what an absent list means
  const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  return !methods.includes('client_secret_basic') && methods.includes('client_secret_post')
    ? oauth.ClientSecretPost(clientSecret)
    : oauth.ClientSecretBasic(clientSecret);
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
