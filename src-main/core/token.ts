/** What a token is to us, and how long it lives. */

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
