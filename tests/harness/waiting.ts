/**
 * Waiting with a limit: every wait of the harness ends, and its error says what was waited for.
 */

/** Rejects with an error that names `what` when `promise` takes longer than `timeLimitMs`. */
export async function withTimeLimit<Value>(
  promise: Promise<Value>,
  timeLimitMs: number,
  what: string,
): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`waited ${timeLimitMs} ms for ${what}`)),
      timeLimitMs,
    );
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** What a check answers while there is nothing yet. */
export type NotYet = null | undefined | false;

/** Says that something changed; who waits looks again after each change, and only then. */
export class Changes {
  readonly #waiting = new Set<() => void>();
  #count = 0;

  notify(): void {
    this.#count += 1;
    for (const wake of [...this.#waiting]) wake();
  }

  /**
   * Resolves with the first answer of `check` that is not null, undefined or false.
   * An exception of `check` counts as "not yet" and is told when the time is up.
   */
  async waitFor<Value>(
    what: string,
    timeLimitMs: number,
    check: () => Value | NotYet | Promise<Value | NotYet>,
  ): Promise<Value> {
    const deadlineMs = Date.now() + timeLimitMs;
    let lastError: unknown;
    for (;;) {
      const seenCount = this.#count;
      try {
        const value = await withTimeLimit(
          Promise.resolve(check()),
          Math.max(1, deadlineMs - Date.now()),
          `a look at ${what}`,
        );
        if (value !== null && value !== undefined && value !== false) return value;
        lastError = undefined;
      } catch (error) {
        lastError = error;
      }
      if (!(await this.#changedSince(seenCount, deadlineMs))) {
        throw new Error(`waited ${timeLimitMs} ms for ${what}`, { cause: lastError });
      }
    }
  }

  /** False when the deadline came first. */
  #changedSince(seenCount: number, deadlineMs: number): Promise<boolean> {
    if (this.#count !== seenCount) return Promise.resolve(Date.now() < deadlineMs);
    return new Promise((resolve) => {
      const end = (changed: boolean) => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve(changed);
      };
      const wake = () => end(true);
      const timer = setTimeout(() => end(false), Math.max(0, deadlineMs - Date.now()));
      this.#waiting.add(wake);
    });
  }
}

/** For what sends no event (the X clipboard, a service that is still starting): looks every 25 ms. */
export async function poll<Value>(
  what: string,
  timeLimitMs: number,
  check: () => Value | NotYet | Promise<Value | NotYet>,
): Promise<Value> {
  const changes = new Changes();
  const ticker = setInterval(() => changes.notify(), 25);
  try {
    return await changes.waitFor(what, timeLimitMs, check);
  } finally {
    clearInterval(ticker);
  }
}
