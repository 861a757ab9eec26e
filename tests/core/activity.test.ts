import { expect, test } from 'vitest';
import { createActivity } from '../../src-main/core/activity.ts';
import type { AppError } from '../../src-main/core/errors.ts';
import { createStore, INITIAL_STATE } from '../../src-main/core/state.ts';
import type { AppEvent, Phase } from '../../src-main/core/state.ts';
import { createManualClock } from '../fakes/clock.manual.ts';
import { tenantAt } from '../fakes/world.ts';

const SECOND = 1000;
const GONE: AppError = { code: 'network-unreachable', host: 'a.example' };

function recorded(tenantCount = 1) {
  const clock = createManualClock();
  const tenants = Array.from({ length: tenantCount }, () => tenantAt('https://a.example'));
  const store = createStore({ ...INITIAL_STATE, tenants });
  const activity = createActivity(store, clock);
  const [{ id }] = tenants as [(typeof tenants)[0]];
  const change = (phase: Phase, because?: AppError, tenantId = id): void => {
    store.dispatch({
      type: 'phase-changed',
      tenantId,
      phase,
      ...(because === undefined ? {} : { because }),
    });
  };
  const receive = (tenantId = id): void => {
    const token = { issuedAtMs: clock.now(), expiresAtMs: clock.now() + 1, renewable: true };
    store.dispatch({ type: 'token-received', tenantId, token });
  };
  const retry = (error: AppError, tenantId = id): void => {
    const nowMs = clock.now();
    const times = { retryAtMs: nowMs, failedAtMs: nowMs, sinceMs: nowMs, failures: 1 };
    change({ kind: 'retrying', error, ...times }, undefined, tenantId);
  };
  const kinds = (tenantId: string | null = null) =>
    activity.read(tenantId).map(({ kind, count }) => (count === 1 ? kind : `${kind} ×${count}`));
  return { clock, tenants, store, activity, id, change, receive, retry, kinds };
}

test('a life of a tenant, newest first', () => {
  const { clock, store, id, change, receive, retry, kinds } = recorded();
  change({ kind: 'signing-in' });
  receive();
  clock.jump(SECOND);
  change({ kind: 'renewing' });
  receive();
  clock.jump(SECOND);
  change({ kind: 'renewing' });
  retry(GONE);
  clock.jump(SECOND);
  change({ kind: 'renewing' });
  change({ kind: 'sign-in-needed', error: { code: 'grant-refused' } });
  clock.jump(SECOND);
  change({ kind: 'signing-in' });
  change({ kind: 'sign-in-needed' }, { code: 'sign-in-denied' });
  clock.jump(SECOND);
  store.dispatch({ type: 'signed-out', tenantId: id });
  clock.jump(SECOND);
  change({ kind: 'sign-in-needed' });
  expect(kinds(id)).toEqual([
    'token-ended',
    'signed-out',
    'sign-in-failed',
    'renewal-failed',
    'renewal-failed',
    'renewed',
    'signed-in',
  ]);
  expect(kinds('another')).toEqual([]);
});

test('how long it took: from its beginning, over pages and turns, and never of another one', () => {
  const { clock, store, activity, id, change, receive } = recorded();
  change({ kind: 'signing-in' });
  clock.jump(3 * SECOND);
  const page = { host: 'a.example', encrypted: true, loading: false, warning: null };
  change({ kind: 'signing-in', page });
  clock.jump(2 * SECOND);
  receive();
  expect(activity.read(id)[0]).toMatchObject({ kind: 'signed-in', durationMs: 5 * SECOND });
  // A renewal that is cut off because of signing out
  change({ kind: 'renewing' });
  clock.jump(SECOND);
  change({ kind: 'idle' });
  clock.jump(SECOND);
  store.dispatch({ type: 'signed-out', tenantId: id });
  expect(activity.read(id)[0]).toMatchObject({ kind: 'signed-out' });
  expect(activity.read(id)[0]!.durationMs).toBeUndefined();
});

test('equal ones in a row are one, with its first and its last instant', () => {
  const { clock, activity, id, change, retry, receive, kinds } = recorded();
  const startMs = clock.now();
  for (let time = 0; time < 100; time += 1) {
    change({ kind: 'renewing' });
    clock.jump(SECOND);
    retry(GONE);
  }
  expect(kinds(id)).toEqual(['renewal-failed ×100']);
  expect(activity.read(id)[0]).toMatchObject({
    firstAtMs: startMs + SECOND,
    lastAtMs: startMs + 100 * SECOND,
    durationMs: SECOND,
    error: GONE,
  });
  change({ kind: 'renewing' });
  retry({ code: 'provider-trouble', detail: 'HTTP 500' });
  change({ kind: 'renewing' });
  retry({ code: 'provider-trouble', detail: 'HTTP 502' });
  change({ kind: 'renewing' });
  receive();
  expect(kinds(id)).toEqual(['renewed', 'renewal-failed', 'renewal-failed', 'renewal-failed ×100']);
});

test('30 for each tenant, 300 in all; nobody crowds another one out', () => {
  const { clock, tenants, activity, change, retry, receive } = recorded(100);
  for (const { id } of tenants) {
    for (let time = 0; time < 50; time += 1) {
      change({ kind: 'renewing' }, undefined, id);
      clock.jump(1);
      if (time % 2 === 0) receive(id);
      else retry(GONE, id);
    }
  }
  for (const { id } of tenants) expect(activity.read(id)).toHaveLength(30);
  const all = activity.read(null);
  expect(all).toHaveLength(300);
  expect(all.map(({ lastAtMs }) => lastAtMs)).toEqual(
    all.map(({ lastAtMs }) => lastAtMs).toSorted((a, b) => b - a),
  );
});

test('what is removed leaves nothing behind', () => {
  const { store, activity, id, change, receive } = recorded();
  change({ kind: 'signing-in' });
  receive();
  store.dispatch({ type: 'tenant-removed', tenantId: id });
  expect(activity.read(id)).toEqual([]);
  expect(activity.read(null)).toEqual([]);
});

test('about the app: hosts, the clock and the keychain, each once', () => {
  const { clock, store, kinds, activity } = recorded();
  const outage = { sinceMs: 1, failures: 1, retryAtMs: 1, error: GONE };
  const events: readonly AppEvent[] = [
    { type: 'keychain-changed', keychain: 'opening', trouble: null },
    { type: 'keychain-changed', keychain: 'locked', trouble: { code: 'keychain-locked' } },
    { type: 'keychain-changed', keychain: 'locked', trouble: { code: 'keychain-locked' } },
    { type: 'keychain-changed', keychain: 'open', trouble: null },
    { type: 'outage-changed', host: 'a.example', outage },
    { type: 'outage-changed', host: 'a.example', outage: { ...outage, failures: 2 } },
    { type: 'outage-changed', host: 'a.example', outage: null },
    { type: 'outage-changed', host: 'a.example', outage: null },
    { type: 'wall-clock-moved', wallAheadMs: 7 },
  ];
  for (const event of events) {
    clock.jump(1);
    store.dispatch(event);
  }
  expect(kinds()).toEqual([
    'clock-moved',
    'host-reachable',
    'host-unreachable',
    'keychain-open',
    'keychain-closed',
  ]);
  expect(activity.read(null)[2]).toMatchObject({ host: 'a.example', error: GONE });
  expect(activity.read(null).every(({ tenantId }) => tenantId === undefined)).toBe(true);
});

test('a renewal that was not needed after all is no failure', () => {
  const { id, change, retry, activity, clock } = recorded();
  change({ kind: 'renewing' });
  retry(GONE);
  clock.jump(SECOND);
  const failedAtMs = activity.read(id)[0]!.lastAtMs;
  change({ kind: 'renewing' });
  clock.jump(SECOND);
  // As it was before, because somebody has signed out or another one has renewed meanwhile
  const times = { retryAtMs: 1, failedAtMs, sinceMs: 1, failures: 1 };
  change({ kind: 'retrying', error: GONE, ...times });
  expect(activity.read(id)[0]).toMatchObject({ count: 1, lastAtMs: failedAtMs });
});

test('no cause is kept', () => {
  const { id, change, activity } = recorded();
  const error = { code: 'internal', cause: new Error('CAUSE') } as const;
  change({ kind: 'renewing' });
  change({ kind: 'misconfigured', error }, error);
  expect(activity.read(id)[0]!.error).toEqual({ code: 'internal' });
});
