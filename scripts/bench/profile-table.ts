/** The functions that took most of the time, from a CPU profile of the built app. */
import { readFileSync } from 'node:fs';
import type { CpuProfile } from './inside-hook.ts';

const MOST_LINES = 25;

/** Idle and what belongs to the profiler itself is left out. Percent are those of one core. */
export function profileTable({ nodes, samples, timeDeltas }: CpuProfile): string {
  const microseconds = new Map<number, number>();
  for (const [at, id] of samples.entries()) {
    microseconds.set(id, (microseconds.get(id) ?? 0) + (timeDeltas[at] ?? 0));
  }
  const bundles = new Map<string, readonly string[]>();
  const selfMicroseconds = new Map<string, number>();
  for (const { id, callFrame } of nodes) {
    const { functionName, url, lineNumber } = callFrame;
    const spent = microseconds.get(id) ?? 0;
    if (spent === 0 || functionName === '(idle)') continue;
    const name = `${functionName || '(anonymous)'}  ${placeOf(url, lineNumber, bundles)}`;
    selfMicroseconds.set(name, (selfMicroseconds.get(name) ?? 0) + spent);
  }
  const allMicroseconds = timeDeltas.reduce((sum, each) => sum + each, 0);
  return [...selfMicroseconds]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, MOST_LINES)
    .map(
      ([name, spent]) => `${((100 * spent) / allMicroseconds).toFixed(3).padStart(7)} %  ${name}`,
    )
    .join('\n');
}

/** The bundle names each source file in a line of its own where its part begins. */
function placeOf(url: string, line: number, bundles: Map<string, readonly string[]>): string {
  if (!url.endsWith('/main.cjs')) return line < 0 ? '' : `${url}:${String(line + 1)}`;
  const lines = bundles.get(url) ?? readFileSync(url.replace('file://', ''), 'utf8').split('\n');
  bundles.set(url, lines);
  const source = lines.slice(0, line).findLast((text) => /^\/\/ \S+\.(ts|js|mjs)$/.test(text));
  return `${source?.slice('// '.length) ?? ''} (main.cjs:${String(line + 1)})`;
}
