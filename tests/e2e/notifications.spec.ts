/** Notices before a token ends: about the right tenant, with its name and nothing secret, and only when they are wanted. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Page } from 'playwright';
import { startHostileServer } from '../emulators/hostile-server.ts';
import type { SourceApp } from '../harness/app.ts';
import { launchBearerTray, seedProfile, tenantOf } from '../harness/bearer-tray.ts';
import { ask, demand, draft } from '../harness/bridge.ts';
import { createCanarySearch } from '../harness/canary-search.ts';
import { BUS, callBus, connectBus } from '../harness/desktop-bus.ts';
import { startDesktop } from '../harness/desktop.ts';
import type { Desktop } from '../harness/desktop.ts';
import { expect, test } from '../harness/fixtures.ts';
import { poll } from '../harness/waiting.ts';

const AWKWARD_NAME = '<b>Acme</b> & "Söhne"\n<img src=x>';

test.beforeEach(async ({ desktop }) => {
  await desktop.notifications.clear();
});

test('F-07 title, body and history hold the tenant name only, with markup as text; a click signs in to the right tenant', async ({
  desktop,
  userDataDir,
}) => {
  const server = await startHostileServer();
  const other = await startHostileServer();
  seedProfile(userDataDir, []);
  const tray = await launchBearerTray(desktop, { userDataDir });
  try {
    const page = await tray.popover();
    const tenants: string[] = [];
    for (const [at, name] of [
      [other, 'Globex'],
      [server, AWKWARD_NAME],
      [other, 'Initech'],
    ] as const) {
      const { id: _id, ...entries } = tenantOf(at, name);
      tenants.push(await demand(page, 'saveTenant', draft(entries)));
    }
    // No refresh token: nothing renews it, so its person is told
    for (const each of [server, other]) {
      each.behave({ tokenMembers: { refresh_token: undefined, expires_in: 4 } });
    }
    for (const tenantId of tenants) await demand(page, 'signIn', tenantId);

    const shownName = '<b>Acme</b> & "Söhne" <img src=x>';
    const notice = await desktop.notifications.waitFor(({ summary }) => summary === shownName);
    await desktop.notifications.waitFor(({ summary }) => summary === 'Globex');
    await desktop.notifications.waitFor(({ summary }) => summary === 'Initech');
    expect(desktop.notifications.all()).toHaveLength(3);
    for (const { summary, body, appName } of desktop.notifications.all()) {
      expect(body).toMatch(/^Its token (ends in \d+ s|has ended)\. Click to sign in again\.$/);
      expect(appName).toBe('Bearer Tray');
      // The specification knows no markup in titles
      expect([shownName, 'Globex', 'Initech']).toContain(summary);
    }

    server.behave({
      authorize: () => ({ headers: { 'content-type': 'text/html' }, body: 'Log in' }),
    });
    await desktop.notifications.invokeDefaultAction(notice);
    const login = await tray.app.waitForPage((url) => url.startsWith(`${server.issuer}/authorize`));
    expect(login.url()).toContain('client_id=test-client');
    const { tenants: rows } = await demand(page, 'getSnapshot');
    expect(rows.map(({ status }) => status.kind === 'signing-in')).toEqual([false, true, false]);
    await demand(page, 'cancelSignIn', tenants[1]!);

    await poll('the others to end', 10_000, async () => {
      const { tenants: now } = await demand(page, 'getSnapshot');
      return now.every(({ status }) => status.kind === 'sign-in-needed');
    });
    // One notice for each token, however long it stays that way
    expect(desktop.notifications.all()).toHaveLength(3);
    const search = createCanarySearch([...server.canaries(), ...other.canaries()]);
    search.look('what was sent', JSON.stringify(desktop.notifications.all()));
    search.look('the history', await desktop.notifications.historyText());
    expect(search.hits()).toEqual([]);
  } finally {
    await tray.app.close();
    await Promise.all([server.stop(), other.stop()]);
  }
});

test('F-08 by default nobody is told of what is renewed; where asked for once before each end; never means never', async ({
  desktop,
  userDataDir,
}) => {
  const server = await startHostileServer({ expiresInSeconds: 4 });
  const byDefault = tenantOf(server, 'By default');
  const always = { ...tenantOf(server, 'Always'), notice: 'always' } as const;
  const never = { ...tenantOf(server, 'Never'), notice: 'never' } as const;
  const all = [byDefault, always, never];
  seedProfile(userDataDir, all);
  const tray = await launchBearerTray(desktop, { userDataDir });
  try {
    const page = await tray.popover();
    const counts = (): readonly number[] => {
      const sent = desktop.notifications.all();
      return all.map(({ name }) => sent.filter(({ summary }) => summary === name).length);
    };
    for (const { id } of all) await demand(page, 'signIn', id);
    const { body } = await desktop.notifications.waitFor(({ summary }) => summary === 'Always');
    expect(body).toMatch(/^Its token ends in \d+ s and is renewed by then\.$/);
    expect(counts()).toEqual([0, 1, 0]);
    // The next token has an end of its own
    await demand(page, 'renew', always.id);
    await poll('the next notice', 5000, () => counts()[1] === 2);
    expect(counts()).toEqual([0, 2, 0]);

    await demand(page, 'saveSettings', { noticeAlways: true });
    await demand(page, 'renew', byDefault.id);
    await demand(page, 'renew', never.id);
    await poll('a notice by the setting', 5000, () => counts()[0] === 1);
    expect(counts()[2]).toBe(0);

    // What cannot be renewed is told of, except where never was chosen
    await demand(page, 'saveSettings', { noticeAlways: false });
    await desktop.notifications.clear();
    server.endSessions();
    for (const { id } of [never, byDefault]) {
      expect(await ask(page, 'renew', id)).toMatchObject({ ok: false });
    }
    // The fourth of a burst waits until it is quiet
    await poll('a notice of the end', 20_000, () => counts()[0] === 1);
    await poll('all tokens to end', 10_000, async () => {
      const { tenants } = await demand(page, 'getSnapshot');
      return tenants.every(({ expiresAtMs }) => (expiresAtMs ?? 0) < Date.now());
    });
    // Its time has come as well, and one that asks for nothing comes after it
    await tellSomething(tray.app);
    await desktop.notifications.waitFor(({ summary }) => summary === 'Something');
    expect(counts()[2]).toBe(0);
  } finally {
    await tray.app.close();
    await server.stop();
  }
});

test('F-08 without a notification daemon the app goes on as if nothing was', async () => {
  const desktop = await startDesktop({ notifications: 'none' });
  const server = await startHostileServer({ expiresInSeconds: 2 });
  try {
    const userDataDir = `${desktop.directory}/profile`;
    const acme = { ...tenantOf(server, 'Acme'), notice: 'always' } as const;
    seedProfile(userDataDir, [acme]);
    const tray = await launchBearerTray(desktop, { userDataDir });
    const page = await tray.popover();
    await demand(page, 'signIn', acme.id);
    await poll('the notice to be due', 5000, async () => {
      const { tenants } = await demand(page, 'getSnapshot');
      return (tenants[0]?.expiresAtMs ?? Infinity) < Date.now();
    });
    expect(await demand(page, 'copyToken', acme.id)).toMatchObject({ renewed: true });
    await tray.app.close();
    expect(tray.app.process.exitCode).toBe(0);
  } finally {
    await desktop.stop();
    await server.stop();
  }
});

test('F-08 200 tokens that end together: three notices and one summary, which shows the app', async ({
  desktop,
  userDataDir,
}) => {
  seedProfile(userDataDir, []);
  const tray = await launchBearerTray(desktop, { userDataDir });
  try {
    const page = await tray.popover();
    await saveEndingKeys(page, 200, 40);
    const summary = await desktop.notifications.waitFor(
      (sent) => sent.summary === 'Bearer Tray',
      50_000,
    );
    expect(summary.body).toMatch(/^197 more tokens end soon\. Click to open Bearer Tray\.$/);
    const singles = desktop.notifications.all().filter(({ id }) => id !== summary.id);
    expect(singles).toHaveLength(3);
    for (const { summary: title, body } of singles) {
      expect(title).toMatch(/^Tenant \d+$/);
      expect(body).toMatch(/^Its key ends in \d+ s\. Click to open Bearer Tray\.$/);
    }
    await demand(page, 'hidePopover');
    await tray.popoverHidden();
    await desktop.notifications.invokeDefaultAction(summary);
    await tray.popoverShown();
    const ended = await poll('all tokens to end', 40_000, async () => {
      const { tenants } = await demand(page, 'getSnapshot');
      return tenants.every(({ status }) => status.kind === 'sign-in-needed') && tenants.length;
    });
    expect(ended).toBe(200);
    expect(desktop.notifications.all()).toHaveLength(4);
  } finally {
    await tray.app.close();
  }
});

test('F-08 a notification daemon that hangs blocks nothing, is asked by one process at a time, and gets the next notice', async () => {
  const desktop = await startDesktop();
  const bus = await connectBus(desktop.env.DBUS_SESSION_BUS_ADDRESS);
  const { path, askings } = countAskings(desktop);
  const [daemonId] = await callBus(bus, {
    ...BUS,
    member: 'GetConnectionUnixProcessID',
    signature: 's',
    body: ['org.freedesktop.Notifications'],
  });
  try {
    const userDataDir = `${desktop.directory}/profile`;
    seedProfile(userDataDir, []);
    const tray = await launchBearerTray(desktop, { userDataDir, env: { PATH: path } });
    try {
      const page = await tray.popover();
      process.kill(Number(daemonId), 'SIGSTOP');
      await saveEndingKeys(page, 20, 8);
      let slowestMs = 0;
      await poll('all tokens to end', 20_000, async () => {
        const startedAtMs = performance.now();
        const { tenants } = await demand(page, 'getSnapshot');
        slowestMs = Math.max(slowestMs, performance.now() - startedAtMs);
        return tenants.every(({ status }) => status.kind === 'sign-in-needed');
      });
      expect(slowestMs, 'the longest wait for main').toBeLessThan(1000);
      // Three notices at once, one question
      expect(askings()).toHaveLength(1);

      process.kill(Number(daemonId), 'SIGCONT');
      const { body } = await desktop.notifications.waitFor(
        (sent) => sent.summary === 'Bearer Tray',
        20_000,
      );
      expect(body).toMatch(/^17 more tokens have ended\./);
      expect(desktop.notifications.all()).toHaveLength(1);
    } finally {
      await tray.app.close();
    }
  } finally {
    bus.disconnect();
    await desktop.stop();
  }
});

/** Keys that are JWTs and end at the same instant: told of after half of their life, as the lead time is longer. */
async function saveEndingKeys(page: Page, count: number, lifeSeconds: number): Promise<void> {
  const exp = Math.round(Date.now() / 1000) + lifeSeconds;
  const part = (members: object): string =>
    Buffer.from(JSON.stringify(members)).toString('base64url');
  const key = `${part({ alg: 'none' })}.${part({ exp })}.`;
  await Promise.all(
    Array.from({ length: count }, (_each, at) =>
      demand(page, 'saveTenant', {
        ...draft({ name: `Tenant ${String(at)}`, grant: 'static-key', values: {} }),
        providerId: 'api-key',
        secrets: { key },
      }),
    ),
  );
}

/** A PATH on which each question to the daemon leaves a line. */
function countAskings(desktop: Desktop): { path: string; askings: () => readonly string[] } {
  const directory = `${desktop.directory}/bin`;
  const log = `${directory}/askings`;
  mkdirSync(directory);
  writeFileSync(log, '');
  const script = `#!/bin/sh\necho "$*" | grep Notifications >>'${log}'\nPATH='${desktop.env.PATH}' exec dbus-send "$@"\n`;
  writeFileSync(`${directory}/dbus-send`, script);
  chmodSync(`${directory}/dbus-send`, 0o700);
  const askings = () =>
    readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  return { path: `${directory}:${desktop.env.PATH}`, askings };
}

async function tellSomething(app: SourceApp): Promise<void> {
  await app.electron.evaluate(({ Notification }) => {
    new Notification({ title: 'Something' }).show();
  });
}
