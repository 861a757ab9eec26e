/** One line when a renewal is begun and one when it has ended, in a file that grows and is emptied at start. */
import { constants } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, RenewalJournal } from '../core/ports.ts';

const FILE_NAME = 'renewals.journal';

/** More lines than any run leaves; what is larger is not ours. */
const LARGEST_READ_BYTES = 8 * 1024 * 1024;

/** When nothing is under way the file is begun anew after so much. */
const EMPTIED_AFTER_BYTES = 512 * 1024;

const NO_FOLLOW = process.platform === 'win32' ? 0 : constants.O_NOFOLLOW;

/**
 * Lines are appended and not flushed: they survive a killed app, which is what they are for, but not a power cut.
 * @param directory The profile's folder.
 */
export function createRenewalJournal(directory: string, clock: Clock): RenewalJournal {
  const path = join(directory, FILE_NAME);
  const underWay = new Set<string>();
  let lengthBytes = 0;
  let file: Promise<FileHandle | undefined> | undefined;

  const read = async (): Promise<Set<string>> => {
    try {
      const { size } = await stat(path);
      return unended(size > LARGEST_READ_BYTES ? '' : await readFile(path, 'utf8'));
    } catch {
      return new Set();
    }
  };
  const before = read();

  /** Begun anew, with what the earlier run has left open. */
  const openFile = async (): Promise<FileHandle | undefined> => {
    const left = await before;
    try {
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | NO_FOLLOW;
      const opened = await open(path, flags, 0o600);
      await opened.truncate(0);
      for (const tenant of left) await opened.write(lineOf(tenant, 'begin'));
      return opened;
    } catch {
      return undefined;
    }
  };

  const lineOf = (tenant: string, what: JournalEntry['what']): string =>
    `${JSON.stringify({ tenant, at: clock.now(), what } satisfies JournalEntry)}\n`;

  const append = async (tenant: string, what: JournalEntry['what']): Promise<void> => {
    const line = lineOf(tenant, what);
    try {
      const opened = await (file ??= openFile());
      await opened?.write(line);
      lengthBytes += line.length;
      if (underWay.size > 0 || lengthBytes < EMPTIED_AFTER_BYTES) return;
      if ((await before).size > 0) return;
      lengthBytes = 0;
      await opened?.truncate(0);
    } catch {
      // A full disk: the renewal itself is worth more than the note about it
    }
  };

  return {
    interrupted: () => before,
    async begin(tenantId) {
      underWay.add(tenantId);
      await append(tenantId, 'begin');
    },
    end(tenantId) {
      void before.then((left) => {
        const wasLeft = left.delete(tenantId);
        if (underWay.delete(tenantId) || wasLeft) void append(tenantId, 'end');
      });
    },
  };
}

interface JournalEntry {
  readonly tenant: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly what: 'begin' | 'end';
}

/** Lines that are torn or no such entry are passed over. */
function unended(text: string): Set<string> {
  const open = new Set<string>();
  for (const line of text.split('\n')) {
    const entry = parse(line);
    if (entry?.what === 'begin') open.add(entry.tenant);
    else if (entry?.what === 'end') open.delete(entry.tenant);
  }
  return open;
}

function parse(line: string): JournalEntry | undefined {
  try {
    const entry = JSON.parse(line) as Partial<JournalEntry> | null;
    return typeof entry?.tenant === 'string' ? (entry as JournalEntry) : undefined;
  } catch {
    return undefined;
  }
}
