/** The system's wall clock and timers. */
import type { Clock } from '../core/ports.ts';

/** setTimeout fires at once for anything longer (2^31 - 1 ms); nothing here may ask for that. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer(delayMs, run) {
    const timer = setTimeout(run, Math.min(delayMs, LONGEST_TIMER_MS));
    return () => {
      clearTimeout(timer);
    };
  },
};
