/** What the vault's tests share: stores made quickly, a child process that uses one. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createCipheriv, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { keyCheckOf, seal } from '../../../src-main/adapters/vault/envelope.ts';
import { createVault } from '../../../src-main/adapters/vault/vault.ts';
import type { VaultOnDisk } from '../../../src-main/adapters/vault/vault.ts';
import type { TenantSecrets } from '../../../src-main/core/secrets.ts';
import { createManualClock } from '../../fakes/clock.manual.ts';
import { createMemoryKeychain } from '../../fakes/keychain.memory.ts';

/** What a fault run tells: how often it tried, and in words what went wrong. */
export interface Outcome {
  readonly tries: number;
  readonly failures: string[];
}

export interface Store {
  readonly directory: string;
  readonly storeId: string;
  readonly key: Buffer;
  readonly tenantIds: readonly string[];
}

export const recordPathOf = (directory: string, id: string): string =>
  join(directory, 'records', `${id}.sealed`);

/** About as large as a token set. */
const PADDING = 'p'.repeat(1500);

/** Secrets that carry a number, so that one can tell which writing it was. */
export const numbered = (count: number): TenantSecrets => ({
  fields: { count: String(count), padding: PADDING },
});

export const numberIn = (secrets: TenantSecrets | undefined): number =>
  Number(secrets?.fields['count'] ?? NaN);

/** A store whose records all carry the number 0. Not flushed: it is made anew for each run. */
export async function makeStore(
  directory: string,
  tenants: number,
  format: 1 | 2 = 2,
): Promise<Store> {
  const storeId = crypto.randomUUID();
  const key = randomBytes(32);
  const tenantIds = Array.from({ length: tenants }, () => crypto.randomUUID());
  await mkdir(join(directory, 'records'), { recursive: true });
  const file = { format, storeId, keyCheck: keyCheckOf(key, storeId) };
  const content = JSON.stringify(format === 1 ? file : { ...file, records: 2 });
  await writeFile(join(directory, 'store.json'), content);
  const bytes = Buffer.from(JSON.stringify(numbered(0)));
  await Promise.all(
    tenantIds.map((recordId) => {
      const place = { storeId, recordId };
      const sealed = format === 1 ? sealFormat1(key, place, bytes) : seal(key, place, 1, bytes);
      return writeFile(recordPathOf(directory, recordId), sealed);
    }),
  );
  return { directory, storeId, key, tenantIds };
}

/** As the app sealed before there were generations. */
export function sealFormat1(
  key: Uint8Array,
  { storeId, recordId }: { readonly storeId: string; readonly recordId: string },
  content: Uint8Array,
): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(JSON.stringify([storeId, recordId])));
  const sealed = [cipher.update(content), cipher.final(), cipher.getAuthTag()];
  return Buffer.concat([Buffer.from('BTV1'), nonce, ...sealed]);
}

export function keychainOf({ storeId, key }: Pick<Store, 'storeId' | 'key'>) {
  const keychain = createMemoryKeychain();
  keychain.items.set(storeId, key.toString('base64'));
  return keychain;
}

/** Opens the store as a new start of the app does, and lets go of it afterwards. */
export async function withVault<Value>(
  store: Store,
  use: (vault: VaultOnDisk) => Promise<Value>,
): Promise<Value> {
  const vault = createVault(store.directory, keychainOf(store), createManualClock(1));
  try {
    const state = await vault.open();
    if (state !== 'open') throw new Error(`The vault is ${state}`);
    return await use(vault);
  } finally {
    await vault.release();
  }
}

export interface VaultProcess {
  readonly process: ChildProcess;
  /** The next line that it says; undefined when it has ended. */
  line(): Promise<string | undefined>;
  say(line: string): void;
  kill(): Promise<void>;
}

/** The runtime that ships, also where the fault bench runs on plain Node. */
const ELECTRON =
  'electron' in process.versions
    ? process.execPath
    : (createRequire(import.meta.url)('electron') as string);

/** @param task `write`, `migrate` or `serve`, as vault-process.ts says. */
export function startVaultProcess(task: string, ...args: readonly string[]): VaultProcess {
  const script = fileURLToPath(new URL('vault-process.ts', import.meta.url));
  const child = spawn(ELECTRON, [script, task, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // One thread does all work on files, so that its system calls can be counted
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1', UV_THREADPOOL_SIZE: '1' },
  });
  const ended = once(child, 'exit');
  child.stdin.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    process: child,
    async line() {
      const next = await lines.next();
      return next.done === true ? undefined : next.value;
    },
    say(line) {
      child.stdin.write(`${line}\n`);
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

export function storeArguments({ directory, storeId, key }: Store): readonly string[] {
  return [directory, storeId, key.toString('base64')];
}

export async function temporariesIn(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory, { recursive: true });
  return names.filter((name) => name.includes('.writing-') || name.includes('owner.after'));
}

export async function inFolder<Value>(use: (folder: string) => Promise<Value>): Promise<Value> {
  const folder = await mkdtemp(join(tmpdir(), 'vault-faults-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
