/** One long life of a crowd: all of it overdue at start, and then for minutes as any day. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Desktop } from '../../tests/harness/desktop.ts';
import { electronBinary } from '../setup/electron-install.mjs';
import type { Crowd } from './crowd.ts';
import { askInside, writeInsideHook } from './inside-hook.ts';
import type { CpuProfile, LoopDelay } from './inside-hook.ts';
import { memoryMb, processorSeconds, settled, writtenBytes } from './processes.ts';
import type { Written } from './processes.ts';
import type { TrayRegistrations } from './tray-registrations.ts';
import type { Count, TokenService } from './token-service.ts';

/** The app starts 1,000 renewals over 70 s; a machine that is busy takes longer. */
const RENEWALS_LIMIT_MS = 5 * 60_000;
const STORM_MS_PER_TENANT = 75;

/** After the last of the renewals of the start. */
const IDLE_MS = 5000;

const PROFILED_MS = 60_000;

export interface LongLife {
  readonly tenants: number;
  /** From the tray icon until every tenant has its token again. */
  readonly renewalsMs: number;
  readonly loopDelay: LoopDelay;
  /** PSS of all processes; null where the system does not let us look. */
  readonly memoryMb: number | null;
  /** The average after that. */
  readonly steady: Steady | null;
}

export interface Steady {
  readonly seconds: number;
  readonly renewals: number;
  /** Percent of one core. */
  readonly mainProcessPercent: number;
  readonly allProcessesPercent: number;
  /** Since the last one was taken, of the main process. Null where there was no renewal, or no disk below. */
  readonly diskBytesPerRenewal: number | null;
  readonly writeCallBytesPerRenewal: number | null;
}

export interface LongLifeOptions {
  /** How long the average is taken; with 0 it is left out. */
  readonly steadyMs: number;
  /** Takes a CPU profile of a minute after that. */
  readonly onProfile?: (profile: CpuProfile) => void;
}

export async function liveLong(
  desktop: Desktop,
  registrations: TrayRegistrations,
  service: TokenService,
  crowd: Crowd,
  { steadyMs, onProfile }: LongLifeOptions,
): Promise<LongLife> {
  const { size, subject } = crowd;
  crowd.restore();
  const socketPath = join(desktop.directory, 'bench-socket');
  const hook = writeInsideHook(desktop.directory, socketPath);
  await service.begin(Date.now() + size * STORM_MS_PER_TENANT + IDLE_MS);
  const registered = registrations.next();
  const app = await desktop.processes.launch({
    name: `bench-${crypto.randomUUID()}`,
    command: electronBinary(),
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ...['--require', hook.path],
      `--user-data-dir=${subject.userDataDir}`,
      subject.appPath,
    ],
    env: { ...desktop.env, ...hook.env },
  });
  try {
    const shownAtMs = await registered;
    await askInside(socketPath, 'loop-begin');
    await service.untilClients(size, RENEWALS_LIMIT_MS);
    const renewalsMs = performance.now() - shownAtMs;
    const loopDelay = await askInside(socketPath, 'loop-end');
    await delay(IDLE_MS);
    if (size === 1) await settled(app.pid);
    const memory = memoryMb(app.pid);
    const steady = steadyMs === 0 ? null : await average(app.pid, service, steadyMs);
    if (onProfile !== undefined) {
      await askInside(socketPath, 'profile-begin');
      await delay(PROFILED_MS);
      onProfile(await askInside(socketPath, 'profile-end'));
    }
    return { tenants: size, renewalsMs, loopDelay, memoryMb: memory, steady };
  } finally {
    await app.stop();
  }
}

interface Reading {
  readonly atMs: number;
  readonly count: Count;
  readonly mainSeconds: number;
  readonly allSeconds: number;
  readonly written: Written | null;
}

async function average(pid: number, service: TokenService, spanMs: number): Promise<Steady> {
  const read = async (): Promise<Reading> => ({
    count: await service.count(),
    atMs: performance.now(),
    mainSeconds: processorSeconds(pid).main,
    allSeconds: processorSeconds(pid).all,
    written: writtenBytes(pid),
  });
  const before = await read();
  await delay(spanMs);
  const after = await read();
  const seconds = (after.atMs - before.atMs) / 1000;
  const renewals = after.count.tokens - before.count.tokens;
  const perRenewal = (key: keyof Written): number | null => {
    const bytes = (after.written?.[key] ?? 0) - (before.written?.[key] ?? 0);
    return renewals === 0 || bytes === 0 ? null : bytes / renewals;
  };
  return {
    seconds,
    renewals,
    mainProcessPercent: (100 * (after.mainSeconds - before.mainSeconds)) / seconds,
    allProcessesPercent: (100 * (after.allSeconds - before.allSeconds)) / seconds,
    diskBytesPerRenewal: perRenewal('disk'),
    writeCallBytesPerRenewal: perRenewal('calls'),
  };
}
