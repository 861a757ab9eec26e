/**
 * What a chapter of the fault bench is: faults of one kind, done to the real app again and again,
 * and the promises that must hold meanwhile. A new chapter is a file in chapters/ and its line in
 * chapters/all-chapters.ts.
 */
import type { Desktop } from '../harness/desktop.ts';

/** One check of the acceptance list, or the part of it that the chapter holds. */
export interface Promised {
  /** Number of the check, e.g. `E-03`; several promises of a chapter may share one with a letter. */
  readonly id: string;
  /** One sentence, as it stands in the table. */
  readonly text: string;
}

export interface Chapter {
  readonly name: string;
  readonly promises: readonly Promised[];
  /** Share of the default duration, in seconds. */
  readonly seconds: number;
  /** What else `--list` says, e.g. how long the long form takes. */
  readonly longForm?: string;
  /**
   * Makes at least one try of each promise, and goes on until `timeIsUp`. An exception is a fault
   * of the bench itself and fails the run; a broken promise is told with `tried`.
   */
  run(bench: Bench): Promise<void>;
}

export interface Bench {
  /** At least 0, less than 1; the same seed gives the same numbers. */
  readonly random: () => number;
  readonly desktop: Desktop;
  /** Whether this chapter's share of the time is used. */
  timeIsUp(): boolean;
  /** Counts one try of a promise of this chapter. `failure`: what was seen instead, in one line. */
  tried(id: string, failure?: string): void;
  /** A measured number or a remark, printed under the table. */
  note(text: string): void;
}

/** One try of each named promise: kept when `body` ends, broken with the message that it throws. */
export async function trying(
  bench: Bench,
  ids: readonly string[],
  body: () => Promise<void>,
): Promise<void> {
  const failure = await body().then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  for (const id of ids) bench.tried(id, failure);
}

/** One of the values, each as likely as another. */
export function pick<Value>(random: () => number, values: readonly [Value, ...Value[]]): Value {
  return values[Math.floor(random() * values.length)] ?? values[0];
}

/** A whole number from `low` to `high`, both included. */
export function wholeNumber(random: () => number, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1));
}
