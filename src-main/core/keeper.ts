/** Keeps every session fresh: sleeps to the next entry of the timetable, renews or notifies, plans again. */
import { sessionOf, tenantOf } from './state.ts';
import type { Store } from './state.ts';
import type { Clock } from './ports.ts';
import { plan } from './timetable.ts';

/** No sleep is longer: clock jumps and missed wake-ups are noticed, and no timer exceeds what setTimeout can hold. */
const LONGEST_SLEEP_MS = 30_000;

/** Renewals under way at once; the others wait for the next look. */
const MOST_AT_ONCE = 8;

export interface Keeper {
  /** Looks now: after a wake-up, an unlock or a change of the network. */
  replan(): void;
  stop(): void;
}

export interface Duties {
  readonly renew: (tenantId: string) => void;
  readonly notify: (tenantId: string) => void;
  /** Tells that the sign-in itself ends soon. */
  readonly warn: (tenantId: string) => void;
}

export function startKeeper(store: Store, clock: Clock, duties: Duties): Keeper {
  let cancelTimer = (): void => undefined;
  let stopped = false;
  let planning = false;

  const look = (): void => {
    cancelTimer();
    if (stopped) return;
    planning = true;
    const nowMs = clock.now();
    const { renew, notify, warn, expire, nextAtMs } = plan(store.get(), nowMs);
    for (const tenantId of expire) {
      store.dispatch({ type: 'phase-changed', tenantId, phase: { kind: 'sign-in-needed' } });
    }
    const state = store.get();
    const running = state.tenants.filter(
      ({ id }) => sessionOf(state, id).phase.kind === 'renewing',
    ).length;
    for (const tenantId of renew.slice(0, Math.max(0, MOST_AT_ONCE - running))) {
      if (tenantOf(store.get(), tenantId) !== undefined) duties.renew(tenantId);
    }
    // Last, so that a slow notification daemon holds no renewal up
    for (const tenantId of notify) {
      duties.notify(tenantId);
      store.dispatch({ type: 'noticed', tenantId });
    }
    for (const tenantId of warn) {
      duties.warn(tenantId);
      store.dispatch({ type: 'warned', tenantId });
    }
    planning = false;
    const sleepMs = Math.min(LONGEST_SLEEP_MS, Math.max(0, (nextAtMs ?? Infinity) - nowMs));
    cancelTimer = clock.setTimer(sleepMs, look);
  };

  const unsubscribe = store.subscribe(() => {
    if (planning || stopped) return;
    cancelTimer();
    cancelTimer = clock.setTimer(0, look);
  });
  look();
  return {
    replan: look,
    stop() {
      stopped = true;
      cancelTimer();
      unsubscribe();
    },
  };
}
