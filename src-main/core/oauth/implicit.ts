/** Reads the answer of an implicit attempt: the token itself (RFC 6749 §4.2.2), with an ID token where one was asked for. */
import { jwtPart } from '../base64.ts';
import { failure, success } from '../errors.ts';
import type { Result } from '../errors.ts';
import type { Clock } from '../ports.ts';
import type { TokenSet } from '../token.ts';
import type { PendingAttempt } from './authorize.ts';
import { checkAnswer } from './callback.ts';
import { readFrontChannel } from './token-endpoint.ts';

const MEMBERS = ['access_token', 'token_type', 'expires_in', 'scope', 'id_token'] as const;

/**
 * Judges an answer whose state is the attempt's. An ID token is checked like one of the token endpoint (signature, issuer,
 * audience, nonce), and must name the access token it came with (`at_hash`, OpenID Connect Core §3.2.2.9).
 */
export async function readImplicitAnswer(
  answer: URL,
  attempt: PendingAttempt,
  clock: Clock,
  signal?: AbortSignal,
): Promise<Result<TokenSet>> {
  const checked = checkAnswer(answer, attempt, MEMBERS);
  if (!checked.ok) return checked;
  const { all } = checked.value;
  const host = new URL(attempt.connection.server.issuer).host;
  if (!all.has('access_token')) {
    return failure('answer-invalid', { host, subject: 'it holds no token' });
  }
  // Servers log queries and browsers send them on (RFC 6750 §5.3); a fragment or a form they do not
  if (answer.hash.length < 2 && !attempt.isPosted) {
    return failure('answer-invalid', { host, subject: 'its token stood in the query' });
  }
  const members = Object.fromEntries(
    MEMBERS.flatMap((name) => {
      const value = all.get(name);
      return value === null ? [] : [[name, value] as const];
    }),
  );
  const token = await readFrontChannel(attempt, members, clock, signal);
  if (!token.ok || token.value.idToken === undefined) return token;
  const { idToken, accessToken } = token.value;
  return (await namesAccessToken(idToken, accessToken))
    ? success(token.value)
    : failure('id-token-invalid', { host, subject: 'at_hash' });
}

/** Core §3.2.2.9: the left half of the hash of the access token, by the hash of the ID token's signature algorithm. */
async function namesAccessToken(idToken: string, accessToken: string): Promise<boolean> {
  const algorithm = jwtPart(idToken, 0)?.['alg'];
  const bits =
    typeof algorithm === 'string' ? (/(256|384|512)$/.exec(algorithm)?.[1] ?? '512') : '';
  const expected = jwtPart(idToken, 1)?.['at_hash'];
  if (bits === '' || typeof expected !== 'string') return false;
  const digest = new Uint8Array(
    await crypto.subtle.digest(`SHA-${bits}`, new TextEncoder().encode(accessToken)),
  );
  const half = btoa(String.fromCharCode(...digest.subarray(0, digest.length / 2)));
  return half.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '') === expected;
}
