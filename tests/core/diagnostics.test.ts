import { expect, test } from 'vitest';
import { createActivity } from '../../src-main/core/activity.ts';
import { diagnosticsText } from '../../src-main/core/diagnostics.ts';
import type { AppError } from '../../src-main/core/errors.ts';
import { createStore, INITIAL_STATE } from '../../src-main/core/state.ts';
import type { Phase } from '../../src-main/core/state.ts';
import { createHostOf } from '../../src-main/core/tenant-host.ts';
import { PROVIDERS } from '../../src-main/providers/index.ts';
import { createManualClock } from '../fakes/clock.manual.ts';
import { tenantAt } from '../fakes/world.ts';

const hostOf = createHostOf(PROVIDERS);

/** Everything that a person or a provider says holds the word. */
function appFullOfCanaries(tenantCount: number) {
  const clock = createManualClock(Date.UTC(2026, 0, 2, 3, 4, 5));
  const tenants = Array.from({ length: tenantCount }, (_each, index) =>
    tenantAt(`https://canary-${String(index % 3)}.example/canary`, {
      id: `canary-id-${String(index)}`,
      name: `Canary ${String(index)}`,
      values: { clientId: 'canary-client', scopes: 'canary', redirectUri: 'https://canary/cb' },
      ...(index === 1 ? { providerId: 'canary-provider' } : {}),
    }),
  );
  const store = createStore({ ...INITIAL_STATE, tenants });
  const activity = createActivity(store, clock);
  const error: AppError = {
    code: 'provider-trouble',
    host: 'canary-0.example',
    issuer: 'https://canary.example',
    subject: 'canary subject',
    detail: 'canary detail',
    advice: 'canary advice',
    cause: new Error('canary cause'),
  };
  const nowMs = clock.now();
  const token = {
    issuedAtMs: nowMs - 60_000,
    expiresAtMs: nowMs + 90_000,
    refreshExpiresAtMs: nowMs + 1,
    renewable: true,
    account: 'canary@example.test',
    scope: 'canary',
  };
  const times = { retryAtMs: nowMs + 5000, failedAtMs: nowMs, sinceMs: nowMs, failures: 3 };
  const phases: readonly Phase[] = [
    { kind: 'retrying', error, ...times },
    { kind: 'misconfigured', error },
    { kind: 'sign-in-needed', error },
    { kind: 'sign-in-needed' },
    { kind: 'locked' },
    {
      kind: 'signing-in',
      page: { host: 'canary', encrypted: true, loading: true, warning: 'canary' },
    },
  ];
  for (const [index, { id: tenantId }] of tenants.entries()) {
    store.dispatch({ type: 'token-received', tenantId, token });
    store.dispatch({ type: 'phase-changed', tenantId, phase: { kind: 'renewing' } });
    clock.jump(250);
    const phase = phases[index % phases.length]!;
    store.dispatch({ type: 'phase-changed', tenantId, phase });
  }
  store.dispatch({
    type: 'outage-changed',
    host: 'canary-0.example',
    outage: { sinceMs: nowMs, failures: 2, retryAtMs: nowMs, error },
  });
  store.dispatch({ type: 'problem-found', problem: error });
  store.dispatch({ type: 'keychain-changed', keychain: 'locked', trouble: error });
  store.dispatch({ type: 'wall-clock-moved', wallAheadMs: 3_600_000 });
  return diagnosticsText({
    state: store.get(),
    deeds: activity.read(null),
    providers: PROVIDERS,
    hostOf,
    installation: { version: '1.2.3', platform: 'linux' },
    nowMs: clock.now(),
  });
}

test('H-02 no name, no host, no account, nothing that a provider said', () => {
  for (const count of [1, 12, 1000]) {
    const text = appFullOfCanaries(count);
    expect(text.toLowerCase()).not.toContain('canary');
    expect(text).not.toMatch(/example|@|https?:|undefined|NaN|\[object/);
    expect(text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/);
  }
});

test('says what helps to find a mistake', () => {
  const text = appFullOfCanaries(12);
  const lines = text.split('\n');
  expect(lines.slice(0, 9)).toEqual([
    'Bearer Tray diagnostics',
    'version: 1.2.3',
    'platform: linux',
    'written: 2026-01-02T04:04:08.000Z',
    'clock moved since start: 3600 s',
    'keychain: locked',
    'tray: pending',
    'problems: provider-trouble, provider-trouble',
    'hosts that cannot be reached: 1',
  ]);
  expect(text).toContain('tenants: 12');
  expect(text).toContain(
    'tenant 1, oidc authorization-code, host 1, retrying (provider-trouble 3 times, again in 2 s), token 63 s ago, ends in 87 s, renewable',
  );
  expect(text).toContain('tenant 2, unknown provider authorization-code');
  expect(text).toMatch(/renewal-failed tenant 1 provider-trouble 250 ms/);
  expect(text).toMatch(/host-unreachable host 1 provider-trouble/);
  expect(text).toMatch(/in 0 s clock-moved/);
});

test('stays short: 50 tenants and 100 deeds', () => {
  const text = appFullOfCanaries(1000);
  expect(text.split('\n').filter((line) => /^tenant \d/.test(line))).toHaveLength(50);
  expect(text.split('\n').length).toBeLessThan(175);
});

test('of an app without anything', () => {
  const text = diagnosticsText({
    state: INITIAL_STATE,
    deeds: [],
    providers: PROVIDERS,
    hostOf,
    installation: {},
    nowMs: 0,
  });
  expect(text).toContain('tenants: 0');
  expect(text).toContain('problems: none');
});
