/** Real processes that want the same folder. */
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { giveUpOwnership, takeOwnership } from '../../../src-main/adapters/vault/owner-lock.ts';
import { createVault } from '../../../src-main/adapters/vault/vault.ts';
import { createManualClock } from '../../fakes/clock.manual.ts';
import {
  inFolder,
  keychainOf,
  makeStore,
  startVaultProcess,
  storeArguments,
  temporariesIn,
} from './parts.ts';

const LIMIT_MS = 60_000;

/** A number that no process has: above Linux' largest. */
const DEAD = `4194305 1 ${crypto.randomUUID()}`;

test.each<[number, string, string | undefined]>([
  [100, 'an empty folder', undefined],
  [100, 'a folder whose owner has died', DEAD],
  [20, 'a folder with noise in the lock', 'noise'],
])(
  'D-15 three processes, %i times, open %s at once: one owner',
  async (rounds, _name, lock) => {
    await inFolder(async (folder) => {
      const racers = [1, 2, 3].map(() => startVaultProcess('race'));
      try {
        for (const racer of racers) expect(await racer.line()).toBe('ready');
        for (let round = 0; round < rounds; round += 1) {
          const directory = join(folder, String(round));
          await mkdir(directory);
          if (lock !== undefined) await writeFile(join(directory, 'owner'), lock);
          for (const racer of racers) racer.say(directory);
          const states = await Promise.all(racers.map((racer) => racer.line()));
          expect(states.toSorted(), String(round)).toEqual(['locked', 'locked', 'open']);
          expect(await temporariesIn(directory)).toEqual([]);
        }
      } finally {
        for (const racer of racers) await racer.kill();
      }
    });
  },
  LIMIT_MS,
);

test(
  'D-15 while another process has it: locked, told, nothing touched; killed: taken at once',
  async () => {
    await inFolder(async (folder) => {
      const store = await makeStore(join(folder, 'vault'), 1);
      const tenant = store.tenantIds[0]!;
      const owner = startVaultProcess('serve', ...storeArguments(store));
      try {
        expect(await owner.line()).toBe('open');
        await writeFile(join(store.directory, 'store.json.writing-of-the-owner'), 'x');
        const vault = createVault(store.directory, keychainOf(store), createManualClock(1));
        for (let round = 0; round < 3; round += 1) {
          expect(await vault.open()).toBe('locked');
          expect(vault.trouble()).toMatchObject({
            error: { code: 'vault-unreadable', subject: 'another Bearer Tray is using it' },
          });
        }
        expect(await vault.read(tenant)).toMatchObject({ error: { code: 'keychain-locked' } });
        expect(await vault.remove(tenant)).toMatchObject({ error: { code: 'vault-not-saved' } });
        expect(await temporariesIn(store.directory)).toEqual(['store.json.writing-of-the-owner']);
        await owner.kill();
        const killedAtMs = performance.now();
        expect(await vault.open()).toBe('open');
        expect(performance.now() - killedAtMs).toBeLessThan(1000);
        expect(await vault.read(tenant)).toMatchObject({ ok: true });
        expect(await temporariesIn(store.directory)).toEqual([]);
        await vault.release();
      } finally {
        await owner.kill();
      }
    });
  },
  LIMIT_MS,
);

test('D-15 another process with the number of the dead owner is not taken for it', async () => {
  await inFolder(async (folder) => {
    const path = join(folder, 'owner');
    // Process 1 lives, and was not started at 1 tick
    await writeFile(path, `1 999999999999 ${crypto.randomUUID()}`);
    expect(await takeOwnership(path)).toBe(process.platform === 'linux');
  });
});

test('a successor that was killed while it took over is succeeded as well', async () => {
  await inFolder(async (folder) => {
    const path = join(folder, 'owner');
    const [first, second] = [crypto.randomUUID(), crypto.randomUUID()];
    await writeFile(path, `4194305 1 ${first}`);
    await writeFile(`${path}.after-${first}`, `4194306 1 ${second}`);
    expect(await takeOwnership(path)).toBe(true);
    expect(await readFile(path, 'utf8')).toContain(`${process.pid} `);
    expect(await temporariesIn(folder)).toEqual([]);
  });
});

test('given up, it is there for the next; of somebody else it is left alone', async () => {
  await inFolder(async (folder) => {
    const path = join(folder, 'owner');
    expect(await takeOwnership(path)).toBe(true);
    expect(await takeOwnership(path), 'twice by the same process').toBe(true);
    await giveUpOwnership(path);
    await expect(readFile(path)).rejects.toThrow('ENOENT');
    await writeFile(path, DEAD);
    await giveUpOwnership(path);
    expect(await readFile(path, 'utf8')).toBe(DEAD);
  });
});

test('D-02 a symbolic link in the place of the lock is replaced, and what it points to stays', async () => {
  await inFolder(async (folder) => {
    const path = join(folder, 'owner');
    const victim = join(folder, 'victim');
    for (const content of ['mine', undefined]) {
      await rm(path, { force: true });
      if (content === undefined) await rm(victim);
      else await writeFile(victim, content);
      await symlink(victim, path);
      expect(await takeOwnership(path)).toBe(true);
      expect(await readFile(victim, 'utf8').catch(() => undefined)).toBe(content);
      expect(await readFile(path, 'utf8')).toContain(`${process.pid} `);
    }
  });
});
