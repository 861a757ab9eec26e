import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { htmlPage, jsonAnswer, startHostileServer } from '../../emulators/hostile-server.ts';
import type { Behaviour, HostileServer } from '../../emulators/hostile-server.ts';
import { createWorld, tenantAt } from '../../fakes/world.ts';

let server: HostileServer;

beforeAll(async () => {
  server = await startHostileServer();
});
afterEach(() => {
  server.reset();
});
afterAll(() => server.stop());

const seconds = (fromNow: number): number => Math.floor(Date.now() / 1000) + fromNow;

const REFUSED: readonly (readonly [string, Partial<Behaviour>])[] = [
  ['invalid-iss', { claims: { iss: 'https://evil.example' } }],
  ['invalid-iss, a slash more', { claims: { iss: 'SELF/' } }],
  ['missing-iss', { claims: { iss: undefined } }],
  ['missing-sub', { claims: { sub: undefined } }],
  ['sub that is no text', { claims: { sub: 7 } }],
  ['invalid-aud', { claims: { aud: 'other-client' } }],
  ['invalid-aud in a list', { claims: { aud: ['other-client'] } }],
  ['missing-aud', { claims: { aud: undefined } }],
  ['secondary aud', { claims: { aud: ['test-client', 'other'], azp: 'test-client' } }],
  ['secondary aud without azp', { claims: { aud: ['test-client', 'other'] } }],
  ['missing-iat', { claims: { iat: undefined } }],
  ['missing exp', { claims: { exp: undefined } }],
  ['expired', { claims: { exp: seconds(-3600) } }],
  ['exp that is no number', { claims: { exp: 'tomorrow' } }],
  ['nonce-invalid', { claims: { nonce: 'another' } }],
  ['missing nonce', { claims: { nonce: undefined } }],
  ['sig-none', { idTokenFault: 'unsigned' }],
  [
    'sig-none that the metadata allows',
    {
      idTokenFault: 'unsigned',
      metadata: { id_token_signing_alg_values_supported: ['RS256', 'none'] },
    },
  ],
  ['invalid-sig-rs256', { idTokenFault: 'wrong-signature' }],
  ['invalid-sig-hs256', { idTokenFault: 'hs256' }],
  [
    'invalid-sig-hs256 that the metadata allows',
    {
      idTokenFault: 'hs256',
      metadata: { id_token_signing_alg_values_supported: ['RS256', 'HS256'] },
    },
  ],
  ['alternate alg', { idTokenHeader: { alg: 'PS256' } }],
  ['null alg', { idTokenHeader: { alg: null } }],
  ['unknown crit', { idTokenHeader: { crit: ['x'], x: 1 } }],
  ['key of nobody', { idTokenFault: 'unknown-key' }],
  ['kid-absent-multiple-jwks', { idTokenFault: 'no-key-id-of-two' }],
  ['not a JWT', { idTokenFault: 'not-a-jwt' }],
  ['no jwks_uri', { metadata: { jwks_uri: undefined } }],
  ['JWKS that is a web page', { jwks: () => htmlPage() }],
  ['JWKS that cannot be fetched', { jwks: () => ({ cut: 'before' }) }],
];

/** A form that was posted arrives as a query, as the login window makes one of it: the same has to hold. */
const MODES = [
  ['query', {}],
  ['form_post', { parameters: 'response_mode=form_post' }],
] as const;

describe.each(MODES)(
  'A-01 bad ID tokens of the code flow, %s: 0 further requests, 0 bytes stored',
  (_mode, values) => {
    test.each(REFUSED)('%s', async (_name, behaviour) => {
      const { claims } = behaviour;
      const changed =
        claims?.['iss'] === 'SELF/' ? { claims: { iss: `${server.issuer}/` } } : behaviour;
      server.behave(changed);
      const tenant = tenantAt(server.issuer, { values });
      const world = await createWorld([tenant]);
      world.startKeeper();
      const calls = server.tokenCalls();
      const result = await world.sessions.signIn(tenant.id);
      const requests = server.requests().length;
      expect(result.ok).toBe(false);
      if (!result.ok) {
        expect(['internal', 'token-type-unsupported']).not.toContain(result.error.code);
      }
      await world.clock.advance(60_000);
      expect(server.tokenCalls() - calls).toBe(1);
      expect(server.requests()).toHaveLength(requests);
      expect(world.vault.writes()).toBe(0);
      expect(world.session(tenant.id).token).toBeUndefined();
    });
  },
);

describe.each(MODES)('A-01 good ID tokens that look unusual are accepted, %s', (_mode, values) => {
  const accepted: readonly (readonly [string, Partial<Behaviour>])[] = [
    ['an ordinary one', {}],
    ['kid-absent-single-jwks', { idTokenFault: 'no-key-id' }],
    ['aud as a list of one', { claims: { aud: ['test-client'] } }],
    ['azp is ours', { claims: { azp: 'test-client' } }],
    // Core §3.1.3.7 with errata 2: without an extension that defines it, azp is to be ignored
    ['azp is another, aud is ours', { claims: { azp: 'other' } }],
    ['exp within the tolerance of 60 s', { claims: { exp: seconds(-20) } }],
    ['token_type in odd case', { tokenMembers: { token_type: 'bEARER' } }],
    ['no expires_in', { tokenMembers: { expires_in: undefined } }],
    ['no scope', { tokenMembers: { scope: undefined } }],
    ['unknown claims', { claims: { tenant: { id: 1 }, roles: ['a'] } }],
  ];
  test.each(accepted)('%s', async (_name, behaviour) => {
    server.behave(behaviour);
    const tenant = tenantAt(server.issuer, { values });
    const world = await createWorld([tenant]);
    expect(await world.sessions.signIn(tenant.id)).toEqual({ ok: true, value: null });
  });

  test('no ID token where none was asked for', async () => {
    const tenant = tenantAt(server.issuer, { values: { scopes: 'read' } });
    const world = await createWorld([tenant]);
    expect(await world.sessions.signIn(tenant.id)).toEqual({ ok: true, value: null });
    expect(world.session(tenant.id).token!.account).toBeUndefined();
  });
});

describe('whom the token speaks for', () => {
  test.each([
    [{ email: 'a@b.c', preferred_username: 'p', name: 'n' }, 'a@b.c'],
    [{ email: undefined, preferred_username: 'p', name: 'n' }, 'p'],
    [{ email: '', preferred_username: 7, name: 'Name' }, 'Name'],
    [{ email: undefined }, 'person-1'],
    [{ email: 'evil\u202E\n<b>@x' }, 'evil <b>@x'],
  ])('%j: %s', async (claims, account) => {
    server.behave({ claims });
    const tenant = tenantAt(server.issuer);
    const world = await createWorld([tenant]);
    await world.sessions.signIn(tenant.id);
    expect(world.session(tenant.id).token!.account).toBe(account);
  });
});

describe('A-15 ID tokens in the answer to a renewal', () => {
  async function signedIn() {
    const tenant = tenantAt(server.issuer);
    const world = await createWorld([tenant]);
    await world.sessions.signIn(tenant.id);
    return { world, id: tenant.id, before: world.vault.stored.get(tenant.id)! };
  }

  test('a good one without nonce is fine', async () => {
    const { world, id } = await signedIn();
    server.behave({ idTokenOnRefresh: true });
    expect((await world.sessions.renew(id)).ok).toBe(true);
  });

  const refused: readonly (readonly [string, Partial<Behaviour>])[] = [
    ['other sub', { claims: { sub: 'somebody-else' } }],
    ['other iss', { claims: { iss: 'https://evil.example' } }],
    ['other aud', { claims: { aud: 'other-client' } }],
    ['a foreign aud beside ours', { claims: { aud: ['test-client', 'x'], azp: 'test-client' } }],
  ];
  test.each(refused)(
    '%s: refused, the old tokens untouched, the person told',
    async (_name, behaviour) => {
      const { world, id, before } = await signedIn();
      server.behave({ idTokenOnRefresh: true, ...behaviour });
      expect(await world.sessions.renew(id)).toMatchObject({ error: { code: 'id-token-invalid' } });
      expect(world.vault.stored.get(id)).toBe(before);
      expect(world.session(id).phase.kind).toBe('sign-in-needed');
    },
  );

  test('no keys are fetched between the provider’s commit and our saving', async () => {
    const { world } = await signedIn();
    const restarted = await createWorld(world.store.get().tenants, { vault: world.vault });
    const [tenant] = world.store.get().tenants;
    server.behave({ idTokenOnRefresh: true });
    const before = server.requests().length;
    expect((await restarted.sessions.renew(tenant!.id)).ok).toBe(true);
    const paths = server
      .requests()
      .slice(before)
      .map(({ path }) => path);
    expect(paths).toContain('/token');
    expect(paths).not.toContain('/jwks');
  });

  test('a clock that is far off costs no rotated refresh token', async () => {
    const { world, id, before } = await signedIn();
    const hoursAgo = Math.floor(Date.now() / 1000) - 7200;
    server.behave({ idTokenOnRefresh: true, claims: { iat: hoursAgo - 300, exp: hoursAgo } });
    expect((await world.sessions.renew(id)).ok).toBe(true);
    expect(world.vault.stored.get(id)!.token!.refreshToken).not.toBe(before.token!.refreshToken);
    expect(world.vault.stored.get(id)!.token!.accountSubject).toBe(before.token!.accountSubject);
  });

  test('keys that cannot be fetched at the moment do not cost the rotated refresh token', async () => {
    const { world, id, before } = await signedIn();
    const reuses = server.reuses();
    // oauth4webapi keeps keys for five minutes of real time: a fresh app knows none
    const restarted = await createWorld(world.store.get().tenants, { vault: world.vault });
    server.behave({ idTokenOnRefresh: true, jwks: () => htmlPage(503) });
    expect((await restarted.sessions.renew(id)).ok).toBe(true);
    expect(world.vault.stored.get(id)!.token!.refreshToken).not.toBe(before.token!.refreshToken);
    server.reset();
    expect((await restarted.sessions.renew(id)).ok).toBe(true);
    expect(server.reuses()).toBe(reuses);
  });

  test('… but somebody else’s sub is refused then too', async () => {
    const { world, id, before } = await signedIn();
    const restarted = await createWorld(world.store.get().tenants, { vault: world.vault });
    server.behave({
      idTokenOnRefresh: true,
      jwks: () => htmlPage(503),
      claims: { sub: 'somebody-else' },
    });
    expect((await restarted.sessions.renew(id)).ok).toBe(false);
    expect(world.vault.stored.get(id)).toBe(before);
  });
});

describe('A-14 the keys of a provider', () => {
  const fetches = (): number => server.requests('/jwks').length;

  test('signing-key-rotation-just-before-signing: fetched anew, then accepted', async () => {
    const tenant = tenantAt(server.issuer);
    const world = await createWorld([tenant]);
    expect((await world.sessions.signIn(tenant.id)).ok).toBe(true);
    let rotated: readonly object[] = [];
    server.behave({
      // The provider rotates between two sign-ins, within the same minute
      idTokenHeader: { kid: 'rotated' },
      jwks: (_request, ordinary) => {
        const { keys } = JSON.parse(ordinary().body!) as { keys: readonly object[] };
        rotated = keys.map((key) => ({ ...key, kid: 'rotated' }));
        return jsonAnswer({ keys: rotated });
      },
    });
    const before = fetches();
    expect(await world.sessions.signIn(tenant.id)).toEqual({ ok: true, value: null });
    expect(fetches() - before).toBe(1);
    expect(rotated).toHaveLength(1);
  });

  test('keys that are known are not fetched again for five minutes', async () => {
    const tenant = tenantAt(server.issuer);
    const world = await createWorld([tenant]);
    const before = fetches();
    for (let time = 0; time < 5; time += 1) {
      expect((await world.sessions.signIn(tenant.id)).ok).toBe(true);
      await world.clock.advance(50_000);
    }
    expect(fetches() - before).toBe(1);
    await world.clock.advance(60_000);
    expect((await world.sessions.signIn(tenant.id)).ok).toBe(true);
    expect(fetches() - before).toBe(2);
  });

  test('100 tokens with key ids of nobody, at once and over minutes: at most 2 fetches a minute', async () => {
    const tenants = Array.from({ length: 20 }, () => tenantAt(server.issuer));
    const world = await createWorld(tenants);
    let forged = 0;
    server.behave({ idTokenFault: 'unknown-key' });
    const before = fetches();
    for (let round = 1; round <= 5; round += 1) {
      const answers = await Promise.all(
        tenants.map(({ id }) => {
          forged += 1;
          server.behave({ idTokenHeader: { kid: `forged-${String(forged)}` } });
          return world.sessions.signIn(id);
        }),
      );
      for (const answer of answers) {
        expect(answer).toMatchObject({ error: { code: 'id-token-invalid' } });
      }
      expect(fetches() - before).toBeLessThanOrEqual(2 * round);
      expect(fetches() - before).toBeGreaterThanOrEqual(round);
      await world.clock.advance(60_000);
    }
    expect(forged).toBe(100);
    expect(world.vault.writes()).toBe(0);
    server.reset();
    expect((await world.sessions.signIn(tenants[0]!.id)).ok).toBe(true);
  });

  test('keys that could not be fetched are asked for again at once', async () => {
    const tenant = tenantAt(server.issuer);
    const world = await createWorld([tenant]);
    for (let time = 0; time < 4; time += 1) {
      server.behave({ jwks: () => (time % 2 === 0 ? { cut: 'before' } : htmlPage(503)) });
      expect((await world.sessions.signIn(tenant.id)).ok).toBe(false);
    }
    server.reset();
    expect((await world.sessions.signIn(tenant.id)).ok).toBe(true);
  });

  test('one who cancels while keys are being fetched does not stop another one', async () => {
    const tenants = [tenantAt(server.issuer), tenantAt(server.issuer)] as const;
    const world = await createWorld(tenants);
    let answer = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    server.behave({
      jwks: async (_request, ordinary) => {
        await held;
        return ordinary();
      },
    });
    const before = fetches();
    const arrived = server.nextRequest('/jwks');
    const first = world.sessions.signIn(tenants[0].id);
    await arrived;
    const exchanged = server.nextRequest('/token');
    const second = world.sessions.signIn(tenants[1].id);
    await exchanged;
    world.sessions.cancelSignIn(tenants[0].id);
    expect(await first).toMatchObject({ error: { code: 'sign-in-cancelled' } });
    answer();
    expect(await second).toEqual({ ok: true, value: null });
    expect(fetches() - before).toBe(1);
  });
});
