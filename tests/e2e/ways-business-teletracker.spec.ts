/** TeleTracker: login, renewal, its ends, its header and its accounts, and bad input, in the real window against the emulator. */
import { HTML_INSTEAD_OF_JSON, redirectTo } from '../emulators/emulator-parts.ts';
import { createTeleTracker } from '../emulators/teletracker.ts';
import { ask, demand, waitForSnapshot } from '../harness/bridge.ts';
import { expect } from '../harness/fixtures.ts';
import {
  addTenant,
  call,
  copyAs,
  detailsOf,
  expectAccepted,
  fillForm,
  getToken,
  renew,
  snapshotOf,
  waysTest,
} from './ways.ts';
import { expectNothingSentTo, expectTrouble, LOOK_ALIKE, saveTenant } from './ways-trouble.ts';

const DAY_MS = 24 * 3600 * 1000;

const test = waysTest(() => ({ teleTracker: createTeleTracker() }));

const entries = (name: string, more: Readonly<Record<string, string>> = {}) => ({
  name,
  provider: 'TeleTracker',
  fields: { Username: 'ada', Password: 'teletracker-password', ...more },
});

test('TeleTracker: logs in, renews by the refresh token in both spellings, and shows when the sign-in ends', async ({
  ways,
}) => {
  const { teleTracker } = ways.emulators;
  // The server's clock is no measure of a token's life
  teleTracker.behave({ clockSkewSeconds: 1800 });
  await addTenant(ways, entries('Calls', { 'Account ID': '1002' }));
  await getToken(ways, 'Calls');
  const page = await ways.tray.popover();
  const row = await snapshotOf(page, 'Calls');
  expect(row.expiresAtMs! - row.issuedAtMs!).toBe(3_600_000);
  expect(row.signInEndsAtMs! - row.issuedAtMs!).toBeGreaterThan(29 * DAY_MS);
  const details = await detailsOf(ways, 'Calls');
  await details.getByText('Sign-in ends').waitFor();
  await expectAccepted(ways, 'Calls');
  const token = await ways.tray.copy('Calls');
  const next = await renew(ways, 'Calls');
  expect(next).not.toBe(token);
  const [renewal] = teleTracker.requests('/auth/refresh');
  expect([...(renewal?.form.keys() ?? [])]).toEqual(['refresh_token']);
  expect(await renew(ways, 'Calls')).not.toBe(next);
  await expectAccepted(ways, 'Calls');
  expect(teleTracker.sessionsMade()).toBe(1);
});

test('TeleTracker: the end of the sign-in itself is warned about', async ({ ways }) => {
  const { teleTracker } = ways.emulators;
  const endsAtMs = Date.now() + 3_000;
  teleTracker.behave({
    loginAnswer: {
      body: {
        success: true,
        token: crypto.randomUUID(),
        tokenLifetime: 3600,
        refreshToken: crypto.randomUUID(),
        refreshTokenExpiration: new Date(endsAtMs).toISOString(),
      },
    },
  });
  await addTenant(ways, entries('Calls'));
  await getToken(ways, 'Calls');
  const warning = await ways.tray.desktop.notifications.waitFor(
    ({ summary }) => summary === 'Calls',
  );
  expect(warning.body).toContain('Its session ends in');
});

for (const status of [401, 403] as const) {
  test(`TeleTracker: ${String(status)} means expired, and the password starts another session`, async ({
    ways,
  }) => {
    const { teleTracker } = ways.emulators;
    teleTracker.behave({ expiredStatus: status });
    await addTenant(ways, entries('Calls'));
    await getToken(ways, 'Calls');
    const token = await ways.tray.copy('Calls');
    teleTracker.endSessions();
    expect(await call(ways, 'Calls')).toMatch(new RegExp(`^${String(status)} · not accepted`));
    expect(await renew(ways, 'Calls')).not.toBe(token);
    expect(teleTracker.requests('/auth/refresh')).toHaveLength(1);
    expect(teleTracker.sessionsMade()).toBe(2);
    await expectAccepted(ways, 'Calls');
  });
}

test('TeleTracker: the header’s name is a choice', async ({ ways }) => {
  const { teleTracker } = ways.emulators;
  teleTracker.behave({ tokenHeader: 'authentication' });
  await addTenant(ways, entries('Usual'));
  await getToken(ways, 'Usual');
  expect(await call(ways, 'Usual')).toMatch(/^401 · not accepted/);
  await addTenant(ways, entries('Other', { Header: 'Authentication' }));
  await getToken(ways, 'Other');
  await expectAccepted(ways, 'Other');
  const token = await ways.tray.copy('Other');
  expect(await copyAs(ways, 'Other', 'Header line')).toBe(`Authentication: Bearer ${token}`);
});

test('TeleTracker: “Test” checks the password and makes no session; another account is one step', async ({
  ways,
}) => {
  const { teleTracker } = ways.emulators;
  const page = await fillForm(ways, entries('Calls'));
  await page.getByRole('button', { name: 'Test', exact: true }).click();
  await page.getByText('What was entered is right.').waitFor();
  expect(teleTracker.requests('/auth/login').at(-1)?.form.get('auth_only')).toBe('1');
  expect(teleTracker.sessionsMade()).toBe(0);
  await page.getByRole('button', { name: 'Add tenant' }).click();
  await getToken(ways, 'Calls');

  const details = await detailsOf(ways, 'Calls');
  await details.getByRole('button', { name: 'Another account…' }).click();
  await details.getByLabel('Account ID').fill('1002');
  await details.getByRole('button', { name: 'Add and sign in' }).click();
  await waitForSnapshot(page, 'the other account', ({ tenants }) => {
    return tenants[1]?.status.kind === 'fresh';
  });
  const { tenants } = await demand(page, 'getSnapshot');
  expect(tenants.map(({ name }) => name)).toEqual(['Calls', 'Calls · 1002']);
  await expectAccepted(ways, 'Calls · 1002');
  expect(
    teleTracker.requests('/reports/call-data').at(-1)?.url.searchParams.get('account_id'),
  ).toBe('1002');
});

const draftWith = (password = 'teletracker-password') => ({
  providerId: 'teletracker',
  grant: 'rest-login',
  values: { username: 'ada' },
  secrets: { password },
});

test('TeleTracker: wrong password in each of its forms, a foreign account, HTML, a redirect, its own trouble', async ({
  ways,
}) => {
  const { teleTracker } = ways.emulators;
  const page = await ways.tray.popover();
  const wrong = await saveTenant(ways, draftWith('not the password'));
  for (const switches of [
    { wrongPasswordStatus: 401 },
    { wrongPasswordStatus: 403 },
    { failsWithStatus200: true },
  ] as const) {
    teleTracker.behave(switches);
    const stored = await demand(page, 'readTenant', wrong.id);
    for (const answer of [
      await ask(page, 'signIn', wrong.id),
      await ask(page, 'testTenant', stored),
    ]) {
      const error = await expectTrouble(ways, wrong, answer, 'credentials-refused');
      expect(error.detail).toContain('Invalid username or password');
    }
  }
  const foreign = await saveTenant(ways, {
    ...draftWith(),
    values: { username: 'ada', accountId: '4711' },
  });
  const answer = await ask(page, 'signIn', foreign.id);
  expect((await expectTrouble(ways, foreign, answer, 'credentials-refused')).detail).toContain(
    'No access to this account',
  );

  const tenant = await saveTenant(ways, draftWith());
  for (const [loginAnswer, trouble] of [
    [HTML_INSTEAD_OF_JSON, 'not-the-provider'],
    [{ ...HTML_INSTEAD_OF_JSON, status: 403 }, 'credentials-refused'],
    [{ ...HTML_INSTEAD_OF_JSON, status: 502 }, 'provider-trouble'],
    [{ ...redirectTo(`https://${LOOK_ALIKE}/auth/login`), status: 307 }, 'redirect-refused'],
  ] as const) {
    teleTracker.behave({ loginAnswer });
    await expectTrouble(ways, tenant, await ask(page, 'signIn', tenant.id), trouble);
  }
  expectNothingSentTo(ways, LOOK_ALIKE);
  expect(teleTracker.sessionsMade()).toBe(0);
});

test('TeleTracker: a session that has ended, and a password that has changed since', async ({
  ways,
}) => {
  const { teleTracker } = ways.emulators;
  const page = await ways.tray.popover();
  const tenant = await saveTenant(ways, draftWith());
  await demand(page, 'signIn', tenant.id);
  teleTracker.behave({ refreshAnswer: HTML_INSTEAD_OF_JSON });
  await expectTrouble(ways, tenant, await ask(page, 'renew', tenant.id), 'not-the-provider');
  teleTracker.behave({
    refreshAnswer: undefined,
    loginAnswer: { status: 401, body: { success: false, message: 'Invalid username or password' } },
  });
  teleTracker.endSessions();
  await expectTrouble(ways, tenant, await ask(page, 'renew', tenant.id), 'credentials-refused');
  // It is not tried again by itself
  expect(teleTracker.requests('/auth/login')).toHaveLength(2);
});
