/** Lets renewals through: so many at once, so many to one host, and first whoever somebody waits for. */

export interface Turnstile {
  /** Runs the task once there is room; whoever comes here is waited for. */
  pass<Value>(host: string, task: () => Promise<Value>): Promise<Value>;
  /** Whether one that nobody waits for may start: some places are always kept free for those in a hurry. */
  hasRoomAside(host: string): boolean;
}

export const MOST_AT_ONCE = 8;
export const MOST_AT_ONE_HOST = 2;
const KEPT_FREE = 2;

export function createTurnstile(): Turnstile {
  const inside = new Map<string, number>();
  const waiting: { readonly host: string; readonly enter: () => void }[] = [];

  const total = (): number => [...inside.values()].reduce((sum, count) => sum + count, 0);
  const isFull = (host: string): boolean => (inside.get(host) ?? 0) >= MOST_AT_ONE_HOST;
  const count = (host: string, change: 1 | -1): void => {
    const next = (inside.get(host) ?? 0) + change;
    if (next === 0) inside.delete(host);
    else inside.set(host, next);
  };

  /** One that waits for a busy host does not hold up those behind it. */
  const letIn = (): void => {
    while (total() < MOST_AT_ONCE) {
      const at = waiting.findIndex(({ host }) => !isFull(host));
      const [next] = at < 0 ? [] : waiting.splice(at, 1);
      if (next === undefined) return;
      count(next.host, 1);
      next.enter();
    }
  };

  return {
    async pass(host, task) {
      await new Promise<void>((enter) => {
        waiting.push({ host, enter });
        letIn();
      });
      try {
        return await task();
      } finally {
        count(host, -1);
        letIn();
      }
    },
    hasRoomAside: (host) =>
      waiting.length === 0 && !isFull(host) && total() < MOST_AT_ONCE - KEPT_FREE,
  };
}
