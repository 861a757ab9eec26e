/** Finds in an answer what a provider's data says is there: token, times, errors. */
import type { Expiry, RestAnswer, Source } from '../provider.ts';
import { base64 } from '../base64.ts';
import { clockOffsetMs, jwtExpiryMs, sensibleInstant } from '../token.ts';
import type { TokenSet } from '../token.ts';

/** An answer, read once. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Undefined when the body is no JSON. */
  readonly json: unknown;
}

export async function readAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: parseJson(text) };
}

/** @returns The member at a path such as `errors.0.code`; undefined when there is none. */
export function memberAt(json: unknown, path: string): unknown {
  let value = json;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name))
      return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return value;
}

/** @returns The first source that holds a text or a number, as a text; undefined when none does. */
export function textFrom(answer: Answer, sources: readonly Source[] = []): string | undefined {
  for (const source of sources) {
    const value = valueFrom(answer, source);
    if (typeof value === 'string' && value !== '') return value;
    if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  }
  return undefined;
}

function valueFrom({ headers, text, json }: Answer, source: Source): unknown {
  if (source === '*') return typeof json === 'string' ? json : bareText(text, json);
  const named = /^(header|cookie):(.+)$/.exec(source);
  if (named === null) return memberAt(json, source);
  const [, kind, name = ''] = named;
  return kind === 'header' ? headers.get(name) : cookie(headers, name);
}

/** A body that is a token has no spaces and no markup (RFC 6750 §2.1). */
function bareText(text: string, json: unknown): string | undefined {
  const word = text.trim();
  const isOther = typeof json === 'object' || typeof json === 'boolean';
  return isOther || !/^[\w.~+/:=-]+$/.test(word) ? undefined : word;
}

/** RFC 6265 §4.1.1: name and value stand before the first semicolon. */
function cookie(headers: Headers, name: string): string | undefined {
  // Electron's net.fetch gives all of them joined by commas; one within a date is followed by no name and equals sign
  const lines = headers.getSetCookie().flatMap((line) => line.split(/,\s*(?=[^;,=\s]+=)/));
  for (const line of lines) {
    const [pair = ''] = line.split(';');
    const at = pair.indexOf('=');
    if (pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}

/**
 * The token of an answer. Spans count from when the request was sent, instants are moved by the difference of the clocks.
 * @returns Undefined when there is none.
 */
export function tokenFrom(
  answer: Answer,
  shape: RestAnswer,
  requestedAtMs: number,
): TokenSet | undefined {
  const found = textFrom(answer, shape.token);
  const user = shape.basicUser === undefined ? '' : textFrom(answer, [shape.basicUser]);
  if (found === undefined || user === undefined) return undefined;
  const accessToken = shape.basicUser === undefined ? found : base64(`${user}:${found}`);
  const offsetMs = clockOffsetMs(answer.headers, requestedAtMs);
  const endOf = (expiry: readonly Expiry[] | undefined): number | undefined =>
    firstEnd(answer, expiry ?? [], requestedAtMs, offsetMs);
  const fixedMs =
    shape.lifeSeconds === undefined ? undefined : requestedAtMs + shape.lifeSeconds * 1000;
  const expiresAtMs =
    endOf(shape.expiry) ?? jwtExpiryMs(accessToken, requestedAtMs, offsetMs) ?? fixedMs;
  const refreshToken = textFrom(answer, shape.refreshToken);
  const refreshExpiresAtMs = endOf(shape.refreshTokenExpiry);
  const account = textFrom(answer, shape.account);
  const extra = extrasFrom(answer, shape.extras);
  return {
    accessToken,
    issuedAtMs: requestedAtMs,
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    ...(refreshToken === undefined ? {} : { refreshToken }),
    ...(refreshExpiresAtMs === undefined ? {} : { refreshExpiresAtMs }),
    ...(account === undefined ? {} : { account }),
    ...(extra === undefined ? {} : { extra }),
  };
}

/** Longer than any address, id or ticket that a request needs beside the token. */
const LONGEST_EXTRA = 4096;

export function extrasFrom(
  answer: Answer,
  sources: Readonly<Record<string, Source>> | undefined,
): Readonly<Record<string, string>> | undefined {
  if (sources === undefined) return undefined;
  const found = Object.entries(sources).flatMap(([name, source]) => {
    const value = textFrom(answer, [source]);
    const isSensible = value !== undefined && value.length <= LONGEST_EXTRA;
    return isSensible ? [[name, value] as const] : [];
  });
  return Object.fromEntries(found);
}

function firstEnd(
  answer: Answer,
  expiry: readonly Expiry[],
  nowMs: number,
  offsetMs: number,
): number | undefined {
  for (const each of expiry) {
    const text = textFrom(answer, ['in' in each ? each.in : each.at]);
    if (text === undefined) continue;
    const factor = each.unit === 's' ? 1000 : 1;
    const atMs =
      'in' in each
        ? nowMs + numberOf(text) * factor
        : (each.unit === 'iso' ? dateOf(text) : numberOf(text) * factor) - offsetMs;
    const end = sensibleInstant(atMs, nowMs);
    if (end !== undefined) return end;
  }
  return undefined;
}

/** A date without a zone is taken as UTC, whatever zone this computer is in. */
function dateOf(text: string): number {
  const date = text.trim();
  return Date.parse(/(Z|[+-]\d\d:?\d\d)$/i.test(date) || !date.includes('T') ? date : `${date}Z`);
}

function numberOf(text: string): number {
  return /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : NaN;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
