/** Keeps every session fresh: sleeps to the next entry of the timetable, renews or notifies, plans again. */
import type { Clock, Network } from './ports.ts';
import type { Store } from './state.ts';
import type { HostOf } from './tenant-host.ts';
import { plan } from './timetable.ts';

/** No sleep is longer: a computer that slept is noticed, and no timer exceeds what setTimeout can hold. */
const LONGEST_SLEEP_MS = 30_000;

/** While something cannot be reached the network is looked at more often. */
const LONGEST_SLEEP_IN_OUTAGE_MS = 5000;

/**
 * After a change of the state the next look waits this long since the last one: many changes make one look, and nothing that
 * a change makes due is due sooner. Where renewals wait for room it is shorter.
 */
const LEAST_BETWEEN_LOOKS_MS = 1000;
const LEAST_BETWEEN_LOOKS_IN_A_CROWD_MS = 100;

/** A computer that has just woken up may not know it yet. */
const SECOND_LOOK_MS = 500;

/** Renewals that nobody waits for: at once, and then one for each of these spans, so that 1,000 take over a minute. */
const MOST_STARTS_AT_ONCE = 4;
const SPAN_OF_A_START_MS = 100;

/** A smaller difference is that of two clocks that are asked one after the other. */
const LEAST_CLOCK_MOVE_MS = 1000;

export interface Keeper {
  /** Looks now. */
  replan(): void;
  /** After a wake-up, an unlock, or when somebody looks: hosts that could not be reached are tried again now. */
  hurry(): void;
  stop(): void;
}

export interface Duties {
  readonly renew: (tenantId: string) => void;
  /** Whether a renewal that nobody waits for may start now; asked again soon. */
  readonly hasRoom: (tenantId: string) => boolean;
  readonly notify: (tenantId: string) => void;
  /** Tells that the sign-in itself ends soon. */
  readonly warn: (tenantId: string) => void;
}

export interface KeeperWorld {
  readonly store: Store;
  readonly clock: Clock;
  readonly network: Network;
  readonly hostOf: HostOf;
}

export function startKeeper(
  { store, clock, network, hostOf }: KeeperWorld,
  duties: Duties,
): Keeper {
  let cancelTimer = (): void => undefined;
  let nextLookMs = Infinity;
  let lookedAtMs = -Infinity;
  let stopped = false;
  let looking = false;
  let isCrowded = false;
  let connectedTo = network.fingerprint();
  let starts = MOST_STARTS_AT_ONCE;
  let startsAtMs = clock.now();

  const watch = (nowMs: number): void => {
    const wallAheadMs = clock.wallNow() - nowMs;
    if (Math.abs(wallAheadMs - store.get().wallAheadMs) >= LEAST_CLOCK_MOVE_MS) {
      store.dispatch({ type: 'wall-clock-moved', wallAheadMs });
    }
    const connection = network.fingerprint();
    if (connection === connectedTo) return;
    connectedTo = connection;
    store.dispatch({ type: 'hurried', nowMs });
  };

  /** @returns When the next one of those left over may start; undefined: none is left, or the end of another is awaited. */
  const renew = (tenantIds: readonly string[], nowMs: number): number | undefined => {
    const earned = Math.max(0, (nowMs - startsAtMs) / SPAN_OF_A_START_MS);
    starts = Math.min(MOST_STARTS_AT_ONCE, starts + earned);
    startsAtMs = nowMs;
    isCrowded = false;
    for (const tenantId of tenantIds) {
      if (starts < 1) return nowMs + Math.ceil((1 - starts) * SPAN_OF_A_START_MS);
      if (!duties.hasRoom(tenantId)) {
        isCrowded = true;
        continue;
      }
      starts -= 1;
      duties.renew(tenantId);
    }
    return undefined;
  };

  const look = (): void => {
    cancelTimer();
    if (stopped) return;
    looking = true;
    const nowMs = clock.now();
    lookedAtMs = nowMs;
    watch(nowMs);
    const due = plan(store.get(), hostOf, nowMs);
    for (const tenantId of due.expire) {
      store.dispatch({ type: 'phase-changed', tenantId, phase: { kind: 'sign-in-needed' } });
    }
    for (const host of due.forget) store.dispatch({ type: 'outage-forgotten', host });
    const nextStartMs = renew(due.renew, nowMs);
    // Last, so that a slow notification daemon holds no renewal up
    for (const tenantId of due.notify) {
      duties.notify(tenantId);
      store.dispatch({ type: 'noticed', tenantId });
    }
    for (const tenantId of due.warn) {
      duties.warn(tenantId);
      store.dispatch({ type: 'warned', tenantId });
    }
    looking = false;
    const longestMs =
      store.get().outages.size === 0 ? LONGEST_SLEEP_MS : LONGEST_SLEEP_IN_OUTAGE_MS;
    sleepUntil(
      Math.min(nowMs + longestMs, due.nextAtMs ?? Infinity, nextStartMs ?? Infinity),
      nowMs,
    );
  };

  const sleepUntil = (atMs: number, nowMs: number): void => {
    nextLookMs = atMs;
    cancelTimer();
    cancelTimer = clock.setTimer(Math.max(0, atMs - nowMs), look);
  };

  const unsubscribe = store.subscribe(() => {
    if (looking || stopped) return;
    const soonMs =
      lookedAtMs + (isCrowded ? LEAST_BETWEEN_LOOKS_IN_A_CROWD_MS : LEAST_BETWEEN_LOOKS_MS);
    if (nextLookMs > soonMs) sleepUntil(soonMs, clock.now());
  });
  look();
  return {
    replan: look,
    hurry() {
      const nowMs = clock.now();
      store.dispatch({ type: 'hurried', nowMs });
      look();
      if (!stopped) sleepUntil(Math.min(nextLookMs, nowMs + SECOND_LOOK_MS), nowMs);
    },
    stop() {
      stopped = true;
      cancelTimer();
      unsubscribe();
    },
  };
}
