import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../src-main/core/errors.ts';
import { createReminder, noticeFor, warningFor } from '../../src-main/core/notices.ts';
import type { Notice, Reminder } from '../../src-main/core/notices.ts';
import { createStore, INITIAL_STATE } from '../../src-main/core/state.ts';
import type { AppState, Phase, TokenFacts } from '../../src-main/core/state.ts';
import type { Tenant } from '../../src-main/core/tenant.ts';
import { createManualClock } from '../fakes/clock.manual.ts';
import { createMemoryNotifier } from '../fakes/notifier.memory.ts';
import { tenantAt } from '../fakes/world.ts';

const NOW = 1_700_000_000_000;

function stateWith(tenant: Tenant, phase: Phase, leftMs: number, renewable: boolean): AppState {
  const token = {
    issuedAtMs: NOW - 3_600_000,
    expiresAtMs: NOW + leftMs,
    renewable,
    account: 'ACCOUNT',
    scope: 'SCOPE',
  };
  return {
    ...INITIAL_STATE,
    tenants: [tenant],
    sessions: new Map([[tenant.id, { phase, noticed: false, token }]]),
  };
}

const DENIED = { code: 'grant-refused', detail: 'DETAIL', host: 'HOST' } as const;
const IDLE: Phase = { kind: 'idle' };
const ENDED: Phase = { kind: 'sign-in-needed', error: DENIED };

function retrying(code: ErrorCode): Phase {
  const error = { ...DENIED, code };
  return { kind: 'retrying', error, retryAtMs: NOW, failedAtMs: NOW, sinceMs: NOW, failures: 1 };
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

test.each<[string, Phase, boolean, RegExp, Notice['asks']]>([
  ['nothing renews it', IDLE, false, /sign in again/i, 'sign-in'],
  ['renewed by itself', IDLE, true, /renewed by then/i, 'nothing'],
  ['the session has ended', ENDED, true, /sign in again/i, 'sign-in'],
  [
    'the provider is away',
    retrying('provider-trouble'),
    true,
    /does not work at the moment/i,
    'nothing',
  ],
  ['set up wrongly', { kind: 'misconfigured', error: DENIED }, true, /correction/i, 'correction'],
])('F-07 %s: the name and what to do, never more', (_name, phase, renewable, words, asks) => {
  const tenant = tenantAt('https://ISSUER.example', { name: 'Acme' });
  for (const [leftMs, ends] of [
    [60_000, 'ends in 60 s'],
    [300_000, 'ends in 5 min'],
    [-1, 'has ended'],
  ] as const) {
    const notice = noticeFor(stateWith(tenant, phase, leftMs, renewable), tenant, NOW);
    expect(notice.title).toBe('Acme');
    expect(notice.body).toContain(ends);
    expect(notice.body).toMatch(words);
    expect(notice.asks).toBe(asks);
    expect(`${notice.title} ${notice.body}`).not.toMatch(/ISSUER|ACCOUNT|SCOPE|DETAIL|HOST/);
  }
});

test('F-07 a key that was pasted cannot be signed in to: its person is shown the app', () => {
  const tenant = tenantAt('https://ISSUER.example', { grant: 'static-key' });
  expect(noticeFor(stateWith(tenant, IDLE, 300_000, false), tenant, NOW)).toMatchObject({
    body: 'Its key ends in 5 min. Click to open Bearer Tray.',
    asks: 'nothing',
  });
});

test('F-07 line breaks and direction marks of a name do not reach the notice', () => {
  const tenant = tenantAt('https://a.example', { name: 'a\u202E\nb'.repeat(100) });
  const { title } = noticeFor(stateWith(tenant, IDLE, 1, false), tenant, NOW);
  expect(title).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(title.length).toBeLessThanOrEqual(300);
});

/** Tenants whose tokens end together, told of as the keeper does it: each duty first, then the state. */
function together(count: number, phase: Phase = ENDED, renewable = true) {
  const clock = createManualClock(NOW);
  const notifier = createMemoryNotifier();
  const clicks: string[] = [];
  const tenants = Array.from({ length: count }, (_each, at) =>
    tenantAt('https://ISSUER.example', { name: `Tenant ${String(at)}` }),
  );
  const token: TokenFacts = {
    issuedAtMs: NOW - HOUR,
    expiresAtMs: NOW + 5 * MINUTE,
    refreshExpiresAtMs: NOW + HOUR,
    renewable,
  };
  const store = createStore({
    ...INITIAL_STATE,
    tenants,
    sessions: new Map(tenants.map(({ id }) => [id, { phase, noticed: false, token }])),
  });
  const reminder = createReminder(
    store,
    notifier,
    clock,
    {
      signIn: (tenantId) => clicks.push(`sign in ${tenantId}`),
      show: (tenantId) => clicks.push(`show ${String(tenantId)}`),
    },
    () => HOST,
  );
  const ids = tenants.map(({ id }) => id);
  return {
    ...{ clock, notifier, clicks, store, reminder, ids, token },
    bodies: () => notifier.shown.map(({ body }) => body),
    tell(duty: keyof Pick<Reminder, 'notify' | 'warn'>, ...tenantIds: readonly string[]) {
      for (const tenantId of tenantIds) {
        reminder[duty](tenantId);
        store.dispatch({ type: duty === 'notify' ? 'noticed' : 'warned', tenantId });
      }
    },
    change(tenantId: string, changed: Phase) {
      store.dispatch({ type: 'phase-changed', tenantId, phase: changed });
    },
    receive(tenantId: string, changes: Partial<TokenFacts> = {}) {
      const next = { ...token, issuedAtMs: clock.now(), expiresAtMs: clock.now() + HOUR };
      store.dispatch({ type: 'token-received', tenantId, token: { ...next, ...changes } });
    },
    /** @param isOut False: the host is reached again. */
    setOutage(isOut: boolean) {
      const error = { code: 'network-unreachable' } as const;
      const outage = { sinceMs: NOW, failures: 1, retryAtMs: NOW, error };
      store.dispatch({ type: 'outage-changed', host: HOST, outage: isOut ? outage : null });
    },
  };
}

const HOST = 'login.HOST.example';

describe('F-08 a burst', () => {
  test('200 tenants that end together: three notices at once, one summary when it is quiet', async () => {
    const { clock, notifier, bodies, ids, tell, clicks } = together(200);
    tell('notify', ...ids);
    expect(notifier.shown.map(({ title }) => title)).toEqual(['Tenant 0', 'Tenant 1', 'Tenant 2']);
    await clock.advance(9 * SECOND);
    expect(notifier.shown).toHaveLength(3);
    await clock.advance(SECOND);
    expect(bodies().at(-1)).toBe('197 more tokens end soon. Click to open Bearer Tray.');
    await clock.advance(24 * HOUR);
    expect(notifier.shown).toHaveLength(4);
    expect(clock.timers()).toBe(0);
    notifier.click(-1);
    expect(clicks).toEqual(['show null']);
  });

  test('spread over minutes: three notices in all, and a summary each minute', async () => {
    const { clock, notifier, bodies, ids, tell } = together(200);
    for (const id of ids) {
      tell('notify', id);
      await clock.advance(SECOND);
    }
    await clock.advance(HOUR);
    expect(notifier.shown).toHaveLength(3 + 4);
    const counts = bodies()
      .slice(3)
      .map((body) => Number(/^\d+/.exec(body)?.[0]));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(197);
  });

  test('after a quiet span the next one begins anew', async () => {
    const { clock, notifier, ids, tell } = together(6);
    tell('notify', ...ids.slice(0, 3));
    await clock.advance(10 * SECOND);
    tell('notify', ...ids.slice(3));
    expect(notifier.shown).toHaveLength(6);
  });

  test('who was renewed, signed out or removed in between is not counted; one alone is told by name', async () => {
    const { clock, notifier, ids, store, tell, receive } = together(7);
    tell('notify', ...ids);
    receive(ids[3]!);
    store.dispatch({ type: 'signed-out', tenantId: ids[4]! });
    store.dispatch({ type: 'tenant-removed', tenantId: ids[5]! });
    await clock.advance(MINUTE);
    expect(notifier.shown.slice(3).map(({ title }) => title)).toEqual(['Tenant 6']);
  });

  test('nobody is left: nothing is told', async () => {
    const { clock, notifier, ids, tell, receive } = together(20);
    tell('notify', ...ids);
    for (const id of ids) receive(id);
    await clock.advance(MINUTE);
    expect(notifier.shown).toHaveLength(3);
  });

  test.each([
    ['tokens that have ended', 'notify', 6 * MINUTE, /^7 more tokens have ended\./],
    ['sign-ins', 'warn', 0, /^7 more sign-ins end soon\./],
  ] as const)('the words for %s', async (_name, duty, afterMs, words) => {
    const { clock, bodies, ids, tell } = together(10);
    await clock.advance(afterMs);
    tell(duty, ...ids);
    await clock.advance(MINUTE);
    expect(bodies().at(-1)).toMatch(words);
  });

  test('after stop nothing is told, and no timer is left', async () => {
    const { clock, notifier, ids, tell, reminder, setOutage } = together(20, IDLE);
    tell('notify', ...ids.slice(0, 10));
    setOutage(true);
    tell('notify', ...ids.slice(10));
    reminder.stop();
    tell('notify', ...ids);
    expect(clock.timers()).toBe(0);
    await clock.advance(HOUR);
    expect(notifier.shown).toHaveLength(3);
  });
});

describe('F-08 one notice for a token', () => {
  test('a second one only where there is something else to do', async () => {
    const { clock, bodies, ids, tell, change, receive } = together(1, IDLE);
    const [id] = ids as [string];
    const renewalEndsIn = async (phase: Phase): Promise<void> => {
      change(id, { kind: 'renewing' });
      change(id, phase);
      tell('notify', id);
      await clock.advance(MINUTE);
    };
    // Asked for: also of what is renewed
    tell('notify', id);
    expect(bodies()).toEqual([expect.stringMatching(/renewed by then/)]);
    await renewalEndsIn(ENDED);
    expect(bodies().slice(1)).toEqual([expect.stringMatching(/sign in again/)]);
    // The person tries to renew it, again and again
    await renewalEndsIn(ENDED);
    await renewalEndsIn({ kind: 'sign-in-needed' });
    await renewalEndsIn(retrying('provider-trouble'));
    expect(bodies()).toHaveLength(2);
    await renewalEndsIn({ kind: 'misconfigured', error: DENIED });
    expect(bodies().slice(2)).toEqual([expect.stringMatching(/correction/)]);
    // The next token has an end of its own
    receive(id);
    await renewalEndsIn(ENDED);
    expect(bodies()).toHaveLength(4);
  });

  test('the warning of the end of the sign-in is another event', () => {
    const { bodies, ids, tell } = together(1);
    tell('notify', ids[0]!);
    tell('warn', ids[0]!);
    expect(bodies()).toHaveLength(2);
  });
});

describe('E-15 servers that cannot be reached', () => {
  const OUT = retrying('network-unreachable');

  test('one summary for the whole episode, however many tenants and however long; no single ones', async () => {
    const { clock, notifier, bodies, ids, tell, change, setOutage } = together(1000, IDLE);
    setOutage(true);
    for (const id of ids) {
      change(id, OUT);
      tell('notify', id);
      await clock.advance(90 * SECOND);
    }
    expect(clock.now() - NOW).toBeGreaterThan(24 * HOUR);
    expect(bodies()).toEqual([
      '1000 tenants cannot be renewed at the moment, because their servers cannot be reached. It is tried again by itself.',
    ]);
    expect(JSON.stringify(notifier.shown)).not.toMatch(/ISSUER|HOST|ACCOUNT/);
    setOutage(false);
    await clock.advance(HOUR);
    expect(notifier.shown).toHaveLength(1);
    // Another episode is told again
    setOutage(true);
    tell('notify', ids[0]!);
    await clock.advance(MINUTE);
    expect(notifier.shown).toHaveLength(2);
  });

  test('over before anything was told: nothing is', async () => {
    const { clock, notifier, ids, tell, setOutage } = together(10, OUT);
    setOutage(true);
    tell('notify', ...ids);
    await clock.advance(5 * SECOND);
    setOutage(false);
    await clock.advance(HOUR);
    expect(notifier.shown).toEqual([]);
    expect(clock.timers()).toBe(0);
  });

  test('one tenant is told of by its name', async () => {
    const { clock, notifier, clicks, ids, tell, setOutage } = together(1, OUT);
    setOutage(true);
    tell('notify', ids[0]!);
    await clock.advance(MINUTE);
    expect(notifier.shown).toMatchObject([
      {
        title: 'Tenant 0',
        body: 'Its token ends in 5 min. Renewing it does not work at the moment.',
      },
    ]);
    notifier.click(0);
    expect(clicks).toEqual([`show ${ids[0]!}`]);
  });

  test('collected when the servers went away: counted there, not as tokens that end', async () => {
    const { clock, bodies, ids, tell, setOutage } = together(20, IDLE);
    tell('notify', ...ids);
    setOutage(true);
    await clock.advance(HOUR);
    expect(bodies()).toHaveLength(4);
    expect(bodies()[3]).toMatch(/^20 tenants cannot be renewed/);
  });

  test('what only its person can do is told all the same', async () => {
    const { clock, bodies, ids, tell, setOutage } = together(1, ENDED);
    setOutage(true);
    tell('notify', ids[0]!);
    await clock.advance(HOUR);
    expect(bodies()).toEqual([expect.stringMatching(/sign in again/)]);
  });

  test('the end of a sign-in is told when its server is back, unless it is over by then', async () => {
    const { clock, bodies, ids, tell, setOutage, store } = together(2, IDLE);
    setOutage(true);
    tell('warn', ...ids);
    await clock.advance(30 * MINUTE);
    store.dispatch({ type: 'signed-out', tenantId: ids[1]! });
    expect(bodies()).toEqual([]);
    setOutage(false);
    expect(bodies()).toEqual([expect.stringMatching(/^Its sign-in ends in 30 min/)]);
  });
});

describe('F-08 a click', () => {
  test('concerns the right tenant, 20 of 20', () => {
    const clicks: string[] = [];
    const expected: string[] = [];
    const notifier = createMemoryNotifier();
    for (let round = 0; round < 20; round += 1) {
      const tenant = tenantAt('https://a.example');
      const store = createStore(stateWith(tenant, IDLE, 1, round % 2 === 0));
      const onClick = {
        signIn: (tenantId: string) => clicks.push(`sign in ${tenantId}`),
        show: (tenantId: string | null) => clicks.push(`show ${String(tenantId)}`),
      };
      const { notify } = createReminder(
        store,
        notifier,
        createManualClock(NOW),
        onClick,
        () => HOST,
      );
      notify(tenant.id);
      notify(crypto.randomUUID());
      expected.push(`${round % 2 === 0 ? 'show' : 'sign in'} ${tenant.id}`);
    }
    expect(notifier.shown).toHaveLength(20);
    // Not in the order in which they came
    const order = Array.from({ length: 20 }, (_each, at) => (at * 7) % 20);
    for (const at of order) notifier.click(at);
    expect(clicks).toEqual(order.map((at) => expected[at]));
  });

  test('on one about a tenant that is gone shows the app', () => {
    const { notifier, clicks, ids, store, tell } = together(1);
    tell('notify', ids[0]!);
    store.dispatch({ type: 'tenant-removed', tenantId: ids[0]! });
    notifier.click(0);
    expect(clicks).toEqual(['show null']);
  });
});

test.each<[string, Tenant['grant'], number, boolean, RegExp, Notice['asks']]>([
  [
    'a day',
    'authorization-code',
    24 * 3_600_000,
    true,
    /^Its sign-in ends in 24 h; .* sign in again/,
    'sign-in',
  ],
  ['minutes', 'authorization-code', 240_000, true, /^Its sign-in ends in 4 min; /, 'sign-in'],
  ['past', 'authorization-code', -1, true, /^Its sign-in has ended; /, 'sign-in'],
  [
    'a login without a person',
    'rest-login',
    3_600_000,
    true,
    /ends in 60 min; .*stored password/,
    'nothing',
  ],
  ['a key', 'static-key', 24 * 3_600_000, false, /^Its key ends in 24 h/, 'nothing'],
])('F-07 the end of a sign-in: %s', (_name, grant, leftMs, renewable, words, asks) => {
  const tenant = tenantAt('https://ISSUER.example', { name: 'Ac\u202Eme\n', grant });
  const day = 24 * 3_600_000;
  const state = stateWith(tenant, IDLE, leftMs, renewable);
  const { token, ...session } = state.sessions.get(tenant.id)!;
  const facts = { ...token!, issuedAtMs: NOW - 30 * day, refreshExpiresAtMs: NOW + leftMs };
  const sessions = new Map([[tenant.id, { ...session, token: facts }]]);
  const notice = warningFor({ ...state, sessions }, tenant, NOW);
  expect(notice).toMatchObject({ title: 'Ac me', asks });
  expect(notice.body).toMatch(words);
  expect(notice.body).not.toMatch(/ISSUER|ACCOUNT|SCOPE/);
});
