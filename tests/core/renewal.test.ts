/** The whole way of a renewal, with the keeper and the clock, against real servers on loopback. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../src-main/core/errors.ts';
import { createManyProviders } from '../emulators/many-providers.ts';
import { htmlPage, jsonAnswer, startHostileServer } from '../emulators/hostile-server.ts';
import type { Answer, Behaviour, HostileServer } from '../emulators/hostile-server.ts';
import { createManualClock } from '../fakes/clock.manual.ts';
import { createWorld, tenantAt } from '../fakes/world.ts';
import type { World } from '../fakes/world.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let server: HostileServer;

beforeAll(async () => {
  server = await startHostileServer();
});
afterEach(() => {
  server.reset();
});
afterAll(() => server.stop());

async function signedIn(count = 1) {
  const tenants = Array.from({ length: count }, (_each, index) =>
    tenantAt(server.issuer, { name: `Tenant ${String(index)}` }),
  );
  const world = await createWorld(tenants);
  for (const { id } of tenants) {
    expect(await world.sessions.signIn(id)).toEqual({ ok: true, value: null });
  }
  const before = server.tokenCalls('refresh_token');
  const reusesBefore = server.reuses();
  return {
    world,
    ids: tenants.map(({ id }) => id),
    id: tenants[0]!.id,
    calls: () => server.tokenCalls('refresh_token') - before,
    reuses: () => server.reuses() - reusesBefore,
  };
}

const tokenOf = (world: World, id: string) => world.vault.stored.get(id)!.token!;

/** One that is due, and the keeper at work. */
async function due(count = 1) {
  const session = await signedIn(count);
  await session.world.clock.advance(56 * MINUTE);
  return session;
}

describe('E-05 durable before visible', () => {
  test('50 rotations: each token is written before the state, a copy or an activity tells of it', async () => {
    const { world, id } = await signedIn();
    const written: string[] = [];
    const { write } = world.vault;
    Object.assign(world.vault, {
      write: async (...args: Parameters<typeof write>) => {
        const outcome = await write(...args);
        written.push(args[1].token!.accessToken);
        return outcome;
      },
    });
    let told = 0;
    world.store.subscribe((_state, event) => {
      if (event.type !== 'token-received') return;
      told += 1;
      expect(written).toHaveLength(told);
      expect(tokenOf(world, id).accessToken).toBe(written.at(-1));
      expect(world.journal.open()).toEqual([]);
    });
    for (let round = 1; round <= 50; round += 1) {
      const [renewed, copied] = await Promise.all([
        world.sessions.renew(id),
        world.copying.copyToken(id),
      ]);
      expect(renewed.ok && renewed.value.accessToken).toBe(written.at(-1));
      expect(copied.ok).toBe(true);
      expect(written).toContain(world.clipboard.content());
    }
    expect(told).toBe(50);
  });

  test('noted before it is sent, and until its token is durable', async () => {
    const { world, id } = await signedIn();
    let atServer: readonly string[] = [];
    server.behave({
      token: (_request, ordinary) => {
        atServer = world.journal.open();
        return ordinary();
      },
    });
    const release = world.vault.holdWrites();
    const writes = world.vault.writes();
    const renewal = world.sessions.renew(id);
    while (world.vault.writes() === writes) await new Promise((resolve) => setImmediate(resolve));
    expect(atServer).toEqual([id]);
    expect(world.journal.open()).toEqual([id]);
    release();
    await renewal;
    expect(world.journal.open()).toEqual([]);
  });
});

describe('E-06 a connection that is cut once, at each point: renewed with the stored token within 60 s', () => {
  const cutAnswer =
    (cut: NonNullable<Answer['cut']>): Behaviour['token'] =>
    (_request, ordinary) => ({ ...ordinary(), cut });
  const table: readonly (readonly [string, Partial<Behaviour>])[] = [
    ['before it is sent', { cuts: 'connections' }],
    ['within the request', { cuts: 'requests' }],
    ['after the request, not taken up', { token: () => ({ cut: 'before' }) }],
    ['after the request, taken up', { token: cutAnswer('before') }],
    ['within the headers', { token: cutAnswer('in-headers') }],
    ['within the body', { token: cutAnswer('in-body') }],
    ['after the body, before its end', { token: cutAnswer('after-body') }],
  ];

  test.each(table)('%s', async (_name, cut) => {
    const { world, id, calls, reuses } = await due();
    const before = tokenOf(world, id);
    server.behave({ ...cut, forgivesReuse: true });
    let inside = 0;
    let most = 0;
    const keeper = world.startKeeper();
    await world.clock.settle();
    expect(world.session(id).phase).toMatchObject({
      kind: 'retrying',
      error: { code: 'network-unreachable' },
    });
    expect(tokenOf(world, id)).toBe(before);
    expect(world.journal.open()).toEqual([id]);
    server.reset();
    server.behave({
      forgivesReuse: true,
      token: async (request, ordinary) => {
        inside += 1;
        most = Math.max(most, inside);
        await new Promise((resolve) => setTimeout(resolve, 5));
        inside -= 1;
        expect(request.form.get('refresh_token')).toBe(before.refreshToken);
        return ordinary();
      },
    });
    await world.clock.advance(MINUTE);
    keeper.stop();
    expect(world.session(id).phase.kind).toBe('idle');
    expect(tokenOf(world, id).refreshToken).not.toBe(before.refreshToken);
    expect(most).toBe(1);
    expect(calls()).toBeLessThanOrEqual(2);
    expect(reuses()).toBe(0);
    expect(world.journal.open()).toEqual([]);
  });

  test('the answer never comes: given up after 30 s, and asked again with the stored token', async () => {
    const { world, id, calls } = await due();
    const before = tokenOf(world, id);
    server.behave({ token: () => new Promise(() => undefined) });
    const arrived = server.nextRequest('/token');
    world.startKeeper();
    await arrived;
    server.reset();
    world.clock.jump(30 * SECOND);
    await world.clock.advance(20 * SECOND);
    expect(world.session(id).phase.kind).toBe('idle');
    expect(calls()).toBe(2);
    expect(tokenOf(world, id).refreshToken).not.toBe(before.refreshToken);
  });

  test('a strict provider has ended the sign-in meanwhile: told as what it is, asked once more only', async () => {
    const { world, id, calls } = await due();
    server.behave({ token: cutAnswer('in-body') });
    world.startKeeper();
    await world.clock.settle();
    expect(world.session(id).outcomeUnknown).toBe(true);
    server.reset();
    await world.clock.advance(DAY);
    expect(world.session(id).phase).toMatchObject({
      kind: 'sign-in-needed',
      error: { code: 'renewal-lost' },
    });
    expect(calls()).toBe(2);
    expect(world.notifier.shown).toHaveLength(1);
    expect(world.journal.open()).toEqual([]);
    expect(tokenOf(world, id).refreshToken).toBeDefined();
  });
});

describe('E-03 after a crash', () => {
  test('a renewal that was cut off by it is tried at once, although its token is still good', async () => {
    const { world, id, ids } = await signedIn(3);
    const { tenants } = world.store.get();
    const restarted = await createWorld(tenants, { vault: world.vault, interrupted: [id] });
    const before = tokenOf(restarted, id);
    restarted.startKeeper();
    await restarted.clock.settle();
    expect(tokenOf(restarted, id).accessToken).not.toBe(before.accessToken);
    expect(restarted.session(id).outcomeUnknown).toBeUndefined();
    for (const other of ids.slice(1)) {
      expect(tokenOf(restarted, other)).toBe(tokenOf(world, other));
    }
    // Known by now: reading the vault again, as after a lock, starts nothing
    const calls = server.tokenCalls();
    await restarted.sessions.load();
    await restarted.clock.advance(MINUTE);
    expect(server.tokenCalls()).toBe(calls);
  });

  test('and if its token was used up, its person is told once, and nobody else', async () => {
    const { world, id, ids, calls } = await signedIn(3);
    // What the app that crashed had sent
    await world.sessions.renew(id);
    const { tenants } = world.store.get();
    const vault = world.vault;
    const used = { ...tokenOf(world, id), refreshToken: 'used-up' };
    vault.put(id, { fields: {}, token: used });
    const restarted = await createWorld(tenants, { vault, interrupted: [id] });
    restarted.startKeeper();
    const before = calls();
    await restarted.clock.advance(54 * MINUTE);
    expect(restarted.session(id).phase).toMatchObject({ error: { code: 'renewal-lost' } });
    expect(calls() - before).toBeLessThanOrEqual(3);
    for (const other of ids.slice(1)) {
      expect(restarted.session(other).phase.kind).toBe('idle');
    }
  });
});

describe('E-07 invalid_grant', () => {
  test('one call, one notice, no call for 24 h; two others go on', async () => {
    const { world, id, ids, calls, reuses } = await due(3);
    const refused = tokenOf(world, id).refreshToken;
    server.behave({
      token: ({ form }, ordinary) =>
        form.get('refresh_token') === refused
          ? jsonAnswer({ error: 'invalid_grant' }, 400)
          : ordinary(),
    });
    world.startKeeper();
    await world.clock.advance(24 * HOUR);
    const asked = server
      .requests('/token')
      .filter(({ form }) => form.get('refresh_token') === refused);
    expect(asked).toHaveLength(1);
    expect(world.notifier.shown).toHaveLength(1);
    expect(world.session(id).phase).toMatchObject({ error: { code: 'grant-refused' } });
    for (const other of ids.slice(1)) {
      expect(world.session(other).phase.kind).toBe('idle');
      expect(world.session(other).token!.expiresAtMs).toBeGreaterThan(world.clock.now());
    }
    expect(calls()).toBeGreaterThan(50);
    expect(reuses()).toBe(0);
  });

  test('the vault holds another one by now: that one is used, and nobody is bothered', async () => {
    const { world, id, calls } = await due();
    const current = tokenOf(world, id);
    const stale = { ...current, refreshToken: 'used by another one' };
    world.vault.put(id, { fields: {}, token: stale });
    server.behave({
      token: ({ form }, ordinary) => {
        if (form.get('refresh_token') === stale.refreshToken) {
          world.vault.put(id, { fields: {}, token: current });
        }
        return ordinary();
      },
    });
    expect((await world.sessions.renew(id)).ok).toBe(true);
    expect(calls()).toBe(2);
    expect(world.session(id).phase.kind).toBe('idle');
  });
});

describe('E-08 what may pass: never discarded, never a storm', () => {
  const html = { 'content-type': 'text/html' };
  const json = { 'content-type': 'application/json' };
  const table: readonly (readonly [string, Answer])[] = [
    ['200 web page', htmlPage()],
    ['302 portal', { status: 302, headers: { location: 'http://portal.example/' } }],
    ['400 web page', htmlPage(400)],
    ['401 web page', { ...htmlPage(401), headers: { ...html, 'www-authenticate': 'Negotiate' } }],
    ...[408, 425, 429, 500, 502, 503, 504, 511].map((status): [string, Answer] => [
      String(status),
      { status },
    ]),
    ['nothing', { headers: json }],
    ['half an answer', { headers: json, body: '{"access_token":"a' }],
    ['a reset', { cut: 'before' }],
    ['temporarily_unavailable', jsonAnswer({ error: 'temporarily_unavailable' }, 400)],
    ['server_error', jsonAnswer({ error: 'server_error' }, 400)],
    ['slow_down', jsonAnswer({ error: 'slow_down' }, 400)],
    ['an error nobody knows', jsonAnswer({ error: 'E4711' }, 400)],
  ];

  test.each(table)(
    '%s for 3 h: the token stays, and the first good answer ends it',
    async (_name, answer) => {
      const { world, id } = await due();
      const before = tokenOf(world, id);
      const triedAtMs: number[] = [];
      server.behave({
        token: () => {
          triedAtMs.push(world.clock.now());
          return answer;
        },
      });
      world.startKeeper();
      await world.clock.advance(3 * HOUR);
      expect(tokenOf(world, id)).toBe(before);
      expect(world.session(id).phase.kind).toBe('retrying');
      expect(triedAtMs.length).toBeGreaterThanOrEqual(10);
      for (const [at, atMs] of triedAtMs.entries()) {
        const waitedMs = atMs - (triedAtMs[at - 1] ?? 0);
        expect(waitedMs).toBeGreaterThanOrEqual(SECOND);
        if (at > 0)
          expect(waitedMs).toBeLessThanOrEqual(Math.min(18 * MINUTE, 2400 * 2 ** at) + 200);
      }
      server.reset();
      await world.clock.advance(18 * MINUTE + SECOND);
      expect(world.session(id).phase.kind).toBe('idle');
      expect(tokenOf(world, id).expiresAtMs).toBeGreaterThan(world.clock.now());
    },
  );

  test.each<[string, ErrorCode]>([
    ['no name for the host, refused', 'network-unreachable'],
    ['a certificate that is not trusted', 'certificate-refused'],
    ['no answer', 'timed-out'],
    ['an answer without an end', 'not-the-provider'],
  ])('%s (as the adapter says it)', async (_name, code) => {
    const clock = createManualClock();
    const providers = createManyProviders(clock, { tenants: 3, hosts: 1 });
    const { tenants, vault, http } = providers;
    const world = await createWorld(tenants, { clock, vault, http });
    const before = [...vault.stored.values()];
    world.startKeeper();
    await clock.advance(40 * MINUTE);
    providers.failWith(code);
    await clock.advance(3 * HOUR);
    expect([...vault.stored.values()]).toEqual(before);
    for (const { id } of tenants) {
      expect(['retrying', 'idle']).toContain(world.session(id).phase.kind);
    }
    const tries = providers.renewals.filter(({ answered }) => !answered);
    expect(tries.length).toBeGreaterThan(10);
    providers.failWith(undefined);
    await clock.advance(20 * MINUTE);
    for (const { id } of tenants) {
      expect(world.session(id).phase.kind).toBe('idle');
      expect(world.session(id).token!.expiresAtMs).toBeGreaterThan(clock.now());
    }
  });
});

describe('E-09 Retry-After', () => {
  const date = 'Sun, 06 Nov 2039 08:49:37 GMT';
  test.each([
    ['seconds', { 'retry-after': '120' }, 120 * SECOND],
    ['a date', { 'retry-after': 'Sun, 06 Nov 2039 09:19:37 GMT', date }, 30 * MINUTE],
    ['10^9 seconds', { 'retry-after': '1000000000' }, HOUR],
  ])(
    '%s: the keeper comes back in [asked, asked + 20 %%], capped at an hour',
    async (_name, headers, askedMs) => {
      const { world } = await due();
      const triedAtMs: number[] = [];
      server.behave({
        token: () => {
          triedAtMs.push(world.clock.now());
          return { ...htmlPage(503), headers };
        },
      });
      world.startKeeper();
      await world.clock.advance(4 * HOUR);
      expect(triedAtMs.length).toBeGreaterThanOrEqual(3);
      for (const [at, atMs] of triedAtMs.slice(1).entries()) {
        expect(atMs - triedAtMs[at]!).toBeGreaterThanOrEqual(askedMs);
        expect(atMs - triedAtMs[at]!).toBeLessThanOrEqual(Math.min(HOUR, askedMs * 1.2) + 200);
      }
    },
  );

  test.each([
    ['a past date', { 'retry-after': 'Sun, 06 Nov 1994 08:49:37 GMT', date }],
    ['garbage', { 'retry-after': 'later' }],
    ['nothing', { 'retry-after': '' }],
  ])('%s: as if it had not been said', async (_name, headers) => {
    const { world, calls } = await due();
    server.behave({ token: () => ({ status: 503, headers }) });
    world.startKeeper();
    await world.clock.advance(10 * MINUTE);
    expect(calls()).toBeGreaterThanOrEqual(5);
    expect(calls()).toBeLessThanOrEqual(40);
  });

  test('neither a wake-up nor another network comes earlier than asked', async () => {
    const { world, calls } = await due();
    server.behave({ token: () => ({ status: 429, headers: { 'retry-after': '600' } }) });
    const keeper = world.startKeeper();
    await world.clock.settle();
    keeper.hurry();
    world.changeNetwork();
    await world.clock.advance(9 * MINUTE);
    expect(calls()).toBe(1);
  });
});

describe('E-10 errors of the token endpoint', () => {
  test.each([
    ['invalid_client', 401, 'misconfigured'],
    ['invalid_client', 400, 'misconfigured'],
    ['unauthorized_client', 400, 'misconfigured'],
    ['unsupported_grant_type', 400, 'misconfigured'],
    ['invalid_scope', 400, 'misconfigured'],
    ['invalid_request', 400, 'misconfigured'],
    ['invalid_target', 400, 'misconfigured'],
    ['interaction_required', 400, 'sign-in-needed'],
    ['login_required', 400, 'sign-in-needed'],
    ['consent_required', 400, 'sign-in-needed'],
  ])(
    '%s (%i): one call, nothing thrown away, the token is given out as long as it lives',
    async (error, status, kind) => {
      const { world, id, calls } = await due();
      const before = tokenOf(world, id);
      server.behave({ token: () => jsonAnswer({ error }, status) });
      const keeper = world.startKeeper();
      await world.clock.advance(MINUTE);
      expect(world.session(id).phase.kind).toBe(kind);
      expect(await world.sessions.freshToken(id, 10 * MINUTE)).toMatchObject({
        ok: true,
        value: { token: { accessToken: before.accessToken } },
      });
      keeper.hurry();
      world.changeNetwork();
      await world.clock.advance(24 * HOUR);
      expect(calls()).toBe(1);
      expect(tokenOf(world, id)).toBe(before);
      expect(await world.sessions.freshToken(id, SECOND)).toMatchObject({ ok: false });
      expect(calls()).toBe(1);
      expect(world.notifier.shown).toHaveLength(1);
    },
  );
});

describe('E-11 any life: no loop, no timer too long, what is given out lives', () => {
  test.each([
    ['5 s', 5],
    ['30 s', 30],
    ['60 s', 60],
    ['299 s', 299],
    ['1 h', 3600],
    ['24 h', 86_400],
    ['30 d', 30 * 86_400],
    ['10 y', 3650 * 86_400],
  ])('%s', async (_name, lifeSeconds) => {
    server.behave({ tokenMembers: { expires_in: lifeSeconds } });
    const { world, id, calls } = await signedIn();
    world.startKeeper();
    const lifeMs = lifeSeconds * SECOND;
    const promisedMs = Math.min(30 * SECOND, lifeMs / 4);
    const lives = 4;
    for (let step = 0; step < lives * 10; step += 1) {
      // Ten years of looks every 30 s would take hours: the computer sleeps through the most of it
      const stepMs = lifeMs / 10;
      world.clock.sleep(Math.max(0, stepMs - MINUTE));
      await world.clock.advance(Math.min(stepMs, MINUTE));
      const served = await world.sessions.freshToken(id, 30 * SECOND);
      if (!served.ok) throw new Error(served.error.code);
      const leftMs = served.value.token.expiresAtMs! - world.clock.now();
      expect(leftMs).toBeGreaterThanOrEqual(promisedMs);
    }
    expect(calls()).toBeLessThanOrEqual(lives * 2);
    expect(calls()).toBeGreaterThanOrEqual(lives - 1);
    expect(world.clock.longestDelayMs()).toBeLessThanOrEqual(10 * MINUTE);
  });

  test.each([5, 30, 60, 299])(
    '%i s, left alone for ten minutes: at most 2 renewals a life, or one each 30 s',
    async (lifeSeconds) => {
      server.behave({ tokenMembers: { expires_in: lifeSeconds } });
      const { world, calls } = await signedIn();
      world.startKeeper();
      await world.clock.advance(10 * MINUTE);
      const most = Math.min((600 / lifeSeconds) * 2, 20);
      expect(calls()).toBeLessThanOrEqual(Math.ceil(most));
      expect(calls()).toBeGreaterThanOrEqual(2);
    },
  );

  test('while renewing fails what is given out says its end, and after it nothing is', async () => {
    const { world, id } = await due();
    server.behave({ token: () => htmlPage(503) });
    const { expiresAtMs } = tokenOf(world, id);
    await world.clock.advance(expiresAtMs! - world.clock.now() - 10 * SECOND);
    expect(await world.copying.copyToken(id)).toMatchObject({ ok: true, value: { expiresAtMs } });
    await world.clock.advance(10 * SECOND);
    expect(await world.copying.copyToken(id)).toMatchObject({ ok: false });
  });
});

describe('E-13 the wall clock is set while the app runs', () => {
  const start = Date.now();
  const DST = new Date('2026-10-25T00:59:50Z').getTime();
  test.each([
    ['an hour back', -HOUR],
    ['an hour ahead', HOUR],
    ['ten years ahead', 3650 * DAY],
    ['1970', -start],
    ['winter time', DST - start],
  ])(
    '%s: nothing is renewed for it, nothing dead is given out, and what is shown moves along',
    async (_name, aheadMs) => {
      const { world, id, calls } = await signedIn();
      world.startKeeper();
      const { expiresAtMs } = tokenOf(world, id);
      world.clock.setWallClock(world.clock.now() + aheadMs);
      await world.clock.advance(5 * MINUTE);
      expect(calls()).toBe(0);
      expect(Math.abs(world.store.get().wallAheadMs - aheadMs)).toBeLessThan(SECOND);
      await world.clock.advance(50 * MINUTE);
      expect(calls()).toBe(1);
      expect(tokenOf(world, id).expiresAtMs).toBeGreaterThan(expiresAtMs!);
      world.clock.setWallClock(world.clock.now());
      await world.clock.advance(5 * MINUTE);
      expect(calls()).toBe(1);
      expect(world.store.get().wallAheadMs).toBe(0);
      expect(world.notifier.shown).toEqual([]);
    },
  );

  test('by less than a second, again and again: nobody is told', async () => {
    const { world } = await signedIn();
    world.startKeeper();
    let events = 0;
    world.store.subscribe((_state, { type }) => {
      if (type === 'wall-clock-moved') events += 1;
    });
    for (let time = 0; time < 20; time += 1) {
      world.clock.setWallClock(world.clock.now() + (time % 2 === 0 ? 900 : 0));
      await world.clock.advance(MINUTE);
    }
    expect(events).toBe(0);
  });
});

describe('E-13 the wall clock was set between two starts', () => {
  test.each([
    ['an hour back', -HOUR],
    ['an hour ahead', HOUR],
    ['ten years ahead', 3650 * DAY],
    ['1970', -Date.now()],
  ])(
    '%s: renewed at once, at most 2 calls in 5 min, and again when it is right',
    async (_name, aheadMs) => {
      const { world, id } = await signedIn();
      const { tenants } = world.store.get();
      const { vault } = world;
      for (const startMs of [Date.now() + aheadMs, Date.now()]) {
        const clock = createManualClock(startMs);
        const restarted = await createWorld(tenants, { vault, clock });
        const before = server.tokenCalls();
        restarted.startKeeper();
        const served = await restarted.sessions.freshToken(id, 30 * SECOND);
        expect(served.ok && served.value.renewed).toBe(true);
        await clock.advance(5 * MINUTE);
        expect(server.tokenCalls() - before).toBe(1);
        expect(restarted.session(id)).toMatchObject({ phase: { kind: 'idle' } });
        const { issuedAtMs, expiresAtMs } = restarted.session(id).token!;
        expect(expiresAtMs! - issuedAtMs).toBe(HOUR);
        expect(Math.abs(issuedAtMs - startMs)).toBeLessThan(MINUTE);
      }
    },
  );

  test('a token of the future that nothing renews is not given out', async () => {
    server.behave({ tokenMembers: { refresh_token: undefined } });
    const { world, id } = await signedIn();
    const { tenants } = world.store.get();
    const clock = createManualClock(Date.now() - DAY);
    const restarted = await createWorld(tenants, { vault: world.vault, clock });
    expect(await restarted.sessions.freshToken(id, 30 * SECOND)).toMatchObject({
      error: { code: 'sign-in-needed' },
    });
    expect(tokenOf(restarted, id)).toBeDefined();
  });
});
