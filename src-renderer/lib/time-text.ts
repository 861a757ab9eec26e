/** Times and durations in words. Pure; the local time zone and language are those of the page. */

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/**
 * The largest unit that says enough: "58 s", "42 min", "3 h 5 min", "12 days".
 * Rounded down from a minute on, so that a token never seems to last longer than it does.
 */
export function durationText(durationMs: number): string {
  const leftMs = Math.max(0, durationMs);
  if (leftMs < MINUTE_MS) return `${Math.ceil(leftMs / SECOND_MS)} s`;
  if (leftMs < HOUR_MS) return `${Math.floor(leftMs / MINUTE_MS)} min`;
  if (leftMs < DAY_MS) {
    const hours = Math.floor(leftMs / HOUR_MS);
    const minutes = Math.floor((leftMs % HOUR_MS) / MINUTE_MS);
    return minutes === 0 ? `${hours} h` : `${hours} h ${minutes} min`;
  }
  const days = Math.floor(leftMs / DAY_MS);
  return days === 1 ? '1 day' : `${days} days`;
}

/** "14:05:09" today, with the date on any other day. */
export function localTimeText(instantMs: number, nowMs: number): string {
  const instant = new Date(instantMs);
  const sameDay = instant.toDateString() === new Date(nowMs).toDateString();
  return sameDay
    ? instant.toLocaleTimeString(undefined, { timeStyle: 'medium' })
    : instant.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}
