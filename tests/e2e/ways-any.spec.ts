/** Systems of no vendor: OpenID Connect, OAuth 2.0 with endpoints typed by hand, and a pasted key, in the real window. */
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
import { htmlPage, jsonAnswer } from '../emulators/emulator-parts.ts';
import type { SiteAnswer } from '../emulators/site.ts';
import { expect } from '../harness/fixtures.ts';
import {
  addTenant,
  call,
  copyAs,
  expectAccepted,
  fillForm,
  getToken,
  renew,
  signInAtPage,
  signOut,
  snapshotOf,
  waysTest,
} from './ways.ts';

const KEY = 'pasted-key-of-some-system';
const KEY_HOST = 'keys.any.example';
const ISSUER = 'https://sso.acme.example/realms/acme';
const PLAIN = 'https://auth.plain.example/oauth';

/** Takes the key in a header of its own. */
function keySystem() {
  const site = ({
    headers,
  }: {
    readonly headers: Readonly<Record<string, unknown>>;
  }): SiteAnswer =>
    headers['x-api-key'] === `Key ${KEY}`
      ? jsonAnswer({ ok: true })
      : htmlPage('Who are you?', '', 403);
  return { hosts: [KEY_HOST], site, reset: () => undefined, canaries: () => [KEY] };
}

const test = waysTest(() => ({
  keycloak: createKeycloak(),
  plain: createOAuth2Server(),
  implicit: createImplicitServer(),
  keys: keySystem(),
}));

test('OpenID Connect: discovery, code, renewal and revocation', async ({ ways }) => {
  const { keycloak } = ways.emulators;
  keycloak.behave({ login: 'page' });
  await addTenant(ways, {
    name: 'Acme',
    provider: 'OpenID Connect',
    way: 'Sign in as a person',
    fields: {
      Issuer: ISSUER,
      'Client ID': SERVICE_CLIENT.id,
      'Client secret': SERVICE_CLIENT.secret,
    },
  });
  await signInAtPage(ways, 'Acme', ISSUER);
  const page = await ways.tray.popover();
  expect((await snapshotOf(page, 'Acme')).account).toBe('ada@example.test');
  const token = await ways.tray.copy('Acme');
  expect(keycloak.isAlive(token)).toBe(true);
  const next = await renew(ways, 'Acme');
  expect(next).not.toBe(token);
  await expectAccepted(ways, 'Acme');
  expect(await copyAs(ways, 'Acme', 'Header line')).toBe(`Authorization: Bearer ${next}`);
  await signOut(ways, 'Acme', 'The provider has confirmed it.');
  expect(keycloak.isAlive(next)).toBe(false);
  expect(keycloak.requests('metadata')).toHaveLength(1);
});

test('OpenID Connect: client credentials', async ({ ways }) => {
  const { keycloak } = ways.emulators;
  await addTenant(ways, {
    name: 'Acme',
    provider: 'OpenID Connect',
    way: 'Sign in as an app',
    fields: {
      Issuer: ISSUER,
      'Client ID': SERVICE_CLIENT.id,
      'Client secret': SERVICE_CLIENT.secret,
    },
  });
  await getToken(ways, 'Acme');
  const token = await ways.tray.copy('Acme');
  expect(await renew(ways, 'Acme')).not.toBe(token);
  expect(keycloak.tokenCalls('client_credentials')).toBe(2);
});

for (const [provider, fields] of [
  ['OpenID Connect', { Issuer: IMPLICIT_ISSUER, 'Client ID': IMPLICIT_CLIENT_ID }],
  [
    'OAuth 2.0',
    {
      'Authorization endpoint': `${IMPLICIT_ISSUER}/authorize`,
      'Client ID': IMPLICIT_CLIENT_ID,
      Scopes: 'read',
    },
  ],
] as const) {
  test(`A-01 ${provider}: the implicit grant, the old way`, async ({ ways }) => {
    const { implicit } = ways.emulators;
    await addTenant(ways, {
      name: 'Old',
      provider,
      way: 'Sign in as a person, the old way',
      fields: { ...fields, 'Address to try the token on': `${IMPLICIT_ISSUER}/me` },
    });
    const page = await ways.tray.popover();
    await page.getByRole('button', { name: 'Sign in to Old' }).click();
    await ways.tray.waitForToken('Old');
    await ways.tray.popoverShown();
    const row = await snapshotOf(page, 'Old');
    expect(row).toMatchObject({ renewable: false, interactive: true });
    expect(row.expiresAtMs! - row.issuedAtMs!).toBe(1_200_000);
    expect(row.account).toBe(provider === 'OpenID Connect' ? 'ada@example.test' : null);
    expect(await ways.tray.copy('Old')).toMatch(/^implicit\/\+:/);
    await expectAccepted(ways, 'Old');
    expect(implicit.requests('/authorize')).toHaveLength(1);
  });
}

test('OAuth 2.0: endpoints by hand, form-encoded answers, scopes by comma, an end that nobody tells', async ({
  ways,
}) => {
  const { plain } = ways.emulators;
  plain.behave({ login: 'page' });
  await addTenant(ways, {
    name: 'Plain',
    provider: 'OAuth 2.0',
    way: 'Sign in as a person',
    fields: {
      'Authorization endpoint': `${PLAIN}/authorize`,
      'Token endpoint': `${PLAIN}/token`,
      'Client ID': DESKTOP_CLIENT.id,
      Scopes: 'read write',
      'Between scopes': 'Commas',
      'Revocation endpoint': `${PLAIN}/revoke`,
      'Address to try the token on': 'https://api.plain.example/me',
    },
  });
  await signInAtPage(ways, 'Plain', PLAIN);
  expect(plain.requests('authorize')[0]?.url.searchParams.get('scope')).toBe('read,write');
  const page = await ways.tray.popover();
  expect((await snapshotOf(page, 'Plain')).expiresAtMs).toBeNull();
  await page.getByText('Valid, end unknown').waitFor();
  const token = await ways.tray.copy('Plain');
  await expectAccepted(ways, 'Plain');
  expect(await renew(ways, 'Plain')).not.toBe(token);
  await expectAccepted(ways, 'Plain');
  await signOut(ways, 'Plain', 'The provider has confirmed it.');
});

test('OAuth 2.0: as an app, the secret in the header or in the body', async ({ ways }) => {
  const { plain } = ways.emulators;
  for (const [name, place] of [
    ['Header', 'Into the header (Basic), as in the standard'],
    ['Body', 'Into the body'],
  ] as const) {
    await addTenant(ways, {
      name,
      provider: 'OAuth 2.0',
      way: 'Sign in as an app',
      fields: {
        'Token endpoint': `${PLAIN}/token`,
        'Client ID': SERVICE_CLIENT.id,
        'Client secret': SERVICE_CLIENT.secret,
        Scopes: 'read',
        'Client secret goes': place,
      },
    });
    await getToken(ways, name);
    expect(plain.isAlive(await ways.tray.copy(name))).toBe(true);
  }
  const sent = plain.requests('token').map(({ headers, form }) => ({
    basic: headers.authorization?.startsWith('Basic ') === true,
    body: form.has('client_secret'),
  }));
  expect(sent).toEqual([
    { basic: true, body: false },
    { basic: false, body: true },
  ]);
});

test('a pasted key: with its last day and a header of its own, tested before it is kept', async ({
  ways,
}) => {
  const entries = (name: string, key: string) => ({
    name,
    provider: 'API key or token',
    fields: {
      'Key or token': key,
      'Works until': '2099-12-31',
      'Address to try the token on': `https://${KEY_HOST}/me`,
      Header: 'X-Api-Key',
      'Value of the header': 'Key {token}',
    },
  });
  const page = await fillForm(ways, entries('Pasted', 'not the key'));
  const test = page.getByRole('button', { name: 'Test', exact: true });
  await test.click();
  const error = page.getByRole('alert');
  await expect(error).toContainText(`Pasted: ${KEY_HOST} does not accept this key.`);
  await page.getByLabel('Key or token', { exact: true }).fill(KEY);
  await test.click();
  await page.getByRole('status').getByText('The token is accepted').waitFor();
  await page.getByRole('button', { name: 'Add tenant' }).click();
  await ways.tray.waitForToken('Pasted');

  const { expiresAtMs, renewable } = await snapshotOf(page, 'Pasted');
  expect(new Date(expiresAtMs!).toLocaleDateString('sv')).toBe('2099-12-31');
  expect(renewable).toBe(false);
  expect(await ways.tray.copy('Pasted')).toBe(KEY);
  expect(await copyAs(ways, 'Pasted', 'Header line')).toBe(`X-Api-Key: Key ${KEY}`);
  await expectAccepted(ways, 'Pasted');

  await addTenant(ways, entries('Wrong', 'another key'));
  expect(await call(ways, 'Wrong')).toMatch(/^403 · not accepted/);
});
