/** store.json and its copy: which key the records are sealed with, and in which format they are. */
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
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

/** `newer`: of a later version of the app. */
type Found = StoreFile | 'damaged' | 'newer' | undefined;

/** Without this file all records are noise, so there are two; each is whole or not there. */
export interface StoreFiles {
  readonly first: Found;
  readonly copy: Found;
}

export async function readStoreFiles(directory: string): Promise<StoreFiles> {
  const [first, copy] = pathsIn(directory);
  return { first: await readStoreFile(first), copy: await readStoreFile(copy) };
}

/** Those that are different and of use, the first one first. */
export function candidatesOf({ first, copy }: StoreFiles): readonly StoreFile[] {
  const files = [first, copy].filter((each) => typeof each === 'object');
  const [one, other] = files;
  const isSame = one?.storeId === other?.storeId && one?.keyCheck === other?.keyCheck;
  return isSame ? files.slice(0, 1) : files;
}

/** Writes the first and then the copy. */
export async function writeStoreFiles(directory: string, file: StoreFile): Promise<void> {
  const content = Buffer.from(`${JSON.stringify(file, null, 2)}\n`);
  for (const path of pathsIn(directory)) await writeDurably(path, content);
}

/** Makes both what `file` says; one that says something else, or nothing, is kept beside. */
export async function mendStoreFiles(
  directory: string,
  files: StoreFiles,
  file: StoreFile,
  nowMs: number,
): Promise<void> {
  const paths = pathsIn(directory);
  const isRight = [files.first, files.copy].map(
    (each) => typeof each === 'object' && JSON.stringify(each) === JSON.stringify(file),
  );
  if (isRight.every(Boolean)) return;
  for (const [at, found] of [files.first, files.copy].entries()) {
    const path = paths[at];
    if (path === undefined || found === undefined || isRight[at] === true) continue;
    await rename(path, `${path}.unreadable-${String(nowMs)}`);
  }
  await writeStoreFiles(directory, file);
}

function pathsIn(directory: string): readonly [string, string] {
  return [join(directory, 'store.json'), join(directory, 'store.copy.json')];
}

async function readStoreFile(path: string): Promise<Found> {
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

/** @returns Undefined for what is no JSON. */
export function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
