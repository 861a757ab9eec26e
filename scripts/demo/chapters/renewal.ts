import assert from 'node:assert/strict';
import type { Page } from 'playwright';
import { poll } from '../../../tests/harness/waiting.ts';
import { callApi } from '../companies.ts';
import { openPopover } from '../person.ts';
import type { Chapter, Stage } from '../stage.ts';
import { ACCESS_TOKEN_SECONDS, type Company } from '../world.ts';

export const renewal: Chapter = { title: 'Renewal, and when it ends', tell };

/** Half a life until the renewal, and as much again for a busy machine. */
const RENEWAL_LIMIT_MS = ACCESS_TOKEN_SECONDS * 1000;

async function tell(stage: Stage): Promise<void> {
  await renewed(stage);
  await endOfSession(stage);
}

async function renewed(stage: Stage): Promise<void> {
  const { step, world, tray, panel, desktop } = stage;
  const { acme, globex } = world;
  const renewals = (): number => acme.server.tokenRequests('refresh_token').succeeded;

  let popover!: Page;
  let issuedBefore: readonly string[] = [];
  let renewalsBefore = 0;
  await step(
    'Notices are asked for at every end; Globex ends all its sessions meanwhile',
    'settings',
    async () => {
      await panel.draw();
      issuedBefore = acme.server.canaries();
      popover = await openPopover(stage);
      await popover.getByRole('button', { name: 'Settings' }).click();
      await popover.getByRole('switch', { name: 'Notice also for renewed tokens' }).check();
      renewalsBefore = renewals();
      // Now, so that the story has to wait but once
      await globex.server.endSessions();
    },
  );
  await step(
    'After half of its 60 s the token is renewed by itself; a notice tells it',
    'renewed',
    async () => {
      await popover.getByRole('button', { name: 'Back' }).click();
      await poll('the renewal of the token', RENEWAL_LIMIT_MS, () => renewals() > renewalsBefore);
      await desktop.notifications.waitFor(({ summary }) => summary === acme.name);
    },
  );
  await step(
    'Copied again, it is a new token, and the API accepts it',
    'copied-again',
    async () => {
      const next = await tray.copy(acme.name);
      assert.ok(!issuedBefore.includes(next), 'the token is an old one');
      assert.equal((await callApi(acme, next)).subject, 'ada');
    },
  );
}

async function endOfSession(stage: Stage): Promise<void> {
  const { step, world, tray, panel, desktop } = stage;
  const { globex } = world;

  await step(
    'Globex ended all sessions: renewal fails, and a notice asks to sign in',
    'notice',
    async () => {
      await desktop.notifications.waitFor(isCallToSignIn(globex), RENEWAL_LIMIT_MS);
      await panel.draw();
    },
  );
  await step('A click on the notice opens the login page of Globex', 'notice-clicked', async () => {
    const notice = await desktop.notifications.waitFor(isCallToSignIn(globex));
    await desktop.notifications.invokeDefaultAction(notice);
    const page = await tray.app.waitForPage((url) => url.startsWith(globex.server.issuer));
    await page.getByPlaceholder('Enter any login').fill('grace');
  });
  await step('Signed in again', 'signed-in-again', async () => {
    const page = await tray.app.waitForPage((url) => url.startsWith(globex.server.issuer));
    await page.getByPlaceholder('and password').fill('a password');
    await page.getByRole('button', { name: 'Sign-in' }).click();
    await page.getByRole('button', { name: 'Continue' }).click();
    await desktop.notifications.clear();
    await openPopover(stage);
    await tray.waitForToken(globex.name);
    await panel.draw();
  });
}

const isCallToSignIn =
  ({ name }: Company) =>
  ({ summary, body }: { readonly summary: string; readonly body: string }): boolean =>
    summary === name && body.includes('Click to sign in');
