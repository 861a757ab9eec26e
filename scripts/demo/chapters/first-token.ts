import assert from 'node:assert/strict';
import type { Page } from 'playwright';
import { callApi, isToken } from '../companies.ts';
import { openPopover } from '../person.ts';
import type { Chapter, Stage } from '../stage.ts';

export const firstToken: Chapter = { title: 'The first token', tell };

async function tell(stage: Stage): Promise<void> {
  const { panel, step, world } = stage;
  const { acme, globex } = world;

  await step('The app starts: its icon is in the tray', 'tray-icon', async () => {
    await stage.start();
    await panel.draw();
  });
  const { tray } = stage;
  await step('A click on the icon opens the popover', 'popover', async () => {
    await openPopover(stage);
  });

  let page!: Page;
  await step(
    'Sign in opens the login page under a bar that names its true host',
    'login',
    async () => {
      page = await tray.startSignIn(acme.name, acme.server);
      const bar = await tray.loginBar();
      await bar.getByText(new URL(acme.server.issuer).port).first().waitFor();
      await page.getByPlaceholder('Enter any login').pressSequentially('ada');
      await page.getByPlaceholder('and password').pressSequentially('a password');
    },
  );
  await step('The provider asks for consent', 'consent', async () => {
    await page.getByRole('button', { name: 'Sign-in' }).click();
    await page.getByRole('button', { name: 'Continue' }).waitFor();
  });
  await step('Consent given: the window is gone and the token is there', 'signed-in', async () => {
    await page.getByRole('button', { name: 'Continue' }).click();
    await tray.waitForToken(acme.name);
    await tray.popoverShown();
  });
  await step(
    'One click copies the token; the API accepts what is on the clipboard',
    'copied',
    async () => {
      const token = await tray.copy(acme.name);
      assert.ok(isToken(token, acme), 'what is on the clipboard was never issued');
      assert.equal((await callApi(acme, token)).subject, 'ada');
    },
  );
  await step('A second tenant, Globex, is signed in by another person', 'two-tenants', async () => {
    await tray.signIn(globex.name, globex.server, 'grace');
  });
}
