import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { ProviderGrant } from '../../src-main/core/provider.ts';
import { jsonAnswer } from '../emulators/hostile-server.ts';
import { startScriptedServer } from '../emulators/scripted-server.ts';
import type { ScriptedServer } from '../emulators/scripted-server.ts';
import { catalogueOf, field, NAMED, tenantOfTest } from '../fakes/catalogue.ts';
import { createWorld } from '../fakes/world.ts';

let server: ScriptedServer;

beforeAll(async () => {
  server = await startScriptedServer();
});
afterEach(() => {
  server.reset();
});
afterAll(() => server.stop());

interface Api {
  /** What the probe answers, one after the other; the last one stays. */
  readonly probe: readonly number[];
  readonly loginStatus?: () => number;
  /** Undefined: the interface does not tell. */
  readonly lifeSeconds?: number;
  readonly kind?: 'rest-login' | 'static-key';
}

async function signedIn({ probe, loginStatus, lifeSeconds, kind = 'rest-login' }: Api) {
  let logins = 0;
  let probes = 0;
  server.answerWith(({ path }) => {
    if (path === '/me')
      return jsonAnswer({ you: 'ada' }, probe[Math.min(probes++, probe.length - 1)]);
    const status = logins === 0 ? 200 : (loginStatus?.() ?? 200);
    return jsonAnswer({ token: `canary-${String((logins += 1))}`, life: lifeSeconds }, status);
  });
  const shared = { ...NAMED, fields: [field('base', 'url')], probe: { url: '{base}/me' } };
  const definition: ProviderGrant =
    kind === 'static-key'
      ? { ...shared, kind, key: { template: 'canary-0', encoding: 'plain' } }
      : {
          ...shared,
          kind,
          login: {
            login: { url: '{base}/login' },
            answer: { token: ['token'], expiry: [{ in: 'life', unit: 's' }] },
          },
        };
  const tenant = tenantOfTest(kind, { base: server.origin });
  const world = await createWorld([tenant], { providers: catalogueOf(definition) });
  expect((await world.sessions.signIn(tenant.id)).ok).toBe(true);
  return { world, id: tenant.id };
}

/** Which token each probe carried. */
const carried = (): readonly (string | undefined)[] =>
  server.requests('/me').map(({ headers }) => headers.authorization);

test.each<[string, Api, readonly string[], number]>([
  ['a good token', { probe: [200] }, ['1'], 200],
  ['its end unknown, 401: renewed and sent again', { probe: [401, 200] }, ['1', '2'], 200],
  ['its end unknown, 403: renewed and sent again', { probe: [403, 200] }, ['1', '2'], 200],
  ['no good with the new one either: told, no loop', { probe: [401] }, ['1', '2'], 401],
  ['its end is known: it is not that', { probe: [401], lifeSeconds: 3600 }, ['1'], 401],
  ['any other answer is not about its end', { probe: [404] }, ['1'], 404],
  ['trouble is not about its end', { probe: [500] }, ['1'], 500],
  ['it cannot be renewed', { probe: [401, 200], loginStatus: () => 500 }, ['1'], 401],
  ['nothing renews it', { probe: [401, 200], kind: 'static-key' }, ['0'], 401],
])('%s', async (_name, api, tokens, status) => {
  const { world, id } = await signedIn(api);
  const called = await world.callTenant(id);
  expect(called).toMatchObject({ ok: true, value: { status, accepted: status === 200 } });
  expect(carried()).toEqual(tokens.map((token) => `Bearer canary-${token}`));
  expect(JSON.stringify([called, world.store.get()])).not.toContain('canary');
});

test('a token about to end is renewed first, and not once more', async () => {
  const { world, id } = await signedIn({ probe: [401], lifeSeconds: 60 });
  await world.clock.advance(59_000);
  expect(await world.callTenant(id)).toMatchObject({ value: { status: 401 } });
  expect(carried()).toEqual(['Bearer canary-2']);
});

test('without a token, a tenant or an address nothing is sent', async () => {
  const { world, id } = await signedIn({ probe: [200] });
  await world.sessions.signOut(id);
  const calls = world.http.called.length;
  expect(await world.callTenant(id)).toMatchObject({ error: { code: 'sign-in-needed' } });
  expect(await world.callTenant(crypto.randomUUID())).toMatchObject({
    error: { code: 'tenant-unknown' },
  });
  expect(world.http.called).toHaveLength(calls);
});
