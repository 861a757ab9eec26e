// Puts an Electron binary into node_modules/electron/dist: the one that is there, else the official
// one, else the pinned stand-in where that is good enough.

import { say, SetupError } from './console.mjs';
import { hasFallback, installFallback } from './electron-fallback.mjs';
import { installedElectron, wantedElectronVersion } from './electron-install.mjs';
import { archiveUrl, installOfficial, probeOfficial } from './electron-official.mjs';

const ALLOW = 'BEARER_TRAY_ALLOW_UNVERIFIED_ELECTRON';

/**
 * any: whatever runs; for tests and the demo, which know no real token.
 * official-first: replaces a stand-in as soon as the official one can be had; for packages.
 * official-only: the same, and refuses a stand-in unless allowed by name; for real tokens.
 *
 * @typedef {'any' | 'official-first' | 'official-only'} ElectronNeed
 */

/**
 * @param {ElectronNeed} need
 * @throws {SetupError} with the remedy
 */
export async function ensureElectron(need) {
  const installed = installedElectron();
  const isWanted =
    installed?.origin === 'official' && installed.version === wantedElectronVersion();
  if (isWanted || (installed?.origin === 'unverified' && need === 'any')) return;

  const official = await probeOfficial();
  if (official.reachable) return installOfficial();

  const { reason } = official;
  if (need === 'official-only' && installed?.origin !== 'official' && process.env[ALLOW] !== '1') {
    throw refusal(reason);
  }
  if (installed === undefined) {
    if (!hasFallback) throw new SetupError(unreachable(reason));
    return installFallback(reason);
  }
  say(
    `Electron ${installed.version} is used, ${wantedElectronVersion()} cannot be downloaded here ` +
      `(${reason})${installed.origin === 'official' ? '' : '; its bytes are unverified'}.`,
  );
}

/** @param {string} reason */
function unreachable(reason) {
  return (
    `The official Electron ${wantedElectronVersion()} cannot be downloaded here ` +
    `(${reason}: ${archiveUrl()}). Run the command again with a connection to that host, or set ` +
    'ELECTRON_MIRROR to a mirror of the Electron releases.'
  );
}

/** @param {string} reason */
function refusal(reason) {
  if (!hasFallback) return new SetupError(unreachable(reason));
  return new SetupError(
    `${unreachable(reason)}\n` +
      'npm start handles real tokens, so it does not use the stand-in of the demo and the tests: ' +
      'nobody could compare its bytes with the official ones. If you accept that: ' +
      `${ALLOW}=1 npm start. Without real tokens: npm run demo.`,
  );
}
