/** Makes text from outside fit to be shown: one short line, without control or direction marks, token-like runs or URL queries. */
import { base64 } from './base64.ts';

const MAXIMUM_LENGTH = 300;

/** C0/C1 controls, zero-width and bidirectional marks, byte order mark, line and paragraph separators. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

/** A run this long without a space is more likely a token than a word. */
const TOKEN_LIKE = /[A-Za-z0-9_\-.~+/=%]{32,}/g;

/** The same within an answer, where addresses and ids are worth seeing. */
const TOKEN_LIKE_WORD = /[A-Za-z0-9_\-.~+=%]{32,}/g;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

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

/** What is told about one: its kind or its end. */
const ABOUT_A_SECRET = /(type|expir\w*|lifetime|_at|_in)$/i;

const BLOT = '•••';

/** Anything shorter would blot out ordinary words. */
const SHORTEST_SECRET = 4;

/** Takes secrets out of a text, as they are and as they are written in an address, a form, JSON or Base64. */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  const forms = secrets
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .flatMap((secret) => [
      secret,
      new URLSearchParams([['', secret]]).toString().slice(1),
      encodeURIComponent(secret.replace(HALF_A_CHARACTER, '')),
      new URLSearchParams({ '': secret }).toString().slice(1),
      JSON.stringify(secret).slice(1, -1),
      base64(secret),
    ]);
  // The longest first, or what is left of one that holds another would tell half of it
  const ordered = [...new Set(forms)].sort((a, b) => b.length - a.length);
  return ordered.reduce((hidden, form) => hidden.replaceAll(form, BLOT), text);
}

/**
 * Makes an answer's body fit to be shown: JSON laid out, without the secrets given, without members that are named like
 * one, and without token-like runs; at most 2,000 characters.
 */
export function blotOut(body: string, secrets: readonly string[]): string {
  const safe = hideSecrets(laidOut(body), secrets)
    .slice(0, 16 * LONGEST_BODY)
    .replace(TOKEN_LIKE_WORD, (word) => (UUID.test(word) ? word : BLOT))
    .split('\n')
    .map((line) => line.replace(INVISIBLE, ' '))
    .join('\n');
  const short = safe.length <= LONGEST_BODY ? safe : `${safe.slice(0, LONGEST_BODY - 1)}…`;
  return short.replace(HALF_A_CHARACTER, '');
}

function laidOut(body: string): string {
  const hide = (name: string, value: unknown): unknown =>
    SECRET_NAME.test(name) &&
    !ABOUT_A_SECRET.test(name) &&
    value !== null &&
    typeof value !== 'boolean'
      ? BLOT
      : value;
  try {
    return JSON.stringify(JSON.parse(body, hide), null, 2);
  } catch {
    return body;
  }
}
