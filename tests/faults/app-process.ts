/**
 * The real app as a process to be killed: started without a debugger and without a window being
 * opened, so that a start and an end take about a second.
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Desktop } from '../harness/desktop.ts';
import { killGroup } from '../harness/desktop-processes.ts';

export interface AppProcess {
  readonly pid: number;
  readonly startedAtMs: number;
  /** Ends with the instant of the exit and the exit code, null after a signal. */
  readonly exited: Promise<{ readonly atMs: number; readonly code: number | null }>;
  isRunning(): boolean;
  /** SIGKILL to the app with all of its helpers; ends when it has gone. */
  kill(): Promise<void>;
  /** SIGTERM, as at the end of a session. */
  terminate(): void;
}

export function startApp(
  desktop: Desktop,
  userDataDir: string,
  args: readonly string[] = [],
): AppProcess {
  const isRoot = process.getuid?.() === 0;
  const child = spawn(
    // Outside of Electron the package's export is the path of the binary
    createRequire(import.meta.url)('electron') as string,
    [...(isRoot ? ['--no-sandbox'] : []), `--user-data-dir=${userDataDir}`, '.', ...args],
    {
      env: desktop.env,
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      stdio: 'ignore',
      detached: true,
    },
  );
  const { pid } = child;
  if (pid === undefined) throw new Error('the app could not be started');
  desktop.processes.adopt(pid);
  const exited = new Promise<{ readonly atMs: number; readonly code: number | null }>((resolve) => {
    child.once('exit', (code) => {
      desktop.processes.release(pid);
      resolve({ atMs: Date.now(), code });
    });
  });
  return {
    pid,
    startedAtMs: Date.now(),
    exited,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    async kill() {
      killGroup(pid);
      await exited;
    },
    terminate() {
      child.kill('SIGTERM');
    },
  };
}
