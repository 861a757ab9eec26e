import { expect, test } from 'vitest';
import {
  EMPTY_CONFIGURATION,
  isNewerConfiguration,
  readStoredConfiguration,
} from '../../src-main/core/stored-configuration.ts';

test.each([
  [2, true],
  [1.5, true],
  [1, false],
  [0, false],
  ['2', false],
  [null, false],
])('D-13 schema version %j: newer %j', (schemaVersion, newer) => {
  expect(isNewerConfiguration({ schemaVersion })).toBe(newer);
});

test.each([undefined, null, 7, 'text', [], {}])('D-13 %j is not of a newer version', (data) => {
  expect(isNewerConfiguration(data)).toBe(false);
});

test('D-13 of a newer version, what is where it was is read', () => {
  const settings = { ...EMPTY_CONFIGURATION.settings, theme: 'dark' };
  const { configuration } = readStoredConfiguration({
    schemaVersion: 7,
    tenants: ['of a form that is not known'],
    settings,
  });
  expect(configuration).toEqual({ ...EMPTY_CONFIGURATION, settings });
});

test('D-14 10,000 entries are read in less than a second', () => {
  const entry = (index: number) => ({ id: index });
  const tenants = Array.from({ length: 10_000 }, (_each, index) => entry(index));
  const startedAtMs = performance.now();
  expect(readStoredConfiguration({ ...EMPTY_CONFIGURATION, tenants }).complete).toBe(false);
  expect(performance.now() - startedAtMs).toBeLessThan(1000);
});
