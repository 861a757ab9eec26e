/** The app as it is shipped: packed, with its fuses set, doing the main job and opening no back door. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { launchPackagedBearerTray, personTenant, seedProfile } from '../harness/bearer-tray.ts';
import { demand, waitForSnapshot } from '../harness/bridge.ts';
import { expect, test } from '../harness/fixtures.ts';
import { poll } from '../harness/waiting.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const UNPACKED = join(ROOT, 'release', 'linux-unpacked');
const EXECUTABLE = join(UNPACKED, 'bearer-tray');

test.use({ authorizationServerOptions: { accessTokenSeconds: 60 } });

test.beforeAll(async () => {
  test.setTimeout(180_000);
  const asar = join(UNPACKED, 'resources', 'app.asar');
  const isCurrent =
    existsSync(asar) && statSync(asar).mtimeMs > statSync(join(ROOT, 'dist', '.built')).mtimeMs;
  if (isCurrent) return;
  await promisify(execFile)(process.execPath, ['scripts/run.mjs', 'dist', 'dir'], {
    cwd: ROOT,
    timeout: 170_000,
  });
});

test('H-01 the packed app signs in, copies, renews by itself and copies the new token', async ({
  desktop,
  userDataDir,
  authorizationServer: server,
}) => {
  seedProfile(userDataDir, [personTenant(server, 'Acme')]);
  const tray = await launchPackagedBearerTray(desktop, EXECUTABLE, { userDataDir });
  try {
    await tray.signIn('Acme', server);
    const first = await tray.copy('Acme');
    expect(server.canaries()).toContain(first);
    const page = await tray.popover();
    await waitForSnapshot(page, 'the keychain', ({ keychain }) => keychain.state === 'open');
    expect(await page.evaluate(() => navigator.userAgent)).toContain('Electron');
    await poll('the renewal by the clock', 40_000, () => {
      return server.tokenRequests('refresh_token').succeeded === 1;
    });
    await waitForSnapshot(
      page,
      'the new token',
      ({ tenants }) => tenants[0]?.status.kind === 'fresh',
    );
    const second = await tray.copy('Acme');
    expect(second).not.toBe(first);
    expect(server.canaries()).toContain(second);
  } finally {
    await tray.app.close();
  }
  expect(tray.app.process.exitCode).toBe(0);

  // What it has stored, it reads again
  const again = await launchPackagedBearerTray(desktop, EXECUTABLE, { userDataDir });
  try {
    expect(server.canaries()).toContain(await again.copy('Acme'));
  } finally {
    await again.app.close();
  }
});

test('H-01 the fuses are set as the configuration says', () => {
  expect(readFuses(EXECUTABLE)).toMatchObject({
    runAsNode: false,
    enableCookieEncryption: false,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    grantFileProtocolExtraPrivileges: false,
  });
});

test('H-01 ELECTRON_RUN_AS_NODE, NODE_OPTIONS, --inspect and SIGUSR1 have no effect', async ({
  desktop,
  userDataDir,
}) => {
  const marker = join(userDataDir, 'foreign code ran');
  const script = join(userDataDir, 'foreign.cjs');
  writeFileSync(script, `require('node:fs').writeFileSync(${JSON.stringify(marker)}, '')`);
  const profile = join(userDataDir, 'profile');
  seedProfile(profile, []);
  const tray = await launchPackagedBearerTray(desktop, EXECUTABLE, {
    userDataDir: profile,
    args: ['--inspect=0', '--inspect-brk=0', '--require', script, script],
    env: { ELECTRON_RUN_AS_NODE: '1', NODE_OPTIONS: `--require "${script}" --inspect=0` },
  });
  try {
    // It is the app that runs, not Node
    const page = await tray.popover();
    expect(await demand(page, 'getSnapshot')).toMatchObject({ tray: 'shown', tenants: [] });
    expect(existsSync(marker)).toBe(false);
    // In a running Node it opens the inspector; nobody listens for it here, so it ends the app as any program
    const exited = once(tray.app.process, 'exit');
    process.kill(tray.app.process.pid!, 'SIGUSR1');
    expect(await exited).toEqual([null, 'SIGUSR1']);
    expect(tray.app.output()).not.toContain('Debugger listening');
  } finally {
    await tray.app.kill();
  }
});

/** Names in the order of the wire: https://github.com/electron/fuses/blob/main/src/config.ts */
const FUSES = [
  'runAsNode',
  'enableCookieEncryption',
  'enableNodeOptionsEnvironmentVariable',
  'enableNodeCliInspectArguments',
  'enableEmbeddedAsarIntegrityValidation',
  'onlyLoadAppFromAsar',
  'loadBrowserProcessSpecificV8Snapshot',
  'grantFileProtocolExtraPrivileges',
];

/** The wire stands in the binary behind a mark: version, length, and a digit for each fuse. */
function readFuses(executable: string): Readonly<Record<string, boolean>> {
  const bytes = readFileSync(executable);
  const mark = Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX');
  const start = bytes.indexOf(mark) + mark.length;
  expect(start).toBeGreaterThan(mark.length);
  expect(bytes[start]).toBe(1);
  const digits = bytes.subarray(start + 2, start + 2 + (bytes[start + 1] ?? 0)).toString('latin1');
  return Object.fromEntries(FUSES.map((name, index) => [name, digits[index] === '1']));
}
