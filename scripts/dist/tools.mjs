// The tools electron-builder would download to make Linux packages, from the system where its
// download host cannot be reached. It would find that out by itself only after 43 s, and then fail.

import { delimiter, join } from 'node:path';
import { existsSync } from 'node:fs';
import { say, SetupError } from '../setup/console.mjs';
import { projectRoot } from '../setup/paths.mjs';
import { probe } from '../setup/probe.mjs';

const RELEASES =
  'https://github.com/electron-userland/electron-builder-binaries/releases/download/';
/** Any file of that host would do; this one electron-builder 26 really downloads. */
const SAMPLE = 'fpm@2.1.4/fpm-1.17.0-ruby-3.4.3-linux-amd64.7z';
/** One program under the names of p7zip and of its successor. */
const SEVEN_ZIP = ['7za', '7z', '7zz'];

/** @returns {Promise<NodeJS.ProcessEnv>} what to add to electron-builder's environment */
export async function toolEnvironment() {
  // Level 6 instead of 9: an eighth of the time for one megabyte more.
  const compression = {
    ELECTRON_BUILDER_COMPRESSION_LEVEL: process.env['ELECTRON_BUILDER_COMPRESSION_LEVEL'] ?? '6',
  };
  const mirror =
    process.env['npm_config_electron_builder_binaries_mirror'] ||
    process.env['ELECTRON_BUILDER_BINARIES_MIRROR'] ||
    RELEASES;
  const host = await probe(`${mirror}${SAMPLE}`);
  if (host.reachable) return compression;

  say(
    `electron-builder's tools cannot be downloaded here (${host.reason}); using 7z and dpkg-deb.`,
  );
  return {
    ...compression,
    ELECTRON_BUILDER_7ZIP_PATH: process.env['ELECTRON_BUILDER_7ZIP_PATH'] ?? sevenZip(),
    CUSTOM_FPM_PATH:
      process.env['CUSTOM_FPM_PATH'] ?? join(projectRoot, 'scripts/dist/fpm-stand-in.mjs'),
  };
}

function sevenZip() {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const found = SEVEN_ZIP.flatMap((name) => folders.map((folder) => join(folder, name))).find(
    (path) => existsSync(path),
  );
  if (found === undefined) throw new SetupError('7z is needed to pack: install p7zip or 7zip.');
  return found;
}
