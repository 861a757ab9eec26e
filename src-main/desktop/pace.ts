/** Keeps what follows each change of the state from following each of a thousand changes. */

/**
 * @param run Runs in the next turn of the event loop, and again at most once each `leastMs`; the last call is never lost.
 * @param setTimer The clock's.
 */
export function paced(
  run: () => void,
  leastMs: number,
  setTimer: (delayMs: number, run: () => void) => () => void,
): () => void {
  let isDue = false;
  let isResting = false;
  const start = (): void => {
    isDue = false;
    isResting = true;
    run();
    setTimer(leastMs, () => {
      isResting = false;
      if (isDue) start();
    });
  };
  return () => {
    if (isDue) return;
    isDue = true;
    if (!isResting) setImmediate(start);
  };
}
