/** No secret is ever found outside of the vault: a day of ten tenants, then a search of every file, text and process. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClientMetadata } from 'oidc-provider';
import type { Page } from 'playwright';
import type { TenantDraft } from '../../src-main/contract/ipc.ts';
import type { AuthorizationServer } from '../emulators/authorization-server.ts';
import { launchBearerTray, seedProfile } from '../harness/bearer-tray.ts';
import type { BearerTray } from '../harness/bearer-tray.ts';
import { ask, demand, draft, signInByBridge } from '../harness/bridge.ts';
import { createCanarySearch, formsOf, processTexts } from '../harness/canary-search.ts';
import type { CanarySearch } from '../harness/canary-search.ts';
import { expect, test } from '../harness/fixtures.ts';

const REDIRECT_URI = 'https://localhost/callback';
const CODE_SECRET = `code:%+ ${randomBytes(18).toString('base64')}`;
const SERVICE_SECRET = `service&=/ ${randomBytes(18).toString('base64')}`;

const CLIENTS: readonly ClientMetadata[] = [
  {
    client_id: 'canary-code',
    client_secret: CODE_SECRET,
    token_endpoint_auth_method: 'client_secret_basic',
    redirect_uris: [REDIRECT_URI],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
  },
  {
    client_id: 'canary-service',
    client_secret: SERVICE_SECRET,
    token_endpoint_auth_method: 'client_secret_basic',
    redirect_uris: [],
    grant_types: ['client_credentials'],
    response_types: [],
  },
];

test.use({ authorizationServerOptions: { accessTokenSeconds: 600, clients: CLIENTS } });

test('the search finds what is planted, in every form', ({ desktop }) => {
  const secret = 'péché+/=& mortel "1"';
  const folder = mkdtempSync(join(desktop.directory, 'planted-'));
  for (const [index, form] of formsOf(secret).entries()) {
    writeFileSync(join(folder, String(index)), Buffer.concat([Buffer.from('x'), form]));
  }
  // In Base64 of a longer text, at each of the three alignments
  for (const before of ['', 'a', 'ab']) {
    const text = Buffer.from(`${before}${secret} and more`).toString('base64');
    writeFileSync(join(folder, `in base64 after ${before}`), text);
  }
  const search = createCanarySearch([secret]);
  search.lookAtFolder(folder);
  expect(search.hits()).toHaveLength(readdirSync(folder).length);
});

test('D-01 after a day of ten tenants no secret is in any file, output, argument or environment, and the keychain holds one item', async ({
  desktop,
  userDataDir,
  authorizationServer: server,
}) => {
  const secrets = (): readonly string[] => [...server.canaries(), CODE_SECRET, SERVICE_SECRET];
  // Of the tests before in the same desktop
  await desktop.keyring?.clear();
  const watch = watchProcesses();
  seedProfile(userDataDir, []);
  const outputs: string[] = [];

  const first = await launchBearerTray(desktop, { userDataDir });
  const tenants = await workTheFirstHalf(first, server);
  outputs.push(first.app.output());
  await first.app.close();
  outputs.push(first.app.output());

  const second = await launchBearerTray(desktop, { userDataDir });
  await workTheSecondHalf(second, tenants, server);
  await second.app.close();
  outputs.push(second.app.output());
  const processes = watch.end(secrets());

  expect(server.canaries().length).toBeGreaterThan(40);
  const search = createCanarySearch(secrets());
  // Home, temporary folder, profile, logs of the app and of everything it talks to
  search.lookAtFolder(desktop.directory);
  for (const output of outputs) search.look('the output of the app', output);
  search.look('the history of notices', await desktop.notifications.historyText());
  expect(search.hits()).toEqual([]);
  expect(search.looks()).toBeGreaterThan(50);
  expect(processes.hits()).toEqual([]);
  expect(processes.looks()).toBeGreaterThan(50);

  expect(readdirSync(join(userDataDir, 'vault', 'records'))).toHaveLength(9);
  const items = await desktop.keyringItems();
  expect(items.map(({ attributes }) => attributes['service'])).toEqual(['Bearer Tray']);
});

/** @returns Ids: six of persons with a public client, two of persons with a secret, two of the service. */
async function workTheFirstHalf(
  tray: BearerTray,
  server: AuthorizationServer,
): Promise<readonly string[]> {
  const page = await tray.popover();
  const tenants: string[] = [await typeServiceTenant(page, server)];
  for (const entry of personDrafts(server)) tenants.push(await demand(page, 'saveTenant', entry));
  tenants.push(await demand(page, 'saveTenant', serviceDraft(server)));
  for (const [index, tenantId] of tenants.entries()) {
    if (isService(index)) await demand(page, 'signIn', tenantId);
    else await signInByBridge(tray, page, tenantId, server, `person-${String(index)}`);
  }
  for (const tenantId of tenants) await demand(page, 'copyToken', tenantId);
  for (const tenantId of tenants) await demand(page, 'renew', tenantId);
  for (const tenantId of tenants) {
    const before = await demand(page, 'readTenant', tenantId);
    await demand(page, 'saveTenant', { ...before, name: `${before.name}, renamed` });
  }
  // A secret that is typed once more, and a sign-in that fails on a wrong one
  const [service = ''] = tenants;
  const before = await demand(page, 'readTenant', service);
  const withSecret = (clientSecret: string): TenantDraft => ({
    ...before,
    secrets: { clientSecret },
  });
  await demand(page, 'saveTenant', withSecret('not the right one'));
  expect(await ask(page, 'renew', service)).toMatchObject({ ok: false });
  await demand(page, 'saveTenant', withSecret(SERVICE_SECRET));
  await demand(page, 'signIn', service);
  for (const tenantId of tenants.slice(1, 3)) await demand(page, 'signOut', tenantId);
  return tenants;
}

async function workTheSecondHalf(
  tray: BearerTray,
  tenants: readonly string[],
  server: AuthorizationServer,
): Promise<void> {
  const page = await tray.popover();
  const [, signedOut = '', removed = '', ...others] = tenants;
  for (const tenantId of others) {
    await demand(page, 'renew', tenantId);
    await demand(page, 'copyToken', tenantId);
  }
  await signInByBridge(tray, page, signedOut, server, 'person-1');
  await demand(page, 'copyToken', signedOut);
  await demand(page, 'removeTenant', removed);
}

function isService(index: number): boolean {
  return index === 0 || index === 9;
}

/** Through the form, because that is where a secret comes from. */
async function typeServiceTenant(page: Page, server: AuthorizationServer): Promise<string> {
  await page.getByRole('button', { name: 'Add tenant' }).first().click();
  const provider = page.getByRole('button', { name: /^OpenID Connect/ });
  const name = page.getByLabel('Name', { exact: true });
  await provider.or(name).first().waitFor();
  if (await provider.isVisible()) await provider.click();
  await name.fill('Typed service');
  await page.getByRole('radio', { name: 'Sign in as an app' }).check();
  await page.getByRole('textbox', { name: 'Issuer' }).fill(server.issuer);
  await page.getByRole('textbox', { name: 'Client ID' }).fill('canary-service');
  await page.getByLabel('Client secret', { exact: true }).fill(SERVICE_SECRET);
  await page.getByRole('button', { name: 'Add tenant' }).click();
  await page.getByRole('button', { name: 'Get token of Typed service' }).waitFor();
  const { tenants } = await demand(page, 'getSnapshot');
  return tenants[0]!.id;
}

function personDrafts(server: AuthorizationServer): readonly TenantDraft[] {
  return Array.from({ length: 8 }, (_, index) => {
    const isConfidential = index > 5;
    return draft({
      name: `Person ${String(index)}`,
      grant: 'authorization-code',
      values: {
        issuer: server.issuer,
        clientId: isConfidential ? 'canary-code' : server.clients.demo.client_id,
        redirectUri: REDIRECT_URI,
        scopes: 'openid profile email offline_access',
      },
      secrets: isConfidential ? { clientSecret: CODE_SECRET } : {},
    });
  });
}

function serviceDraft(server: AuthorizationServer): TenantDraft {
  return draft({
    name: 'Service',
    grant: 'client-credentials',
    values: { issuer: server.issuer, clientId: 'canary-service' },
    secrets: { clientSecret: SERVICE_SECRET },
  });
}

/** Looks at all processes five times a second, so that a helper that lives briefly is seen as well. */
function watchProcesses(): { readonly end: (secrets: readonly string[]) => CanarySearch } {
  const seen = new Set<string>();
  const timer = setInterval(() => {
    for (const text of processTexts()) seen.add(text);
  }, 200);
  return {
    end: (secrets) => {
      clearInterval(timer);
      const search = createCanarySearch(secrets);
      for (const text of seen) search.look('arguments or environment of a process', text);
      return search;
    },
  };
}
