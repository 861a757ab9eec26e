/** Changes stored records in every way that somebody with the files could, and looks whether one is accepted. */
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createVault } from '../../../src-main/adapters/vault/vault.ts';
import { createManualClock } from '../../fakes/clock.manual.ts';
import { seededRandom } from '../../faults/seeded-random.ts';
import { inFolder, keychainOf, makeStore, numbered, numberIn, recordPathOf } from './parts.ts';
import type { Outcome } from './parts.ts';

const TENANTS = 5;

/** After so many the vault is opened anew: then what it knows comes from the ledger on disk. */
const OPENED_AFTER = 40;

/**
 * D-11: flipped bits, changed bytes, cuts at every length, additions, swapped records, generations replayed and made up.
 * None is accepted, every other tenant is fine, and what is written over is kept beside.
 */
export async function mutateRecords({
  tries,
  seed,
}: {
  readonly tries: number;
  readonly seed: number;
}): Promise<Outcome> {
  const chance = seededRandom(seed);
  const below = (limit: number): number => Math.floor(chance() * limit);
  const failures: string[] = [];
  await inFolder(async (folder) => {
    const store = await makeStore(join(folder, 'vault'), TENANTS);
    const { directory, tenantIds } = store;
    const clock = createManualClock(1);
    const open = async () => {
      const vault = createVault(directory, keychainOf(store), clock);
      if ((await vault.open()) !== 'open') failures.push('the vault did not open');
      return vault;
    };
    let vault = await open();
    const older = new Map<string, Buffer>();
    for (const tenant of tenantIds) {
      older.set(tenant, await readFile(recordPathOf(directory, tenant)));
      for (let count = 1; count <= 3; count += 1) await vault.write(tenant, numbered(count));
    }

    for (let index = 0; index < tries; index += 1) {
      if (index % OPENED_AFTER === 0) vault = await open();
      const at = below(TENANTS);
      const tenant = tenantIds[at]!;
      const other = tenantIds[(at + 1 + below(TENANTS - 1)) % TENANTS]!;
      const path = recordPathOf(directory, tenant);
      const good = await readFile(path);
      const [name, bad] = await mutation(index, good);
      const told = (what: string) => failures.push(`seed ${seed}, ${index}, ${name}: ${what}`);
      await writeFile(path, bad);
      const read = await vault.read(tenant);
      if (read.ok) told(`accepted, with number ${numberIn(read.value)}`);
      else if (read.error.code !== 'vault-unreadable') told(`told as ${read.error.code}`);
      if (!(await readFile(path)).equals(bad)) told('reading changed the file');
      const fine = await vault.read(other);
      if (!fine.ok || Number.isNaN(numberIn(fine.value))) told('another tenant is affected');
      if (index % 10 !== 0) {
        await writeFile(path, good);
        continue;
      }
      clock.jump(1);
      older.set(tenant, good);
      const written = await vault.write(tenant, numbered(index));
      if (!written.ok) told('it could not be written over');
      const copy = await readFile(`${path}.unreadable-${clock.now()}`).catch(() => undefined);
      if (copy?.equals(bad) !== true) told('no copy was kept');
      const again = await vault.read(tenant);
      if (!again.ok || numberIn(again.value) !== index) told('what was written cannot be read');

      async function mutation(kind: number, bytes: Buffer): Promise<readonly [string, Buffer]> {
        const changed = Buffer.from(bytes);
        const place = below(bytes.length);
        switch (kind % 8) {
          case 0:
          case 1:
            changed[place] = changed[place]! ^ (1 << below(8));
            return [`bit of byte ${place}`, changed];
          case 2:
            changed[place] = changed[place]! ^ (1 + below(255));
            return [`byte ${place}`, changed];
          case 3:
            return [`cut off at ${place}`, bytes.subarray(0, place)];
          case 4:
            return ['something added', Buffer.concat([bytes, Buffer.alloc(1 + below(20))])];
          case 5:
            return ['record of another tenant', await readFile(recordPathOf(directory, other))];
          case 6:
            return ['older generation', older.get(tenant)!];
          default:
            changed.writeBigUInt64BE(BigInt(below(1e9)) + 1000n, 12);
            return ['made-up generation', changed];
        }
      }
    }
    const names = await readdir(join(directory, 'records'));
    const kept = names.filter((name) => name.includes('.unreadable-')).length;
    if (kept !== Math.ceil(tries / 10)) failures.push(`${kept} copies are kept`);
  });
  return { tries, failures };
}
