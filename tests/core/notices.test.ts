import { expect, test } from 'vitest';
import { createReminder, noticeFor, warningFor } from '../../src-main/core/notices.ts';
import { createStore, INITIAL_STATE } from '../../src-main/core/state.ts';
import type { AppState, Phase } from '../../src-main/core/state.ts';
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

test.each<[string, Phase, boolean, RegExp, boolean]>([
  ['nothing renews it', IDLE, false, /sign in again/i, true],
  ['renewed by itself', IDLE, true, /renewed by then/i, false],
  [
    'the session has ended',
    { kind: 'sign-in-needed', error: DENIED },
    true,
    /sign in again/i,
    true,
  ],
  [
    'the provider is away',
    { kind: 'retrying', error: DENIED, retryAtMs: NOW, failures: 1 },
    true,
    /does not work at the moment/i,
    false,
  ],
  ['set up wrongly', { kind: 'misconfigured', error: DENIED }, true, /correction/i, false],
])('F-07 %s: the name and what to do, never more', (_name, phase, renewable, words, signsIn) => {
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
    expect(notice.signsIn).toBe(signsIn);
    expect(`${notice.title} ${notice.body}`).not.toMatch(/ISSUER|ACCOUNT|SCOPE|DETAIL|HOST/);
  }
});

test('F-07 line breaks and direction marks of a name do not reach the notice', () => {
  const tenant = tenantAt('https://a.example', { name: 'a\u202E\nb'.repeat(100) });
  const { title } = noticeFor(stateWith(tenant, IDLE, 1, false), tenant, NOW);
  expect(title).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(title.length).toBeLessThanOrEqual(300);
});

test('F-08 a click signs in or shows the app, for the right tenant', () => {
  const tenant = tenantAt('https://a.example');
  const notifier = createMemoryNotifier();
  const clicks: string[] = [];
  for (const renewable of [false, true]) {
    const store = createStore(stateWith(tenant, IDLE, 1, renewable));
    const { notify: remind } = createReminder(store, notifier, createManualClock(NOW), {
      signIn: (tenantId) => clicks.push(`sign in ${tenantId}`),
      show: () => clicks.push('show'),
    });
    remind(tenant.id);
    notifier.clickLast();
    remind(crypto.randomUUID());
  }
  expect(notifier.shown).toHaveLength(2);
  expect(clicks).toEqual([`sign in ${tenant.id}`, 'show']);
});

test.each<[string, Tenant['grant'], number, boolean, RegExp, boolean]>([
  [
    'a day',
    'authorization-code',
    24 * 3_600_000,
    true,
    /^Its sign-in ends in 24 h; .* sign in again/,
    true,
  ],
  ['minutes', 'authorization-code', 240_000, true, /^Its sign-in ends in 4 min; /, true],
  ['past', 'authorization-code', -1, true, /^Its sign-in has ended; /, true],
  [
    'a login without a person',
    'rest-login',
    3_600_000,
    true,
    /ends in 60 min; .*stored password/,
    false,
  ],
  ['a key', 'static-key', 24 * 3_600_000, false, /^Its key ends in 24 h/, false],
])('F-07 the end of a sign-in: %s', (_name, grant, leftMs, renewable, words, signsIn) => {
  const tenant = tenantAt('https://ISSUER.example', { name: 'Ac\u202Eme\n', grant });
  const day = 24 * 3_600_000;
  const state = stateWith(tenant, IDLE, leftMs, renewable);
  const { token, ...session } = state.sessions.get(tenant.id)!;
  const facts = { ...token!, issuedAtMs: NOW - 30 * day, refreshExpiresAtMs: NOW + leftMs };
  const sessions = new Map([[tenant.id, { ...session, token: facts }]]);
  const notice = warningFor({ ...state, sessions }, tenant, NOW);
  expect(notice).toMatchObject({ title: 'Ac me', signsIn });
  expect(notice.body).toMatch(words);
  expect(notice.body).not.toMatch(/ISSUER|ACCOUNT|SCOPE/);
});
