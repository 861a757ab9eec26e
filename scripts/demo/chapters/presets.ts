import assert from 'node:assert/strict';
import type { Page } from 'playwright';
import { assertAccepted, bearer, call, openPopover, unfold } from '../person.ts';
import type { Chapter, Stage } from '../stage.ts';
import { NAMES } from '../tenants.ts';

export const presets: Chapter = { title: 'Providers that the app knows', tell };

async function tell(stage: Stage): Promise<void> {
  await inWindow(stage);
  await inBrowser(stage);
}

async function inWindow(stage: Stage): Promise<void> {
  const { step, world, tray } = stage;
  const { okta } = world;

  let page!: Page;
  await step('Okta takes a domain; its endpoints are discovered', 'okta', async () => {
    page = await tray.startSignIn(NAMES.okta, { issuer: okta.issuer });
    await page.getByPlaceholder('Enter any login').fill('ada');
    await page.getByPlaceholder('and password').fill('a password');
  });
  await step('Signed in to Okta, who says whose token it is', 'okta-called', async () => {
    await page.getByRole('button', { name: 'Sign-in' }).click();
    await page.getByRole('button', { name: 'Continue' }).click();
    await tray.waitForToken(NAMES.okta);
    await tray.popoverShown();
    assert.ok(okta.isAlive(await tray.copy(NAMES.okta)));
    await call(stage, NAMES.okta);
  });
}

async function inBrowser(stage: Stage): Promise<void> {
  const { step, world, tray, browser } = stage;
  const { google, internet } = world;

  let address = '';
  await step('Google refuses windows of apps: it is opened in the browser', 'google', async () => {
    const popover = await openPopover(stage);
    await popover.getByRole('button', { name: `Sign in to ${NAMES.google}` }).click();
    address = await browser.waitForAddress();
    assert.ok(address.startsWith(google.addresses.authorize), address);
    await unfold(stage, NAMES.google);
  });
  await step(
    'The browser brings the answer to a port that is open only meanwhile',
    'google-token',
    async () => {
      const redirect = (await internet.fetch(address)).headers.get('location') ?? '';
      assert.match(redirect, /^http:\/\/127\.0\.0\.1:\d+\//);
      assert.equal((await fetch(redirect)).status, 200);
      await tray.waitForToken(NAMES.google);
      await assert.rejects(fetch(new URL(redirect).origin), 'the port is still open');
      const token = await tray.copy(NAMES.google);
      assert.match(token, /^ya29\./);
      await assertAccepted(stage, google.addresses.userinfo ?? '', bearer(token));
      await call(stage, NAMES.google);
    },
  );
}
