/** Tokens stay fresh by themselves, with one request for each renewal, through outages and restarts; and stop when they must. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright';
import { startHostileServer } from '../emulators/hostile-server.ts';
import type { HostileServer, ReceivedRequest } from '../emulators/hostile-server.ts';
import type { SourceApp } from '../harness/app.ts';
import { launchBearerTray, seedProfile, tenantOf } from '../harness/bearer-tray.ts';
import type { SeedTenant } from '../harness/bearer-tray.ts';
import { ask, demand, draft, waitForSnapshot } from '../harness/bridge.ts';
import type { PageWithBridge } from '../harness/bridge.ts';
import type { Desktop } from '../harness/desktop.ts';
import { expect, test } from '../harness/fixtures.ts';
import { poll } from '../harness/waiting.ts';

test.beforeEach(async ({ desktop }) => {
  await desktop.notifications.clear();
});

test('E-01 1,000 concurrent requests for one expired token make exactly 1 refresh call and are all answered the same token; a second process joins', async ({
  desktop,
  userDataDir,
}) => {
  const server = await startHostileServer();
  const acme = tenantOf(server, 'Acme');
  seedProfile(userDataDir, [acme]);
  const before = await launchBearerTray(desktop, { userDataDir });
  server.behave({ tokenMembers: { expires_in: 1 } });
  await demand(await before.popover(), 'signIn', acme.id);
  await before.app.close();
  server.reset();

  // The token has ended while the app was closed, or does so now
  const tray = await launchBearerTray(desktop, { userDataDir });
  try {
    const page = await tray.popover();
    await waitUntilEnded(page, acme.id);
    await desktop.clipboard.writeText('before the copy');
    // As many ways as there are at once: the page, the menu, another process
    const [answers, , code] = await Promise.all([
      copyManyTimes(page, acme.id, 1000),
      desktop.trayHost.clickMenu('Acme', 'Copy token'),
      startSecond(desktop, userDataDir),
    ]);
    expect(answers.failed).toEqual([]);
    expect(answers.ends).toHaveLength(1);
    expect(server.tokenCalls('refresh_token')).toBe(1);
    expect(server.reuses()).toBe(0);
    const token = server.canaries().findLast((canary) => canary.startsWith('access-'));
    expect(await desktop.clipboard.readText()).toBe(token);

    expect(code).toBe(0);
    await tray.popoverShown();
    expect((await copyManyTimes(page, acme.id, 10)).failed).toEqual([]);
    expect(server.tokenCalls('refresh_token')).toBe(1);
  } finally {
    await tray.app.close();
    await server.stop();
  }
});

test('renews at half life by itself, rides out an outage without ever copying a dead token, and renews at start what ended before', async ({
  desktop,
  userDataDir,
}) => {
  test.setTimeout(90_000);
  const steady = await startHostileServer({ expiresInSeconds: 60 });
  const robots = await startHostileServer({ expiresInSeconds: 60, clientSecret: 'robot-secret' });
  const shaky = await startHostileServer({ expiresInSeconds: 6 });
  const earlier = await startHostileServer({ expiresInSeconds: 1 });

  // Another profile, whose token ends while its app is closed
  const otherProfile = join(userDataDir, 'other');
  const slept = tenantOf(earlier, 'Slept');
  seedProfile(otherProfile, [slept]);
  const other = await launchBearerTray(desktop, { userDataDir: otherProfile });
  await demand(await other.popover(), 'signIn', slept.id);
  await other.app.close();

  const profile = join(userDataDir, 'main');
  const acme = tenantOf(steady, 'Acme');
  const robot: SeedTenant = { ...tenantOf(robots, 'Robot'), grant: 'client-credentials' };
  const globex = tenantOf(shaky, 'Globex');
  seedProfile(profile, [acme, robot, globex]);
  const tray = await launchBearerTray(desktop, { userDataDir: profile });
  try {
    const calm = (await desktop.trayHost.item()).icon.hash;
    const page = await tray.popover();
    const { id, providerId, grant, name, values } = robot;
    const secrets = { clientSecret: 'robot-secret' };
    await demand(page, 'saveTenant', draft({ id, providerId, grant, name, values, secrets }));
    for (const tenant of [acme, robot, globex]) await demand(page, 'signIn', tenant.id);
    const signedInAtMs = Date.now();
    await rideOutAnOutage(tray.app, desktop, page, shaky, globex);

    // The renewal by the clock, held long enough to be seen
    let answerNow = (): void => undefined;
    const held = new Promise<void>((resolve) => (answerNow = resolve));
    steady.behave({ token: (_request, ordinary) => held.then(ordinary) });
    expect(steady.tokenCalls('refresh_token')).toBe(0);
    await waitForStatus(page, acme.id, 'renewing', 40_000);
    expect(Date.now() - signedInAtMs).toBeGreaterThan(25_000);
    expect(Date.now() - signedInAtMs).toBeLessThan(35_000);
    await page.getByText('Renewing…').waitFor();
    await desktop.trayHost.waitForIcon(({ hash }) => hash !== calm);
    answerNow();
    steady.reset();
    await waitForStatus(page, acme.id, 'fresh');
    await desktop.trayHost.waitForIcon(({ hash }) => hash === calm);
    expect(steady.tokenCalls('refresh_token')).toBe(1);
    await poll('the token of the app to be asked for again', 5000, () => {
      return robots.tokenCalls('client_credentials') === 2;
    });

    // The next one uses the new refresh token: this server ends the session when the old one is used again
    await demand(page, 'renew', acme.id);
    expect(steady.tokenCalls('refresh_token')).toBe(2);
    expect(steady.reuses()).toBe(0);
    const used = steady.requests('/token').map(({ form }) => form.get('refresh_token'));
    expect(new Set(used).size).toBe(used.length);
    // Where renewal works nobody is told
    const told = desktop.notifications.all().map(({ summary }) => summary);
    expect(told.filter((summary) => summary !== 'Globex')).toEqual([]);
    await tray.app.close();

    const again = await launchBearerTray(desktop, { userDataDir: otherProfile });
    await poll('the renewal at start', 5000, () => earlier.tokenCalls('refresh_token') === 1);
    await again.app.close();
  } finally {
    await tray.app.close().catch(() => undefined);
    await Promise.all([steady, robots, shaky, earlier].map((server) => server.stop()));
  }
});

test('E-07 a session that the provider has ended: one call, one notice, the row asks for a sign-in, and silence', async ({
  desktop,
  userDataDir,
}) => {
  const server = await startHostileServer();
  const acme = tenantOf(server, 'Acme');
  const globex = tenantOf(server, 'Globex');
  seedProfile(userDataDir, [acme, globex]);
  const tray = await launchBearerTray(desktop, { userDataDir });
  try {
    const page = await tray.popover();
    const calm = (await desktop.trayHost.item()).icon.hash;
    await demand(page, 'signIn', globex.id);
    server.behave({ tokenMembers: { expires_in: 2 } });
    await demand(page, 'signIn', acme.id);
    server.endSessions();
    await waitUntilEnded(page, acme.id);
    await desktop.clipboard.writeText('before the copy');
    expect(await ask(page, 'copyToken', acme.id)).toMatchObject({
      ok: false,
      error: { code: 'grant-refused', remedy: 'sign-in' },
    });
    await page.getByText('Sign in again').first().waitFor();
    await desktop.trayHost.waitForIcon(({ hash }) => hash !== calm);
    const notice = await desktop.notifications.waitFor(({ summary }) => summary === 'Acme');
    expect(notice.body).toContain('sign in again');

    for (let look = 0; look < 5; look += 1) {
      await tray.app.electron.evaluate(({ powerMonitor }) => powerMonitor.emit('resume'));
      expect(await ask(page, 'copyToken', acme.id)).toMatchObject({ ok: false });
    }
    expect(server.tokenCalls('refresh_token')).toBe(1);
    expect(desktop.notifications.all()).toHaveLength(1);
    expect(await desktop.clipboard.readText()).toBe('before the copy');
    // The other tenant has nothing to do with it
    expect(await demand(page, 'copyToken', globex.id)).toMatchObject({ renewed: false });
  } finally {
    await tray.app.close();
    await server.stop();
  }
});

test('A-17 sign out tells the provider once, forgets at once, and stays signed out after a restart', async ({
  desktop,
  userDataDir,
}) => {
  const server = await startHostileServer();
  const acme = tenantOf(server, 'Acme');
  const globex = tenantOf(server, 'Globex');
  seedProfile(userDataDir, [acme, globex]);
  const tray = await launchBearerTray(desktop, { userDataDir });
  try {
    const page = await tray.popover();
    for (const { id } of [acme, globex]) await demand(page, 'signIn', id);
    const refreshTokens = server.canaries().filter((canary) => canary.startsWith('refresh-'));
    expect(await demand(page, 'signOut', acme.id)).toEqual({ revoked: 'confirmed' });
    expect(revokedTokens(server)).toEqual([refreshTokens[0]]);
    await page.getByRole('button', { name: 'Sign in to Acme' }).waitFor();

    // A provider that cannot be reached does not keep anybody signed in
    server.behave({ revoke: () => ({ cut: 'before' }) });
    expect(await demand(page, 'signOut', globex.id)).toEqual({ revoked: 'later' });
    await page.getByRole('button', { name: 'Sign in to Globex' }).waitFor();
    server.reset();
    const told = revokedTokens(server).length;
    await poll('the provider to be told', 10_000, () => revokedTokens(server).length > told);
    expect(revokedTokens(server).at(-1)).toBe(refreshTokens[1]);
  } finally {
    await tray.app.close();
  }
  const calls = server.requests('/token').length;
  const revocations = server.requests('/revoke').length;
  const again = await launchBearerTray(desktop, { userDataDir });
  try {
    const page = await again.popover();
    await waitForSnapshot(page, 'the keychain', ({ keychain }) => keychain.state === 'open');
    for (const { name, id } of [acme, globex]) {
      await page.getByRole('button', { name: `Sign in to ${name}` }).waitFor();
      expect(await ask(page, 'copyToken', id)).toMatchObject({ ok: false });
    }
    // Signed in again, it is kept when the app ends: quitting revokes nothing
    await demand(page, 'signIn', acme.id);
  } finally {
    await again.app.close();
    await server.stop();
  }
  expect(server.requests('/token')).toHaveLength(calls + 1);
  expect(server.requests('/revoke')).toHaveLength(revocations);
});

/** The provider is down while a token of 6 s lives out: what is alive is handed out, what is dead never, and it comes back by itself. */
async function rideOutAnOutage(
  app: SourceApp,
  desktop: Desktop,
  page: Page,
  server: HostileServer,
  { id, name }: SeedTenant,
): Promise<void> {
  const tokens = () => server.canaries().filter((canary) => canary.startsWith('access-'));
  const [living] = tokens();
  server.behave({ token: () => ({ cut: 'before' }) });
  // In its second half it would be renewed before it is handed out
  await waitForSnapshot(page, 'half the life', ({ tenants }) => {
    const row = tenants.find((each) => each.id === id);
    return (row?.expiresAtMs ?? 0) - Date.now() < 2900;
  });
  expect(await demand(page, 'copyToken', id)).toMatchObject({ renewed: false });
  expect(await desktop.clipboard.readText()).toBe(living);
  expect(server.tokenCalls('refresh_token')).toBeGreaterThan(0);
  await waitForStatus(page, id, 'retrying');
  await page.getByText(/trying again (in \d+ s|now)/).waitFor();

  await waitUntilEnded(page, id);
  await desktop.clipboard.writeText('before the copy');
  expect(await ask(page, 'copyToken', id)).toMatchObject({
    ok: false,
    error: { code: 'network-unreachable', remedy: 'retry-later' },
  });
  expect(await desktop.clipboard.readText()).toBe('before the copy');
  expect(app.output()).not.toContain(living);

  server.behave({ token: (_request, ordinary) => ordinary(), tokenMembers: { expires_in: 3600 } });
  await waitForStatus(page, id, 'fresh', 20_000);
  await demand(page, 'copyToken', id);
  expect(await desktop.clipboard.readText()).toBe(tokens().at(-1));
  expect(tokens().at(-1)).not.toBe(living);
  expect(name).toBe('Globex');
}

function revokedTokens(server: HostileServer): readonly (string | null)[] {
  return server.requests('/revoke').map(({ form }: ReceivedRequest) => form.get('token'));
}

async function waitUntilEnded(page: Page, tenantId: string): Promise<void> {
  await waitForSnapshot(page, 'the token to end', ({ tenants }) => {
    const row = tenants.find(({ id }) => id === tenantId);
    return row?.expiresAtMs !== null && row !== undefined && row.expiresAtMs < Date.now();
  });
}

async function waitForStatus(
  page: Page,
  tenantId: string,
  kind: string,
  timeLimitMs?: number,
): Promise<void> {
  await waitForSnapshot(
    page,
    `the status ${kind}`,
    ({ tenants }) => tenants.find(({ id }) => id === tenantId)?.status.kind === kind,
    timeLimitMs,
  );
}

/** @returns What failed, and the different ends of the tokens that were copied. */
function copyManyTimes(page: Page, tenantId: string, times: number) {
  return page.evaluate(
    async ([id, count]) => {
      const { bridge } = window as unknown as PageWithBridge;
      const answers = await Promise.all(Array.from({ length: count }, () => bridge.copyToken(id)));
      const ends = new Set(answers.map((answer) => (answer.ok ? answer.value.expiresAtMs : null)));
      return { failed: answers.filter(({ ok }) => !ok), ends: [...ends] };
    },
    [tenantId, times] as const,
  );
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
