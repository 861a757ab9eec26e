/** Makes text from outside fit to be shown: one short line, without control or direction marks, token-like runs or URL queries. */

const MAXIMUM_LENGTH = 300;

/** C0/C1 controls, zero-width and bidirectional marks, byte order mark, line and paragraph separators. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

/** A run this long without a blank is more likely a token than a word. */
const TOKEN_LIKE = /[A-Za-z0-9_\-.~+/=%]{32,}/g;

const QUERY_OR_FRAGMENT = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s?#]*)[?#]\S*/gi;

const HALF_A_CHARACTER = /\p{Cs}/gu;

/** For what providers say. @returns At most 300 characters on one line; markup is left alone, as it is shown as text. */
export function safeText(text: string): string {
  return oneLine(
    text
      .slice(0, 16 * MAXIMUM_LENGTH)
      .replace(INVISIBLE, ' ')
      .replace(QUERY_OR_FRAGMENT, '$1')
      .replace(TOKEN_LIKE, '…'),
  );
}

/** For names that people know (a tenant, an account): the same without taking anything out that can be seen. */
export function oneLine(text: string): string {
  const line = text
    .slice(0, 16 * MAXIMUM_LENGTH)
    .replace(INVISIBLE, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  const short = line.length <= MAXIMUM_LENGTH ? line : `${line.slice(0, MAXIMUM_LENGTH - 1)}…`;
  // A cut may have left half a character
  return short.replace(HALF_A_CHARACTER, '');
}

const LONGEST_BODY = 2000;

/** Members of an answer whose values are not shown, whatever they are. */
const SECRET_NAME =
  /token|secret|password|passwd|credential|authorization|cookie|session|signature|api_?key|^jwt$|^code$/i;

const BLOT = '•••';

/**
 * Makes an answer's body fit to be shown: JSON laid out, without the secrets given, without members that are named like
 * one, and without token-like runs; at most 2,000 characters.
 */
export function blotOut(body: string, secrets: readonly string[]): string {
  let text = laidOut(body.slice(0, 64 * LONGEST_BODY));
  // The longest first, or what is left of one that holds another would tell half of it
  const forms = secrets.flatMap((secret) => [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
  ]);
  for (const form of [...new Set(forms)].sort((a, b) => b.length - a.length)) {
    if (form.length >= SHORTEST_SECRET) text = text.replaceAll(form, BLOT);
  }
  const safe = text
    .replace(TOKEN_LIKE, BLOT)
    .split('\n')
    .map((line) => line.replace(INVISIBLE, ' '))
    .join('\n');
  const short = safe.length <= LONGEST_BODY ? safe : `${safe.slice(0, LONGEST_BODY - 1)}…`;
  return short.replace(HALF_A_CHARACTER, '');
}

/** Anything shorter would blot out ordinary words. */
const SHORTEST_SECRET = 4;

function laidOut(body: string): string {
  try {
    const hide = (name: string, value: unknown): unknown =>
      SECRET_NAME.test(name) && (typeof value === 'string' || typeof value === 'number')
        ? BLOT
        : value;
    return JSON.stringify(JSON.parse(body, hide), null, 2);
  } catch {
    return body;
  }
}
