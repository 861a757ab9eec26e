/** The tray icon as a desktop sees it: one item for the life of the app, its picture, its menu, and what happens without a tray. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Message } from 'dbus-next';
import { redirectWith, startHostileServer } from '../emulators/hostile-server.ts';
import { launchApp } from '../harness/app.ts';
import { BearerTray, launchBearerTray, seedProfile, tenantOf } from '../harness/bearer-tray.ts';
import type { SeedTenant } from '../harness/bearer-tray.ts';
import { ask, demand, waitForSnapshot } from '../harness/bridge.ts';
import { startDesktop } from '../harness/desktop.ts';
import type { Desktop } from '../harness/desktop.ts';
import { callBus, connectBus } from '../harness/desktop-bus.ts';
import { expect, test } from '../harness/fixtures.ts';
import type { TrayMenuItem } from '../harness/tray-host.ts';

test('shows by its picture whether all is calm, something is renewed, or a person is needed, and registers once', async ({
  desktop,
  userDataDir,
}) => {
  const server = await startHostileServer();
  const acme = tenantOf(server, 'Acme');
  seedProfile(userDataDir, [acme, tenantOf(server, 'Globex')]);
  await using registrations = await countRegistrations(desktop);
  const tray = await launchBearerTray(desktop, { userDataDir });
  try {
    const { trayHost } = desktop;
    const page = await tray.popover();
    const calm = (await trayHost.item()).icon;
    await demand(page, 'signIn', acme.id);
    await trayHost.waitForIcon(({ hash }) => hash === calm.hash);

    // A renewal that takes as long as it takes to look
    let answerNow = (): void => undefined;
    const held = new Promise<void>((resolve) => (answerNow = resolve));
    server.behave({ token: (_request, ordinary) => held.then(ordinary) });
    const renewed = demand(page, 'renew', acme.id);
    const renewing = await trayHost.waitForIcon(({ hash }) => hash !== calm.hash);
    answerNow();
    await renewed;
    await trayHost.waitForIcon(({ hash }) => hash === calm.hash);

    server.reset();
    server.endSessions();
    expect(await ask(page, 'renew', acme.id)).toMatchObject({ ok: false });
    const attention = await trayHost.waitForIcon(
      ({ hash }) => hash !== calm.hash && hash !== renewing.hash,
    );
    await trayHost.waitForItemWith(({ toolTip }) => toolTip.includes('Acme needs you'));
    await demand(page, 'signIn', acme.id);
    await trayHost.waitForIcon(({ hash }) => hash === calm.hash);
    expect(new Set([calm.hash, renewing.hash, attention.hash]).size).toBe(3);

    // Many changes of the state, of the menu and of the colours
    for (let round = 0; round < 20; round += 1) {
      await demand(page, 'renew', acme.id);
      await demand(page, 'saveSettings', { theme: round % 2 === 0 ? 'dark' : 'light' });
      await demand(page, 'signOut', acme.id);
      await demand(page, 'signIn', acme.id);
    }
    await trayHost.waitForIcon(({ hash }) => hash === calm.hash);
    expect(registrations.count()).toBe(1);
    expect(trayHost.itemCount).toBe(1);
  } finally {
    await tray.app.close();
    await server.stop();
  }
});

test('opens and closes the popover by a click, and does by its menu what a person needs', async ({
  desktop,
  userDataDir,
}) => {
  const server = await startHostileServer();
  const names = ['R&D & _under__score_', 'Acme', 'Globex'];
  const tenants = names.map((name) => tenantOf(server, name));
  const [odd, acme] = tenants as [SeedTenant, SeedTenant];
  seedProfile(userDataDir, tenants);
  const tray = await launchBearerTray(desktop, { userDataDir });
  try {
    const { trayHost } = desktop;
    await trayHost.activate();
    await tray.popoverShown();
    await trayHost.activate();
    await tray.popoverHidden();

    const untouched = await trayHost.menu();
    expect(untouched.map(({ label }) => label)).toEqual([
      `Sign in to ${odd.name}`,
      '',
      ...names,
      '',
      'Open Bearer Tray',
      'Quit',
    ]);
    for (const name of names) expect(labelsBelow(untouched, name)).toContain('Sign in');

    for (const name of names) {
      await trayHost.clickMenu(name, 'Sign in');
      await trayHost.waitForMenu((menu) => labelsBelow(menu, name).includes('Copy token'), 10_000);
    }
    const tokens = new Set<string>();
    for (const name of names) {
      await desktop.clipboard.writeText('before the copy');
      await trayHost.clickMenu(name, 'Copy token');
      const token = await desktop.clipboard.waitForText((text) => text !== 'before the copy');
      expect(server.canaries()).toContain(token);
      tokens.add(token ?? '');
    }
    expect(tokens.size).toBe(3);

    await trayHost.clickMenu(acme.name, 'Make active');
    const switched = await trayHost.waitForMenu(([first]) => first?.label === 'Copy token of Acme');
    expect(labelsBelow(switched, acme.name)).toContain('Active');
    expect(labelsBelow(switched, odd.name)).toContain('Make active');
    await desktop.clipboard.writeText('before the copy');
    await trayHost.clickMenu('Copy token of Acme');
    await desktop.clipboard.waitForText((text) => tokens.has(text ?? ''));

    await trayHost.clickMenu('Open Bearer Tray');
    await tray.popoverShown();
    const page = await tray.popover();
    expect((await demand(page, 'getSnapshot')).activeTenantId).toBe(acme.id);

    // A command of the menu that fails shows why
    await trayHost.activate();
    await tray.popoverHidden();
    server.behave({
      authorize: (request) =>
        redirectWith(request, [
          ['error', 'access_denied'],
          ['state', request.query.get('state') ?? ''],
          ['iss', server.issuer],
        ]),
    });
    await trayHost.clickMenu(acme.name, 'Sign in again');
    await tray.popoverShown();

    const exited = once(tray.app.process, 'exit');
    await trayHost.clickMenu('Quit');
    await exited;
    expect(tray.app.process.exitCode).toBe(0);
  } finally {
    await tray.app.close().catch(() => undefined);
    await server.stop();
  }
});

test('is still there when the panel starts anew, and a second start shows the popover of the first', async ({
  desktop,
  userDataDir,
}) => {
  seedProfile(userDataDir, []);
  const tray = await launchBearerTray(desktop, { userDataDir });
  try {
    const { trayHost } = desktop;
    for (let round = 0; round < 3; round += 1) {
      trayHost.stop();
      await trayHost.start();
      await trayHost.waitForItem();
    }
    await trayHost.activate();
    await tray.popoverShown();
    await trayHost.activate();
    await tray.popoverHidden();

    expect(await startSecond(desktop, userDataDir)).toBe(0);
    await tray.popoverShown();
    expect(trayHost.itemCount).toBe(1);
  } finally {
    await tray.app.close();
  }
});

test('without a tray is an ordinary window that says so, and moves into the tray once there is one', async () => {
  const desktop = await startDesktop({ trayHost: false });
  const userDataDir = `${desktop.directory}/profile`;
  try {
    seedProfile(userDataDir, []);
    const app = await launchApp(desktop, { userDataDir });
    const tray = new BearerTray(app, desktop);
    await tray.popoverShown();
    const page = await app.waitForPage((url) => url.startsWith('app://'));
    await page.getByText('This desktop shows no tray icons').waitFor();
    // Nothing could bring it back: it cannot be hidden by accident
    await page.keyboard.press('Escape');
    await demand(page, 'hidePopover');
    expect(await desktop.isWindowVisible('Bearer Tray')).toBe(true);

    await desktop.trayHost.start();
    await desktop.trayHost.waitForItem(15_000);
    await waitForSnapshot(
      page,
      'the page to know of the tray',
      ({ tray: state }) => state === 'shown',
    );
    await page.getByText('This desktop shows no tray icons').waitFor({ state: 'detached' });
    await desktop.trayHost.activate();
    await tray.popoverHidden();
    await desktop.trayHost.activate();
    await tray.popoverShown();
    expect(desktop.trayHost.itemCount).toBe(1);
    await app.close();

    // Without a tray the window is all there is: closing it ends the app
    desktop.trayHost.stop();
    const again = await launchApp(desktop, { userDataDir });
    await new BearerTray(again, desktop).popoverShown();
    const exited = once(again.process, 'exit');
    await again.electron.evaluate(({ BrowserWindow }) => {
      for (const window of BrowserWindow.getAllWindows()) window.close();
    });
    await exited;
    expect(again.process.exitCode).toBe(0);
  } finally {
    await desktop.stop();
  }
});

function labelsBelow(menu: readonly TrayMenuItem[], label: string): readonly string[] {
  return menu.find((item) => item.label === label)?.children.map((child) => child.label) ?? [];
}

/** Counts how often any program registers a tray icon. */
async function countRegistrations(desktop: Desktop) {
  const monitor = await connectBus(desktop.env.DBUS_SESSION_BUS_ADDRESS);
  let count = 0;
  monitor.on('message', (message: Message) => {
    if (message.member === 'RegisterStatusNotifierItem') count += 1;
  });
  // A monitor that answers anything is thrown off the bus
  monitor.addMethodHandler(() => true);
  await callBus(monitor, {
    destination: 'org.freedesktop.DBus',
    path: '/org/freedesktop/DBus',
    interface: 'org.freedesktop.DBus.Monitoring',
    member: 'BecomeMonitor',
    signature: 'asu',
    body: [["type='method_call',interface='org.kde.StatusNotifierWatcher'"], 0],
  });
  return {
    count: () => count,
    [Symbol.asyncDispose]: () => {
      monitor.disconnect();
      return Promise.resolve();
    },
  };
}

/** @returns The exit code of a second start with the same profile. */
async function startSecond(desktop: Desktop, userDataDir: string): Promise<unknown> {
  const second = spawn(
    createRequire(import.meta.url)('electron') as string,
    [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), `--user-data-dir=${userDataDir}`, '.'],
    { env: desktop.env, cwd: fileURLToPath(new URL('../..', import.meta.url)), stdio: 'ignore' },
  );
  const [code] = await once(second, 'exit');
  return code;
}
