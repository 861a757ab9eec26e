/**
 * The programs of one desktop: each in its own process group with its own log, all of them ended
 * and the temporary directory removed for certain, also when this process is killed.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { withTimeLimit } from './waiting.ts';

/**
 * Runs until its standard input closes, which the kernel does when this process ends in any way.
 * PR_SET_PDEATHSIG would not do: the kernel drops it for programs with file capabilities, and
 * gnome-keyring-daemon is one on many systems (prctl(2)); it removes no files either.
 */
const WATCHDOG_SCRIPT = `
cat >/dev/null
for group in "$1"/groups/*; do [ -e "$group" ] && kill -s KILL -- "-\${group##*/}" 2>/dev/null; done
# A killed program's last files can appear while the directory goes: once more if so.
rm -rf -- "$1" 2>/dev/null || { sleep 0.2; rm -rf -- "$1"; }
`;

const TERMINATION_LIMIT_MS = 2_000;

export interface LaunchRequest {
  /** Names the log file and appears in errors. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Written to standard input, which is then closed. */
  readonly input?: string;
  /** Wait for the first line that the program writes to file descriptor 3. */
  readonly readyLine?: boolean;
}

export interface LaunchedProcess {
  readonly pid: number;
  /** What it wrote to file descriptor 3; empty unless `readyLine` was asked for. */
  readonly firstLine: string;
  readonly child: ChildProcess;
  /** SIGTERM, and SIGKILL for the whole group when that is not enough. */
  stop(): Promise<void>;
}

export class DesktopProcesses {
  readonly directory: string;
  readonly #watchdog: ChildProcess;
  readonly #running: LaunchedProcess[] = [];

  /** `directory` exists, belongs to this desktop alone and is removed at the end. */
  constructor(directory: string) {
    this.directory = directory;
    mkdirSync(join(directory, 'groups'), { mode: 0o700 });
    mkdirSync(join(directory, 'logs'), { mode: 0o700 });
    this.#watchdog = spawn('/bin/sh', ['-c', WATCHDOG_SCRIPT, 'desktop-watchdog', directory], {
      stdio: ['pipe', 'ignore', 'ignore'],
      // Its own group: Ctrl-C in the terminal must not end it before the others.
      detached: true,
      cwd: '/',
    });
    // The watchdog alone must not keep this process alive.
    this.#watchdog.unref();
    (this.#watchdog.stdin as Socket).unref();
  }

  logPath(name: string): string {
    return join(this.directory, 'logs', `${name}.log`);
  }

  /** Puts a process group that someone else started (Playwright) under the watchdog. */
  adopt(groupId: number): void {
    writeFileSync(join(this.directory, 'groups', String(groupId)), '');
  }

  /** The group has ended: its number may soon belong to somebody else. */
  release(groupId: number): void {
    rmSync(join(this.directory, 'groups', String(groupId)), { force: true });
  }

  async launch(request: LaunchRequest): Promise<LaunchedProcess> {
    const logPath = this.logPath(request.name);
    const log = openSync(logPath, 'a', 0o600);
    const child = spawn(request.command, request.args, {
      env: request.env,
      cwd: this.directory,
      detached: true,
      stdio: [
        request.input === undefined ? 'ignore' : 'pipe',
        log,
        log,
        request.readyLine === true ? 'pipe' : 'ignore',
      ],
    });
    closeSync(log);

    const failed = new Promise<never>((_resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => reject(new Error(`it ended with ${code ?? signal}`)));
    });
    // Also observed when nothing waits for it any more.
    failed.catch(() => undefined);

    try {
      if (child.pid === undefined) return await failed;
      const pid = child.pid;
      this.adopt(pid);
      child.once('exit', () => this.#releaseWhenEmpty(pid));
      child.stdin?.end(request.input);
      const ready = request.readyLine === true ? firstLineOf(child.stdio[3] as Readable) : '';
      const firstLine = await withTimeLimit(
        Promise.race([ready, failed]),
        10_000,
        `${request.name} to be ready`,
      );
      const launched = { pid, firstLine, child, stop: () => endGroup(child, pid) };
      this.#running.push(launched);
      return launched;
    } catch (cause) {
      if (child.pid !== undefined) killGroup(child.pid);
      throw new Error(
        `${request.name} (${request.command}) did not start: ${String(cause)}\n` + tail(logPath),
        { cause },
      );
    }
  }

  /** Ends everything, the latest first, and removes the directory. */
  async stop(): Promise<void> {
    for (const launched of this.#running.splice(0).reverse()) await launched.stop();
    const watchdogEnded = exitOf(this.#watchdog);
    this.#watchdog.stdin?.end();
    await withTimeLimit(watchdogEnded, 5_000, 'the desktop watchdog to clean up');
    rmSync(this.directory, { recursive: true, force: true });
  }

  #releaseWhenEmpty(groupId: number): void {
    // Members that outlive their leader keep the number taken, so the watchdog can still aim at it.
    if (!groupExists(groupId)) this.release(groupId);
  }
}

function groupExists(groupId: number): boolean {
  try {
    process.kill(-groupId, 0);
    return true;
  } catch {
    return false;
  }
}

export function killGroup(groupId: number): void {
  try {
    process.kill(-groupId, 'SIGKILL');
  } catch {
    // Already gone.
  }
}

/** SIGTERM to the leader, SIGKILL to the group when the leader stays or leaves somebody behind. */
export async function endGroup(
  child: ChildProcess,
  groupId: number,
  timeLimitMs = TERMINATION_LIMIT_MS,
): Promise<void> {
  const ended = exitOf(child);
  child.kill('SIGTERM');
  await withTimeLimit(ended, timeLimitMs, 'the process to end').catch(() => undefined);
  killGroup(groupId);
  await withTimeLimit(ended, TERMINATION_LIMIT_MS, `process ${groupId} to end after SIGKILL`);
}

export function exitOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

async function firstLineOf(stream: Readable): Promise<string> {
  for await (const line of createInterface({ input: stream })) return line;
  throw new Error('it closed file descriptor 3 without a line');
}

function tail(path: string): string {
  return readFileSync(path, 'utf8').split('\n').slice(-20).join('\n');
}
