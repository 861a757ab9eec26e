/** The twelve presets: each added from the few fields that a person knows, signed in, called, renewed and copied. */
import {
  AUTH0_AUDIENCE,
  COGNITO_POOL_ID,
  DESKTOP_CLIENT,
  ENTRA_DOMAIN,
  GITHUB_APP,
  GITHUB_OAUTH_APP,
  PRESETS,
  SERVICE_CLIENT,
  ZOOM_ACCOUNT_ID,
  ZOOM_SERVER_APP,
} from '../emulators/presets.ts';
import { expect } from '../harness/fixtures.ts';
import {
  addTenant,
  copyAs,
  expectAccepted,
  getToken,
  renew,
  signInAtPage,
  signInByBrowser,
  snapshotOf,
  waysTest,
} from './ways.ts';

type Preset = Exclude<keyof typeof PRESETS, 'oauth2'>;

interface Way {
  readonly provider: string;
  readonly fields: Readonly<Record<string, string>>;
  /** Null: nobody tells. */
  readonly lifeSeconds: number | null;
  /** Of the login page's address, where the emulator stands for several servers. */
  readonly start?: string;
}

const desktop = { 'Client ID': DESKTOP_CLIENT.id };
const service = { 'Client ID': SERVICE_CLIENT.id, 'Client secret': SERVICE_CLIENT.secret };
const cognito = { 'User pool ID': COGNITO_POOL_ID, Region: 'eu-central-1' };

const PERSONS: Readonly<Record<Preset, Way>> = {
  auth0: {
    provider: 'Auth0',
    fields: { Domain: 'acme.eu.auth0.com', ...desktop, Audience: AUTH0_AUDIENCE },
    lifeSeconds: 86_400,
  },
  okta: {
    provider: 'Okta',
    fields: { 'Okta domain': 'acme.okta.com', ...desktop },
    lifeSeconds: 3600,
  },
  entra: {
    provider: 'Microsoft Entra ID',
    fields: {
      'Directory (tenant)': ENTRA_DOMAIN,
      'Application (client) ID': DESKTOP_CLIENT.id,
    },
    lifeSeconds: 3600,
  },
  keycloak: {
    provider: 'Keycloak',
    fields: { Server: 'https://old-sso.acme.example/auth', Realm: 'acme', ...desktop },
    lifeSeconds: 300,
    start: 'https://old-sso.acme.example/auth/',
  },
  cognito: {
    provider: 'Amazon Cognito',
    fields: { ...cognito, ...desktop },
    lifeSeconds: 3600,
  },
  google: { provider: 'Google', fields: desktop, lifeSeconds: 3599 },
  github: {
    provider: 'GitHub',
    fields: { 'Client ID': GITHUB_APP.id, 'Client secret': GITHUB_APP.secret },
    lifeSeconds: 28_800,
  },
  gitlab: {
    provider: 'GitLab',
    fields: { 'Application ID': DESKTOP_CLIENT.id },
    lifeSeconds: 7200,
  },
  salesforce: {
    provider: 'Salesforce',
    fields: { 'Login host': 'login.salesforce.com', 'Consumer key': DESKTOP_CLIENT.id },
    lifeSeconds: null,
    start: 'https://login.salesforce.com/',
  },
  zoom: { provider: 'Zoom', fields: service, lifeSeconds: 3600 },
  slack: { provider: 'Slack', fields: desktop, lifeSeconds: 43_200 },
  atlassian: {
    provider: 'Atlassian',
    fields: { 'Client ID': SERVICE_CLIENT.id, Secret: SERVICE_CLIENT.secret },
    lifeSeconds: 3600,
  },
};

/** Those where an app can sign in for itself. */
const APPS: Readonly<Partial<Record<Preset, Pick<Way, 'provider' | 'fields'>>>> = {
  auth0: {
    provider: 'Auth0',
    fields: { Domain: 'acme.eu.auth0.com', ...service, Audience: AUTH0_AUDIENCE },
  },
  okta: {
    provider: 'Okta',
    fields: { 'Okta domain': 'acme.okta.com', ...service, Scopes: 'orders:read' },
  },
  entra: {
    provider: 'Microsoft Entra ID',
    fields: {
      'Directory (tenant)': ENTRA_DOMAIN,
      'Application (client) ID': SERVICE_CLIENT.id,
      'Client secret': SERVICE_CLIENT.secret,
    },
  },
  keycloak: {
    provider: 'Keycloak',
    fields: { Server: 'https://sso.acme.example', Realm: 'acme', ...service },
  },
  cognito: { provider: 'Amazon Cognito', fields: { ...cognito, ...service } },
  salesforce: {
    provider: 'Salesforce',
    fields: {
      'Login host': 'acme.my.salesforce.com',
      'Consumer key': SERVICE_CLIENT.id,
      'Consumer secret': SERVICE_CLIENT.secret,
    },
  },
  zoom: {
    provider: 'Zoom',
    fields: {
      'Account ID': ZOOM_ACCOUNT_ID,
      'Client ID': ZOOM_SERVER_APP.id,
      'Client secret': ZOOM_SERVER_APP.secret,
    },
  },
};

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

for (const [preset, { provider, fields, lifeSeconds, start }] of Object.entries(PERSONS) as [
  Preset,
  Way,
][]) {
  const isInBrowser = preset === 'google';
  test(`${isInBrowser ? 'C-01 C-03 ' : ''}${provider}: a person signs in ${isInBrowser ? 'in the system browser' : 'in the window'}; called, renewed, copied`, async ({
    ways,
  }) => {
    const emulator = ways.emulators[preset];
    await addTenant(ways, { name: 'Acme', provider, fields });
    if (isInBrowser) await signInByBrowser(ways, 'Acme');
    else {
      emulator.behave({ login: 'page' });
      await signInAtPage(ways, 'Acme', start ?? emulator.addresses.authorize);
    }
    const page = await ways.tray.popover();
    const { issuedAtMs, expiresAtMs } = await snapshotOf(page, 'Acme');
    expect(expiresAtMs === null ? null : (expiresAtMs - issuedAtMs!) / 1000).toBe(lifeSeconds);
    await expectAccepted(ways, 'Acme');
    const token = await ways.tray.copy('Acme');
    const next = await renew(ways, 'Acme');
    expect(next).not.toBe(token);
    expect(emulator.isAlive(next)).toBe(true);
    expect(emulator.tokenCalls('refresh_token')).toBe(1);
    // Twice, so that one for single use was replaced
    await renew(ways, 'Acme');
    await expectAccepted(ways, 'Acme');
    expect(await copyAs(ways, 'Acme', 'Header line')).toMatch(/^Authorization: Bearer \S+$/);
  });
}

for (const [preset, { provider, fields }] of Object.entries(APPS) as [Preset, Way][]) {
  test(`${provider}: an app signs in for itself, and again when asked`, async ({ ways }) => {
    const emulator = ways.emulators[preset];
    await addTenant(ways, { name: 'App', provider, way: 'Sign in as an app', fields });
    await getToken(ways, 'App');
    const token = await ways.tray.copy('App');
    expect(emulator.isAlive(token)).toBe(true);
    const next = await renew(ways, 'App');
    expect(next).not.toBe(token);
    expect(await copyAs(ways, 'App', 'Header line')).toBe(`Authorization: Bearer ${next}`);
  });
}

test('GitHub: the token of an OAuth app neither ends nor renews', async ({ ways }) => {
  ways.emulators.github.behave({ login: 'page' });
  const { id, secret } = GITHUB_OAUTH_APP;
  await addTenant(ways, {
    name: 'Acme',
    provider: 'GitHub',
    fields: { 'Client ID': id, 'Client secret': secret },
  });
  await signInAtPage(ways, 'Acme', 'https://github.com/login/oauth/authorize');
  const page = await ways.tray.popover();
  expect(await snapshotOf(page, 'Acme')).toMatchObject({ expiresAtMs: null, renewable: false });
  await expectAccepted(ways, 'Acme');
});

test('any tenant can sign in in the system browser', async ({ ways }) => {
  await addTenant(ways, {
    name: 'Acme',
    provider: 'Okta',
    fields: {
      ...PERSONS.okta.fields,
      'Redirect URI': 'http://127.0.0.1/callback',
      'Where to sign in': 'In my browser',
    },
  });
  await signInByBrowser(ways, 'Acme');
  await expectAccepted(ways, 'Acme');
});
