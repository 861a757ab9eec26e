/** store.json: which key the records are sealed with, and in which format they are. */
import { readBounded, writeDurably } from './durable-file.ts';

/**
 * Format 1 had neither generations nor a ledger. An app that knows format 1 only takes any other for damaged and touches
 * nothing: so the file says 2 before the first record is in the new format.
 */
export interface StoreFile {
  readonly format: 1 | 2;
  readonly storeId: string;
  readonly keyCheck: string;
  /** 1: there may be records still to be brought to format 2. */
  readonly records: 1 | 2;
}

const LARGEST_BYTES = 64 * 1024;

export async function readStoreFile(
  path: string,
): Promise<StoreFile | 'damaged' | 'newer' | undefined> {
  const bytes = await readBounded(path, LARGEST_BYTES);
  if (bytes === undefined) return undefined;
  const data = bytes === 'unusable' ? undefined : parseJson(bytes);
  if (typeof data !== 'object' || data === null) return 'damaged';
  const { format, storeId, keyCheck, records } = data as Readonly<Record<string, unknown>>;
  if (typeof format === 'number' && format > 2) return 'newer';
  if (typeof storeId !== 'string' || typeof keyCheck !== 'string') return 'damaged';
  if (format === 1) return { format, storeId, keyCheck, records: 1 };
  return format === 2 && (records === 1 || records === 2)
    ? { format, storeId, keyCheck, records }
    : 'damaged';
}

export async function writeStoreFile(path: string, file: StoreFile): Promise<void> {
  await writeDurably(path, Buffer.from(`${JSON.stringify(file, null, 2)}\n`));
}

/** @returns Undefined for what is no JSON. */
export function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
