// `npm run dist [-- dir | electron-builder arguments]`: packages for the platform it runs on into
// release/. `dir` makes the unpacked folder only.

import { join } from 'node:path';
import { run } from '../setup/child.mjs';
import { say } from '../setup/console.mjs';
import { electronDist, installedElectron } from '../setup/electron-install.mjs';
import { nodeModules } from '../setup/paths.mjs';
import { toolEnvironment } from './tools.mjs';

const builder = join(nodeModules, 'electron-builder/cli.js');

/**
 * @param {readonly string[]} args
 * @returns {Promise<number>} exit code of electron-builder
 */
export async function packageApp(args) {
  const isForAnother = args.some((arg) =>
    /^(--(linux|mac|win|x64|arm64|armv7l|ia32|universal)|-[lmw]+)$/.test(arg),
  );
  const isHostLinux = process.platform === 'linux' && !isForAnother;
  const tools = isHostLinux && args[0] !== 'dir' ? await toolEnvironment() : {};
  // The platform takes the targets after it, as in `--linux dir`.
  const platform = isForAnother ? [] : [hostFlag()];
  const electron = isHostLinux ? installedElectronFlags() : [];
  const { code } = await run(
    process.execPath,
    [builder, ...platform, ...args, ...electron, '--publish', 'never'],
    { env: { ...process.env, ...tools } },
  );
  return code;
}

function hostFlag() {
  if (process.platform === 'darwin') return '--mac';
  return process.platform === 'win32' ? '--win' : '--linux';
}

/**
 * On Linux the installed binary is packed. Elsewhere, and for another platform or processor,
 * electron-builder fetches the official archive of the version in package.json.
 */
function installedElectronFlags() {
  const installed = installedElectron();
  if (installed === undefined) return [];
  const flags = [
    `--config.electronDist=${electronDist}`,
    `--config.electronVersion=${installed.version}`,
  ];
  if (installed.origin === 'official') return flags;
  say(
    `Packing the unverified Electron ${installed.version}: these packages are for tests, ` +
      'not for publishing.',
  );
  const name = '${name}-${version}-unverified-electron-${os}-${arch}.${ext}';
  return [...flags, `--config.artifactName=${name}`];
}
