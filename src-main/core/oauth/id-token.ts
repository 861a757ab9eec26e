/** What we take from an ID token, after its signature and claims have been checked (OpenID Connect Core §3.1.3.7, §12.2). */
import * as oauth from 'oauth4webapi';
import { jwtPart } from '../base64.ts';
import { AppFailure, failure, success } from '../errors.ts';
import type { Failure, Result } from '../errors.ts';
import type { Clock, Http } from '../ports.ts';
import { oneLine } from '../safe-text.ts';
import { callOptions } from './provider-connection.ts';
import type { ProviderConnection } from './provider-connection.ts';
import { translate } from './translate.ts';

export interface Identity {
  readonly subject: string;
  /** What a person recognises: e-mail, user name or name; the subject where there is nothing better. */
  readonly account: string;
}

/**
 * @param response The response that `processed` was made of, whose signature is to be checked; oauth4webapi keeps the
 * token's text with it. Null: the claims are enough.
 * @returns Undefined when the answer holds no ID token. The claims were checked by the `process…` call; here it is also
 * seen to that no foreign audience is named beside us (Core §3.1.3.7 point 3).
 */
export async function readIdentity(
  connection: ProviderConnection,
  processed: oauth.TokenEndpointResponse,
  response: Response | null,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<Result<Identity | undefined>> {
  const claims = oauth.getValidatedIdTokenClaims(processed);
  if (claims === undefined) return success(undefined);
  const { server, client } = connection;
  const issuer = new URL(server.issuer);
  if (Array.isArray(claims.aud) && claims.aud.some((audience) => audience !== client.client_id)) {
    return failure('id-token-invalid', { host: issuer.host, subject: 'it names another audience' });
  }
  if (response !== null) {
    try {
      await checkSignature(connection, response, clock, signal);
    } catch (cause) {
      const translated = translate(cause, issuer.host);
      return translated.error.code === 'token-answer-invalid' ||
        translated.error.code === 'internal'
        ? failure('id-token-invalid', { host: issuer.host, cause, subject: 'its signature' })
        : translated;
    }
  }
  const words = [claims['email'], claims['preferred_username'], claims['name']];
  const account = words.find((word): word is string => typeof word === 'string' && word !== '');
  return success({ subject: claims.sub, account: oneLine(account ?? claims.sub) });
}

/** A key that is not known is looked for in the keys as they are now, once. */
async function checkSignature(
  { server, http }: ProviderConnection,
  response: Response,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<void> {
  const check = (age: 'kept' | 'new'): Promise<void> =>
    oauth.validateApplicationLevelSignature(
      // oauth4webapi keeps keys with this very object, by the system's clock
      { ...server },
      response,
      callOptions(keysFrom(http, clock, age), new URL(server.issuer), signal),
    );
  try {
    await check('kept');
  } catch (cause) {
    const isUnknown =
      cause instanceof oauth.OperationProcessingError && cause.code === oauth.KEY_SELECTION;
    if (!isUnknown) throw cause;
    await check('new');
  }
}

interface FetchedKeys {
  readonly atMs: number;
  readonly answer: Promise<Response>;
}

/** By the Http that fetched them, and their address; the last few. */
const fetchedKeys = new WeakMap<Http, Map<string, readonly FetchedKeys[]>>();

const KEYS_KEPT_FOR_MS = 5 * 60_000;
const MOST_FETCHES_A_MINUTE = 2;

/**
 * An Http for the keys of a provider (JWKS, RFC 7517 §5), which fetches them twice a minute at most: tokens with key ids
 * that nobody knows make no flood of requests. Those who come at the same time share one request.
 */
function keysFrom(http: Http, clock: Clock, age: 'kept' | 'new'): Http {
  return async (url, init) => {
    const byUrl = fetchedKeys.get(http) ?? new Map<string, readonly FetchedKeys[]>();
    fetchedKeys.set(http, byUrl);
    const nowMs = clock.now();
    const known = (byUrl.get(url) ?? []).filter(({ atMs }) => nowMs - atMs < KEYS_KEPT_FOR_MS);
    const lately = known.filter(({ atMs }) => nowMs - atMs < 60_000);
    const last = known.at(-1);
    const isEnough = age === 'kept' || lately.length >= MOST_FETCHES_A_MINUTE;
    if (last !== undefined && isEnough) return (await orStopped(last.answer, init.signal)).clone();
    const { signal: _ofOneOnly, ...shared } = init;
    const fetched = { atMs: nowMs, answer: http(url, shared) };
    byUrl.set(url, [...known, fetched]);
    const forget = (): void => {
      const others = (byUrl.get(url) ?? []).filter((each) => each !== fetched);
      byUrl.set(url, others);
    };
    fetched.answer.then(({ status }) => {
      if (status !== 200) forget();
    }, forget);
    return (await orStopped(fetched.answer, init.signal)).clone();
  };
}

/** What several wait for goes on when one of them does not want it any more. */
function orStopped<Value>(value: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      reject(new AppFailure({ code: 'sign-in-cancelled' }));
    };
    if (signal?.aborted === true) stop();
    signal?.addEventListener('abort', stop, { once: true });
    value.then(resolve, reject);
  });
}

/** Above this the clocks differ by more than an answer's way and the tolerance of the checks. */
const LEAST_CLOCK_FAULT_MS = 60_000;

/**
 * Whether an ID token was refused because this computer's clock is wrong.
 * @param offsetMs How far the provider's clock is ahead by its Date header; 0 where it has none, and then the time at which
 * the ID token says it was issued (just now) stands for it.
 * @returns `clock-wrong` with how far it is off; undefined when the clock is right.
 */
export function clockFault(
  idToken: unknown,
  offsetMs: number,
  nowMs: number,
  host: string,
): Failure | undefined {
  const behindMs = offsetMs === 0 ? issuedAtMs(idToken) - nowMs : offsetMs;
  if (!(Math.abs(behindMs) > LEAST_CLOCK_FAULT_MS)) return undefined;
  const subject = `${span(Math.abs(behindMs))} ${behindMs > 0 ? 'behind' : 'ahead'}`;
  return failure('clock-wrong', { host, subject });
}

function issuedAtMs(idToken: unknown): number {
  const iat = typeof idToken === 'string' ? jwtPart(idToken, 1)?.['iat'] : undefined;
  return typeof iat === 'number' ? iat * 1000 : NaN;
}

function span(ms: number): string {
  const units = [
    ['year', 365 * 24 * 3600_000],
    ['day', 24 * 3600_000],
    ['hour', 3600_000],
    ['minute', 60_000],
  ] as const;
  // An answer takes its time: a second less than a day is a day
  const roundMs = Math.round(ms / 60_000) * 60_000;
  const [name, unitMs] = units.find(([, lengthMs]) => roundMs >= lengthMs) ?? units[3];
  const count = Math.round(roundMs / unitMs);
  return `${String(count)} ${name}${count === 1 ? '' : 's'}`;
}
