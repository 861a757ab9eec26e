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
  /** The wall clock is set, as by a person or by NTP: timers keep what is left of them. */
  setWallClock(nowMs: number): void;
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
  let offsetMs = startMs;
  let order = 0;
  let longestDelayMs = 0;
  let isBusy = (): boolean => false;
  const timers = new Set<Timer>();

  const nextUntil = (untilMs: number): Timer | undefined =>
    [...timers]
      .filter(({ atMs }) => atMs <= untilMs)
      .sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0];

  const runTimer = (timer: Timer): void => {
    timers.delete(timer);
    elapsedMs = Math.max(elapsedMs, timer.atMs);
    timer.run();
  };

  const settle = async (): Promise<void> => {
    let quietTurns = 0;
    while (quietTurns < 5) {
      await turnOfTheEventLoop();
      quietTurns = isBusy() ? 0 : quietTurns + 1;
    }
  };

  return {
    now: () => Math.floor(offsetMs + elapsedMs),
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
        await settle();
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
      offsetMs = nowMs - elapsedMs;
    },
    settle,
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
