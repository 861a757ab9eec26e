import { describe, expect, test } from 'vitest';
import type { AppError } from '../../src-main/core/errors.ts';
import { isOutage, isOutcomeUnknown, outageAfter } from '../../src-main/core/outages.ts';
import type { Outage } from '../../src-main/core/outages.ts';
import { createStore, INITIAL_STATE } from '../../src-main/core/state.ts';
import type { AppState, Phase, SessionState } from '../../src-main/core/state.ts';
import { createHostOf } from '../../src-main/core/tenant-host.ts';
import { plan } from '../../src-main/core/timetable.ts';
import { PROVIDERS } from '../../src-main/providers/index.ts';
import { catalogueOf, NAMED, tenantOfTest } from '../fakes/catalogue.ts';
import { tenantAt } from '../fakes/world.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const NOW = 1_700_000_000_000;
const GONE: AppError = { code: 'network-unreachable', host: 'login.example.com' };
const hostOf = createHostOf(PROVIDERS);

describe('E-15 the waits of an outage', () => {
  test('2 s doubling to 15 min, and up to a fifth more', () => {
    let outage: Outage | undefined;
    const spread = new Set<number>();
    for (let failures = 1; failures <= 200; failures += 1) {
      const nowMs = outage?.retryAtMs ?? NOW;
      outage = outageAfter(outage, { ...GONE, cause: new Error('CAUSE') }, nowMs);
      const leastMs = Math.min(15 * MINUTE, 1000 * 2 ** failures);
      const waitMs = outage.retryAtMs - nowMs;
      expect(waitMs).toBeGreaterThanOrEqual(leastMs);
      expect(waitMs).toBeLessThanOrEqual(leastMs * 1.2);
      expect(outage).toMatchObject({ failures, sinceMs: NOW });
      expect('cause' in outage.error).toBe(false);
      spread.add(waitMs);
    }
    expect(spread.size).toBeGreaterThan(100);
  });

  test('only what says that nothing reached the host is one', () => {
    expect(isOutage('network-unreachable')).toBe(true);
    expect(isOutage('timed-out')).toBe(true);
    expect(isOutage('certificate-refused')).toBe(true);
    for (const code of ['provider-trouble', 'not-the-provider', 'redirect-refused'] as const) {
      expect(isOutage(code)).toBe(false);
    }
  });

  test.each<[AppError, boolean]>([
    [{ code: 'timed-out' }, true],
    [{ code: 'network-unreachable' }, true],
    [{ code: 'network-unreachable', neverSent: true }, false],
    [{ code: 'certificate-refused' }, false],
    [{ code: 'provider-trouble' }, false],
  ])('whether %j may have been heard: %s', (error, expected) => {
    expect(isOutcomeUnknown(error)).toBe(expected);
  });
});

const FRESH = { issuedAtMs: NOW, expiresAtMs: NOW + HOUR, renewable: true };
const ENDED = { issuedAtMs: NOW - 2 * HOUR, expiresAtMs: NOW - HOUR, renewable: true };
const retrying = (failedAtMs: number, error: AppError = GONE): Phase => ({
  kind: 'retrying',
  error,
  failedAtMs,
  sinceMs: NOW - HOUR,
  retryAtMs: NOW + 10 * MINUTE,
  failures: 3,
});

function stateWith(
  sessions: readonly Partial<SessionState>[],
  outage?: Partial<Outage>,
): { readonly state: AppState; readonly ids: readonly string[] } {
  const tenants = sessions.map(() => tenantAt('https://login.example.com'));
  const full = { sinceMs: NOW - HOUR, failures: 9, retryAtMs: NOW, error: GONE };
  return {
    ids: tenants.map(({ id }) => id),
    state: {
      ...INITIAL_STATE,
      tenants,
      sessions: new Map(
        sessions.map((session, at) => [
          tenants[at]!.id,
          { token: ENDED, phase: { kind: 'idle' }, noticed: true, warned: true, ...session },
        ]),
      ),
      outages:
        outage === undefined ? new Map() : new Map([['login.example.com', { ...full, ...outage }]]),
    },
  };
}

describe('while a host cannot be reached', () => {
  test('nobody asks before its time, and the next look is then', () => {
    const { state } = stateWith([{}, { phase: retrying(NOW - 1) }, {}], { retryAtMs: NOW + 7 });
    expect(plan(state, hostOf, NOW)).toMatchObject({ renew: [], nextAtMs: NOW + 7 });
  });

  test('one asks for all: the one that has asked least recently', () => {
    const { state, ids } = stateWith(
      [{ phase: retrying(NOW - 10) }, { phase: retrying(NOW - 30) }, { phase: retrying(NOW - 20) }],
      {},
    );
    expect(plan(state, hostOf, NOW).renew).toEqual([ids[1]]);
  });

  test('while that one asks, nobody else does', () => {
    const { state } = stateWith([{ phase: { kind: 'renewing' } }, {}, {}], {});
    expect(plan(state, hostOf, NOW).renew).toEqual([]);
  });

  test('those of other hosts are not concerned', () => {
    const { state } = stateWith([{}], { retryAtMs: NOW + HOUR });
    const other = tenantAt('https://other.example.com');
    const both: AppState = {
      ...state,
      tenants: [...state.tenants, other],
      sessions: new Map([
        ...state.sessions,
        [other.id, { token: ENDED, phase: { kind: 'idle' }, noticed: true }],
      ]),
    };
    expect(plan(both, hostOf, NOW).renew).toEqual([other.id]);
  });

  test('a token that is not due yet stays alone', () => {
    const { state } = stateWith([{ token: FRESH }], {});
    expect(plan(state, hostOf, NOW).renew).toEqual([]);
  });

  test('another failure than an outage keeps its own wait', () => {
    const trouble = retrying(NOW - HOUR, { code: 'provider-trouble' });
    const { state } = stateWith([{ phase: trouble }]);
    expect(plan(state, hostOf, NOW)).toMatchObject({ renew: [], nextAtMs: NOW + 10 * MINUTE });
  });
});

describe('hurry', () => {
  test('hosts are asked now, and the waits begin anew', () => {
    const { state, ids } = stateWith([{}], { retryAtMs: NOW + HOUR });
    const store = createStore(state);
    store.dispatch({ type: 'hurried', nowMs: NOW });
    expect(plan(store.get(), hostOf, NOW).renew).toEqual(ids);
    const [outage] = store.get().outages.values();
    expect(outageAfter(outage, GONE, NOW).retryAtMs - NOW).toBeLessThanOrEqual(2400);
  });

  test.each<[AppError, boolean]>([
    [{ code: 'not-the-provider' }, true],
    [{ code: 'redirect-refused' }, true],
    [{ code: 'provider-trouble' }, false],
    [{ code: 'provider-trouble', retryAfterMs: MINUTE }, false],
  ])('%j is tried again now: %s', (error, expected) => {
    const { state, ids } = stateWith([{ phase: retrying(NOW, error) }]);
    const store = createStore(state);
    store.dispatch({ type: 'hurried', nowMs: NOW });
    expect(plan(store.get(), hostOf, NOW).renew).toEqual(expected ? ids : []);
  });
});

describe('the host that a renewal goes to', () => {
  test('of the issuer, with its port; unknown providers stand for themselves', () => {
    expect(hostOf(tenantAt('https://login.example.com/realms/a'))).toBe('login.example.com');
    expect(hostOf(tenantAt('http://127.0.0.1:8080'))).toBe('127.0.0.1:8080');
    const gone = tenantAt('https://a.example', { providerId: 'gone' });
    expect(hostOf(gone)).toBe(gone.id);
    const empty = tenantAt('no address');
    expect(hostOf(empty)).toBe(empty.id);
  });

  test('the address of renewing goes before that of signing in', () => {
    const ofTest = createHostOf(
      catalogueOf(
        {
          ...NAMED,
          kind: 'authorization-code',
          server: {
            authorizationEndpoint: 'https://login.{base}/authorize',
            tokenEndpoint: 'https://tokens.{base}/token',
          },
        },
        {
          ...NAMED,
          kind: 'static-key',
          key: { template: '{key}', encoding: 'plain' },
          probe: { method: 'GET', url: 'https://api.{base}/me' },
        },
      ),
    );
    const values = { base: 'acme.example' };
    expect(ofTest(tenantOfTest('authorization-code', values))).toBe('tokens.acme.example');
    expect(ofTest(tenantOfTest('static-key', values))).toBe('api.acme.example');
  });

  test('a tenant that is edited goes where it is sent then', () => {
    const tenant = tenantAt('https://old.example');
    expect(hostOf(tenant)).toBe('old.example');
    const edited = { ...tenant, values: { ...tenant.values, issuer: 'https://new.example' } };
    expect(hostOf(edited)).toBe('new.example');
  });
});
