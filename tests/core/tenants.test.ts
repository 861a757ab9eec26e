import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createStore, INITIAL_STATE } from '../../src-main/core/state.ts';
import type { TenantDraft } from '../../src-main/core/tenant.ts';
import { createTenants } from '../../src-main/core/tenants.ts';
import { startHostileServer } from '../emulators/hostile-server.ts';
import type { HostileServer } from '../emulators/hostile-server.ts';
import { createMemorySettingsStore } from '../fakes/settings-store.memory.ts';
import { createWorld, tenantAt } from '../fakes/world.ts';
import type { World } from '../fakes/world.ts';

let server: HostileServer;

beforeAll(async () => {
  server = await startHostileServer();
});
afterEach(() => {
  server.reset();
});
afterAll(() => server.stop());

const NEW: TenantDraft = {
  providerId: 'oidc',
  grant: 'authorization-code',
  name: 'New',
  colour: '#AABBCC',
  values: {
    issuer: 'https://login.example.com',
    clientId: 'client',
    redirectUri: 'https://localhost/callback',
  },
  secrets: {},
  storedSecrets: [],
  notice: 'default',
};

async function signedIn() {
  const tenant = tenantAt(server.issuer);
  const world = await createWorld([tenant]);
  await world.sessions.signIn(tenant.id);
  return { world, id: tenant.id, token: world.vault.stored.get(tenant.id)!.token! };
}

/** As a page does it: reads the form and sends it back with changes. */
async function edit(
  world: World,
  id: string,
  change: (draft: TenantDraft) => Partial<TenantDraft>,
): Promise<string> {
  const read = await world.tenants.read(id);
  if (!read.ok) return read.error.code;
  const saved = await world.tenants.save({ ...read.value, ...change(read.value) });
  return saved.ok ? 'saved' : saved.error.code;
}

const fileOf = (world: World): string => JSON.stringify(world.settingsStore.content());

describe('adding', () => {
  test('the tenant is in file and state, its secret in the vault only', async () => {
    const world = await createWorld();
    const saved = await world.tenants.save({ ...NEW, secrets: { clientSecret: 'CANARY-secret' } });
    if (!saved.ok) throw new Error(saved.error.code);
    expect(world.store.get().tenants).toMatchObject([{ id: saved.value, colour: '#aabbcc' }]);
    expect(world.store.get().activeTenantId).toBe(saved.value);
    expect(world.vault.stored.get(saved.value)).toEqual({
      fields: { clientSecret: 'CANARY-secret' },
    });
    expect(fileOf(world)).toContain(saved.value);
    expect(fileOf(world)).not.toContain('CANARY');
    expect(JSON.stringify(world.store.get())).not.toContain('CANARY');
  });

  test('reading it back names the secret and does not hold it', async () => {
    const world = await createWorld();
    const saved = await world.tenants.save({ ...NEW, secrets: { clientSecret: 'CANARY-secret' } });
    const read = await world.tenants.read(saved.ok ? saved.value : '');
    expect(read).toMatchObject({ value: { secrets: {}, storedSecrets: ['clientSecret'] } });
    expect(JSON.stringify(read)).not.toContain('CANARY');
  });

  test('a wrong form changes nothing', async () => {
    const world = await createWorld();
    expect(await world.tenants.save({ ...NEW, name: '' })).toMatchObject({
      error: { code: 'input-invalid', fields: { name: 'Give the tenant a name.' } },
    });
    expect(world.store.get().tenants).toEqual([]);
    expect(world.vault.writes()).toBe(0);
  });

  test('a secret that the page says is stored is not believed', async () => {
    const world = await createWorld();
    const saved = await world.tenants.save({
      ...NEW,
      grant: 'client-credentials',
      storedSecrets: ['clientSecret'],
    });
    expect(saved).toMatchObject({ error: { fields: { clientSecret: expect.any(String) } } });
  });

  test('an id that does not exist makes no tenant', async () => {
    const world = await createWorld();
    expect(await world.tenants.save({ ...NEW, id: crypto.randomUUID() })).toMatchObject({
      error: { code: 'tenant-unknown' },
    });
  });

  test('settings that cannot be saved: nothing is shown as added, no secret stays behind', async () => {
    const world = await createWorld();
    world.settingsStore.failSaves(true);
    expect(await world.tenants.save({ ...NEW, secrets: { clientSecret: 'x' } })).toMatchObject({
      error: { code: 'settings-not-saved' },
    });
    expect(world.store.get().tenants).toEqual([]);
    expect(world.vault.stored.size).toBe(0);
  });

  test('a secret that cannot be saved: nothing is added', async () => {
    const world = await createWorld();
    world.vault.failWrites('vault-not-saved');
    expect(await world.tenants.save({ ...NEW, secrets: { clientSecret: 'x' } })).toMatchObject({
      error: { code: 'vault-not-saved' },
    });
    expect(world.store.get().tenants).toEqual([]);
    expect(world.settingsStore.content()).toMatchObject({ tenants: [] });
  });

  test('a locked keychain: nothing is added', async () => {
    const world = await createWorld();
    world.vault.failReads('keychain-locked');
    expect(await world.tenants.save(NEW)).toMatchObject({ error: { code: 'keychain-locked' } });
  });
});

describe('changing', () => {
  test('another name keeps token and session', async () => {
    const { world, id, token } = await signedIn();
    expect(await edit(world, id, () => ({ name: 'Renamed' }))).toBe('saved');
    expect(world.store.get().tenants[0]!.name).toBe('Renamed');
    expect(world.vault.stored.get(id)!.token).toEqual(token);
    expect(world.session(id)).toMatchObject({ phase: { kind: 'idle' }, token: {} });
  });

  test.each([
    ['issuer', 'https://other.example.com'],
    ['clientId', 'another-client'],
  ])('another %s drops the token: it would be sent to somebody else', async (name, value) => {
    const { world, id } = await signedIn();
    await edit(world, id, ({ values }) => ({ values: { ...values, [name]: value } }));
    expect(world.vault.stored.get(id)).toEqual({ fields: {} });
    expect(world.session(id)).toEqual({ phase: { kind: 'idle' }, noticed: false });
    const calls = server.tokenCalls();
    world.startKeeper();
    await world.clock.advance(3_600_000);
    expect(server.tokenCalls()).toBe(calls);
  });

  test('another grant drops the token', async () => {
    const { world, id } = await signedIn();
    await edit(world, id, () => ({
      grant: 'client-credentials',
      secrets: { clientSecret: 'typed' },
    }));
    expect(world.vault.stored.get(id)).toEqual({ fields: { clientSecret: 'typed' } });
  });

  test('another issuer never gets the secret of the old one', async () => {
    const { world, id } = await signedIn();
    await edit(world, id, () => ({ secrets: { clientSecret: 'of the old one' } }));
    await edit(world, id, ({ values }) => ({
      values: { ...values, issuer: 'https://other.example.com' },
    }));
    expect(world.vault.stored.get(id)).toEqual({ fields: {} });
    await edit(world, id, ({ values }) => ({
      values: { ...values, issuer: 'https://third.example.com' },
      secrets: { clientSecret: 'typed for it' },
    }));
    expect(world.vault.stored.get(id)).toEqual({ fields: { clientSecret: 'typed for it' } });
  });

  test('scopes and redirect URI keep it', async () => {
    const { world, id, token } = await signedIn();
    await edit(world, id, ({ values }) => ({
      values: { ...values, scopes: 'openid', redirectUri: 'https://localhost/other' },
    }));
    expect(world.vault.stored.get(id)!.token).toEqual(token);
  });

  test('a secret is replaced, kept and deleted; the token stays', async () => {
    const { world, id, token } = await signedIn();
    await edit(world, id, () => ({ secrets: { clientSecret: 'first' } }));
    expect(world.vault.stored.get(id)).toEqual({ fields: { clientSecret: 'first' }, token });
    await edit(world, id, () => ({ name: 'Other' }));
    expect(world.vault.stored.get(id)!.fields).toEqual({ clientSecret: 'first' });
    await edit(world, id, () => ({ secrets: { clientSecret: null } }));
    expect(world.vault.stored.get(id)).toEqual({ fields: {}, token });
  });

  test('settings that cannot be saved: nothing is shown as changed, and the secrets are as before', async () => {
    const { world, id, token } = await signedIn();
    await edit(world, id, () => ({ secrets: { clientSecret: 'first' } }));
    const before = world.store.get();
    world.settingsStore.failSaves(true);
    expect(
      await edit(world, id, ({ values }) => ({
        secrets: { clientSecret: 'second' },
        values: { ...values, issuer: 'https://other.example.com' },
      })),
    ).toBe('settings-not-saved');
    expect(world.store.get()).toBe(before);
    expect(world.vault.stored.get(id)).toEqual({ fields: { clientSecret: 'first' }, token });
  });

  test('an edit while a renewal is under way waits for it and loses no rotated token', async () => {
    const { world, id, token } = await signedIn();
    let answer = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    server.behave({
      token: async (_request, ordinary) => {
        const rotated = ordinary();
        await held;
        return rotated;
      },
    });
    const arrived = server.nextRequest('/token');
    const renewal = world.sessions.renew(id);
    await arrived;
    const edited = edit(world, id, () => ({ name: 'Edited', secrets: { clientSecret: 'typed' } }));
    await new Promise((resolve) => setImmediate(resolve));
    answer();
    const renewed = await renewal;
    expect(await edited).toBe('saved');
    expect(renewed.ok && renewed.value.refreshToken).not.toBe(token.refreshToken);
    expect(world.vault.stored.get(id)).toEqual({
      fields: { clientSecret: 'typed' },
      token: renewed.ok && renewed.value,
    });
    server.reset();
    await edit(world, id, () => ({ secrets: { clientSecret: null } }));
    expect((await world.sessions.renew(id)).ok).toBe(true);
    expect(server.reuses()).toBe(0);
  });

  test('moving away while a renewal is under way does not wait, and its token does not come back', async () => {
    const { world, id } = await signedIn();
    server.behave({ token: () => new Promise(() => undefined) });
    const arrived = server.nextRequest('/token');
    const renewal = world.sessions.renew(id);
    await arrived;
    expect(
      await edit(world, id, ({ values }) => ({ values: { ...values, clientId: 'another' } })),
    ).toBe('saved');
    expect((await renewal).ok).toBe(false);
    expect(world.vault.stored.get(id)).toEqual({ fields: {} });
    expect(world.session(id).token).toBeUndefined();
  });

  test('an unreadable record does not keep the form from being opened and saved', async () => {
    const { world, id } = await signedIn();
    world.vault.failReads('vault-unreadable');
    expect(await world.tenants.read(id)).toMatchObject({ value: { storedSecrets: [] } });
    expect(await edit(world, id, () => ({ secrets: { clientSecret: 'again' } }))).toBe('saved');
    world.vault.failReads(undefined);
    expect(world.vault.stored.get(id)).toEqual({ fields: { clientSecret: 'again' } });
  });
});

describe('removing', () => {
  test('it goes with its secrets, and the next one becomes active', async () => {
    const tenants = [tenantAt(server.issuer), tenantAt(server.issuer)] as const;
    const world = await createWorld(tenants);
    const [{ id }, next] = tenants;
    await world.sessions.signIn(id);
    expect(await world.tenants.remove(id)).toEqual({ ok: true, value: null });
    expect(world.vault.stored.has(id)).toBe(false);
    expect(world.store.get()).toMatchObject({
      tenants: [{ id: next.id }],
      activeTenantId: next.id,
    });
    expect(world.store.get().sessions.has(id)).toBe(false);
    expect(fileOf(world)).not.toContain(id);
    expect(await world.tenants.remove(id)).toMatchObject({ error: { code: 'tenant-unknown' } });
  });

  test('while a renewal is under way: nothing comes back', async () => {
    const { world, id } = await signedIn();
    server.behave({ token: () => new Promise(() => undefined) });
    const arrived = server.nextRequest('/token');
    const renewal = world.sessions.renew(id);
    await arrived;
    expect((await world.tenants.remove(id)).ok).toBe(true);
    expect((await renewal).ok).toBe(false);
    expect(world.vault.stored.has(id)).toBe(false);
    expect(world.store.get().sessions.size).toBe(0);
  });

  test('while signing in: the attempt ends', async () => {
    const tenant = tenantAt(server.issuer);
    const world = await createWorld([tenant]);
    world.userAgent.answerWith(() => new Promise(() => undefined));
    const opened = world.userAgent.nextAttempt();
    const attempt = world.sessions.signIn(tenant.id);
    await opened;
    expect((await world.tenants.remove(tenant.id)).ok).toBe(true);
    expect(await attempt).toMatchObject({ error: { code: 'sign-in-cancelled' } });
    expect(world.store.get().sessions.size).toBe(0);
  });

  test('settings that cannot be saved: still listed, and shown without a token', async () => {
    const { world, id } = await signedIn();
    world.settingsStore.failSaves(true);
    expect(await world.tenants.remove(id)).toMatchObject({ error: { code: 'settings-not-saved' } });
    expect(world.store.get().tenants).toHaveLength(1);
    expect(world.session(id).token).toBeUndefined();
  });
});

describe('settings', () => {
  test('a change is saved, then shown', async () => {
    const world = await createWorld();
    expect(world.tenants.changeSettings({ noticeLeadMinutes: 9 }).ok).toBe(true);
    expect(world.store.get().settings.noticeLeadMinutes).toBe(9);
    expect(world.settingsStore.content()).toMatchObject({ settings: { noticeLeadMinutes: 9 } });
  });

  test('a change that cannot be saved is not shown', async () => {
    const world = await createWorld([tenantAt(server.issuer), tenantAt(server.issuer)]);
    const before = world.store.get();
    world.settingsStore.failSaves(true);
    expect(world.tenants.changeSettings({ theme: 'dark' }).ok).toBe(false);
    expect(world.tenants.activate(before.tenants[1]!.id).ok).toBe(false);
    expect(world.store.get()).toBe(before);
  });
});

describe('D-14 what the settings file may hold', () => {
  const tenant = tenantAt('https://login.example.com');
  const good = {
    schemaVersion: 1,
    tenants: [tenant],
    activeTenantId: tenant.id,
    settings: INITIAL_STATE.settings,
  };

  test('a good file', async () => {
    const world = await createWorld([], { settings: good });
    expect(world.store.get()).toMatchObject({ tenants: [tenant], problems: [] });
    expect(world.settingsStore.copies()).toBe(0);
  });

  test.each([
    ['not readable at all', 'unreadable'],
    ['null', null],
    ['a list', []],
    ['a number', 7],
    ['an empty object', {}],
    ['tenants that are no list', { ...good, tenants: { a: 1 } }],
  ])('%s: kept aside, told, started empty', async (_name, settings) => {
    const world = await createWorld([], { settings });
    expect(world.store.get().tenants).toEqual([]);
    expect(world.settingsStore.copies()).toBe(1);
    expect(world.store.get().problems).toMatchObject([
      { code: 'settings-unreadable', subject: 'settings.json.unreadable-1' },
    ]);
  });

  test('D-13 of a later version: shown as far as it can be read, told, neither kept aside nor written over', async () => {
    const settings = { ...good, schemaVersion: 2, tenants: [tenant, { id: 'of a later version' }] };
    const world = await createWorld([], { settings });
    expect(world.store.get().tenants).toEqual([tenant]);
    expect(world.settingsStore.copies()).toBe(0);
    expect(world.settingsStore.content()).toEqual(settings);
    expect(world.store.get().problems).toMatchObject([{ code: 'settings-not-saved' }]);
  });

  test('partly readable: the good tenants stay, the file is kept aside', async () => {
    const broken = [
      { ...tenant, id: 'no-uuid' },
      { ...tenant, id: crypto.randomUUID(), grant: 'telepathy' },
      { ...tenant, id: crypto.randomUUID(), name: '' },
      { ...tenant, id: crypto.randomUUID(), colour: 'url(x)' },
      null,
      7,
      tenant,
    ];
    const world = await createWorld([], { settings: { ...good, tenants: [tenant, ...broken] } });
    expect(world.store.get().tenants).toEqual([tenant]);
    expect(world.settingsStore.copies()).toBe(1);
    expect(world.store.get().problems).toHaveLength(1);
  });

  test('wrong values of settings take their defaults, the others stay', async () => {
    const settings = {
      noticeLeadMinutes: 1e9,
      noticeAlways: 'yes',
      minimumValiditySeconds: 60,
      theme: 'pink',
    };
    const world = await createWorld([], { settings: { ...good, settings, activeTenantId: 7 } });
    expect(world.store.get().settings).toEqual({
      ...INITIAL_STATE.settings,
      minimumValiditySeconds: 60,
    });
    expect(world.store.get().activeTenantId).toBe(tenant.id);
  });

  test('__proto__ and constructor change no prototype', async () => {
    const hostile = JSON.parse(
      `{"schemaVersion":1,"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},
        "tenants":[{"__proto__":{"polluted":1},"values":{"__proto__":{"polluted":1}}}],
        "activeTenantId":null,"settings":{"__proto__":{"polluted":1}}}`,
    );
    await createWorld([], { settings: hostile });
    expect('polluted' in {}).toBe(false);
  });
});

describe('D-14 the copy of the settings', () => {
  const tenants = [1, 2].map((number) => tenantAt(`https://login${String(number)}.example.com`));
  const good = {
    schemaVersion: 1,
    tenants,
    activeTenantId: tenants[1]!.id,
    settings: { ...INITIAL_STATE.settings, theme: 'dark' },
  };

  async function load(settings: unknown, copy: unknown) {
    const { vault, sessions } = await createWorld();
    const settingsStore = createMemorySettingsStore(settings, copy);
    const store = createStore();
    const { load: loadInto } = createTenants(store, settingsStore, vault, sessions, []);
    loadInto();
    return { state: store.get(), settingsStore };
  }

  test.each<[string, unknown, string | undefined]>([
    ['not readable at all', 'unreadable', 'settings.json.unreadable-1'],
    ['null', null, 'settings.json.unreadable-1'],
    ['half readable', { ...good, tenants: [tenants[0], 'noise'] }, 'settings.json.unreadable-1'],
    ['gone', undefined, undefined],
  ])('the file is %s: restored, told, saved', async (_name, settings, subject) => {
    const { state, settingsStore } = await load(settings, good);
    expect(state.settings).toEqual(good.settings);
    expect(state.tenants).toEqual(tenants);
    expect(state.activeTenantId).toBe(tenants[1]!.id);
    expect(state.problems).toEqual([
      expect.objectContaining({
        code: 'settings-restored',
        ...(subject === undefined ? {} : { subject }),
      }),
    ]);
    expect(settingsStore.copies()).toBe(subject === undefined ? 0 : 1);
    expect(settingsStore.content()).toEqual(good);
  });

  test('a whole file is right, whatever the copy says', async () => {
    const { state } = await load({ ...good, tenants: [tenants[0]] }, good);
    expect(state).toMatchObject({ tenants: [tenants[0]], problems: [] });
  });

  test('a copy that is half readable itself: what is in it is there, and told as missing', async () => {
    const { state } = await load('unreadable', { ...good, tenants: [tenants[0], 'noise'] });
    expect(state.tenants).toEqual([tenants[0]]);
    expect(state.problems).toMatchObject([{ code: 'settings-unreadable' }]);
  });

  test('neither a file nor a copy: a first start, nothing told, nothing saved', async () => {
    const { state, settingsStore } = await load(undefined, undefined);
    expect(state).toMatchObject({ tenants: [], problems: [] });
    expect(settingsStore.content()).toBeUndefined();
  });

  test('D-13 a file of a later version: the copy is not used', async () => {
    const { state } = await load({ ...good, schemaVersion: 2, tenants: [] }, good);
    expect(state).toMatchObject({ tenants: [], problems: [{ code: 'settings-not-saved' }] });
  });
});
