// What the set-up says: one short line at a time, on standard error so that a command's own output
// stays clean.

/** A failure whose message is all the user needs: printed without a stack. */
export class SetupError extends Error {
  name = 'SetupError';
}

/** @param {string} line */
export function say(line) {
  process.stderr.write(`[setup] ${line}\n`);
}

/** @param {number} startedAtMs a value of Date.now() */
export function secondsSince(startedAtMs) {
  return `${((Date.now() - startedAtMs) / 1000).toFixed(1)} s`;
}

/**
 * The shortest useful reason of a failed call: fetch hides the cause (ENOTFOUND …) one level down.
 *
 * @param {unknown} error
 */
export function reasonOf(error) {
  if (!(error instanceof Error)) return String(error);
  const cause = /** @type {{ code?: string, message?: string } | undefined} */ (error.cause);
  return cause?.code ?? cause?.message ?? error.message;
}
