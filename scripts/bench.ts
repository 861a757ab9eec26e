/**
 * `npm run bench`: how much Bearer Tray costs beside an Electron app that is nothing but a tray icon,
 * in one run, on one desktop, one after the other. Prints numbers and judges none. docs/benchmark.md
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startAuthorizationServer } from '../tests/emulators/authorization-server.ts';
import { startDesktop, type Desktop } from '../tests/harness/desktop.ts';
import { electronBinary, installedElectron } from './setup/electron-install.mjs';
import { processesOf } from './bench/processes.ts';
import { measure, type Run } from './bench/measure.ts';
import { bareSubject, bearerTraySubject, type Subject } from './bench/subjects.ts';
import { median, tableOf, type Samples } from './bench/table.ts';
import { TrayRegistrations } from './bench/tray-registrations.ts';

const USAGE = `npm run bench [-- --runs 7] [--json file]`;
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

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '7' },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const runs = Number(values.runs);
  if (values.help === true || !Number.isInteger(runs) || runs < 1) {
    console.log(USAGE);
    return values.help === true ? 0 : 1;
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
  const desktop = await startDesktop();
  try {
    const directory = mkdtempSync(join(desktop.directory, 'bench-'));
    const bearerTray = await bearerTraySubject(desktop, server, directory);
    const bare = bareSubject(directory);
    const results = await compare(desktop, bearerTray, bare, runs);
    const after = surroundings();
    const samples = samplesOf(results.bearerTray, results.bare);
    console.log(`\n${tableOf(samples)}`);
    console.log(notes(machine, [before, after], [...results.bearerTray, ...results.bare]));
    if (values.json !== undefined) {
      const report = { machine, before, after, pageCache: 'warm', ...results };
      writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
    }
    return 0;
  } finally {
    await desktop.stop();
    await server.stop();
  }
}

/** A B A B …, so that whatever else the machine does meets both. */
async function compare(
  desktop: Desktop,
  bearerTray: Subject,
  bare: Subject,
  runs: number,
): Promise<{ readonly bearerTray: readonly Run[]; readonly bare: readonly Run[] }> {
  const registrations = await TrayRegistrations.watch(desktop);
  const results: { readonly bearerTray: Run[]; readonly bare: Run[] } = {
    bearerTray: [],
    bare: [],
  };
  // Not counted: reads the program's files into the page cache and fills V8's code caches.
  for (const subject of [bare, bearerTray]) await measure(desktop, registrations, subject);
  for (let run = 1; run <= runs; run += 1) {
    process.stderr.write(`run ${String(run)} of ${String(runs)}\n`);
    results.bare.push(await measure(desktop, registrations, bare));
    results.bearerTray.push(await measure(desktop, registrations, bearerTray));
  }
  registrations.stop();
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

function notes(machine: Machine, around: readonly Surroundings[], all: readonly Run[]): string {
  const { cores, memoryGb, electron } = machine;
  const lookMs = median(all.map(({ clipboardLookMs }) => clipboardLookMs)) ?? 0;
  const loads = around.map(({ load }) => load.toFixed(1)).join(' before and ');
  const others = Math.max(...around.map(({ electronProcesses }) => electronProcesses));
  return [
    '',
    `${String(cores)} cores, ${String(memoryGb)} GB, X server without a GPU, Electron ${electron}; ${String(all.length / 2)} runs of each; load ${loads} after.`,
    'Ratio: Bearer Tray / the bare app of the same run, median of all runs.',
    'The page cache is warm: both apps have run once before. The first start after a boot takes longer.',
    `The clipboard is asked again and again; one look takes ${lookMs.toFixed(0)} ms, and so much may be counted too much.`,
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
