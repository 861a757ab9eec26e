/** What the fault bench has found so far, and the one table that it ends with. */
import type { Bench, Chapter } from './chapter.ts';
import type { Desktop } from '../harness/desktop.ts';
import { randomFor } from './seeded-random.ts';

/** How many different failures of a promise are written out; the table counts them all. */
const SHOWN_FAILURES = 5;

interface PromiseResult {
  readonly chapter: string;
  readonly id: string;
  readonly text: string;
  tries: number;
  readonly failures: string[];
}

export class Results {
  readonly #promises = new Map<string, PromiseResult>();
  readonly #notes: string[] = [];
  readonly #broken: string[] = [];
  readonly #say: (line: string) => void;

  /** `say` is told each failure and each note at once. */
  constructor(chapters: readonly Chapter[], say: (line: string) => void) {
    this.#say = say;
    for (const { name: chapter, promises } of chapters) {
      for (const { id, text } of promises) {
        this.#promises.set(`${chapter} ${id}`, { chapter, id, text, tries: 0, failures: [] });
      }
    }
  }

  /** What a chapter is given; its share of the time starts now. */
  benchFor(
    chapter: Chapter,
    { seed, desktop, shareMs }: BenchParts,
    now: () => number = Date.now,
  ): Bench {
    const endsAtMs = now() + shareMs;
    return {
      random: randomFor(seed, chapter.name),
      desktop,
      timeIsUp: () => now() >= endsAtMs,
      tried: (id, failure) => {
        const result = this.#promises.get(`${chapter.name} ${id}`);
        if (result === undefined) throw new Error(`${chapter.name} does not promise ${id}`);
        result.tries += 1;
        if (failure === undefined) return;
        result.failures.push(failure);
        this.#say(`  FAILED ${id}: ${failure}`);
      },
      note: (text) => {
        this.#notes.push(`${chapter.name}: ${text}`);
        this.#say(`  ${text}`);
      },
    };
  }

  /** Runs the chapter; what it throws counts against the run. */
  async run(chapter: Chapter, bench: Bench): Promise<void> {
    try {
      await chapter.run(bench);
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#broken.push(`${chapter.name} did not come to its end: ${text}`);
      this.#say(`  BROKEN ${text}`);
    }
  }

  /** Tries so far of a chapter, for a line of progress. */
  progress({ name }: Chapter): string {
    const all = [...this.#promises.values()].filter(({ chapter }) => chapter === name);
    return all.map(({ id, tries, failures }) => ratio(id, tries, failures.length)).join('  ');
  }

  /** Why the run has failed; empty when every promise was tried and kept. */
  faults(): readonly string[] {
    const all = [...this.#promises.values()];
    return [
      ...this.#broken,
      ...all
        .filter(({ tries }) => tries === 0)
        .map(({ id, chapter }) => `${id} (${chapter}) was never tried`),
      ...all.flatMap(({ id, failures }) => shownOf(failures).map((failure) => `${id}: ${failure}`)),
    ];
  }

  /** The table, the notes, and the faults. */
  report(): string {
    const rows = [...this.#promises.values()].map(({ chapter, id, text, tries, failures }) => [
      chapter,
      id,
      text,
      String(tries),
      String(failures.length),
    ]);
    const faults = this.faults();
    return [
      tableOf([['chapter', 'check', 'promise', 'tries', 'failures'], ...rows]),
      ...(this.#notes.length === 0 ? [] : ['', ...this.#notes]),
      ...(faults.length === 0 ? [] : ['', 'What failed:', ...faults]),
    ].join('\n');
  }
}

export interface BenchParts {
  readonly seed: number;
  readonly desktop: Desktop;
  /** How long the chapter goes on. */
  readonly shareMs: number;
}

function ratio(id: string, tries: number, failures: number): string {
  return failures === 0 ? `${id} ${tries}` : `${id} ${tries} (${failures} failed)`;
}

function shownOf(failures: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const failure of failures) counts.set(failure, (counts.get(failure) ?? 0) + 1);
  const shown = [...counts]
    .slice(0, SHOWN_FAILURES)
    .map(([failure, count]) => (count === 1 ? failure : `${failure} (${count} times)`));
  return counts.size > SHOWN_FAILURES
    ? [...shown, `and ${counts.size - SHOWN_FAILURES} others`]
    : shown;
}

function tableOf(rows: readonly (readonly string[])[]): string {
  const [heads = []] = rows;
  const widths = heads.map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  const isNumber = (column: number) => column >= heads.length - 2;
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return isNumber(column) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ');
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  const [head = [], ...body] = rows;
  return [line(head), rule, ...body.map(line)].join('\n');
}
