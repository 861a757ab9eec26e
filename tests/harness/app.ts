/**
 * Runs the app on a desktop and drives it with Playwright: from source through `_electron`, packaged
 * through the DevTools protocol alone, because the packaged binary ignores `--inspect` (fuse).
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  _electron,
  chromium,
  type BrowserContext,
  type ElectronApplication,
  type Page,
} from 'playwright';
import type { Desktop } from './desktop.ts';
import { endGroup, exitOf, killGroup } from './desktop-processes.ts';
import { Changes, poll, withTimeLimit } from './waiting.ts';

const START_LIMIT_MS = 30_000;
const QUIT_LIMIT_MS = 10_000;

export interface LaunchOptions {
  /** Fresh for each test, unless a restart is what is tested. */
  readonly userDataDir: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface SourceLaunchOptions extends LaunchOptions {
  /** Directory with the package.json of the app. Default: this repository. */
  readonly appPath?: string;
  /** Default: the binary of the electron package. */
  readonly executablePath?: string;
}

/** A running app, whichever way it was started. */
export interface RunningApp {
  readonly process: ChildProcess;
  readonly userDataDir: string;
  /** Every page of every window and view, in any session. */
  pages(): readonly Page[];
  /** The first page, also a later one, whose URL `predicate` accepts. */
  waitForPage(predicate: (url: string) => boolean, timeLimitMs?: number): Promise<Page>;
  /** Everything written so far to standard output and standard error. */
  output(): string;
  /** Asks the app to quit; kills it when it does not. */
  close(): Promise<void>;
  /** SIGKILL, as in a crash. */
  kill(): Promise<void>;
}

export interface SourceApp extends RunningApp {
  /** For `evaluate` in the main process. */
  readonly electron: ElectronApplication;
}

/** Starts the app from its sources (built), as `electron .` does. */
export async function launchApp(
  desktop: Desktop,
  options: SourceLaunchOptions,
): Promise<SourceApp> {
  const { userDataDir, appPath = repositoryRoot(), args = [], env = {} } = options;
  const output = prepareOutput(desktop);
  const electron = await _electron.launch({
    // Named here, because Playwright otherwise loads a script of its own into the app, which adds
    // some thirty switches (`--password-store=basic`, `--disable-popup-blocking` …) and holds
    // `ready` back: the app would not be the one that ships.
    executablePath: output.wrap(options.executablePath ?? electronBinary()),
    args: [`--user-data-dir=${userDataDir}`, '.', ...args],
    cwd: appPath,
    env: { ...desktop.env, ...env },
    // Playwright's default is false everywhere.
    chromiumSandbox: !isRoot(),
    timeout: START_LIMIT_MS,
  });
  const child = electron.process();
  const groupId = adopt(desktop, child);
  return {
    electron,
    ...runningApp({
      child,
      context: electron.context(),
      output,
      userDataDir,
      quit: () => electron.close(),
      groupId,
    }),
  };
}

/** Starts a packaged app. There is no access to its main process. */
export async function launchPackaged(
  desktop: Desktop,
  executablePath: string,
  options: LaunchOptions,
): Promise<RunningApp> {
  const { userDataDir, args = [], env = {} } = options;
  const output = prepareOutput(desktop);
  const child = spawn(
    output.wrap(executablePath),
    [
      ...(isRoot() ? ['--no-sandbox'] : []),
      '--remote-debugging-port=0',
      `--user-data-dir=${userDataDir}`,
      ...args,
    ],
    { env: { ...desktop.env, ...env }, stdio: 'ignore', detached: true, cwd: desktop.home },
  );
  const groupId = adopt(desktop, child);
  try {
    const endpoint = await poll('"DevTools listening on …" of the app', START_LIMIT_MS, () => {
      if (child.exitCode !== null) throw new Error(`the app ended with ${child.exitCode}`);
      return /^DevTools listening on (ws:\S+)$/m.exec(output.read())?.[1];
    });
    const browser = await chromium.connectOverCDP(endpoint, { timeout: START_LIMIT_MS });
    const [context] = browser.contexts();
    if (context === undefined) throw new Error('the app offers no browser context');
    return runningApp({
      child,
      context,
      output,
      userDataDir,
      // Electron quits on SIGTERM as on `app.quit()`.
      quit: () => endGroup(child, groupId, QUIT_LIMIT_MS),
      groupId,
    });
  } catch (cause) {
    killGroup(groupId);
    throw new Error(`${executablePath} did not start:\n${output.read()}`, { cause });
  }
}

function runningApp(parts: {
  readonly child: ChildProcess;
  readonly context: BrowserContext;
  readonly output: Output;
  readonly userDataDir: string;
  readonly quit: () => Promise<void>;
  readonly groupId: number;
}): RunningApp {
  const { child, context, output, userDataDir, quit, groupId } = parts;
  const changes = new Changes();
  const watch = (page: Page) => {
    page.on('framenavigated', () => changes.notify());
    changes.notify();
  };
  for (const page of context.pages()) watch(page);
  context.on('page', watch);

  const kill = async () => {
    killGroup(groupId);
    await withTimeLimit(exitOf(child), QUIT_LIMIT_MS, 'the killed app to end');
  };
  return {
    process: child,
    userDataDir,
    pages: () => context.pages(),
    waitForPage: async (predicate, timeLimitMs = 10_000) => {
      const find = () => context.pages().find((page) => predicate(page.url()));
      return changes.waitFor('a page', timeLimitMs, find).catch((cause: unknown) => {
        const urls = context.pages().map((page) => page.url());
        throw new Error(`${String(cause)}; there are: ${urls.join(' ')}`, { cause });
      });
    },
    output: () => output.read(),
    close: async () => {
      try {
        await withTimeLimit(quit(), QUIT_LIMIT_MS, 'the app to quit');
      } finally {
        await kill();
      }
    },
    kill,
  };
}

interface Output {
  /** The path of a program that runs `executablePath` with its output written down. */
  wrap(executablePath: string): string;
  read(): string;
}

/**
 * Output goes through `tee` into files, because Playwright has consumed the first half second of it
 * by the time it hands the process over, and a leak there must be found too.
 */
function prepareOutput(desktop: Desktop): Output {
  const directory = join(desktop.directory, 'logs', `app-${crypto.randomUUID()}`);
  mkdirSync(directory, { mode: 0o700 });
  const outputPath = join(directory, 'output.log');
  writeFileSync(outputPath, '', { mode: 0o600 });
  return {
    wrap: (executablePath) => {
      const script = join(directory, 'start');
      writeFileSync(
        script,
        '#!/bin/bash\n' +
          `exec ${shellQuoted(executablePath)} "$@" ` +
          `> >(exec tee -a ${shellQuoted(outputPath)}) ` +
          `2> >(exec tee -a ${shellQuoted(outputPath)} >&2)\n`,
        { mode: 0o700 },
      );
      return script;
    },
    read: () => readFileSync(outputPath, 'utf8'),
  };
}

/** Puts the app under the desktop's watchdog until it ends; answers its process group. */
function adopt(desktop: Desktop, child: ChildProcess): number {
  if (child.pid === undefined) throw new Error('the app could not be started');
  const groupId = child.pid;
  desktop.processes.adopt(groupId);
  child.once('exit', () => desktop.processes.release(groupId));
  return groupId;
}

/** Electron's sandbox cannot start as root on Linux; everybody else keeps it. */
function isRoot(): boolean {
  return process.platform === 'linux' && process.getuid?.() === 0;
}

function electronBinary(): string {
  // Outside of Electron the package's export is the path of the binary.
  return createRequire(import.meta.url)('electron') as string;
}

function repositoryRoot(): string {
  return fileURLToPath(new URL('../..', import.meta.url));
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
