/** The demo on the person's own desktop: starts server and app with a throwaway profile, says what to try, tidies up. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { seedProfile } from '../../tests/harness/bearer-tray.ts';
import { electronBinary } from '../setup/electron-install.mjs';
import { projectRoot } from '../setup/paths.mjs';
import { companyInBrowser, NAMES, openTenants, secretTenants } from './tenants.ts';
import { ACCESS_TOKEN_SECONDS, startWorld, type World } from './world.ts';

/** Answers the exit code when the app has ended. */
export async function runInteractive(): Promise<number> {
  const world = await startWorld();
  const profile = mkdtempSync(join(tmpdir(), 'bearer-tray-demo-'));
  try {
    const tenants = [
      ...openTenants(world),
      companyInBrowser(world.globex),
      ...secretTenants(world),
    ];
    seedProfile(profile, tenants, { theme: 'system' });
    const app = startApp(profile, world.internet.launchArguments);
    console.log(instructions(world));
    return await ended(app);
  } finally {
    await world.stop();
    await forgetKey(profile);
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    console.log('Demo ended; its servers, profile and key are gone.');
  }
}

function instructions(world: World): string {
  const { acme, globex, limio, teleTracker, rest, weather } = world;
  const otherAccount = String(teleTracker.accountIds[1]);
  return `
Bearer Tray is running with a throwaway profile. This computer plays every provider; nothing goes to a real one.
Click the icon in the tray, a keyhole above a box. (This desktop shows no icons? Then the app is a window.)

Sign in, with any name and any password:
${table([
  [
    `${acme.name}, ${globex.name}`,
    `OpenID Connect; tokens live ${String(ACCESS_TOKEN_SECONDS)} s and are renewed after half of it`,
  ],
  [
    companyInBrowser(globex).name,
    'the same in your own browser, for providers that refuse windows',
  ],
  [NAMES.limioWebApp, 'its token is taken from the calls of the web app itself'],
  [NAMES.liveChat, 'implicit grant; the token begins with dal:'],
  [NAMES.oauth2, 'OAuth 2.0 with two addresses, and form-encoded answers'],
  [NAMES.okta, 'one of the providers that the app knows'],
])}

Type a secret first: open the row, "Edit", enter it, "Test", "Save":
${table([
  [NAMES.limio, `client secret ${limio.clientSecret}`],
  [NAMES.teleTracker, `password ${teleTracker.password} ("Another account…" is ${otherAccount})`],
  [NAMES.rest, `password ${rest.account.password}`],
  [NAMES.weather, `key ${weather.key}`],
])}

With a token, "Call" asks the provider whether it is good. "Copy as" gives it as cURL, for example; that of ${acme.name} and
${globex.name} runs in a shell as it is. Or "Copy", and paste the token between the quotes:
  curl ${acme.server.protectedUrl} -H "Authorization: Bearer "
  curl ${globex.server.protectedUrl} -H "Authorization: Bearer "

To end: Ctrl+C here, or quit the app.
`;
}

function table(rows: readonly (readonly [name: string, text: string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`).join('\n');
}

function startApp(profile: string, launchArguments: readonly string[]): ChildProcess {
  const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
  const { ELECTRON_RUN_AS_NODE: _asNode, ...env } = process.env;
  const sandbox = isRoot ? ['--no-sandbox'] : [];
  const args = [...sandbox, `--user-data-dir=${profile}`, ...launchArguments, '.'];
  return spawn(electronBinary(), args, {
    cwd: projectRoot,
    env,
    stdio: 'inherit',
    // A group of its own: a terminal's Ctrl+C would reach it too, and the second signal, ours, would
    // kill it in the middle of its orderly quit. On Windows that would open a console window.
    detached: process.platform !== 'win32',
  });
}

async function ended(app: ChildProcess): Promise<number> {
  const quit = (): void => {
    app.kill('SIGTERM');
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, quit);
  try {
    return await new Promise<number>((resolve, reject) => {
      app.once('error', reject);
      // Ended by our signal is ended as wanted.
      app.once('exit', (code) => {
        resolve(code ?? 0);
      });
    });
  } finally {
    for (const signal of signals) process.off(signal, quit);
  }
}

/** Takes the throwaway profile's key out of the person's real keychain. In a process of its own, as a locked keyring never answers. */
async function forgetKey(profile: string): Promise<void> {
  try {
    const store = JSON.parse(readFileSync(join(profile, 'vault', 'store.json'), 'utf8')) as {
      readonly storeId: string;
    };
    const script = `import keytar from 'keytar'; await keytar.deletePassword('Bearer Tray', process.argv[1]);`;
    const args = ['--input-type=module', '--eval', script, store.storeId];
    const options = { cwd: projectRoot, timeout: 5_000, killSignal: 'SIGKILL' } as const;
    await promisify(execFile)(process.execPath, args, options);
  } catch {
    // There was no keychain, so nothing was stored in it.
  }
}
