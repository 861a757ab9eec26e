/** Judges what arrives at a redirect URI: is it there, is it this attempt's, is it whole (RFC 6749 §4.1.2, RFC 9207). */
import * as oauth from 'oauth4webapi';
import { failure, success } from '../errors.ts';
import type { Result } from '../errors.ts';
import type { PendingAttempt } from './authorize.ts';
import { translate } from './translate.ts';

/** At least one of these makes a visit to the redirect URI an answer; without one it is an ordinary page. */
const RESPONSE_PARAMETERS = ['code', 'error', 'state', 'access_token', 'id_token', 'response'];

/**
 * Whether an address is the redirect URI's: same scheme, host, port, exact path and registered query, no user name.
 * Compared as parsed URLs, never as text (a prefix also fits `…/callback-evil`).
 */
export function isAtRedirectUri(target: string, redirectUri: string): boolean {
  if (!URL.canParse(target) || !URL.canParse(redirectUri)) return false;
  const url = new URL(target);
  const expected = new URL(redirectUri);
  if (url.username !== '' || url.password !== '') return false;
  if (url.protocol !== expected.protocol || url.host !== expected.host) return false;
  if (url.pathname !== expected.pathname) return false;
  return [...expected.searchParams].every(([name, value]) => url.searchParams.get(name) === value);
}

/** Whether a navigation goes to the redirect URI with an answer in its query or its fragment. */
export function isRedirect(target: string, redirectUri: string): boolean {
  if (!isAtRedirectUri(target, redirectUri)) return false;
  const url = new URL(target);
  const fragment = new URLSearchParams(url.hash.slice(1));
  return RESPONSE_PARAMETERS.some((name) => url.searchParams.has(name) || fragment.has(name));
}

/** An answer with any other state, or with two, is somebody else's: it is ignored and the attempt goes on. */
export function isOurs(answer: URL, attempt: PendingAttempt): boolean {
  const states = answerParameters(answer, attempt).getAll('state');
  return states.length === 1 && states[0] === attempt.state;
}

/** Where the answer stands: in the query, or for the implicit flow in the fragment (RFC 6749 §4.2.2), if it was not posted. */
function answerParameters(answer: URL, { flow, redirectUri }: PendingAttempt): URLSearchParams {
  const fragment = new URLSearchParams(answer.hash.slice(1));
  // Some providers add a fragment of no meaning to every redirect
  return flow === 'implicit' && RESPONSE_PARAMETERS.some((name) => fragment.has(name))
    ? fragment
    : withoutConfigured(answer.searchParams, redirectUri);
}

/** @returns The parameters as oauth4webapi has marked them; only these can be swapped for a token. */
export function readCallback(answer: URL, attempt: PendingAttempt): Result<URLSearchParams> {
  const checked = checkAnswer(answer, attempt, []);
  if (!checked.ok || checked.value.marked.has('code')) {
    return checked.ok ? success(checked.value.marked) : checked;
  }
  const host = new URL(attempt.connection.server.issuer).host;
  return failure('answer-invalid', { host, subject: 'it holds no code' });
}

/**
 * Checks `iss`, `state`, `error` in this order, and that nothing came twice.
 * @param setAside Parameters that oauth4webapi is not to see, as it knows no answer that holds them.
 */
export function checkAnswer(
  answer: URL,
  attempt: PendingAttempt,
  setAside: readonly string[],
): Result<{ readonly all: URLSearchParams; readonly marked: URLSearchParams }> {
  const { server, client } = attempt.connection;
  const host = new URL(server.issuer).host;
  const all = withoutEmpty(answerParameters(answer, attempt));
  for (const name of new Set(all.keys())) {
    if (all.getAll(name).length > 1 && [...KNOWN_ONCE, ...setAside].includes(name)) {
      return failure('answer-invalid', { host, subject: `“${name}” came twice` });
    }
  }
  // Without metadata nobody knows which issuer to expect (RFC 9207 §2.4)
  const unseen = attempt.connection.ways.ignoresIdTokens === true ? [...setAside, 'iss'] : setAside;
  const rest = new URLSearchParams([...all].filter(([name]) => !unseen.includes(name)));
  try {
    return success({
      all,
      marked: oauth.validateAuthResponse(server, client, rest, attempt.state),
    });
  } catch (cause) {
    if (cause instanceof oauth.AuthorizationResponseError) return translate(cause, host);
    return failure('answer-invalid', {
      host,
      cause,
      ...(cause instanceof oauth.OperationProcessingError ? { subject: cause.message } : {}),
    });
  }
}

const KNOWN_ONCE = [
  'code',
  'state',
  'iss',
  'error',
  'error_description',
  'error_uri',
  'session_state',
];

/** RFC 6749 §3.1: a parameter without a value counts as absent. */
function withoutEmpty(parameters: URLSearchParams): URLSearchParams {
  return new URLSearchParams([...parameters].filter(([, value]) => value !== ''));
}

/** A registered redirect URI may have a query of its own (RFC 6749 §3.1.2); that part is no answer. */
function withoutConfigured(parameters: URLSearchParams, redirectUri: string): URLSearchParams {
  const configured = new URL(redirectUri).searchParams;
  return new URLSearchParams(
    [...parameters].filter(([name, value]) => configured.get(name) !== value),
  );
}
