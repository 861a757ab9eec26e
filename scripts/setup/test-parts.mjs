// The test runs and how many tests they say passed. Unit tests run on the Node inside Electron, the
// runtime that ships; the end-to-end tests start the whole app.

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { electronBinary } from './electron-install.mjs';
import { cacheFolder, nodeModules } from './paths.mjs';
import { readIfThere } from './stamp.mjs';

/**
 * @param {readonly string[]} args more for vitest
 * @returns {import('./parts.mjs').Part}
 */
export function unitTests(args) {
  const report = freshReport('unit');
  return {
    name: 'unit',
    program: electronBinary(),
    args: [
      join(nodeModules, 'vitest/vitest.mjs'),
      'run',
      ...['--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
      ...args,
    ],
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    count: () => {
      const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = numbersIn(report);
      if (numPassedTests === undefined) return undefined;
      return {
        passed: numPassedTests,
        failed: numFailedTests ?? 0,
        skipped: (numPendingTests ?? 0) + (numTodoTests ?? 0),
      };
    },
  };
}

/**
 * @param {readonly string[]} args more for playwright
 * @returns {import('./parts.mjs').Part}
 */
export function endToEndTests(args) {
  const report = freshReport('e2e');
  return {
    name: 'e2e',
    args: [
      join(nodeModules, 'playwright/cli.js'),
      ...['test', '--config', 'tests/playwright.config.ts', '--reporter=list,json'],
      ...args,
    ],
    env: { ...process.env, PLAYWRIGHT_JSON_OUTPUT_FILE: report },
    count: () => {
      const { expected, unexpected, flaky, skipped } = numbersIn(report, 'stats');
      if (expected === undefined) return undefined;
      return {
        passed: expected + (flaky ?? 0),
        failed: unexpected ?? 0,
        skipped: skipped ?? 0,
      };
    },
  };
}

/** @param {string} name */
function freshReport(name) {
  const path = join(cacheFolder, `${name}-report.json`);
  mkdirSync(cacheFolder, { recursive: true });
  rmSync(path, { force: true });
  return path;
}

/**
 * @param {string} report
 * @param {string} [key] where in the report the numbers are
 * @returns {Record<string, number | undefined>} empty when the run got no further than crashing
 */
function numbersIn(report, key) {
  const parsed = /** @type {Record<string, unknown>} */ (JSON.parse(readIfThere(report) ?? '{}'));
  return /** @type {Record<string, number>} */ ((key === undefined ? parsed : parsed[key]) ?? {});
}
