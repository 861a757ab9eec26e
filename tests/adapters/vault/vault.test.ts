import { execFile } from 'node:child_process';
import {
  chmod,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeDurably } from '../../../src-main/adapters/vault/durable-file.ts';
import { seal } from '../../../src-main/adapters/vault/envelope.ts';
import { giveUpOwnership } from '../../../src-main/adapters/vault/owner-lock.ts';
import { createVault } from '../../../src-main/adapters/vault/vault.ts';
import type { TenantSecrets } from '../../../src-main/core/secrets.ts';
import { createManualClock } from '../../fakes/clock.manual.ts';
import { createMemoryKeychain } from '../../fakes/keychain.memory.ts';
import type { KeychainMood, MemoryKeychain } from '../../fakes/keychain.memory.ts';

const ID = '0b8f6b1e-6f43-4f0e-9a4b-0d4a1d8f0a11';
const OTHER_ID = '1c9a7c2f-7a54-4a1f-8b5c-1e5b2e9a1b22';

const withSecret = (clientSecret: string): TenantSecrets => ({ fields: { clientSecret } });
const SECRETS: TenantSecrets = {
  fields: { clientSecret: 'CANARY-secret' },
  token: { accessToken: 'CANARY-access', refreshToken: 'CANARY-refresh', issuedAtMs: 1 },
};

let root: string;
let directory: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'vault-test-'));
  directory = join(root, 'profile', 'vault');
});
afterEach(async () => {
  await chmod(root, 0o700);
  await rm(root, { recursive: true, force: true });
});

const recordPath = (id: string): string => join(directory, 'records', `${id}.sealed`);
const storePath = (): string => join(directory, 'store.json');
const copyPath = (): string => join(directory, 'store.copy.json');

function vaultWith(keychain: MemoryKeychain = createMemoryKeychain()) {
  const clock = createManualClock(1_700_000_000_000);
  return { keychain, clock, vault: createVault(directory, keychain, clock) };
}

async function openVault(keychain?: MemoryKeychain) {
  const parts = vaultWith(keychain);
  expect(await parts.vault.open()).toBe('open');
  return parts;
}

/** Every file below the profile: its path and content. */
async function filesOf(folder: string = root): Promise<ReadonlyMap<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) files.set(path, await readFile(path));
  }
  return files;
}

async function expectNoCanary(): Promise<void> {
  for (const [path, content] of await filesOf()) {
    for (const form of [
      Buffer.from('CANARY'),
      Buffer.from('CANARY', 'utf16le'),
      Buffer.from(Buffer.from('CANARY-').toString('base64').slice(0, 8)),
    ]) {
      expect(content.includes(form), path).toBe(false);
    }
  }
}

describe('what is kept', () => {
  test('is there again after a new start, and nothing of it in clear', async () => {
    const { vault, keychain } = await openVault();
    expect(await vault.write(ID, SECRETS)).toEqual({ ok: true, value: null });
    const again = await openVault(keychain);
    expect(await again.vault.read(ID)).toEqual({ ok: true, value: SECRETS });
    expect(await again.vault.read(OTHER_ID)).toEqual({ ok: true, value: undefined });
    await expectNoCanary();
  });

  test('D-01 the keychain holds exactly one item of ours, 32 bytes', async () => {
    const { vault, keychain } = await openVault();
    await vault.write(ID, SECRETS);
    await vault.write(OTHER_ID, SECRETS);
    const items = [...keychain.items.values()];
    expect(items.map((item) => Buffer.from(item, 'base64').length)).toEqual([32]);
  });

  test.each([
    ['1 B', 'x'],
    ['nothing', ''],
    ['NUL', 'ab\0cd'],
    ['lone surrogates', '\uD800 x \uDC00'],
    ['emoji', '🔑🎉👩‍👩‍👧'],
    ['CRLF', 'a\r\nb\nc\r'],
    ['4-byte characters', '𠜎𠜱'],
    ['byte order mark', '\uFEFFx'],
    ['quotation marks and backslashes', '"\\"\\\\u0041'],
    ['64 KiB', 'k'.repeat(65_536)],
    ['1 MB', 'm🎉'.repeat(200_000)],
  ])('D-07 %s: identical after a new start', async (_name, secret) => {
    const { vault, keychain } = await openVault();
    await vault.write(ID, withSecret(secret));
    const again = await openVault(keychain);
    expect((await again.vault.read(ID)) as unknown).toEqual({
      ok: true,
      value: withSecret(secret),
    });
  });

  test('the latest of many writes at once is what is kept', async () => {
    const { vault, keychain } = await openVault();
    await Promise.all(
      Array.from({ length: 50 }, (_each, index) => vault.write(ID, withSecret(String(index)))),
    );
    const again = await openVault(keychain);
    expect(await again.vault.read(ID)).toEqual({ ok: true, value: withSecret('49') });
    expect(await readdir(join(directory, 'records'))).toEqual([`${ID}.sealed`]);
  });

  test('removing takes the file away, and twice is once', async () => {
    const { vault } = await openVault();
    await vault.write(ID, SECRETS);
    expect(await vault.remove(ID)).toEqual({ ok: true, value: null });
    expect(await vault.remove(ID)).toEqual({ ok: true, value: null });
    expect(await readdir(join(directory, 'records'))).toEqual([]);
    expect(await vault.read(ID)).toEqual({ ok: true, value: undefined });
  });
});

describe('D-02 who may read it', () => {
  /** The umask belongs to the whole process, so each has one of its own. */
  test.each(['000', '077', '022'])('files 0600 and folders 0700 under umask %s', async (umask) => {
    const script = `
      process.umask(0o${umask});
      const { createVault } = await import(${JSON.stringify(new URL('../../../src-main/adapters/vault/vault.ts', import.meta.url).href)});
      const items = new Map();
      const ok = async (value) => ({ ok: true, value });
      const keychain = {
        get: (account) => ok(items.get(account) ?? null),
        set: (account, secret) => { items.set(account, secret); return ok(null); },
        delete: () => ok(null),
        release() {},
      };
      const clock = { now: () => 1, setTimer: () => () => {} };
      const vault = createVault(${JSON.stringify(directory)}, keychain, clock);
      await vault.open();
      await vault.write(${JSON.stringify(ID)}, { fields: { clientSecret: 'x' } });
    `;
    await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    const modeOf = async (path: string): Promise<string> =>
      ((await stat(path)).mode & 0o777).toString(8);
    expect(await modeOf(directory)).toBe('700');
    expect(await modeOf(join(directory, 'records'))).toBe('700');
    expect(await modeOf(storePath())).toBe('600');
    expect(await modeOf(copyPath())).toBe('600');
    expect(await modeOf(recordPath(ID))).toBe('600');
  });

  test('a folder that was open to others is closed', async () => {
    await mkdir(join(directory, 'records'), { recursive: true });
    await chmod(directory, 0o777);
    await chmod(join(directory, 'records'), 0o755);
    await openVault();
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect((await stat(join(directory, 'records'))).mode & 0o777).toBe(0o700);
  });

  test('a symbolic link planted at the target is replaced, and what it points to stays', async () => {
    const { vault } = await openVault();
    const victim = join(root, 'victim');
    await writeFile(victim, 'mine');
    await symlink(victim, recordPath(ID));
    expect((await vault.write(ID, SECRETS)).ok).toBe(true);
    expect(await readFile(victim, 'utf8')).toBe('mine');
    expect(await vault.read(ID)).toEqual({ ok: true, value: SECRETS });
    await vault.remove(ID);
    expect(await readFile(victim, 'utf8')).toBe('mine');
  });

  test('a symbolic link planted as a temporary file is cleared away, and what it points to stays', async () => {
    await openVault();
    const victim = join(root, 'victim');
    await writeFile(victim, 'mine');
    await symlink(victim, `${recordPath(ID)}.writing-${crypto.randomUUID()}`);
    await vaultWith().vault.open();
    expect(await readdir(join(directory, 'records'))).toEqual([]);
    expect(await readFile(victim, 'utf8')).toBe('mine');
  });

  test.each(['vault', 'records'])(
    'a symbolic link in the place of the folder %s: locked, told, nothing changed behind it',
    async (name) => {
      const { vault, keychain } = await openVault();
      await vault.write(ID, SECRETS);
      const folder = name === 'vault' ? directory : join(directory, 'records');
      await rename(folder, join(root, 'elsewhere'));
      await symlink(join(root, 'elsewhere'), folder);
      const before = await filesOf();
      const next = vaultWith(keychain).vault;
      expect(await next.open()).toBe('locked');
      expect(next.trouble()).toMatchObject({
        error: {
          code: 'vault-unreadable',
          subject: 'a symbolic link stands in place of its folder',
        },
      });
      await next.write(OTHER_ID, SECRETS);
      expect(await filesOf()).toEqual(before);
    },
  );

  test('a symbolic link in the place of a record is not read', async () => {
    const { vault } = await openVault();
    await vault.write(ID, SECRETS);
    await rename(recordPath(ID), join(root, 'elsewhere'));
    await symlink(join(root, 'elsewhere'), recordPath(ID));
    expect(await vault.read(ID)).toMatchObject({ error: { code: 'vault-unreadable' } });
  });

  test('D-08 temporary files of a killed writer are gone after the next start', async () => {
    const { keychain } = await openVault();
    await writeFile(`${recordPath(ID)}.writing-1`, 'half');
    await writeFile(join(directory, 'store.json.writing-2'), 'half');
    await openVault(keychain);
    const names = [...(await filesOf()).keys()].filter((path) => path.includes('.writing-'));
    expect(names).toEqual([]);
  });
});

describe('D-04 the keychain says null while a store exists', () => {
  test.each<[string, (keychain: MemoryKeychain) => void]>([
    ['locked', (keychain) => keychain.setMood('locked')],
    ['the item deleted', (keychain) => keychain.items.clear()],
    ['absent', (keychain) => keychain.setMood('absent')],
    ['answering nothing', (keychain) => keychain.setMood('forgetful')],
  ])('%s: no new key, the store byte for byte as before, 100 of 100', async (_name, harm) => {
    const { vault, keychain } = await openVault();
    await vault.write(ID, SECRETS);
    const before = await filesOf();
    harm(keychain);
    const calls = keychain.calls.length;
    for (let round = 0; round < 100; round += 1) {
      const next = vaultWith(keychain);
      expect(await next.vault.open()).toBe('locked');
      expect(await next.vault.read(ID)).toMatchObject({ error: { code: 'keychain-locked' } });
      expect(next.vault.trouble()).toMatchObject({ error: { code: 'keychain-locked' } });
    }
    expect(keychain.calls.slice(calls)).not.toContain('set');
    expect(await filesOf()).toEqual(before);
  });

  test('what is new meanwhile stays in memory, and is on disk after unlocking', async () => {
    const { vault, keychain } = await openVault();
    await vault.write(ID, SECRETS);
    const before = await filesOf();
    keychain.setMood('locked');
    const locked = vaultWith(keychain);
    await locked.vault.open();
    expect(await locked.vault.write(OTHER_ID, SECRETS)).toEqual({ ok: true, value: null });
    expect(await locked.vault.read(OTHER_ID)).toEqual({ ok: true, value: SECRETS });
    expect(await filesOf()).toEqual(before);
    keychain.setMood('unlocked');
    expect(await locked.vault.open()).toBe('open');
    expect(locked.vault.trouble()).toEqual({ ok: true, value: null });
    const again = await openVault(keychain);
    expect(await again.vault.read(OTHER_ID)).toEqual({ ok: true, value: SECRETS });
    expect(await again.vault.read(ID)).toEqual({ ok: true, value: SECRETS });
  });

  test('who asks while the keychain is being opened gets an answer, also with something unsaved', async () => {
    const { keychain } = await openVault();
    keychain.setMood('locked');
    const { vault } = vaultWith(keychain);
    await vault.open();
    await vault.write(ID, SECRETS);
    keychain.setMood('hanging');
    const opening = vault.open();
    const reading = vault.read(ID);
    const writing = vault.write(OTHER_ID, SECRETS);
    await new Promise((resolve) => setImmediate(resolve));
    keychain.setMood('unlocked');
    keychain.answerWaiting();
    expect(await opening).toBe('open');
    expect(await reading).toEqual({ ok: true, value: SECRETS });
    expect((await writing).ok).toBe(true);
    const again = await openVault(keychain);
    expect(await again.vault.read(ID)).toEqual({ ok: true, value: SECRETS });
    expect(await again.vault.read(OTHER_ID)).toEqual({ ok: true, value: SECRETS });
  });

  test('a read at start waits for the keychain', async () => {
    const { vault, keychain } = await openVault();
    await vault.write(ID, SECRETS);
    keychain.setMood('hanging');
    const next = vaultWith(keychain).vault;
    const opening = next.open();
    const reading = next.read(ID);
    await new Promise((resolve) => setImmediate(resolve));
    keychain.setMood('unlocked');
    keychain.answerWaiting();
    expect(await opening).toBe('open');
    expect(await reading).toEqual({ ok: true, value: SECRETS });
  });

  test('a record can be removed though its key is away', async () => {
    const { vault, keychain } = await openVault();
    await vault.write(ID, SECRETS);
    keychain.setMood('locked');
    const locked = vaultWith(keychain).vault;
    await locked.open();
    expect(await locked.remove(ID)).toEqual({ ok: true, value: null });
    expect(await readdir(join(directory, 'records'))).toEqual([]);
  });
});

describe('without a keychain', () => {
  test.each<KeychainMood>(['absent', 'locked', 'forgetful'])(
    '%s at the first start: memory only, no secret and no key on disk',
    async (mood) => {
      const keychain = createMemoryKeychain(mood);
      const { vault } = vaultWith(keychain);
      expect(await vault.open()).toBe('memory-only');
      expect(vault.trouble()).toMatchObject({ error: { code: 'keychain-unavailable' } });
      expect(await vault.write(ID, SECRETS)).toEqual({ ok: true, value: null });
      expect(await vault.read(ID)).toEqual({ ok: true, value: SECRETS });
      expect(await vault.read(OTHER_ID)).toEqual({ ok: true, value: undefined });
      expect([...(await filesOf()).keys()]).toEqual([join(directory, 'owner')]);
      expect(await vault.remove(ID)).toEqual({ ok: true, value: null });
      expect(await vault.read(ID)).toEqual({ ok: true, value: undefined });
    },
  );

  test('one that comes later takes over what is in memory', async () => {
    const keychain = createMemoryKeychain('absent');
    const { vault } = vaultWith(keychain);
    await vault.open();
    await vault.write(ID, SECRETS);
    keychain.setMood('unlocked');
    expect(await vault.open()).toBe('open');
    const again = await openVault(keychain);
    expect(await again.vault.read(ID)).toEqual({ ok: true, value: SECRETS });
    await expectNoCanary();
  });

  test('a folder that cannot be made: memory only, and tenants can be removed all the same', async () => {
    await writeFile(join(root, 'profile'), 'a file where the folder should be');
    const { vault } = vaultWith();
    expect(await vault.open()).toBe('memory-only');
    await vault.write(ID, SECRETS);
    expect(await vault.read(ID)).toEqual({ ok: true, value: SECRETS });
    expect(await vault.remove(ID)).toEqual({ ok: true, value: null });
    expect(await vault.read(ID)).toEqual({ ok: true, value: undefined });
  });
});

test('D-12 a disk that fails while there is a store: locked, and no record is taken for missing', async () => {
  const first = vaultWith();
  await first.vault.open();
  await first.vault.write(ID, SECRETS);
  const records = join(directory, 'records');
  await rename(records, `${records}.away`);
  await writeFile(records, 'a file where the folder should be');
  const { vault } = vaultWith(first.keychain);
  expect(await vault.open()).toBe('locked');
  expect(await vault.read(ID)).toMatchObject({ ok: false, error: { code: 'keychain-locked' } });
  await rename(records, `${records}.gone`);
  await rename(`${records}.away`, records);
  expect(await vault.open()).toBe('open');
  expect(await vault.read(ID)).toEqual({ ok: true, value: SECRETS });
});

describe('D-11 damage', () => {
  test('every single byte of a record: flipped, it is noticed; the other tenant is fine', async () => {
    const { vault } = await openVault();
    await vault.write(ID, SECRETS);
    await vault.write(OTHER_ID, SECRETS);
    const good = await readFile(recordPath(ID));
    for (let at = 0; at < good.length; at += 1) {
      const bad = Buffer.from(good);
      bad[at] = bad[at]! ^ (1 << (at % 8));
      await writeFile(recordPath(ID), bad);
      expect(await vault.read(ID), String(at)).toMatchObject({
        ok: false,
        error: { code: 'vault-unreadable' },
      });
      expect(await readFile(recordPath(ID)), 'reading changes nothing').toEqual(bad);
    }
    expect(await vault.read(OTHER_ID)).toEqual({ ok: true, value: SECRETS });
  });

  test('cut off at every length, or longer', async () => {
    const { vault } = await openVault();
    await vault.write(ID, SECRETS);
    const good = await readFile(recordPath(ID));
    for (let length = 0; length < good.length; length += 1) {
      await writeFile(recordPath(ID), good.subarray(0, length));
      expect((await vault.read(ID)).ok, String(length)).toBe(false);
    }
    await writeFile(recordPath(ID), Buffer.concat([good, Buffer.from([0])]));
    expect((await vault.read(ID)).ok).toBe(false);
    await writeFile(recordPath(ID), good);
    expect((await vault.read(ID)).ok).toBe(true);
  });

  test('two records swapped, and a record of another store', async () => {
    const { vault } = await openVault();
    await vault.write(ID, withSecret('one'));
    await vault.write(OTHER_ID, withSecret('two'));
    const record = await readFile(recordPath(ID));
    await writeFile(recordPath(OTHER_ID), record);
    expect(await vault.read(OTHER_ID)).toMatchObject({ error: { code: 'vault-unreadable' } });
    const home = directory;
    directory = join(root, 'another');
    const foreign = await openVault();
    await foreign.vault.write(ID, withSecret('foreign'));
    const foreignRecord = await readFile(recordPath(ID));
    directory = home;
    await writeFile(recordPath(ID), foreignRecord);
    expect(await vault.read(ID)).toMatchObject({ error: { code: 'vault-unreadable' } });
  });

  test('a damaged record that is written over is kept beside', async () => {
    const { vault, clock } = await openVault();
    await vault.write(ID, SECRETS);
    const bad = Buffer.from('not a record');
    await writeFile(recordPath(ID), bad);
    expect((await vault.write(ID, withSecret('new'))).ok).toBe(true);
    expect(await vault.read(ID)).toEqual({ ok: true, value: withSecret('new') });
    const copy = `${recordPath(ID)}.unreadable-${String(clock.now())}`;
    expect(await readFile(copy)).toEqual(bad);
  });

  test('a folder in the place of a record is unreadable, and moved aside by the next writing', async () => {
    const { vault, clock } = await openVault();
    await mkdir(recordPath(ID));
    await writeFile(join(recordPath(ID), 'mine'), 'mine');
    expect(await vault.read(ID)).toMatchObject({ error: { code: 'vault-unreadable' } });
    expect((await vault.write(ID, SECRETS)).ok).toBe(true);
    expect(await vault.read(ID)).toEqual({ ok: true, value: SECRETS });
    const kept = `${recordPath(ID)}.unreadable-${String(clock.now())}`;
    expect(await readFile(join(kept, 'mine'), 'utf8')).toBe('mine');
  });

  test('a folder in the place of the owner lock is moved aside', async () => {
    await mkdir(join(directory, 'owner'), { recursive: true });
    await writeFile(join(directory, 'owner', 'mine'), 'mine');
    await openVault();
    expect(await readFile(join(directory, 'owner'), 'utf8')).toContain(`${process.pid} `);
    const kept = (await readdir(directory)).filter((name) => name.startsWith('owner.unreadable-'));
    expect(kept).toHaveLength(1);
    expect(await readFile(join(directory, kept[0]!, 'mine'), 'utf8')).toBe('mine');
  });

  test('a record of a later version is kept beside too', async () => {
    const { vault, keychain, clock } = await openVault();
    await vault.write(ID, { fields: { clientSecret: 7 } } as unknown as TenantSecrets);
    const again = (await openVault(keychain)).vault;
    expect(await again.read(ID)).toMatchObject({ error: { code: 'vault-unreadable' } });
    const before = await readFile(recordPath(ID));
    await again.write(ID, SECRETS);
    expect(await readFile(`${recordPath(ID)}.unreadable-${String(clock.now())}`)).toEqual(before);
  });

  test('D-12 a record of another key: told apart from a damaged one', async () => {
    const { vault, keychain } = await openVault();
    const [storeId] = [...keychain.items.keys()];
    const place = { storeId: storeId!, recordId: ID };
    const bytes = Buffer.from(JSON.stringify(SECRETS));
    await writeFile(recordPath(ID), seal(Buffer.alloc(32, 7), place, 1, bytes));
    expect(await vault.read(ID)).toMatchObject({
      error: { code: 'vault-unreadable', subject: 'the record was sealed with another key' },
    });
  });

  test('a record of 100 MB is not read into memory', async () => {
    const { vault } = await openVault();
    await vault.write(ID, SECRETS);
    await truncate(recordPath(ID), 100e6);
    expect(await vault.read(ID)).toMatchObject({
      error: { code: 'vault-unreadable', subject: 'the record is a link or far too large' },
    });
  });

  test('D-12 another key: told apart from damage and from a lock, files untouched', async () => {
    const { vault, keychain } = await openVault();
    await vault.write(ID, SECRETS);
    const before = await filesOf();
    for (const account of keychain.items.keys()) {
      keychain.items.set(account, Buffer.alloc(32, 7).toString('base64'));
    }
    const next = vaultWith(keychain).vault;
    expect(await next.open()).toBe('locked');
    expect(next.trouble()).toMatchObject({
      error: { code: 'vault-unreadable', subject: 'the keychain holds another key' },
    });
    expect(await filesOf()).toEqual(before);
  });
});

/** What may be found in the place of store.json or of its copy; each leaves something there. */
const DAMAGES: readonly (readonly [string, (path: string) => Promise<void>])[] = [
  ['empty', (path) => writeFile(path, '')],
  ['no JSON', (path) => writeFile(path, '{')],
  ['null', (path) => writeFile(path, 'null')],
  [
    'of format 2 without the records’ one',
    (path) => writeFile(path, '{"format":2,"storeId":"x","keyCheck":"y"}'),
  ],
  ['larger than it can be', (path) => writeFile(path, ' '.repeat(70_000))],
  [
    'a symbolic link',
    async (path) => {
      await rename(path, join(root, `elsewhere-${basename(path)}`));
      await symlink(join(root, `elsewhere-${basename(path)}`), path);
    },
  ],
  [
    'a folder',
    async (path) => {
      await rm(path);
      await mkdir(path);
      await writeFile(join(path, 'mine'), 'mine');
    },
  ],
];

/** Whole, and not of this store. */
const WRONGS: readonly (readonly [string, (path: string) => Promise<void>])[] = [
  [
    'of another store',
    async (path) => {
      const another = join(root, 'another');
      await createVault(another, createMemoryKeychain(), createManualClock(1)).open();
      await cp(join(another, 'store.json'), path);
      await rm(another, { recursive: true });
    },
  ],
  ['flipped in the store id', (path) => flipIn(path, 'storeId')],
  ['flipped in the key check', (path) => flipIn(path, 'keyCheck')],
];

async function flipIn(path: string, field: 'storeId' | 'keyCheck'): Promise<void> {
  const file = JSON.parse(await readFile(path, 'utf8')) as Record<string, string>;
  const value = file[field]!;
  await writeFile(path, JSON.stringify({ ...file, [field]: value.replace(/^./, flippedDigit) }));
}

const flippedDigit = (digit: string): string => (Number.parseInt(digit, 16) ^ 1).toString(16);

/** What kind each thing below the profile is, and what it holds. */
async function everything(): Promise<readonly unknown[]> {
  const names = (await readdir(root, { recursive: true })).toSorted();
  const facts = names.map(async (name) => {
    const { mode, ino } = await lstat(join(root, name));
    return { name, mode, ino };
  });
  return [...(await Promise.all(facts)), await filesOf()];
}

describe('D-11 store.json and its copy', () => {
  async function storeWithRecord() {
    const { vault, keychain } = await openVault();
    await vault.write(ID, SECRETS);
    await vault.release();
    return { keychain, good: await readFile(storePath()) };
  }

  async function expectOpened(keychain: MemoryKeychain, good: Buffer) {
    const calls = keychain.calls.length;
    const { vault, clock } = await openVault(keychain);
    expect(vault.trouble()).toEqual({ ok: true, value: null });
    expect(await vault.read(ID)).toEqual({ ok: true, value: SECRETS });
    expect(keychain.calls.slice(calls), 'no new key').not.toContain('set');
    expect(await readFile(storePath())).toEqual(good);
    expect(await readFile(copyPath())).toEqual(good);
    await vault.release();
    return `.unreadable-${String(clock.now())}`;
  }

  test.each([
    ...DAMAGES.map(([name, harm]) => ['store.json', name, harm] as const),
    ...WRONGS.map(([name, harm]) => ['store.json', name, harm] as const),
    ...DAMAGES.map(([name, harm]) => ['store.copy.json', name, harm] as const),
    ...WRONGS.map(([name, harm]) => ['store.copy.json', name, harm] as const),
  ])(
    '%s is %s: opened by the other, kept beside, both right afterwards',
    async (file, _name, harm) => {
      const { keychain, good } = await storeWithRecord();
      const path = join(directory, file);
      await harm(path);
      const found = await lstat(path);
      const ending = await expectOpened(keychain, good);
      const kept = await lstat(`${path}${ending}`);
      expect(kept).toMatchObject({ ino: found.ino, mode: found.mode, size: found.size });
      const before = await everything();
      await expectOpened(keychain, good);
      expect(await everything(), 'the next start finds nothing to mend').toEqual(before);
    },
  );

  test.each(['store.json', 'store.copy.json'])(
    '%s is gone: opened by the other, both there afterwards, nothing kept beside',
    async (file) => {
      const { keychain, good } = await storeWithRecord();
      await rm(join(directory, file));
      await expectOpened(keychain, good);
      expect((await readdir(directory)).toSorted()).toEqual([
        'ledger',
        'records',
        'store.copy.json',
        'store.json',
      ]);
    },
  );

  test('a link in its place is not followed, and what it points to stays', async () => {
    const { keychain, good } = await storeWithRecord();
    const victim = join(root, 'victim');
    await writeFile(victim, 'mine');
    await rm(storePath());
    await symlink(victim, storePath());
    const ending = await expectOpened(keychain, good);
    expect(await readFile(victim, 'utf8')).toBe('mine');
    expect((await lstat(`${storePath()}${ending}`)).isSymbolicLink()).toBe(true);
    expect((await lstat(storePath())).isFile()).toBe(true);
  });

  test.each(DAMAGES)('both are %s: locked, told, nothing changed', async (_name, harm) => {
    const { keychain } = await storeWithRecord();
    await harm(storePath());
    await harm(copyPath());
    const next = vaultWith(keychain).vault;
    const before = await everything();
    const calls = keychain.calls.length;
    for (let round = 0; round < 2; round += 1) {
      expect(await next.open()).toBe('locked');
      expect(next.trouble()).toMatchObject({
        error: { code: 'vault-unreadable', subject: 'the file store.json is damaged' },
      });
      expect(await next.read(ID)).toMatchObject({ ok: false });
      await next.release();
      expect(await everything()).toEqual(before);
    }
    expect(keychain.calls.slice(calls)).toEqual([]);
  });

  test('both are gone while records are there: locked, no new key', async () => {
    const { keychain } = await storeWithRecord();
    await rm(storePath());
    await rm(copyPath());
    const before = await everything();
    const next = vaultWith(keychain).vault;
    expect(await next.open()).toBe('locked');
    expect(next.trouble()).toMatchObject({ error: { subject: 'the file store.json is missing' } });
    await next.release();
    expect(await everything()).toEqual(before);
    expect(keychain.items.size).toBe(1);
  });

  test.each<[string, KeychainMood]>([
    ['null', 'locked'],
    ['an error', 'absent'],
  ])('the keychain answers %s: nothing is mended before it is unlocked', async (_name, mood) => {
    for (const [name, harm] of [...DAMAGES, ...WRONGS]) {
      await rm(join(root, 'profile'), { recursive: true, force: true });
      const { keychain, good } = await storeWithRecord();
      await harm(storePath());
      const before = await everything();
      keychain.setMood(mood);
      const next = vaultWith(keychain).vault;
      expect(await next.open(), name).toBe('locked');
      expect(next.trouble(), name).toMatchObject({ error: { code: 'keychain-locked' } });
      await next.release();
      expect(await everything(), name).toEqual(before);
      keychain.setMood('unlocked');
      await expectOpened(keychain, good);
    }
  });

  test('a disk that does not take the mending keeps nobody from what is there', async () => {
    const { keychain, good } = await storeWithRecord();
    await writeFile(storePath(), 'noise');
    const { vault, clock } = vaultWith(keychain);
    const inTheWay = `${storePath()}.unreadable-${String(clock.now())}`;
    await mkdir(inTheWay);
    expect(await vault.open()).toBe('open');
    expect(await vault.read(ID)).toEqual({ ok: true, value: SECRETS });
    expect(await readFile(storePath(), 'utf8')).toBe('noise');
    await vault.release();
    await rm(inTheWay, { recursive: true });
    await expectOpened(keychain, good);
  });

  test.each<[string, () => Promise<void>]>([
    ['whole', () => Promise.resolve()],
    ['damaged', () => writeFile(storePath(), 'noise')],
    ['gone', () => rm(storePath())],
  ])(
    'D-13 the copy is of a newer version and store.json is %s: locked, told, nothing changed',
    async (_name, harm) => {
      const { keychain, good } = await storeWithRecord();
      await writeFile(copyPath(), good.toString().replace('"format": 2', '"format": 3'));
      await harm();
      const before = await everything();
      const next = vaultWith(keychain).vault;
      expect(await next.open()).toBe('locked');
      expect(next.trouble()).toMatchObject({
        error: { subject: 'it was written by a newer version of Bearer Tray' },
      });
      expect(await next.remove(ID)).toMatchObject({ ok: false });
      await giveUpOwnership(join(directory, 'owner'));
      expect(await everything()).toEqual(before);
    },
  );
});

describe('D-10 a disk that does not take it', () => {
  /** A file in the place of the records’ folder: nothing can be written there by any user, also root. */
  const blockWrites = async (): Promise<() => Promise<void>> => {
    const records = join(directory, 'records');
    await rename(records, `${records}.away`);
    await writeFile(records, 'a file where the folder should be');
    return async () => {
      await rm(records);
      await rename(`${records}.away`, records);
    };
  };

  test('the secrets stay readable, the failure is told without a path', async () => {
    const { vault } = await openVault();
    await blockWrites();
    const written = await vault.write(ID, SECRETS);
    expect(written).toMatchObject({ ok: false, error: { code: 'vault-not-saved' } });
    expect(
      JSON.stringify({ ...(written.ok ? {} : written.error), cause: undefined }),
    ).not.toContain(root);
    expect(await vault.read(ID)).toEqual({ ok: true, value: SECRETS });
  });

  test('a file that cannot be replaced leaves no temporary one', async () => {
    const path = join(root, 'a folder');
    await mkdir(path);
    await expect(writeDurably(path, Buffer.from('x'))).rejects.toThrow('EISDIR');
    expect(await readdir(root)).toEqual(['a folder']);
  });

  test('tried again by itself, with the latest, until it is on disk', async () => {
    const { vault, keychain, clock } = await openVault();
    const unblock = await blockWrites();
    await vault.write(ID, withSecret('first'));
    await vault.write(ID, withSecret('second'));
    clock.jump(30_000);
    await vault.read(ID);
    expect(clock.timers(), 'still failing: once more later').toBe(1);
    await unblock();
    clock.jump(30_000);
    await vault.read(ID);
    expect(clock.timers()).toBe(0);
    const again = await openVault(keychain);
    expect(await again.vault.read(ID)).toEqual({ ok: true, value: withSecret('second') });
  });

  test('a later write that works is not undone by the retry', async () => {
    const { vault, keychain, clock } = await openVault();
    const unblock = await blockWrites();
    await vault.write(ID, withSecret('first'));
    await unblock();
    await vault.write(ID, withSecret('second'));
    clock.jump(30_000);
    await vault.read(ID);
    const again = await openVault(keychain);
    expect(await again.vault.read(ID)).toEqual({ ok: true, value: withSecret('second') });
  });

  test('who listens is told when the last of what waited is on disk, and not before', async () => {
    const { vault, keychain, clock } = await openVault();
    const unblock = await blockWrites();
    let told = 0;
    const saved = new Promise<void>((resolve) => {
      vault.onSaved(() => {
        told += 1;
        resolve();
      });
    });
    await vault.write(ID, withSecret('one'));
    await vault.write(OTHER_ID, withSecret('two'));
    clock.jump(30_000);
    await vault.read(ID);
    await vault.read(OTHER_ID);
    expect(told, 'still failing').toBe(0);
    await unblock();
    clock.jump(30_000);
    await saved;
    await vault.release();
    expect(told, 'once for both').toBe(1);
    const again = await openVault(keychain);
    expect(await again.vault.read(ID)).toEqual({ ok: true, value: withSecret('one') });
    expect(await again.vault.read(OTHER_ID)).toEqual({ ok: true, value: withSecret('two') });
  });

  test('who listens is told after unlocking too', async () => {
    const { keychain } = await openVault();
    keychain.setMood('locked');
    const { vault } = vaultWith(keychain);
    let told = 0;
    vault.onSaved(() => (told += 1));
    await vault.open();
    await vault.write(ID, SECRETS);
    expect(told).toBe(0);
    keychain.setMood('unlocked');
    await vault.open();
    expect(told).toBe(1);
  });

  test('releasing brings to disk what waits', async () => {
    const { vault, keychain, clock } = await openVault();
    const unblock = await blockWrites();
    await vault.write(ID, withSecret('one'));
    await vault.write(OTHER_ID, withSecret('two'));
    await unblock();
    await vault.release();
    expect(clock.timers()).toBe(0);
    const again = await openVault(keychain);
    expect(await again.vault.read(ID)).toEqual({ ok: true, value: withSecret('one') });
    expect(await again.vault.read(OTHER_ID)).toEqual({ ok: true, value: withSecret('two') });
  });

  test('released while it still fails: the folder is given up, and nothing is written later', async () => {
    const { vault, clock } = await openVault();
    const unblock = await blockWrites();
    await vault.write(ID, SECRETS);
    await vault.release();
    expect(clock.timers()).toBe(0);
    await unblock();
    expect(await readdir(directory)).not.toContain('owner');
    expect(await readdir(join(directory, 'records'))).toEqual([]);
  });
});
