// Runs the parts of a check or a test run side by side, each one's output in one piece, and ends
// with one summary whose last line alone is `N passed, N failed`.

import { availableParallelism } from 'node:os';
import { run } from './child.mjs';

/**
 * @typedef {{ readonly passed: number, readonly failed: number, readonly skipped: number }} Counts
 *
 * @typedef {object} Part
 * @property {string} name
 * @property {readonly string[]} args
 * @property {string} [program] default: the Node that runs this
 * @property {NodeJS.ProcessEnv} [env]
 * @property {() => Counts | undefined} [count] reads the tests' own report; absent: holds no tests
 *
 * @typedef {{ readonly name: string, readonly code: number, readonly seconds: string } & Counts} PartResult
 */

/** @param {readonly PartResult[]} results */
export function wasInterrupted(results) {
  // Exit codes after SIGINT and SIGTERM: the user wants it all to stop.
  return results.some(({ code }) => code === 130 || code === 143);
}

/**
 * @param {readonly Part[]} parts
 * @returns {Promise<readonly PartResult[]>}
 */
export async function runParts(parts) {
  const waiting = [...parts];
  /** @type {PartResult[]} */
  const results = [];
  // A part alone shows its output as it comes.
  const isAlone = parts.length === 1;
  const workers = Array.from({ length: availableParallelism() }, async () => {
    for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) {
      const result = await runPart(part, !isAlone);
      results.push(result);
      if (wasInterrupted(results)) waiting.length = 0;
    }
  });
  await Promise.all(workers);
  return results;
}

/**
 * @param {Part} part
 * @param {boolean} quiet
 * @returns {Promise<PartResult>}
 */
async function runPart(
  { name, args, program = process.execPath, env = process.env, count },
  quiet,
) {
  const startedAtMs = Date.now();
  if (!quiet) process.stdout.write(`── ${name} ──\n`);
  const colour = quiet && process.stdout.isTTY ? { FORCE_COLOR: '1' } : {};
  const { code, output } = await run(program, args, { quiet, env: { ...env, ...colour } });
  const seconds = ((Date.now() - startedAtMs) / 1000).toFixed(1);
  if (quiet) {
    // A check that passed has nothing to tell.
    const text = code === 0 && count === undefined ? '' : `${output.trim()}\n`;
    process.stdout.write(`── ${name}: ${code === 0 ? 'ok' : 'FAILED'} (${seconds} s) ──\n${text}`);
  }
  const counts = count?.() ?? { passed: 0, failed: 0, skipped: 0 };
  // No test to blame (a crash, a lint error): the part itself is what failed.
  const failed = code !== 0 && counts.failed === 0 ? 1 : counts.failed;
  return { name, code, seconds, ...counts, failed };
}

/**
 * @param {readonly PartResult[]} results
 * @returns {number} exit code of the whole run
 */
export function summarize(results) {
  const total = { passed: 0, failed: 0 };
  process.stdout.write('\n');
  for (const { name, code, seconds, passed, failed, skipped } of results) {
    total.passed += passed;
    total.failed += failed;
    const isBad = code !== 0 || failed > 0;
    const tests = passed + failed + skipped === 0 ? '' : `${passed} passed, ${failed} failed`;
    const left = skipped === 0 ? '' : `, ${skipped} skipped`;
    const line = `${isBad ? 'FAILED' : 'ok    '} ${name.padEnd(12)} ${seconds.padStart(6)} s  `;
    process.stdout.write(`${(line + tests + left).trimEnd()}\n`);
  }
  process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
  return total.failed === 0 ? 0 : 1;
}
