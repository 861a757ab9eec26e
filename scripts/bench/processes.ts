/** What a program and everything it has started use, read from /proc: https://docs.kernel.org/filesystems/proc.html */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** USER_HZ, which is 100 on every computer that Electron runs on: https://man7.org/linux/man-pages/man7/time.7.html */
const TICKS_PER_SECOND = 100;
const LOOK_MS = 500;
/** Of processor time in one look: two ticks of 10 ms. */
const RESTING_TICKS = 2;
const MOST_LOOKS = 20;

interface Process {
  readonly pid: number;
  readonly parentPid: number;
  readonly processorTicks: number;
}

/** Resolves when the program hardly uses the processor any more; after 10 s in any case. */
export async function settled(pid: number): Promise<void> {
  let before = processorTicks(pid);
  for (let look = 0; look < MOST_LOOKS; look += 1) {
    // Rest sends no event: only time shows it.
    await delay(LOOK_MS);
    const now = processorTicks(pid);
    if (now - before <= RESTING_TICKS) return;
    before = now;
  }
}

/**
 * PSS (memory that is shared counts in parts, so the sum is true) in MB of 1024² bytes.
 * Null where a process may not be looked at, as Chromium's sandboxed ones without being root.
 */
export function memoryMb(pid: number): number | null {
  try {
    const kilobytes = familyOf(pid).map((process) => {
      const text = readFileSync(`/proc/${String(process.pid)}/smaps_rollup`, 'utf8');
      return Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1]);
    });
    return kilobytes.reduce((sum, each) => sum + each, 0) / 1024;
  } catch {
    return null;
  }
}

/** Processor time so far, of the process alone and with all that it has started and that is still there. */
export function processorSeconds(pid: number): { readonly main: number; readonly all: number } {
  const family = familyOf(pid);
  const main = family.find((process) => process.pid === pid)?.processorTicks ?? 0;
  const all = family.reduce((sum, process) => sum + process.processorTicks, 0);
  return { main: main / TICKS_PER_SECOND, all: all / TICKS_PER_SECOND };
}

export interface Written {
  /** Whole pages that go to a disk; what a file system notes for itself is not in it. */
  readonly disk: number;
  /** What was given to write calls, to pipes and sockets too. */
  readonly calls: number;
}

/** By the process itself so far. Null where it may not be looked at. */
export function writtenBytes(pid: number): Written | null {
  try {
    const text = readFileSync(`/proc/${String(pid)}/io`, 'utf8');
    const of = (name: string): number =>
      Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(text)?.[1]);
    return { disk: of('write_bytes'), calls: of('wchar') };
  } catch {
    return null;
  }
}

/** How many processes run this very program now. */
export function processesOf(executablePath: string): number {
  return readdirSync('/proc').filter((name) => {
    try {
      return readlinkSync(`/proc/${name}/exe`) === executablePath;
    } catch {
      // Not a process, not ours to look at, or gone.
      return false;
    }
  }).length;
}

function processorTicks(pid: number): number {
  return familyOf(pid).reduce((sum, process) => sum + process.processorTicks, 0);
}

/** The process and its descendants. */
function familyOf(pid: number): readonly Process[] {
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? readProcess(name) : []));
  const family = all.filter((process) => process.pid === pid);
  // Grows while it is walked: children come after their parents.
  for (const member of family)
    family.push(...all.filter(({ parentPid }) => parentPid === member.pid));
  return family;
}

/** Empty when it has ended meanwhile. */
function readProcess(name: string): readonly Process[] {
  try {
    const text = readFileSync(`/proc/${name}/stat`, 'utf8');
    // The second field, the program's name in brackets, may hold blanks and brackets.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [, parentPid] = fields;
    const [userTicks, systemTicks] = fields.slice(11, 13).map(Number);
    return [
      {
        pid: Number(name),
        parentPid: Number(parentPid),
        processorTicks: (userTicks ?? 0) + (systemTicks ?? 0),
      },
    ];
  } catch {
    return [];
  }
}
