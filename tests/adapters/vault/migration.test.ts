/** Stores of another version of the app: an older one is brought up once, a newer one is left alone. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createVault } from '../../../src-main/adapters/vault/vault.ts';
import { createManualClock } from '../../fakes/clock.manual.ts';
import {
  inFolder,
  keychainOf,
  makeStore,
  numbered,
  numberIn,
  recordPathOf,
  withVault,
} from './parts.ts';
import type { Store } from './parts.ts';

async function contentOf(directory: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    // The lock says who looks, not what is there
    if (entry.isFile() && entry.name !== 'owner') files.set(path, await readFile(path, 'hex'));
  }
  return files;
}

const unopened = (store: Store) =>
  createVault(store.directory, keychainOf(store), createManualClock(1));

const inStore = (format: 1 | 2, use: (store: Store) => Promise<void>) =>
  inFolder(async (folder) => use(await makeStore(join(folder, 'vault'), 3, format)));

test('D-13 format 1: everything is there and in format 2, and the second start changes nothing', () =>
  inStore(1, async (store) => {
    await withVault(store, async (vault) => {
      for (const tenant of store.tenantIds) {
        const read = await vault.read(tenant);
        expect(read.ok && numberIn(read.value)).toBe(0);
      }
    });
    const storeFile = JSON.parse(await readFile(join(store.directory, 'store.json'), 'utf8'));
    expect(storeFile).toMatchObject({ format: 2, records: 2, storeId: store.storeId });
    for (const tenant of store.tenantIds) {
      const bytes = await readFile(recordPathOf(store.directory, tenant));
      expect(bytes.toString('latin1', 0, 4)).toBe('BTV2');
    }
    const before = await contentOf(store.directory);
    await withVault(store, () => Promise.resolve());
    expect(await contentOf(store.directory)).toEqual(before);
  }));

test('D-13 a record of format 1 that cannot be read stays as it is, and the others are brought up', () =>
  inStore(1, async (store) => {
    const [broken, fine] = store.tenantIds.map((id) => recordPathOf(store.directory, id));
    await writeFile(broken!, 'BTV1 damaged');
    await withVault(store, (vault) => vault.read(store.tenantIds[0]!));
    expect(await readFile(broken!, 'utf8')).toBe('BTV1 damaged');
    expect((await readFile(fine!)).toString('latin1', 0, 4)).toBe('BTV2');
  }));

test('D-13 where store.json cannot be written, records can be read and none is brought up', () =>
  inStore(1, async (store) => {
    const path = join(store.directory, 'store.json');
    const before = await contentOf(store.directory);
    const keychain = keychainOf(store);
    const { get } = keychain;
    // In the file's place while the keychain is asked: renaming onto a folder fails for every user
    const blocked = {
      ...keychain,
      get: async (account: string) => {
        await rm(path);
        await mkdir(path);
        return get(account);
      },
    };
    const vault = createVault(store.directory, blocked, createManualClock(1));
    expect(await vault.open()).toBe('open');
    expect(await vault.read(store.tenantIds[0]!)).toMatchObject({ ok: true });
    const written = await vault.write(store.tenantIds[1]!, numbered(1));
    expect(written).toMatchObject({ error: { code: 'vault-not-saved' } });
    for (const [name, content] of before) {
      if (name !== path) expect(await readFile(name, 'hex')).toBe(content);
    }
    await vault.release();
  }));

test('D-13 a store of a newer version: locked, told, nothing touched', () =>
  inStore(2, async (store) => {
    const path = join(store.directory, 'store.json');
    const storeFile = JSON.parse(await readFile(path, 'utf8'));
    await writeFile(path, JSON.stringify({ ...storeFile, format: 3, more: true }));
    await writeFile(`${path}.writing-of-the-newer`, 'x');
    const before = await contentOf(store.directory);
    const vault = unopened(store);
    for (let round = 0; round < 2; round += 1) expect(await vault.open()).toBe('locked');
    expect(vault.trouble()).toMatchObject({
      error: {
        code: 'vault-unreadable',
        subject: 'it was written by a newer version of Bearer Tray',
      },
    });
    const [tenant = ''] = store.tenantIds;
    expect(await vault.read(tenant)).toMatchObject({ error: { code: 'keychain-locked' } });
    await vault.write(tenant, numbered(1));
    expect(await vault.remove(tenant)).toMatchObject({ error: { code: 'vault-not-saved' } });
    expect(await contentOf(store.directory)).toEqual(before);
  }));

test('D-13 up, down, up: the older app touches nothing, and nothing is brought up twice', () =>
  inStore(1, async (store) => {
    await withVault(store, (vault) => vault.write(store.tenantIds[0]!, numbered(5)));
    const before = await contentOf(store.directory);
    const storeFile = JSON.parse(await readFile(join(store.directory, 'store.json'), 'utf8'));
    // All that an app of format 1 asks before it takes store.json for damaged and stops
    expect(storeFile.format).not.toBe(1);
    await withVault(store, async (vault) => {
      const read = await vault.read(store.tenantIds[0]!);
      expect(read.ok && numberIn(read.value)).toBe(5);
    });
    expect(await contentOf(store.directory)).toEqual(before);
  }));

test('D-13 one record of a newer version: only its tenant is unreadable, and it is kept', () =>
  inStore(2, async (store) => {
    const [newer = '', other = ''] = store.tenantIds;
    const path = recordPathOf(store.directory, newer);
    await writeFile(path, 'BTV3 something');
    await withVault(store, async (vault) => {
      expect(await vault.read(newer)).toMatchObject({
        error: {
          code: 'vault-unreadable',
          subject: 'the record was written by a newer version of Bearer Tray',
        },
      });
      expect(await readFile(path, 'utf8')).toBe('BTV3 something');
      expect(await vault.read(other)).toMatchObject({ ok: true });
      await vault.write(newer, numbered(1));
      expect(await readFile(`${path}.unreadable-1`, 'utf8')).toBe('BTV3 something');
    });
  }));
