/** One line when a renewal is begun and one when it has ended, in a file that grows and is emptied at start. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, RenewalJournal } from '../core/ports.ts';

const FILE_NAME = 'renewals.journal';

/** More lines than any run leaves; what is larger is not ours. */
const LARGEST_READ_BYTES = 8 * 1024 * 1024;

/** After so much the file is begun anew. */
const EMPTIED_AFTER_BYTES = 512 * 1024;

/** A link or a pipe that somebody has put in its place is neither followed nor waited for. */
const OWN_FILE_ONLY =
  process.platform === 'win32' ? 0 : constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Lines are written and not flushed: they survive a killed app, which is what they are for, but not a power cut.
 * @param directory The profile's folder.
 */
export function createRenewalJournal(directory: string, clock: Clock): RenewalJournal {
  const path = join(directory, FILE_NAME);
  const underWay = new Set<string>();
  let lengthBytes = 0;
  let begunBytes = 0;
  let file: Promise<FileHandle | undefined> | undefined;
  /** One line after the other: two that are written at once may change places. */
  let written = Promise.resolve();

  const read = async (): Promise<Set<string>> => {
    try {
      const opened = await open(path, constants.O_RDONLY | OWN_FILE_ONLY);
      try {
        const stats = await opened.stat();
        const isOurs = stats.isFile() && stats.size <= LARGEST_READ_BYTES;
        return unended(isOurs ? await opened.readFile('utf8') : '');
      } finally {
        await opened.close();
      }
    } catch {
      return new Set();
    }
  };
  const before = read();

  const openFile = async (): Promise<FileHandle | undefined> => {
    try {
      const flags = constants.O_WRONLY | constants.O_CREAT | OWN_FILE_ONLY;
      const opened = await open(path, flags, 0o600);
      await beginAnew(opened);
      return opened;
    } catch {
      return undefined;
    }
  };

  /** With what is open, and what the earlier run has left so. */
  const beginAnew = async (opened: FileHandle): Promise<void> => {
    const left = await before;
    await opened.truncate(0);
    lengthBytes = 0;
    for (const tenant of new Set([...left, ...underWay])) {
      await writeLine(opened, tenant, 'begin');
    }
    begunBytes = lengthBytes;
  };

  const writeLine = async (
    opened: FileHandle,
    tenant: string,
    what: JournalEntry['what'],
  ): Promise<void> => {
    const entry: JournalEntry = { tenant, at: clock.now(), what };
    const line = Buffer.from(`${JSON.stringify(entry)}\n`);
    // Not by O_APPEND, as Windows lets nobody truncate a file that was opened so
    await opened.write(line, 0, line.length, lengthBytes);
    lengthBytes += line.length;
  };

  const append = (tenant: string, what: JournalEntry['what']): Promise<void> => {
    written = written.then(async () => {
      try {
        const opened = await (file ??= openFile());
        if (opened === undefined) return;
        await writeLine(opened, tenant, what);
        if (lengthBytes >= begunBytes + EMPTIED_AFTER_BYTES) await beginAnew(opened);
      } catch {
        // A full disk: the renewal itself is worth more than the note about it
      }
    });
    return written;
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
