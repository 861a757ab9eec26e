/**
 * One process at a time uses the vault's folder. Electron's single-instance lock stands before it; this one also holds
 * where that fails (two sessions of a desktop, a shared home).
 *
 * The file `owner` names the process that holds the folder. When that process has ended, its successor is whoever first
 * makes the file `owner.after-…`, named after the dead claim and never after another one, and then moves it to `owner`.
 * So a dead claim is never taken away, which two processes could do to each other's new one.
 */
import { link, readdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { hasCode, readBounded, temporaryBeside } from './durable-file.ts';

interface Claim {
  readonly pid: number;
  /** In the system's own count; `-` where it cannot be known (not Linux). */
  readonly startedAt: string;
  readonly token: string;
}

const ATTEMPTS = 20;
const LARGEST_BYTES = 1024;
const CLAIM = /^(\d+) (\d+|-) ([0-9a-f-]{36})$/;

/**
 * @param path The lock file. On a file system without hard links there is no lock.
 * @returns Whether this process holds it now; if not, another one that lives does.
 */
export async function takeOwnership(path: string): Promise<boolean> {
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const holds = await tryToTake(path);
      if (holds !== undefined) return holds;
    }
    return false;
  } catch (cause) {
    if (hasCode(cause, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS')) return true;
    throw cause;
  }
}

/** Call it when nothing is written any more. */
export async function giveUpOwnership(path: string): Promise<void> {
  const [holder, next] = await claimsAt(path);
  if (holder !== undefined && next === undefined && (await isOurs(holder))) await unlink(path);
}

/** @returns Undefined when somebody else has changed the claims meanwhile. */
async function tryToTake(path: string): Promise<boolean | undefined> {
  const before = await claimsAt(path);
  const holder = before.at(-1);
  if (holder !== undefined && (await isOurs(holder))) return true;
  if (holder !== undefined && (await isAlive(holder))) return false;
  const place = holder === undefined ? path : placeAfter(path, holder);
  const claim = await makeClaim(place);
  if (claim === undefined) return undefined;
  if (holder === undefined) return true;
  const now = await claimsAt(path);
  const expected = [...before, claim].map(({ token }) => token);
  if (now.map(({ token }) => token).join() !== expected.join()) {
    await removeIfThere(place);
    return undefined;
  }
  try {
    await rename(place, path);
  } catch (cause) {
    if (!hasCode(cause, 'EISDIR', 'ENOTEMPTY', 'EEXIST')) throw cause;
    // A folder in its place is nobody's claim
    await rename(path, `${path}.unreadable-${claim.token}`);
    await rename(place, path);
  }
  await clearOldClaims(path);
  return true;
}

/** From the one in `owner` to the latest: that is the one that counts. */
async function claimsAt(path: string): Promise<readonly Claim[]> {
  const claims: Claim[] = [];
  let claim = await readClaim(path, 0);
  while (claim !== undefined && claims.length < ATTEMPTS) {
    claims.push(claim);
    claim = await readClaim(placeAfter(path, claim), claims.length);
  }
  return claims;
}

function placeAfter(path: string, { token }: Claim): string {
  return `${path}.after-${token}`;
}

/** What is no claim (noise, a symbolic link) is of nobody who lives. */
async function readClaim(path: string, depth: number): Promise<Claim | undefined> {
  const bytes = await readBounded(path, LARGEST_BYTES);
  if (bytes === undefined) return undefined;
  const [, pid, startedAt, token] = CLAIM.exec(bytes.toString('latin1')) ?? [];
  if (pid === undefined || startedAt === undefined || token === undefined) {
    return { pid: 0, startedAt: '-', token: `nobody-${String(depth)}` };
  }
  return { pid: Number(pid), startedAt, token };
}

/** Whole at once, as link(2) makes it. @returns Undefined when the place is taken. */
async function makeClaim(place: string): Promise<Claim | undefined> {
  const claim = {
    pid: process.pid,
    startedAt: (await startOf('self')) ?? '-',
    token: crypto.randomUUID(),
  };
  const temporary = temporaryBeside(place);
  const content = `${String(claim.pid)} ${claim.startedAt} ${claim.token}`;
  await writeFile(temporary, content, { flag: 'wx', mode: 0o600 });
  try {
    await link(temporary, place);
    return claim;
  } catch (cause) {
    // ENOENT: the owner has cleared the folder of temporary files just now
    if (hasCode(cause, 'EEXIST', 'ENOENT')) return undefined;
    throw cause;
  } finally {
    await removeIfThere(temporary);
  }
}

async function clearOldClaims(path: string): Promise<void> {
  const folder = dirname(path);
  for (const name of await readdir(folder)) {
    if (name.startsWith(`${basename(path)}.after-`)) await removeIfThere(join(folder, name));
  }
}

async function removeIfThere(path: string): Promise<void> {
  await unlink(path).catch(() => undefined);
}

async function isOurs({ pid, startedAt }: Claim): Promise<boolean> {
  return pid === process.pid && startedAt === ((await startOf('self')) ?? '-');
}

/** Where the start of a process cannot be known, whether any process has the number must do. */
async function isAlive({ pid, startedAt }: Claim): Promise<boolean> {
  if (pid === 0) return false;
  if (startedAt !== '-' && (await startOf('self')) !== undefined) {
    return (await startOf(pid)) === startedAt;
  }
  try {
    return process.kill(pid, 0);
  } catch (cause) {
    return hasCode(cause, 'EPERM');
  }
}

/** Field 22 of proc_pid_stat(5). @returns Undefined when there is no such process, or it is dead and only not yet buried. */
async function startOf(pid: number | 'self'): Promise<string | undefined> {
  const text = await readFile(`/proc/${String(pid)}/stat`, 'latin1').catch(() => '');
  // The second field is the program's name in brackets and may hold anything
  const [state = 'X', ...fields] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' || state === 'X' ? undefined : fields[18];
}
