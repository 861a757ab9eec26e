// Tells within 8 seconds whether a download host answers, because the downloaders themselves need
// 10 s to 5 min to find out that it does not.

import { reasonOf } from './console.mjs';

const TIMEOUT_MS = 8_000;
/** Not every mirror knows HEAD; these answers prove that it is there all the same. */
const KNOWS_NO_HEAD = [405, 501];

/**
 * @param {string} url the very file that would be downloaded; redirects are followed, since its
 *   storage host may be closed where the release host is open
 * @returns {Promise<{ reachable: true } | { reachable: false, reason: string }>}
 */
export async function probe(url) {
  try {
    const response = await fetch(url, {
      method: 'HEAD',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.ok || KNOWS_NO_HEAD.includes(response.status)) return { reachable: true };
    return { reachable: false, reason: `HTTP ${response.status}` };
  } catch (error) {
    return { reachable: false, reason: reasonOf(error) };
  }
}
