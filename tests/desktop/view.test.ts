import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Phase, SessionState } from '../../src-main/core/state.ts';
import { INITIAL_STATE } from '../../src-main/core/state.ts';
import type { AppState } from '../../src-main/core/state.ts';
import { createHostOf } from '../../src-main/core/tenant-host.ts';
import type { Tenant } from '../../src-main/core/tenant.ts';
import { moodOf, providerForms, snapshotOf } from '../../src-main/desktop/view.ts';
import { PROVIDERS } from '../../src-main/providers/index.ts';
import { startHostileServer } from '../emulators/hostile-server.ts';
import type { HostileServer } from '../emulators/hostile-server.ts';
import { createWorld, tenantAt } from '../fakes/world.ts';

const hostOf = createHostOf(PROVIDERS);
const TENANT = tenantAt('https://login.example.com', { name: 'Acme' });
const TOKEN = { issuedAtMs: 1, expiresAtMs: 2, renewable: true, account: 'me', scope: 'a b' };
const ERROR = { code: 'provider-trouble', host: 'h.example', detail: 'said so' } as const;

function stateWith(session: Partial<SessionState>, changes: Partial<AppState> = {}): AppState {
  const full: SessionState = { phase: { kind: 'idle' }, noticed: false, ...session };
  return {
    ...INITIAL_STATE,
    keychain: 'open',
    tenants: [TENANT],
    sessions: new Map([[TENANT.id, full]]),
    activeTenantId: TENANT.id,
    ...changes,
  };
}

const rowOf = (state: AppState) => snapshotOf(state, PROVIDERS, hostOf).tenants[0]!;

const PAGE = { host: 'login.example.com', encrypted: true, loading: false, warning: null };
const PHASES: Readonly<Record<Phase['kind'], readonly [Phase, object]>> = {
  idle: [{ kind: 'idle' }, { status: { kind: 'fresh' } }],
  'signing-in': [
    { kind: 'signing-in', page: PAGE },
    { status: { kind: 'signing-in' }, signIn: PAGE },
  ],
  renewing: [{ kind: 'renewing' }, { status: { kind: 'renewing' } }],
  retrying: [
    { kind: 'retrying', error: ERROR, retryAtMs: 9, failedAtMs: 8, sinceMs: 7, failures: 2 },
    {
      status: {
        kind: 'retrying',
        retryAtMs: 9,
        sinceMs: 7,
        failures: 2,
        error: { code: 'provider-trouble', detail: 'said so', remedy: 'retry-later', fields: null },
      },
    },
  ],
  'sign-in-needed': [
    { kind: 'sign-in-needed', error: ERROR },
    { status: { kind: 'sign-in-needed', error: { code: 'provider-trouble' } } },
  ],
  misconfigured: [
    { kind: 'misconfigured', error: ERROR },
    { status: { kind: 'misconfigured', error: { code: 'provider-trouble' } } },
  ],
  locked: [{ kind: 'locked' }, { status: { kind: 'locked' } }],
};

describe('a row', () => {
  test.each(Object.values(PHASES))('of phase %j', (phase, expected) => {
    expect(rowOf(stateWith({ token: TOKEN, phase }))).toMatchObject(expected);
  });

  test('holds the facts of the token', () => {
    expect(rowOf(stateWith({ token: TOKEN }))).toMatchObject({
      id: TENANT.id,
      name: 'Acme',
      providerName: 'OpenID Connect',
      grantName: 'Sign in as a person',
      account: 'me',
      expiresAtMs: 2,
      issuedAtMs: 1,
      interactive: true,
      renewable: true,
      scope: 'a b',
      signIn: null,
    });
  });

  test('without a token: signed out, or locked as long as nobody knows', () => {
    expect(rowOf(stateWith({})).status).toEqual({ kind: 'signed-out' });
    expect(rowOf(stateWith({}, { keychain: 'opening' })).status).toEqual({ kind: 'locked' });
    expect(rowOf(stateWith({})).expiresAtMs).toBeNull();
    expect(rowOf(stateWith({ phase: { kind: 'sign-in-needed' } })).status).toEqual({
      kind: 'sign-in-needed',
      error: null,
    });
  });

  test('of a provider that is not in the catalogue any more still has names', () => {
    const gone: Tenant = { ...TENANT, providerId: 'gone' };
    expect(rowOf(stateWith({}, { tenants: [gone] }))).toMatchObject({
      providerName: 'gone',
      grantName: 'authorization-code',
    });
  });

  test('the error names the tenant and never its cause', () => {
    const phase: Phase = { kind: 'misconfigured', error: { ...ERROR, cause: new Error('CAUSE') } };
    const row = rowOf(stateWith({ phase }));
    expect(JSON.stringify(row)).not.toContain('CAUSE');
    expect(row.status).toMatchObject({ error: { message: expect.stringContaining('Acme') } });
  });
});

describe('the keychain', () => {
  test('all well: no message', () => {
    expect(snapshotOf(stateWith({}), PROVIDERS, hostOf).keychain).toEqual({
      state: 'open',
      message: null,
    });
  });

  test('trouble and slowness are said with a next step', () => {
    const locked = stateWith(
      {},
      { keychain: 'locked', keychainTrouble: { code: 'keychain-locked' } },
    );
    expect(snapshotOf(locked, PROVIDERS, hostOf).keychain.message).toMatch(/locked.*Unlock/s);
    const slow = stateWith({}, { keychain: 'opening', keychainIsSlow: true });
    expect(snapshotOf(slow, PROVIDERS, hostOf).keychain.message).toMatch(
      /Waiting for the keychain/,
    );
  });
});

test.each<[string, Phase, Partial<AppState>, string]>([
  ['idle', { kind: 'idle' }, {}, 'calm'],
  ['renewing', { kind: 'renewing' }, {}, 'renewing'],
  ['signing in', { kind: 'signing-in' }, {}, 'renewing'],
  [
    'retrying',
    { kind: 'retrying', error: ERROR, retryAtMs: 1, failedAtMs: 1, sinceMs: 1, failures: 1 },
    {},
    'calm',
  ],
  ['sign-in needed', { kind: 'sign-in-needed' }, {}, 'attention'],
  ['misconfigured', { kind: 'misconfigured', error: ERROR }, {}, 'attention'],
  ['keychain locked', { kind: 'locked' }, { keychain: 'locked' }, 'attention'],
])('mood of %s', (_name, phase, changes, expected) => {
  expect(moodOf(stateWith({ phase }, changes))).toBe(expected);
});

test('one that needs the person outweighs one that is renewing', () => {
  const other = tenantAt('https://b.example');
  const state = stateWith({ phase: { kind: 'renewing' } });
  const both: AppState = {
    ...state,
    tenants: [TENANT, other],
    sessions: new Map([
      ...state.sessions,
      [other.id, { phase: { kind: 'sign-in-needed' }, noticed: false }],
    ]),
  };
  expect(moodOf(both)).toBe('attention');
});

describe('secrets', () => {
  let server: HostileServer;
  beforeAll(async () => {
    server = await startHostileServer({ clientSecret: 'CANARY-client-secret' });
  });
  afterAll(() => server.stop());

  test('D-01 H-03 no snapshot of a whole life holds one', async () => {
    const tenant = tenantAt(server.issuer);
    const world = await createWorld([tenant]);
    world.vault.put(tenant.id, { fields: { clientSecret: 'CANARY-client-secret' } });
    const snapshots: string[] = [];
    world.store.subscribe((state) =>
      snapshots.push(JSON.stringify(snapshotOf(state, PROVIDERS, hostOf))),
    );
    await world.sessions.signIn(tenant.id);
    await world.sessions.renew(tenant.id);
    await world.copying.copyToken(tenant.id);
    server.behave({ token: (_request, ordinary) => ({ ...ordinary(), status: 400 }) });
    await world.sessions.renew(tenant.id);
    await world.sessions.signOut(tenant.id);
    await world.sessions.signIn(tenant.id);
    expect(snapshots.length).toBeGreaterThan(8);
    const all = snapshots.join('\n');
    const canaries = ['CANARY', ...server.canaries()];
    expect(canaries.length).toBeGreaterThan(8);
    for (const canary of canaries) {
      for (const form of [
        canary,
        encodeURIComponent(canary),
        Buffer.from(canary).toString('base64').replaceAll('=', ''),
      ]) {
        expect(all).not.toContain(form);
      }
    }
  });
});

test('forms hold all that a page needs, with every default filled in', () => {
  for (const { grants } of providerForms(PROVIDERS)) {
    for (const field of grants.flatMap(({ fields }) => fields)) {
      expect(field).toEqual({
        name: expect.any(String),
        label: expect.any(String),
        kind: expect.any(String),
        required: expect.any(Boolean),
        hint: expect.any(String),
        hasLink: expect.any(Boolean),
        options: expect.any(Array),
        placeholder: expect.any(String),
        initial: expect.any(String),
        advanced: expect.any(Boolean),
      });
    }
  }
});
