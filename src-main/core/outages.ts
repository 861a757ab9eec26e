/** Pure: a host that cannot be reached is asked by one tenant at a time, for all that have theirs there. */
import type { AppError, ErrorCode } from './errors.ts';
import { withoutCause } from './errors.ts';

export interface Outage {
  readonly sinceMs: number;
  /** Failed attempts in a row. */
  readonly failures: number;
  readonly retryAtMs: number;
  readonly error: AppError;
}

/** Whether a failure says that nothing reached the host, so that others who go there would fail as well. */
export function isOutage(code: ErrorCode): boolean {
  return code === 'network-unreachable' || code === 'timed-out' || code === 'certificate-refused';
}

/** Whether a request may have been heard although its answer did not arrive: what it carried may be used up. */
export function isOutcomeUnknown({ code, neverSent }: AppError): boolean {
  return isOutage(code) && code !== 'certificate-refused' && neverSent !== true;
}

const LONGEST_WAIT_MS = 15 * 60_000;

/** 2 s, doubled each time up to 15 min, and up to a fifth more, so that not everybody comes back at once. */
export function outageAfter(before: Outage | undefined, error: AppError, nowMs: number): Outage {
  const failures = (before?.failures ?? 0) + 1;
  const waitMs = Math.min(LONGEST_WAIT_MS, 1000 * 2 ** Math.min(failures, 20));
  return {
    sinceMs: before?.sinceMs ?? nowMs,
    failures,
    retryAtMs: nowMs + Math.round(waitMs * (1 + randomShare() / 5)),
    error: withoutCause(error),
  };
}

/** 0 to 1; it spreads, and protects nothing. */
export function randomShare(): number {
  return (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32;
}
