import { createHash, randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createIdTokens } from '../../emulators/hostile-server-id-tokens.ts';
import type { IdTokenFault, IdTokens } from '../../emulators/hostile-server-id-tokens.ts';
import { htmlPage, jsonAnswer, startHostileServer } from '../../emulators/hostile-server.ts';
import type {
  Answer,
  Behaviour,
  HostileServer,
  ReceivedRequest,
} from '../../emulators/hostile-server.ts';
import { catalogueOf, field, NAMED, tenantOfTest } from '../../fakes/catalogue.ts';
import { createWorld } from '../../fakes/world.ts';
import type { World } from '../../fakes/world.ts';

let server: HostileServer;
let idTokens: IdTokens;

beforeAll(async () => {
  [server, idTokens] = await Promise.all([startHostileServer(), createIdTokens()]);
});
afterEach(() => {
  server.reset();
});
afterAll(() => server.stop());

const FIELDS = [
  field('base', 'url', true),
  field('clientId', 'text', true),
  field('redirectUri', 'url', true),
  field('scopes', 'scopes'),
  field('parameters', 'parameters'),
];
const PROVIDERS = catalogueOf({
  ...NAMED,
  kind: 'implicit',
  fields: FIELDS,
  server: { issuer: '{base}' },
});
/** Endpoints by hand: nobody knows an issuer, so no ID token is asked for. */
const PLAIN_PROVIDERS = catalogueOf({
  ...NAMED,
  kind: 'implicit',
  fields: FIELDS,
  server: { authorizationEndpoint: '{base}/authorize' },
});

/** Where the answer stands; a form that was posted arrives as a query, as the login window makes one of it. */
type Mode = 'fragment' | 'form_post';

async function worldFor(mode: Mode, scopes = 'openid', providers = PROVIDERS) {
  const tenant = tenantOfTest('implicit', {
    base: server.issuer,
    clientId: 'test-client',
    redirectUri: 'https://localhost/callback',
    scopes,
    ...(mode === 'form_post' ? { parameters: 'response_mode=form_post' } : {}),
  });
  const world = await createWorld([tenant], { providers });
  world.startKeeper();
  return { world, id: tenant.id };
}

interface Wish {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly fault?: IdTokenFault;
  /** Laid over the answer; undefined takes a member out, a list puts it there several times. */
  readonly members?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly server?: Partial<Behaviour>;
}

const hashOf = (token: string): string =>
  createHash('sha256').update(token).digest().subarray(0, 16).toString('base64url');

function answerTo(request: ReceivedRequest, mode: Mode, wish: Wish): Answer {
  const accessToken = `access-${randomBytes(12).toString('base64url')}`;
  const idToken = idTokens.make({
    claims: {
      iss: server.issuer,
      aud: 'test-client',
      nonce: request.query.get('nonce'),
      at_hash: hashOf(accessToken),
    },
    changes: wish.claims ?? {},
    header: wish.header ?? {},
    fault: wish.fault ?? 'none',
  });
  const answer = new URLSearchParams();
  const members = {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: '3600',
    id_token: request.query.get('response_type') === 'id_token token' ? idToken : undefined,
    state: request.query.get('state') ?? '',
    iss: server.issuer,
    ...wish.members,
  };
  for (const [name, value] of Object.entries(members)) {
    for (const each of value === undefined ? [] : [value].flat()) answer.append(name, each);
  }
  const sign = mode === 'fragment' ? '#' : '?';
  return { status: 302, headers: { location: `https://localhost/callback${sign}${answer}` } };
}

function answering(mode: Mode, wish: Wish = {}): void {
  server.behave({
    jwks: () => jsonAnswer({ keys: idTokens.publicKeys() }),
    authorize: (request) => answerTo(request, mode, wish),
    ...wish.server,
  });
}

const seconds = (fromNow: number): number => Math.floor(Date.now() / 1000) + fromNow;

const REFUSED: readonly (readonly [string, Wish])[] = [
  ['invalid-iss', { claims: { iss: 'https://evil.example' } }],
  ['missing-iss', { claims: { iss: undefined } }],
  ['missing-sub', { claims: { sub: undefined } }],
  ['invalid-aud', { claims: { aud: 'other-client' } }],
  ['missing-aud', { claims: { aud: undefined } }],
  ['secondary aud', { claims: { aud: ['test-client', 'other'], azp: 'test-client' } }],
  ['missing-iat', { claims: { iat: undefined } }],
  ['missing exp', { claims: { exp: undefined } }],
  ['expired', { claims: { exp: seconds(-3600) } }],
  ['nonce-invalid', { claims: { nonce: 'another' } }],
  ['missing nonce', { claims: { nonce: undefined } }],
  ['idtoken-sig-none', { fault: 'unsigned' }],
  [
    'idtoken-sig-none that the metadata allows',
    {
      fault: 'unsigned',
      server: { metadata: { id_token_signing_alg_values_supported: ['RS256', 'none'] } },
    },
  ],
  ['invalid-sig-rs256', { fault: 'wrong-signature' }],
  ['invalid-sig-es256', { header: { alg: 'ES256' } }],
  ['invalid-sig-hs256', { fault: 'hs256' }],
  [
    'invalid-sig-hs256 that the metadata allows',
    {
      fault: 'hs256',
      server: { metadata: { id_token_signing_alg_values_supported: ['RS256', 'HS256'] } },
    },
  ],
  ['null alg', { header: { alg: null } }],
  ['unknown crit', { header: { crit: ['x'], x: 1 } }],
  ['key of nobody', { fault: 'unknown-key' }],
  ['kid-absent-multiple-jwks', { fault: 'no-key-id-of-two' }],
  ['not a JWT', { fault: 'not-a-jwt' }],
  ['invalid-athash', { claims: { at_hash: hashOf('another') } }],
  ['missing-athash', { claims: { at_hash: undefined } }],
  ['at_hash that is no text', { claims: { at_hash: 7 } }],
  ['no ID token though one was asked for', { members: { id_token: undefined } }],
  ['an ID token alone', { members: { access_token: undefined } }],
  ['JWKS that is a web page', { server: { jwks: () => htmlPage() } }],
  ['no jwks_uri', { server: { metadata: { jwks_uri: undefined } } }],
];

/** Nothing but the keys may be fetched, and nothing after the verdict. */
async function expectSilence(world: World, id: string, act: () => Promise<unknown>): Promise<void> {
  const calls = server.tokenCalls();
  const result = (await act()) as {
    readonly ok: boolean;
    readonly error?: { readonly code: string };
  };
  const requests = server.requests().length;
  expect(result.ok).toBe(false);
  expect(result.error?.code).not.toBe('internal');
  await world.clock.advance(60_000);
  expect(server.tokenCalls()).toBe(calls);
  expect(server.requests()).toHaveLength(requests);
  expect(world.vault.writes()).toBe(0);
  expect(world.session(id).token).toBeUndefined();
}

describe.each<Mode>(['fragment', 'form_post'])('A-01 implicit, %s', (mode) => {
  test.each(REFUSED)('%s: 0 further requests, 0 bytes stored', async (_name, wish) => {
    answering(mode, wish);
    const { world, id } = await worldFor(mode);
    await expectSilence(world, id, () => world.sessions.signIn(id));
  });

  test.each<[string, Wish]>([
    ['an ordinary one', {}],
    ['kid-absent-single-jwks', { fault: 'no-key-id' }],
    ['aud as a list of one', { claims: { aud: ['test-client'] } }],
    ['exp within the tolerance of 60 s', { claims: { exp: seconds(-20) } }],
    ['token_type in odd case', { members: { token_type: 'bEARER' } }],
    ['no expires_in', { members: { expires_in: undefined } }],
    ['unknown claims', { claims: { roles: ['a'] } }],
    ['unknown parameters, also twice', { members: { hd: ['x', 'y'], session_state: 'z' } }],
  ])('%s is accepted', async (_name, wish) => {
    answering(mode, wish);
    const { world, id } = await worldFor(mode);
    expect(await world.sessions.signIn(id)).toEqual({ ok: true, value: null });
    const { accessToken, account } = world.vault.stored.get(id)!.token!;
    expect(accessToken).toMatch(/^access-/);
    expect(account).toBe('person@example.test');
    expect(server.requests('/authorize').at(-1)!.query.get('nonce')).toMatch(/^[\w-]{43}$/);
  });

  test.each<[string, Wish]>([
    ['A-05 iss of somebody else', { members: { iss: 'https://evil.example' } }],
    ['A-05 iss missing though announced', { members: { iss: undefined } }],
    ['A-07 access_token twice', { members: { access_token: ['a', 'a'] } }],
    ['A-07 token_type twice', { members: { token_type: ['Bearer', 'Bearer'] } }],
    ['A-07 expires_in twice', { members: { expires_in: ['1', '2'] } }],
    ['A-07 id_token twice', { members: { id_token: ['a', 'b'] } }],
    ['A-07 scope twice', { members: { scope: ['a', 'b'] } }],
    ['A-07 iss twice', { members: { iss: ['a', 'b'] } }],
    ['A-07 an empty token is none', { members: { access_token: '' } }],
    ['A-12 token_type mac', { members: { token_type: 'mac' } }],
  ])('%s: refused', async (_name, wish) => {
    answering(mode, wish);
    const { world, id } = await worldFor(mode);
    await expectSilence(world, id, () => world.sessions.signIn(id));
  });

  test('A-04 form-post-error: an error is read where the answer stands, shown, and ends it', async () => {
    const error = {
      error: 'access_denied',
      error_description: `<b>no</b>\u202E ${'x'.repeat(9999)}`,
    };
    answering(mode, { members: { ...error, access_token: undefined, id_token: undefined } });
    const { world, id } = await worldFor(mode);
    await expectSilence(world, id, async () => {
      const result = await world.sessions.signIn(id);
      expect(result).toMatchObject({
        error: { code: 'sign-in-denied', detail: 'access_denied: <b>no</b> …' },
      });
      return result;
    });
  });

  test('A-03 A-04 answers of others are passed by, and the attempt completes', async () => {
    const { world, id } = await worldFor(mode);
    let stale = '';
    const state = (request: ReceivedRequest): string => request.query.get('state')!;
    const bad: readonly ((request: ReceivedRequest) => Wish)[] = [
      () => ({ members: { state: undefined } }),
      () => ({ members: { state: '' } }),
      () => ({ members: { state: 'wrong' } }),
      () => ({ members: { state: stale } }),
      (request) => ({ members: { state: [state(request), state(request)] } }),
      (request) => ({ members: { state: [state(request), 'other'] } }),
      () => ({ members: { error: 'access_denied', access_token: undefined, state: 'wrong' } }),
      () => ({ members: { error: 'access_denied', access_token: undefined, state: undefined } }),
    ];
    for (let round = 0; round < 2; round += 1) {
      let visit = 0;
      answering(mode, {
        server: {
          authorize: (request) => {
            const wish = bad[visit]?.(request) ?? {};
            visit += 1;
            if (visit > bad.length) stale = state(request);
            return answerTo(request, mode, wish);
          },
        },
      });
      const ignored = world.userAgent.ignored();
      expect(await world.sessions.signIn(id)).toEqual({ ok: true, value: null });
      expect(world.userAgent.ignored() - ignored).toBe(8);
    }
  });
});

describe('a token alone', () => {
  /** What the provider sends behind the redirect URI, to the letter; STATE stands for the state. */
  async function signInWith(tail: string) {
    server.behave({
      authorize: ({ query }) => ({
        status: 302,
        headers: {
          location: `https://localhost/callback${tail.replace('STATE', query.get('state')!)}`,
        },
      }),
    });
    const { world, id } = await worldFor('fragment', 'accounts--my:ro openid', PLAIN_PROVIDERS);
    const result = await world.sessions.signIn(id);
    return { world, id, result, token: world.vault.stored.get(id)?.token };
  }

  test.each([
    ['dal%3Atest-0_1', 'dal:test-0_1'],
    ['dal:test-0_1', 'dal:test-0_1'],
    ['dal%253A', 'dal%3A'],
    ['a%2Bb%2Fc%3D', 'a+b/c='],
    ['x'.repeat(12_000), 'x'.repeat(12_000)],
  ])('is decoded once: %.20s', async (sent, expected) => {
    const { token } = await signInWith(
      `#access_token=${sent}&expires_in=28800&token_type=Bearer&state=STATE&refresh_token=unwanted`,
    );
    expect(token).toEqual({
      accessToken: expected,
      scope: 'accounts--my:ro openid',
      issuedAtMs: token!.issuedAtMs,
      expiresAtMs: token!.issuedAtMs + 28_800_000,
    });
  });

  test('asks for a token alone, without nonce and PKCE; nothing renews it', async () => {
    const { world, id } = await signInWith('#access_token=a&token_type=Bearer&state=STATE');
    const { query } = server.requests('/authorize').at(-1)!;
    expect(query.get('response_type')).toBe('token');
    expect([...query.keys()].sort()).toEqual([
      'client_id',
      'redirect_uri',
      'response_type',
      'scope',
      'state',
    ]);
    expect(world.session(id).token!.renewable).toBe(false);
    expect(await world.sessions.renew(id)).toMatchObject({ error: { code: 'sign-in-needed' } });
  });

  test.each([
    ['S-14 in the query', '?access_token=a&token_type=Bearer&state=STATE', 'answer-invalid'],
    [
      'S-14 in the query, before an empty fragment',
      '?access_token=a&token_type=Bearer&state=STATE#',
      'answer-invalid',
    ],
    ['a code instead', '#code=c&state=STATE', 'answer-invalid'],
    ['nothing but the state', '#state=STATE', 'answer-invalid'],
    ['an error', '#error=invalid_scope&state=STATE', 'sign-in-denied'],
    ['an error in the query', '?error=invalid_scope&state=STATE', 'sign-in-denied'],
    [
      'a token beside an error',
      '#access_token=a&token_type=Bearer&error=x&state=STATE',
      'sign-in-denied',
    ],
  ])('%s: %s', async (_name, tail, code) => {
    const { world, result } = await signInWith(tail);
    expect(result).toMatchObject({ error: { code } });
    expect(world.vault.writes()).toBe(0);
  });

  test.each(['0', '-1', 'abc', 'NaN', '1e300', ''])(
    'A-11 expires_in %j: the end is unknown',
    async (life) => {
      const { token } = await signInWith(
        `#access_token=a&token_type=Bearer&expires_in=${life}&state=STATE`,
      );
      expect(token!.accessToken).toBe('a');
      expect(token!.expiresAtMs).toBeUndefined();
    },
  );
});
