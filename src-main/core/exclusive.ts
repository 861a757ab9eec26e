/** Runs tasks of one key strictly one after the other; those of other keys side by side. */
export type Exclusive = <Value>(key: string, task: () => Promise<Value>) => Promise<Value>;

export function createExclusive(): Exclusive {
  const tails = new Map<string, Promise<unknown>>();
  return async (key, task) => {
    const before = tails.get(key) ?? Promise.resolve();
    const run = before.then(task, task);
    tails.set(key, run);
    try {
      return await run;
    } finally {
      if (tails.get(key) === run) tails.delete(key);
    }
  };
}
