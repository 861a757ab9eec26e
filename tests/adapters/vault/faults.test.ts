/** Short forms of what the fault bench does at length (`npm run test:faults`). */
import { expect, test } from 'vitest';
import { killWhileMigrating, killWhileWriting } from './faults.ts';
import { mutateRecords } from './mutations.ts';
import { canFailSyscalls, canLimitFiles, failSyscalls, shortWrites } from './syscalls.ts';

const LIMIT_MS = 120_000;

test(
  'D-08 kill -9 while writing: no record lost or unreadable, no temporary file left',
  async () => {
    const { failures } = await killWhileWriting({ kills: 20, seed: 8, tenants: 100 });
    expect(failures).toEqual([]);
  },
  LIMIT_MS,
);

/** Needs strace, which the set-up installs on Linux. */
test.runIf(canFailSyscalls())(
  'D-09 each system call of a save fails once: the old or the new record, told, and saved later',
  async () => {
    const { tries, failures } = await failSyscalls({ errors: ['EIO'] });
    expect(failures).toEqual([]);
    expect(tries).toBeGreaterThan(10);
  },
  LIMIT_MS,
);

/** Needs prlimit, which Linux has. */
test.runIf(canLimitFiles())(
  'D-09 short writes: the old or the new record, told, and saved later',
  async () => {
    expect((await shortWrites({ tries: 20 })).failures).toEqual([]);
  },
  LIMIT_MS,
);

test(
  'D-11 2,000 changes to records: none accepted, only that tenant affected, copies kept',
  async () => {
    expect((await mutateRecords({ tries: 2000, seed: 11 })).failures).toEqual([]);
  },
  LIMIT_MS,
);

test(
  'D-13 kill -9 at 20 points of the migration: completed at the next start, each record once',
  async () => {
    const { failures } = await killWhileMigrating({ kills: 20, seed: 13, tenants: 40 });
    expect(failures).toEqual([]);
  },
  LIMIT_MS,
);
