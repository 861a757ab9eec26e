import { execFile } from 'node:child_process';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { createRenewalJournal } from '../../src-main/adapters/renewal-journal.ts';
import { createManualClock } from '../fakes/clock.manual.ts';

const clock = createManualClock();

async function profile(content?: string | Buffer) {
  const directory = await mkdtemp(join(tmpdir(), 'renewals-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const path = join(directory, 'renewals.journal');
  if (content !== undefined) await writeFile(path, content);
  const start = () => createRenewalJournal(directory, clock);
  return { directory, path, start, left: async () => [...(await start().interrupted())] };
}

/** Until the last line has arrived: the end of a renewal is not waited for. */
async function untilIs(left: () => Promise<readonly string[]>, expected: readonly string[]) {
  await expect.poll(left, { timeout: 5000 }).toEqual(expected);
}

const line = (tenant: unknown, what: unknown = 'begin'): string =>
  `${JSON.stringify({ tenant, at: 1, what })}\n`;

test('E-03 what has begun and not ended is known at the next start, and nothing else', async () => {
  const { start, left } = await profile();
  expect(await left()).toEqual([]);
  const journal = start();
  await journal.begin('a');
  expect(await left(), 'known once begin resolves').toEqual(['a']);
  await journal.begin('b');
  journal.end('a');
  await untilIs(left, ['b']);
  await journal.begin('a');
  expect((await left()).toSorted()).toEqual(['a', 'b']);
});

test('what an earlier run left open stays known until its outcome is, over any number of starts', async () => {
  const { start, left } = await profile(line('a') + line('b'));
  const second = start();
  await second.begin('c');
  second.end('c');
  await untilIs(left, ['a', 'b']);
  const third = start();
  await third.begin('a');
  third.end('a');
  expect([...(await third.interrupted())]).toEqual(['b']);
  await untilIs(left, ['b']);
  start().end('b');
  await untilIs(left, []);
});

test('lines never change places: a thousand ends and beginnings without waiting', async () => {
  const { start, left, path } = await profile();
  const journal = start();
  await journal.interrupted();
  let last: Promise<void> = Promise.resolve();
  for (let round = 0; round < 1000; round += 1) {
    last = journal.begin('a');
    journal.end('a');
    await Promise.resolve();
    await Promise.resolve();
  }
  await last;
  await journal.begin('a');
  expect(await left()).toEqual(['a']);
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  const words = lines.map((each) => (JSON.parse(each) as { readonly what: string }).what);
  expect(words).toEqual(words.map((_word, at) => (at % 2 === 0 ? 'begin' : 'end')));
  expect(words.length).toBe(2001);
});

test.each([
  ['cut in its last line', line('a') + line('b') + line('c').slice(0, -9), ['a', 'b']],
  ['cut in the end of one', line('a') + line('a', 'end').slice(0, 20), ['a']],
  ['noise between', `${line('a')}\0\0\u{fffd}{]\n\n[]\nnull\n7\n"x"\n${line('b')}`, ['a', 'b']],
  ['an unknown word', line('a') + line('a', 'maybe') + line('b', 'maybe'), ['a']],
  ['no tenant', line(7) + line(null) + line({}) + line('a'), ['a']],
  ['an end without a beginning', line('a', 'end') + line('b'), ['b']],
  ['the same one twice', line('a') + line('a') + line('b') + line('a', 'end'), ['b']],
  ['names of every object', line('__proto__') + line('constructor'), ['__proto__', 'constructor']],
  ['empty', '', []],
])('D-14 a journal that is damaged: %s', async (_name, content, expected) => {
  const { left, start } = await profile(content);
  expect(await left()).toEqual(expected);
  await start().begin('next');
  expect((await left()).toSorted()).toEqual([...expected, 'next'].toSorted());
});

test('D-14 random bytes, 50 MB, and a file full of beginnings: read fast or not at all', async () => {
  const noise = await profile(Buffer.from(crypto.getRandomValues(new Uint8Array(60_000))));
  expect(await noise.left()).toEqual([]);
  const large = await profile(line('a'));
  await truncate(large.path, 50 * 1024 * 1024);
  const startMs = performance.now();
  expect(await large.left()).toEqual([]);
  expect(performance.now() - startMs).toBeLessThan(2000);
  await large.start().begin('a');
  expect((await stat(large.path)).size).toBeLessThan(1000);
  const names = Array.from({ length: 50_000 }, (_each, index) => `tenant ${String(index)}`);
  const full = await profile(names.map((name) => line(name)).join(''));
  expect(await full.left()).toHaveLength(50_000);
});

test('the file does not grow for ever, and keeps what is still open', async () => {
  const { start, path, left } = await profile(line('left open'));
  const journal = start();
  const name = 'x'.repeat(20_000);
  let largestBytes = 0;
  for (let round = 0; round < 100; round += 1) {
    await journal.begin(name);
    journal.end(name);
    largestBytes = Math.max(largestBytes, (await stat(path)).size);
  }
  expect(largestBytes).toBeLessThan(600 * 1024);
  await untilIs(left, ['left open']);
});

test.skipIf(process.platform === 'win32')('only its person may read it', async () => {
  const { start, path } = await profile();
  await start().begin('a');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test.skipIf(process.platform === 'win32')(
  'a link in its place is not followed: the other file is neither read nor changed',
  async () => {
    const { directory, path, start, left } = await profile();
    const victim = join(directory, 'victim');
    const content = line('from elsewhere').repeat(3);
    await writeFile(victim, content);
    await symlink(victim, path);
    expect(await left()).toEqual([]);
    const journal = start();
    const name = 'x'.repeat(20_000);
    for (let round = 0; round < 60; round += 1) {
      await journal.begin(name);
      journal.end(name);
    }
    await journal.begin('last');
    expect(await readFile(victim, 'utf8')).toBe(content);
    expect((await lstat(path)).isSymbolicLink()).toBe(true);
  },
);

test.skipIf(process.platform === 'win32').each([
  ['a pipe', (path: string) => promisify(execFile)('mkfifo', [path])],
  ['a link to an endless device', (path: string) => symlink('/dev/zero', path)],
  ['a folder', (path: string) => mkdir(path)],
])('%s in its place holds nobody up', async (_name, plant) => {
  const { path, start } = await profile();
  await plant(path);
  const journal = start();
  expect([...(await journal.interrupted())]).toEqual([]);
  await journal.begin('a');
  journal.end('a');
});

test('a folder that is gone or may not be written to: a renewal goes on without its note', async () => {
  const gone = await profile();
  await rm(gone.directory, { recursive: true });
  const journal = gone.start();
  await journal.begin('a');
  journal.end('a');
  expect([...(await journal.interrupted())]).toEqual([]);
  const locked = await profile();
  await chmod(locked.directory, 0o500);
  await locked.start().begin('a');
  await chmod(locked.directory, 0o700);
});
