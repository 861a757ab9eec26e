// What is in node_modules/electron: which version its package names, which binary lies there, and
// whether that one is official.

import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeModules } from './paths.mjs';
import { readIfThere } from './stamp.mjs';

export const electronFolder = join(nodeModules, 'electron');
export const electronDist = join(electronFolder, 'dist');
const pathFile = join(electronFolder, 'path.txt');
const originFile = join(electronFolder, 'bearer-tray-origin.json');

/**
 * official: unpacked by Electron's own installer, which checked it against its checksums.json.
 * unverified: from elsewhere; its bytes were never compared with the official archive.
 *
 * @typedef {'official' | 'unverified'} ElectronOrigin
 * @typedef {{ readonly version: string, readonly origin: ElectronOrigin }} InstalledElectron
 */

/** @returns {string} the version of the electron package, as in package.json */
export function wantedElectronVersion() {
  const text = readIfThere(join(electronFolder, 'package.json')) ?? '{}';
  return /** @type {{ version?: string }} */ (JSON.parse(text)).version ?? '';
}

/** @returns {InstalledElectron | undefined} undefined when none is there, or only a part of one */
export function installedElectron() {
  const version = readIfThere(join(electronDist, 'version'))?.trim().replace(/^v/, '');
  if (version === undefined || readIfThere(pathFile) !== programInDist()) return undefined;
  if (!existsSync(electronBinary())) return undefined;
  return { version, origin: originOf(version) };
}

/**
 * Without a note that fits, a binary of the package's own version came from Electron's installer,
 * which accepts no other, and any other version did not.
 *
 * @param {string} version
 * @returns {ElectronOrigin}
 */
function originOf(version) {
  const note = /** @type {Partial<InstalledElectron>} */ (
    JSON.parse(readIfThere(originFile) ?? '{}')
  );
  if (note.version === version && note.origin !== undefined) return note.origin;
  return version === wantedElectronVersion() ? 'official' : 'unverified';
}

/** @param {InstalledElectron} installed */
export function noteElectronOrigin(installed) {
  writeFileSync(originFile, `${JSON.stringify(installed)}\n`);
}

/** electron's index.js and Playwright look into path.txt to find the program. */
export function writePathFile() {
  writeFileSync(pathFile, programInDist());
}

export function removeElectron() {
  rmSync(pathFile, { force: true });
  rmSync(electronDist, { recursive: true, force: true });
}

/** @returns {string} absolute path of the program, whether it is there or not */
export function electronBinary() {
  return join(electronDist, programInDist());
}

function programInDist() {
  if (process.platform === 'darwin') return 'Electron.app/Contents/MacOS/Electron';
  return process.platform === 'win32' ? 'electron.exe' : 'electron';
}
