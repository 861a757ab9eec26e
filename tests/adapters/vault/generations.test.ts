/** The ledger: an older record put back is noticed, and a ledger that is lost costs nothing else. */
import {
  appendFile,
  cp,
  mkdir,
  open,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { inFolder, makeStore, numbered, numberIn, recordPathOf, withVault } from './parts.ts';
import type { Store } from './parts.ts';

const OLDER = {
  ok: false,
  error: {
    code: 'vault-unreadable',
    subject: 'the record is an older one than was last written',
  },
};

let store: Store;
let folder: string;
let done: () => void;
let ended: Promise<void>;

beforeEach(async () => {
  await new Promise<void>((ready) => {
    ended = inFolder(async (made) => {
      folder = made;
      store = await makeStore(join(folder, 'vault'), 2);
      const finished = new Promise<void>((resolve) => (done = resolve));
      ready();
      await finished;
    });
  });
});
afterEach(async () => {
  done();
  await ended;
});

const ledgerPath = (): string => join(store.directory, 'ledger');
const write = (count: number) =>
  withVault(store, (vault) => vault.write(store.tenantIds[0]!, numbered(count)));
const read = () => withVault(store, (vault) => vault.read(store.tenantIds[0]!));
const path = (): string => recordPathOf(store.directory, store.tenantIds[0]!);

async function expectNumber(count: number): Promise<void> {
  const found = await read();
  expect(found.ok && numberIn(found.value)).toBe(count);
}

async function copiesOfLedger(): Promise<readonly string[]> {
  return (await readdir(store.directory)).filter((name) => name.startsWith('ledger.unreadable-'));
}

describe('D-11 an older record put back', () => {
  test('is unreadable at the next start, kept, and kept beside when it is written over', async () => {
    await write(1);
    const older = await readFile(path());
    await write(2);
    await writeFile(path(), older);
    expect(await read()).toMatchObject(OLDER);
    expect(await readFile(path())).toEqual(older);
    await write(3);
    await expectNumber(3);
    expect(await readFile(`${path()}.unreadable-1`)).toEqual(older);
  });

  test('also after its tenant was removed', async () => {
    await write(1);
    const older = await readFile(path());
    await withVault(store, (vault) => vault.remove(store.tenantIds[0]!));
    await writeFile(path(), older);
    expect(await read()).toMatchObject(OLDER);
  });

  test('also one of format 1, which had no generations', async () => {
    await rm(store.directory, { recursive: true });
    store = await makeStore(store.directory, 1, 1);
    const older = await readFile(path());
    await expectNumber(0);
    await writeFile(path(), older);
    expect(await read()).toMatchObject(OLDER);
  });

  test('with its whole folder it is a backup, and accepted', async () => {
    await write(1);
    await cp(store.directory, join(folder, 'backup'), { recursive: true });
    await write(2);
    await rm(store.directory, { recursive: true });
    await cp(join(folder, 'backup'), store.directory, { recursive: true });
    await expectNumber(1);
    await write(3);
    await expectNumber(3);
  });
});

test('a ledger that is behind its record catches up', async () => {
  await write(1);
  const ledger = await readFile(ledgerPath());
  await write(2);
  const older = await readFile(path());
  await write(3);
  await writeFile(ledgerPath(), ledger);
  await expectNumber(3);
  await writeFile(path(), older);
  expect(await read()).toMatchObject(OLDER);
});

test('a last line that was cut off at any place is ignored without a word', async () => {
  await write(1);
  await write(2);
  const ledger = await readFile(ledgerPath());
  const lastLine = ledger.length - ledger.lastIndexOf('\n');
  for (let cut = 1; cut <= lastLine; cut += 1) {
    await writeFile(ledgerPath(), ledger.subarray(0, ledger.length - cut));
    await expectNumber(2);
  }
  expect(await copiesOfLedger()).toEqual([]);
});

describe.each<[string, () => Promise<void>, number]>([
  ['missing', () => rm(ledgerPath()), 0],
  ['empty', () => writeFile(ledgerPath(), ''), 0],
  ['noise', () => writeFile(ledgerPath(), Buffer.alloc(100_000, 'noise \n')), 1],
  ['50 MB of noise', () => writeFile(ledgerPath(), Buffer.alloc(50e6, 'ab')), 1],
  // More than Node can read at all
  ['5 GB', () => truncate(ledgerPath(), 5e9), 1],
  ['a symbolic link', () => rm(ledgerPath()).then(() => symlink('/dev/zero', ledgerPath())), 1],
  ['a folder', () => rm(ledgerPath()).then(() => mkdir(ledgerPath())), 1],
  [
    'changed in the middle',
    async () => {
      const file = await open(ledgerPath(), 'r+');
      await file.write(Buffer.from('X'), 0, 1, 20);
      await file.close();
    },
    1,
  ],
])('D-11 the ledger is %s', (_name, harm, copies) => {
  test('the app goes on with the records as they are, and notices older ones again', async () => {
    await write(1);
    const older = await readFile(path());
    await write(2);
    await write(3);
    await harm();
    const startedAtMs = performance.now();
    await expectNumber(3);
    expect(performance.now() - startedAtMs).toBeLessThan(2000);
    expect(await copiesOfLedger()).toHaveLength(copies);
    await writeFile(path(), older);
    expect(await read()).toMatchObject(OLDER);
  });
});

test('a forged line says nothing', async () => {
  await write(1);
  const [last = ''] = (await readFile(ledgerPath(), 'latin1')).split('\n').slice(-1);
  await appendFile(ledgerPath(), `\n${last.replace(/ \d+ /, ' 999 ')}\n\n`);
  await expectNumber(1);
});

test('a ledger that is taken away or replaced by a link while the app runs is written anew', async () => {
  const victim = join(folder, 'victim');
  await writeFile(victim, 'mine');
  await withVault(store, async (vault) => {
    const tenant = store.tenantIds[0]!;
    await vault.write(tenant, numbered(1));
    await rm(ledgerPath());
    await vault.write(tenant, numbered(2));
    expect((await stat(ledgerPath())).mode & 0o777).toBe(0o600);
    await rm(ledgerPath());
    await symlink(victim, ledgerPath());
    await vault.write(tenant, numbered(3));
  });
  expect(await readFile(victim, 'utf8')).toBe('mine');
  expect(await readFile(ledgerPath(), 'latin1')).toContain(store.tenantIds[0]);
});

test('is short again after an opening', async () => {
  await write(1);
  const ledger = await readFile(ledgerPath());
  await appendFile(ledgerPath(), Buffer.concat(Array.from({ length: 1100 }, () => ledger)));
  await expectNumber(1);
  expect((await stat(ledgerPath())).size).toBe(ledger.length);
  expect(await copiesOfLedger()).toEqual([]);
});
