/** What a token is to us, and how long it lives. */
import { jwtPart } from './base64.ts';

/** A token as the provider issued it. Secret: stays in main. */
export interface TokenSet {
  readonly accessToken: string;
  /** Undefined: the provider gave none; on a renewal that means "keep the old one" (RFC 6749 §6). */
  readonly refreshToken?: string;
  readonly idToken?: string;
  /** Granted scope where the answer states it (RFC 6749 §5.1), else the requested one. */
  readonly scope?: string;
  readonly issuedAtMs: number;
  /** Undefined: unknown; the token is used until a copy or a call finds it dead. */
  readonly expiresAtMs?: number;
  /** Whom it speaks for, from the ID token. */
  readonly account?: string;
  /** Subject of the ID token: a renewal must not change it (OpenID Connect Core §12.2). */
  readonly accountSubject?: string;
  /** End of the sign-in itself, where the provider tells it: after it the refresh token is worth nothing. */
  readonly refreshExpiresAtMs?: number;
  /** What else a request or a renewal needs from the answer; as secret as the token. */
  readonly extra?: Readonly<Record<string, string>>;
  /** That of its sign-in, where it is not the tenant's own text: some providers ask for it at each renewal. */
  readonly redirectUri?: string;
  /** How the client was accepted, where that had to be tried out. */
  readonly clientAuthentication?: 'basic';
}

/** A life longer than this is a mistake of the provider and counts as unknown. */
const LONGEST_LIFE_MS = 100 * 365 * 24 * 3600 * 1000;

/**
 * Absolute end of a token's life.
 * @param expiresIn The answer's `expires_in` in seconds, as a number or a text of one (RFC 6749 §5.1).
 * @param requestedAtMs When the request was sent, so that a slow answer does not lengthen the life.
 * @returns Undefined for anything that is not a sensible positive life: absent, zero, negative, not a number, over 100 years.
 */
export function expiryOf(expiresIn: unknown, requestedAtMs: number): number | undefined {
  const seconds =
    typeof expiresIn === 'string' && /^\d+(\.\d+)?$/.test(expiresIn.trim())
      ? Number(expiresIn)
      : expiresIn;
  if (typeof seconds !== 'number' || !Number.isFinite(seconds) || seconds <= 0) return undefined;
  const lifeMs = Math.floor(seconds * 1000);
  return lifeMs > LONGEST_LIFE_MS ? undefined : requestedAtMs + lifeMs;
}

/**
 * The `exp` of a token that is a JWT (RFC 7519 §4.1.4), as an instant of this computer's clock. Nothing is verified:
 * it only says when to ask for the next one.
 * @param clockOffsetMs How far the provider's clock is ahead of ours.
 * @returns Undefined for any other token, and for an end that makes no sense or has passed.
 */
export function jwtExpiryMs(
  token: string,
  nowMs: number,
  clockOffsetMs: number,
): number | undefined {
  const exp = jwtPart(token, 1)?.['exp'];
  return typeof exp === 'number' ? sensibleInstant(exp * 1000 - clockOffsetMs, nowMs) : undefined;
}

/** @returns Undefined for an instant that has passed, is none, or lies over 100 years ahead. */
export function sensibleInstant(atMs: number, nowMs: number): number | undefined {
  return atMs > nowMs && atMs - nowMs <= LONGEST_LIFE_MS ? Math.floor(atMs) : undefined;
}

/**
 * How far the clock of a server is ahead of ours, by the Date header of its answer (RFC 9110 §6.6.1); 0 without one. It
 * counts whole seconds and the answer takes its time, so a difference of a few seconds counts as none.
 */
export function clockOffsetMs(headers: Headers, nowMs: number): number {
  const offsetMs = Date.parse(headers.get('date') ?? '') - nowMs;
  return Math.abs(offsetMs) >= LEAST_CLOCK_OFFSET_MS ? offsetMs : 0;
}

const LEAST_CLOCK_OFFSET_MS = 10_000;

/** One clause about a token that was fetched to try it: `a token that lasts 59 minutes came back.` */
export function describeToken(token: TokenSet, nowMs: number): string {
  const { expiresAtMs, refreshToken } = token;
  const minutes =
    expiresAtMs === undefined ? undefined : Math.max(1, Math.round((expiresAtMs - nowMs) / 60_000));
  const life =
    minutes === undefined
      ? 'whose end is not told'
      : minutes < 120
        ? `that lasts ${String(minutes)} minute${minutes === 1 ? '' : 's'}`
        : `that lasts ${String(Math.round(minutes / 60))} hours`;
  return `a token ${life} came back${refreshToken === undefined ? '' : ', with what renews it'}. It was not kept.`;
}
