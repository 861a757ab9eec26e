/** What many tenants cost beside one, as a table with the bounds that were set; judges nothing but marks what is over. */
import type { LongLife } from './long-life.ts';
import type { Run } from './measure.ts';
import { median } from './table.ts';

export interface CrowdResults {
  readonly bare: readonly Run[];
  /** Of one tenant, in the order of the runs, as the others are. */
  readonly bearerTray: readonly Run[];
  readonly crowd: readonly Run[];
  readonly longLives: { readonly one: LongLife; readonly crowd: LongLife };
}

interface Row {
  readonly name: string;
  readonly bare?: number | null;
  readonly one?: number | null;
  readonly crowd: number | null;
  readonly digits?: number;
  readonly bound?: Bound;
}

interface Bound {
  /** What is held against the limit: the crowd's value, its ratio to one tenant's, or the difference. */
  readonly value: number | null;
  readonly limit: number;
  readonly sign: '' | '×' | '+';
}

const NAME_WIDTH = 56;
const WIDTH = 10;

export function crowdTable(results: CrowdResults): string {
  const { tenants } = results.longLives.crowd;
  const size = tenants.toLocaleString('en');
  const head = ['bare app', '1 tenant', size, 'compared', 'bound'].map(right).join('');
  return [
    `${`${size} tenants with tokens of 5 minutes`.padEnd(NAME_WIDTH)}${head}`,
    ...rowsOf(results).map(lineOf),
  ].join('\n');
}

function rowsOf({ bare, bearerTray, crowd, longLives }: CrowdResults): readonly Row[] {
  const { one, crowd: many } = longLives;
  const medians = (key: keyof Run): Pick<Row, 'bare' | 'one' | 'crowd'> => {
    const of = (runs: readonly Run[]): number | null => median(runs.map((run) => run[key]));
    return { bare: of(bare), one: of(bearerTray), crowd: of(crowd) };
  };
  const startRatios = crowd.map(({ startMs }, run) => {
    const beside = bearerTray[run];
    return beside === undefined ? null : startMs / beside.startMs;
  });
  const memoryMb = difference(many.memoryMb, one.memoryMb);
  const processor = many.steady?.mainProcessPercent ?? null;
  const disk = kibibytes(many.steady?.diskBytesPerRenewal);
  const { p99Ms } = many.loopDelay;
  return [
    {
      name: 'Start until the tray icon is there (ms)',
      ...medians('startMs'),
      bound: { value: median(startRatios), limit: 1.3, sign: '×' },
    },
    {
      name: 'Memory after the renewals of the start (MB)',
      bare: medians('idleMemoryMb').bare ?? null,
      one: one.memoryMb,
      crowd: many.memoryMb,
      bound: { value: memoryMb, limit: 20, sign: '+' },
    },
    {
      name: 'Processor, main process (% of a core)',
      one: one.steady?.mainProcessPercent ?? null,
      crowd: processor,
      digits: 2,
      bound: { value: processor, limit: 2, sign: '' },
    },
    {
      name: 'Processor, all processes (% of a core)',
      one: one.steady?.allProcessesPercent ?? null,
      crowd: many.steady?.allProcessesPercent ?? null,
      digits: 2,
    },
    {
      name: 'Written to disk for one renewal (KiB)',
      crowd: disk,
      digits: 1,
      bound: { value: disk, limit: 64, sign: '' },
    },
    { name: 'Until all that had ended are renewed (s)', crowd: many.renewalsMs / 1000 },
    {
      name: '  meanwhile: event loop late, 99th percentile (ms)',
      crowd: p99Ms,
      bound: { value: p99Ms, limit: 50, sign: '' },
    },
    { name: '  meanwhile: event loop late, at most (ms)', crowd: many.loopDelay.maxMs },
    {
      name: '  meanwhile: click until painted, first time (ms)',
      ...medians('firstShowMs'),
    },
    { name: '  meanwhile: click until painted, later (ms)', ...medians('nextShowMs') },
    { name: '  meanwhile: renewed and copied after a click (ms)', ...medians('copyMs') },
  ];
}

function lineOf({ name, bare, one, crowd, digits = 0, bound }: Row): string {
  const numbers = [bare, one, crowd].map((value) => right(text(value, digits))).join('');
  return `${name.padEnd(NAME_WIDTH)}${numbers}${bound === undefined ? '' : boundText(bound)}`;
}

function boundText({ value, limit, sign }: Bound): string {
  const compared = sign === '' ? '' : text(value, sign === '×' ? 2 : 1);
  const isOver = value !== null && value > limit;
  const mark = isOver ? '  over' : '';
  return `${right(signed(compared, sign))}${right(signed(String(limit), sign))}${mark}`;
}

function signed(number: string, sign: Bound['sign']): string {
  if (number === '-') return number;
  if (sign === '+') return number.startsWith('-') ? number : `+${number}`;
  return `${number}${sign}`;
}

function difference(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a - b;
}

function kibibytes(bytes: number | null | undefined): number | null {
  return bytes === null || bytes === undefined ? null : bytes / 1024;
}

function text(value: number | null | undefined, digits: number): string {
  return value === null || value === undefined ? '-' : value.toFixed(digits);
}

function right(value: string): string {
  return value.padStart(WIDTH);
}
