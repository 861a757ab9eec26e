import { describe, expect, test } from 'vitest';
import type { Field, GrantKind, Provider } from '../../src-main/core/provider.ts';
import type { TenantSecrets } from '../../src-main/core/secrets.ts';
import { createStore, INITIAL_STATE } from '../../src-main/core/state.ts';
import { changedSecrets, judgeDraft } from '../../src-main/core/tenant-changes.ts';
import type { KeptSecrets } from '../../src-main/core/tenant-changes.ts';
import type { Tenant, TenantDraft } from '../../src-main/core/tenant.ts';
import { catalogueOf, field, NAMED, tenantOfTest } from '../fakes/catalogue.ts';
import { createManualClock } from '../fakes/clock.manual.ts';
import { createMemoryVault } from '../fakes/vault.memory.ts';
import { createWorld } from '../fakes/world.ts';
import type { World } from '../fakes/world.ts';

const choice = (name: string): Field => ({
  ...field(name, 'choice'),
  options: ['a', 'b'].map((value) => ({ value, label: value })),
});

const FIELDS: readonly Field[] = [
  field('issuer', 'url'),
  field('tokenEndpoint', 'url'),
  field('domain', 'host'),
  field('shop', 'label'),
  choice('region'),
  choice('plan'),
  field('clientId'),
  field('username'),
  field('accountId'),
  field('scopes', 'scopes'),
  field('scopeSeparator'),
  field('parameters', 'parameters'),
  field('redirectUri', 'url'),
  field('pkce'),
  field('clientAuthentication'),
  field('signInWith'),
  field('probeUrl', 'url'),
  field('headerName'),
  field('headerValue'),
  field('expiresOn', 'date'),
  field('password', 'secret'),
];

const OTHERS = {
  issuer: 'https://other.example',
  tokenEndpoint: 'https://other.example/token',
  domain: 'other.example',
  redirectUri: 'https://localhost/other',
  probeUrl: 'https://other.example/me',
  expiresOn: '2030-01-01',
  region: 'b',
  plan: 'b',
  parameters: 'a=2',
} as const;

const VALUES: Readonly<Record<string, string>> = {
  issuer: 'https://login.example',
  domain: 'login.example',
  shop: 'acme',
  region: 'a',
  plan: 'a',
  clientId: 'client',
  username: 'ada',
  scopes: 'read',
};

const server = { issuer: 'https://{region}.{domain}' };
const PROVIDERS: readonly Provider[] = [
  ...catalogueOf(
    { ...NAMED, kind: 'authorization-code', fields: FIELDS, server },
    { ...NAMED, kind: 'client-credentials', fields: FIELDS, server },
    {
      ...NAMED,
      kind: 'static-key',
      fields: FIELDS,
      key: { template: '{password}', encoding: 'plain' },
    },
  ),
  {
    ...catalogueOf({ ...NAMED, kind: 'authorization-code', fields: FIELDS, server })[0]!,
    id: 'other',
  },
];

const STORED: TenantSecrets = {
  fields: { password: 'p', second: 's' },
  token: { accessToken: 'a', issuedAtMs: 0 },
};

function draftOf(tenant: Tenant, changes: Partial<TenantDraft>): TenantDraft {
  const { id, providerId, grant, name, colour, notice } = tenant;
  const values = tenant.values as Record<string, string>;
  const own = { id, providerId, grant, name, colour, notice, values };
  return { ...own, secrets: {}, storedSecrets: [], ...changes };
}

async function judged(changes: Partial<TenantDraft>, grant: GrantKind = 'authorization-code') {
  const tenant = tenantOfTest(grant, VALUES, { copyFormat: 'curl' });
  const vault = createMemoryVault();
  vault.put(tenant.id, STORED);
  const store = createStore({ ...INITIAL_STATE, tenants: [tenant] });
  const world = { store, vault, providers: PROVIDERS };
  const result = await judgeDraft(draftOf(tenant, changes), tenant.id, world);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

const KEPT: Readonly<Record<string, KeptSecrets>> = {
  // Where secrets go
  issuer: 'none',
  tokenEndpoint: 'none',
  domain: 'none',
  shop: 'none',
  region: 'none',
  // Whose the token is
  clientId: 'fields',
  username: 'fields',
  accountId: 'fields',
  plan: 'fields',
  // The way there
  scopes: 'all',
  scopeSeparator: 'all',
  parameters: 'all',
  redirectUri: 'all',
  pkce: 'all',
  clientAuthentication: 'all',
  signInWith: 'all',
  probeUrl: 'all',
  headerName: 'all',
  headerValue: 'all',
  expiresOn: 'all',
};

describe('what of its secrets a tenant keeps when it is edited', () => {
  test.each(Object.entries(KEPT))('another %s: %s', async (name, keeps) => {
    const value = (OTHERS as Readonly<Record<string, string>>)[name] ?? 'other';
    expect(await judged({ values: { ...VALUES, [name]: value } })).toMatchObject({ keeps });
    // Taking one away is a change as well
    if (VALUES[name] === undefined) return;
    const { [name]: _gone, ...rest } = VALUES;
    expect(await judged({ values: rest })).toMatchObject({ keeps });
  });

  test.each<[string, Partial<TenantDraft>, KeptSecrets]>([
    ['nothing', {}, 'all'],
    ['name, colour, notice', { name: 'New', colour: '#000000', notice: 'never' }, 'all'],
    ['a secret', { secrets: { password: 'new' } }, 'all'],
    ['another way', { grant: 'client-credentials' }, 'fields'],
    [
      'another way and address',
      { grant: 'client-credentials', values: { ...VALUES, shop: 'x' } },
      'none',
    ],
    ['another provider', { providerId: 'other' }, 'none'],
  ])('%s: %s', async (_name, changes, keeps) => {
    expect(await judged(changes)).toMatchObject({ keeps, tenant: { copyFormat: 'curl' } });
  });

  test('a pasted key goes to where it is tried, so that is an address', async () => {
    const values = { ...VALUES, probeUrl: OTHERS.probeUrl };
    expect(await judged({ values }, 'static-key')).toMatchObject({ keeps: 'none' });
  });

  test.each<[KeptSecrets, Record<string, string | null>, TenantSecrets | undefined]>([
    ['all', {}, undefined],
    ['all', { password: 'new' }, { ...STORED, fields: { password: 'new', second: 's' } }],
    ['all', { password: null }, { ...STORED, fields: { second: 's' } }],
    ['fields', {}, { fields: STORED.fields }],
    ['fields', { third: 't' }, { fields: { ...STORED.fields, third: 't' } }],
    ['none', {}, { fields: {} }],
    ['none', { password: 'typed' }, { fields: { password: 'typed' } }],
  ])('%s with %j', (keeps, changes, expected) => {
    expect(changedSecrets(STORED, changes, keeps)).toEqual(expected);
  });
});

const added = (
  changes: Partial<TenantDraft> & Pick<TenantDraft, 'values' | 'grant'>,
): TenantDraft => ({
  providerId: 'test',
  name: 'Key',
  colour: '#aabbcc',
  secrets: { key: 'canary-1' },
  storedSecrets: [],
  notice: 'default',
  ...changes,
});

async function idOf(saved: ReturnType<World['tenants']['save']>): Promise<string> {
  const result = await saved;
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

describe('pasted keys', () => {
  const fields = [
    field('shop', 'label', true),
    field('expiresOn', 'date'),
    field('key', 'secret', true),
  ];
  const providers = catalogueOf({
    ...NAMED,
    kind: 'static-key',
    fields,
    key: { template: '{key}', encoding: 'plain' },
    limit: { field: 'shop', most: 2, reason: 'Two at most.' },
  });
  const key = (shop: string): TenantDraft => added({ grant: 'static-key', values: { shop } });

  test('are there at once, after saving and after a change, and nothing renews them', async () => {
    const world = await createWorld([], { providers });
    world.startKeeper();
    const id = await idOf(world.tenants.save(key('acme')));
    expect(world.vault.stored.get(id)!.token).toMatchObject({ accessToken: 'canary-1' });
    expect(world.session(id)).toMatchObject({
      phase: { kind: 'idle' },
      token: { renewable: false },
    });
    await idOf(world.tenants.save({ ...key('acme'), id, secrets: { key: ' canary-2\n' } }));
    expect(world.vault.stored.get(id)!.token).toMatchObject({ accessToken: 'canary-2' });
    await world.copying.copyToken(id);
    expect(world.clipboard.content()).toBe('canary-2');
    await idOf(world.tenants.save({ ...key('acme'), id, secrets: {}, name: 'Renamed' }));
    expect(world.vault.stored.get(id)!.token).toMatchObject({ accessToken: 'canary-2' });
    await world.clock.advance(24 * 3_600_000);
    expect(world.session(id).phase.kind).toBe('idle');
    expect(JSON.stringify(world.settingsStore.content())).not.toContain('canary');
  });

  test('end with the day that was entered, and their person is told', async () => {
    const clock = createManualClock(new Date('2029-12-31T12:00:00').getTime());
    const world = await createWorld([], { providers, clock });
    world.startKeeper();
    const values = { shop: 'acme', expiresOn: '2029-12-31' };
    const id = await idOf(world.tenants.save({ ...key('acme'), values }));
    const endMs = new Date('2030-01-01T00:00:00').getTime() - 1;
    expect(world.session(id).token!.expiresAtMs).toBe(endMs);
    await world.clock.advance(endMs - world.clock.now() - 60_000);
    expect(world.notifier.shown).toHaveLength(1);
    await world.clock.advance(60_001);
    expect(world.session(id).phase.kind).toBe('sign-in-needed');
    // The date is corrected
    await idOf(world.tenants.save({ ...key('acme'), id, secrets: {} }));
    expect(world.session(id)).toMatchObject({ phase: { kind: 'idle' } });
    expect(world.session(id).token!.expiresAtMs).toBeUndefined();
  });

  test('are limited as the provider limits them', async () => {
    const world = await createWorld([], { providers });
    const first = await idOf(world.tenants.save(key('acme')));
    await idOf(world.tenants.save(key('acme')));
    expect(await world.tenants.save(key('acme'))).toMatchObject({
      error: { code: 'input-invalid', fields: { shop: 'Two at most.' } },
    });
    expect(await world.testDraft(key('acme'))).toMatchObject({ error: { code: 'input-invalid' } });
    // One of the two may be edited, and another shop has two of its own
    await idOf(world.tenants.save({ ...key('acme'), id: first, name: 'Renamed' }));
    const other = await idOf(world.tenants.save(key('other')));
    expect(await world.tenants.save({ ...key('acme'), id: other })).toMatchObject({
      error: { fields: { shop: 'Two at most.' } },
    });
    await world.tenants.remove(first);
    await idOf(world.tenants.save({ ...key('acme'), id: other }));
    expect(world.store.get().tenants).toHaveLength(2);
  });
});

describe('another account of the same person', () => {
  const fields = [
    field('base', 'url', true),
    field('accountId', 'text', true),
    field('key', 'secret'),
  ];
  const login = { login: { url: '{base}' }, answer: { token: ['token'] } };
  const shared = { ...NAMED, kind: 'rest-login', fields, login } as const;
  const anotherAccount = { field: 'accountId', label: 'Account' };
  const values = { base: 'https://api.example', accountId: '1' };

  test('differs in name and account, has the secrets and no token', async () => {
    const world = await createWorld([], { providers: catalogueOf({ ...shared, anotherAccount }) });
    const id = await idOf(
      world.tenants.save(added({ grant: 'rest-login', values, notice: 'always' })),
    );
    world.vault.put(id, { ...world.vault.stored.get(id)!, token: STORED.token! });
    const other = await idOf(world.tenants.addAnotherAccount(id, ' 2 '));
    expect(other).not.toBe(id);
    expect(world.store.get().tenants).toMatchObject([
      { id, name: 'Key', values },
      { id: other, name: 'Key · 2', values: { ...values, accountId: '2' }, notice: 'always' },
    ]);
    expect(world.vault.stored.get(other)).toEqual({ fields: { key: 'canary-1' } });
    expect(JSON.stringify(world.settingsStore.content())).not.toContain('canary');
  });

  test('what makes none', async () => {
    const world = await createWorld([], { providers: catalogueOf({ ...shared, anotherAccount }) });
    const id = await idOf(world.tenants.save(added({ grant: 'rest-login', values })));
    expect(await world.tenants.addAnotherAccount(id, '  ')).toMatchObject({
      error: { code: 'input-invalid' },
    });
    expect(await world.tenants.addAnotherAccount(crypto.randomUUID(), '2')).toMatchObject({
      error: { code: 'tenant-unknown' },
    });
    world.vault.failReads('keychain-locked');
    expect(await world.tenants.addAnotherAccount(id, '2')).toMatchObject({
      error: { code: 'keychain-locked' },
    });
    expect(world.store.get().tenants).toHaveLength(1);
    const plain = await createWorld([tenantOfTest('rest-login', values)], {
      providers: catalogueOf(shared),
    });
    expect(
      await plain.tenants.addAnotherAccount(plain.store.get().tenants[0]!.id, '2'),
    ).toMatchObject({ error: { code: 'provider-unknown' } });
  });
});
