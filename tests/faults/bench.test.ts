import { expect, test } from 'vitest';
import type { Desktop } from '../harness/desktop.ts';
import type { Chapter } from './chapter.ts';
import { pick, trying, wholeNumber } from './chapter.ts';
import { durationMsFrom, durationText, optionsFrom } from './options.ts';
import { Results } from './results.ts';
import { randomFor, seededRandom } from './seeded-random.ts';

const chapter = (name: string, seconds: number, run: Chapter['run']): Chapter => ({
  name,
  promises: [{ id: 'X-01', text: 'It holds' }],
  seconds,
  run,
});
const nothing = () => Promise.resolve();
const parts = { seed: 1, desktop: {} as Desktop, shareMs: 100 };

test('the same seed makes the same choices, another one others', () => {
  const take = (random: () => number) => Array.from({ length: 1000 }, random);
  const numbers = take(seededRandom(1));
  expect(take(seededRandom(1))).toEqual(numbers);
  expect(take(seededRandom(2))).not.toEqual(numbers);
  expect(take(randomFor(1, 'kills'))).not.toEqual(take(randomFor(1, 'files')));
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...numbers)).toBeLessThan(1);
  const random = seededRandom(3);
  const dice = new Set(Array.from({ length: 200 }, () => wholeNumber(random, 1, 6)));
  expect([...dice].sort()).toEqual([1, 2, 3, 4, 5, 6]);
  expect(['a', 'b']).toContain(pick(random, ['a', 'b']));
});

test.each([
  ['90s', 90_000],
  ['10m', 600_000],
  ['2h', 7_200_000],
  ['0.5h', 1_800_000],
  ['10', undefined],
  ['1d', undefined],
  ['-1s', undefined],
])('a duration of %s', (text, durationMs) => {
  expect(durationMsFrom(text)).toBe(durationMs);
});

test('durations for people', () => {
  expect([45_000, 200_000, 7_500_000].map(durationText)).toEqual(['45s', '3m20s', '2h05m']);
});

test('the time is shared as the chapters ask; unknown names and numbers are told', () => {
  const all = [chapter('one', 30, nothing), chapter('two', 90, nothing)];
  const options = optionsFrom({ duration: '10m', seed: '7' }, all);
  if (typeof options === 'string') throw new Error(options);
  expect(options.seed).toBe(7);
  expect(all.map((each) => options.shareMs(each))).toEqual([150_000, 450_000]);
  expect(optionsFrom({}, all)).toMatchObject({ durationMs: 120_000, seed: 1 });
  const alone = optionsFrom({ only: 'two' }, all);
  expect(alone).toMatchObject({ chapters: [all[1]], durationMs: 90_000 });
  expect(optionsFrom({ only: 'two,three' }, all)).toContain('three');
  expect(optionsFrom({ duration: 'long' }, all)).toContain('long');
  expect(optionsFrom({ seed: '1.5' }, all)).toContain('whole number');
});

test('what was kept, broken, never tried and thrown', async () => {
  const said: string[] = [];
  const kept = chapter('kept', 1, async (bench) => {
    await trying(bench, ['X-01'], nothing);
    bench.note('5 ms');
  });
  const broken = chapter('broken', 1, (bench) =>
    trying(bench, ['X-01'], () => Promise.reject(new Error('it did not'))),
  );
  const untried = chapter('untried', 1, nothing);
  const thrown = chapter('thrown', 1, async (bench) => {
    await trying(bench, ['X-01'], nothing);
    throw new Error('no desktop');
  });
  const all = [kept, broken, untried, thrown];
  const results = new Results(all, (line) => said.push(line));
  for (const each of all) await results.run(each, results.benchFor(each, parts));
  const faults = results.faults().join('\n');
  expect(results.faults()).toHaveLength(3);
  expect(faults).toContain('X-01: it did not');
  expect(faults).toContain('X-01 (untried) was never tried');
  expect(faults).toContain('thrown did not come to its end: Error: no desktop');
  expect(results.report()).toMatch(/^kept +X-01 +It holds +1 +0$/m);
  expect(results.report()).toMatch(/^broken +X-01 +It holds +1 +1$/m);
  expect(results.report()).toMatch(/^kept: 5 ms$/m);
  expect(said.join('\n')).toContain('FAILED X-01: it did not');

  const good = new Results([kept], () => undefined);
  await good.run(kept, good.benchFor(kept, parts));
  expect(good.faults()).toEqual([]);
});

test('a chapter is told when its share is used, and may count only what it promises', () => {
  let nowMs = 1000;
  const one = chapter('one', 1, nothing);
  const bench = new Results([one], () => undefined).benchFor(one, parts, () => nowMs);
  expect(bench.timeIsUp()).toBe(false);
  nowMs = 1100;
  expect(bench.timeIsUp()).toBe(true);
  expect(() => bench.tried('X-02')).toThrow('X-02');
});
