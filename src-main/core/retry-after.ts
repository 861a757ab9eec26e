/** How long a provider asks to be left alone. */
import type { AppError } from './errors.ts';

const LONGEST_RETRY_AFTER_MS = 3600 * 1000;

/**
 * Retry-After (RFC 9110 §10.2.3), at most an hour. Its date form is measured against the answer's own Date, so that
 * our clock does not matter. What lies in the past or is neither form is no wish.
 */
export function retryAfter({
  headers,
}: {
  readonly headers: Headers;
}): Pick<AppError, 'retryAfterMs'> {
  const wish = headers.get('retry-after')?.trim() ?? '';
  const ms = /^\d+$/.test(wish)
    ? Number(wish) * 1000
    : Date.parse(wish) - Date.parse(headers.get('date') ?? '');
  return ms > 0 ? { retryAfterMs: Math.min(ms, LONGEST_RETRY_AFTER_MS) } : {};
}
