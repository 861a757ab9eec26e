import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startHostileServer } from '../emulators/hostile-server.ts';
import type { HostileServer } from '../emulators/hostile-server.ts';
import { createWorld, tenantAt } from '../fakes/world.ts';
import type { World } from '../fakes/world.ts';

let server: HostileServer;

beforeAll(async () => {
  server = await startHostileServer();
});
afterAll(() => server.stop());

async function copied(clearClipboardAfterSeconds = 60): Promise<{
  readonly world: World;
  readonly id: string;
  readonly token: string;
}> {
  const tenant = tenantAt(server.issuer);
  const world = await createWorld([tenant]);
  world.tenants.changeSettings({ clearClipboardAfterSeconds });
  await world.sessions.signIn(tenant.id);
  const copy = await world.copying.copyToken(tenant.id);
  expect(copy).toMatchObject({ ok: true, value: { renewed: false } });
  return { world, id: tenant.id, token: world.vault.stored.get(tenant.id)!.token!.accessToken };
}

/** Clearing compares digests, which come from a thread: wait for the clipboard and not for a number of turns. */
async function untilClipboardIs(world: World, content: string): Promise<void> {
  while (world.clipboard.content() !== content) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('F-01 exactly the token', async () => {
  const { world, token } = await copied();
  expect(world.clipboard.content()).toBe(token);
});

test('F-03 cleared after its time', async () => {
  const { world, token } = await copied();
  await world.clock.advance(59_999);
  expect(world.clipboard.content()).toBe(token);
  await world.clock.advance(1);
  await untilClipboardIs(world, '');
});

test('F-03 what somebody else has put there since stays', async () => {
  const { world } = await copied();
  world.clipboard.put('mine');
  await world.clock.advance(60_000);
  await world.copying.clearNow();
  expect(world.clipboard.content()).toBe('mine');
});

test('F-03 copying again starts the time anew', async () => {
  const { world, id, token } = await copied();
  await world.clock.advance(59_000);
  await world.copying.copyToken(id);
  await world.clock.advance(59_000);
  expect(world.clipboard.content()).toBe(token);
  await world.clock.advance(1000);
  await untilClipboardIs(world, '');
});

test('F-03 with 0 seconds the clipboard is left alone, also at the end', async () => {
  const { world, token } = await copied(0);
  await world.clock.advance(3_600_000);
  await world.copying.clearNow();
  expect(world.clipboard.content()).toBe(token);
});

test('F-05 cleared at the end of the app, once', async () => {
  const { world } = await copied();
  await world.copying.clearNow();
  expect(world.clipboard.content()).toBe('');
  expect(world.clock.timers()).toBe(0);
});

test('a clipboard that refuses is told and leaves no timer', async () => {
  const tenant = tenantAt(server.issuer);
  const world = await createWorld([tenant]);
  await world.sessions.signIn(tenant.id);
  world.clipboard.failWrites(true);
  expect(await world.copying.copyToken(tenant.id)).toMatchObject({
    error: { code: 'clipboard-failed' },
  });
  expect(await world.copying.copyText('x')).toMatchObject({ error: { code: 'clipboard-failed' } });
  expect(world.clock.timers()).toBe(0);
});

test('a clipboard that cannot be read when it is to be cleared is left alone', async () => {
  const { world, token } = await copied();
  world.clipboard.failReads(true);
  await world.copying.clearNow();
  expect(world.clipboard.content()).toBe(token);
});

test('an expired token is renewed first, and that is said', async () => {
  const { world, id } = await copied();
  await world.clock.advance(7_200_000);
  expect(await world.copying.copyToken(id)).toMatchObject({
    ok: true,
    value: { renewed: true, expiresAtMs: world.clock.now() + 3_600_000 },
  });
});

test('nothing to copy: the clipboard stays as it is', async () => {
  const tenant = tenantAt(server.issuer);
  const world = await createWorld([tenant]);
  world.clipboard.put('mine');
  expect(await world.copying.copyToken(tenant.id)).toMatchObject({
    error: { code: 'sign-in-needed' },
  });
  expect(await world.copying.copyToken(crypto.randomUUID())).toMatchObject({
    error: { code: 'tenant-unknown' },
  });
  expect(world.clipboard.content()).toBe('mine');
});

describe('the form in which it is copied', () => {
  const formatOf = (world: World): unknown => world.store.get().tenants[0]!.copyFormat;

  test('the one used last is remembered, also over a restart, and is what a copy gives', async () => {
    const { world, id, token } = await copied();
    expect(formatOf(world)).toBeUndefined();
    expect((await world.copying.copyToken(id, 'header')).ok).toBe(true);
    expect(world.clipboard.content()).toBe(`Authorization: Bearer ${token}`);
    const settings = world.settingsStore.content();
    const restarted = await createWorld([], { settings, vault: world.vault });
    await restarted.copying.copyToken(id);
    expect(restarted.clipboard.content()).toBe(`Authorization: Bearer ${token}`);
    await restarted.copying.copyToken(id, 'raw');
    await restarted.copying.copyToken(id);
    expect(restarted.clipboard.content()).toBe(token);
  });

  test('F-03 the text that was copied is what is cleared, in whatever form', async () => {
    const { world, id, token } = await copied();
    for (const format of ['curl', 'json', 'header'] as const) {
      await world.copying.copyToken(id, format);
      expect(world.clipboard.content()).toContain(token);
      await world.clock.advance(60_000);
      await untilClipboardIs(world, '');
    }
    await world.copying.copyToken(id, 'curl');
    world.clipboard.put(token);
    await world.clock.advance(60_000);
    await world.copying.clearNow();
    expect(world.clipboard.content()).toBe(token);
  });

  test('the refresh token is given only to who asks for it, each time', async () => {
    const { world, id } = await copied();
    const { refreshToken } = world.vault.stored.get(id)!.token!;
    await world.copying.copyToken(id, 'json-with-refresh-token');
    expect(world.clipboard.content()).toContain(refreshToken);
    await world.copying.copyToken(id);
    expect(world.clipboard.content()).toContain('access_token');
    expect(world.clipboard.content()).not.toContain(refreshToken);
    expect(formatOf(world)).toBe('json');
  });

  test('a form that cannot be remembered is copied all the same', async () => {
    const { world, id, token } = await copied();
    world.settingsStore.failSaves(true);
    expect((await world.copying.copyToken(id, 'header')).ok).toBe(true);
    expect(world.clipboard.content()).toBe(`Authorization: Bearer ${token}`);
    expect(formatOf(world)).toBeUndefined();
  });

  test('the tenant’s own header and probe address are in it', async () => {
    const probeUrl = 'https://api.example/me?x=1';
    const values = { headerName: 'X-Auth', headerValue: 'Token {token}', probeUrl };
    const tenant = tenantAt(server.issuer, { values, copyFormat: 'curl' });
    const world = await createWorld([tenant]);
    await world.sessions.signIn(tenant.id);
    await world.copying.copyToken(tenant.id);
    const { accessToken } = world.vault.stored.get(tenant.id)!.token!;
    expect(world.clipboard.content()).toContain(`X-Auth: Token ${accessToken}`);
    expect(world.clipboard.content()).toContain(probeUrl);
  });

  test('a failure leaves the clipboard and what is remembered alone', async () => {
    const { world, id } = await copied();
    world.clipboard.failWrites(true);
    expect(await world.copying.copyToken(id, 'curl')).toMatchObject({
      error: { code: 'clipboard-failed' },
    });
    expect(formatOf(world)).toBeUndefined();
  });
});
