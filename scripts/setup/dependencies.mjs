// Makes node_modules what package-lock.json says, and touches it only when it is not.

import { join } from 'node:path';
import { runNpm } from './child.mjs';
import { say, secondsSince, SetupError } from './console.mjs';
import { nodeModules, projectRoot } from './paths.mjs';
import { isStamped, readIfThere, stamp, stampKey } from './stamp.mjs';

/**
 * @typedef {object} LockedPackage
 * @property {string} [version]
 * @property {boolean} [optional]
 * @property {readonly string[]} [os]
 * @property {readonly string[]} [cpu]
 * @property {readonly string[]} [libc]
 * @typedef {Record<string, LockedPackage>} LockedPackages by path, '' being the project
 */

export async function ensureDependencies() {
  const lock = readIfThere(join(projectRoot, 'package-lock.json'));
  if (lock === undefined) throw new SetupError('package-lock.json is missing.');
  const key = stampKey([lock, process.version, process.platform, process.arch]);
  if (isStamped('dependencies', key)) return;

  if (!isInstalled(lock)) {
    const startedAtMs = Date.now();
    say('Installing the npm packages (npm ci) …');
    // --include=dev: NODE_ENV=production or omit=dev would leave out the build tools.
    // --ignore-scripts: no package needs its install script (allowScripts in package.json).
    const flags = ['--include=dev', '--ignore-scripts', '--no-audit', '--no-fund'];
    const { code, output } = await runNpm(['ci', ...flags, '--loglevel=error'], { quiet: true });
    if (code !== 0) {
      throw new SetupError(`npm ci failed (exit code ${code}):\n${output.trim()}`);
    }
    say(`npm packages installed in ${secondsSince(startedAtMs)}.`);
  }
  stamp('dependencies', key);
}

/**
 * Whether what npm noted down in node_modules is what the lock file asks for on this platform.
 * Optional packages may be missing, unless they are the binaries made for this very platform.
 *
 * @param {string} lock
 */
function isInstalled(lock) {
  const noted = readIfThere(join(nodeModules, '.package-lock.json'));
  if (noted === undefined) return false;
  const wanted = packagesOf(lock);
  const present = packagesOf(noted);
  return (
    Object.keys(present).every((path) => path in wanted) &&
    Object.entries(wanted).every(
      ([path, { version, ...rest }]) =>
        path === '' ||
        present[path]?.version === version ||
        (!(path in present) && rest.optional === true && !isForThisPlatform(rest)),
    )
  );
}

/**
 * @param {string} text
 * @returns {LockedPackages}
 */
function packagesOf(text) {
  return /** @type {{ packages: LockedPackages }} */ (JSON.parse(text)).packages;
}

/** @param {LockedPackage} locked */
function isForThisPlatform({ os, cpu, libc }) {
  // glibc or musl cannot be told cheaply: such packages do not count.
  return os?.includes(process.platform) === true && cpu?.includes(process.arch) === true && !libc;
}
