import assert from 'node:assert/strict';
import type { Page } from 'playwright';
import { LIMIO_SSO_HOST } from '../../../tests/emulators/limio.ts';
import { LIVECHAT_ACCOUNTS_HOST } from '../../../tests/emulators/livechat.ts';
import {
  addTenant,
  assertAccepted,
  bearer,
  call,
  chooseProvider,
  enterLogin,
  fillFields,
  finishLogin,
} from '../person.ts';
import type { Chapter, Stage } from '../stage.ts';
import { NAMES } from '../tenants.ts';

export const business: Chapter = { title: 'Limio and LiveChat', tell };

const SSO = `https://${LIMIO_SSO_HOST}/`;

async function tell(stage: Stage): Promise<void> {
  await limioByCode(stage);
  await limioFromWebApp(stage);
  await liveChat(stage);
}

async function limioByCode(stage: Stage): Promise<void> {
  const { step, world, tray } = stage;
  const { limio } = world;

  let popover!: Page;
  await step('Add a tenant: a few letters find its provider', 'provider-search', async () => {
    popover = await chooseProvider(stage, 'Limio', 'lim');
  });
  await step('The form of Limio makes the hosts from a tenant name', 'limio-form', async () => {
    await popover.keyboard.press('Enter');
    await fillFields(popover, {
      provider: 'Limio',
      name: NAMES.limio,
      way: 'Sign in as a person',
      fields: {
        'Tenant name': 'acme',
        Hosting: 'EU (prod.limio.com)',
        'Client ID': limio.clientId,
        'Client secret': limio.clientSecret,
      },
    });
  });
  let page!: Page;
  await step(
    'Its sign-in hops to another host, and the bar says so',
    'limio-single-sign-on',
    async () => {
      await addTenant(popover, NAMES.limio);
      page = await enterLogin(stage, NAMES.limio, SSO);
    },
  );
  await step('Signed in; “Call” asks Limio whether the token is good', 'limio-called', async () => {
    await finishLogin(stage, NAMES.limio, page);
    const token = await tray.copy(NAMES.limio);
    await assertAccepted(stage, 'https://acme.prod.limio.com/api/user', bearer(token));
    await call(stage, NAMES.limio);
  });
}

async function limioFromWebApp(stage: Stage): Promise<void> {
  const { step, world, tray } = stage;
  const { limio } = world;

  let page!: Page;
  await step(
    'Without a client ID: log in to Limio’s own web app, here a US one',
    'limio-web-app',
    async () => {
      page = await enterLogin(stage, NAMES.limioWebApp, SSO);
    },
  );
  await step(
    'Its token was taken from its calls to api/; other headers are left alone',
    'limio-captured',
    async () => {
      await finishLogin(stage, NAMES.limioWebApp, page);
      const token = await tray.copy(NAMES.limioWebApp);
      assert.deepEqual(limio.appTokens(), [token]);
      assert.notDeepEqual(limio.decoys(), []);
      await assertAccepted(stage, 'https://acme.prod-us.limio.com/api/user', bearer(token));
    },
  );
}

async function liveChat(stage: Stage): Promise<void> {
  const { step, world, tray } = stage;
  const login = `https://${LIVECHAT_ACCOUNTS_HOST}/`;

  let page!: Page;
  await step('LiveChat: a redirect to https://localhost, where nobody is', 'livechat', async () => {
    page = await enterLogin(stage, NAMES.liveChat, login);
  });
  await step(
    'Its token comes in the fragment, decoded once: dal:…, good for 8 hours',
    'livechat-token',
    async () => {
      await finishLogin(stage, NAMES.liveChat, page);
      const token = await tray.copy(NAMES.liveChat);
      assert.match(token, /^dal:[\w-]+$/);
      assert.deepEqual(world.liveChat.liveAccessTokens(), [token]);
      assert.ok(!world.internet.requests.some(({ url }) => url.startsWith('https://localhost')));
      await call(stage, NAMES.liveChat);
    },
  );
}
