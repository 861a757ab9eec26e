import assert from 'node:assert/strict';
import type { Page } from 'playwright';
import { poll } from '../../../tests/harness/waiting.ts';
import { callApi } from '../companies.ts';
import {
  addTenant,
  assertAccepted,
  bearer,
  call,
  copyAs,
  fillForm,
  getToken,
  unfold,
} from '../person.ts';
import type { Chapter, Stage } from '../stage.ts';
import { NAMES } from '../tenants.ts';

export const anySystem: Chapter = { title: 'Any other system', tell };

const DAY_MS = 24 * 60 * 60_000;

async function tell(stage: Stage): Promise<void> {
  await restLogin(stage);
  await oauth2(stage);
  await pastedKey(stage);
  await service(stage);
}

async function restLogin(stage: Stage): Promise<void> {
  const { step, world, tray } = stage;
  const { rest } = world;

  let popover!: Page;
  await step('Any REST login: the form says where its answer holds what', 'rest-form', async () => {
    popover = await fillForm(stage, {
      provider: 'REST login',
      name: NAMES.rest,
      fields: {
        'Login address': `${rest.origin}/login`,
        Username: rest.account.username,
        Password: rest.account.password,
        'Address to try the token on': `${rest.origin}/whoami`,
        'Where the token is': 'data.session.token',
        'Where the refresh token is': 'data.session.refreshToken',
        'Where the expiry is': 'data.session.expires',
        'Expiry given as': 'Milliseconds from now',
        'Renewed by': 'The refresh token',
        'Renewal address': `${rest.origin}/renew`,
        Header: 'X-Session-Token',
        'Value of the header': '{token}',
      },
    });
    await popover.getByLabel('Where the token is').scrollIntoViewIfNeeded();
  });
  await step('Logged in, called with the header it wants, and renewed', 'rest-called', async () => {
    await addTenant(popover, NAMES.rest);
    await getToken(stage, NAMES.rest);
    const token = await tray.copy(NAMES.rest);
    const details = await unfold(stage, NAMES.rest);
    await details.getByRole('button', { name: 'Renew now' }).click();
    await poll('another token', 10_000, async () => (await tray.copy(NAMES.rest)) !== token);
    assert.equal(rest.requests('login').length, 1);
    assert.equal(rest.requests('renew').length, 1);
    await call(stage, NAMES.rest);
    const called = rest.requests('probe').at(-1)?.headers['x-session-token'];
    assert.equal(called, await tray.copy(NAMES.rest));
  });
}

async function oauth2(stage: Stage): Promise<void> {
  const { step, world, tray } = stage;
  const server = world.oauth2;

  let page!: Page;
  await step('OAuth 2.0 of the old kind: two addresses, no discovery', 'oauth2', async () => {
    page = await tray.startSignIn(NAMES.oauth2, { issuer: server.addresses.authorize });
    await page.getByPlaceholder('Enter any login').fill('ada');
    await page.getByPlaceholder('and password').fill('a password');
  });
  await step(
    'Its scopes go by comma, and its form-encoded answer is understood',
    'oauth2-token',
    async () => {
      await page.getByRole('button', { name: 'Sign-in' }).click();
      await page.getByRole('button', { name: 'Continue' }).click();
      await tray.waitForToken(NAMES.oauth2);
      await tray.popoverShown();
      const [asked] = server.requests('authorize');
      assert.equal(asked?.url.searchParams.get('scope'), 'read,write');
      const token = await tray.copy(NAMES.oauth2);
      await assertAccepted(stage, 'https://api.plain.example/me', bearer(token));
      await call(stage, NAMES.oauth2);
    },
  );
}

async function pastedKey(stage: Stage): Promise<void> {
  const { step, world, tray } = stage;
  const { weather } = world;
  const url = 'https://api.weather.example/now';

  let popover!: Page;
  await step('A key from elsewhere: pasted, with its last day and its header', 'key', async () => {
    popover = await fillForm(stage, {
      provider: 'API key or token',
      name: NAMES.weather,
      fields: {
        'Key or token': weather.key,
        'Works until': new Date(Date.now() + 90 * DAY_MS).toISOString().slice(0, 10),
        'Address to try the token on': url,
        Header: 'X-Api-Key',
        'Value of the header': 'Key {token}',
      },
    });
  });
  await step('It is copied as the header line that its interface wants', 'key-copied', async () => {
    await addTenant(popover, NAMES.weather);
    await tray.waitForToken(NAMES.weather);
    const line = await copyAs(stage, NAMES.weather, 'Header line');
    assert.equal(line, `X-Api-Key: Key ${weather.key}`);
    await call(stage, NAMES.weather);
    assert.equal(weather.goodCalls(), 1);
  });
}

async function service(stage: Stage): Promise<void> {
  const { step, world, tray } = stage;
  const { acme } = world;
  const { issuer, clients } = acme.server;

  let popover!: Page;
  await step('OpenID Connect for a service, where no person signs in', 'service-form', async () => {
    popover = await fillForm(stage, {
      provider: 'OpenID Connect',
      name: NAMES.service,
      way: 'Sign in as an app',
      fields: {
        Issuer: issuer,
        'Client ID': clients.service.client_id,
        'Client secret': clients.service.client_secret,
      },
    });
  });
  await step('It gets its token, and becomes the active tenant', 'active-tenant', async () => {
    await addTenant(popover, NAMES.service);
    await getToken(stage, NAMES.service);
    const details = await unfold(stage, NAMES.service);
    const activate = details.getByRole('button', { name: 'Make active' });
    await activate.click();
    await activate.waitFor({ state: 'detached' });
    const { clientId } = await callApi(acme, await tray.copy(NAMES.service));
    assert.equal(clientId, clients.service.client_id);
  });
}
