// Sees to the system packages a task needs. On Debian and its relatives root gets them installed and
// a normal user gets the one line to run; on another Linux what is missing is named.

import { existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from './child.mjs';
import { say, secondsSince, SetupError } from './console.mjs';
import { isStamped, stamp, stampKey } from './stamp.mjs';
import { requirements } from './system-requirements.mjs';

/** Changes with every package installed or removed, so a stamp keyed by it is never out of date. */
const DPKG_STATUS = '/var/lib/dpkg/status';
const LOCK_TIMEOUT_SECONDS = 300;

/** @typedef {import('./system-requirements.mjs').Requirement} Requirement */
/** @typedef {import('./system-requirements.mjs').RequirementSet} RequirementSet */

/**
 * @param {readonly RequirementSet[]} sets
 * @throws {SetupError} naming what is missing and how to get it
 */
export async function ensureSystemPackages(sets) {
  if (process.platform !== 'linux' || sets.length === 0) return;
  const needed = sets.flatMap((set) => requirements[set]);
  const hasDpkg = existsSync(DPKG_STATUS) && isOnPath('apt-get') && isOnPath('dpkg-query');
  return hasDpkg ? ensureWithApt(sets.join('-'), needed) : ensureFound(needed);
}

/**
 * @param {string} name
 * @param {readonly Requirement[]} needed
 */
async function ensureWithApt(name, needed) {
  const stampName = `system-packages-${name}`;
  if (isStamped(stampName, dpkgKey(needed))) return;
  const missing = await missingDebianPackages(needed);
  if (missing.length > 0) {
    if (process.getuid?.() !== 0) {
      throw new SetupError(
        'System packages are missing. Run this once, then the command again:\n' +
          `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing.join(' ')}`,
      );
    }
    await installWithApt(missing);
    const left = await missingDebianPackages(needed);
    if (left.length > 0) throw new SetupError(`Still not installed: ${left.join(' ')}`);
  }
  stamp(stampName, dpkgKey(needed));
}

/** @param {readonly Requirement[]} needed */
function dpkgKey(needed) {
  const { mtimeMs, size } = statSync(DPKG_STATUS);
  return stampKey([mtimeMs, size, JSON.stringify(needed)]);
}

/**
 * @param {readonly Requirement[]} needed
 * @returns {Promise<readonly string[]>} names this release of the distribution knows
 */
async function missingDebianPackages(needed) {
  const format = '-f=${Package} ${db:Status-Status}\n';
  const { code, output } = await run('dpkg-query', ['-W', format], { quiet: true });
  if (code !== 0) throw new SetupError(`dpkg-query failed:\n${output.trim()}`);
  const installed = new Set(
    output
      .split('\n')
      .map((line) => line.split(' '))
      .filter(([, status]) => status === 'installed')
      .map(([name]) => name),
  );
  // The release is told by what is on it, so that relatives of Debian are right too: since the
  // change some library ending in t64 is part of every base system.
  const has64BitTime = [...installed].some((name) => name?.endsWith('t64'));
  return needed
    .filter(({ debian }) => !debian.some((name) => installed.has(name)))
    .map(({ debian }) => debian.find((name) => has64BitTime || !name.endsWith('t64')) ?? '');
}

/** @param {readonly string[]} packages */
async function installWithApt(packages) {
  const startedAtMs = Date.now();
  say(`Installing system packages (apt-get): ${packages.join(' ')} …`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const wait = ['-o', `DPkg::Lock::Timeout=${LOCK_TIMEOUT_SECONDS}`];
  const update = await run('apt-get', [...wait, 'update', '-q'], { quiet: true, env });
  if (update.code !== 0) say('apt-get update failed; trying with the lists that are there.');
  const args = [...wait, 'install', '-y', '-q', '--no-install-recommends', ...packages];
  const install = await run('apt-get', args, { quiet: true, env });
  if (install.code !== 0) {
    throw new SetupError(
      `apt-get install ${packages.join(' ')} failed:\n${tail(update.output)}\n${tail(install.output)}`,
    );
  }
  say(`System packages installed in ${secondsSince(startedAtMs)}.`);
}

/** @param {string} output the reason is in the last lines */
function tail(output) {
  return output.trim().split('\n').slice(-12).join('\n');
}

/** @param {readonly Requirement[]} needed */
async function ensureFound(needed) {
  const { output } = await run('ldconfig', ['-p'], {
    quiet: true,
    env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
  });
  const missing = needed.map(({ find }) => find).filter((find) => !isFound(find, output));
  if (missing.length === 0) return;
  throw new SetupError(
    `These programs and libraries are needed and were not found: ${missing.join(' ')}\n` +
      'Install them with the package manager of this system and run the command again.',
  );
}

/**
 * @param {string} find
 * @param {string} libraries output of ldconfig -p
 */
function isFound(find, libraries) {
  if (find.startsWith('/')) return existsSync(find);
  return find.includes('.so') ? libraries.includes(`${find} (`) : isOnPath(find);
}

/** @param {string} program */
export function isOnPath(program) {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.some((folder) => existsSync(join(folder, program)));
}
