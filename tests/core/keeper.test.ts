import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startKeeper } from '../../src-main/core/keeper.ts';
import { createStore, INITIAL_STATE } from '../../src-main/core/state.ts';
import type { SessionState } from '../../src-main/core/state.ts';
import { createHostOf } from '../../src-main/core/tenant-host.ts';
import { PROVIDERS } from '../../src-main/providers/index.ts';
import { bare, htmlPage, jsonAnswer, startHostileServer } from '../emulators/hostile-server.ts';
import type { HostileServer } from '../emulators/hostile-server.ts';
import { createManualClock } from '../fakes/clock.manual.ts';
import { createWorld, tenantAt } from '../fakes/world.ts';
import type { World } from '../fakes/world.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const hostOf = createHostOf(PROVIDERS);
const STILL = { fingerprint: () => 'always the same' };

let server: HostileServer;

beforeAll(async () => {
  server = await startHostileServer();
});
afterEach(() => {
  server.reset();
});
afterAll(() => server.stop());

describe('A-11 every expires_in has a defined state, and at most 3 token calls in 60 s', () => {
  const table: readonly (readonly [string, unknown, number | undefined])[] = [
    ['absent', undefined, undefined],
    ['"3600"', '3600', HOUR],
    ['3600.7', 3600.7, 3_600_700],
    ['0', 0, undefined],
    ['-1', -1, undefined],
    ['1', 1, SECOND],
    ['2^31', 2 ** 31, 2 ** 31 * SECOND],
    ['1e300', 1e300, undefined],
    ['NaN', bare('NaN'), undefined],
    ['Infinity', bare('-Infinity'), undefined],
    ['"abc"', 'abc', undefined],
    ['null', null, undefined],
  ];

  test.each(table)('%s', async (_name, expiresIn, lifeMs) => {
    server.behave({ tokenMembers: { expires_in: expiresIn } });
    const tenant = tenantAt(server.issuer);
    const world = await createWorld([tenant]);
    world.startKeeper();
    const calls = server.tokenCalls();
    expect(await world.sessions.signIn(tenant.id)).toEqual({ ok: true, value: null });
    await world.clock.advance(60 * SECOND);
    expect(server.tokenCalls() - calls).toBeLessThanOrEqual(3);
    const { token, phase } = world.session(tenant.id);
    expect(phase.kind).toBe('idle');
    const { issuedAtMs, expiresAtMs } = token!;
    expect(expiresAtMs === undefined ? undefined : expiresAtMs - issuedAtMs).toBe(lifeMs);
    expect(world.clock.longestDelayMs()).toBeLessThanOrEqual(10 * MINUTE);
  });

  test.each(table)(
    '%s in the answer to a renewal: nothing is lost, the next one works',
    async (_name, expiresIn) => {
      const tenant = tenantAt(server.issuer);
      const world = await createWorld([tenant]);
      await world.sessions.signIn(tenant.id);
      const reuses = server.reuses();
      server.behave({ tokenMembers: { expires_in: expiresIn } });
      expect((await world.sessions.renew(tenant.id)).ok).toBe(true);
      expect((await world.sessions.renew(tenant.id)).ok).toBe(true);
      expect(server.reuses()).toBe(reuses);
    },
  );
});

describe('renewing by the clock', () => {
  test('a day of one-hour tokens: one renewal each 55 minutes, always a living token, no notice', async () => {
    const tenant = tenantAt(server.issuer);
    const world = await createWorld([tenant]);
    await world.sessions.signIn(tenant.id);
    world.startKeeper();
    const calls = server.tokenCalls();
    for (let minute = 0; minute < 24 * 60; minute += 10) {
      await world.clock.advance(10 * MINUTE);
      expect(world.session(tenant.id).token!.expiresAtMs).toBeGreaterThan(world.clock.now());
    }
    const renewals = server.tokenCalls() - calls;
    expect(renewals).toBeGreaterThanOrEqual(25);
    expect(renewals).toBeLessThanOrEqual(27);
    expect(world.notifier.shown).toHaveLength(0);
    expect(server.reuses()).toBe(0);
  });

  test('E-11 tokens of 5 s make no loop', async () => {
    server.behave({ tokenMembers: { expires_in: 5 } });
    const tenant = tenantAt(server.issuer);
    const world = await createWorld([tenant]);
    await world.sessions.signIn(tenant.id);
    world.startKeeper();
    const calls = server.tokenCalls();
    await world.clock.advance(10 * MINUTE);
    expect(server.tokenCalls() - calls).toBeLessThanOrEqual(20);
  });

  test('an outage: tried again with growing distance, and back by itself', async () => {
    const tenant = tenantAt(server.issuer);
    const world = await createWorld([tenant]);
    await world.sessions.signIn(tenant.id);
    world.startKeeper();
    await world.clock.advance(54 * MINUTE);
    server.behave({ token: () => htmlPage(503) });
    const calls = server.tokenCalls();
    await world.clock.advance(3 * HOUR);
    const tries = server.tokenCalls() - calls;
    expect(tries).toBeGreaterThan(5);
    expect(tries).toBeLessThan(80);
    expect(world.notifier.shown, 'told once').toHaveLength(1);
    server.reset();
    await world.clock.advance(16 * MINUTE);
    expect(world.session(tenant.id).phase.kind).toBe('idle');
    expect(world.session(tenant.id).token!.expiresAtMs).toBeGreaterThan(world.clock.now());
  });

  test('E-12 the computer slept for 8 h: noticed within 30 s even without an event', async () => {
    const tenant = tenantAt(server.issuer);
    const world = await createWorld([tenant]);
    await world.sessions.signIn(tenant.id);
    world.startKeeper();
    await world.clock.advance(MINUTE);
    const calls = server.tokenCalls();
    world.clock.sleep(8 * HOUR);
    await world.clock.advance(30 * SECOND);
    expect(server.tokenCalls() - calls).toBe(1);
  });

  test('E-12 with an event: at once', async () => {
    const tenant = tenantAt(server.issuer);
    const world = await createWorld([tenant]);
    await world.sessions.signIn(tenant.id);
    const keeper = world.startKeeper();
    const calls = server.tokenCalls();
    world.clock.sleep(8 * HOUR);
    keeper.hurry();
    await world.clock.settle();
    expect(server.tokenCalls() - calls).toBe(1);
  });

  test('E-13 clock set back and forth: no storm, back to normal', async () => {
    const tenant = tenantAt(server.issuer);
    const world = await createWorld([tenant]);
    await world.sessions.signIn(tenant.id);
    world.startKeeper();
    const start = world.clock.now();
    for (const offsetMs of [-HOUR, HOUR, 3650 * DAY, -start]) {
      const calls = server.tokenCalls();
      world.clock.setWallClock(start + offsetMs);
      await world.clock.advance(5 * MINUTE);
      expect(server.tokenCalls() - calls, String(offsetMs)).toBeLessThanOrEqual(2);
      world.clock.setWallClock(start);
      await world.clock.advance(5 * MINUTE);
    }
    expect((await world.sessions.freshToken(tenant.id, 30 * SECOND)).ok).toBe(true);
  });

  test('a token that nothing renews: notice before its end, marked at its end', async () => {
    server.behave({ tokenMembers: { refresh_token: undefined } });
    const tenant = tenantAt(server.issuer);
    const world = await createWorld([tenant]);
    await world.sessions.signIn(tenant.id);
    world.startKeeper();
    await world.clock.advance(54 * MINUTE);
    expect(world.notifier.shown).toHaveLength(0);
    await world.clock.advance(MINUTE);
    expect(world.notifier.shown).toHaveLength(1);
    await world.clock.advance(5 * MINUTE);
    expect(world.session(tenant.id).phase).toEqual({ kind: 'sign-in-needed' });
    await world.clock.advance(DAY);
    expect(world.notifier.shown, 'once for each token').toHaveLength(1);
  });

  test('the next token gets a notice of its own', async () => {
    server.behave({ tokenMembers: { refresh_token: undefined } });
    const tenant = tenantAt(server.issuer);
    const world = await createWorld([tenant]);
    world.startKeeper();
    for (let round = 1; round <= 3; round += 1) {
      await world.sessions.signIn(tenant.id);
      await world.clock.advance(2 * HOUR);
      expect(world.notifier.shown).toHaveLength(round);
    }
  });

  test('always: a notice before each renewal', async () => {
    const tenant = tenantAt(server.issuer, { notice: 'always' });
    const world = await createWorld([tenant]);
    await world.sessions.signIn(tenant.id);
    world.startKeeper();
    await world.clock.advance(3 * HOUR);
    expect(world.notifier.shown).toHaveLength(3);
  });
});

describe('the keeper itself', () => {
  function manyDue(count: number) {
    const clock = createManualClock();
    const tenants = Array.from({ length: count }, () => tenantAt('https://login.example.com'));
    const session: SessionState = {
      phase: { kind: 'idle' },
      noticed: false,
      token: {
        issuedAtMs: clock.now() - HOUR,
        expiresAtMs: clock.now() - MINUTE,
        renewable: true,
      },
    };
    const store = createStore({
      ...INITIAL_STATE,
      tenants,
      sessions: new Map(tenants.map(({ id }) => [id, session])),
    });
    return { clock, store, tenants };
  }

  test('E-14 starts 4 at once and then one each 70 ms, and only where there is room', async () => {
    const { clock, store } = manyDue(100);
    const startedAtMs: number[] = [];
    let room = 0;
    const keeper = startKeeper(
      { store, clock, network: STILL, hostOf },
      {
        renew: (tenantId) => {
          startedAtMs.push(clock.now());
          store.dispatch({ type: 'phase-changed', tenantId, phase: { kind: 'renewing' } });
        },
        hasRoom: () => startedAtMs.length < room,
        notify: () => undefined,
        warn: () => undefined,
      },
    );
    await clock.advance(MINUTE);
    expect(startedAtMs).toEqual([]);
    room = 50;
    keeper.replan();
    expect(startedAtMs, 'what was not used while there was no room is not saved up').toHaveLength(
      4,
    );
    await clock.advance(MINUTE);
    expect(startedAtMs).toHaveLength(50);
    for (const [at, atMs] of startedAtMs.slice(4).entries()) {
      expect(atMs - startedAtMs[at + 3]!).toBeGreaterThanOrEqual(69);
    }
    room = 100;
    keeper.replan();
    await clock.advance(MINUTE);
    expect(startedAtMs).toHaveLength(100);
    keeper.stop();
  });

  test('never sleeps longer than 30 s, whatever the tokens', async () => {
    const clock = createManualClock();
    const tenant = tenantAt('https://login.example.com');
    const store = createStore({ ...INITIAL_STATE, tenants: [tenant] });
    startKeeper(
      { store, clock, network: STILL, hostOf },
      {
        renew: () => undefined,
        hasRoom: () => true,
        notify: () => undefined,
        warn: () => undefined,
      },
    );
    for (const lifeMs of [5 * SECOND, HOUR, 30 * DAY, 3650 * DAY]) {
      store.dispatch({
        type: 'token-received',
        tenantId: tenant.id,
        token: { issuedAtMs: clock.now(), expiresAtMs: clock.now() + lifeMs, renewable: true },
      });
      await clock.advance(100);
    }
    expect(clock.longestDelayMs()).toBeLessThanOrEqual(30 * SECOND);
    expect(clock.timers()).toBe(1);
  });

  test('after stop nothing runs any more', async () => {
    const { clock, store, tenants } = manyDue(1);
    let renewals = 0;
    const keeper = startKeeper(
      { store, clock, network: STILL, hostOf },
      {
        renew: () => {
          renewals += 1;
        },
        hasRoom: () => true,
        notify: () => undefined,
        warn: () => undefined,
      },
    );
    expect(renewals).toBe(1);
    keeper.stop();
    expect(clock.timers()).toBe(0);
    store.dispatch({ type: 'noticed', tenantId: tenants[0]!.id });
    keeper.replan();
    await clock.advance(HOUR);
    expect(renewals).toBe(1);
  });
});

describe('the end of the sign-in itself', () => {
  const warnings = (world: World): number =>
    world.notifier.shown.filter(({ body }) => body.startsWith('Its sign-in')).length;

  /** @param lifeOf Life of the refresh token, in seconds, that an answer tells. */
  async function signedInWith(lifeOf: (world: World) => number) {
    const tenant = tenantAt(server.issuer, { values: { scopes: 'read' } });
    const world = await createWorld([tenant]);
    server.behave({
      token: (_request, ordinary) => {
        const answer = ordinary();
        const members = JSON.parse(answer.body!) as Record<string, unknown>;
        return jsonAnswer({ ...members, refresh_token_expires_in: lifeOf(world) });
      },
    });
    expect((await world.sessions.signIn(tenant.id)).ok).toBe(true);
    world.startKeeper();
    return { world, id: tenant.id };
  }

  test('is told once, also over renewals that leave it where it is; a new sign-in has its own', async () => {
    let startMs = 0;
    const { world, id } = await signedInWith(({ clock }) => {
      startMs ||= clock.now();
      return Math.round((startMs + 30 * DAY - clock.now()) / SECOND);
    });
    const calls = server.tokenCalls();
    await world.clock.advance(28 * DAY);
    expect(warnings(world)).toBe(0);
    await world.clock.advance(DAY + HOUR);
    expect(warnings(world)).toBe(1);
    await world.clock.advance(22 * HOUR);
    expect(server.tokenCalls() - calls).toBeGreaterThan(20);
    expect(warnings(world)).toBe(1);
    startMs = 0;
    expect((await world.sessions.signIn(id)).ok).toBe(true);
    expect(world.session(id).warned).toBe(false);
    await world.clock.advance(29 * DAY + MINUTE);
    expect(warnings(world)).toBe(2);
  }, 60_000);

  test('is not told where each renewal puts it off', async () => {
    const { world } = await signedInWith(() => 8 * 3600);
    await world.clock.advance(5 * DAY);
    expect(warnings(world)).toBe(0);
    expect(world.notifier.shown).toEqual([]);
  });
});
