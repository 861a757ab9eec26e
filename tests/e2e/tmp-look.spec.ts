import { createLimio, LIMIO_SSO_HOST } from '../emulators/limio.ts';
import { createLiveChat, LIVECHAT_WEB_APP } from '../emulators/livechat.ts';
import { createTeleTracker } from '../emulators/teletracker.ts';
import { DESKTOP_CLIENT, PRESETS } from '../emulators/presets.ts';
import type { Page } from 'playwright';
import { demand, waitForSnapshot } from '../harness/bridge.ts';
import { addTenant, detailsOf, fillForm, getToken, signInAt, waysTest, copyAs } from './ways.ts';

const OUT = process.env['LOOK'] ?? '/tmp/look';
const KEYS = ['legacy-key-number-one', 'legacy-key-number-two'];
const test = waysTest(() => ({
  limio: createLimio({ apiKeys: KEYS }),
  liveChat: createLiveChat(),
  teleTracker: createTeleTracker(),
  google: PRESETS.google(),
}));
test.setTimeout(400_000);

async function whole(page: Page, file: string, dark = false) {
  await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' });
  await page.evaluate(() => {
    for (const e of document.querySelectorAll<HTMLElement>('html,body,#app,.page,.page-body')) {
      e.style.setProperty('height', 'auto', 'important');
      e.style.setProperty('max-height', 'none', 'important');
      e.style.setProperty('overflow', 'visible', 'important');
    }
  });
  await page.screenshot({ path: `${OUT}/${file}.png`, fullPage: true });
  await page.evaluate(() => {
    for (const e of document.querySelectorAll<HTMLElement>('html,body,#app,.page,.page-body'))
      for (const p of ['height', 'max-height', 'overflow']) e.style.removeProperty(p);
  });
}
async function shot(page: Page, file: string, dark = false) {
  await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' });
  await page.screenshot({ path: `${OUT}/${file}.png` });
}

test('forms', async ({ ways }) => {
  const page = await ways.tray.popover();
  console.log(await page.evaluate(() => [innerWidth, innerHeight]));
  await page.getByRole('button', { name: 'Add your first tenant' }).click();
  await shot(page, 'choice-window');
  await whole(page, 'choice-all');
  await whole(page, 'choice-all-dark', true);
  const search = page.getByRole('searchbox', { name: 'Search providers' });
  await search.fill('mail'); await shot(page, 'choice-hits');
  await search.fill('acme erp'); await shot(page, 'choice-none', true);
  await search.fill('');
  const providers = await demand(page, 'listProviders');
  for (const provider of providers) {
    await search.fill(provider.name);
    await page.getByRole('button', { name: provider.name, exact: true }).click();
    for (const [index, grant] of provider.grants.entries()) {
      if (provider.grants.length > 1) await page.getByRole('radio', { name: grant.name, exact: true }).check();
      const more = page.getByRole('button', { name: 'More', exact: true });
      if ((await more.getAttribute('aria-expanded')) === 'false') await more.click();
      await whole(page, `form-${provider.id}-${index}`, ['rest', 'entra', 'limio'].includes(provider.id) && index === 0);
      const over = await page.evaluate(() => [...document.querySelectorAll<HTMLElement>('*')].filter((e) => (e.getBoundingClientRect().right > innerWidth + 1) || (!['INPUT','SELECT','TEXTAREA'].includes(e.tagName) && getComputedStyle(e).overflowX === 'hidden' && e.scrollWidth > e.clientWidth + 1 && !e.className.includes('visually'))).map((e) => `${e.tagName}.${e.className} ${e.textContent?.slice(0, 60)}`));
      if (over.length > 0) console.log(provider.id, grant.name, over);
    }
    await page.keyboard.press('Escape');
    if (await page.getByRole('button', { name: 'Throw away' }).isVisible()) await page.getByRole('button', { name: 'Throw away' }).click();
    await search.waitFor().catch(() => undefined);
    if (!(await search.isVisible())) await page.getByRole('button', { name: /^Add (your first )?tenant$/ }).first().click();
  }
});

test('errors in forms', async ({ ways }) => {
  const { teleTracker } = ways.emulators;
  let page = await fillForm(ways, { name: 'x', provider: 'OAuth 2.0' });
  await page.getByRole('button', { name: 'Add tenant' }).click();
  await shot(page, 'errors-oauth2');
  await whole(page, 'errors-oauth2-all');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await shot(page, 'throw-away');
  await page.getByRole('button', { name: 'Throw away' }).click();

  page = await fillForm(ways, { name: 'Calls', provider: 'TeleTracker', fields: { Username: 'ada', Password: 'wrong-password' } });
  await page.getByRole('button', { name: 'Test', exact: true }).click();
  await page.getByRole('alert').waitFor();
  await shot(page, 'test-error');
  await page.getByLabel('Password').fill('teletracker-password');
  await page.getByRole('button', { name: 'Test', exact: true }).click();
  await page.getByRole('status').waitFor();
  await shot(page, 'test-good');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Throw away' }).click();

  for (const [file, way, more] of [['test-person', 'Sign in as a person', {}], ['test-app', 'Sign in as an app', {}]] as const) {
    page = await fillForm(ways, { name: 'Acme', provider: 'Limio', way, fields: { 'Tenant name': 'acme', 'Client ID': 'limio-client', 'Client secret': 'limio-client-secret', ...more } });
    await page.getByRole('button', { name: 'Test', exact: true }).click();
    await page.locator('.outcome').waitFor();
    await shot(page, file, true);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Throw away' }).click();
  }
  page = await fillForm(ways, { name: 'Acme', provider: 'OpenID Connect', fields: { 'Issuer': 'https://no-such-host.example/very/long/path/that/goes/on/and/on/for/ever/realms/acme', 'Client ID': 'x' } });
  await page.getByRole('button', { name: 'Test', exact: true }).click();
  await page.locator('.outcome').waitFor();
  await shot(page, 'test-oidc-error');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Throw away' }).click();
  page = await fillForm(ways, { name: 'Acme', provider: 'LiveChat / Text', fields: { 'Client ID': LIVECHAT_WEB_APP.clientId } });
  await page.getByRole('button', { name: 'Test', exact: true }).click();
  await page.locator('.outcome').waitFor();
  await shot(page, 'test-livechat');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Throw away' }).click();
  void teleTracker;
});

test('details 1', async ({ ways }) => {
  const { limio, teleTracker, liveChat } = ways.emulators;
  let page = await ways.tray.popover();
  const place = { 'Tenant name': 'acme' };
  await addTenant(ways, { name: 'Web app', provider: 'Limio', way: 'Take it from the web app', fields: place });
  await shot(page, 'capture-before');
  await signInAt(ways, 'Web app', `https://${LIMIO_SSO_HOST}/app/limio/sso`);
  let details = await detailsOf(ways, 'Web app');
  await shot(page, 'capture');
  await details.getByRole('button', { name: 'Copy as' }).click();
  await shot(page, 'copy-as');
  await page.keyboard.press('Escape');
  await details.getByRole('button', { name: 'Call', exact: true }).click();
  await details.getByRole('group', { name: 'Result of the call' }).waitFor();
  await shot(page, 'call-accepted');
  limio.behave({ appToken: 'opaque' });
  await copyAs(ways, 'Web app', 'cURL');
  await shot(page, 'remembered');

  await addTenant(ways, { name: 'Catalogue, old key', provider: 'Limio', way: 'Legacy API key', fields: { ...place, 'API key': KEYS[0]! } });
  details = await detailsOf(ways, 'Catalogue, old key');
  await shot(page, 'legacy');
  await details.getByRole('button', { name: 'Remove' }).click();
  await shot(page, 'legacy-remove', true);
  await details.getByRole('button', { name: 'Keep' }).click();

  await addTenant(ways, { name: 'Chat', provider: 'LiveChat / Text', fields: { 'Client ID': LIVECHAT_WEB_APP.clientId, Scopes: 'accounts--my:ro agents--all:ro' } });
  await signInAt(ways, 'Chat', 'https://accounts.livechat.com/');
  details = await detailsOf(ways, 'Chat');
  await shot(page, 'livechat');
  await details.getByRole('button', { name: 'Call', exact: true }).click();
  await details.getByRole('group', { name: 'Result of the call' }).waitFor();
  await shot(page, 'livechat-call', true);
  await details.getByRole('button', { name: 'Dismiss the result' }).click();
  const long = JSON.stringify({ error: 'invalid_scope', list: Array.from({ length: 60 }, (_, i) => ({ id: i, name: `entry number ${i}`, address: 'https://api.example.com/' + 'x'.repeat(90) })) });
  liveChat.behave({ apiAnswer: { status: 403, body: JSON.parse(long) } });
  await details.getByRole('button', { name: 'Call', exact: true }).click();
  await details.getByRole('group', { name: 'Result of the call' }).waitFor();
  await shot(page, 'call-refused-long');

  await addTenant(ways, { name: 'Lost', provider: 'LiveChat / Text', fields: { 'Client ID': 'no-such-app' } });
  await page.getByRole('button', { name: 'Sign in to Lost' }).click();
  await waitForSnapshot(page, 'the error', ({ tenants }) => tenants.some(({ status }) => status.kind === 'sign-in-needed'));
  await ways.tray.popoverShown();
  await detailsOf(ways, 'Lost');
  await page.waitForTimeout(300);
  await shot(page, 'ooops');
  await shot(page, 'ooops-dark', true);

  await addTenant(ways, { name: 'Calls', provider: 'TeleTracker', fields: { Username: 'ada', Password: 'teletracker-password', 'Account ID': String(teleTracker.accountIds[0]) } });
  await getToken(ways, 'Calls');
  details = await detailsOf(ways, 'Calls');
  await shot(page, 'teletracker');
  await details.getByRole('button', { name: 'Another account…' }).click();
  await shot(page, 'teletracker-another', true);
  await page.getByLabel('Account ID').fill('not-a-number');
  await page.getByRole('button', { name: 'Add and sign in' }).click();
  await page.waitForTimeout(1500);
  await shot(page, 'teletracker-another-wrong');
  await whole(page, 'list-all');
  page = await ways.tray.popover();
});

test('details 2', async ({ ways }) => {
  const page = await ways.tray.popover();
  await addTenant(ways, { name: 'Google', provider: 'Google', fields: { 'Client ID': DESKTOP_CLIENT.id } });
  await page.getByRole('button', { name: 'Sign in to Google' }).click();
  await ways.browser.waitForAddress(1);
  await detailsOf(ways, 'Google');
  await page.waitForTimeout(300);
  await shot(page, 'google-waiting');
  await page.getByRole('button', { name: 'Cancel' }).first().click();
  await page.waitForTimeout(300);
  await shot(page, 'google-cancelled');

  const date = new Date(Date.now() + 20 * 864e5).toISOString().slice(0, 10);
  await addTenant(ways, { name: 'Billing key', provider: 'API key or token', fields: { 'Key or token': 'pasted-key-1234', 'Works until': date } });
  await detailsOf(ways, 'Billing key');
  await page.waitForTimeout(300);
  await shot(page, 'pasted');

  await addTenant(ways, { name: 'Calls', provider: 'TeleTracker', fields: { Username: 'ada', Password: 'wrong-password' } });
  await page.getByRole('button', { name: 'Get token of Calls' }).click();
  await page.waitForTimeout(1500);
  await detailsOf(ways, 'Calls');
  await page.waitForTimeout(300);
  await shot(page, 'refused');
  await shot(page, 'refused-dark', true);
  await whole(page, 'list2-all');
});
