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

/** How long something took, finer than `durationText`: "230 ms", "4.2 s", "3 min". */
export function spanText(spanMs: number): string {
  if (spanMs < SECOND_MS) return `${Math.round(spanMs)} ms`;
  return spanMs < MINUTE_MS ? `${(spanMs / SECOND_MS).toFixed(1)} s` : durationText(spanMs);
}

/** "14:05:09" today, with the date on any other day. */
export function localTimeText(instantMs: number, nowMs: number): string {
  const instant = new Date(instantMs);
  return isSameDay(instantMs, nowMs)
    ? instant.toLocaleTimeString(undefined, { timeStyle: 'medium' })
    : instant.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}

/** As short as it can be: "14:05" today, "21 Nov, 14:05" on any other day. */
export function shortTimeText(instantMs: number, nowMs: number): string {
  const instant = new Date(instantMs);
  return isSameDay(instantMs, nowMs)
    ? instant.toLocaleTimeString(undefined, { timeStyle: 'short' })
    : instant.toLocaleString(undefined, {
        day: 'numeric',
        month: 'short',
        hour: 'numeric',
        minute: '2-digit',
      });
}

/** "Today", "Yesterday", "Friday, 20 November", with the year where it is another one. */
export function dayText(instantMs: number, nowMs: number): string {
  if (isSameDay(instantMs, nowMs)) return 'Today';
  const now = new Date(nowMs);
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (isSameDay(instantMs, yesterday.getTime())) return 'Yesterday';
  const day = new Date(instantMs);
  return day.toLocaleDateString(undefined, {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    ...(day.getFullYear() === now.getFullYear() ? {} : { year: 'numeric' }),
  });
}

export function startOfDayMs(instantMs: number): number {
  return new Date(instantMs).setHours(0, 0, 0, 0);
}

function isSameDay(oneMs: number, otherMs: number): boolean {
  return new Date(oneMs).toDateString() === new Date(otherMs).toDateString();
}
