/** Files that are whole or not there: written beside, flushed, renamed, and the folder flushed too. Readable by the user only. */
import { constants } from 'node:fs';
import { chmod, mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const TEMPORARY = '.writing-';

/** Windows has no such flag (and O_EXCL alone refuses a link at the name). */
const NO_FOLLOW = process.platform === 'win32' ? 0 : constants.O_NOFOLLOW;

/**
 * Replaces the file's content; durable when it resolves. write-file-atomic does not flush the folder, and without that a
 * rename can be lost in a power cut together with a refresh token that the provider has already replaced.
 */
export async function writeDurably(path: string, content: Uint8Array): Promise<void> {
  const temporary = `${path}${TEMPORARY}${crypto.randomUUID()}`;
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

/** @returns Undefined when there is no such file; any other failure throws. */
export async function readIfPresent(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw cause;
  }
}

export async function removeDurably(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (cause) {
    if (isMissing(cause)) return;
    throw cause;
  }
  await syncFolder(dirname(path));
}

/** Makes a folder that only the user can enter, and clears it of what an interrupted write left. */
export async function preparePrivateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  // One that was there already may be open to others, as after a restored backup
  await chmod(path, 0o700);
  for (const name of await readdir(path)) {
    if (name.includes(TEMPORARY)) await unlink(join(path, name));
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

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
}
