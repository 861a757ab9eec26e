/** Runs tasks of one key strictly one after the other; those of other keys side by side. */
export interface Exclusive {
  <Value>(key: string, task: () => Promise<Value>): Promise<Value>;
  /** Resolves when every task that is known by now has ended, well or not. */
  settled(): Promise<void>;
}

export function createExclusive(): Exclusive {
  const tails = new Map<string, Promise<unknown>>();
  const exclusive = async <Value>(key: string, task: () => Promise<Value>): Promise<Value> => {
    const before = tails.get(key) ?? Promise.resolve();
    const run = before.then(task, task);
    tails.set(key, run);
    try {
      return await run;
    } finally {
      if (tails.get(key) === run) tails.delete(key);
    }
  };
  return Object.assign(exclusive, {
    settled: async () => {
      await Promise.allSettled(tails.values());
    },
  });
}
