/** What the app says while something is wrong: in the row, in the timeline, in a report for a bug tracker, and after a click on a notice. */
import type { Page } from 'playwright';
import { jsonAnswer, startHostileServer } from '../emulators/hostile-server.ts';
import { launchBearerTray, seedProfile, tenantOf } from '../harness/bearer-tray.ts';
import type { BearerTray } from '../harness/bearer-tray.ts';
import { ask, demand, draft, waitForSnapshot } from '../harness/bridge.ts';
import { createCanarySearch } from '../harness/canary-search.ts';
import { expect, test } from '../harness/fixtures.ts';
import type { SentNotification } from '../harness/notifications.ts';

const ACCOUNT = 'ada-the-account@people.example';
const PROVIDER_WORDS = 'maintenance of the cellar until noon';

test('E-08 offline: says since when, why and what to do, never a dead token as usable, tells the story, and recovers in view', async ({
  desktop,
  userDataDir,
}) => {
  const server = await startHostileServer();
  const short = tenantOf(server, 'Shortlived Ltd');
  const long = tenantOf(server, 'Longlived Ltd');
  seedProfile(userDataDir, [short, long]);
  const tray = await launchBearerTray(desktop, { userDataDir });
  try {
    const page = await tray.popover();
    server.behave({ claims: { email: ACCOUNT } });
    await demand(page, 'signIn', long.id);
    server.behave({ tokenMembers: { expires_in: 20 } });
    await demand(page, 'signIn', short.id);
    await troubleIsTold(page, short.id, server.behave);
    server.behave({ token: () => ({ cut: 'before' }) });
    await ask(page, 'renew', short.id);

    // What is alive stays usable, and says so
    const healthy = page.locator(`[data-tenant="${long.id}"]`);
    await healthy.getByText(/^\d+ min left · offline since \S+/).waitFor();
    await healthy.getByRole('button', { name: 'Longlived Ltd', exact: true }).click();
    const why = healthy.getByRole('group', { name: 'Error' });
    await expect(why).toContainText('could not be reached');
    await expect(why).toContainText('Check the network connection');
    await why.getByRole('button', { name: 'Try again' }).waitFor();

    const ended = page.locator(`[data-tenant="${short.id}"]`);
    await ended.getByText(/^Offline since .+, trying again (in \d+ s|now)$/).waitFor();
    expect(await ended.textContent()).not.toMatch(/left|Valid until/);
    await ended.getByRole('button', { name: 'Shortlived Ltd', exact: true }).click();
    await ended.getByText('Token ended').waitFor();
    await ended.getByRole('group', { name: 'Error' }).waitFor();

    await timelineOfOne(page);
    await timelineOfAll(page, new URL(server.issuer).host);
    await diagnosticsNameNothing(tray, page, [
      ...[short, long].flatMap(({ id, name }) => [id, name]),
      server.issuer,
      new URL(server.issuer).host,
      ACCOUNT,
      PROVIDER_WORDS,
      ...server.canaries(),
    ]);

    // The page that is open tells it by itself
    server.reset();
    await demand(page, 'renew', short.id);
    await page.getByText('can be reached again').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('heading', { name: 'Settings' }).waitFor();
    await page.keyboard.press('Escape');
    await ended.getByText(/^\d+ min left$/).waitFor();
    await expect(page.getByText(/offline since/i)).toHaveCount(0);
    expect(await tray.copy('Shortlived Ltd')).toBe(
      server.canaries().findLast((canary) => canary.startsWith('access-')),
    );
  } finally {
    await tray.app.close();
    await server.stop();
  }
});

test('E-11 a copied token that ends soon says so, and a sign-in says when it ends', async ({
  desktop,
  userDataDir,
}) => {
  const server = await startHostileServer();
  const acme = tenantOf(server, 'Acme');
  seedProfile(userDataDir, [acme], { minimumValiditySeconds: 5 });
  const tray = await launchBearerTray(desktop, { userDataDir });
  try {
    const page = await tray.popover();
    const days = 12.5 * 24 * 3600;
    server.behave({ tokenMembers: { expires_in: 40, refresh_expires_in: days } });
    await demand(page, 'signIn', acme.id);
    await tray.copy('Acme');
    const button = page.getByRole('button', { name: 'Copy token of Acme' });
    await expect(button).toHaveText(/Copied\s*·\s*ends in \d+ s/);
    await expect(page.getByRole('status').last()).toHaveText(
      /^Token of Acme copied\. It ends in \d+ s\.$/,
    );
    await page.getByRole('button', { name: 'Acme', exact: true }).click();
    const details = page.getByRole('group', { name: 'Details of Acme' });
    await expect(details).toContainText(/Sign-in ends\s*in 12 days,\s*\S+/);
  } finally {
    await tray.app.close();
    await server.stop();
  }
});

test('F-08 a click on a notice unfolds the row it is about, in a new window too, but never over a form with something typed', async ({
  desktop,
  userDataDir,
}) => {
  await desktop.notifications.clear();
  seedProfile(userDataDir, []);
  const tray = await launchBearerTray(desktop, { userDataDir });
  try {
    const first = await tray.popover();
    const names = ['Acme', 'Globex', 'Initech'];
    await saveEndingKeys(first, names, 10);
    const notices: SentNotification[] = [];
    for (const name of names) {
      notices.push(await desktop.notifications.waitFor(({ summary }) => summary === name, 20_000));
    }
    const [aboutAcme, aboutGlobex, aboutInitech] = notices;

    // The window that the click makes
    await tray.app.electron.evaluate(({ BrowserWindow }) => {
      for (const window of BrowserWindow.getAllWindows()) window.destroy();
    });
    await desktop.notifications.invokeDefaultAction(aboutGlobex!);
    await tray.popoverShown();
    const page = await tray.popover();
    await expectUnfolded(page, 'Globex');

    await page.getByRole('button', { name: 'Settings' }).click();
    await desktop.notifications.invokeDefaultAction(aboutAcme!);
    await expectUnfolded(page, 'Acme');

    await page.keyboard.press('Control+n');
    const search = page.getByRole('searchbox', { name: 'Search providers' });
    await search.fill('openid connect');
    await search.press('Enter');
    await page.getByLabel('Name', { exact: true }).fill('Half typed');
    await desktop.notifications.invokeDefaultAction(aboutInitech!);
    await waitForSnapshot(page, 'the click', ({ spotlight }) => spotlight?.count === 3);
    await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Half typed');
    await page.getByLabel('Name', { exact: true }).press('Escape');
    await page.getByRole('button', { name: 'Throw away' }).click();
    await expectUnfolded(page, 'Initech');
  } finally {
    await tray.app.close();
  }
});

test('E-14 with 1,000 tenants the keys and the search reach every row, and few are drawn', async ({
  desktop,
  userDataDir,
}) => {
  const nobody = { issuer: 'http://127.0.0.1:9', clientId: 'test-client' };
  const name = (at: number): string => `Tenant ${String(at).padStart(4, '0')}`;
  const tenants = Array.from({ length: 1000 }, (_each, at) => tenantOf(nobody, name(at)));
  seedProfile(userDataDir, tenants);
  const tray = await launchBearerTray(desktop, { userDataDir });
  try {
    const page = await tray.popover();
    const focused = page.locator(':focus');
    await page.getByRole('button', { name: name(0), exact: true }).focus();
    for (const [key, at] of [
      ['ArrowDown', 1],
      ['End', 999],
      ['ArrowUp', 998],
      ['Home', 0],
    ] as const) {
      await page.keyboard.press(key);
      await expect(focused).toHaveAccessibleName(name(at));
      await expect(focused).toBeInViewport({ ratio: 1 });
    }
    await page.locator('main').evaluate((body) => body.scrollTo(0, body.scrollHeight / 2));
    await expect
      .poll(() =>
        page.evaluate(() => document.elementFromPoint(100, 330)?.closest('li')?.innerText),
      )
      .toMatch(/^Tenant 0(49|50)\d/m);
    // The focus is kept although its row is far away
    await expect(focused).toHaveAccessibleName(name(0));
    expect(await page.locator('[data-tenant]').count()).toBeLessThan(50);

    await page.getByRole('searchbox', { name: 'Search tenants' }).fill('0777');
    await expect(page.locator('[data-tenant]')).toHaveCount(1);
    await page.getByRole('button', { name: name(777), exact: true }).waitFor();
  } finally {
    await tray.app.close();
  }
});

/** A refusal for now is no outage: the words of the provider are told. */
async function troubleIsTold(
  page: Page,
  tenantId: string,
  behave: Awaited<ReturnType<typeof startHostileServer>>['behave'],
): Promise<void> {
  const members = { error: 'temporarily_unavailable', error_description: PROVIDER_WORDS };
  behave({ token: () => jsonAnswer(members, 400) });
  await ask(page, 'renew', tenantId);
  const row = page.locator(`[data-tenant="${tenantId}"]`);
  await row.getByText(/not renewed since .+ \(\d (try|tries)\), trying again/i).waitFor();
  const summary = row.getByRole('button', { name: 'Shortlived Ltd', exact: true });
  await summary.click();
  await expect(row.getByRole('group', { name: 'Error' })).toContainText(PROVIDER_WORDS);
  await summary.click();
}

async function timelineOfOne(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Activity' }).click();
  await page.getByRole('heading', { name: 'Activity of Shortlived Ltd' }).waitFor();
  const today = page.getByRole('region', { name: 'Today' });
  await expect(today.getByText('Signed in')).toBeVisible();
  const failures = today.getByRole('button', { name: /Renewal failed/ });
  await failures.last().click();
  const why = today.getByRole('group', { name: 'Error' });
  await expect(why).toContainText(PROVIDER_WORDS);
  await expect(why).toContainText('Try again in a moment.');
  await page.getByRole('radio', { name: 'Problems only' }).check({ force: true });
  await expect(today.getByText('Signed in')).toHaveCount(0);
  await expect(failures.first()).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.locator(':focus')).toHaveAccessibleName('Shortlived Ltd');
}

async function timelineOfAll(page: Page, host: string): Promise<void> {
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByRole('button', { name: 'Activity' }).click();
  const today = page.getByRole('region', { name: 'Today' });
  await today.getByRole('button', { name: `${host} could not be reached` }).waitFor();
  await expect(today.getByText('Longlived Ltd')).toHaveCount(1);
  await expect(today.getByText('can be reached again')).toHaveCount(0);
}

async function diagnosticsNameNothing(
  { desktop }: BearerTray,
  page: Page,
  canaries: readonly string[],
): Promise<void> {
  await desktop.clipboard.writeText('before the copy');
  await page.getByRole('button', { name: 'Copy diagnostics' }).click();
  await page.getByText('Copied. It names no tenant, no host and no secret.').waitFor();
  const text = await desktop.clipboard.waitForText((each) => each !== 'before the copy');
  expect(text).toContain('Bearer Tray diagnostics');
  expect(text).toContain('tenants: 2');
  expect(text).toContain('hosts that cannot be reached: 1');
  expect(text).toContain('renewal-failed');
  const search = createCanarySearch(canaries);
  search.look('the diagnostics', text ?? '');
  expect(search.hits()).toEqual([]);
}

/** Keys that are JWTs: told of after half of their life. */
async function saveEndingKeys(
  page: Page,
  names: readonly string[],
  lifeSeconds: number,
): Promise<void> {
  const exp = Math.round(Date.now() / 1000) + lifeSeconds;
  const part = (members: object): string =>
    Buffer.from(JSON.stringify(members)).toString('base64url');
  const secrets = { key: `${part({ alg: 'none' })}.${part({ exp })}.` };
  for (const name of names) {
    const entries = draft({ name, grant: 'static-key', values: {} });
    await demand(page, 'saveTenant', { ...entries, providerId: 'api-key', secrets });
  }
}

async function expectUnfolded(page: Page, name: string): Promise<void> {
  await page.getByRole('group', { name: `Details of ${name}` }).waitFor();
  const focused = page.locator(':focus');
  await expect(focused).toHaveAccessibleName(name);
  await expect(focused).toHaveAttribute('aria-expanded', 'true');
  await expect(focused).toBeInViewport();
}
