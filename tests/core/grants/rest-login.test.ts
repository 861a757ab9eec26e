import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { RestLogin } from '../../../src-main/core/provider.ts';
import { htmlPage, jsonAnswer } from '../../emulators/hostile-server.ts';
import type { Answer } from '../../emulators/hostile-server.ts';
import { startScriptedServer } from '../../emulators/scripted-server.ts';
import type { ScriptedRequest, ScriptedServer } from '../../emulators/scripted-server.ts';
import { catalogueOf, field, NAMED, tenantOfTest } from '../../fakes/catalogue.ts';
import { createWorld } from '../../fakes/world.ts';
import type { World } from '../../fakes/world.ts';

const HOUR = 3_600_000;

let server: ScriptedServer;
let issued = 0;

beforeAll(async () => {
  server = await startScriptedServer();
});
afterEach(() => {
  server.reset();
});
afterAll(() => server.stop());

/** Everything that an interface can have; tests take parts away. */
const FULL: RestLogin = {
  login: {
    url: '{base}/login',
    fields: { username: '{username}', password: '{password}' },
    headers: { 'X-Old': '[{token}]' },
  },
  answer: {
    token: ['token'],
    refreshToken: ['refresh'],
    expiry: [{ in: 'life', unit: 's' }],
    refreshTokenExpiry: [{ in: 'refreshLife', unit: 's' }],
    extras: { session: 'session', region: 'region' },
  },
  renewal: {
    by: 'refresh-token',
    call: {
      url: '{base}/refresh',
      fields: { refresh: '{refreshToken}', session: '{extra.session}' },
    },
  },
  logout: { url: '{base}/logout', headers: { Authorization: 'Bearer {token}' } },
};
const { renewal: _renewal, ...WITHOUT_RENEWAL } = FULL;

const next = (kind: string): string => `${kind}-${String((issued += 1))}`;

/** An interface that knows one password. */
function wellBehaved({ path, body }: ScriptedRequest): Answer {
  const members = (body === '' ? {} : JSON.parse(body)) as Record<string, string>;
  switch (path) {
    case '/login':
      if (members['password'] !== 'right') return jsonAnswer({ message: 'Wrong password' }, 401);
      return jsonAnswer({
        token: next('token'),
        refresh: next('refresh'),
        life: 3600,
        refreshLife: 86_400,
        session: next('session'),
        region: 'eu',
      });
    case '/refresh':
      return jsonAnswer({ token: next('token'), refresh: next('refresh'), life: 3600 });
    default:
      return jsonAnswer({});
  }
}

const FIELDS = [field('base', 'url', true), field('username'), field('password', 'secret', true)];

async function prepared(
  login: RestLogin | ((values: object) => RestLogin),
  password = 'right',
): Promise<{ readonly world: World; readonly id: string }> {
  server.answerWith(wellBehaved);
  const tenant = tenantOfTest('rest-login', { base: server.origin, username: 'ada' });
  const world = await createWorld([tenant], {
    providers: catalogueOf({ ...NAMED, kind: 'rest-login', fields: FIELDS, login }),
  });
  world.vault.put(tenant.id, { fields: { password } });
  return { world, id: tenant.id };
}

async function signedIn(login: RestLogin = FULL) {
  const { world, id } = await prepared(login);
  expect(await world.sessions.signIn(id)).toEqual({ ok: true, value: null });
  return { world, id, token: world.vault.stored.get(id)!.token! };
}

/** Paths called since. */
function callsSince(count: number): readonly string[] {
  return server
    .requests()
    .slice(count)
    .map(({ path }) => path);
}

const tokenOf = (world: World, id: string) => world.vault.stored.get(id)!.token!;

/** Answers these paths in another way. */
function insteadOf(answers: Readonly<Record<string, () => Answer>>): void {
  server.answerWith((request) => answers[request.path]?.() ?? wellBehaved(request));
}

test('a login: the token is kept, the password stays in the vault', async () => {
  const { world, id, token } = await signedIn();
  expect(token).toMatchObject({
    accessToken: expect.stringMatching(/^token-/) as string,
    refreshToken: expect.stringMatching(/^refresh-/) as string,
    account: 'ada',
    expiresAtMs: token.issuedAtMs + HOUR,
    refreshExpiresAtMs: token.issuedAtMs + 24 * HOUR,
    extra: { region: 'eu' },
  });
  const [login] = server.requests('/login');
  expect(JSON.parse(login!.body)).toEqual({ username: 'ada', password: 'right' });
  expect(world.session(id)).toMatchObject({ phase: { kind: 'idle' }, token: { renewable: true } });
  expect(JSON.stringify([world.store.get(), world.settingsStore.content()])).not.toContain('right');
});

test('C-08 a profile made of the tenant’s own fields; the password stands in no address', async () => {
  const { world, id } = await prepared((values) => ({
    ...FULL,
    login: {
      url: '{base}/login',
      fields: { [(values as { username: string }).username]: '1', password: '{password}' },
    },
  }));
  expect((await world.sessions.signIn(id)).ok).toBe(true);
  expect(JSON.parse(server.requests('/login')[0]!.body)).toEqual({ ada: '1', password: 'right' });
  expect(world.http.called.join()).not.toContain('right');
});

describe('renewal', () => {
  test('by a refresh token that rotates', async () => {
    const { world, id, token } = await signedIn();
    const calls = server.requests().length;
    expect((await world.sessions.renew(id)).ok).toBe(true);
    expect((await world.sessions.renew(id)).ok).toBe(true);
    expect(callsSince(calls)).toEqual(['/refresh', '/refresh']);
    const [first, second] = server
      .requests('/refresh')
      .map(({ body }) => JSON.parse(body) as object);
    expect(first).toEqual({ refresh: token.refreshToken, session: token.extra!['session'] });
    expect(second).not.toMatchObject({ refresh: token.refreshToken });
    // What the answer leaves out stays
    expect(tokenOf(world, id)).toMatchObject({ account: 'ada', extra: token.extra });
    // … but the end of a refresh token goes with it
    expect(tokenOf(world, id).refreshExpiresAtMs).toBeUndefined();
  });

  test('by a refresh token that stays, with its end', async () => {
    const { world, id, token } = await signedIn();
    insteadOf({ '/refresh': () => jsonAnswer({ token: next('token'), life: 60, region: 'us' }) });
    expect((await world.sessions.renew(id)).ok).toBe(true);
    expect((await world.sessions.renew(id)).ok).toBe(true);
    const { refreshToken, refreshExpiresAtMs } = token;
    expect(tokenOf(world, id)).toMatchObject({
      refreshToken,
      refreshExpiresAtMs,
      extra: { ...token.extra, region: 'us' },
    });
  });

  test('by the token itself, before it ends', async () => {
    const { world, id, token } = await signedIn({
      ...FULL,
      renewal: {
        by: 'current-token',
        call: { url: '{base}/refresh', headers: { Authorization: 'Bearer {token}' } },
        answer: { token: ['token'], lifeSeconds: 120 },
      },
    });
    const calls = server.requests().length;
    world.startKeeper();
    await world.clock.advance(HOUR);
    expect(callsSince(calls)[0]).toBe('/refresh');
    expect(server.requests('/refresh')[0]!.headers.authorization).toBe(
      `Bearer ${token.accessToken}`,
    );
    expect(tokenOf(world, id)).not.toMatchObject({ accessToken: token.accessToken });
    expect(server.requests('/login')).toHaveLength(1);
  });

  test('by logging in again, where there is no other way; the old token is not sent along', async () => {
    const { world, id, token } = await signedIn(WITHOUT_RENEWAL);
    const calls = server.requests().length;
    expect((await world.sessions.renew(id)).ok).toBe(true);
    expect(callsSince(calls)).toEqual(['/login']);
    expect(JSON.stringify(server.requests().at(-1))).not.toContain(token.accessToken);
  });

  test('without a refresh token in the answer: by logging in again', async () => {
    const { world, id } = await signedIn({ ...FULL, answer: { token: ['token'] } });
    const calls = server.requests().length;
    expect((await world.sessions.renew(id)).ok).toBe(true);
    expect(callsSince(calls)).toEqual(['/login']);
  });

  test.each<[string, () => Answer]>([
    ['400', () => jsonAnswer({ error: 'bad' }, 400)],
    ['401', () => jsonAnswer({}, 401)],
    ['401 without a body', () => ({ status: 401 })],
    ['403', () => jsonAnswer({}, 403)],
  ])('a refresh token that is refused (%s): the password is tried, once', async (_name, answer) => {
    const { world, id } = await signedIn();
    insteadOf({ '/refresh': answer });
    const calls = server.requests().length;
    expect((await world.sessions.renew(id)).ok).toBe(true);
    expect(callsSince(calls)).toEqual(['/refresh', '/login']);
    expect(world.session(id).phase.kind).toBe('idle');
  });

  test.each<[string, () => Answer, string]>([
    ['500', () => jsonAnswer({}, 500), 'provider-trouble'],
    ['429', () => jsonAnswer({}, 429, { 'retry-after': '600' }), 'provider-trouble'],
    ['HTML where JSON belongs', () => htmlPage(), 'not-the-provider'],
    ['a portal’s 401', () => htmlPage(401), 'not-the-provider'],
    ['an answer without a token', () => jsonAnswer({ tokens: [] }), 'token-answer-invalid'],
  ])('E-08 %s: the session stays, the password is not sent', async (_name, answer, code) => {
    const { world, id, token } = await signedIn();
    insteadOf({ '/refresh': answer });
    const calls = server.requests().length;
    expect(await world.sessions.renew(id)).toMatchObject({ error: { code } });
    expect(callsSince(calls)).toEqual(['/refresh']);
    expect(world.session(id).phase.kind).toBe('retrying');
    expect(tokenOf(world, id)).toEqual(token);
    server.answerWith(wellBehaved);
    expect((await world.sessions.renew(id)).ok).toBe(true);
  });
});

describe('A-11 E-07 a password that is not accepted', () => {
  const refusals: readonly (readonly [string, () => Answer])[] = [
    ['401 in JSON', () => jsonAnswer({ message: 'Wrong password' }, 401)],
    ['401 without a body', () => ({ status: 401 })],
    ['403 in plain words', () => ({ status: 403, body: 'Account locked.' })],
    ['400', () => jsonAnswer({}, 400)],
  ];

  test.each(refusals)(
    '%s at the sign-in: told, and 0 calls in the next 24 h',
    async (_name, answer) => {
      const { world, id } = await prepared(FULL, 'not-it');
      insteadOf({ '/login': answer });
      world.startKeeper();
      expect(await world.sessions.signIn(id)).toMatchObject({
        error: { code: 'credentials-refused' },
      });
      expect(world.session(id).phase.kind).toBe('misconfigured');
      expect(tokenOf(world, id)).toBeUndefined();
      await world.clock.advance(24 * HOUR);
      expect(server.requests()).toHaveLength(1);
    },
  );

  test.each(refusals)(
    '%s at a renewal: one refresh, one login, then 0 calls in 24 h',
    async (_name, answer) => {
      const { world, id, token } = await signedIn();
      insteadOf({ '/refresh': answer, '/login': answer });
      const calls = server.requests().length;
      world.startKeeper();
      await world.clock.advance(HOUR);
      expect(callsSince(calls)).toEqual(['/refresh', '/login']);
      expect(world.session(id).phase).toMatchObject({
        kind: 'misconfigured',
        error: { code: 'credentials-refused' },
      });
      expect(tokenOf(world, id)).toEqual(token);
      await world.clock.advance(24 * HOUR);
      expect(await world.copying.copyToken(id)).toMatchObject({
        error: { code: 'credentials-refused' },
      });
      expect(callsSince(calls)).toHaveLength(2);
      expect(world.notifier.shown.filter(({ body }) => body.includes('correction'))).toHaveLength(
        1,
      );
    },
  );

  test('200 that tells the failure in its body', async () => {
    const { world, id } = await prepared(
      { ...FULL, success: { path: 'error' }, errorPaths: ['error.data'] },
      'not-it',
    );
    insteadOf({
      '/login': () => jsonAnswer({ token: 'x', error: { data: 'Login name is wrong.' } }),
    });
    expect(await world.sessions.signIn(id)).toMatchObject({
      error: { code: 'credentials-refused', detail: 'Login name is wrong. (HTTP 200)' },
    });
    expect(world.vault.writes()).toBe(0);
  });
});

describe('signing out', () => {
  test.each<[string, () => Answer, string]>([
    ['done', () => jsonAnswer({}), 'confirmed'],
    ['unknown to them', () => jsonAnswer({}, 401), 'confirmed'],
    ['trouble', () => jsonAnswer({}, 503), 'later'],
    ['an address that is not there', () => jsonAnswer({}, 404), 'later'],
    ['a page', () => htmlPage(), 'later'],
  ])('%s', async (_name, answer, expected) => {
    const { world, id, token } = await signedIn();
    insteadOf({ '/logout': answer });
    expect(await world.sessions.signOut(id)).toEqual({ ok: true, value: expected });
    expect(server.requests('/logout')[0]!.headers.authorization).toBe(
      `Bearer ${token.accessToken}`,
    );
    expect(world.vault.stored.get(id)).toEqual({ fields: { password: 'right' } });
  });

  test('the session that a new login replaces is ended; one that is renewed in its own way is not', async () => {
    const { world, id, token } = await signedIn(WITHOUT_RENEWAL);
    const ended = server.nextRequest('/logout');
    expect((await world.sessions.renew(id)).ok).toBe(true);
    expect((await ended).headers.authorization).toBe(`Bearer ${token.accessToken}`);
    const other = await signedIn();
    const logouts = server.requests('/logout').length;
    expect((await other.world.sessions.renew(other.id)).ok).toBe(true);
    await other.world.clock.settle();
    expect(server.requests('/logout')).toHaveLength(logouts);
    const replaced = server.nextRequest('/logout');
    const before = tokenOf(other.world, other.id).accessToken;
    expect((await other.world.sessions.signIn(other.id)).ok).toBe(true);
    expect((await replaced).headers.authorization).toBe(`Bearer ${before}`);
  });

  test('an interface without a logout is not called', async () => {
    const { logout: _logout, ...rest } = FULL;
    const { world, id } = await signedIn(rest);
    const calls = server.requests().length;
    expect(await world.sessions.signOut(id)).toEqual({ ok: true, value: 'not-offered' });
    expect(callsSince(calls)).toEqual([]);
  });
});
