/** Asks the token endpoint: for a code, by a refresh token, for the client itself (RFC 6749 §4.1.3, §6, §4.4). */
import * as oauth from 'oauth4webapi';
import { failure, success } from '../errors.ts';
import type { Result } from '../errors.ts';
import type { Clock } from '../ports.ts';
import { extrasFrom } from '../rest/answer.ts';
import { clockOffsetMs, expiryOf, jwtExpiryMs } from '../token.ts';
import type { TokenSet } from '../token.ts';
import type { PendingAttempt } from './authorize.ts';
import { clockFault, readIdentity } from './id-token.ts';
import { callOptions, wantsIdToken } from './provider-connection.ts';
import type { Parameters, ProviderConnection } from './provider-connection.ts';
import { tolerate } from './tolerate.ts';
import { translate } from './translate.ts';

/** Swaps a checked code for tokens; sent once, never again after any answer. */
export async function exchangeCode(
  attempt: PendingAttempt,
  callback: URLSearchParams,
  clock: Clock,
  signal?: AbortSignal,
): Promise<Result<TokenSet>> {
  const { connection, redirectUri, codeVerifier, scope } = attempt;
  const { server, client, authentication, http, ways } = connection;
  return ask(connection, clock, scope, signal, {
    send: () =>
      oauth.authorizationCodeGrantRequest(
        server,
        client,
        authentication,
        callback,
        redirectUri,
        // eslint-disable-next-line @typescript-eslint/no-deprecated -- only where a provider's data or the person says so
        codeVerifier ?? oauth.nopkce,
        {
          ...callOptions(http, new URL(server.issuer), signal),
          additionalParameters: toSend(ways.tokenParameters),
        },
      ),
    process: (response) => processAnswer(attempt, response),
  });
}

function processAnswer(
  { connection, nonce, scope }: PendingAttempt,
  response: Response,
): Promise<oauth.TokenEndpointResponse> {
  const { server, client } = connection;
  const requireIdToken = wantsIdToken(connection, scope);
  return oauth.processAuthorizationCodeResponse(server, client, response, {
    ...(requireIdToken ? { expectedNonce: nonce } : {}),
    requireIdToken,
  });
}

/** The same checks for what came by the front channel instead of from the token endpoint. */
export async function readFrontChannel(
  attempt: PendingAttempt,
  members: Readonly<Record<string, string>>,
  clock: Clock,
  signal?: AbortSignal,
): Promise<Result<TokenSet>> {
  const response = new Response(JSON.stringify(members), {
    headers: { 'content-type': 'application/json' },
  });
  return ask(attempt.connection, clock, attempt.scope, signal, {
    send: () => Promise.resolve(response),
    process: (answer) => processAnswer(attempt, answer),
  });
}

/** Asks with a code that was never issued: a server that knows the client answers `grant-refused`. */
export async function probeClient(
  connection: ProviderConnection,
  redirectUri: string,
  clock: Clock,
  signal?: AbortSignal,
): Promise<Result<TokenSet>> {
  const { server, client, authentication, http } = connection;
  const body = new URLSearchParams({
    code: oauth.generateRandomState(),
    redirect_uri: redirectUri,
    code_verifier: oauth.generateRandomCodeVerifier(),
  });
  return ask(connection, clock, '', signal, {
    send: () =>
      oauth.genericTokenEndpointRequest(
        server,
        client,
        authentication,
        'authorization_code',
        body,
        callOptions(http, new URL(server.issuer), signal),
      ),
    process: (response) => oauth.processGenericTokenEndpointResponse(server, client, response),
  });
}

function toSend(parameters: Parameters = []): URLSearchParams {
  return new URLSearchParams(Object.fromEntries(parameters));
}

/**
 * Renews by refresh token. What the answer leaves out is kept from the token before (RFC 6749 §6: no new refresh token
 * means that the old one stays valid).
 * @returns `id-token-invalid` when an ID token in the answer speaks for somebody else (OpenID Connect Core §12.2).
 */
export async function refresh(
  connection: ProviderConnection,
  before: TokenSet & { readonly refreshToken: string },
  clock: Clock,
  signal?: AbortSignal,
): Promise<Result<TokenSet>> {
  const { server, client, authentication, http, ways } = connection;
  const answer = await ask(connection, clock, before.scope ?? '', signal, {
    send: () =>
      oauth.refreshTokenGrantRequest(server, client, authentication, before.refreshToken, {
        ...callOptions(http, new URL(server.issuer), signal),
        additionalParameters: toSend(ways.refreshParameters),
      }),
    process: (response) => oauth.processRefreshTokenResponse(server, client, response),
    isRenewal: true,
  });
  if (!answer.ok) return answer;
  const { refreshToken, refreshExpiresAtMs, idToken, account, accountSubject, extra, redirectUri } =
    before;
  if (
    accountSubject !== undefined &&
    answer.value.accountSubject !== undefined &&
    answer.value.accountSubject !== accountSubject
  ) {
    return failure('id-token-invalid', {
      host: new URL(server.issuer).host,
      subject: 'it is about another account',
    });
  }
  return success({
    refreshToken,
    ...(refreshExpiresAtMs === undefined || answer.value.refreshToken !== undefined
      ? {}
      : { refreshExpiresAtMs }),
    ...(redirectUri === undefined ? {} : { redirectUri }),
    ...(idToken === undefined ? {} : { idToken }),
    ...(account === undefined ? {} : { account }),
    ...(accountSubject === undefined ? {} : { accountSubject }),
    ...answer.value,
    ...(extra === undefined ? {} : { extra: { ...extra, ...answer.value.extra } }),
  });
}

/** A token for the client itself. A refresh token in the answer is not expected and is dropped (RFC 6749 §4.4.3). */
export async function requestAsClient(
  connection: ProviderConnection,
  options: {
    readonly scope: string;
    readonly parameters: Parameters;
    /** Default `client_credentials`. */
    readonly grantType?: string | undefined;
  },
  clock: Clock,
  signal?: AbortSignal,
): Promise<Result<TokenSet>> {
  const { server, client, authentication, http, ways } = connection;
  const { grantType = 'client_credentials' } = options;
  const body = toSend(options.parameters);
  if (options.scope !== '') {
    body.set('scope', options.scope.split(' ').join(ways.scopeSeparator ?? ' '));
  }
  const answer = await ask(connection, clock, options.scope, signal, {
    send: () =>
      oauth.genericTokenEndpointRequest(
        server,
        client,
        authentication,
        grantType,
        body,
        callOptions(http, new URL(server.issuer), signal),
      ),
    process: (response) => oauth.processGenericTokenEndpointResponse(server, client, response),
  });
  if (!answer.ok) return answer;
  const { refreshToken: _dropped, refreshExpiresAtMs: _with, ...token } = answer.value;
  return success({ ...token, account: client.client_id });
}

async function ask(
  connection: ProviderConnection,
  clock: Clock,
  requestedScope: string,
  signal: AbortSignal | undefined,
  exchange: {
    readonly send: () => Promise<Response>;
    readonly process: (response: Response) => Promise<oauth.TokenEndpointResponse>;
    /**
     * The answer may carry a refresh token that replaces a used-up one: what an ID token beside it gets wrong costs the
     * sign-in only if it is about somebody else. Its signature is not looked at, as it came straight from the token
     * endpoint (OpenID Connect Core §3.1.3.7 point 6) and fetching keys would put off the saving.
     */
    readonly isRenewal?: boolean;
  },
): Promise<Result<TokenSet>> {
  const host = new URL(connection.server.token_endpoint ?? connection.server.issuer).host;
  const requestedAtMs = clock.now();
  try {
    const { isRenewal = false } = exchange;
    const { ways } = connection;
    const tolerated = await tolerate(await exchange.send(), (answer) =>
      ways.readAnswer === undefined ? answer : ways.readAnswer(answer, isRenewal),
    );
    const { body, rebuild, headers } = tolerated;
    // A rotated refresh token is worth more than a word that nobody else than a bearer would leave out
    if (isRenewal && typeof body !== 'string') body['token_type'] ??= 'Bearer';
    // One that cannot be checked says nothing
    if (ways.ignoresIdTokens === true && typeof body !== 'string') delete body['id_token'];
    const offsetMs = clockOffsetMs(headers, clock.now());
    const response = rebuild(body);
    let processed: oauth.TokenEndpointResponse;
    try {
      processed = await exchange.process(response);
    } catch (cause) {
      if (!isAboutTime(cause) || typeof body === 'string') throw cause;
      if (!isRenewal) {
        return clockFault(body['id_token'], offsetMs, clock.now(), host) ?? translate(cause, host);
      }
      const { id_token: _late, ...rest } = body;
      processed = await exchange.process(rebuild(rest));
    }
    if (processed.token_type !== 'bearer') return failure('token-type-unsupported', { host });
    const identity = await readIdentity(
      connection,
      processed,
      isRenewal ? null : response,
      clock,
      signal,
    );
    if (!identity.ok) return identity;
    const expiresAtMs =
      expiryOf(tolerated.expiresIn, requestedAtMs) ??
      jwtExpiryMs(processed.access_token, requestedAtMs, offsetMs);
    const refreshExpiresAtMs = expiryOf(tolerated.refreshExpiresIn, requestedAtMs);
    const scope = processed.scope ?? requestedScope;
    const { userinfo_endpoint: userinfoEndpoint } = connection.server;
    const extra = {
      ...extrasFrom({ status: 200, headers, text: '', json: tolerated.body }, ways.extras),
      ...(userinfoEndpoint === undefined ? {} : { userinfoEndpoint }),
    };
    return success({
      accessToken: processed.access_token,
      ...(processed.refresh_token === undefined ? {} : { refreshToken: processed.refresh_token }),
      ...(processed.id_token === undefined ? {} : { idToken: processed.id_token }),
      ...(scope === '' ? {} : { scope }),
      issuedAtMs: requestedAtMs,
      ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
      ...(refreshExpiresAtMs === undefined ? {} : { refreshExpiresAtMs }),
      ...(Object.keys(extra).length === 0 ? {} : { extra }),
      ...(identity.value === undefined
        ? {}
        : { account: identity.value.account, accountSubject: identity.value.subject }),
    });
  } catch (cause) {
    return translate(cause, host);
  }
}

/** The clock of this computer is off, or the answer took long: no reason to distrust what came with it. */
function isAboutTime(cause: unknown): boolean {
  return (
    cause instanceof oauth.OperationProcessingError && cause.code === oauth.JWT_TIMESTAMP_CHECK
  );
}
