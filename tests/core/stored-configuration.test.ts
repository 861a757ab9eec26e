import { expect, test } from 'vitest';
import {
  EMPTY_CONFIGURATION,
  isNewerConfiguration,
  readStoredConfiguration,
  withCopy,
} from '../../src-main/core/stored-configuration.ts';
import { tenantAt } from '../fakes/world.ts';

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

test('D-14 what can be read is newer than the copy; only what is missing comes from it', () => {
  const [kept, lost] = [tenantAt('https://a.example.com'), tenantAt('https://b.example.com')];
  const settings = { ...EMPTY_CONFIGURATION.settings, theme: 'dark' } as const;
  const found = { ...EMPTY_CONFIGURATION, tenants: [kept], settings };
  const copy = {
    ...EMPTY_CONFIGURATION,
    tenants: [{ ...kept, name: 'Of before' }, lost],
    activeTenantId: lost.id,
  };
  expect(withCopy(found, copy)).toEqual({
    ...found,
    tenants: [kept, lost],
    activeTenantId: lost.id,
  });
  expect(withCopy({ ...found, activeTenantId: kept.id }, copy).activeTenantId).toBe(kept.id);
});

test('D-14 of a file in which no tenant can be read the settings come from the copy too', () => {
  const settings = { ...EMPTY_CONFIGURATION.settings, theme: 'dark' } as const;
  const copy = { ...EMPTY_CONFIGURATION, settings };
  expect(withCopy(EMPTY_CONFIGURATION, copy)).toEqual(copy);
  expect(withCopy(copy, EMPTY_CONFIGURATION)).toEqual(EMPTY_CONFIGURATION);
});
