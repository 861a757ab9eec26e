/** What the demo shows, in the order in which a new user would meet it; every claim is checked from outside the app. */
import assert from 'node:assert/strict';
import type { Page } from 'playwright';
import type { BearerTray } from '../../tests/harness/bearer-tray.ts';
import type { Desktop } from '../../tests/harness/desktop.ts';
import { poll } from '../../tests/harness/waiting.ts';
import type { Panel } from './panel.ts';
import { ACCESS_TOKEN_SECONDS, type Companies, type Company } from './servers.ts';
import type { Steps } from './steps.ts';

export interface Stage {
  readonly desktop: Desktop;
  readonly panel: Panel;
  readonly steps: Steps;
  readonly companies: Companies;
  /** Starts the app with the demo's profile and waits for its tray icon. */
  readonly start: () => Promise<BearerTray>;
}

const SERVICE_NAME = 'Nightly build';
/** Half a life until the renewal, and as much again for a busy machine. */
const RENEWAL_LIMIT_MS = ACCESS_TOKEN_SECONDS * 1000;

export async function tellStory(stage: Stage): Promise<void> {
  const { desktop, panel, companies, steps } = stage;
  const { acme, globex } = companies;

  let tray!: BearerTray;
  await steps.run('The app starts: its icon is in the tray', 'tray-icon', async () => {
    tray = await stage.start();
    await panel.draw();
  });
  await steps.run('A click on the icon opens the popover', 'popover', async () => {
    await openPopover(tray, panel);
  });

  const firstToken = await signInAndCopy(stage, tray);

  await steps.run(
    'A second tenant, Globex, is signed in by another person',
    'two-tenants',
    async () => {
      await tray.signIn(globex.name, globex.server, 'grace');
    },
  );
  await addService(stage, tray);
  await steps.run('Copying works from the menu of the tray icon too', 'tray-menu', async () => {
    await tray.desktop.trayHost.activate();
    await tray.popoverHidden();
    await panel.draw('menu-open');
    await desktop.clipboard.writeText('before the copy');
    await desktop.trayHost.clickMenu(`Copy token of ${SERVICE_NAME}`);
    const copied = await desktop.clipboard.waitForText((text) => isToken(text, acme));
    assert.equal(
      (await callApi(acme, copied ?? '')).clientId,
      acme.server.clients.service.client_id,
    );
  });

  await renewal(stage, tray, firstToken);
  await endOfSession(stage, tray);

  await steps.run(
    'Sign out of Acme: the server confirms that the session has ended',
    'signed-out',
    async () => {
      const popover = await openPopover(tray, panel);
      await unfold(popover, acme);
      await popover.getByRole('button', { name: 'Sign out' }).click();
      await popover.getByText('Signed out.').waitFor();
      assert.equal(acme.server.revocations(), 1);
    },
  );
  await steps.run(
    'The app is quit and started again: everything is still there',
    'restarted',
    async () => {
      await tray.app.close();
      await desktop.notifications.clear();
      tray = await stage.start();
      const popover = await openPopover(tray, panel);
      await popover.getByRole('button', { name: `Sign in to ${acme.name}` }).waitFor();
      await popover.getByRole('button', { name: `Copy token of ${SERVICE_NAME}` }).waitFor();
      assert.equal((await callApi(globex, await tray.copy(globex.name))).subject, 'grace');
    },
  );
  await steps.run('Quit from the menu of the tray icon', 'quit', async () => {
    await desktop.trayHost.clickMenu('Quit');
    await poll('the app to end', 10_000, () => tray.app.process.exitCode !== null);
    assert.equal(tray.app.process.exitCode, 0);
    await panel.draw();
  });
}

/** Answers the token that was copied. */
async function signInAndCopy(stage: Stage, tray: BearerTray): Promise<string> {
  const { steps, companies } = stage;
  const { acme } = companies;

  let page!: Page;
  await steps.run(
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
  await steps.run('The provider asks for consent', 'consent', async () => {
    await page.getByRole('button', { name: 'Sign-in' }).click();
    await page.getByRole('button', { name: 'Continue' }).waitFor();
  });
  await steps.run(
    'Consent given: the window is gone and the token is there',
    'signed-in',
    async () => {
      await page.getByRole('button', { name: 'Continue' }).click();
      await tray.waitForToken(acme.name);
      await tray.popoverShown();
    },
  );
  let token = '';
  await steps.run(
    'One click copies the token; the API accepts what is on the clipboard',
    'copied',
    async () => {
      token = await tray.copy(acme.name);
      assert.ok(isToken(token, acme), 'what is on the clipboard was never issued');
      assert.equal((await callApi(acme, token)).subject, 'ada');
    },
  );
  return token;
}

async function addService({ steps, companies }: Stage, tray: BearerTray): Promise<void> {
  const { issuer, clients } = companies.acme.server;
  let popover!: Page;
  await steps.run(
    'A third tenant, a service without a person, is added in the form',
    'form',
    async () => {
      popover = await tray.popover();
      await popover.getByRole('button', { name: 'Add tenant' }).click();
      const choice = popover.getByRole('button', { name: 'OpenID Connect' });
      await choice
        .or(popover.getByLabel('Name', { exact: true }))
        .first()
        .waitFor();
      if (await choice.isVisible()) await choice.click();
      await popover.getByLabel('Name', { exact: true }).fill(SERVICE_NAME);
      await popover.getByRole('radio', { name: 'Sign in as an app' }).check();
      await popover.getByRole('textbox', { name: 'Issuer' }).fill(issuer);
      await popover.getByRole('textbox', { name: 'Client ID' }).fill(clients.service.client_id);
      await popover
        .getByRole('textbox', { name: 'Client secret' })
        .fill(clients.service.client_secret);
    },
  );
  await steps.run(
    'It gets its token without any window, and becomes the active tenant',
    'active-tenant',
    async () => {
      await popover.getByRole('button', { name: 'Add tenant' }).click();
      await popover.getByRole('button', { name: `Get token of ${SERVICE_NAME}` }).click();
      await tray.waitForToken(SERVICE_NAME);
      await unfold(popover, { name: SERVICE_NAME });
      await popover.getByRole('button', { name: 'Make active' }).click();
      await popover.getByRole('button', { name: 'Make active' }).waitFor({ state: 'detached' });
    },
  );
}

async function renewal(stage: Stage, tray: BearerTray, firstToken: string): Promise<void> {
  const { steps, panel, desktop, companies } = stage;
  const { acme } = companies;

  let popover!: Page;
  await steps.run(
    'In the settings, notices are asked for before every end of a token',
    'settings',
    async () => {
      await panel.draw();
      popover = await openPopover(tray, panel);
      await popover.getByRole('button', { name: 'Settings' }).click();
      await popover.getByRole('switch', { name: 'Notice also for renewed tokens' }).check();
    },
  );
  await steps.run(
    'After half of its 60 s the token is renewed by itself; a notice tells it',
    'renewed',
    async () => {
      await popover.getByRole('button', { name: 'Back' }).click();
      await poll('the renewal of the token', RENEWAL_LIMIT_MS, () => {
        return acme.server.tokenRequests('refresh_token').succeeded > 0;
      });
      await desktop.notifications.waitFor(({ summary }) => summary === acme.name);
    },
  );
  await steps.run(
    'Copied again, it is a new token, and the API accepts it',
    'copied-again',
    async () => {
      await desktop.notifications.clear();
      const token = await tray.copy(acme.name);
      assert.notEqual(token, firstToken);
      assert.equal((await callApi(acme, token)).subject, 'ada');
    },
  );
}

async function endOfSession(stage: Stage, tray: BearerTray): Promise<void> {
  const { steps, panel, desktop, companies } = stage;
  const { globex } = companies;

  await steps.run(
    'Globex ends all sessions: renewal fails, and a notice asks to sign in',
    'notice',
    async () => {
      await globex.server.endSessions();
      await desktop.notifications.waitFor(isCallToSignIn(globex), RENEWAL_LIMIT_MS);
      await panel.draw();
    },
  );
  await steps.run(
    'A click on the notice opens the login page of Globex',
    'notice-clicked',
    async () => {
      const notice = await desktop.notifications.waitFor(isCallToSignIn(globex));
      await desktop.notifications.invokeDefaultAction(notice);
      const page = await tray.app.waitForPage((url) => url.startsWith(globex.server.issuer));
      await page.getByPlaceholder('Enter any login').fill('grace');
    },
  );
  await steps.run('Signed in again', 'signed-in-again', async () => {
    const page = await tray.app.waitForPage((url) => url.startsWith(globex.server.issuer));
    await page.getByPlaceholder('and password').fill('a password');
    await page.getByRole('button', { name: 'Sign-in' }).click();
    await page.getByRole('button', { name: 'Continue' }).click();
    await desktop.notifications.clear();
    await openPopover(tray, panel);
    await tray.waitForToken(globex.name);
    await panel.draw();
  });
}

const isCallToSignIn =
  ({ name }: Company) =>
  ({ summary, body }: { readonly summary: string; readonly body: string }): boolean =>
    summary === name && body.includes('Click to sign in');

/** As a person does: the pointer on the icon first, so that the popover opens beside it. */
async function openPopover(tray: BearerTray, panel: Panel): Promise<Page> {
  await panel.pointAtIcon();
  return tray.popover();
}

async function unfold(popover: Page, { name }: { readonly name: string }): Promise<void> {
  const row = popover.getByRole('button', { name, exact: true });
  // A tenant that was just added is unfolded already.
  if ((await row.getAttribute('aria-expanded')) !== 'true') await row.click();
}

function isToken(text: string | null, { server }: Company): boolean {
  return text !== null && server.canaries().includes(text);
}

/** What the company's API says about the token's holder; fails unless it accepts the token. */
async function callApi(
  { server }: Company,
  token: string,
): Promise<{ readonly subject?: string; readonly clientId?: string }> {
  const answer = await fetch(server.protectedUrl, {
    headers: { authorization: `Bearer ${token}` },
  });
  assert.equal(answer.status, 200, 'the API refused the token');
  return (await answer.json()) as { readonly subject?: string; readonly clientId?: string };
}
