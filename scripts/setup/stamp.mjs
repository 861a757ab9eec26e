// Remembers that a set-up step was done for this very input, so that the next run costs a file read.

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './paths.mjs';

/**
 * @param {string} name
 * @param {string} key
 */
export function isStamped(name, key) {
  return readIfThere(join(cacheFolder, `${name}.stamp`)) === key;
}

/**
 * @param {string} name
 * @param {string} key
 */
export function stamp(name, key) {
  mkdirSync(cacheFolder, { recursive: true });
  writeFileSync(join(cacheFolder, `${name}.stamp`), key);
}

/** @param {readonly (string | number)[]} parts */
export function stampKey(parts) {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/**
 * @param {string} path
 * @returns {string | undefined} undefined when there is no such file
 */
export function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
