/** The command line of the fault bench. */
import type { Chapter } from './chapter.ts';

export const USAGE =
  'npm run test:faults [-- [--duration 10m] [--seed 1] [--only name,name] [--list]]';

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

export interface RunOptions {
  readonly chapters: readonly Chapter[];
  readonly seed: number;
  readonly durationMs: number;
  /** How long a chapter goes on: its share of the whole. */
  shareMs(chapter: Chapter): number;
}

/** @returns What was asked for, or in one sentence what cannot be understood. */
export function optionsFrom(
  values: {
    readonly duration?: string | undefined;
    readonly seed?: string | undefined;
    readonly only?: string | undefined;
  },
  all: readonly Chapter[],
): RunOptions | string {
  const names = values.only?.split(',') ?? all.map(({ name }) => name);
  const chapters = all.filter(({ name }) => names.includes(name));
  const unknown = names.filter((name) => !all.some((chapter) => chapter.name === name));
  if (unknown.length > 0) {
    const known = all.map(({ name }) => name).join(', ');
    return `There is no chapter ${unknown.join(', ')}; there are ${known}.`;
  }
  const seconds = chapters.reduce((sum, chapter) => sum + chapter.seconds, 0);
  const durationMs =
    values.duration === undefined ? seconds * 1000 : durationMsFrom(values.duration);
  if (durationMs === undefined) return `${values.duration ?? ''} is no duration like 90s, 10m, 2h.`;
  const seed = values.seed === undefined ? 1 : Number(values.seed);
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
    return 'A seed is a whole number from 0 to 4294967295.';
  }
  return {
    chapters,
    seed,
    durationMs,
    shareMs: (chapter) => (durationMs * chapter.seconds) / seconds,
  };
}

/** `90s`, `10m`, `2h` in milliseconds; undefined for anything else. */
export function durationMsFrom(text: string): number | undefined {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)([smh])$/.exec(text) ?? [];
  const unitMs = UNIT_MS[unit];
  return amount === undefined || unitMs === undefined ? undefined : Number(amount) * unitMs;
}

/** For people: `45s`, `3m20s`, `2h05m`. */
export function durationText(durationMs: number): string {
  const seconds = Math.round(durationMs / 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`;
  return `${Math.floor(seconds / 3600)}h${two(Math.floor(seconds / 60) % 60)}m`;
}
