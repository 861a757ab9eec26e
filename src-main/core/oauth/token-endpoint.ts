/** Asks the token endpoint: for a code, by a refresh token, for the client itself (RFC 6749 §4.1.3, §6, §4.4). */
import * as oauth from 'oauth4webapi';
import { failure, success } from '../errors.ts';
import type { Result } from '../errors.ts';
import type { Clock } from '../ports.ts';
import { expiryOf } from '../token.ts';
import type { TokenSet } from '../token.ts';
import { asksForIdToken } from './authorize.ts';
import type { PendingAttempt } from './authorize.ts';
import { readIdentity } from './id-token.ts';
import { callOptions } from './provider-connection.ts';
import type { ProviderConnection } from './provider-connection.ts';
import { translate } from './translate.ts';

/** Swaps a checked code for tokens; sent once, never again after any answer. */
export async function exchangeCode(
  attempt: PendingAttempt,
  callback: URLSearchParams,
  clock: Clock,
  signal?: AbortSignal,
): Promise<Result<TokenSet>> {
  const { connection, redirectUri, codeVerifier, nonce, scope } = attempt;
  const { server, client, authentication, http } = connection;
  const wantsIdToken = asksForIdToken(scope);
  return ask(connection, clock, scope, signal, {
    send: () =>
      oauth.authorizationCodeGrantRequest(
        server,
        client,
        authentication,
        callback,
        redirectUri,
        codeVerifier,
        callOptions(http, new URL(server.issuer), signal),
      ),
    process: (response) =>
      oauth.processAuthorizationCodeResponse(server, client, response, {
        ...(wantsIdToken ? { expectedNonce: nonce } : {}),
        requireIdToken: wantsIdToken,
      }),
  });
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
  const { server, client, authentication, http } = connection;
  const answer = await ask(connection, clock, before.scope ?? '', signal, {
    send: () =>
      oauth.refreshTokenGrantRequest(
        server,
        client,
        authentication,
        before.refreshToken,
        callOptions(http, new URL(server.issuer), signal),
      ),
    process: (response) => oauth.processRefreshTokenResponse(server, client, response),
    isRenewal: true,
  });
  if (!answer.ok) return answer;
  const { refreshToken, idToken, account, accountSubject } = before;
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
    ...(idToken === undefined ? {} : { idToken }),
    ...(account === undefined ? {} : { account }),
    ...(accountSubject === undefined ? {} : { accountSubject }),
    ...answer.value,
  });
}

/** A token for the client itself. A refresh token in the answer is not expected and is dropped (RFC 6749 §4.4.3). */
export async function requestAsClient(
  connection: ProviderConnection,
  options: {
    readonly scope: string;
    readonly parameters: readonly (readonly [string, string])[];
  },
  clock: Clock,
  signal?: AbortSignal,
): Promise<Result<TokenSet>> {
  const { server, client, authentication, http } = connection;
  const body = new URLSearchParams(Object.fromEntries(options.parameters));
  if (options.scope !== '') body.set('scope', options.scope);
  const answer = await ask(connection, clock, options.scope, signal, {
    send: () =>
      oauth.clientCredentialsGrantRequest(
        server,
        client,
        authentication,
        body,
        callOptions(http, new URL(server.issuer), signal),
      ),
    process: (response) => oauth.processClientCredentialsResponse(server, client, response),
  });
  if (!answer.ok) return answer;
  const { refreshToken: _dropped, ...token } = answer.value;
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
    const { body, rebuild, expiresIn } = await tolerate(await exchange.send());
    const response = rebuild(body);
    const processed = await exchange.process(response).catch((cause: unknown) => {
      if (!isRenewal || !isAboutTime(cause)) throw cause;
      const { id_token: _late, ...rest } = body as Record<string, unknown>;
      return exchange.process(rebuild(rest));
    });
    if (processed.token_type !== 'bearer') return failure('token-type-unsupported', { host });
    const identity = await readIdentity(connection, processed, isRenewal ? null : response, signal);
    if (!identity.ok) return identity;
    const expiresAtMs = expiryOf(expiresIn, requestedAtMs);
    const scope = processed.scope ?? requestedScope;
    return success({
      accessToken: processed.access_token,
      ...(processed.refresh_token === undefined ? {} : { refreshToken: processed.refresh_token }),
      ...(processed.id_token === undefined ? {} : { idToken: processed.id_token }),
      ...(scope === '' ? {} : { scope }),
      issuedAtMs: requestedAtMs,
      ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
      ...(identity.value === undefined
        ? {}
        : { account: identity.value.account, accountSubject: identity.value.subject }),
    });
  } catch (cause) {
    return translate(cause, host);
  }
}

/**
 * Takes nonsense out of the optional members of a token answer. oauth4webapi rejects the whole answer for them, and with
 * a rotating refresh token a rejected answer is a lost sign-in. A life that makes no sense counts as unknown (see
 * `expiryOf`); a refresh token that is empty or no text counts as absent, so the old one is kept.
 */
async function tolerate(response: Response): Promise<{
  /** The answer as it may be processed: an object, or the text of something else. */
  readonly body: Readonly<Record<string, unknown>> | string;
  readonly rebuild: (body: Readonly<Record<string, unknown>> | string) => Response;
  readonly expiresIn: unknown;
}> {
  const text = await response.text();
  const { status } = response;
  const headers = new Headers(response.headers);
  // oauth4webapi stops at a challenge; the body tells our own mistake from a proxy that asks for a password
  if (text !== '') headers.delete('www-authenticate');
  // Some statuses must not have a body, not even an empty one
  const rebuild = (body: Readonly<Record<string, unknown>> | string): Response =>
    new Response((typeof body === 'string' ? body : JSON.stringify(body)) || null, {
      status,
      headers,
    });
  const json = response.status === 200 ? parseObject(text) : undefined;
  if (json === undefined) return { body: text, rebuild, expiresIn: undefined };
  const { expires_in: expiresIn, ...rest } = json;
  for (const name of ['refresh_token', 'scope', 'id_token']) {
    if (typeof rest[name] !== 'string' || rest[name] === '') delete rest[name];
  }
  return { body: rest, rebuild, expiresIn };
}

/** The clock of this computer is off, or the answer took long: no reason to distrust what came with it. */
function isAboutTime(cause: unknown): boolean {
  return (
    cause instanceof oauth.OperationProcessingError && cause.code === oauth.JWT_TIMESTAMP_CHECK
  );
}

function parseObject(text: string): Record<string, unknown> | undefined {
  const parsed = parse(text) ?? parse(text.replace(BARE_NUMBER_WORDS, ':null'));
  return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
    ? { ...parsed }
    : undefined;
}

/** What some serializers write for a number that is none; it is no JSON. */
const BARE_NUMBER_WORDS = /:\s*-?(?:NaN|Infinity)\b/g;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
