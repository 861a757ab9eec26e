/** Ends the app in order: what is under way gets a last chance to become durable, then nothing may hold the process up. */
import { app, BaseWindow } from 'electron';

const LAST_CHANCE_MS = 3000;

/**
 * @param finish What must be done before the end; the app waits for it, but not longer than three seconds.
 * @param setTimer The clock's.
 */
export function leaveInOrder(
  finish: () => Promise<unknown>,
  setTimer: (delayMs: number, run: () => void) => () => void,
): void {
  // Destroyed and not closed: a provider's page could object with beforeunload
  app.on('before-quit', () => {
    for (const window of BaseWindow.getAllWindows()) window.destroy();
  });
  let leaving = false;
  app.on('will-quit', (event) => {
    event.preventDefault();
    if (leaving) return;
    leaving = true;
    const end = (): void => {
      app.exit(0);
    };
    setTimer(LAST_CHANCE_MS, end);
    void finish().finally(end);
  });
}
