/** Bad input for systems of no vendor: each error names tenant, cause and next step, and no secret is in any. */
import { answerToLookAlike } from '../emulators/identity-provider.ts';
import { HTML_INSTEAD_OF_JSON, jsonAnswer, redirectTo } from '../emulators/emulator-parts.ts';
import {
  createImplicitServer,
  IMPLICIT_CLIENT_ID,
  IMPLICIT_ISSUER,
} from '../emulators/implicit-server.ts';
import {
  createKeycloak,
  createOAuth2Server,
  DESKTOP_CLIENT,
  SERVICE_CLIENT,
} from '../emulators/presets.ts';
import { anyRest } from '../emulators/rest-any.ts';
import { ACCOUNT } from '../emulators/rest-apis.ts';
import type { SiteAnswer } from '../emulators/site.ts';
import { ask, demand } from '../harness/bridge.ts';
import { expect } from '../harness/fixtures.ts';
import { waysTest } from './ways.ts';
import {
  beginAt,
  cancelAt,
  expectNothingSentTo,
  expectTrouble,
  LOOK_ALIKE,
  saveTenant,
} from './ways-trouble.ts';

const ISSUER = 'https://sso.acme.example/realms/acme';
const PLAIN = 'https://auth.plain.example/oauth';
const KEY_URL = 'https://keys.any.example/me';
const REDIRECT = { redirectUri: 'https://localhost/callback' };

function keySystem() {
  let answer: SiteAnswer = { status: 401 };
  return {
    hosts: ['keys.any.example'],
    site: () => answer,
    canaries: () => [],
    answerWith: (next: SiteAnswer) => {
      answer = next;
    },
    reset: () => {
      answer = { status: 401 };
    },
  };
}

const test = waysTest(() => ({
  keycloak: createKeycloak(),
  plain: createOAuth2Server(),
  implicit: createImplicitServer(),
  rest: anyRest(),
  keys: keySystem(),
}));

test('OpenID Connect: HTML, another issuer and a redirect where its configuration should be', async ({
  ways,
}) => {
  const { implicit } = ways.emulators;
  const page = await ways.tray.popover();
  const tenant = await saveTenant(ways, {
    providerId: 'oidc',
    grant: 'implicit',
    values: { issuer: IMPLICIT_ISSUER, clientId: IMPLICIT_CLIENT_ID, ...REDIRECT },
  });
  for (const [metadata, trouble] of [
    [HTML_INSTEAD_OF_JSON, 'not-the-provider'],
    [{ status: 404, body: '<title>Not found</title>' }, 'discovery-missing'],
    [redirectTo(`https://${LOOK_ALIKE}/.well-known/openid-configuration`), 'redirect-refused'],
    [jsonAnswer({ issuer: `https://${LOOK_ALIKE}` }), 'issuer-mismatch'],
  ] as const) {
    implicit.behave({ metadata });
    await expectTrouble(ways, tenant, await ask(page, 'signIn', tenant.id), trouble);
  }
  expect(ways.internet.requests.filter(({ url }) => url.includes(LOOK_ALIKE))).toEqual([]);

  implicit.behave({ metadata: undefined, redirectTo: `https://${LOOK_ALIKE}/callback` });
  const answer = await ask(page, 'signIn', tenant.id);
  const error = await expectTrouble(ways, tenant, answer, 'page-failed');
  expect(error.message).toContain(LOOK_ALIKE);
});

for (const [provider, emulatorName, values] of [
  ['oidc', 'keycloak', { issuer: ISSUER, scopes: 'openid' }],
  [
    'oauth2',
    'plain',
    {
      authorizationEndpoint: `${PLAIN}/authorize`,
      tokenEndpoint: `${PLAIN}/token`,
      scopes: 'read',
      scopeSeparator: ',',
    },
  ],
] as const) {
  const person = (clientId: string, clientSecret?: string) => ({
    providerId: provider,
    grant: 'authorization-code',
    values: { ...values, ...REDIRECT, clientId },
    secrets: clientSecret === undefined ? {} : { clientSecret },
  });

  test(`${provider}: wrong secret, unknown client, HTML, a redirect, a refresh token that has ended`, async ({
    ways,
  }) => {
    const emulator = ways.emulators[emulatorName];
    const page = await ways.tray.popover();
    const wrong = await saveTenant(ways, person(SERVICE_CLIENT.id, 'not the secret of it'));
    await expectTrouble(ways, wrong, await ask(page, 'signIn', wrong.id), 'client-refused');
    const unknown = await saveTenant(ways, person('no-such-client'));
    const { host, origin } = new URL(emulator.addresses.authorize);
    await cancelAt(ways, unknown, (await beginAt(ways, unknown.id, origin)).end, host);

    const tenant = await saveTenant(ways, person(DESKTOP_CLIENT.id));
    emulator.behave({ authorize: answerToLookAlike(LOOK_ALIKE) });
    await expectTrouble(ways, tenant, await ask(page, 'signIn', tenant.id), 'page-failed');
    emulator.behave({ authorize: undefined });
    for (const [token, trouble] of [
      ['html', 'not-the-provider'],
      [503, 'provider-trouble'],
      [new URL(`https://${LOOK_ALIKE}`), 'redirect-refused'],
    ] as const) {
      emulator.behave({ token });
      await expectTrouble(ways, tenant, await ask(page, 'signIn', tenant.id), trouble);
    }
    expectNothingSentTo(ways, LOOK_ALIKE);
    emulator.behave({ token: undefined });
    await demand(page, 'signIn', tenant.id);
    emulator.endSessions();
    await expectTrouble(ways, tenant, await ask(page, 'renew', tenant.id), 'grant-refused');
  });

  test(`${provider} as an app: wrong secret, unknown client, HTML, a redirect`, async ({
    ways,
  }) => {
    const emulator = ways.emulators[emulatorName];
    const page = await ways.tray.popover();
    const app = (clientId: string, clientSecret: string) => ({
      ...person(clientId, clientSecret),
      grant: 'client-credentials',
    });
    for (const draft of [
      app(SERVICE_CLIENT.id, 'not the secret of it'),
      app('no-such-client', SERVICE_CLIENT.secret),
    ]) {
      const wrong = await saveTenant(ways, draft);
      await expectTrouble(ways, wrong, await ask(page, 'signIn', wrong.id), 'client-refused');
      const stored = await demand(page, 'readTenant', wrong.id);
      await expectTrouble(ways, wrong, await ask(page, 'testTenant', stored), 'client-refused');
    }
    const tenant = await saveTenant(ways, app(SERVICE_CLIENT.id, SERVICE_CLIENT.secret));
    for (const [token, trouble] of [
      ['html', 'not-the-provider'],
      [new URL(`https://${LOOK_ALIKE}`), 'redirect-refused'],
    ] as const) {
      emulator.behave({ token });
      await expectTrouble(ways, tenant, await ask(page, 'signIn', tenant.id), trouble);
    }
    expectNothingSentTo(ways, LOOK_ALIKE);
  });
}

test('REST login: wrong password by status and by body, HTML, a redirect, a token that is not where it should be', async ({
  ways,
}) => {
  const { rest } = ways.emulators;
  const page = await ways.tray.popover();
  const login = (password: string, values: Readonly<Record<string, string>> = {}) => ({
    providerId: 'rest',
    grant: 'rest-login',
    values: {
      loginUrl: 'https://any-rest.test/login',
      username: ACCOUNT.username,
      renewBy: 'refresh-token',
      renewUrl: 'https://any-rest.test/renew',
      ...values,
    },
    secrets: { password },
  });
  const wrong = await saveTenant(ways, login('not the password', { successRule: 'ok=true' }));
  await expectTrouble(ways, wrong, await ask(page, 'signIn', wrong.id), 'credentials-refused');
  rest.configure({ success: { member: 'ok', good: true, bad: false } });
  await expectTrouble(ways, wrong, await ask(page, 'signIn', wrong.id), 'credentials-refused');
  rest.configure({ success: undefined });

  const elsewhere = await saveTenant(ways, login(ACCOUNT.password, { tokenPlace: 'not.there' }));
  const answer = await ask(page, 'signIn', elsewhere.id);
  await expectTrouble(ways, elsewhere, answer, 'token-answer-invalid');

  const tenant = await saveTenant(ways, login(ACCOUNT.password));
  const away: SiteAnswer = { ...redirectTo(`https://${LOOK_ALIKE}/`), status: 307 };
  rest.behave({ login: () => HTML_INSTEAD_OF_JSON });
  await expectTrouble(ways, tenant, await ask(page, 'signIn', tenant.id), 'not-the-provider');
  rest.behave({ login: () => away });
  await expectTrouble(ways, tenant, await ask(page, 'signIn', tenant.id), 'redirect-refused');
  rest.behave({ login: (_request, ordinary) => ordinary() });
  await demand(page, 'signIn', tenant.id);
  rest.behave({ renew: () => HTML_INSTEAD_OF_JSON });
  await expectTrouble(ways, tenant, await ask(page, 'renew', tenant.id), 'not-the-provider');
  rest.behave({ renew: () => away });
  await expectTrouble(ways, tenant, await ask(page, 'renew', tenant.id), 'redirect-refused');
  rest.behave({ renew: (_request, ordinary) => ordinary(), login: () => ({ status: 401 }) });
  rest.revokeRefreshTokens();
  await expectTrouble(ways, tenant, await ask(page, 'renew', tenant.id), 'credentials-refused');
  expectNothingSentTo(ways, LOOK_ALIKE);
});

test('a pasted key: wrong or deleted, and a redirect where it is tried', async ({ ways }) => {
  const { keys } = ways.emulators;
  const page = await ways.tray.popover();
  const tenant = await saveTenant(ways, {
    providerId: 'api-key',
    grant: 'static-key',
    values: { probeUrl: KEY_URL },
    secrets: { key: 'a key that was deleted' },
  });
  const stored = await demand(page, 'readTenant', tenant.id);
  for (const [answer, trouble] of [
    [{ status: 401 }, 'key-refused'],
    [{ ...HTML_INSTEAD_OF_JSON, status: 403 }, 'key-refused'],
    [{ ...redirectTo(`https://${LOOK_ALIKE}/`), status: 307 }, 'redirect-refused'],
  ] as const) {
    keys.answerWith(answer);
    await expectTrouble(ways, tenant, await ask(page, 'testTenant', stored), trouble);
  }
  await expectTrouble(ways, tenant, await ask(page, 'callProbe', tenant.id), 'redirect-refused');
  expectNothingSentTo(ways, LOOK_ALIKE);
});
