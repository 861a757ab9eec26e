/** What the kernel tells of a running app: memory, open files, threads, wake-ups. proc(5) */
import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessSample {
  readonly atMs: number;
  readonly processId: number;
  readonly residentBytes: number;
  readonly openFiles: number;
  readonly threads: number;
  /** How often its main thread has gone to sleep so far: each timer is one. */
  readonly sleeps: number;
  /** Processor time used so far, of the main process alone. */
  readonly processorMs: number;
}

/** Undefined when the process has gone. */
export function sampleProcess(processId: number): ProcessSample | undefined {
  try {
    const status = readFileSync(`/proc/${processId}/status`, 'utf8');
    const numberOf = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? Number.NaN);
    return {
      atMs: Date.now(),
      processId,
      residentBytes: numberOf('VmRSS') * 1024,
      threads: numberOf('Threads'),
      sleeps: numberOf('voluntary_ctxt_switches'),
      openFiles: readdirSync(`/proc/${processId}/fd`).length,
      processorMs: processorMsOf(processId),
    };
  } catch {
    return undefined;
  }
}

/** A tick of the processor time that proc(5) counts: 100 a second on every Linux with Electron. */
const TICK_MS = 10;

/** User and system time of all threads. */
export function processorMsOf(processId: number): number {
  const text = readFileSync(`/proc/${processId}/stat`, 'utf8');
  // The name in parentheses may hold spaces; the state after it is field 3
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Least squares; how much `valueOf` grows in an hour. */
export function growthAnHour(
  samples: readonly ProcessSample[],
  valueOf: (sample: ProcessSample) => number,
): number {
  const points = samples.map((sample) => [sample.atMs / 3600_000, valueOf(sample)] as const);
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanX = mean(points.map(([x]) => x));
  const meanY = mean(points.map(([, y]) => y));
  const top = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return top / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}

/** The least resident one of each span: what a collection of garbage has not been able to free. */
export function floorsOf(
  samples: readonly ProcessSample[],
  spanMs: number,
): readonly ProcessSample[] {
  return groupedBy(samples, ({ atMs }) => Math.floor(atMs / spanMs)).flatMap((same) => {
    const [least] = same.toSorted((a, b) => a.residentBytes - b.residentBytes);
    return least === undefined ? [] : [least];
  });
}

/** Node 20 has no Map.groupBy. */
export function groupedBy<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => number,
): readonly (readonly Item[])[] {
  const groups = new Map<number, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return [...groups.values()];
}
