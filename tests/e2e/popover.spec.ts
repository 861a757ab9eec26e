/** The popover as a person uses it, from the first start on: with the mouse, with the keyboard alone, and out of the way when not needed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { startHostileServer } from '../emulators/hostile-server.ts';
import type { HostileServer } from '../emulators/hostile-server.ts';
import { launchBearerTray, seedProfile, tenantOf } from '../harness/bearer-tray.ts';
import type { BearerTray } from '../harness/bearer-tray.ts';
import { demand, waitForSnapshot } from '../harness/bridge.ts';
import { expect, test } from '../harness/fixtures.ts';

const CLIENT_SECRET = 'kept while the rest is edited';

test('from the first start: adds a tenant, is told what is wrong, signs in, copies, edits, restarts, removes', async ({
  desktop,
  userDataDir,
}) => {
  const server = await startHostileServer({ clientSecret: CLIENT_SECRET });
  const first = await launchBearerTray(desktop, { userDataDir });
  try {
    const page = await first.popover();
    await page.getByText('Sign in once, and Bearer Tray keeps').waitFor();
    await page.getByRole('button', { name: 'Add your first tenant' }).click();
    await fillTheForm(page, server);

    await page.getByRole('button', { name: 'Sign in to Acme' }).click();
    await first.waitForToken('Acme');
    await first.popoverShown();
    const token = await first.copy('Acme');
    expect(server.canaries()).toContain(token);
    await page.getByRole('button', { name: 'Copy token of Acme' }).getByText('Copied').waitFor();

    // A new name; the secret is neither shown nor lost
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    await page.getByText('Stored', { exact: true }).waitFor();
    expect(await page.content()).not.toContain(CLIENT_SECRET);
    await page.getByLabel('Name', { exact: true }).fill('Acme staging');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('button', { name: 'Renew now' }).click();
    await waitForSnapshot(page, 'the renewal', ({ tenants }) => {
      return tenants[0]?.status.kind === 'fresh' && server.tokenCalls('refresh_token') === 1;
    });
    expect(await first.copy('Acme staging')).not.toBe(token);

    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByRole('radio', { name: 'Dark' }).check({ force: true });
    await page.getByLabel('Least validity of a copied token').fill('7');
    await page.getByLabel('Least validity of a copied token').press('Tab');
    await page.getByLabel('Take tokens off the clipboard').selectOption('After 10 s');
    await page.getByLabel('Notice before a token ends').fill('61');
    await page.getByLabel('Notice before a token ends').press('Tab');
    await page.getByText('A whole number from 1 to 60.').waitFor();
    await waitForSnapshot(
      page,
      'the settings',
      ({ settings }) => settings.clearClipboardAfterSeconds === 10,
    );
  } finally {
    await first.app.close();
  }

  const second = await launchBearerTray(desktop, { userDataDir });
  try {
    const page = await second.popover();
    await page.getByRole('button', { name: 'Copy token of Acme staging' }).waitFor();
    await page.getByRole('button', { name: 'Settings' }).click();
    expect(await page.getByRole('radio', { name: 'Dark' }).isChecked()).toBe(true);
    expect(await page.getByLabel('Least validity of a copied token').inputValue()).toBe('7');
    expect(await page.getByLabel('Notice before a token ends').inputValue()).toBe('5');
    await page.getByRole('button', { name: 'Back' }).click();
    await second.copy('Acme staging');

    await row(page, 'Acme staging').click();
    await page.getByRole('button', { name: 'Remove' }).click();
    await page.getByText('Remove “Acme staging”?').waitFor();
    await page.getByRole('button', { name: 'Keep' }).click();
    await page.getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('button', { name: 'Add your first tenant' }).waitFor();
    const settings = JSON.parse(readFileSync(join(userDataDir, 'settings.json'), 'utf8'));
    expect(settings).toMatchObject({ tenants: [], settings: { theme: 'dark' } });
  } finally {
    await second.app.close();
    await server.stop();
  }
});

test('works by the keyboard alone, and gets out of the way by Escape and when another window is used', async ({
  desktop,
  userDataDir,
}) => {
  const server = await startHostileServer();
  const names = ['Acme', 'Globex', 'Initech'];
  seedProfile(
    userDataDir,
    names.map((name) => tenantOf(server, name)),
  );
  const tray = await launchBearerTray(desktop, { userDataDir });
  try {
    const page = await tray.popover();
    await desktop.focusWindow('Bearer Tray');
    const { keyboard } = page;
    // Down to the second tenant, to its button, and sign in
    await keyboard.press('ArrowDown');
    await expectFocus(page, 'Acme');
    await keyboard.press('ArrowDown');
    await expectFocus(page, 'Globex');
    await keyboard.press('Tab');
    await expectFocus(page, 'Sign in to Globex');
    await keyboard.press('Enter');
    await tray.waitForToken('Globex');
    await tray.popoverShown();

    // C copies where the focus is; Enter unfolds
    await row(page, 'Globex').focus();
    await desktop.clipboard.writeText('before the copy');
    await keyboard.press('c');
    const token = await desktop.clipboard.waitForText((text) => text !== 'before the copy');
    expect(server.canaries()).toContain(token);
    await keyboard.press('Enter');
    await page.getByRole('group', { name: 'Details of Globex' }).waitFor();
    await keyboard.press('End');
    await expectFocus(page, 'Initech');
    await keyboard.press('Home');
    await expectFocus(page, 'Acme');

    // A tenant is added and left without saving, then kept
    await keyboard.press('Control+n');
    const provider = page.getByRole('button', { name: /^OpenID Connect/ });
    const name = page.getByLabel('Name', { exact: true });
    await provider.or(name).first().waitFor();
    if (await provider.isVisible()) {
      await keyboard.type('openid connect');
      await keyboard.press('Enter');
    }
    await name.waitFor();
    await expectFocus(page, 'Name');
    await keyboard.type('By keyboard');
    await keyboard.press('Escape');
    await page.getByText('Throw this tenant away?').waitFor();
    await keyboard.press('Enter');
    await page.getByRole('textbox', { name: 'Issuer' }).focus();
    await keyboard.type(server.issuer);
    await keyboard.press('Tab');
    await keyboard.type(server.clientId);
    await keyboard.press('Enter');
    await page.getByRole('button', { name: 'Sign in to By keyboard' }).waitFor();
    await expectFocus(page, 'By keyboard');
    await keyboard.press('Control+,');
    await page.getByRole('heading', { name: 'Settings' }).waitFor();
    await keyboard.press('Escape');
    await row(page, 'Acme').waitFor();

    await keyboard.press('Escape');
    await tray.popoverHidden();
    await blurHides(tray, page, server);
  } finally {
    await tray.app.close();
    await server.stop();
  }
});

/** Types into the form, wrong things first. */
async function fillTheForm(page: Page, server: HostileServer): Promise<void> {
  const provider = page.getByRole('button', { name: /^OpenID Connect/ });
  const name = page.getByLabel('Name', { exact: true });
  const issuer = page.getByRole('textbox', { name: 'Issuer' });
  const redirectUri = page.getByRole('textbox', { name: 'Redirect URI' });
  const submit = page.getByRole('button', { name: 'Add tenant' });
  await provider.or(name).first().waitFor();
  if (await provider.isVisible()) await provider.click();

  await submit.click();
  await page.getByText('Give the tenant a name.').waitFor();
  await page.getByText('Issuer is needed.').waitFor();
  await page.getByText('Client ID is needed.').waitFor();
  await expectFocus(page, 'Name');
  await name.fill('Acme');
  await page.getByRole('textbox', { name: 'Client ID' }).fill(server.clientId);
  await page.getByLabel(/^Client secret/).fill(CLIENT_SECRET);

  for (const [entry, objection] of [
    ['not an address', 'Not a full address.'],
    ['http://login.example.com', 'Must start with https://'],
    ['https://user:word@login.example.com', 'Must not contain a username or password.'],
    ['https://login.example.com?tenant=1', 'An issuer has no ? part.'],
  ] as const) {
    await issuer.fill(entry);
    await submit.click();
    await page.getByText(objection).waitFor();
  }
  // As it is often copied: the address of the whole document
  await issuer.fill(` ${server.issuer}/.well-known/openid-configuration `);
  for (const entry of ['javascript:alert(1)', 'https://localhost/callback#fragment']) {
    await redirectUri.fill(entry);
    await submit.click();
    await page.locator('#field-redirectUri-help .objection').waitFor();
  }
  await redirectUri.fill('https://localhost/callback');
  await submit.click();
  await page.getByRole('button', { name: 'Sign in to Acme' }).waitFor();
  const { tenants } = await demand(page, 'getSnapshot');
  const { values, storedSecrets } = await demand(page, 'readTenant', tenants[0]!.id);
  expect(values).toMatchObject({ issuer: server.issuer, clientId: server.clientId });
  expect(storedSecrets).toEqual(['clientSecret']);
}

/** A login window takes the focus; the popover is not in its way, and comes back when it is done. */
async function blurHides(tray: BearerTray, page: Page, server: HostileServer): Promise<void> {
  await tray.popover();
  server.behave({
    authorize: () => ({ headers: { 'content-type': 'text/html' }, body: 'Log in' }),
  });
  await page.getByRole('button', { name: 'Sign in to Initech' }).click();
  await tray.app.waitForPage((url) => url.startsWith(`${server.issuer}/authorize`));
  await tray.popoverHidden();
  const bar = await tray.loginBar();
  await bar.getByRole('button', { name: 'Cancel' }).click();
  await tray.popoverShown();
}

function row(page: Page, name: string) {
  return page.getByRole('button', { name, exact: true });
}

/** The focus is on the control with this label. */
async function expectFocus(page: Page, name: string): Promise<void> {
  const focused = page.locator(':focus');
  await expect(focused).toHaveAccessibleName(name);
}
