/** A clock that stands still until a test moves it. */
import type { Clock } from '../../src-main/core/ports.ts';

export interface ManualClock extends Clock {
  /**
   * Lets the time pass: runs what becomes due in its order, each at its own instant, and lets promises and the calls
   * under way settle in between.
   */
  advance(ms: number): Promise<void>;
  /** Moves the time and runs what is due at once, without waiting for anything: for calls that hang on purpose. */
  jump(ms: number): void;
  /** The wall clock is set, as by a person or by NTP: nothing else changes. */
  setWallClock(nowMs: number): void;
  /** The computer sleeps: time passes, and timers keep what is left of them. */
  sleep(ms: number): void;
  /** Waits until nothing is under way; the time stands still. */
  settle(): Promise<void>;
  /** While this says yes, `advance` and `settle` wait. */
  busyWhile(isBusy: () => boolean): void;
  readonly timers: () => number;
  /** The longest delay ever asked for. */
  readonly longestDelayMs: () => number;
}

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** @param startMs The real time by default, because ID tokens are checked against the real one. */
export function createManualClock(startMs: number = Date.now()): ManualClock {
  // Timers follow a time of their own, as the system's do: it never jumps
  let elapsedMs = 0;
  let asleepMs = 0;
  let wallAheadMs = 0;
  let order = 0;
  let longestDelayMs = 0;
  let isBusy = (): boolean => false;
  const timers = new Set<Timer>();

  const nextUntil = (untilMs: number): Timer | undefined => {
    let next: Timer | undefined;
    for (const timer of timers) {
      if (timer.atMs > untilMs) continue;
      const isEarlier =
        next === undefined ||
        timer.atMs < next.atMs ||
        (timer.atMs === next.atMs && timer.order < next.order);
      if (isEarlier) next = timer;
    }
    return next;
  };

  const runTimer = (timer: Timer): void => {
    timers.delete(timer);
    elapsedMs = Math.max(elapsedMs, timer.atMs);
    timer.run();
  };

  const settle = async (enoughTurns = 5): Promise<void> => {
    let quietTurns = 0;
    let neededTurns = enoughTurns;
    while (quietTurns < neededTurns) {
      await turnOfTheEventLoop();
      if (isBusy()) {
        quietTurns = 0;
        neededTurns = 5;
      } else quietTurns += 1;
    }
  };

  const now = (): number => Math.floor(startMs + elapsedMs + asleepMs);

  return {
    now,
    wallNow: () => now() + wallAheadMs,
    setTimer(delayMs, run) {
      longestDelayMs = Math.max(longestDelayMs, delayMs);
      const timer = { atMs: elapsedMs + Math.max(0, delayMs), order: order++, run };
      timers.add(timer);
      return () => {
        timers.delete(timer);
      };
    },
    async advance(ms) {
      const untilMs = elapsedMs + ms;
      await settle();
      for (let timer = nextUntil(untilMs); timer !== undefined; timer = nextUntil(untilMs)) {
        runTimer(timer);
        // Most timers start nothing: a day has thousands of them
        await settle(2);
      }
      elapsedMs = untilMs;
      await settle();
    },
    jump(ms) {
      const untilMs = elapsedMs + ms;
      for (let timer = nextUntil(untilMs); timer !== undefined; timer = nextUntil(untilMs)) {
        runTimer(timer);
      }
      elapsedMs = untilMs;
    },
    setWallClock(nowMs) {
      wallAheadMs = nowMs - now();
    },
    sleep(ms) {
      asleepMs += ms;
    },
    settle: () => settle(),
    busyWhile(check) {
      isBusy = check;
    },
    timers: () => timers.size,
    longestDelayMs: () => longestDelayMs,
  };
}

function turnOfTheEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
