/**
 * `npm run bench`: how much Bearer Tray costs beside an Electron app that is nothing but a tray icon, and with 1,000
 * tenants beside one; in one run, on one desktop, one after the other. Prints numbers and judges none. docs/benchmark.md
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startAuthorizationServer } from '../tests/emulators/authorization-server.ts';
import { startDesktop, type Desktop } from '../tests/harness/desktop.ts';
import { electronBinary, installedElectron } from './setup/electron-install.mjs';
import { makeCrowd, type Crowd } from './bench/crowd.ts';
import { crowdTable } from './bench/crowd-table.ts';
import type { CpuProfile } from './bench/inside-hook.ts';
import { liveLong, type LongLife } from './bench/long-life.ts';
import { processesOf } from './bench/processes.ts';
import { profileTable } from './bench/profile-table.ts';
import { measure, type Run } from './bench/measure.ts';
import { bareSubject, bearerTraySubject, type Subject } from './bench/subjects.ts';
import { median, tableOf, type Samples } from './bench/table.ts';
import { startTokenService } from './bench/token-service.ts';
import { TrayRegistrations } from './bench/tray-registrations.ts';

const USAGE = `npm run bench [-- OPTIONS]

  --runs 5         short lives of each app: start, memory, click, copy; 0 leaves them out
  --minutes 2      how long the processor is watched with 1,000 tenants; 10 is the full form
  --json FILE      writes every single value
  --profile FILE   takes a CPU profile of the main process after that, for a minute, and prints its top`;

const TENANTS = 1000;
/** At most two renewals are under way for one host. */
const HOSTS = 10;
/** With one tenant next to nothing happens. */
const LONGEST_WATCH_OF_ONE_MINUTES = 1 / 3;
/** Longer than any benchmark: no renewal disturbs it. */
const TOKEN_SECONDS = 24 * 60 * 60;

interface Machine {
  readonly cores: number;
  readonly memoryGb: number;
  readonly electron: string;
}

/** What else the machine does: it makes times longer, and memory that is shared look smaller. */
interface Surroundings {
  /** Average number of runnable processes in the last minute. */
  readonly load: number;
  /** Processes of the same Electron binary that are not the benchmark's. */
  readonly electronProcesses: number;
}

interface Options {
  readonly runs: number;
  /** Average of the processor's use with many tenants. */
  readonly minutes: number;
  readonly json: string | undefined;
  readonly profile: string | undefined;
}

/** Undefined: to be told how it is used. */
function readOptions(): Options | undefined {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '5' },
      minutes: { type: 'string', default: '2' },
      json: { type: 'string' },
      profile: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const runs = Number(values.runs);
  const minutes = Number(values.minutes);
  const isUsable = Number.isInteger(runs) && runs >= 0 && minutes >= 0;
  return values.help || !isUsable
    ? undefined
    : { runs, minutes, json: values.json, profile: values.profile };
}

async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) {
    console.log(USAGE);
    return process.argv.some((word) => word === '--help' || word === '-h') ? 0 : 1;
  }
  if (process.platform !== 'linux') {
    console.error('The benchmark needs the virtual desktop and /proc, which only Linux has.');
    return 1;
  }
  const machine: Machine = {
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 1024 ** 3),
    electron: installedElectron()?.version ?? 'unknown',
  };
  const before = surroundings();
  const server = await startAuthorizationServer({ accessTokenSeconds: TOKEN_SECONDS });
  const service = await startTokenService(HOSTS);
  const desktop = await startDesktop();
  try {
    const directory = mkdtempSync(join(desktop.directory, 'bench-'));
    const registrations = await TrayRegistrations.watch(desktop);
    const crowd = await makeCrowd(desktop, service, TENANTS, directory);
    const results = await compare(desktop, registrations, options.runs, {
      bare: bareSubject(directory),
      bearerTray: await bearerTraySubject(desktop, server, directory),
      crowd: crowd.subject,
    });
    const live = (which: Crowd, minutes: number, profile?: string): Promise<LongLife> => {
      process.stderr.write(`long life with tenants: ${String(which.size)}\n`);
      return liveLong(desktop, registrations, service, which, {
        steadyMs: minutes * 60_000,
        ...(profile === undefined
          ? {}
          : {
              onProfile: (taken) => {
                keepProfile(profile, taken);
              },
            }),
      });
    };
    const alone = await makeCrowd(desktop, service, 1, directory);
    const longLives = {
      one: await live(alone, Math.min(options.minutes, LONGEST_WATCH_OF_ONE_MINUTES)),
      crowd: await live(crowd, options.minutes, options.profile),
    };
    registrations.stop();
    const after = surroundings();
    if (options.runs > 0) console.log(`\n${tableOf(samplesOf(results.bearerTray, results.bare))}`);
    console.log(`\n${crowdTable({ ...results, longLives })}`);
    const all = [...results.bearerTray, ...results.bare];
    console.log(notes(machine, [before, after], options.runs, all, longLives.crowd));
    if (options.json !== undefined) {
      const report = { machine, before, after, pageCache: 'warm', ...results, longLives };
      writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
    }
    return 0;
  } finally {
    await desktop.stop();
    service.stop();
    await server.stop();
  }
}

function keepProfile(path: string, profile: CpuProfile): void {
  writeFileSync(path, JSON.stringify(profile));
  console.log(`\nSelf time of the main thread, % of a core:\n${profileTable(profile)}`);
}

interface Subjects<Value> {
  readonly bare: Value;
  readonly bearerTray: Value;
  readonly crowd: Value;
}

/** A B C A B C …, so that whatever else the machine does meets all. */
async function compare(
  desktop: Desktop,
  registrations: TrayRegistrations,
  runs: number,
  { bare, bearerTray, crowd }: Subjects<Subject>,
): Promise<Subjects<readonly Run[]>> {
  const results: Subjects<Run[]> = { bare: [], bearerTray: [], crowd: [] };
  if (runs === 0) return results;
  // Not counted: reads the program's files into the page cache and fills V8's code caches.
  for (const subject of [bare, bearerTray, crowd]) await measure(desktop, registrations, subject);
  for (let run = 1; run <= runs; run += 1) {
    process.stderr.write(`run ${String(run)} of ${String(runs)}\n`);
    results.bare.push(await measure(desktop, registrations, bare));
    results.bearerTray.push(await measure(desktop, registrations, bearerTray));
    results.crowd.push(await measure(desktop, registrations, crowd));
  }
  return results;
}

function samplesOf(bearerTray: readonly Run[], bare: readonly Run[]): readonly Samples[] {
  const rows = [
    ['Start until the tray icon is there', 'ms', 'startMs'],
    ['Memory when idle, all processes', 'MB', 'idleMemoryMb'],
    ['Click until the window is painted, first time', 'ms', 'firstShowMs'],
    ['Click until the window is painted, later', 'ms', 'nextShowMs'],
    ['Copy until the clipboard has it', 'ms', 'copyMs'],
  ] as const;
  return rows.map(([name, unit, key]) => ({
    name,
    unit,
    bearerTray: bearerTray.map((run) => run[key]),
    bare: bare.map((run) => run[key]),
  }));
}

function notes(
  machine: Machine,
  around: readonly Surroundings[],
  runs: number,
  all: readonly Run[],
  { steady }: LongLife,
): string {
  const { cores, memoryGb, electron } = machine;
  const lookMs = median(all.map(({ clipboardLookMs }) => clipboardLookMs)) ?? 0;
  const loads = around.map(({ load }) => load.toFixed(1)).join(' before and ');
  const others = Math.max(...around.map(({ electronProcesses }) => electronProcesses));
  return [
    '',
    `${String(cores)} cores, ${String(memoryGb)} GB, X server without a GPU, Electron ${electron}; ${String(runs)} runs of each; load ${loads} after.`,
    ...(runs === 0
      ? []
      : [
          'Ratio: Bearer Tray / the bare app of the same run, median of all runs.',
          'The page cache is warm: all have run before. The first start after a boot takes longer.',
          `The clipboard is asked again and again; one look takes ${lookMs.toFixed(0)} ms, and so much may be counted too much.`,
        ]),
    ...(steady === null
      ? []
      : [
          `The processor was watched for ${steady.seconds.toFixed(0)} s, in which ${String(steady.renewals)} tokens were renewed.`,
        ]),
    ...(others === 0
      ? []
      : [
          `${String(others)} other processes of this Electron were running: what they share makes the memory look smaller.`,
        ]),
  ].join('\n');
}

function surroundings(): Surroundings {
  return { load: loadavg()[0] ?? 0, electronProcesses: processesOf(electronBinary()) };
}

process.exit(await main());
