import { expect, test } from 'vitest';
import { expiryOf } from '../../src-main/core/token.ts';

const AT_MS = 1_700_000_000_000;

test.each([
  [undefined, undefined],
  ['3600', 3_600_000],
  [' 3600 ', 3_600_000],
  ['3600.7', 3_600_700],
  [3600.7, 3_600_700],
  [1, 1000],
  [0.0004, 0],
  [0, undefined],
  [-1, undefined],
  ['-1', undefined],
  [2 ** 31, 2 ** 31 * 1000],
  [1e300, undefined],
  ['1e300', undefined],
  [Number.NaN, undefined],
  [Infinity, undefined],
  ['abc', undefined],
  ['', undefined],
  [null, undefined],
  [true, undefined],
  [[3600], undefined],
])('A-11 S-10 expires_in %j is a life of %j ms', (expiresIn, lifeMs) => {
  expect(expiryOf(expiresIn, AT_MS)).toBe(lifeMs === undefined ? undefined : AT_MS + lifeMs);
});
