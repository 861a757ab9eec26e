import { afterAll, beforeAll, expect, test } from 'vitest';
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
