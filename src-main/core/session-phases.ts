/** Pure: what a session becomes after the vault was read, a sign-in failed, or a renewal failed. */
import { severity } from './errors.ts';
import type { AppError, Result } from './errors.ts';
import { GRANTS } from './grants/all-grants.ts';
import type { TenantSecrets } from './secrets.ts';
import { randomShare } from './outages.ts';
import { factsOf } from './state.ts';
import type { Phase, SessionState, TokenFacts } from './state.ts';
import type { Tenant } from './tenant.ts';

/** What earlier runs of the app have left. */
export interface Earlier {
  /** The app was ended while the tenant's renewal was under way. */
  readonly interrupted: boolean;
  /** When the newest of all stored tokens was issued. */
  readonly newestMs: number;
}

export function sessionFrom(
  stored: Result<TenantSecrets | undefined>,
  grant: Tenant['grant'],
  nowMs: number,
  { interrupted, newestMs }: Earlier,
): SessionState {
  if (!stored.ok) {
    return stored.error.code === 'vault-unreadable'
      ? { phase: { kind: 'sign-in-needed', error: stored.error }, noticed: true }
      : { phase: { kind: 'locked' }, noticed: true };
  }
  const token = stored.value?.token;
  if (token === undefined) return { phase: { kind: 'idle' }, noticed: false };
  const facts = ofKnownAge(factsOf(token, GRANTS[grant].canRenew(token)), nowMs, newestMs);
  // What ended while the app was away is seen in the list; a notice for each at every start would be a nuisance
  const endedBefore = !facts.renewable && (facts.expiresAtMs ?? Infinity) <= nowMs;
  return {
    token: facts,
    phase: { kind: 'idle' },
    noticed: endedBefore,
    warned: endedBefore,
    ...(interrupted ? { outcomeUnknown: true } : {}),
  };
}

/** The clocks of two computers, or of one at two starts, differ by this much without meaning anything. */
const TOLERATED_MS = 60_000;

/**
 * A token that was issued in the future says that the clock was set back. Then the age of each is unknown, so they count as
 * ended; one that nothing renews only if it says so itself.
 */
function ofKnownAge(facts: TokenFacts, nowMs: number, newestMs: number): TokenFacts {
  const saysSoMs = facts.renewable ? Math.max(newestMs, facts.issuedAtMs) : facts.issuedAtMs;
  const isKnown = facts.expiresAtMs === undefined || saysSoMs <= nowMs + TOLERATED_MS;
  return isKnown ? facts : { ...facts, issuedAtMs: nowMs - TOLERATED_MS, expiresAtMs: nowMs };
}

export function phaseAfterFailedSignIn(before: SessionState, error: AppError): Phase {
  if (error.code === 'sign-in-cancelled')
    return before.phase.kind === 'signing-in' ? { kind: 'idle' } : before.phase;
  if (error.code === 'keychain-locked') return { kind: 'locked' };
  return severity(error.code) === 'configuration'
    ? { kind: 'misconfigured', error }
    : { kind: 'sign-in-needed', error };
}

/** @param before Of the attempt before, where that failed as well. */
export function phaseAfterFailedRenewal(
  error: AppError,
  before: Extract<Phase, { kind: 'retrying' }> | undefined,
  nowMs: number,
): Phase {
  if (error.code === 'keychain-locked') return { kind: 'locked' };
  const failures = (before?.failures ?? 0) + 1;
  switch (severity(error.code)) {
    case 'terminal':
      return { kind: 'sign-in-needed', error };
    case 'configuration':
      return { kind: 'misconfigured', error };
    case 'transient':
      return {
        kind: 'retrying',
        error,
        failures,
        sinceMs: before?.sinceMs ?? nowMs,
        failedAtMs: nowMs,
        retryAtMs: nowMs + backOffMs(failures, error.retryAfterMs),
      };
  }
}

const LONGEST_BACK_OFF_MS = 15 * 60_000;
const LONGEST_ASKED_WAIT_MS = 3600_000;

/**
 * Exponential with full jitter, 1 s to 15 min. Where the provider asked for a wait it is that, and up to a fifth more,
 * so that not everybody comes back at once; at most an hour.
 */
export function backOffMs(failures: number, askedMs: number | undefined): number {
  const share = randomShare();
  if (askedMs !== undefined) {
    return Math.min(LONGEST_ASKED_WAIT_MS, Math.round(askedMs * (1 + share / 5)));
  }
  const ceilingMs = Math.min(LONGEST_BACK_OFF_MS, 1000 * 2 ** Math.min(failures, 20));
  return Math.max(1000, Math.round(ceilingMs * share));
}
