/** The demo on the person's own desktop: starts server and app with a throwaway profile, says what to try, tidies up. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { seedProfile } from '../../tests/harness/bearer-tray.ts';
import { electronBinary } from '../setup/electron-install.mjs';
import { projectRoot } from '../setup/paths.mjs';
import { ACCESS_TOKEN_SECONDS, startCompanies, type Companies } from './servers.ts';

/** Answers the exit code when the app has ended. */
export async function runInteractive(): Promise<number> {
  const companies = await startCompanies();
  const profile = mkdtempSync(join(tmpdir(), 'bearer-tray-demo-'));
  try {
    seedProfile(profile, companies.tenants, { theme: 'system' });
    const app = startApp(profile);
    console.log(instructions(companies));
    return await ended(app);
  } finally {
    await companies.stop();
    await forgetKey(profile);
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    console.log('Demo ended; its server, profile and key are gone.');
  }
}

function instructions({ acme, globex }: Companies): string {
  return `
Bearer Tray is running with a throwaway profile. Try this:

  1. Click the icon in the tray, a keyhole above a box. (This desktop shows no icons? Then the app is a window.)
  2. "Sign in" to ${acme.name}: any name and any password will do. Consent with "Continue".
  3. "Copy", and use the token; paste it between the quotes:
       curl ${acme.server.protectedUrl} -H "Authorization: Bearer "
  4. Wait: tokens live ${String(ACCESS_TOKEN_SECONDS)} s here and are renewed after half of it, by themselves. "Copy" gives the new one.
  5. Sign in to ${globex.name} too, and choose which tenant is active in the details of its row.
       curl ${globex.server.protectedUrl} -H "Authorization: Bearer "

To end: Ctrl+C here, or quit the app.
`;
}

function startApp(profile: string): ChildProcess {
  const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
  const { ELECTRON_RUN_AS_NODE: _asNode, ...env } = process.env;
  const args = [...(isRoot ? ['--no-sandbox'] : []), `--user-data-dir=${profile}`, '.'];
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
