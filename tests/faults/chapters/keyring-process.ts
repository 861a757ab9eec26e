/** Looks into the main process and at its helper, which waits for the keychain in its place. */
import { readdirSync, readFileSync } from 'node:fs';
import type { SourceApp } from '../../harness/app.ts';

export interface MainProcessWatch {
  end(): Promise<MainProcessFacts>;
}

export interface MainProcessFacts {
  /** How late the latest of many short timers was: so long nothing else ran. */
  readonly longestBlockMs: number;
  /** How long each of many small reads took in the thread pool. */
  readonly readsMs: readonly number[];
}

/**
 * Measures from within, until `end`. What runs there has no named functions, only methods: tsx gives
 * the former a helper that the app does not have.
 */
export async function watchMainProcess({
  electron,
  userDataDir,
}: SourceApp): Promise<MainProcessWatch> {
  await electron.evaluate((_electron, folder) => {
    const { readFile } = process.getBuiltinModule('node:fs/promises');
    const everyMs = 10;
    const watching = {
      ended: false,
      longestBlockMs: 0,
      readsMs: [] as number[],
      latestMs: performance.now(),
      tick() {
        const nowMs = performance.now();
        const lateMs = nowMs - watching.latestMs - everyMs;
        watching.longestBlockMs = Math.max(watching.longestBlockMs, lateMs);
        watching.latestMs = nowMs;
        if (!watching.ended) setTimeout(watching.tick, everyMs);
      },
      async read() {
        while (!watching.ended) {
          const startedAtMs = performance.now();
          await readFile(`${folder}/settings.json`);
          watching.readsMs.push(performance.now() - startedAtMs);
          await new Promise((resolve) => setTimeout(resolve, everyMs / 2));
        }
      },
    };
    Object.assign(globalThis, { watching });
    watching.tick();
    void watching.read();
  }, userDataDir);
  return {
    end: () =>
      electron.evaluate(() => {
        const { watching } = globalThis as unknown as {
          readonly watching: MainProcessFacts & { ended: boolean };
        };
        watching.ended = true;
        const { longestBlockMs, readsMs } = watching;
        return { longestBlockMs, readsMs };
      }),
  };
}

/** From now on timers of exactly `fromMs` run after `toMs`: what takes minutes is seen in seconds. */
export async function hurryTimers(
  { electron }: SourceApp,
  fromMs: number,
  toMs: number,
): Promise<void> {
  await electron.evaluate(
    (_electron, [from, to]) => {
      const before = globalThis.setTimeout;
      Object.assign(globalThis, {
        setTimeout(run: () => void, delayMs?: number, ...args: readonly []) {
          return before(run, delayMs === from ? to : delayMs, ...args);
        },
      });
    },
    [fromMs, toMs] as const,
  );
}

/** Process ids of the keychain helpers of the app with this profile. */
export function helpersOf(userDataDir: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((id) => {
      const text = textOf(`/proc/${id}/cmdline`);
      return text.includes('node.mojom.NodeService') && text.includes(userDataDir);
    })
    .filter((id) => !/^State:\s+[ZX]/m.test(textOf(`/proc/${id}/status`)))
    .map(Number);
}

/** Empty when the process has gone. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
