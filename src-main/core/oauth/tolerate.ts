/** Makes of a token answer one that oauth4webapi takes, where only unimportant things are wrong with it. */

export type AnswerBody = Record<string, unknown>;

export interface Tolerated {
  /** The answer as it may be processed: an object, or the text of something else. */
  readonly body: AnswerBody | string;
  readonly rebuild: (body: Readonly<AnswerBody> | string) => Response;
  readonly headers: Headers;
  readonly expiresIn: unknown;
  /** Life of the refresh token; no RFC names it, and two names are in use. */
  readonly refreshExpiresIn: unknown;
}

/**
 * Takes nonsense out of the optional members. oauth4webapi rejects the whole answer for them, and with a rotating refresh
 * token a rejected answer is a lost sign-in. A life that makes no sense counts as unknown (see `expiryOf`); a refresh
 * token that is empty or no text counts as absent, so the old one is kept. A form-encoded answer is read as the same in
 * JSON, and an error that came with 200 gets the status it should have had (RFC 6749 §5.2).
 * @param read What the provider's data does to an unusual answer first.
 */
export async function tolerate(
  response: Response,
  read: (answer: Readonly<AnswerBody>) => Readonly<AnswerBody>,
): Promise<Tolerated> {
  const text = await response.text();
  const { headers } = response;
  const form = parseForm(text, headers);
  const parsed = form ?? parseObject(text);
  const json = parsed === undefined ? undefined : read(parsed);
  const isUnusual = form !== undefined || json !== parsed;
  const isHiddenError =
    response.status === 200 &&
    typeof json?.['error'] === 'string' &&
    json['access_token'] === undefined;
  const status = isHiddenError ? 400 : response.status;
  const rebuild = (body: Readonly<AnswerBody> | string): Response => {
    const rebuilt = new Headers(headers);
    // oauth4webapi stops at a challenge; the body tells our own mistake from a proxy that asks for a password
    if (text !== '') rebuilt.delete('www-authenticate');
    if (isUnusual) rebuilt.set('content-type', 'application/json');
    // Some statuses must not have a body, not even an empty one
    const content = (typeof body === 'string' ? body : JSON.stringify(body)) || null;
    return new Response(content, { status, headers: rebuilt });
  };
  if (json === undefined) {
    return { body: text, rebuild, headers, expiresIn: undefined, refreshExpiresIn: undefined };
  }
  if (status !== 200) {
    const body = isUnusual || isHiddenError ? { ...json } : text;
    return { body, rebuild, headers, expiresIn: undefined, refreshExpiresIn: undefined };
  }
  const { expires_in: expiresIn, ...rest }: AnswerBody = json;
  for (const name of ['refresh_token', 'scope', 'id_token']) {
    if (typeof rest[name] !== 'string' || rest[name] === '') delete rest[name];
  }
  return {
    body: rest,
    rebuild,
    headers,
    expiresIn,
    refreshExpiresIn: rest['refresh_token_expires_in'] ?? rest['refresh_expires_in'],
  };
}

/** Some servers of before RFC 6749 answer as they are asked. */
function parseForm(text: string, headers: Headers): AnswerBody | undefined {
  const type = headers.get('content-type') ?? '';
  if (!/^(application\/x-www-form-urlencoded|text\/plain)\b/i.test(type)) return undefined;
  if (!/^[\w.]+=/.test(text)) return undefined;
  return Object.fromEntries(new URLSearchParams(text));
}

function parseObject(text: string): AnswerBody | undefined {
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
