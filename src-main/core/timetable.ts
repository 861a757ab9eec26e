/** Pure: from the state and the time to what is due now and when to look again. */
import { isOutage } from './outages.ts';
import { sessionOf } from './state.ts';
import type { AppState, SessionState, TokenFacts } from './state.ts';
import type { HostOf } from './tenant-host.ts';
import type { Tenant } from './tenant.ts';

export interface Timetable {
  /** Tenants to renew now, the most urgent first. */
  readonly renew: readonly string[];
  /** Tenants whose person is to be told now. */
  readonly notify: readonly string[];
  /** Tenants whose person is to be told now that the sign-in itself ends soon. */
  readonly warn: readonly string[];
  /** Tenants whose token has ended and which nothing renews. */
  readonly expire: readonly string[];
  /** Hosts in an outage that no tenant tries any more: all were removed, signed out or need a person. */
  readonly forget: readonly string[];
  /** The next instant at which something becomes due; undefined: never. */
  readonly nextAtMs: number | undefined;
}

/** Renewals by the clock keep this distance, so that no life, however short, makes a loop. */
const LEAST_BETWEEN_RENEWALS_MS = 30_000;

/**
 * How long before its end a token is renewed: min(5 min, a quarter of its life), at least 30 s, at most half its life.
 */
export function earlyWindowMs(lifeMs: number): number {
  return Math.min(Math.max(Math.min(300_000, lifeMs / 4), 30_000), lifeMs / 2);
}

/**
 * Before the window by a share of it, at most of the last third, so that tokens of one instant are not renewed at one.
 * @param share 0 to 1, always the same for one token: see `shareOf`.
 * @returns Undefined when nothing is renewed by the clock.
 */
export function renewAtMs(token: TokenFacts, share = 0): number | undefined {
  if (!token.renewable || token.expiresAtMs === undefined) return undefined;
  const lifeMs = token.expiresAtMs - token.issuedAtMs;
  const windowMs = earlyWindowMs(lifeMs);
  const spreadMs = Math.min(windowMs, (lifeMs - windowMs) / 3);
  return Math.max(
    Math.floor(token.expiresAtMs - windowMs - share * spreadMs),
    token.issuedAtMs + LEAST_BETWEEN_RENEWALS_MS,
  );
}

/** A number from 0 to 1 that looks random and belongs to this token (FNV-1a, then mixed as murmur3 ends). */
export function shareOf(tenantId: string, token: TokenFacts): number {
  const known = shares.get(token);
  if (known !== undefined) return known;
  let hash = 0x811c9dc5;
  for (const character of `${tenantId} ${String(token.issuedAtMs)}`) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  const share = ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
  shares.set(token, share);
  return share;
}

/** Asked for 1,000 tokens several times a second. */
const shares = new WeakMap<TokenFacts, number>();

/** How long a token must still be valid to be handed out: what is asked, but at most half its life. */
export function requiredValidityMs(token: TokenFacts, minimumMs: number): number {
  if (token.expiresAtMs === undefined) return 0;
  return Math.min(minimumMs, (token.expiresAtMs - token.issuedAtMs) / 2);
}

export function plan(state: AppState, hostOf: HostOf, nowMs: number): Timetable {
  const renew: { readonly id: string; readonly atMs: number }[] = [];
  const asked = new Set<string>();
  for (const tenant of state.outages.size === 0 ? [] : state.tenants) {
    if (sessionOf(state, tenant.id).phase.kind === 'renewing') asked.add(hostOf(tenant));
  }
  const notify: string[] = [];
  const warn: string[] = [];
  const expire: string[] = [];
  let nextAtMs: number | undefined;
  const due = (atMs: number | undefined): boolean => {
    if (atMs === undefined) return false;
    if (atMs <= nowMs) return true;
    nextAtMs = Math.min(nextAtMs ?? atMs, atMs);
    return false;
  };
  for (const tenant of state.tenants) {
    const session = sessionOf(state, tenant.id);
    const outage = state.outages.size === 0 ? undefined : state.outages.get(hostOf(tenant));
    const ownMs = nextRenewalMs(tenant.id, session, outage !== undefined);
    const atMs =
      ownMs === undefined || outage === undefined ? ownMs : Math.max(ownMs, outage.retryAtMs);
    if (due(atMs)) {
      renew.push({ id: tenant.id, atMs: session.outcomeUnknown === true ? 0 : (ownMs ?? nowMs) });
    }
    if (due(noticeAtMs(state, tenant, session))) notify.push(tenant.id);
    if (due(warningAtMs(tenant, session))) warn.push(tenant.id);
    if (due(expiryToMarkMs(session))) expire.push(tenant.id);
  }
  // Those whose answer was lost come first: a provider forgives a second use of a refresh token for seconds only
  renew.sort((a, b) => a.atMs - b.atMs);
  return {
    renew: onePerOutage(
      state,
      hostOf,
      asked,
      renew.map(({ id }) => id),
    ),
    notify,
    warn,
    expire,
    forget: unwatched(state, hostOf),
    nextAtMs,
  };
}

function unwatched(state: AppState, hostOf: HostOf): readonly string[] {
  if (state.outages.size === 0) return [];
  const watched = new Set(
    state.tenants.filter(({ id }) => watches(sessionOf(state, id))).map((tenant) => hostOf(tenant)),
  );
  return [...state.outages.keys()].filter((host) => !watched.has(host));
}

function watches({ phase }: SessionState): boolean {
  return phase.kind === 'renewing' || (phase.kind === 'retrying' && isOutage(phase.error.code));
}

/** While a host cannot be reached one tenant tries for all; the one that has tried least recently. */
function onePerOutage(
  { tenants, outages }: AppState,
  hostOf: HostOf,
  asked: Set<string>,
  renew: readonly string[],
): readonly string[] {
  if (outages.size === 0) return renew;
  const byId = new Map(tenants.map((tenant) => [tenant.id, tenant]));
  return renew.filter((id) => {
    const tenant = byId.get(id);
    const host = tenant === undefined ? undefined : hostOf(tenant);
    if (host === undefined || !outages.has(host)) return true;
    if (asked.has(host)) return false;
    asked.add(host);
    return true;
  });
}

const LONGEST_WAIT_AFTER_OUTAGE_MS = 60_000;

/** One that was interrupted is tried at once. */
function nextRenewalMs(
  tenantId: string,
  session: SessionState,
  isInOutage: boolean,
): number | undefined {
  const { phase, token, outcomeUnknown } = session;
  if (phase.kind === 'retrying') {
    const { error, failedAtMs, retryAtMs } = phase;
    if (!isOutage(error.code)) return retryAtMs;
    // The outage says when; once it is over this one need not wait long, but must not loop where it alone fails
    return isInOutage ? failedAtMs : Math.min(retryAtMs, failedAtMs + LONGEST_WAIT_AFTER_OUTAGE_MS);
  }
  if (phase.kind !== 'idle' || token === undefined) return undefined;
  if (outcomeUnknown === true && token.renewable) return token.issuedAtMs;
  return renewAtMs(token, shareOf(tenantId, token));
}

function expiryToMarkMs({ phase, token }: SessionState): number | undefined {
  return phase.kind === 'idle' && token?.renewable === false ? token.expiresAtMs : undefined;
}

/**
 * Where renewal works nothing is sent, unless asked for; then the notice comes before the renewal, as after it there is
 * no expiry left to speak of. Without renewal it comes the lead time before the end (at most half the life), and a
 * sign-in that the provider has ended is told of at the same point or, when that has passed, at once.
 */
function noticeAtMs(state: AppState, tenant: Tenant, session: SessionState): number | undefined {
  const { token, phase, noticed } = session;
  if (token?.expiresAtMs === undefined || noticed || tenant.notice === 'never') return undefined;
  if (phase.kind === 'signing-in' || phase.kind === 'locked') return undefined;
  const lifeMs = token.expiresAtMs - token.issuedAtMs;
  const leadMs = Math.min(state.settings.noticeLeadMinutes * 60_000, lifeMs / 2);
  const atMs = token.expiresAtMs - leadMs;
  const renewalWorks = token.renewable && (phase.kind === 'idle' || phase.kind === 'renewing');
  if (!renewalWorks) return atMs;
  const always = tenant.notice === 'always' || state.settings.noticeAlways;
  if (!always) return undefined;
  return Math.min(atMs, renewAtMs(token, shareOf(tenant.id, token)) ?? atMs);
}

const LONGEST_WARNING_LEAD_MS = 24 * 3600_000;

/** A day before the sign-in ends, at most half its life: where each renewal puts the end off, it never comes to that. */
function warningAtMs(tenant: Tenant, session: SessionState): number | undefined {
  const { token, phase, warned } = session;
  if (token === undefined || warned === true || tenant.notice === 'never') return undefined;
  if (phase.kind !== 'idle' && phase.kind !== 'retrying') return undefined;
  const endMs = signInEndMs(token);
  if (endMs === undefined) return undefined;
  const lifeMs = endMs - (session.endToldAtMs ?? token.issuedAtMs);
  return endMs - Math.min(LONGEST_WARNING_LEAD_MS, lifeMs / 2);
}

/** After this a person is needed, whatever is renewed until then. A token of a day or less has its notice and needs no warning. */
export function signInEndMs(token: TokenFacts): number | undefined {
  const { renewable, refreshExpiresAtMs, expiresAtMs, issuedAtMs } = token;
  if (renewable) return refreshExpiresAtMs;
  const lasts = expiresAtMs !== undefined && expiresAtMs - issuedAtMs > LONGEST_WARNING_LEAD_MS;
  return lasts ? expiresAtMs : undefined;
}
