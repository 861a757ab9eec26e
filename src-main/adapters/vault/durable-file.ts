/** Files that are whole or not there: written beside, flushed, renamed, and the folder flushed too. Readable by the user only. */
import { constants } from 'node:fs';
import { chmod, lstat, mkdir, open, readdir, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const TEMPORARY = '.writing-';

/** Windows has no such flag (and O_EXCL alone refuses a link at the name). */
export const NO_FOLLOW = process.platform === 'win32' ? 0 : constants.O_NOFOLLOW;

/** A planted pipe would keep its reader waiting for good. */
const NO_WAITING = process.platform === 'win32' ? 0 : constants.O_NONBLOCK;

/** A name in the same folder for what is being written; `clearTemporaries` knows it. */
export function temporaryBeside(path: string): string {
  return `${path}${TEMPORARY}${crypto.randomUUID()}`;
}

/**
 * Replaces the file's content; durable when it resolves. write-file-atomic does not flush the folder, and without that a
 * rename can be lost in a power cut together with a refresh token that the provider has already replaced.
 */
export async function writeDurably(path: string, content: Uint8Array): Promise<void> {
  const temporary = temporaryBeside(path);
  // A planted file or symbolic link at this name makes the opening fail
  const file = await open(
    temporary,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NO_FOLLOW,
    0o600,
  );
  try {
    await file.writeFile(content);
    await file.sync();
    await file.close();
    await rename(temporary, path);
  } catch (cause) {
    await file.close().catch(() => undefined);
    await unlink(temporary).catch(() => undefined);
    throw cause;
  }
  await syncFolder(dirname(path));
}

/**
 * @returns Undefined when there is no such file; `unusable` when it is no file, a symbolic link stands there (not on Windows)
 * or it is larger than `limitBytes`: nothing of it is read then. Any other failure throws.
 */
export async function readBounded(
  path: string,
  limitBytes: number,
): Promise<Buffer | 'unusable' | undefined> {
  let file;
  try {
    file = await open(path, constants.O_RDONLY | NO_FOLLOW | NO_WAITING);
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return undefined;
    if (hasCode(cause, 'ELOOP')) return 'unusable';
    throw cause;
  }
  try {
    const facts = await file.stat();
    return facts.isFile() && facts.size <= limitBytes ? await file.readFile() : 'unusable';
  } finally {
    await file.close();
  }
}

/** @returns Whether there was such a file. */
export async function removeDurably(path: string): Promise<boolean> {
  try {
    await unlink(path);
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return false;
    throw cause;
  }
  await syncFolder(dirname(path));
  return true;
}

/** Makes a folder that only the user can enter. Throws ELOOP where a symbolic link stands in its place. */
export async function preparePrivateFolder(path: string): Promise<void> {
  const isLink = await lstat(path).then(
    (stats) => stats.isSymbolicLink(),
    () => false,
  );
  if (isLink) throw Object.assign(new Error('a link in place of the folder'), { code: 'ELOOP' });
  await mkdir(path, { recursive: true, mode: 0o700 });
  // One that was there already may be open to others, as after a restored backup
  await chmod(path, 0o700);
}

/** Clears a folder of what an interrupted write left. */
export async function clearTemporaries(path: string): Promise<void> {
  for (const name of await readdir(path)) {
    if (name.includes(TEMPORARY)) await unlink(join(path, name)).catch(() => undefined);
  }
}

/** Windows cannot open a folder to flush it; NTFS journals the rename itself. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

export function hasCode(cause: unknown, ...codes: readonly string[]): boolean {
  return (
    cause instanceof Error &&
    'code' in cause &&
    typeof cause.code === 'string' &&
    codes.includes(cause.code)
  );
}
