/** A vault in memory whose reading and writing can be made to fail or to wait. */
import { failure, success } from '../../src-main/core/errors.ts';
import type { ErrorCode, Result } from '../../src-main/core/errors.ts';
import type { KeychainState, Vault } from '../../src-main/core/ports.ts';
import type { TenantSecrets } from '../../src-main/core/secrets.ts';

export interface MemoryVault extends Vault {
  /** What would be on disk, by tenant id. */
  readonly stored: ReadonlyMap<string, TenantSecrets>;
  /** How often something was written, also without success. */
  readonly writes: () => number;
  put(tenantId: string, secrets: TenantSecrets): void;
  /** From now on each reading fails so; undefined: it works again. */
  failReads(code: ErrorCode | undefined): void;
  /** From now on each writing and removing fails so; what was to be written stays readable, as the port promises. */
  failWrites(code: ErrorCode | undefined): void;
  /** From now on nothing is written until the returned function is called. */
  holdWrites(): () => void;
  /** What `open` answers from now on. */
  setKeychain(state: KeychainState): void;
}

export function createMemoryVault(): MemoryVault {
  const stored = new Map<string, TenantSecrets>();
  const unsaved = new Map<string, TenantSecrets | undefined>();
  let keychain: KeychainState = 'open';
  let readFailure: ErrorCode | undefined;
  let writeFailure: ErrorCode | undefined;
  let held: Promise<void> = Promise.resolve();
  let writes = 0;
  let onSaved = (): void => undefined;

  const change = async (
    tenantId: string,
    secrets: TenantSecrets | undefined,
  ): Promise<Result<null>> => {
    writes += 1;
    await held;
    if (writeFailure !== undefined) {
      unsaved.set(tenantId, secrets);
      return failure(writeFailure, { subject: 'ENOSPC' });
    }
    unsaved.delete(tenantId);
    if (unsaved.size === 0) onSaved();
    if (secrets === undefined) stored.delete(tenantId);
    else stored.set(tenantId, secrets);
    return success(null);
  };

  return {
    stored,
    writes: () => writes,
    put(tenantId, secrets) {
      stored.set(tenantId, secrets);
    },
    failReads(code) {
      readFailure = code;
    },
    failWrites(code) {
      writeFailure = code;
    },
    holdWrites() {
      let release = (): void => undefined;
      held = new Promise((resolve) => {
        release = resolve;
      });
      return release;
    },
    setKeychain(state) {
      keychain = state;
    },
    open: () => Promise.resolve(keychain),
    trouble: () => (keychain === 'open' ? success(null) : failure('keychain-locked')),
    async read(tenantId) {
      if (readFailure !== undefined) return failure(readFailure);
      return success(unsaved.has(tenantId) ? unsaved.get(tenantId) : stored.get(tenantId));
    },
    write: (tenantId, secrets) => change(tenantId, secrets),
    remove: (tenantId) => change(tenantId, undefined),
    onSaved(listener) {
      onSaved = listener;
    },
  };
}
