/**
 * Secrets of tenants: one sealed file each, under one random key that the keychain holds.
 * Without the key nothing is read, changed or deleted, and what is new stays in memory.
 */
import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { failure, success } from '../../core/errors.ts';
import type { AppError, Result } from '../../core/errors.ts';
import { createExclusive } from '../../core/exclusive.ts';
import type { Clock, KeychainState, Vault } from '../../core/ports.ts';
import type { TenantSecrets } from '../../core/secrets.ts';
import { clearTemporaries, hasCode, preparePrivateFolder, removeDurably } from './durable-file.ts';
import { keyCheckOf } from './envelope.ts';
import type { Keychain } from './keychain.ts';
import { openLedger } from './ledger.ts';
import { giveUpOwnership, takeOwnership } from './owner-lock.ts';
import { createRecords, recordPath } from './records.ts';
import type { Records } from './records.ts';
import { candidatesOf, mendStoreFiles, readStoreFiles, writeStoreFiles } from './store-file.ts';
import type { StoreFile, StoreFiles } from './store-file.ts';

export interface VaultOnDisk extends Vault {
  /** Brings to disk what can be, and lets another process have the folder. Call it last. */
  release(): Promise<void>;
}

/** How long after a failed write (disk full) everything unsaved is tried again. */
const RETRY_AFTER_MS = 30_000;

/** @param directory The vault's own folder; made with mode 0700. */
export function createVault(directory: string, keychain: Keychain, clock: Clock): VaultOnDisk {
  const ownerPath = join(directory, 'owner');
  const recordsDirectory = join(directory, 'records');
  const exclusive = createExclusive();

  let state: KeychainState = 'opening';
  let trouble: AppError | undefined;
  let records: Records | undefined;
  /** The folder is of this process and of a format that it knows: only then is anything in it touched. */
  let isOurs = false;
  /** What could not be written yet (no keychain, disk full). Undefined as a value: to be removed. */
  const unsaved = new Map<string, TenantSecrets | undefined>();
  let onSaved = (): void => undefined;
  let cancelRetry = (): void => undefined;

  const settle = (next: KeychainState, error?: AppError): KeychainState => {
    state = next;
    trouble = error;
    keychain.release();
    return next;
  };

  const open = async (): Promise<KeychainState> => {
    if (records !== undefined) return state;
    state = 'opening';
    isOurs = false;
    try {
      await preparePrivateFolder(directory);
      if (!(await takeOwnership(ownerPath))) return settle('locked', IN_USE);
      const files = await readStoreFiles(directory);
      if (files.first === 'newer' || files.copy === 'newer') return settle('locked', NEWER);
      isOurs = true;
      await preparePrivateFolder(recordsDirectory);
      await clearTemporaries(directory);
      await clearTemporaries(recordsDirectory);
      const candidates = candidatesOf(files);
      if (candidates.length > 0) return await openExisting(files, candidates);
      if (files.first !== undefined || files.copy !== undefined) {
        return settle('locked', problem('the file store.json is damaged'));
      }
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
      await preparePrivateFolder(directory);
      const { first, copy } = await readStoreFiles(directory);
      return first !== undefined || copy !== undefined;
    } catch (cause) {
      return reasonOf(cause) !== 'ENOTDIR';
    }
  };

  const openExisting = async (
    files: StoreFiles,
    candidates: readonly StoreFile[],
  ): Promise<KeychainState> => {
    let last: AppError = { code: 'keychain-locked' };
    for (const file of candidates) {
      const { storeId, keyCheck } = file;
      const answer = await keychain.get(storeId);
      if (!answer.ok) return settle('locked', { code: 'keychain-locked', detail: answer.reason });
      if (answer.value === null) continue;
      const key = Buffer.from(answer.value, 'base64');
      if (keyCheckOf(key, storeId) !== keyCheck) {
        last = problem('the keychain holds another key');
        continue;
      }
      // A full disk must not keep anybody from what is there
      await mendStoreFiles(directory, files, file, clock.now()).catch(() => undefined);
      return openRecords(file, key);
    }
    return settle('locked', last);
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
    const keyCheck = keyCheckOf(key, storeId);
    const file: StoreFile = { format: 2, storeId, keyCheck, records: 2 };
    await writeStoreFiles(directory, file);
    return openRecords(file, key);
  };

  const openRecords = async (file: StoreFile, key: Buffer): Promise<KeychainState> => {
    const { storeId } = file;
    const ledger = await openLedger(join(directory, 'ledger'), key, storeId, clock);
    let isRaised = file.format === 2;
    // A record in the new format must not stand beside a store.json that an older app takes for its own
    const beforeWriting = async (): Promise<void> => {
      if (!isRaised) await writeStoreFiles(directory, { ...file, format: 2 });
      isRaised = true;
    };
    const opened = createRecords(recordsDirectory, { storeId, key, beforeWriting }, ledger, clock);
    if (file.records === 1) await raiseFormat(file, opened).catch(() => undefined);
    records = opened;
    return settle('open');
  };

  /** Once only. What a full disk or a crash leaves undone, the next opening does; both formats can be read meanwhile. */
  const raiseFormat = async (file: StoreFile, opened: Records): Promise<void> => {
    await opened.raiseFormat();
    await writeStoreFiles(directory, { ...file, format: 2, records: 2 });
  };

  const flush = async (): Promise<void> => {
    for (const tenantId of [...unsaved.keys()]) await exclusive(tenantId, () => persist(tenantId));
  };

  /** Brings to disk what is not there yet. Call it only in the tenant's turn. */
  const persist = async (tenantId: string): Promise<Result<null>> => {
    if (!unsaved.has(tenantId)) return success(null);
    const secrets = unsaved.get(tenantId);
    try {
      if (secrets !== undefined && records === undefined) return success(null);
      if (secrets !== undefined) await records?.save(tenantId, secrets);
      else if (records !== undefined) await records.remove(tenantId);
      // A record whose key is away can be deleted all the same: the person has confirmed it
      else if (isOurs) await removeDurably(recordPath(recordsDirectory, tenantId));
      unsaved.delete(tenantId);
      if (unsaved.size === 0) onSaved();
      return success(null);
    } catch (cause) {
      cancelRetry();
      cancelRetry = clock.setTimer(RETRY_AFTER_MS, () => void flush());
      return failure('vault-not-saved', { cause, subject: reasonOf(cause) });
    }
  };

  /** At start somebody may ask before it is known what there is. */
  const opened = async (): Promise<void> => {
    if (state === 'opening') await exclusive('open', () => Promise.resolve());
  };

  return {
    async open() {
      // A call that waits for its prompt would keep this one waiting, also when the keychain is unlocked by now
      if (state === 'opening') keychain.release();
      const result = await exclusive('open', open);
      // Not within the opening: readers hold their tenant's turn while they wait for it
      if (isOurs) await flush();
      return result;
    },
    trouble: () => (trouble === undefined ? success(null) : { ok: false, error: trouble }),

    read: (tenantId) =>
      exclusive(tenantId, async () => {
        await opened();
        if (unsaved.has(tenantId)) return success(unsaved.get(tenantId));
        if (records === undefined) {
          return state === 'memory-only' ? success(undefined) : failure('keychain-locked');
        }
        try {
          return await records.load(tenantId);
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
        if (!isOurs) await opened();
        if (!isOurs && state !== 'memory-only') {
          return failure('vault-not-saved', subjectOf(trouble));
        }
        unsaved.set(tenantId, undefined);
        return persist(tenantId);
      }),

    onSaved(listener) {
      onSaved = listener;
    },

    async release() {
      if (isOurs) await flush();
      // Also the one that has just been set: the folder is another's from now on
      cancelRetry();
      if (isOurs) await giveUpOwnership(ownerPath).catch(() => undefined);
      isOurs = false;
    },
  };
}

const IN_USE: AppError = {
  ...problem('another Bearer Tray is using it'),
  advice: 'Nothing was changed. End the other one, then choose “Try again”.',
};

const NEWER: AppError = {
  ...problem('it was written by a newer version of Bearer Tray'),
  advice: 'Nothing was changed. Use the newer version again.',
};

function problem(what: string): AppError {
  return { code: 'vault-unreadable', subject: what };
}

function subjectOf(error: AppError | undefined): Pick<AppError, 'subject'> {
  return error?.subject === undefined ? {} : { subject: error.subject };
}

function unavailable(result: { readonly ok: boolean; readonly reason?: string }): AppError {
  return {
    code: 'keychain-unavailable',
    subject: result.reason ?? 'it did not give back what was stored',
  };
}

/** The short name of a system error (ENOSPC), never its text with the path. */
function reasonOf(cause: unknown): string {
  if (hasCode(cause, 'ELOOP')) return 'a symbolic link stands in place of its folder';
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string'
    ? cause.code
    : 'unknown reason';
}
