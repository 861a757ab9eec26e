import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CommandName } from '../../src-main/contract/ipc.ts';
import { createCommands } from '../../src-main/desktop/commands.ts';
import { PROVIDERS } from '../../src-main/providers/index.ts';
import { htmlPage, startHostileServer } from '../emulators/hostile-server.ts';
import type { HostileServer } from '../emulators/hostile-server.ts';
import { createWorld, tenantAt } from '../fakes/world.ts';
import type { World } from '../fakes/world.ts';

let server: HostileServer;

beforeAll(async () => {
  server = await startHostileServer();
});
afterAll(() => server.stop());

function commandsOf(world: World) {
  const done: string[] = [];
  const commands = createCommands({
    store: world.store,
    providers: PROVIDERS,
    hostOf: world.hostOf,
    clock: world.clock,
    activity: world.activity,
    installation: () => ({ version: '1.2.3' }),
    sessions: world.sessions,
    tenants: world.tenants,
    copying: world.copying,
    callTenant: world.callTenant,
    testDraft: world.testDraft,
    openPage: (url) => {
      done.push(`open ${url.href}`);
      return Promise.resolve({ ok: true, value: null });
    },
    openKeychain: async () => {
      done.push('keychain');
    },
    showPopover: () => done.push('show'),
    hidePopover: () => done.push('hide'),
    quit: () => done.push('quit'),
  });
  const run = (name: CommandName, ...args: readonly unknown[]) => commands[name](args);
  return { run, done, names: Object.keys(commands) as CommandName[] };
}

test('a day by commands only: add, sign in, copy, renew, sign out, remove', async () => {
  const world = await createWorld();
  const { run } = commandsOf(world);
  const tenant = tenantAt(server.issuer);
  const saved = await run('saveTenant', {
    providerId: 'oidc',
    grant: tenant.grant,
    name: 'Acme',
    colour: '#3366cc',
    values: tenant.values,
    secrets: {},
    storedSecrets: [],
    notice: 'default',
  });
  if (!saved.ok) throw new Error(saved.error.message);
  const id = saved.value;
  expect(await run('signIn', id)).toEqual({ ok: true, value: null });
  expect(await run('copyToken', id)).toMatchObject({ ok: true, value: { renewed: false } });
  expect(await run('renew', id)).toEqual({ ok: true, value: null });
  expect(await run('signOut', id)).toEqual({ ok: true, value: { revoked: 'confirmed' } });
  expect(await run('removeTenant', id)).toEqual({ ok: true, value: null });
  expect(await run('getSnapshot')).toMatchObject({ value: { tenants: [] } });
});

test('H-03 no answer of any command holds a token or a secret', async () => {
  const tenant = tenantAt(server.issuer);
  const world = await createWorld([tenant]);
  world.vault.put(tenant.id, { fields: { clientSecret: 'CANARY' } });
  const { run, names } = commandsOf(world);
  await world.sessions.signIn(tenant.id).catch(() => undefined);
  world.vault.put(tenant.id, {
    fields: { clientSecret: 'CANARY' },
    token: { accessToken: 'CANARY-a', refreshToken: 'CANARY-r', issuedAtMs: 1 },
  });
  await world.sessions.load();
  for (const name of names) {
    const answer = JSON.stringify(await run(name, tenant.id));
    expect(answer, name).not.toContain('CANARY');
    for (const canary of server.canaries()) expect(answer, name).not.toContain(canary);
  }
});

describe('B-17 arguments that are nonsense', () => {
  const nonsense = [
    [],
    [undefined],
    [null],
    [7],
    [{}],
    [['x']],
    ['__proto__'],
    ['constructor'],
    ['../../etc/passwd'],
    ['x'.repeat(100_000)],
    [{ toString: 'x' }],
    [{ noticeLeadMinutes: Number.NaN }],
    [{ noticeLeadMinutes: 0 }],
    [{ theme: 'pink' }],
    [{ unknown: 1 }],
    [{ id: 7, providerId: {}, values: null }],
  ];

  test('are answered with data, and nothing changes', async () => {
    const tenant = tenantAt(server.issuer);
    const world = await createWorld([tenant]);
    const { run, names } = commandsOf(world);
    const before = world.store.get();
    for (const name of names) {
      for (const args of nonsense) {
        const answer = await run(name, ...args);
        expect(typeof answer.ok, `${name} ${JSON.stringify(args)}`).toBe('boolean');
        if (!answer.ok) expect(answer.error.message).not.toBe('');
      }
    }
    // {} is a change of nothing: a copy of the same settings may have been saved
    expect(world.store.get().tenants).toBe(before.tenants);
    expect(world.store.get().settings).toEqual(before.settings);
    expect(world.store.get().sessions).toEqual(before.sessions);
  });
});

test('a failure names the tenant, says what to do, and holds no cause', async () => {
  const tenant = tenantAt(server.issuer, { name: 'Acme' });
  const world = await createWorld([tenant]);
  const { run } = commandsOf(world);
  server.behave({ discovery: () => htmlPage() });
  const answer = await run('signIn', tenant.id);
  server.reset();
  expect(answer).toEqual({
    ok: false,
    error: {
      code: 'not-the-provider',
      message: expect.stringContaining('Acme'),
      nextStep: expect.any(String),
      remedy: 'retry-later',
      detail: null,
      fields: null,
    },
  });
});

test('a form that is refused names its own tenant, also a new one', async () => {
  const world = await createWorld();
  const { run } = commandsOf(world);
  const form = {
    providerId: 'oidc',
    grant: 'authorization-code',
    name: 'Typed name',
    colour: '#3366cc',
    values: {},
    secrets: {},
    storedSecrets: [],
    notice: 'default',
  };
  expect(await run('saveTenant', form)).toMatchObject({
    error: {
      message: expect.stringContaining('Typed name'),
      fields: { issuer: expect.any(String), clientId: expect.any(String) },
    },
  });
  expect(await run('saveTenant', { ...form, name: '' })).toMatchObject({
    error: { message: expect.stringContaining('New tenant') },
  });
});

test('copyError copies what is shown, and nothing where there is no error', async () => {
  const tenant = tenantAt(server.issuer, { name: 'Acme' });
  const world = await createWorld([tenant]);
  const { run } = commandsOf(world);
  expect(await run('copyError', tenant.id)).toEqual({ ok: true, value: null });
  expect(world.clipboard.content()).toBe('');
  const error = { code: 'provider-trouble', host: 'h', detail: 'HTTP 503' } as const;
  world.store.dispatch({
    type: 'phase-changed',
    tenantId: tenant.id,
    phase: { kind: 'sign-in-needed', error },
  });
  await run('copyError', tenant.id);
  expect(world.clipboard.content()).toMatch(/^Acme: .*\nHTTP 503\n.*\n\(provider-trouble\)$/);
});

test('what concerns the app itself is passed on', async () => {
  const { run, done } = commandsOf(await createWorld());
  await run('retryKeychain');
  await run('hidePopover');
  await run('quit');
  expect(done).toEqual(['keychain', 'hide', 'quit']);
});
