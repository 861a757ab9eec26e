/** The tokens an emulated REST API has issued: until when they are good, and which refresh token may still be used. */
import { randomBytes, randomUUID } from 'node:crypto';
import { makeJwt } from './emulator-parts.ts';

/** What a renewal does with the refresh token: a new one for single use, the same one again, or none in the answer. */
export type RefreshRule = 'rotated' | 'repeated' | 'omitted';

export interface Switches {
  /** Life of tokens issued from now on; `Infinity`: no end. */
  readonly lifetimeSeconds: number;
  /** After `omitted` and `repeated` the refresh token that was sent stays good. */
  readonly refreshRule: RefreshRule;
}

export interface Issued {
  readonly username: string;
  readonly token: string;
  /** Undefined if the answer is to have none. */
  readonly refreshToken: string | undefined;
  readonly lifetimeSeconds: number;
  readonly expiresAtMs: number;
}

export interface Tokens {
  issue(username: string, lifetimeSeconds?: number): Issued;
  find(token: string | undefined): Issued | undefined;
  /** `unknown` covers a token that was logged out. */
  state(token: string | undefined): 'good' | 'expired' | 'unknown';
  /** New tokens for a refresh token; undefined if it is unknown, used up or revoked. */
  refresh(refreshToken: unknown): Issued | undefined;
  /** Ends one token, or one refresh token. False if there was none. */
  end(tokenOrRefreshToken: unknown): boolean;
}

export interface TokenMakers {
  /** Default {@link opaqueToken}. */
  readonly makeToken?: (username: string, issuedAtMs: number, expiresAtMs: number) => string;
  /** Default {@link opaqueToken}. */
  readonly makeRefreshToken?: (username: string, issuedAtMs: number) => string;
}

export interface Ledger extends Tokens {
  /** Every token issued so far has reached its end; refresh tokens stay good. */
  expireTokens(): void;
  revokeRefreshTokens(): void;
  /** Tokens that still open something: grows if a client never logs out. */
  liveTokens(): number;
  /** How often a refresh token that was used up came again. */
  reuses(): number;
  /** Every secret so far (tokens, refresh tokens; of an API also its password): none may turn up where it should not. */
  canaries(): readonly string[];
  forget(): void;
}

/** @param now Milliseconds since 1970. */
export function createLedger(
  { makeToken = opaqueToken, makeRefreshToken = opaqueToken }: TokenMakers,
  now: () => number,
  switches: () => Switches,
): Ledger {
  const issued = new Map<string, Issued>();
  /** User name of each refresh token that is still good. */
  const refreshTokens = new Map<string, string>();
  const usedUp = new Set<string>();
  const canaries = new Set<string>();
  let reuses = 0;

  const stateOf = ({ expiresAtMs }: Issued): 'good' | 'expired' =>
    expiresAtMs <= now() ? 'expired' : 'good';

  /** @param refreshToken Null: make one. */
  const add = (
    username: string,
    lifetimeSeconds: number,
    refreshToken: string | null | undefined,
  ): Issued => {
    const issuedAtMs = now();
    const expiresAtMs = issuedAtMs + lifetimeSeconds * 1000;
    const made: Issued = {
      username,
      token: makeToken(username, issuedAtMs, expiresAtMs),
      refreshToken: refreshToken === null ? makeRefreshToken(username, issuedAtMs) : refreshToken,
      lifetimeSeconds,
      expiresAtMs,
    };
    issued.set(made.token, made);
    canaries.add(made.token);
    if (made.refreshToken !== undefined) {
      refreshTokens.set(made.refreshToken, username);
      canaries.add(made.refreshToken);
    }
    return made;
  };

  return {
    issue: (username, lifetimeSeconds = switches().lifetimeSeconds) =>
      add(username, lifetimeSeconds, null),
    find: (token) => issued.get(token ?? ''),
    state(token) {
      const known = issued.get(token ?? '');
      return known === undefined ? 'unknown' : stateOf(known);
    },
    refresh(refreshToken) {
      if (typeof refreshToken !== 'string') return undefined;
      if (usedUp.has(refreshToken)) reuses += 1;
      const username = refreshTokens.get(refreshToken);
      if (username === undefined) return undefined;
      const { lifetimeSeconds, refreshRule } = switches();
      if (refreshRule === 'omitted') return add(username, lifetimeSeconds, undefined);
      if (refreshRule === 'repeated') return add(username, lifetimeSeconds, refreshToken);
      refreshTokens.delete(refreshToken);
      usedUp.add(refreshToken);
      return add(username, lifetimeSeconds, null);
    },
    end(value) {
      return typeof value === 'string' && (issued.delete(value) || refreshTokens.delete(value));
    },
    expireTokens() {
      for (const [token, known] of issued) issued.set(token, { ...known, expiresAtMs: now() });
    },
    revokeRefreshTokens() {
      refreshTokens.clear();
    },
    liveTokens: () => [...issued.values()].filter((known) => stateOf(known) === 'good').length,
    reuses: () => reuses,
    canaries: () => [...canaries],
    forget() {
      issued.clear();
      refreshTokens.clear();
      usedUp.clear();
      canaries.clear();
      reuses = 0;
    },
  };
}

export function opaqueToken(): string {
  return randomBytes(24).toString('base64url');
}

/** A JWT that says when the token ends; without `exp` if it has no end. Two of the same second differ. */
export function jwt(username: string, issuedAtMs: number, expiresAtMs: number): string {
  return makeJwt({
    sub: username,
    jti: randomUUID(),
    iat: Math.floor(issuedAtMs / 1000),
    ...(Number.isFinite(expiresAtMs) && { exp: Math.floor(expiresAtMs / 1000) }),
  });
}
