/** Lets single system calls of a save fail, with strace, in a process that does all work on files in one thread. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  inFolder,
  makeStore,
  numberIn,
  startVaultProcess,
  storeArguments,
  temporariesIn,
  withVault,
} from './parts.ts';
import type { Outcome, Store, VaultProcess } from './parts.ts';

/** Every call by which a save changes the disk; the second `fsync` is the folder's. */
const CALLS = ['openat', 'write', 'fsync', 'close', 'rename,renameat,renameat2'];

export const ALL_ERRORS = ['EIO', 'ENOSPC', 'EACCES', 'EINTR'];

/** How many calls of a kind a save makes at most; one more must find it done. */
const MOST_CALLS = 9;

/** Whether strace is there and may trace (Linux only). */
export function canFailSyscalls(): boolean {
  return spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;
}

/** Whether a limit can be set to the size of another process' files. */
export function canLimitFiles(): boolean {
  return spawnSync('prlimit', ['--version']).status === 0;
}

/**
 * D-09: the n-th call of each kind fails, for n from 1 until a save makes no more of them, with each of the errors. The
 * record on disk is the old or the new one, in memory it is the new one, a save that failed is told, and what could not be
 * saved is there after the next try.
 */
export async function failSyscalls({
  errors = ALL_ERRORS,
  calls = CALLS,
}: {
  readonly errors?: readonly string[];
  readonly calls?: readonly string[];
} = {}): Promise<Outcome> {
  const failures: string[] = [];
  let tries = 0;
  await withServer(async (server) => {
    for (const error of errors) {
      for (const call of calls) {
        for (let nth = 1; nth <= MOST_CALLS; nth += 1) {
          tries += 1;
          const what = `${call} ${nth} with ${error}`;
          const { hasHappened } = await server.save(what, failures, (pid) =>
            inject(pid, `${call}:error=${error}:when=${nth}`),
          );
          if (!hasHappened) break;
        }
      }
    }
  });
  return { tries, failures };
}

/** D-09: a file that may not grow: the first write of the record is a short one, the next fails with EFBIG. */
export async function shortWrites({ tries }: { readonly tries: number }): Promise<Outcome> {
  const failures: string[] = [];
  await withServer(async (server) => {
    for (let index = 1; index <= tries; index += 1) {
      const limit = String(index * 100);
      const { hasHappened } = await server.save(
        `short write at ${limit}`,
        failures,
        async (pid) => {
          spawnSync('prlimit', ['--pid', String(pid), `--fsize=${limit}:unlimited`]);
          return async () => {
            spawnSync('prlimit', ['--pid', String(pid), '--fsize=unlimited:unlimited']);
            return Number(limit) < 1500;
          };
        },
      );
      if (!hasHappened) break;
    }
  });
  return { tries, failures };
}

/** Begins a fault in the process; what it gives ends it and says whether it has happened. */
type Fault = (pid: number) => Promise<() => Promise<boolean>>;

interface Server {
  save(what: string, failures: string[], fault: Fault): Promise<{ readonly hasHappened: boolean }>;
}

async function withServer(use: (server: Server) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    const store = await makeStore(join(folder, 'vault'), 1);
    const tenant = store.tenantIds[0]!;
    let child: VaultProcess | undefined;
    let count = 0;
    let onDisk = 0;
    const server: Server = {
      async save(what, failures, fault) {
        const told = (text: string) => failures.push(`${what}: ${text}`);
        child ??= await serve(store);
        count += 1;
        const end = await fault(child.process.pid ?? 0);
        child.say(`write ${tenant} ${count}`);
        const answer = await child.line();
        const hasHappened = await end();
        const found = await numberOnDisk(folder, store);
        if (answer === undefined) {
          // strace has hit the process' own machinery: that is a crash, and the disk is what counts
          if (found !== onDisk && found !== count) told(`the disk has ${found} after a crash`);
          child = undefined;
          onDisk = found;
          return { hasHappened };
        }
        const [result, inMemory] = answer.split(' ');
        if (result !== 'saved' && Number(inMemory) !== count) told(`in memory: ${answer}`);
        if (result === 'saved' && found !== count) told(`said to be saved, the disk has ${found}`);
        if (found !== onDisk && found !== count) told(`the disk has ${found}`);
        if (result !== 'saved') {
          child.say(`retry ${tenant}`);
          await child.line();
        }
        onDisk = await numberOnDisk(folder, store);
        if (onDisk !== count) told(`the disk has ${onDisk} after the next try`);
        return { hasHappened };
      },
    };
    await use(server);
    child?.say('end');
    await child?.kill();
    await withVault(store, () => Promise.resolve());
    const left = await temporariesIn(store.directory);
    if (left.length > 0) throw new Error(`temporary files are left: ${left.join(', ')}`);
  });
}

async function serve(store: Store): Promise<VaultProcess> {
  const child = startVaultProcess('serve', ...storeArguments(store));
  const state = await child.line();
  if (state !== 'open') throw new Error(`The vault is ${String(state)}`);
  return child;
}

/** Of a copy, as the folder belongs to the other process. NaN when it cannot be read. */
async function numberOnDisk(folder: string, store: Store): Promise<number> {
  const directory = join(folder, 'copy');
  await cp(store.directory, directory, { recursive: true });
  await rm(join(directory, 'owner'));
  const read = await withVault({ ...store, directory }, (vault) => vault.read(store.tenantIds[0]!));
  await rm(directory, { recursive: true });
  return read.ok ? numberIn(read.value) : NaN;
}

async function inject(pid: number, rule: string): Promise<() => Promise<boolean>> {
  const calls = rule.slice(0, rule.indexOf(':'));
  const strace = spawn(
    'strace',
    ['-f', '-p', String(pid), '-e', `trace=${calls}`, '-e', `inject=${rule}`],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const exited = once(strace, 'exit');
  let hasHappened = false;
  await new Promise<void>((resolve) => {
    createInterface({ input: strace.stderr })
      .on('line', (line) => {
        if (/ attached( with|$)/.test(line)) resolve();
        if (line.includes('(INJECTED)')) hasHappened = true;
      })
      .on('close', resolve);
  });
  return async () => {
    strace.kill('SIGINT');
    // It may wait for good for threads of a process that has crashed
    const patience = setTimeout(() => strace.kill('SIGKILL'), 1000);
    await exited;
    clearTimeout(patience);
    return hasHappened;
  };
}
