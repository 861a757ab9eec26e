/**
 * Secrets of tenants: one sealed file each, under one random key that the keychain holds.
 * Without the key nothing is read, changed or deleted, and what is new stays in memory.
 */
import { randomBytes } from 'node:crypto';
import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { failure, success } from '../../core/errors.ts';
import type { AppError, Result } from '../../core/errors.ts';
import { createExclusive } from '../../core/exclusive.ts';
import type { Clock, KeychainState, Vault } from '../../core/ports.ts';
import { readTenantSecrets } from '../../core/secrets.ts';
import type { TenantSecrets } from '../../core/secrets.ts';
import {
  preparePrivateFolder,
  readIfPresent,
  removeDurably,
  writeDurably,
} from './durable-file.ts';
import { keyCheckOf, seal, unseal } from './envelope.ts';
import type { RecordPlace } from './envelope.ts';
import type { Keychain } from './keychain.ts';

interface StoreFile {
  readonly format: 1;
  readonly storeId: string;
  readonly keyCheck: string;
}

interface OpenStore {
  readonly storeId: string;
  readonly key: Buffer;
}

/** How long after a failed write (disk full) everything unsaved is tried again. */
const RETRY_AFTER_MS = 30_000;

/** @param directory The vault's own folder; made with mode 0700. */
export function createVault(directory: string, keychain: Keychain, clock: Clock): Vault {
  const storePath = join(directory, 'store.json');
  const recordsDirectory = join(directory, 'records');
  const recordPath = (tenantId: string): string => join(recordsDirectory, `${tenantId}.sealed`);
  const exclusive = createExclusive();

  let state: KeychainState = 'opening';
  let trouble: AppError | undefined;
  let store: OpenStore | undefined;
  /** What could not be written yet (no keychain, disk full). Undefined as a value: to be removed. */
  const unsaved = new Map<string, TenantSecrets | undefined>();
  let cancelRetry = (): void => undefined;

  const settle = (next: KeychainState, error?: AppError): KeychainState => {
    state = next;
    trouble = error;
    keychain.release();
    return next;
  };

  const open = async (): Promise<KeychainState> => {
    if (store !== undefined) return state;
    state = 'opening';
    try {
      await preparePrivateFolder(directory);
      await preparePrivateFolder(recordsDirectory);
      const file = readStoreFile(await readIfPresent(storePath));
      if (file === 'damaged') return settle('locked', problem('the file store.json is damaged'));
      if (file !== undefined) return await openExisting(file);
      if ((await readdir(recordsDirectory)).length > 0) {
        // Records without the file that names their key: a new key would make them unreadable for good
        return settle('locked', problem('the file store.json is missing'));
      }
      return await createNew();
    } catch (cause) {
      const subject = reasonOf(cause);
      // Where there may be a store, its records must not be taken for missing and written over
      return (await mayHaveStore())
        ? settle('locked', { code: 'vault-unreadable', cause, subject })
        : settle('memory-only', { code: 'keychain-unavailable', cause, subject });
    }
  };

  const mayHaveStore = async (): Promise<boolean> => {
    try {
      return (await readIfPresent(storePath)) !== undefined;
    } catch (cause) {
      return reasonOf(cause) !== 'ENOTDIR';
    }
  };

  const openExisting = async ({ storeId, keyCheck }: StoreFile): Promise<KeychainState> => {
    const answer = await keychain.get(storeId);
    if (!answer.ok) return settle('locked', { code: 'keychain-locked', detail: answer.reason });
    if (answer.value === null) return settle('locked', { code: 'keychain-locked' });
    const key = Buffer.from(answer.value, 'base64');
    if (keyCheckOf(key, storeId) !== keyCheck) {
      return settle('locked', problem('the keychain holds another key'));
    }
    store = { storeId, key };
    return settle('open');
  };

  /** Only a keychain that has kept and given back a probe is trusted with the key. */
  const createNew = async (): Promise<KeychainState> => {
    const probeAccount = `probe-${crypto.randomUUID()}`;
    const probe = randomBytes(8).toString('hex');
    const set = await keychain.set(probeAccount, probe);
    const got = set.ok ? await keychain.get(probeAccount) : set;
    if (set.ok) await keychain.delete(probeAccount);
    if (!got.ok || got.value !== probe) return settle('memory-only', unavailable(got));
    const storeId = crypto.randomUUID();
    const key = randomBytes(32);
    const kept = await keychain.set(storeId, key.toString('base64'));
    if (!kept.ok) return settle('memory-only', unavailable(kept));
    const file: StoreFile = { format: 1, storeId, keyCheck: keyCheckOf(key, storeId) };
    await writeDurably(storePath, Buffer.from(`${JSON.stringify(file, null, 2)}\n`));
    store = { storeId, key };
    return settle('open');
  };

  const flush = async (): Promise<void> => {
    for (const tenantId of [...unsaved.keys()]) await exclusive(tenantId, () => persist(tenantId));
  };

  /** Brings to disk what is not there yet. Call it only in the tenant's turn. */
  const persist = async (tenantId: string): Promise<Result<null>> => {
    if (!unsaved.has(tenantId)) return success(null);
    const secrets = unsaved.get(tenantId);
    try {
      // A record whose key is away can be deleted all the same: the person has confirmed it
      if (secrets === undefined) await removeDurably(recordPath(tenantId));
      else if (store === undefined) return success(null);
      else await save(store, tenantId, secrets);
      unsaved.delete(tenantId);
      return success(null);
    } catch (cause) {
      cancelRetry();
      cancelRetry = clock.setTimer(RETRY_AFTER_MS, () => void flush());
      return failure('vault-not-saved', { cause, subject: reasonOf(cause) });
    }
  };

  const save = async (
    { storeId, key }: OpenStore,
    recordId: string,
    secrets: TenantSecrets,
  ): Promise<void> => {
    const path = recordPath(recordId);
    const before = await readIfPresent(path);
    if (before !== undefined && decode(key, { storeId, recordId }, before) === undefined) {
      // Never written over: somebody may still have the key or the backup that makes it readable
      await rename(path, `${path}.unreadable-${String(clock.now())}`);
    }
    const content = Buffer.from(JSON.stringify(secrets));
    await writeDurably(path, seal(key, { storeId, recordId }, content));
  };

  const load = async (
    { storeId, key }: OpenStore,
    recordId: string,
  ): Promise<Result<TenantSecrets | undefined>> => {
    const bytes = await readIfPresent(recordPath(recordId));
    if (bytes === undefined) return success(undefined);
    const secrets = decode(key, { storeId, recordId }, bytes);
    return secrets === undefined
      ? failure('vault-unreadable', { subject: 'the record is damaged' })
      : success(secrets);
  };

  return {
    async open() {
      // A call that waits for its prompt would keep this one waiting, also when the keychain is unlocked by now
      if (state === 'opening') keychain.release();
      const opened = await exclusive('open', open);
      // Not within the opening: readers hold their tenant's turn while they wait for it
      await flush();
      return opened;
    },
    trouble: () => (trouble === undefined ? success(null) : { ok: false, error: trouble }),

    read: (tenantId) =>
      exclusive(tenantId, async () => {
        // At start somebody may ask before the keychain has answered
        if (state === 'opening') await exclusive('open', () => Promise.resolve());
        if (unsaved.has(tenantId)) return success(unsaved.get(tenantId));
        if (store === undefined) {
          return state === 'memory-only' ? success(undefined) : failure('keychain-locked');
        }
        try {
          return await load(store, tenantId);
        } catch (cause) {
          return failure('vault-unreadable', { cause, subject: reasonOf(cause) });
        }
      }),

    write: (tenantId, secrets) =>
      exclusive(tenantId, async () => {
        unsaved.set(tenantId, secrets);
        return persist(tenantId);
      }),

    remove: (tenantId) =>
      exclusive(tenantId, async () => {
        unsaved.set(tenantId, undefined);
        return persist(tenantId);
      }),
  };
}

function problem(what: string): AppError {
  return { code: 'vault-unreadable', subject: what };
}

function unavailable(result: { readonly ok: boolean; readonly reason?: string }): AppError {
  return {
    code: 'keychain-unavailable',
    subject: result.reason ?? 'it did not give back what was stored',
  };
}

/** The short name of a system error (ENOSPC), never its text with the path. */
function reasonOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string'
    ? cause.code
    : 'unknown reason';
}

function decode(key: Buffer, place: RecordPlace, bytes: Buffer): TenantSecrets | undefined {
  const content = unseal(key, place, bytes);
  return content === undefined ? undefined : readTenantSecrets(parse(content));
}

function parse(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString('utf8'));
  } catch {
    return undefined;
  }
}

function readStoreFile(bytes: Buffer | undefined): StoreFile | 'damaged' | undefined {
  if (bytes === undefined) return undefined;
  const data = parse(bytes);
  if (
    typeof data === 'object' &&
    data !== null &&
    'format' in data &&
    data.format === 1 &&
    'storeId' in data &&
    typeof data.storeId === 'string' &&
    'keyCheck' in data &&
    typeof data.keyCheck === 'string'
  ) {
    return { format: 1, storeId: data.storeId, keyCheck: data.keyCheck };
  }
  return 'damaged';
}
