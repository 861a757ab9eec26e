/** The system's time and timers. */
import { uptime } from 'node:os';
import type { Clock } from '../core/ports.ts';

/** setTimeout fires at once for anything longer (2^31 - 1 ms); nothing here may ask for that. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * How often the two clocks are compared at most: asking for the uptime reads a file on Linux. This span is counted by the
 * clock that stands still during sleep, and falling asleep and waking up take longer.
 */
const COMPARED_EVERY_MS = 10;

/** Less is the coarseness of the uptime (a second on macOS) and no suspend. */
const LEAST_SUSPEND_MS = 2000;

/**
 * `performance.now` is fine and never goes back, but stands still while a Linux or macOS computer sleeps; `os.uptime`
 * counts sleep and is coarse. So the first one is used, and what the second has more is added.
 */
export function createSystemClock(): Clock {
  const startMs = Date.now();
  const startTickMs = performance.now();
  const uptimeAheadMs = uptime() * 1000 - startTickMs;
  let comparedAtMs = startTickMs;
  let suspendedMs = 0;
  return {
    now() {
      const tickMs = performance.now();
      if (tickMs - comparedAtMs >= COMPARED_EVERY_MS) {
        comparedAtMs = tickMs;
        const asleepMs = uptime() * 1000 - tickMs - uptimeAheadMs;
        if (asleepMs - suspendedMs >= LEAST_SUSPEND_MS) suspendedMs = asleepMs;
      }
      return Math.floor(startMs + tickMs - startTickMs + suspendedMs);
    },
    wallNow: () => Date.now(),
    setTimer(delayMs, run) {
      const timer = setTimeout(run, Math.min(delayMs, LONGEST_TIMER_MS));
      return () => {
        clearTimeout(timer);
      };
    },
  };
}
