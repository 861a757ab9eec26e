/** Limio: every way to a token, in the real window, against the emulator under its own host names. */
import { createLimio, LIMIO_ANALYTICS_HOST, LIMIO_SSO_HOST } from '../emulators/limio.ts';
import { demand, waitForSnapshot } from '../harness/bridge.ts';
import { expect } from '../harness/fixtures.ts';
import {
  addTenant,
  copyAs,
  detailsOf,
  enterPassword,
  expectAccepted,
  fillForm,
  getToken,
  renew,
  signInAt,
  snapshotOf,
  waysTest,
} from './ways.ts';

const KEYS = ['legacy-key-number-one', 'legacy-key-number-two'];

const test = waysTest(() => ({ limio: createLimio({ apiKeys: KEYS }) }));

const client = (secret = 'limio-client-secret') => ({
  'Client ID': 'limio-client',
  'Client secret': secret,
});

test('Limio: authorization code by way of the SSO host, renewed by what came with it', async ({
  ways,
}) => {
  const { limio } = ways.emulators;
  limio.behave({ issuesRefreshTokens: true });
  await addTenant(ways, {
    name: 'Acme',
    provider: 'Limio',
    way: 'Sign in as a person',
    fields: { 'Tenant name': 'acme', Hosting: 'US (prod-us.limio.com)', ...client() },
  });
  await signInAt(ways, 'Acme', `https://${LIMIO_SSO_HOST}/app/limio/sso`);
  expect(limio.requests('/oauth2/token').map(({ url }) => url.host)).toEqual([
    'acme.prod-us.limio.com',
  ]);
  const token = await ways.tray.copy('Acme');
  expect(limio.canaries()).toContain(token);
  await expectAccepted(ways, 'Acme');
  const next = await renew(ways, 'Acme');
  expect(next).not.toBe(token);
  expect(await copyAs(ways, 'Acme', 'Header line')).toBe(`Authorization: Bearer ${next}`);
  expect(limio.tokenCalls('refresh_token')).toBe(1);
});

test('Limio: client credentials in the body; Basic is tried once on invalid_client and remembered', async ({
  ways,
}) => {
  const { limio } = ways.emulators;
  const authorizations = (): readonly (string | undefined)[] =>
    limio.requests('/oauth2/token').map(({ headers }) => headers.authorization?.split(' ')[0]);
  const entries = {
    provider: 'Limio',
    way: 'Sign in as an app',
    fields: { 'Tenant name': 'acme', Hosting: 'Development (dev.limio.com)', ...client() },
  };
  await addTenant(ways, { name: 'Body', ...entries });
  await getToken(ways, 'Body');
  await expectAccepted(ways, 'Body');
  await renew(ways, 'Body');
  expect(authorizations()).toEqual([undefined, undefined]);

  limio.behave({ acceptsOnlyBasic: true });
  await addTenant(ways, { name: 'Header', ...entries });
  await getToken(ways, 'Header');
  await renew(ways, 'Header');
  expect(await renew(ways, 'Header')).toBe(limio.canaries().at(-1));
  expect(authorizations().slice(2)).toEqual([undefined, 'Basic', 'Basic', 'Basic']);
  expect(limio.requests('/oauth2/token').at(-1)?.url.host).toBe('acme.dev.limio.com');
});

test('Limio: the token is taken from the web app’s own calls, silently again, until its session ends', async ({
  ways,
}) => {
  const { limio } = ways.emulators;
  const page = await ways.tray.popover();
  await addTenant(ways, {
    name: 'Web app',
    provider: 'Limio',
    way: 'Take it from the web app',
    fields: { 'Tenant name': 'acme' },
  });
  limio.behave({ tokenSeconds: 1800 });
  await signInAt(ways, 'Web app', `https://${LIMIO_SSO_HOST}/app/limio/sso`);
  const token = await ways.tray.copy('Web app');
  expect(limio.appTokens()).toEqual([token]);
  // By the `exp` of the JWT
  const { expiresAtMs, issuedAtMs } = await snapshotOf(page, 'Web app');
  expect(expiresAtMs! - issuedAtMs!).toBeLessThanOrEqual(1_800_000);
  expect(expiresAtMs! - issuedAtMs!).toBeGreaterThan(1_790_000);
  await expectAccepted(ways, 'Web app');

  limio.behave({ appToken: 'opaque' });
  const next = await renew(ways, 'Web app');
  expect(limio.appTokens()).toEqual([token, next]);
  const after = await snapshotOf(page, 'Web app');
  expect(after.expiresAtMs! - after.issuedAtMs!).toBe(3_600_000);
  // The other calls were made, on its own host and on another, and left alone
  const { requests } = ways.internet;
  expect(requests.filter(({ url }) => url.includes(LIMIO_ANALYTICS_HOST))).not.toEqual([]);
  expect(limio.decoys()).toHaveLength(4);
  expect(limio.requests('/app/limio/sso').filter(({ method }) => method === 'POST')).toHaveLength(
    1,
  );

  limio.endWebSessions();
  const details = await detailsOf(ways, 'Web app');
  await details.getByRole('button', { name: 'Renew now' }).click();
  await details.getByText('because its own sign-in has ended').waitFor();
  // What is still good is kept
  expect(await ways.tray.copy('Web app')).toBe(next);
  await details.getByRole('button', { name: 'Sign in', exact: true }).click();
  const login = await ways.tray.app.waitForPage((url) => url.includes(LIMIO_SSO_HOST));
  await login.locator('#username').waitFor();
  await enterPassword(login, 'ada');
  await waitForSnapshot(page, 'the token', ({ tenants }) => tenants[0]?.status.kind === 'fresh');
  await ways.tray.popoverShown();
  expect(await ways.tray.copy('Web app')).toBe(limio.appTokens().at(-1));
});

test('Limio: legacy keys are bare, two for a tenant, read-only, and their removal is explained', async ({
  ways,
}) => {
  const key = (name: string, apiKey: string, tenantName = 'acme') => ({
    name,
    provider: 'Limio',
    way: 'Legacy API key',
    fields: { 'Tenant name': tenantName, 'API key': apiKey },
  });
  const [first = '', second = ''] = KEYS;
  await addTenant(ways, key('First', first));
  expect(await ways.tray.copy('First')).toBe(first);
  expect(await copyAs(ways, 'First', 'Header line')).toBe(`Authorization: ${first}`);
  await expectAccepted(ways, 'First');
  const page = await ways.tray.popover();
  await page.getByText('Read-only', { exact: true }).waitFor();
  await addTenant(ways, key('Second', second));
  // Another tenant has two of its own
  await addTenant(ways, key('Elsewhere', 'key-of-another-tenant', 'globex'));

  await fillForm(ways, key('Third', 'one-key-too-many'));
  await page.getByRole('button', { name: 'Add tenant' }).click();
  await page.getByText('Limio gives each account two API keys.').first().waitFor();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Throw away' }).click();

  const details = await detailsOf(ways, 'Second');
  await details.getByRole('button', { name: 'Remove' }).click();
  await details.getByText('Deleting it at Limio').waitFor();
  await details.getByText('cannot be undone').waitFor();
  await details.getByRole('button', { name: 'Remove' }).click();
  await details.waitFor({ state: 'detached' });
  const { tenants } = await demand(page, 'getSnapshot');
  expect(tenants.map(({ name }) => name)).toEqual(['First', 'Elsewhere']);
});
