/** What a save costs, and a disk that is full. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createVault } from '../../../src-main/adapters/vault/vault.ts';
import { createManualClock } from '../../fakes/clock.manual.ts';
import { inFolder, keychainOf, makeStore, numbered, numberIn, withVault } from './parts.ts';

const LIMIT_MS = 60_000;
const SAVES = 500;

/** Only Linux counts what a process writes. */
test.runIf(existsSync('/proc/self/io'))(
  'D-15 a save at 1,000 tenants writes at most 64 KiB to disk',
  () =>
    inFolder(async (folder) => {
      const store = await makeStore(join(folder, 'vault'), 1000);
      const writtenBytes = async (): Promise<number> =>
        Number(/write_bytes: (\d+)/.exec(await readFile('/proc/self/io', 'utf8'))?.[1]);
      await withVault(store, async (vault) => {
        for (const tenant of store.tenantIds) await vault.read(tenant);
        let last = await writtenBytes();
        let mostBytes = 0;
        for (let count = 0; count < SAVES; count += 1) {
          await vault.write(store.tenantIds[count]!, numbered(count));
          const now = await writtenBytes();
          mostBytes = Math.max(mostBytes, now - last);
          last = now;
        }
        expect(mostBytes).toBeLessThanOrEqual(65_536);
      });
    }),
  LIMIT_MS,
);

/** Mounting needs root; elsewhere a file in place of the records' folder stands for it (vault.test.ts). */
const smallDisk = mountSmallDisk();
afterAll(() => {
  if (smallDisk !== undefined) execFileSync('umount', [smallDisk]);
});

test.runIf(smallDisk !== undefined)(
  'D-10 a disk that is full during 20 saves: told, readable meanwhile, all on disk when there is room',
  async () => {
    const disk = smallDisk!;
    const store = await makeStore(join(disk, 'vault'), 20);
    const clock = createManualClock(1);
    const vault = createVault(store.directory, keychainOf(store), clock);
    expect(await vault.open()).toBe('open');
    const filler = join(disk, 'filler');
    await expect(writeFile(filler, Buffer.alloc(4e6))).rejects.toThrow('ENOSPC');
    for (const [index, tenant] of store.tenantIds.entries()) {
      const written = await vault.write(tenant, numbered(index + 1));
      expect(written).toMatchObject({ error: { code: 'vault-not-saved', subject: 'ENOSPC' } });
      clock.jump(30_000);
    }
    for (const [index, tenant] of store.tenantIds.entries()) {
      const read = await vault.read(tenant);
      expect(read.ok && numberIn(read.value)).toBe(index + 1);
    }
    await rm(filler);
    clock.jump(30_000);
    await Promise.all(store.tenantIds.map((tenant) => vault.read(tenant)));
    for (const tenant of store.tenantIds) await vault.read(tenant);
    expect(readdirSync(join(store.directory, 'records'))).toHaveLength(20);
    await vault.release();
    await withVault(store, async (again) => {
      for (const [index, tenant] of store.tenantIds.entries()) {
        const read = await again.read(tenant);
        expect(read.ok && numberIn(read.value)).toBe(index + 1);
      }
    });
  },
);

function mountSmallDisk(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
  const place = execFileSync('mktemp', ['-d', '--suffix=-vault-disk'], { encoding: 'utf8' }).trim();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', place], { stdio: 'ignore' });
    return place;
  } catch {
    return undefined;
  }
}
