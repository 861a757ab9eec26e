/** The records of an open store: one sealed file for each tenant. */
import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { failure, success } from '../../core/errors.ts';
import type { Result } from '../../core/errors.ts';
import type { Clock } from '../../core/ports.ts';
import { readTenantSecrets } from '../../core/secrets.ts';
import type { TenantSecrets } from '../../core/secrets.ts';
import { readBounded, removeDurably, writeDurably } from './durable-file.ts';
import { seal, unseal } from './envelope.ts';
import type { Unsealed } from './envelope.ts';
import type { Ledger } from './ledger.ts';
import { parseJson } from './store-file.ts';

/** Calls for one tenant must not overlap. All but `load` throw what the file system says. */
export interface Records {
  load(recordId: string): Promise<Result<TenantSecrets | undefined>>;
  /** Durable when it resolves. What is there and cannot be read is renamed first, never written over. */
  save(recordId: string, secrets: TenantSecrets): Promise<void>;
  remove(recordId: string): Promise<void>;
  /** Writes those of format 1 in format 2; those that cannot be read stay as they are. Can be interrupted and repeated. */
  raiseFormat(): Promise<void>;
}

const SUFFIX = '.sealed';

/** A record is a few kilobytes; tokens of a megabyte fit. */
const LARGEST_BYTES = 4 * 1024 * 1024;

export function recordPath(directory: string, recordId: string): string {
  return join(directory, `${recordId}${SUFFIX}`);
}

type Found =
  | undefined
  | { readonly unreadable: string }
  | {
      readonly secrets: TenantSecrets;
      readonly format: 1 | 2;
      readonly generation: number;
    };

const REASONS: Readonly<Record<Exclude<Unsealed['kind'], 'opened'>, string>> = {
  damaged: 'the record is damaged',
  'other-key': 'the record was sealed with another key',
  'newer-format': 'the record was written by a newer version of Bearer Tray',
};

export interface OpenStore {
  readonly storeId: string;
  readonly key: Uint8Array;
  /** Awaited before the first record is written; when it throws, none is. */
  readonly beforeWriting: () => Promise<void>;
}

export function createRecords(
  directory: string,
  { storeId, key, beforeWriting }: OpenStore,
  ledger: Ledger,
  clock: Clock,
): Records {
  const find = async (recordId: string): Promise<Found> => {
    const bytes = await readBounded(recordPath(directory, recordId), LARGEST_BYTES);
    if (bytes === undefined) return undefined;
    if (bytes === 'unusable') return { unreadable: 'the record is a link or far too large' };
    const unsealed = unseal(key, { storeId, recordId }, bytes);
    if (unsealed.kind !== 'opened') return { unreadable: REASONS[unsealed.kind] };
    if (unsealed.generation < ledger.generationOf(recordId)) {
      return { unreadable: 'the record is an older one than was last written' };
    }
    const secrets = readTenantSecrets(parseJson(unsealed.content));
    if (secrets === undefined) return { unreadable: REASONS.damaged };
    return { secrets, format: unsealed.format, generation: unsealed.generation };
  };

  const write = async (recordId: string, secrets: TenantSecrets, after: number): Promise<void> => {
    const generation = Math.max(after, ledger.generationOf(recordId)) + 1;
    const content = Buffer.from(JSON.stringify(secrets));
    const sealed = seal(key, { storeId, recordId }, generation, content);
    await beforeWriting();
    await writeDurably(recordPath(directory, recordId), sealed);
    await ledger.note(recordId, generation);
  };

  return {
    async load(recordId) {
      const found = await find(recordId);
      if (found === undefined) return success(undefined);
      if ('unreadable' in found) return failure('vault-unreadable', { subject: found.unreadable });
      // A ledger that lost its last line, or all of them
      if (found.generation > ledger.generationOf(recordId)) {
        await ledger.note(recordId, found.generation);
      }
      return success(found.secrets);
    },

    async save(recordId, secrets) {
      const found = await find(recordId);
      if (found !== undefined && 'unreadable' in found) {
        // Somebody may still have the key, the backup or the version that makes it readable
        const path = recordPath(directory, recordId);
        await rename(path, `${path}.unreadable-${String(clock.now())}`);
      }
      const isReadable = found !== undefined && 'secrets' in found;
      await write(recordId, secrets, isReadable ? found.generation : 0);
    },

    async remove(recordId) {
      const wasThere = await removeDurably(recordPath(directory, recordId));
      if (wasThere) await ledger.note(recordId, ledger.generationOf(recordId) + 1);
    },

    async raiseFormat() {
      for (const name of await readdir(directory)) {
        if (!name.endsWith(SUFFIX)) continue;
        const recordId = name.slice(0, -SUFFIX.length);
        const found = await find(recordId);
        if (found === undefined || 'unreadable' in found || found.format !== 1) continue;
        await write(recordId, found.secrets, found.generation);
      }
    },
  };
}
