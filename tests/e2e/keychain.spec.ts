/** The keychain in the states that real desktops have: none, locked, unlocked later. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startHostileServer } from '../emulators/hostile-server.ts';
import { launchBearerTray, seedProfile, tenantOf } from '../harness/bearer-tray.ts';
import { demand, waitForSnapshot } from '../harness/bridge.ts';
import { createCanarySearch } from '../harness/canary-search.ts';
import { connectBus } from '../harness/desktop-bus.ts';
import { startDesktop } from '../harness/desktop.ts';
import type { Desktop } from '../harness/desktop.ts';
import { expect, test } from '../harness/fixtures.ts';
import { Keyring } from '../harness/keyring.ts';
import { poll } from '../harness/waiting.ts';

/** Of the harness's keyring. */
const KEYRING_PASSWORD = 'harness';

/** gnome-keyring leaves a prompt open when who asked for it is gone: such a desktop is for one test only. */
const testAlone = test.extend<{ readonly ownDesktop: Desktop; readonly profile: string }>({
  ownDesktop: async ({ desktopOptions }, use) => {
    const desktop = await startDesktop(desktopOptions);
    await use(desktop);
    await desktop.stop();
  },
  profile: async ({ ownDesktop }, use) => {
    await use(join(ownDesktop.directory, 'profile'));
  },
});

test('without a keychain says so, signs in, keeps nothing on disk; a keychain that comes later is used by itself', async () => {
  const desktop = await startDesktop({ keyring: 'none' });
  const server = await startHostileServer();
  try {
    const userDataDir = join(desktop.directory, 'profile');
    const acme = tenantOf(server, 'Acme');
    seedProfile(userDataDir, [acme]);
    const first = await launchBearerTray(desktop, { userDataDir });
    const page = await first.popover();
    await page.getByText('this computer offers no keychain').waitFor();
    await demand(page, 'signIn', acme.id);
    expect(server.canaries()).toContain(await first.copy('Acme'));
    await demand(page, 'renew', acme.id);
    await first.app.close();
    const search = createCanarySearch(server.canaries());
    search.lookAtFolder(desktop.directory);
    search.look('output', first.app.output());
    expect(search.hits()).toEqual([]);
    expect(readdirSync(join(userDataDir, 'vault', 'records'))).toEqual([]);

    const second = await launchBearerTray(desktop, { userDataDir });
    const again = await second.popover();
    await again.getByRole('button', { name: 'Sign in to Acme' }).waitFor();
    await demand(again, 'signIn', acme.id);
    const bus = await connectBus(desktop.env.DBUS_SESSION_BUS_ADDRESS);
    const keyring = await Keyring.start(desktop.processes, desktop.env, bus);
    await waitForSnapshot(
      again,
      'the keychain to be used',
      ({ keychain }) => keychain.state === 'open',
    );
    await again.getByText('this computer offers no keychain').waitFor({ state: 'detached' });
    await again.getByRole('button', { name: 'Copy token of Acme' }).waitFor();
    expect(await keyring.items()).toHaveLength(1);
    await second.app.close();

    const third = await launchBearerTray(desktop, { userDataDir });
    expect(server.canaries()).toContain(await third.copy('Acme'));
    await third.app.close();
    bus.disconnect();
  } finally {
    await desktop.stop();
    await server.stop();
  }
});

testAlone(
  'D-03 D-04 locked at start: usable at once, tenants locked, no file and no key changed; unlocked: all is back by itself within 5 s',
  async ({ ownDesktop: desktop, profile: userDataDir }) => {
    const server = await startHostileServer();
    const acme = tenantOf(server, 'Acme');
    seedProfile(userDataDir, [acme]);
    const beganAtMs = Date.now();
    const before = await launchBearerTray(desktop, { userDataDir });
    const popover = await before.popover();
    // A busy computer takes longer for everything
    const undisturbedMs = Date.now() - beganAtMs;
    await demand(popover, 'signIn', acme.id);
    const token = await before.copy('Acme');
    await before.app.close();
    const stored = filesOf(userDataDir);
    expect(Object.keys(stored)).toHaveLength(3);
    const items = await desktop.keyringItems();

    await desktop.lockKeyring();
    const startedAtMs = Date.now();
    const tray = await launchBearerTray(desktop, { userDataDir });
    try {
      const page = await tray.popover();
      await page.getByRole('button', { name: 'Try again to unlock Acme' }).waitFor();
      expect(Date.now() - startedAtMs).toBeLessThan(Math.max(3000, 2 * undisturbedMs));
      await waitForSnapshot(
        page,
        'the wait to be told',
        ({ keychain }) => keychain.message !== null,
      );
      // The prompt may have taken the focus by now, and with it the popover
      await tray.popover();
      await page.getByText('Waiting for the keychain').waitFor();
      // Nothing else waits for the keychain
      expect(await demand(page, 'listProviders')).not.toEqual([]);
      expect(filesOf(userDataDir)).toEqual(stored);

      await desktop.unlockKeyring();
      await page.getByRole('button', { name: 'Copy token of Acme' }).waitFor({ timeout: 5000 });
      await page.getByText('Waiting for the keychain').waitFor({ state: 'detached' });
      expect(await tray.copy('Acme')).toBe(token);
      expect(filesOf(userDataDir)).toEqual(stored);
      expect(await desktop.keyringItems()).toEqual(items);
    } finally {
      await tray.app.close();
      await server.stop();
    }
  },
);

testAlone(
  'D-04 a password prompt that is dismissed changes nothing and makes no new key; one that is answered brings all back',
  async ({ ownDesktop: desktop, profile: userDataDir }) => {
    const server = await startHostileServer();
    const acme = tenantOf(server, 'Acme');
    seedProfile(userDataDir, [acme]);
    const before = await launchBearerTray(desktop, { userDataDir });
    await demand(await before.popover(), 'signIn', acme.id);
    const token = await before.copy('Acme');
    await before.app.close();
    const stored = filesOf(userDataDir);
    const items = await desktop.keyringItems();

    await desktop.lockKeyring();
    const tray = await launchBearerTray(desktop, { userDataDir });
    try {
      await typeIntoPrompt(desktop, 'Escape');
      for (let dismissals = 0; dismissals < 2; dismissals += 1) {
        // The prompt has taken the focus, so the popover is opened anew
        const page = await tray.popover();
        await page.getByText('the keychain of this computer is locked').waitFor();
        await page.getByRole('button', { name: 'Try again', exact: true }).click();
        if (dismissals === 0) await typeIntoPrompt(desktop, 'Escape');
      }
      expect(filesOf(userDataDir)).toEqual(stored);
      expect(await desktop.keyringItems()).toEqual(items);

      await typeIntoPrompt(desktop, ...KEYRING_PASSWORD.split(''), 'Return');
      expect(await tray.copy('Acme')).toBe(token);
      expect(filesOf(userDataDir)).toEqual(stored);
      expect(await desktop.keyringItems()).toEqual(items);
    } finally {
      await tray.app.close();
      await server.stop();
    }
  },
);

testAlone(
  'quits within 5 s while the keyring asks for its password',
  async ({ ownDesktop: desktop, profile: userDataDir }) => {
    const server = await startHostileServer();
    const acme = tenantOf(server, 'Acme');
    seedProfile(userDataDir, [acme]);
    const before = await launchBearerTray(desktop, { userDataDir });
    await demand(await before.popover(), 'signIn', acme.id);
    await before.app.close();
    await desktop.lockKeyring();
    const tray = await launchBearerTray(desktop, { userDataDir });
    try {
      const page = await tray.popover();
      await waitForSnapshot(
        page,
        'the wait to be told',
        ({ keychain }) => keychain.message !== null,
      );
      const exited = once(tray.app.process, 'exit');
      const askedAtMs = Date.now();
      await desktop.trayHost.clickMenu('Quit');
      await exited;
      expect(Date.now() - askedAtMs).toBeLessThan(5000);
      expect(tray.app.process.exitCode).toBe(0);
    } finally {
      await tray.app.close().catch(() => undefined);
      await server.stop();
    }
  },
);

/** Waits for the keyring's own password prompt and gives it the keyboard. */
async function typeIntoPrompt(desktop: Desktop, ...keys: readonly string[]): Promise<void> {
  const xdotool = (...args: readonly string[]) =>
    promisify(execFile)('xdotool', args, { env: desktop.env, timeout: 10_000 });
  const prompt = ['search', '--onlyvisible', '--limit', '1', '--class', 'gcr-prompter'];
  await poll('the password prompt', 10_000, () =>
    xdotool(...prompt, 'windowfocus', '--sync').then(
      () => true,
      () => false,
    ),
  );
  await xdotool('key', ...keys);
  await poll('the password prompt to go', 10_000, () =>
    xdotool(...prompt).then(
      () => false,
      () => true,
    ),
  );
}

/** What must not change while the keychain is locked: path → content in hexadecimal. */
function filesOf(userDataDir: string): Readonly<Record<string, string>> {
  const vault = join(userDataDir, 'vault');
  const paths = [
    join(userDataDir, 'settings.json'),
    join(vault, 'store.json'),
    ...readdirSync(join(vault, 'records')).map((name) => join(vault, 'records', name)),
  ];
  return Object.fromEntries(paths.map((path) => [path, readFileSync(path).toString('hex')]));
}
