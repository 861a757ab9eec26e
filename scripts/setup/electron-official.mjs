// The official Electron archive: whether it can be had from here, and its installation by
// Electron's own installer, which compares it with the sha256 in its checksums.json.

import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { run } from './child.mjs';
import { say, secondsSince, SetupError } from './console.mjs';
import {
  electronDist,
  electronFolder,
  noteElectronOrigin,
  wantedElectronVersion,
} from './electron-install.mjs';
import { probe } from './probe.mjs';

const TIMEOUT_MS = 10 * 60_000;
const PROGRESS_INTERVAL_MS = 15_000;
const RELEASES = 'https://github.com/electron/electron/releases/download/';

/**
 * The same names and order as in @electron/get, which does the download.
 *
 * @param {'mirror' | 'custom_dir' | 'custom_filename'} name
 */
function mirrorSetting(name) {
  return (
    process.env[`npm_config_electron_${name}`] ||
    process.env[`NPM_CONFIG_ELECTRON_${name.toUpperCase()}`] ||
    process.env[`ELECTRON_${name.toUpperCase()}`]
  );
}

function archiveName() {
  return `electron-v${wantedElectronVersion()}-${process.platform}-${process.arch}.zip`;
}

export function archiveUrl() {
  const version = wantedElectronVersion();
  const base = mirrorSetting('mirror') || RELEASES;
  const folder = (mirrorSetting('custom_dir') || `v${version}`).replace('{{ version }}', version);
  return `${base}${folder}/${mirrorSetting('custom_filename') || archiveName()}`;
}

/**
 * @returns {Promise<{ reachable: true } | { reachable: false, reason: string }>}
 */
export async function probeOfficial() {
  // The installer's proxy settings are not those of fetch: let it try for itself.
  if (process.env['ELECTRON_GET_USE_PROXY'] || isInDownloadCache()) return { reachable: true };
  return probe(archiveUrl());
}

/** The installer keeps archives as <cache>/<hash of the address>/<name> and needs no network then. */
function isInDownloadCache() {
  const folder = process.env['electron_config_cache'] ?? defaultCacheFolder();
  if (!existsSync(folder)) return false;
  return readdirSync(folder).some((entry) => existsSync(join(folder, entry, archiveName())));
}

function defaultCacheFolder() {
  if (process.platform === 'darwin') return join(homedir(), 'Library/Caches/electron');
  if (process.platform === 'win32') {
    return join(process.env['LOCALAPPDATA'] ?? join(homedir(), 'AppData/Local'), 'electron/Cache');
  }
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'electron');
}

/**
 * What was there before is kept until the new one is complete, and comes back if it fails.
 *
 * @throws {SetupError} with the installer's own words
 */
export async function installOfficial() {
  const version = wantedElectronVersion();
  const startedAtMs = Date.now();
  say(`Downloading Electron ${version} from ${new URL(archiveUrl()).host} …`);
  const progress = setInterval(
    () => say(`… still downloading (${secondsSince(startedAtMs)})`),
    PROGRESS_INTERVAL_MS,
  );
  const previous = `${electronDist}.previous`;
  rmSync(previous, { recursive: true, force: true });
  if (existsSync(electronDist)) renameSync(electronDist, previous);
  // require() of ES modules, which the installer uses, is still announced as experimental in Node 20.
  const args = ['--no-warnings', join(electronFolder, 'install.js')];
  const result = await run(process.execPath, args, { quiet: true, timeoutMs: TIMEOUT_MS });
  clearInterval(progress);
  if (result.code !== 0) {
    rmSync(electronDist, { recursive: true, force: true });
    if (existsSync(previous)) renameSync(previous, electronDist);
    const why = result.timedOut
      ? `no end after ${TIMEOUT_MS / 60_000} min`
      : result.output.trim() || `exit code ${result.code}`;
    throw new SetupError(
      `Electron ${version} could not be installed from ${archiveUrl()}:\n${why}\n` +
        'Run the command again, or set ELECTRON_MIRROR to a mirror of the Electron releases.',
    );
  }
  rmSync(previous, { recursive: true, force: true });
  noteElectronOrigin({ version, origin: 'official' });
  say(`Electron ${version} installed in ${secondsSince(startedAtMs)}, checksum verified.`);
}
