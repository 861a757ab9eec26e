/** Sign-outs that a provider could not be told of: tried again for a day, in memory only. */
import { severity } from './errors.ts';
import type { Result } from './errors.ts';
import { createExclusive } from './exclusive.ts';
import type { Revocation } from './grants/grant.ts';
import type { Clock } from './ports.ts';
import { backOffMs } from './session-phases.ts';

/** After this the provider has most likely ended the token by itself. */
const GIVEN_UP_AFTER_MS = 24 * 3600_000;

/** Ends a token at its provider; holds the token, which is nowhere else any more. */
export type Revoke = (signal: AbortSignal) => Promise<Result<Revocation>>;

export interface Revocations {
  /**
   * Tells the provider. What fails for a reason that may pass is tried again with growing pauses, or after the wait that the
   * provider asked for, until it succeeds, is refused, or a day is over. One request at a time for each tenant.
   * @returns The outcome of the first attempt; `later`: it is tried again.
   */
  tell(tenantId: string, revoke: Revoke): Promise<Result<Revocation | 'later'>>;
  /** How many are to be tried again. */
  waiting(): number;
  /** Drops them, and sends nothing any more: the app ends, and what it was told to end has no place on the disk. */
  stop(): void;
}

export function createRevocations(clock: Clock): Revocations {
  const exclusive = createExclusive();
  const controller = new AbortController();
  const { signal } = controller;
  /** Cancels the timer of each. */
  const waiting = new Set<() => void>();

  const attempt = async (
    tenantId: string,
    revoke: Revoke,
    untilMs: number,
    failures: number,
  ): Promise<Result<Revocation | 'later'>> => {
    const told = await exclusive(tenantId, () => revoke(signal));
    if (told.ok || signal.aborted || !mayPass(told)) return told;
    const waitMs = backOffMs(failures + 1, told.error.retryAfterMs);
    if (clock.now() + waitMs > untilMs) return told;
    const cancel = clock.setTimer(waitMs, () => {
      waiting.delete(cancel);
      // A computer that slept has let the time pass
      if (clock.now() <= untilMs) void attempt(tenantId, revoke, untilMs, failures + 1);
    });
    waiting.add(cancel);
    return { ok: true, value: 'later' };
  };

  return {
    tell: (tenantId, revoke) => attempt(tenantId, revoke, clock.now() + GIVEN_UP_AFTER_MS, 0),
    waiting: () => waiting.size,
    stop() {
      controller.abort();
      for (const cancel of waiting) cancel();
      waiting.clear();
    },
  };
}

function mayPass({ error: { code } }: Extract<Result<never>, { ok: false }>): boolean {
  // A mistake of ours does not go away by itself
  return severity(code) === 'transient' && code !== 'internal';
}
