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
