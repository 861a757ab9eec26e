/**
 * The time of day for countdowns. It ticks once a second, only while the page can be seen and something shown reads it.
 */
import { createSubscriber } from 'svelte/reactivity';

const TICK_MS = 1000;

export class Clock {
  readonly #subscribe = createSubscriber((update) => {
    let timer: number | undefined;
    const start = (): void => {
      window.clearInterval(timer);
      timer =
        document.visibilityState === 'visible' ? window.setInterval(update, TICK_MS) : undefined;
    };
    const onVisibilityChange = (): void => {
      start();
      update();
    };
    document.addEventListener('visibilitychange', onVisibilityChange);
    start();
    return () => {
      document.removeEventListener('visibilitychange', onVisibilityChange);
      window.clearInterval(timer);
    };
  });

  /** Reading it in a `$derived` or in markup subscribes to the ticks. */
  get nowMs(): number {
    this.#subscribe();
    return Date.now();
  }
}
