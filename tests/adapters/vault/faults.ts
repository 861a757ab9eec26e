/** Kills the process that writes, at random points, and looks at what it left. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { seededRandom } from '../../faults/seeded-random.ts';
import {
  inFolder,
  makeStore,
  numberIn,
  recordPathOf,
  startVaultProcess,
  storeArguments,
  temporariesIn,
  withVault,
} from './parts.ts';
import type { Outcome, Store } from './parts.ts';

export interface Kills {
  readonly kills: number;
  readonly seed: number;
  readonly tenants?: number;
}

/**
 * D-08: kill -9 while records are written one after the other. After each kill every record can be read; each carries the
 * number that was last confirmed for it, or, one record at most, that of the writing that was under way; and the next
 * start leaves no temporary file.
 */
export async function killWhileWriting({ kills, seed, tenants = 1000 }: Kills): Promise<Outcome> {
  const chance = seededRandom(seed);
  const failures: string[] = [];
  await inFolder(async (folder) => {
    const store = await makeStore(join(folder, 'vault'), tenants);
    const numbers = new Map<string, number>();
    for (let kill = 0; kill < kills; kill += 1) {
      const told = (what: string) => failures.push(`seed ${seed}, kill ${kill}: ${what}`);
      const childSeed = String(Math.floor(chance() * 1e9));
      const child = startVaultProcess('write', ...storeArguments(store), childSeed);
      const state = await child.line();
      if (state !== 'open') told(`the vault was ${String(state)} at start`);
      // At a random point of time: that is what is tested
      await setTimeout(chance() * 60);
      await child.kill();
      const confirmed = new Map<string, number>();
      let last = 0;
      for (let line = await child.line(); line !== undefined; line = await child.line()) {
        const [tenant = '', count] = line.split(' ');
        if (tenant === 'failed') told(line);
        else confirmed.set(tenant, (last = Number(count)));
      }
      for (const [tenant, count] of confirmed) numbers.set(tenant, count);
      await lookAtRecords(store, numbers, last + 1, told);
    }
  });
  return { tries: kills, failures };
}

async function lookAtRecords(
  store: Store,
  numbers: Map<string, number>,
  underWay: number,
  told: (what: string) => void,
): Promise<void> {
  let ahead = 0;
  await withVault(store, async (vault) => {
    for (const tenant of store.tenantIds) {
      const read = await vault.read(tenant);
      if (!read.ok) told(`${tenant} is unreadable: ${read.error.subject ?? ''}`);
      else if (read.value === undefined) told(`${tenant} is missing`);
      else {
        const found = numberIn(read.value);
        const expected = numbers.get(tenant) ?? 0;
        if (found === expected) continue;
        if (found === underWay) ahead += 1;
        else told(`${tenant} carries ${found} instead of ${expected}`);
        numbers.set(tenant, found);
      }
    }
  });
  if (ahead > 1) told(`${ahead} records are ahead of what was confirmed`);
  const left = await temporariesIn(store.directory);
  if (left.length > 0) told(`temporary files are left: ${left.join(', ')}`);
}

/**
 * D-13: kill -9 while a store of format 1 is brought to format 2. The next start completes it, every record carries what it
 * carried, and was written exactly once.
 */
export async function killWhileMigrating({ kills, seed, tenants = 60 }: Kills): Promise<Outcome> {
  const chance = seededRandom(seed);
  const failures: string[] = [];
  let longestMs = 100;
  for (let kill = 0; kill < kills; kill += 1) {
    const told = (what: string) => failures.push(`seed ${seed}, kill ${kill}: ${what}`);
    await inFolder(async (folder) => {
      const store = await makeStore(join(folder, 'vault'), tenants, 1);
      const child = startVaultProcess('migrate', ...storeArguments(store));
      await child.line();
      const startedAtMs = performance.now();
      // The last twentieth falls after the end
      const killed = setTimeout((chance() * longestMs * 20) / 19).then(() => child.kill());
      const state = await child.line();
      if (state === 'open') longestMs = performance.now() - startedAtMs;
      else longestMs *= 1.1;
      await killed;
      await withVault(store, () => Promise.resolve());
      const storeFile = JSON.parse(await readFile(join(store.directory, 'store.json'), 'utf8'));
      if (storeFile.format !== 2 || storeFile.records !== 2) told('store.json is not of format 2');
      for (const tenant of store.tenantIds) {
        const bytes = await readFile(recordPathOf(store.directory, tenant));
        if (bytes.toString('latin1', 0, 4) !== 'BTV2') told(`${tenant} is not in format 2`);
        else if (bytes.readBigUInt64BE(12) !== 1n) told(`${tenant} was written more than once`);
      }
      await lookAtRecords(store, new Map(), 0, told);
    });
  }
  return { tries: kills, failures };
}
