/** docs/promises.md: every promise is held by a test that exists and carries its number. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const docs = join(import.meta.dirname, '../docs');
const rows = readFileSync(join(docs, 'promises.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('|') && !/^\| (Promise|-)/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()));

test('the tables are found', () => {
  expect(rows.length).toBeGreaterThan(20);
});

test.each(rows.map(([, promise = '', bound = '', held = '']) => [promise, bound, held]))(
  '%s',
  (_promise, bound, held) => {
    expect(bound).not.toBe('');
    const numbers = held.match(/\b[A-H]-\d\d\b/g) ?? [];
    const files = Array.from(held.matchAll(/\]\(([^)]+)\)/g), ([, path = '']) => join(docs, path));
    expect(numbers).not.toEqual([]);
    expect(files).not.toEqual([]);
    const texts = files.map((path) => readFileSync(path, 'utf8')).join('\n');
    expect(numbers.filter((number) => !texts.includes(number))).toEqual([]);
  },
);
