/** The settings file on a real disk, in every state that it can be found in. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSettingsStore } from '../../src-main/adapters/settings.electron-store.ts';
import {
  EMPTY_CONFIGURATION,
  readStoredConfiguration,
} from '../../src-main/core/stored-configuration.ts';
import { createManualClock } from '../fakes/clock.manual.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'settings-test-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const settingsPath = (): string => join(directory, 'settings.json');
const openStore = () => createSettingsStore(directory, createManualClock(1));

test('D-13 a file of a later version is shown, and never written over or copied', () => {
  const content = JSON.stringify({
    ...EMPTY_CONFIGURATION,
    schemaVersion: 2,
    settings: { ...EMPTY_CONFIGURATION.settings, theme: 'dark' },
    more: 'of a later version',
  });
  writeFileSync(settingsPath(), content);
  for (let start = 0; start < 2; start += 1) {
    const store = openStore();
    const loaded = store.load();
    expect(loaded).toMatchObject({ ok: true });
    const { configuration } = readStoredConfiguration(loaded.ok ? loaded.value : undefined);
    expect(configuration).toMatchObject({ schemaVersion: 1, settings: { theme: 'dark' } });
    expect(store.keepAside()).toBeUndefined();
    expect(store.save(EMPTY_CONFIGURATION)).toMatchObject({
      error: {
        code: 'settings-not-saved',
        subject: 'the settings file was written by a newer version of Bearer Tray',
      },
    });
    expect(readFileSync(settingsPath(), 'utf8')).toBe(content);
    expect(readdirSync(directory)).toEqual(['settings.json']);
  }
});

test.each<[string, Buffer]>([
  ['noise', Buffer.alloc(50e6, 'noise')],
  ['one JSON list', Buffer.from(`{"schemaVersion":1,"tenants":[${'{},'.repeat(16e6)}{}]}`)],
])('D-14 50 MB of %s: kept aside unread, saved anew, in less than 3 s', (_name, content) => {
  writeFileSync(settingsPath(), content);
  const startedAtMs = performance.now();
  const store = openStore();
  expect(store.load()).toMatchObject({ error: { code: 'settings-unreadable' } });
  const copy = store.keepAside();
  expect(store.save(EMPTY_CONFIGURATION)).toMatchObject({ ok: true });
  expect(performance.now() - startedAtMs).toBeLessThan(3000);
  expect(statSync(join(directory, copy!)).size).toBe(content.length);
  expect(openStore().load()).toMatchObject({ ok: true });
});

test('D-14 __proto__ and constructor reach no prototype, and are gone with the next save', () => {
  writeFileSync(
    settingsPath(),
    `{"schemaVersion":1,"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},
      "tenants":[],"activeTenantId":null,"settings":{"__proto__":{"theme":"dark","polluted":1}}}`,
  );
  const store = openStore();
  const loaded = store.load();
  const { configuration } = readStoredConfiguration(loaded.ok ? loaded.value : undefined);
  expect(configuration).toEqual(EMPTY_CONFIGURATION);
  expect('polluted' in {}).toBe(false);
  expect('polluted' in configuration.settings).toBe(false);
  expect(store.save(configuration)).toMatchObject({ ok: true });
  expect(readFileSync(settingsPath(), 'utf8')).not.toContain('polluted');
});
