/** Bad input for Limio and LiveChat: each error names tenant, cause and next step, and no secret is in any. */
import { HTML_INSTEAD_OF_JSON, redirectTo, WRONG_PASSWORD } from '../emulators/emulator-parts.ts';
import { createLimio, LIMIO_LOOKALIKE_HOST, LIMIO_SSO_HOST } from '../emulators/limio.ts';
import {
  createLiveChat,
  LIVECHAT_LOOKALIKE_HOST,
  LIVECHAT_PAT,
  LIVECHAT_SERVER_APP,
  LIVECHAT_WEB_APP,
} from '../emulators/livechat.ts';
import { ask, demand } from '../harness/bridge.ts';
import { expect } from '../harness/fixtures.ts';
import { enterPassword, waysTest } from './ways.ts';
import {
  alertOn,
  beginAt,
  cancelAt,
  expectNothingSentTo,
  expectTrouble,
  LOOK_ALIKE,
  saveTenant,
  signInBy,
} from './ways-trouble.ts';

const SSO = `https://${LIMIO_SSO_HOST}/`;
const LOGIN = 'https://accounts.livechat.com/';
const TO_LOOK_ALIKE = { ...redirectTo(`https://${LOOK_ALIKE}/oauth2/token`), status: 307 };

const test = waysTest(() => ({
  limio: createLimio({ apiKeys: ['legacy-key-number-one'] }),
  liveChat: createLiveChat(),
}));

const place = { tenant: 'acme', region: 'prod' };
const limioPerson = (clientId = 'limio-client', clientSecret = 'limio-client-secret') => ({
  providerId: 'limio',
  grant: 'authorization-code',
  values: { ...place, clientId, redirectUri: 'https://localhost/callback', scopes: 'openid' },
  secrets: { clientSecret },
});
const limioApp = (clientId = 'limio-client', clientSecret = 'limio-client-secret') => ({
  providerId: 'limio',
  grant: 'client-credentials',
  values: { ...place, clientId },
  secrets: { clientSecret },
});
const liveChatPerson = (clientId = LIVECHAT_WEB_APP.clientId, clientSecret?: string) => ({
  providerId: 'livechat',
  grant: 'authorization-code',
  values: { clientId, redirectUri: 'https://localhost' },
  secrets: clientSecret === undefined ? {} : { clientSecret },
});
const liveChatQuick = {
  providerId: 'livechat',
  grant: 'implicit',
  values: { clientId: LIVECHAT_WEB_APP.clientId, redirectUri: 'https://localhost' },
};

test('Limio as a person: wrong password, unknown client, look-alike: the window stays until it is cancelled', async ({
  ways,
}) => {
  const { limio } = ways.emulators;
  const tenant = await saveTenant(ways, limioPerson());
  const { page, end } = await beginAt(ways, tenant.id, SSO);
  await page.locator('#username').waitFor();
  await enterPassword(page, 'ada', WRONG_PASSWORD);
  await alertOn(page, 'Unable to sign in');
  await cancelAt(ways, tenant, end, LIMIO_SSO_HOST);

  const unknown = await saveTenant(ways, limioPerson('no-such-client'));
  const error = await beginAt(ways, unknown.id, 'https://acme.prod.limio.com/error');
  await cancelAt(ways, unknown, error.end, 'acme.prod.limio.com');

  limio.behave({ lookalikeRedirect: true });
  const away = await beginAt(ways, tenant.id, SSO);
  await enterPassword(away.page, 'ada');
  await cancelAt(ways, tenant, away.end, LIMIO_LOOKALIKE_HOST);
  expect(limio.tokenCalls()).toBe(0);
  expectNothingSentTo(ways, LIMIO_LOOKALIKE_HOST);
});

test('Limio as a person: wrong secret, HTML, a redirect, a refresh token that has ended', async ({
  ways,
}) => {
  const { limio } = ways.emulators;
  const page = await ways.tray.popover();
  const wrong = await saveTenant(ways, limioPerson('limio-client', 'not the secret'));
  await expectTrouble(ways, wrong, await signInBy(ways, wrong.id, SSO), 'client-refused');
  // Body and header were each tried once
  expect(limio.tokenCalls()).toBe(2);

  const tenant = await saveTenant(ways, limioPerson());
  limio.behave({ tokenAnswer: HTML_INSTEAD_OF_JSON });
  await expectTrouble(ways, tenant, await signInBy(ways, tenant.id, SSO), 'not-the-provider');
  limio.behave({ tokenAnswer: TO_LOOK_ALIKE });
  await expectTrouble(ways, tenant, await signInBy(ways, tenant.id, SSO), 'redirect-refused');
  expectNothingSentTo(ways, LOOK_ALIKE);

  limio.behave({ tokenAnswer: undefined, issuesRefreshTokens: true });
  expect(await signInBy(ways, tenant.id, SSO)).toMatchObject({ ok: true });
  limio.endSessions();
  await expectTrouble(ways, tenant, await ask(page, 'renew', tenant.id), 'grant-refused');
});

test('Limio as an app, from its web app, and with a key', async ({ ways }) => {
  const { limio } = ways.emulators;
  const page = await ways.tray.popover();
  for (const draft of [limioApp('no-such-client'), limioApp('limio-client', 'not the secret')]) {
    for (const status of [400, 401] as const) {
      limio.behave({ invalidClientStatus: status });
      const tenant = await saveTenant(ways, draft);
      await expectTrouble(ways, tenant, await ask(page, 'signIn', tenant.id), 'client-refused');
    }
  }
  const app = await saveTenant(ways, limioApp());
  limio.behave({ tokenAnswer: HTML_INSTEAD_OF_JSON });
  await expectTrouble(ways, app, await ask(page, 'signIn', app.id), 'not-the-provider');
  limio.behave({ tokenAnswer: TO_LOOK_ALIKE });
  await expectTrouble(ways, app, await ask(page, 'signIn', app.id), 'redirect-refused');

  const web = await saveTenant(ways, { providerId: 'limio', grant: 'capture', values: place });
  const attempt = await beginAt(ways, web.id, SSO);
  await attempt.page.locator('#username').waitFor();
  await enterPassword(attempt.page, 'ada', WRONG_PASSWORD);
  await alertOn(attempt.page, 'Unable to sign in');
  await cancelAt(ways, web, attempt.end, LIMIO_SSO_HOST);
  expect(limio.appTokens()).toEqual([]);

  const key = await saveTenant(ways, {
    providerId: 'limio',
    grant: 'static-key',
    values: place,
    secrets: { apiKey: 'no key that Limio knows' },
  });
  const stored = await demand(page, 'readTenant', key.id);
  await expectTrouble(ways, key, await ask(page, 'testTenant', stored), 'key-refused');
  expect(await demand(page, 'callProbe', key.id)).toMatchObject({ status: 401, accepted: false });
});

test('LiveChat: wrong password and look-alike: the window stays until it is cancelled', async ({
  ways,
}) => {
  const { liveChat } = ways.emulators;
  for (const draft of [liveChatQuick, liveChatPerson()]) {
    liveChat.behave({ lookalikeRedirect: false });
    const tenant = await saveTenant(ways, draft);
    const { page, end } = await beginAt(ways, tenant.id, LOGIN);
    await page.locator('#username').waitFor();
    await enterPassword(page, 'ada', WRONG_PASSWORD);
    await alertOn(page, 'Incorrect email or password');
    await cancelAt(ways, tenant, end, 'accounts.livechat.com');

    liveChat.behave({ lookalikeRedirect: true });
    const away = await beginAt(ways, tenant.id, LOGIN);
    await away.page.locator('#username').waitFor();
    await enterPassword(away.page, 'ada');
    await cancelAt(ways, tenant, away.end, LIVECHAT_LOOKALIKE_HOST);
  }
  expect(liveChat.tokenCalls()).toBe(0);
  expectNothingSentTo(ways, LIVECHAT_LOOKALIKE_HOST);
});

test('LiveChat: every code of its error page is explained, for either way to sign in', async ({
  ways,
}) => {
  const { liveChat } = ways.emulators;
  const page = await ways.tray.popover();
  const unknown = await saveTenant(ways, liveChatPerson('no-such-client'));
  const error = await expectTrouble(
    ways,
    unknown,
    await ask(page, 'signIn', unknown.id),
    'sign-in-denied',
  );
  expect(error.detail).toBe('client_id_not_found: unauthorized_client');
  const tenants = [await saveTenant(ways, liveChatQuick), await saveTenant(ways, liveChatPerson())];
  const steps = new Set<string>();
  for (const oauthException of [
    'invalid_request',
    'unauthorized_client',
    'access_denied',
    'unsupported_response_type',
    'invalid_scope',
    'server_error',
    'invalid_grant',
    'missing_grant',
  ]) {
    liveChat.behave({ oauthException });
    for (const tenant of tenants) {
      const answer = await ask(page, 'signIn', tenant.id);
      const { detail, nextStep } = await expectTrouble(ways, tenant, answer, 'sign-in-denied');
      expect(detail).toBe(oauthException);
      steps.add(nextStep);
    }
  }
  expect(steps.size).toBeGreaterThan(5);
});

test('LiveChat: wrong secret, HTML, a redirect, refresh tokens that have ended, a wrong access token', async ({
  ways,
}) => {
  const { liveChat } = ways.emulators;
  const page = await ways.tray.popover();
  const { clientId, clientSecret } = LIVECHAT_SERVER_APP;
  const wrong = await saveTenant(ways, liveChatPerson(clientId, 'not the secret'));
  await expectTrouble(ways, wrong, await signInBy(ways, wrong.id, LOGIN), 'client-refused');

  const tenant = await saveTenant(ways, liveChatPerson());
  liveChat.behave({ tokenAnswer: HTML_INSTEAD_OF_JSON });
  await expectTrouble(ways, tenant, await signInBy(ways, tenant.id, LOGIN), 'not-the-provider');
  liveChat.behave({ tokenAnswer: TO_LOOK_ALIKE });
  await expectTrouble(ways, tenant, await signInBy(ways, tenant.id, LOGIN), 'redirect-refused');
  expectNothingSentTo(ways, LOOK_ALIKE);
  liveChat.behave({ tokenAnswer: undefined });

  for (const draft of [liveChatPerson(), liveChatPerson(clientId, clientSecret)]) {
    const renewed = await saveTenant(ways, draft);
    expect(await signInBy(ways, renewed.id, LOGIN)).toMatchObject({ ok: true });
    liveChat.expireRefreshTokens();
    await expectTrouble(ways, renewed, await ask(page, 'renew', renewed.id), 'grant-refused');
  }

  const script = await saveTenant(ways, {
    providerId: 'livechat',
    grant: 'static-key',
    values: { accountId: LIVECHAT_PAT.accountId },
    secrets: { personalAccessToken: 'dal:not-the-token' },
  });
  const stored = await demand(page, 'readTenant', script.id);
  await expectTrouble(ways, script, await ask(page, 'testTenant', stored), 'key-refused');
});

test('LiveChat: a web page where /v2/info belongs does not say that the token is good', async ({
  ways,
}) => {
  const { liveChat } = ways.emulators;
  const page = await ways.tray.popover();
  const tenant = await saveTenant(ways, liveChatQuick);
  expect(await signInBy(ways, tenant.id, LOGIN)).toMatchObject({ ok: true });
  liveChat.behave({ apiAnswer: HTML_INSTEAD_OF_JSON });
  expect(await demand(page, 'callProbe', tenant.id)).toMatchObject({ accepted: false });
});
