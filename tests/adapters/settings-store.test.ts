/** The settings file on a real disk, in every state that it can be found in. */
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSettingsStore } from '../../src-main/adapters/settings.electron-store.ts';
import {
  EMPTY_CONFIGURATION,
  readStoredConfiguration,
} from '../../src-main/core/stored-configuration.ts';
import type { StoredConfiguration } from '../../src-main/core/stored-configuration.ts';
import { createStore } from '../../src-main/core/state.ts';
import { createTenants } from '../../src-main/core/tenants.ts';
import { createManualClock } from '../fakes/clock.manual.ts';
import { createWorld, tenantAt } from '../fakes/world.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'settings-test-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const settingsPath = (): string => join(directory, 'settings.json');
const copyPath = (): string => join(directory, 'settings.copy.json');
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

describe('D-14 settings and their copy', () => {
  const tenants = ['one', 'two', 'three'].map((name) =>
    tenantAt(`https://${name}.example.com`, { name }),
  );
  const CONFIGURATION: StoredConfiguration = {
    schemaVersion: 1,
    tenants,
    activeTenantId: tenants[1]!.id,
    settings: { ...EMPTY_CONFIGURATION.settings, theme: 'dark' },
  };

  /** As the app does it at its start. */
  async function start() {
    const { vault, sessions } = await createWorld();
    const store = createStore();
    const useCases = createTenants(store, openStore(), vault, sessions, []);
    useCases.load();
    return { ...store.get(), useCases };
  }

  const asideNames = () => readdirSync(directory).filter((name) => name.includes('.unreadable-'));
  const contentOf = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

  beforeEach(() => {
    const store = openStore();
    store.load();
    expect(store.save(CONFIGURATION).ok).toBe(true);
  });

  test('both are there after a change, and of the user only', () => {
    expect(contentOf(settingsPath())).toEqual(CONFIGURATION);
    expect(contentOf(copyPath())).toEqual(CONFIGURATION);
    expect(statSync(copyPath()).mode & 0o777).toBe(0o600);
  });

  test.each<[string, () => void]>([
    ['empty', () => writeFileSync(settingsPath(), '')],
    ['noise', () => writeFileSync(settingsPath(), 'noise')],
    ['zeros', () => writeFileSync(settingsPath(), Buffer.alloc(5000))],
    ['far too large', () => truncateSync(settingsPath(), 50e6)],
    ['cut off', () => truncateSync(settingsPath(), statSync(settingsPath()).size / 2)],
    ['without its list of tenants', () => writeFileSync(settingsPath(), '{"schemaVersion":1}')],
    [
      'half readable',
      () => {
        const [first, ...others] = tenants;
        const broken = others.map((tenant) => ({ ...tenant, grant: 'telepathy' }));
        const content = { ...CONFIGURATION, tenants: [first, ...broken] };
        writeFileSync(settingsPath(), JSON.stringify(content));
      },
    ],
  ])('the file is %s: all tenants there, told, the damaged one kept', async (_name, harm) => {
    harm();
    const damaged = readFileSync(settingsPath());
    const restored = await start();
    expect(restored).toMatchObject({ tenants, activeTenantId: tenants[1]!.id });
    expect(restored.settings).toEqual(CONFIGURATION.settings);
    expect(restored.problems).toMatchObject([
      { code: 'settings-restored', subject: 'settings.json.unreadable-1' },
    ]);
    expect(readFileSync(join(directory, 'settings.json.unreadable-1')).equals(damaged)).toBe(true);
    expect(contentOf(settingsPath())).toEqual(CONFIGURATION);
    expect(contentOf(copyPath())).toEqual(CONFIGURATION);
    expect(await start(), 'nothing is told twice').toMatchObject({ tenants, problems: [] });
    expect(asideNames()).toHaveLength(1);
  });

  test.each<[string, () => void]>([
    ['deleted', () => rmSync(settingsPath())],
    ['an empty object', () => writeFileSync(settingsPath(), '{}')],
    ['a list', () => writeFileSync(settingsPath(), '[7]')],
  ])('the file is %s: all tenants there, told, nothing to keep', async (_name, harm) => {
    harm();
    const restored = await start();
    expect(restored).toMatchObject({ tenants, problems: [{ code: 'settings-restored' }] });
    expect(restored.settings).toEqual(CONFIGURATION.settings);
    expect(restored.problems[0]).not.toHaveProperty('subject');
    expect(contentOf(settingsPath())).toEqual(CONFIGURATION);
    expect(await start()).toMatchObject({ tenants, problems: [] });
    expect(asideNames()).toEqual([]);
  });

  test('of a profile from before there were copies one is made at the start', async () => {
    rmSync(copyPath());
    expect(await start()).toMatchObject({ tenants, problems: [] });
    expect(statSync(copyPath()).mode & 0o777).toBe(0o600);
    rmSync(settingsPath());
    expect(await start()).toMatchObject({ tenants, problems: [{ code: 'settings-restored' }] });
  });

  test('the first start, without both: nothing is told and nothing restored', async () => {
    rmSync(settingsPath());
    rmSync(copyPath());
    expect(await start()).toMatchObject({ tenants: [], problems: [] });
    expect(readdirSync(directory)).toEqual([]);
  });

  describe.each<[string, () => void]>([
    ['noise', () => writeFileSync(copyPath(), 'noise')],
    ['empty', () => writeFileSync(copyPath(), '')],
    ['far too large', () => truncateSync(copyPath(), 50e6)],
  ])('the copy is %s', (_name, harm) => {
    beforeEach(harm);

    test('beside a whole file: nothing is told, and it is whole again after two changes', async () => {
      const { useCases, ...state } = await start();
      expect(state).toMatchObject({ tenants, problems: [] });
      expect(useCases.changeSettings({ theme: 'light' }).ok).toBe(true);
      expect(useCases.changeSettings({ theme: 'system' }).ok).toBe(true);
      expect(contentOf(copyPath())).toEqual(contentOf(settingsPath()));
    });

    test('beside a damaged file: started empty, told, that one kept', async () => {
      writeFileSync(settingsPath(), 'damaged');
      expect(await start()).toMatchObject({
        tenants: [],
        problems: [{ code: 'settings-unreadable', subject: 'settings.json.unreadable-1' }],
      });
      expect(readFileSync(join(directory, 'settings.json.unreadable-1'), 'utf8')).toBe('damaged');
    });

    test('beside a half readable file: what can be read stays', async () => {
      const content = { ...CONFIGURATION, tenants: [tenants[0], 'noise'] };
      writeFileSync(settingsPath(), JSON.stringify(content));
      expect(await start()).toMatchObject({
        tenants: [tenants[0]],
        problems: [{ code: 'settings-unreadable' }],
      });
    });
  });

  test('D-13 the file is of a later version: the copy is neither used nor written', async () => {
    const newer = JSON.stringify({ ...CONFIGURATION, schemaVersion: 2, tenants: [tenants[0], 7] });
    writeFileSync(settingsPath(), newer);
    const copy = readFileSync(copyPath());
    const { useCases, ...state } = await start();
    expect(state).toMatchObject({
      tenants: [tenants[0]],
      problems: [{ code: 'settings-not-saved' }],
    });
    expect(useCases.changeSettings({ theme: 'light' }).ok).toBe(false);
    expect(readFileSync(settingsPath(), 'utf8')).toBe(newer);
    expect(readFileSync(copyPath())).toEqual(copy);
    expect(asideNames()).toEqual([]);
  });
});
