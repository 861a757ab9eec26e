/** Fault runs of one part alone, as a chapter's tries. */
import type { Outcome } from '../../adapters/vault/parts.ts';
import type { Bench } from '../chapter.ts';

/** Each try of the run counts as one of the promise. */
export async function wrapped(
  bench: Bench,
  id: string,
  run: (seed: number) => Promise<Outcome>,
): Promise<void> {
  const { tries, failures } = await run(Math.floor(bench.random() * 1e9));
  for (const failure of failures) bench.tried(id, failure);
  for (let count = failures.length; count < tries; count += 1) bench.tried(id);
}
