import { describe, expect, test } from 'vitest';
import { INITIAL_STATE } from '../../src-main/core/state.ts';
import type { AppState, Phase, SessionState, TokenFacts } from '../../src-main/core/state.ts';
import { createHostOf } from '../../src-main/core/tenant-host.ts';
import type { Tenant } from '../../src-main/core/tenant.ts';
import {
  earlyWindowMs,
  plan,
  renewAtMs,
  requiredValidityMs,
  shareOf,
} from '../../src-main/core/timetable.ts';
import { PROVIDERS } from '../../src-main/providers/index.ts';
import { tenantAt } from '../fakes/world.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = 1_700_000_000_000;
const hostOf = createHostOf(PROVIDERS);

test.each([
  ['5 s', 5 * SECOND, 2500],
  ['30 s', 30 * SECOND, 15 * SECOND],
  ['60 s', MINUTE, 30 * SECOND],
  ['2 min', 2 * MINUTE, 30 * SECOND],
  ['299 s', 299 * SECOND, 74_750],
  ['20 min', 20 * MINUTE, 5 * MINUTE],
  ['1 h', HOUR, 5 * MINUTE],
  ['24 h', DAY, 5 * MINUTE],
  ['30 d', 30 * DAY, 5 * MINUTE],
  ['10 y', 3650 * DAY, 5 * MINUTE],
])('E-11 early window of a life of %s', (_name, lifeMs, expected) => {
  expect(earlyWindowMs(lifeMs)).toBe(expected);
});

test.each([1, 5, 30, 60, 61, 120, 299, 3600, 86_400, 30 * 86_400, 3650 * 86_400])(
  'E-11 a life of %i s never makes a loop: at least 30 s between renewals, at most 2 a life above a minute',
  (lifeSeconds) => {
    const lifeMs = lifeSeconds * SECOND;
    const at = renewAtMs({ issuedAtMs: NOW, expiresAtMs: NOW + lifeMs, renewable: true })!;
    expect(at - NOW).toBeGreaterThanOrEqual(30 * SECOND);
    if (lifeSeconds >= 60) {
      expect(at).toBeLessThan(NOW + lifeMs);
      expect(lifeMs / (at - NOW)).toBeLessThanOrEqual(2);
    }
  },
);

test('nothing renews what is not renewable or has no known end', () => {
  expect(renewAtMs({ issuedAtMs: NOW, renewable: true })).toBeUndefined();
  expect(renewAtMs({ issuedAtMs: NOW, expiresAtMs: NOW + HOUR, renewable: false })).toBeUndefined();
});

test('the validity asked for is at most half the life', () => {
  const facts = (lifeMs?: number): TokenFacts => ({
    issuedAtMs: NOW,
    renewable: true,
    ...(lifeMs === undefined ? {} : { expiresAtMs: NOW + lifeMs }),
  });
  expect(requiredValidityMs(facts(HOUR), 30 * SECOND)).toBe(30 * SECOND);
  expect(requiredValidityMs(facts(10 * SECOND), 30 * SECOND)).toBe(5 * SECOND);
  expect(requiredValidityMs(facts(), 30 * SECOND)).toBe(0);
});

interface Situation {
  readonly notice?: Tenant['notice'];
  readonly noticeAlways?: boolean;
  readonly leadMinutes?: number;
  readonly phase?: Phase;
  readonly lifeMs?: number;
  readonly ageMs?: number;
  readonly renewable?: boolean;
  readonly noticed?: boolean;
}

function stateIn(situation: Situation): { readonly state: AppState; readonly id: string } {
  const { lifeMs = HOUR, ageMs = 0, renewable = true } = situation;
  const tenant = tenantAt('https://login.example.com', { notice: situation.notice ?? 'default' });
  const session: SessionState = {
    phase: situation.phase ?? { kind: 'idle' },
    noticed: situation.noticed ?? false,
    token: { issuedAtMs: NOW - ageMs, expiresAtMs: NOW - ageMs + lifeMs, renewable },
  };
  const state: AppState = {
    ...INITIAL_STATE,
    tenants: [tenant],
    sessions: new Map([[tenant.id, session]]),
    settings: {
      ...INITIAL_STATE.settings,
      noticeLeadMinutes: situation.leadMinutes ?? 5,
      noticeAlways: situation.noticeAlways ?? false,
    },
  };
  return { state, id: tenant.id };
}

function isNotified(situation: Situation): boolean {
  const { state, id } = stateIn(situation);
  return plan(state, hostOf, NOW).notify.includes(id);
}

const RETRYING: Phase = {
  kind: 'retrying',
  error: { code: 'network-unreachable' },
  retryAtMs: NOW + MINUTE,
  failedAtMs: NOW,
  sinceMs: NOW,
  failures: 1,
};
const ENDED: Phase = { kind: 'sign-in-needed', error: { code: 'grant-refused' } };

test.each<[string, Situation, boolean]>([
  ['works by itself: silent', { ageMs: 56 * MINUTE }, false],
  ['not renewable, 6 min before: too early', { renewable: false, ageMs: 54 * MINUTE }, false],
  ['not renewable, 5 min before: told', { renewable: false, ageMs: 55 * MINUTE }, true],
  ['not renewable, long past: told', { renewable: false, ageMs: 5 * HOUR }, true],
  ['told once', { renewable: false, ageMs: 55 * MINUTE, noticed: true }, false],
  ['never', { renewable: false, ageMs: 55 * MINUTE, notice: 'never' }, false],
  ['never beats always', { ageMs: 56 * MINUTE, notice: 'never', noticeAlways: true }, false],
  ['always, by the settings', { ageMs: 55 * MINUTE, noticeAlways: true }, true],
  ['always, for this tenant', { ageMs: 55 * MINUTE, notice: 'always' }, true],
  ['renewal failing for now', { ageMs: 56 * MINUTE, phase: RETRYING }, true],
  ['renewal failing, still early', { ageMs: 50 * MINUTE, phase: RETRYING }, false],
  ['session ended by the provider', { ageMs: 56 * MINUTE, phase: ENDED }, true],
  ['signing in already', { renewable: false, ageMs: HOUR, phase: { kind: 'signing-in' } }, false],
  ['keychain locked', { renewable: false, ageMs: HOUR, phase: { kind: 'locked' } }, false],
  [
    'lead longer than half the life: not before the half',
    { renewable: false, lifeMs: 4 * MINUTE, ageMs: MINUTE },
    false,
  ],
  [
    'lead longer than half the life: at the half',
    { renewable: false, lifeMs: 4 * MINUTE, ageMs: 2 * MINUTE },
    true,
  ],
  [
    'lead of 60 min',
    { renewable: false, lifeMs: 10 * HOUR, ageMs: 9 * HOUR, leadMinutes: 60 },
    true,
  ],
])('notice: %s', (_name, situation, expected) => {
  expect(isNotified(situation)).toBe(expected);
});

test('always: the notice comes no later than the renewal', () => {
  const { state, id } = stateIn({ noticeAlways: true, leadMinutes: 1, ageMs: 55 * MINUTE });
  expect(plan(state, hostOf, NOW)).toMatchObject({ renew: [id], notify: [id] });
});

test('a token that ended and that nothing renews is marked, also later on', () => {
  const { state, id } = stateIn({ renewable: false, ageMs: HOUR });
  expect(plan(state, hostOf, NOW).expire).toEqual([id]);
  const alive = stateIn({ renewable: false, ageMs: 10 * MINUTE });
  expect(plan(alive.state, hostOf, NOW)).toMatchObject({ expire: [], nextAtMs: NOW + 45 * MINUTE });
});

test('the most urgent is renewed first', () => {
  const first = stateIn({ ageMs: 58 * MINUTE });
  const second = stateIn({ ageMs: 70 * MINUTE });
  const state: AppState = {
    ...first.state,
    tenants: [...first.state.tenants, ...second.state.tenants],
    sessions: new Map([...first.state.sessions, ...second.state.sessions]),
  };
  expect(plan(state, hostOf, NOW).renew).toEqual([second.id, first.id]);
});

test('what needs a person or a correction is not renewed by the clock', () => {
  for (const phase of [
    ENDED,
    { kind: 'misconfigured', error: { code: 'client-refused' } },
    { kind: 'locked' },
    { kind: 'signing-in' },
    { kind: 'renewing' },
  ] as const) {
    const { state } = stateIn({ ageMs: 5 * HOUR, phase, noticed: true });
    expect(plan(state, hostOf, NOW), phase.kind).toEqual({
      renew: [],
      forget: [],
      notify: [],
      warn: [],
      expire: [],
      nextAtMs: undefined,
    });
  }
});

interface Ending {
  /** End of what renews the token; undefined: not told. */
  readonly refreshLifeMs?: number;
  readonly lifeMs?: number;
  readonly ageMs: number;
  readonly renewable?: boolean;
  readonly phase?: Phase;
  readonly notice?: Tenant['notice'];
  readonly warned?: boolean;
}

function endingIn(ending: Ending): { readonly state: AppState; readonly id: string } {
  const { refreshLifeMs, ageMs, renewable = true, warned } = ending;
  const { state, id } = stateIn({ ...ending, renewable, lifeMs: ending.lifeMs ?? 100 * DAY });
  const { token, ...session } = state.sessions.get(id)!;
  const refreshExpiresAtMs =
    refreshLifeMs === undefined ? {} : { refreshExpiresAtMs: NOW - ageMs + refreshLifeMs };
  const changed: SessionState = {
    ...session,
    token: { ...token!, ...refreshExpiresAtMs },
    ...(warned === undefined ? {} : { warned }),
  };
  return { state: { ...state, sessions: new Map([[id, changed]]) }, id };
}

test.each<[string, Ending, boolean]>([
  ['25 h before the end: too early', { refreshLifeMs: 30 * DAY, ageMs: 29 * DAY - HOUR }, false],
  ['24 h before the end', { refreshLifeMs: 30 * DAY, ageMs: 29 * DAY }, true],
  ['after the end', { refreshLifeMs: 30 * DAY, ageMs: 31 * DAY }, true],
  ['before half of a short one', { refreshLifeMs: 8 * HOUR, ageMs: 4 * HOUR - MINUTE }, false],
  ['at half of a short one', { refreshLifeMs: 8 * HOUR, ageMs: 4 * HOUR }, true],
  ['an end that nobody told', { ageMs: 99 * DAY }, false],
  ['told before', { refreshLifeMs: 30 * DAY, ageMs: 29 * DAY, warned: true }, false],
  ['never', { refreshLifeMs: 30 * DAY, ageMs: 29 * DAY, notice: 'never' }, false],
  ['while renewing fails', { refreshLifeMs: 30 * DAY, ageMs: 29 * DAY, phase: RETRYING }, true],
  ['ended already', { refreshLifeMs: 30 * DAY, ageMs: 29 * DAY, phase: ENDED }, false],
  [
    'signing in already',
    { refreshLifeMs: 30 * DAY, ageMs: 29 * DAY, phase: { kind: 'signing-in' } },
    false,
  ],
  ['a key, 24 h before', { renewable: false, lifeMs: 90 * DAY, ageMs: 89 * DAY }, true],
  ['a key, earlier', { renewable: false, lifeMs: 90 * DAY, ageMs: 88 * DAY }, false],
  [
    'a token of a day has its notice',
    { renewable: false, lifeMs: DAY, ageMs: DAY - MINUTE },
    false,
  ],
])('warning of the end of a sign-in: %s', (_name, ending, expected) => {
  const { state, id } = endingIn(ending);
  expect(plan(state, hostOf, NOW).warn).toEqual(expected ? [id] : []);
});

test('the next look is for the warning, where nothing comes before it', () => {
  const { state } = endingIn({ refreshLifeMs: 30 * DAY, ageMs: 0, lifeMs: 100 * DAY });
  expect(plan(state, hostOf, NOW).nextAtMs).toBe(NOW + 29 * DAY);
});

describe('E-16 the spread of renewals', () => {
  const LIVES = [60, 120, 299, 300, 1200, 3600, 86_400, 30 * 86_400];

  test.each(LIVES)('of 1,000 equal tokens that live %i s', (lifeSeconds) => {
    const lifeMs = lifeSeconds * SECOND;
    const token = { issuedAtMs: NOW, expiresAtMs: NOW + lifeMs, renewable: true };
    const instants = Array.from({ length: 1000 }, () => {
      const atMs = renewAtMs(token, shareOf(crypto.randomUUID(), { ...token }))!;
      expect(atMs).toBeGreaterThanOrEqual(NOW + 30 * SECOND);
      expect(atMs).toBeLessThanOrEqual(NOW + lifeMs - earlyWindowMs(lifeMs));
      expect(atMs - NOW).toBeGreaterThanOrEqual((lifeMs - earlyWindowMs(lifeMs)) * 0.66);
      return atMs;
    });
    const buckets = new Map<number, number>();
    for (const atMs of instants) {
      const second = Math.floor(atMs / SECOND);
      buckets.set(second, (buckets.get(second) ?? 0) + 1);
    }
    // Below 20 min the last third is too short for that: there the pace of the keeper does it
    if (lifeSeconds >= 1200) expect(Math.max(...buckets.values())).toBeLessThanOrEqual(20);
    if (lifeSeconds > 60)
      expect(buckets.size).toBeGreaterThanOrEqual(Math.min(90, lifeSeconds / 10));
  });

  test('the share of a token is always the same, even over the tenants and from token to token', () => {
    const token = { issuedAtMs: NOW, renewable: true };
    const shares = Array.from({ length: 10_000 }, (_each, index) =>
      shareOf(`t${String(index)}`, { ...token }),
    );
    expect(shareOf('t7', { ...token })).toBe(shares[7]);
    expect(shareOf('t7', { ...token, issuedAtMs: NOW + 1 })).not.toBe(shares[7]);
    for (let tenth = 0; tenth < 10; tenth += 1) {
      const inside = shares.filter((share) => share >= tenth / 10 && share < (tenth + 1) / 10);
      expect(inside.length).toBeGreaterThan(800);
      expect(inside.length).toBeLessThan(1200);
    }
  });
});

test('what was interrupted is renewed at once, if it can be', () => {
  const { state, id } = stateIn({ ageMs: MINUTE });
  const session = { ...state.sessions.get(id)!, outcomeUnknown: true };
  const interrupted = { ...state, sessions: new Map([[id, session]]) };
  expect(plan(interrupted, hostOf, NOW).renew).toEqual([id]);
  const token = { ...session.token!, renewable: false };
  const key = { ...state, sessions: new Map([[id, { ...session, token }]]) };
  expect(plan(key, hostOf, NOW).renew).toEqual([]);
});
