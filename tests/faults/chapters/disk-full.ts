/** Disks on which nothing can be written any more, until room is made. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Desktop } from '../../harness/desktop.ts';

/** Room for what Chromium keeps beside our files. */
const SIZE = '96m';

/** From the largest to the last byte. */
const CHUNK_BYTES = [1024 * 1024, 4096, 1];

export interface SmallDisk {
  readonly folder: string;
  fill(): void;
  free(): void;
  /** Nothing may be running there any more. */
  unmount(): void;
}

/** @returns Undefined where this user may not mount: most do not. */
export function mountSmallDisk(desktop: Desktop): SmallDisk | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const folder = mkdtempSync(join(desktop.directory, 'disk-'));
  try {
    const options = ['-t', 'tmpfs', '-o', `size=${SIZE},mode=700`, 'tmpfs', folder];
    execFileSync('mount', options, { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  const filler = join(folder, 'filler');
  return {
    folder,
    fill() {
      const file = openSync(filler, 'a');
      for (const bytes of CHUNK_BYTES) writeUntilFull(file, Buffer.alloc(bytes));
      closeSync(file);
    },
    free() {
      rmSync(filler, { force: true });
    },
    unmount() {
      execFileSync('umount', ['--lazy', folder], { stdio: 'ignore' });
    },
  };
}

function writeUntilFull(file: number, chunk: Buffer): void {
  try {
    for (;;) writeSync(file, chunk);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

/** From now on no file of the process may grow (EFBIG): for a user who may not mount. */
export function forbidGrowth(processId: number): void {
  limitFiles(processId, '0');
}

export function allowGrowth(processId: number): void {
  limitFiles(processId, 'unlimited');
}

/** The soft limit only: the hard one could not be raised again. */
function limitFiles(processId: number, bytes: string): void {
  const limit = `--fsize=${bytes}:unlimited`;
  execFileSync('prlimit', ['--pid', String(processId), limit], { stdio: 'ignore' });
}
