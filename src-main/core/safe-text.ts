/** Makes text from outside fit to be shown: without control or direction marks, and without what is or may be a secret. */
import { base64 } from './base64.ts';

const MAXIMUM_LENGTH = 300;

/** C0/C1 controls, zero-width and bidirectional marks, byte order mark, line and paragraph separators. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

/** Text in UTF-16 that was read as something else has a NUL beside each character; in JSON it is written out. */
const UTF_16 = /(?:[^\0]\0){4}|(?:[^\\]\\u0000){4}/;
const NUL = /\0|\\u0000/g;

/** Marks that cannot be seen would hide from us what they do not hide from a person. */
const MARKS = /\p{Cf}+/gu;
const MARKS_IN_A_TOKEN = /(?<=[\w\-.~+/=%])\p{Cf}+(?=[\w\-.~+/=%])/gu;
const MANY_MARKS = 4;

/** A run this long without a space is more likely a token than a word. */
const TOKEN_LIKE = /[A-Za-z0-9_\-.~+/=%]{32,}/g;

/** A shorter one is, with figures among its letters. */
const SHORT_TOKEN = /(?<![\w\-~+=%])(?=[\w\-~+=%]*[A-Za-z])(?=[\w\-~+=%]*\d)[\w\-~+=%]{16,}/g;

/** The same within an answer, where addresses and ids are worth seeing. */
const TOKEN_LIKE_WORD = /[A-Za-z0-9_\-.~+=%]{32,}/g;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A shorter one of them all: capitals, small letters and figures. Ids seldom have all three. */
const MIXED_WORD = /(?<![\w\-+=])(?=[\w\-+=]*[a-z])(?=[\w\-+=]*[A-Z])(?=[\w\-+=]*\d)[\w\-+=]{20,}/g;

const QUERY_OR_FRAGMENT = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s?#]*)[?#]\S*/gi;

/** The same without a scheme. */
const PARAMETERS = /[?#&][\w.%[\]-]+=\S*/g;

const HALF_A_CHARACTER = /\p{Cs}/gu;

/** For what providers say. @returns At most 300 characters on one line; markup is left alone, as it is shown as text. */
export function safeText(text: string): string {
  const readable = readableText(cutAtWord(text, 16 * MAXIMUM_LENGTH));
  return oneLine(
    hideNamed(readable, '…')
      .replace(INVISIBLE, ' ')
      .replace(QUERY_OR_FRAGMENT, '$1')
      .replace(PARAMETERS, '…')
      .replace(TOKEN_LIKE, '…')
      .replace(SHORT_TOKEN, '…'),
  );
}

/** For names that people know (a tenant, an account): the same without taking anything out that can be seen. */
export function oneLine(text: string): string {
  const line = text
    .slice(0, 16 * MAXIMUM_LENGTH)
    .replace(INVISIBLE, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  const short = cutAtWord(line, MAXIMUM_LENGTH, 64);
  // A cut may have left half a character
  return short.replace(HALF_A_CHARACTER, '');
}

/**
 * Half a word may be half a secret, which nobody recognises any more.
 * @param longestWord A longer one is cut all the same.
 */
function cutAtWord(text: string, length: number, longestWord = length): string {
  if (text.length <= length) return text;
  let end = length - 1;
  while (end > 0 && !/\s/.test(text.charAt(end - 1))) end -= 1;
  return `${text.slice(0, length - 1 - end > longestWord ? length - 1 : end)}…`;
}

function readableText(text: string): string {
  const decoded = UTF_16.test(text) ? text.replace(NUL, '') : text;
  return decoded.replace(/\S+/g, (word) => {
    const parts = word.split(MARKS);
    if (parts.length >= MANY_MARKS) return parts.join('');
    return parts.length > 1 && word.length >= 16 ? word.replace(MARKS_IN_A_TOKEN, '') : word;
  });
}

const LONGEST_BODY = 2000;

/** What is named like this is not shown, whatever it is. */
const SECRET_NAME =
  /token|secret|passw(or)?d|passphrase|pwd|credential|authorization|cookie|sess(ion|id)|signature|api[-_]?key|(private|access|signing)[-_]?key|assertion|verifier|[cx]srf|(^|[-_.])(jwt|sid|pin|otp|auth|pass)$|^code$|(auth|authorization|device|user|login|verification)[-_]?code$/i;

/** What is told about one: its kind or its end. */
const ABOUT_A_SECRET = /(type|expir\w*|lifetime|_at|_in)$/i;

const BLOT = '•••';

function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) && !ABOUT_A_SECRET.test(name);
}

/** To the end of its line and of those that continue it (RFC 9110 §5.5). */
const SECRET_HEADER =
  /\b((?:proxy-)?authorization|(?:set-)?cookie|x-[\w-]*(?:key|token|auth|secret|session|signature)[\w-]*)\s*:(?!\s*["'])[^\r\n]*(?:\r?\n[ \t]+[^\r\n]+)*/gi;

/** RFC 9110 §11.4; what follows these words in a sentence has neither figures nor capitals. */
const CREDENTIALS =
  /\b([Bb]earer|BEARER|[Bb]asic|DPoP|[Dd]igest|[Nn]egotiate)\s+(?=\S*(?:\d|[a-z][A-Z]|=))[\w\-.~+/=%]{6,}/g;

/** RFC 3986 §3.2.1; the slashes may be escaped as in JSON. */
const USER_INFO = /(\b[a-z][a-z0-9+.-]*:(?:\\*\/){2})[^\s/?#@\\]*@/gi;

const ELEMENT = /<([\w:.-]+)(?:\s[^<>]*)?>[^<]+/g;
const TAG = /<[^<>]{1,2000}>/g;
const ATTRIBUTE_OF_A_VALUE = /\b(value|content)\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)/gi;

/** `name=`, `"name": `, the same with escaped quotes, `'name' => `, `name: `. */
const NAME_OF_A_VALUE = /(?<![\w.-])([A-Za-z_][\w.-]{0,63})((?:\\*["'])?\s*(?:=>?|:)\s*)/g;

/** Up to the quote that is escaped as often as the first one, or a word. */
const VALUE = /(\\*)(["'])[^]*?(?:(?<!\\)\1\2|$)|[^\s,;&"'<>{}[\]()\\]+/y;

/** Takes out what is named like a secret or stands where one stands, in whatever form it was written. */
function hideNamed(text: string, blot: string): string {
  const safe = text
    .replace(SECRET_HEADER, `$1: ${blot}`)
    .replace(CREDENTIALS, `$1 ${blot}`)
    .replace(USER_INFO, '$1')
    .replace(ELEMENT, (element, name: string) =>
      isSecretName(name) ? `${element.slice(0, element.indexOf('>') + 1)}${blot}` : element,
    )
    .replace(TAG, (tag) =>
      SECRET_NAME.test(tag) ? tag.replace(ATTRIBUTE_OF_A_VALUE, `$1="${blot}"`) : tag,
    );
  return hidePairs(safe, blot);
}

function hidePairs(text: string, blot: string): string {
  let shown = '';
  let shownTo = 0;
  for (const { 0: match, 1: name = '', 2: between = '', index } of text.matchAll(NAME_OF_A_VALUE)) {
    if (index < shownTo || !isSecretName(name)) continue;
    VALUE.lastIndex = index + match.length;
    const value = VALUE.exec(text)?.[0];
    if (value === undefined || !isSecretValue(between, value)) continue;
    shown += `${text.slice(shownTo, index + match.length)}${inQuotesOf(value, blot)}`;
    shownTo = index + match.length + value.length;
  }
  return shown + text.slice(shownTo);
}

function inQuotesOf(value: string, blot: string): string {
  const [quote = ''] = /^\\*["']/.exec(value) ?? [];
  return `${quote}${blot}${quote}`;
}

/** A word after a colon and a space may just as well go on with the sentence: “invalid_token: The token has ended”. */
function isSecretValue(between: string, value: string): boolean {
  if (/^(true|false|null|\d{1,3})$/.test(value)) return false;
  if (between.includes('=') || /^[\\"']/.test(value) || /["']/.test(between)) return true;
  return /\d/.test(value) || /[a-z][A-Z]/.test(value);
}

/** Anything shorter would blot out ordinary words. */
const SHORTEST_SECRET = 4;

/** Takes secrets out of a text, as they are and as they are written in an address, a form, JSON, HTML, hex or Base64. */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  const forms = secrets
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .flatMap((secret) => formsOf(secret))
    .filter((form) => form.length >= SHORTEST_SECRET);
  // The longest first, or what is left of one that holds another would tell half of it
  const ordered = [...new Set(forms)].sort((a, b) => b.length - a.length);
  return ordered.reduce((hidden, form) => hidden.replaceAll(form, BLOT), text);
}

function formsOf(secret: string): readonly string[] {
  const percent = encodeURIComponent(secret.replace(HALF_A_CHARACTER, ''));
  const json = JSON.stringify(secret).slice(1, -1);
  const hex = Array.from(new TextEncoder().encode(secret), (byte) =>
    byte.toString(16).padStart(2, '0'),
  );
  const markup = secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return [
    secret,
    oneLine(secret),
    new URLSearchParams([['', secret]]).toString().slice(1),
    percent,
    percent.replaceAll(/%../g, (escape) => escape.toLowerCase()),
    encodeURIComponent(percent),
    json,
    JSON.stringify(json).slice(1, -1),
    markup,
    markup.replaceAll('"', '&quot;').replaceAll("'", '&#39;'),
    ...[hex.join(''), hex.map((byte) => `%${byte}`).join('')].flatMap((form) => [
      form,
      form.toUpperCase(),
    ]),
    base64(secret),
    ...base64Forms(secret),
  ];
}

/** The characters that depend on the secret alone, wherever within the encoded text it begins. */
function base64Forms(secret: string): readonly string[] {
  return [0, 1, 2].flatMap((offset) => {
    const whole = base64(`${'-'.repeat(offset)}${secret}`);
    const end = whole.endsWith('=') ? whole.replace(/.=+$/, '') : whole;
    const form = end.slice(offset === 0 ? 0 : offset + 1);
    return [form, form.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

/**
 * Makes an answer's body fit to be shown: JSON laid out, without the secrets given, without members that are named like
 * one, and without token-like runs; at most 2,000 characters.
 */
export function blotOut(body: string, secrets: readonly string[]): string {
  const hidden = hideSecrets(laidOut(readableText(body)), secrets);
  const safe = hideNamed(cutAtWord(hidden, 16 * LONGEST_BODY), BLOT)
    .replace(TOKEN_LIKE_WORD, (word) => (UUID.test(word) ? word : BLOT))
    .replace(MIXED_WORD, BLOT)
    .split('\n')
    .map((line) => line.replace(INVISIBLE, ' '))
    .join('\n');
  const short = safe.length <= LONGEST_BODY ? safe : `${safe.slice(0, LONGEST_BODY - 1)}…`;
  return short.replace(HALF_A_CHARACTER, '');
}

function laidOut(body: string): string {
  const hide = (name: string, value: unknown): unknown =>
    isSecretName(name) && value !== null && typeof value !== 'boolean' ? BLOT : value;
  try {
    return JSON.stringify(JSON.parse(body, hide), null, 2);
  } catch {
    return body;
  }
}
