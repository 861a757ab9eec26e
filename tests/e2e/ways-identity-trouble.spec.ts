/** Bad input for the twelve presets: each error names tenant, cause and next step, and no secret is in any. */
import { answerToLookAlike } from '../emulators/identity-provider.ts';
import type { IdentityProviderBehaviour } from '../emulators/identity-provider-types.ts';
import {
  COGNITO_POOL_ID,
  DESKTOP_CLIENT,
  ENTRA_DOMAIN,
  GITHUB_APP,
  PRESETS,
  SERVICE_CLIENT,
  ZOOM_ACCOUNT_ID,
  ZOOM_SERVER_APP,
} from '../emulators/presets.ts';
import type { Answer } from '../../src-main/contract/ipc.ts';
import { ask, demand } from '../harness/bridge.ts';
import { expect } from '../harness/fixtures.ts';
import { followByBrowser, waysTest, type Ways } from './ways.ts';
import {
  beginAt,
  cancelAt,
  expectNothingSentTo,
  expectTrouble,
  LOOK_ALIKE,
  saveTenant,
  type Trouble,
} from './ways-trouble.ts';

type Preset = Exclude<keyof typeof PRESETS, 'oauth2'>;

/** Values of its form beside the client, whose secret has to be given or must not be. */
const PERSONS: Readonly<Record<Preset, Readonly<Record<string, string>>>> = {
  auth0: { domain: 'acme.eu.auth0.com', scopes: 'openid offline_access' },
  okta: {
    domain: 'acme.okta.com',
    authorizationServer: 'default',
    scopes: 'openid offline_access',
  },
  entra: { directory: ENTRA_DOMAIN, scopes: 'openid offline_access' },
  keycloak: { server: 'https://sso.acme.example', realm: 'acme', scopes: 'openid' },
  cognito: { userPoolId: COGNITO_POOL_ID, region: 'eu-central-1', scopes: 'openid email' },
  google: { redirectUri: 'http://127.0.0.1', scopes: 'openid email' },
  github: { clientId: GITHUB_APP.id },
  gitlab: { host: 'gitlab.com', scopes: 'openid read_api' },
  salesforce: { domain: 'acme.my.salesforce.com', scopes: 'openid api refresh_token' },
  zoom: {},
  slack: { scopes: 'users:read' },
  atlassian: { scopes: 'read:me offline_access', pkce: 'off' },
};

/** No app of these can be public. */
const CONFIDENTIAL: readonly Preset[] = ['github', 'zoom', 'atlassian'];

const test = waysTest(() => ({
  auth0: PRESETS.auth0(),
  okta: PRESETS.okta(),
  entra: PRESETS.entra(),
  keycloak: PRESETS.keycloak(),
  cognito: PRESETS.cognito(),
  google: PRESETS.google(),
  github: PRESETS.github(),
  gitlab: PRESETS.gitlab(),
  salesforce: PRESETS.salesforce(),
  zoom: PRESETS.zoom(),
  slack: PRESETS.slack(),
  atlassian: PRESETS.atlassian(),
}));

const AT_TOKEN_ENDPOINT: readonly (readonly [IdentityProviderBehaviour, Trouble])[] = [
  [{ token: 'html' }, 'not-the-provider'],
  [{ token: 503 }, 'provider-trouble'],
  [{ token: new URL(`https://${LOOK_ALIKE}`) }, 'redirect-refused'],
  [{ token: 'invalid_client' }, 'client-refused'],
];

for (const preset of Object.keys(PERSONS) as Preset[]) {
  const isInBrowser = preset === 'google';
  const isConfidential = CONFIDENTIAL.includes(preset);
  const personAs = (client: Readonly<Record<string, string>>, clientSecret?: string) => ({
    providerId: preset,
    grant: 'authorization-code',
    values: { redirectUri: 'https://localhost/callback', ...client, ...PERSONS[preset] },
    secrets: clientSecret === undefined ? {} : { clientSecret },
  });
  const usual = isConfidential
    ? personAs({ clientId: SERVICE_CLIENT.id }, SERVICE_CLIENT.secret)
    : personAs({ clientId: DESKTOP_CLIENT.id });

  const signIn = async (ways: Ways, id: string): Promise<Answer<null>> => {
    const page = await ways.tray.popover();
    return isInBrowser ? followByBrowser(ways, id) : ask(page, 'signIn', id);
  };

  test(`${preset}: wrong secret, HTML, trouble, a redirect, a refresh token that has ended`, async ({
    ways,
  }) => {
    const emulator = ways.emulators[preset];
    const page = await ways.tray.popover();
    const wrong = await saveTenant(
      ways,
      personAs({ clientId: SERVICE_CLIENT.id }, 'not the secret of it'),
    );
    await expectTrouble(ways, wrong, await signIn(ways, wrong.id), 'client-refused');

    const tenant = await saveTenant(ways, usual);
    for (const [behaviour, trouble] of AT_TOKEN_ENDPOINT) {
      emulator.behave(behaviour);
      await expectTrouble(ways, tenant, await signIn(ways, tenant.id), trouble);
    }
    expectNothingSentTo(ways, LOOK_ALIKE);

    emulator.behave({ token: undefined });
    expect(await signIn(ways, tenant.id)).toEqual({ ok: true, value: null });
    emulator.endSessions();
    await expectTrouble(ways, tenant, await ask(page, 'renew', tenant.id), 'grant-refused');
  });

  test(`${preset}: an unknown client, a person who says no, a look-alike`, async ({ ways }) => {
    const emulator = ways.emulators[preset];
    const unknown = await saveTenant(ways, {
      ...usual,
      values: { ...usual.values, clientId: 'no-such-client' },
    });
    const tenant = await saveTenant(ways, usual);
    if (isInBrowser) {
      // There the provider's page is the browser's, and the person comes back to cancel
      const page = await ways.tray.popover();
      const end = ask(page, 'signIn', unknown.id);
      await ways.browser.waitForAddress(ways.browser.addresses().length + 1);
      await ask(page, 'cancelSignIn', unknown.id);
      await expectTrouble(ways, unknown, await end, 'sign-in-cancelled');
    } else {
      const { host, origin } = new URL(emulator.addresses.authorize);
      const { end } = await beginAt(ways, unknown.id, origin);
      await cancelAt(ways, unknown, end, host);

      emulator.behave({ authorize: answerToLookAlike(LOOK_ALIKE) });
      const error = await expectTrouble(ways, tenant, await signIn(ways, tenant.id), 'page-failed');
      expect(error.message).toContain(LOOK_ALIKE);
    }
    emulator.behave({ authorize: undefined, login: 'denied' });
    await expectTrouble(ways, tenant, await signIn(ways, tenant.id), 'sign-in-denied');
    expect(emulator.tokenCalls()).toBe(0);
  });
}

/** Those where an app can sign in for itself. */
const APPS: Readonly<Partial<Record<Preset, Readonly<Record<string, string>>>>> = {
  auth0: { ...PERSONS.auth0, audience: 'https://api.acme.example/', scopes: '' },
  okta: { ...PERSONS.okta, scopes: 'orders:read' },
  entra: { ...PERSONS.entra, scopes: 'https://graph.microsoft.com/.default' },
  keycloak: { ...PERSONS.keycloak },
  cognito: { userPoolId: COGNITO_POOL_ID, region: 'eu-central-1' },
  salesforce: { domain: 'acme.my.salesforce.com' },
  zoom: { accountId: ZOOM_ACCOUNT_ID, clientId: ZOOM_SERVER_APP.id },
};

for (const [preset, values] of Object.entries(APPS) as [Preset, Record<string, string>][]) {
  test(`${preset} as an app: wrong secret, unknown client, HTML, trouble, a redirect`, async ({
    ways,
  }) => {
    const emulator = ways.emulators[preset];
    const page = await ways.tray.popover();
    const appAs = (clientId: string | undefined, clientSecret: string) => ({
      providerId: preset,
      grant: 'client-credentials',
      values: {
        clientId: SERVICE_CLIENT.id,
        ...values,
        ...(clientId === undefined ? {} : { clientId }),
      },
      secrets: { clientSecret },
    });
    for (const draft of [
      appAs(undefined, 'not the secret of it'),
      appAs('no-such-client', SERVICE_CLIENT.secret),
    ]) {
      const wrong = await saveTenant(ways, draft);
      await expectTrouble(ways, wrong, await ask(page, 'signIn', wrong.id), 'client-refused');
      const stored = await demand(page, 'readTenant', wrong.id);
      await expectTrouble(ways, wrong, await ask(page, 'testTenant', stored), 'client-refused');
    }
    const tenant = await saveTenant(ways, appAs(undefined, SERVICE_CLIENT.secret));
    for (const [behaviour, trouble] of AT_TOKEN_ENDPOINT) {
      emulator.behave(behaviour);
      await expectTrouble(ways, tenant, await ask(page, 'signIn', tenant.id), trouble);
    }
    expectNothingSentTo(ways, LOOK_ALIKE);
  });
}
