/**
 * A computer that can be made to sleep, to have its clock set and its network taken away, as far as
 * the app can see: a script that Electron loads before the app answers `Date.now`, `os.uptime` and
 * `os.networkInterfaces` in its main process. The fine clock (`performance.now`) goes on as it does
 * on Linux and macOS, and so do timers.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { SourceApp } from '../../harness/app.ts';
import { launchApp } from '../../harness/app.ts';
import { BearerTray } from '../../harness/bearer-tray.ts';
import type { Desktop } from '../../harness/desktop.ts';
import { poll } from '../../harness/waiting.ts';
import { startApp } from '../app-process.ts';
import type { AppProcess } from '../app-process.ts';

export interface MachineState {
  /** How far the wall clock is set ahead of the real one. */
  readonly wallAheadMs: number;
  /** How long the computer has slept in all; the wall clock went on meanwhile. */
  readonly asleepMs: number;
  readonly timeZone: string;
  /** Whether it has an address that is not its own. */
  readonly isConnected: boolean;
}

export class Machine {
  /** The desktop, with what makes programs started on it live on this computer. */
  readonly desktop: Desktop;
  readonly #file: string;
  readonly #program: string;
  #state: MachineState = { wallAheadMs: 0, asleepMs: 0, timeZone: 'UTC', isConnected: true };
  #revision = 0;

  constructor(desktop: Desktop) {
    const name = join(desktop.directory, `machine-${crypto.randomUUID()}`);
    this.#file = `${name}.json`;
    const script = `${name}.cjs`;
    const options = `--require=${script}`;
    writeFileSync(script, scriptFor(this.#file));
    this.#program = `${name}.sh`;
    const electron = createRequire(import.meta.url)('electron') as string;
    // Playwright takes the variable away from what it starts
    writeFileSync(this.#program, `#!/bin/sh\nNODE_OPTIONS='${options}' exec '${electron}' "$@"\n`, {
      mode: 0o700,
    });
    this.desktop = { ...desktop, env: { ...desktop.env, NODE_OPTIONS: options } };
    this.#write();
  }

  get state(): MachineState {
    return this.#state;
  }

  /** Holds for what is started later; and for the app with this process id when it resolves. */
  async set(change: Partial<MachineState>, processId?: number): Promise<void> {
    this.#state = { ...this.#state, ...change };
    this.#write();
    if (processId === undefined) return;
    process.kill(processId, 'SIGUSR2');
    await this.#seen();
  }

  /** Starts the app with nobody attached; when it resolves, `set` reaches it. */
  async start(
    userDataDir: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<AppProcess> {
    this.#write();
    const { desktop } = this;
    const app = startApp({ ...desktop, env: { ...desktop.env, ...env } }, userDataDir);
    await this.#seen();
    return app;
  }

  async #seen(): Promise<void> {
    await poll('the app to see the change of its computer', 10_000, () => {
      return readFileSync(`${this.#file}.seen`, 'utf8') === String(this.#revision);
    });
  }

  /** Starts the app with Playwright attached. */
  async launch(
    userDataDir: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<BearerTray<SourceApp>> {
    const app = await launchApp(this.desktop, { userDataDir, executablePath: this.#program, env });
    await this.desktop.trayHost.waitForItem();
    return new BearerTray(app, this.desktop);
  }

  #write(): void {
    this.#revision += 1;
    writeFileSync(this.#file, JSON.stringify({ ...this.#state, revision: this.#revision }));
  }
}

/** The keychain helper, which gets the script as well, is left alone. */
function scriptFor(file: string): string {
  return `
const { readFileSync, writeFileSync } = require('node:fs');
const os = require('node:os');
const file = ${JSON.stringify(file)};
if (process.type === 'browser') {
  const { now } = Date;
  const { uptime } = os;
  let state;
  const read = () => {
    state = JSON.parse(readFileSync(file, 'utf8'));
    process.env.TZ = state.timeZone;
    writeFileSync(file + '.seen', String(state.revision));
  };
  read();
  process.on('SIGUSR2', read);
  Date.now = () => now() + state.wallAheadMs + state.asleepMs;
  os.uptime = () => uptime() + state.asleepMs / 1000;
  os.networkInterfaces = () =>
    state.isConnected ? { eth0: [{ address: '192.0.2.7', internal: false }] } : {};
}
`;
}
