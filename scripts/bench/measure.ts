/** One life of one app, from its start to a copy, measured from outside and by the hook. */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Desktop } from '../../tests/harness/desktop.ts';
import { poll } from '../../tests/harness/waiting.ts';
import { electronBinary } from '../setup/electron-install.mjs';
import { timesIn } from './hook.ts';
import { memoryMb, settled } from './processes.ts';
import type { Subject } from './subjects.ts';
import type { TrayRegistrations } from './tray-registrations.ts';

const IDLE_MS = 5_000;
const LIMIT_MS = 10_000;
const BEFORE_COPY = 'before the copy';

/** All times end with what a person would see; all but the start are those of the system's one clock. */
export interface Run {
  readonly startMs: number;
  /** Null where the system does not let us look, and of an app at work. */
  readonly idleMemoryMb: number | null;
  readonly firstShowMs: number;
  readonly nextShowMs: number;
  readonly copyMs: number;
  /** How long one look at the clipboard takes. */
  readonly clipboardLookMs: number;
}

export async function measure(
  desktop: Desktop,
  registrations: TrayRegistrations,
  subject: Subject,
): Promise<Run> {
  const name = `bench-${crypto.randomUUID()}`;
  const args = [
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    ...['--require', subject.hook.path],
    `--user-data-dir=${subject.userDataDir}`,
    subject.appPath,
  ];
  const env = { ...desktop.env, ...subject.hook.env };
  const { atWork } = subject;
  await atWork?.prepare();
  const registered = registrations.next();
  const startedAtMs = performance.now();
  const app = await desktop.processes.launch({ name, command: electronBinary(), args, env });
  try {
    const startMs = (await registered) - startedAtMs;
    if (atWork === undefined) await delay(IDLE_MS);
    const readiness = atWork?.begun ?? (() => settled(app.pid));
    await readiness();
    const idleMemoryMb = atWork === undefined ? memoryMb(app.pid) : null;

    const output = (): string => readFileSync(desktop.processes.logPath(name), 'utf8');
    const clickUntilPainted = async (count: number): Promise<number> => {
      const clickedAtMs = Date.now();
      await desktop.trayHost.activate();
      const paintedAtMs = await poll('the window to be painted', LIMIT_MS, () => {
        return timesIn(output(), 'painted')[count - 1];
      });
      return paintedAtMs - clickedAtMs;
    };
    const firstShowMs = await clickUntilPainted(1);
    await desktop.trayHost.activate();
    await poll('the window to be hidden', LIMIT_MS, async () => {
      return !(await desktop.isWindowVisible(subject.windowTitle));
    });
    await readiness();
    await desktop.clipboard.writeText(BEFORE_COPY);
    const nextShowMs = await clickUntilPainted(2);

    const { seenAtMs, clipboardLookMs } = await lookForCopy(desktop);
    const clickedAtMs = await poll('the click', LIMIT_MS, () => timesIn(output(), 'clicked')[0]);
    const copyMs = seenAtMs - clickedAtMs;
    return { startMs, idleMemoryMb, firstShowMs, nextShowMs, copyMs, clipboardLookMs };
  } finally {
    await app.stop();
    await poll('the tray to be empty', LIMIT_MS, () => desktop.trayHost.itemCount === 0);
  }
}

/** Look after look without a pause: X tells a new owner of the clipboard only to programs that speak its protocol. */
async function lookForCopy(
  desktop: Desktop,
): Promise<{ readonly seenAtMs: number; readonly clipboardLookMs: number }> {
  const sinceMs = Date.now();
  for (let looks = 1; Date.now() - sinceMs < LIMIT_MS; looks += 1) {
    const text = await desktop.clipboard.readText();
    const seenAtMs = Date.now();
    if (text === null || text === '' || text === BEFORE_COPY) continue;
    return { seenAtMs, clipboardLookMs: (seenAtMs - sinceMs) / looks };
  }
  throw new Error('nothing was copied');
}
