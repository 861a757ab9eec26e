/**
 * A process that uses a vault, to be killed, raced and traced. Arguments: the task, then folder, store id and key.
 * - `write SEED`: writes a random record after the other, each with the next number, and says `tenant number` after each.
 * - `migrate`: says `opening`, opens the vault and says its state.
 * - `serve`: opens the vault, says its state; then for each line: `write TENANT NUMBER` answers `saved`, or `failed`
 *   and the number that is read afterwards, `retry` lets the vault try again what it could not save, `end` lets go.
 * - `race`: no arguments; for each line, a folder, opens a vault there and says its state.
 */
import { writeSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createVault } from '../../../src-main/adapters/vault/vault.ts';
import { createManualClock } from '../../fakes/clock.manual.ts';
import { createMemoryKeychain } from '../../fakes/keychain.memory.ts';
import { seededRandom } from '../../faults/seeded-random.ts';
import { numbered, numberIn } from './parts.ts';

const [task, directory = '', storeId = '', key = '', seed = '1'] = process.argv.slice(2);

/** At once and whole, also when the process is killed right after; a writing that strace lets fail is done again. */
function say(line: string): void {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    try {
      writeSync(1, `${line}\n`);
      return;
    } catch {
      // Once more
    }
  }
}

const clock = createManualClock(1);
const keychain = createMemoryKeychain();
keychain.items.set(storeId, key);
const vault = createVault(directory, keychain, clock);

switch (task) {
  case 'write': {
    const names = await readdir(join(directory, 'records'));
    const tenants = names
      .filter((name) => name.endsWith('.sealed'))
      .map((name) => name.slice(0, -7));
    const chance = seededRandom(Number(seed));
    say(await vault.open());
    for (let count = 1; ; count += 1) {
      const tenant = tenants[Math.floor(chance() * tenants.length)] ?? '';
      const written = await vault.write(tenant, numbered(count));
      say(written.ok ? `${tenant} ${String(count)}` : `failed ${written.error.subject ?? ''}`);
    }
  }
  case 'migrate':
    say('opening');
    say(await vault.open());
    break;
  case 'serve':
    say(await vault.open());
    for await (const line of createInterface({ input: process.stdin })) {
      const [order, tenant = '', count = ''] = line.split(' ');
      if (order === 'end') break;
      if (order === 'retry') clock.jump(30_000);
      const written =
        order === 'write'
          ? await vault.write(tenant, numbered(Number(count)))
          : // Waits for the retry, which is in the tenant's turn
            await vault.read(tenant);
      // What was saved is on disk, where others look; what was not must still be in memory
      const read = written.ok ? undefined : await vault.read(tenant);
      say(read?.ok === true ? `failed ${numberIn(read.value)}` : written.ok ? 'saved' : 'lost');
    }
    break;
  case 'race':
    say('ready');
    for await (const folder of createInterface({ input: process.stdin })) {
      const racer = createVault(folder, createMemoryKeychain(), clock);
      say(await racer.open());
    }
    break;
  default:
    throw new Error(`Unknown task ${String(task)}`);
}
process.exit(0);
