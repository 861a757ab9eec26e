import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { tolerate } from '../../../src-main/core/oauth/tolerate.ts';
import type { OAuthServer } from '../../../src-main/core/provider.ts';
import { makeJwt } from '../../emulators/emulator-parts.ts';
import { bare, jsonAnswer, startHostileServer } from '../../emulators/hostile-server.ts';
import type { Answer, HostileServer } from '../../emulators/hostile-server.ts';
import { catalogueOf, field, NAMED, tenantOfTest } from '../../fakes/catalogue.ts';
import { createWorld } from '../../fakes/world.ts';

const HOUR = 3_600_000;

let server: HostileServer;

beforeAll(async () => {
  server = await startHostileServer();
});
afterEach(() => {
  server.reset();
});
afterAll(() => server.stop());

async function prepared(ways: Partial<OAuthServer> = {}) {
  const tenant = tenantOfTest('authorization-code', {
    base: server.issuer,
    clientId: 'test-client',
    redirectUri: 'https://localhost/callback',
  });
  const world = await createWorld([tenant], {
    providers: catalogueOf({
      ...NAMED,
      kind: 'authorization-code',
      fields: [field('base', 'url'), field('clientId'), field('redirectUri', 'url')],
      server: {
        authorizationEndpoint: '{base}/authorize',
        tokenEndpoint: '{base}/token',
        ...ways,
      },
    }),
  });
  return { world, id: tenant.id };
}

async function signInWith(answer: Answer, ways: Partial<OAuthServer> = {}) {
  server.behave({ token: () => answer });
  const { world, id } = await prepared(ways);
  const result = await world.sessions.signIn(id);
  return { world, id, result, token: world.vault.stored.get(id)?.token };
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
const PLAIN = { 'content-type': 'text/plain' };

describe('form-encoded answers', () => {
  test.each<[string, Readonly<Record<string, string>>]>([
    ['as such', FORM],
    ['as text', PLAIN],
  ])('%s: read as the same in JSON', async (_name, headers) => {
    const body =
      'access_token=gho_a%2Bb&scope=repo%2Cgist&token_type=bearer&expires_in=28800&refresh_token=r%20t';
    const { token } = await signInWith({ headers, body });
    expect(token).toMatchObject({
      accessToken: 'gho_a+b',
      refreshToken: 'r t',
      scope: 'repo,gist',
      expiresAtMs: token!.issuedAtMs + 8 * HOUR,
    });
  });

  test.each<[string, Answer, string]>([
    [
      'an error with 200',
      { headers: FORM, body: 'error=invalid_grant&error_description=old' },
      'grant-refused',
    ],
    [
      'an error with 400',
      { status: 400, headers: FORM, body: 'error=invalid_client' },
      'client-refused',
    ],
    ['words in text', { headers: PLAIN, body: 'It works!' }, 'not-the-provider'],
    ['JSON that says it is a form', { headers: FORM, body: '{"a":1}' }, 'token-answer-invalid'],
    [
      'a form that says it is a page',
      { headers: { 'content-type': 'text/html' }, body: 'access_token=a&token_type=bearer' },
      'not-the-provider',
    ],
    ['nothing', { headers: FORM, body: '' }, 'not-the-provider'],
  ])('%s: %s', async (_name, answer, code) => {
    const { world, result } = await signInWith(answer);
    expect(result).toMatchObject({ error: { code } });
    expect(world.vault.writes()).toBe(0);
  });
});

describe('an error with status 200', () => {
  test.each<[Readonly<Record<string, unknown>>, string]>([
    [{ error: 'invalid_grant' }, 'grant-refused'],
    [{ error: 'bad_verification_code', error_description: 'It expired.' }, 'provider-trouble'],
    [{ error: 'invalid_client', ok: false }, 'client-refused'],
    [{ error: 'invalid_scope' }, 'request-refused'],
    [{ ok: false }, 'token-answer-invalid'],
    [{ error: 7 }, 'token-answer-invalid'],
  ])('%j: %s', async (members, code) => {
    const { result, world } = await signInWith(jsonAnswer(members));
    expect(result).toMatchObject({ error: { code } });
    expect(world.vault.writes()).toBe(0);
  });

  test('at a renewal it ends the sign-in with one call', async () => {
    const { world, id } = await prepared();
    await world.sessions.signIn(id);
    world.startKeeper();
    server.behave({ token: () => jsonAnswer({ error: 'invalid_grant' }) });
    const calls = server.tokenCalls();
    await world.clock.advance(24 * HOUR);
    expect(server.tokenCalls() - calls).toBe(1);
    expect(world.session(id).phase.kind).toBe('sign-in-needed');
  });

  test('a token beside an error counts', async () => {
    const members = { access_token: 'a', token_type: 'bearer', error: '' };
    expect((await signInWith(jsonAnswer(members))).token?.accessToken).toBe('a');
  });
});

describe('what a provider’s data does to an answer', () => {
  const readAnswer: OAuthServer['readAnswer'] = (answer, isRenewal) => {
    if (answer['ok'] === false) return { error: 'invalid_grant', error_description: answer['why'] };
    const inner = isRenewal ? answer : (answer['authed_user'] as Record<string, unknown>);
    return { token_type: 'bearer', ...inner, team: 'T1' };
  };
  const extras = { team: 'team', none: 'nowhere' };

  test('the token is found where it stands, at a sign-in and at a renewal', async () => {
    const members = { access_token: 'first', refresh_token: 'r1', expires_in: 60 };
    const { world, id, token } = await signInWith(jsonAnswer({ ok: true, authed_user: members }), {
      readAnswer,
      extras,
    });
    expect(token).toMatchObject({ accessToken: 'first', extra: { team: 'T1' } });
    server.behave({ token: () => jsonAnswer({ ok: true, access_token: 'second' }) });
    expect(await world.sessions.renew(id)).toMatchObject({
      value: { accessToken: 'second', refreshToken: 'r1', extra: { team: 'T1' } },
    });
  });

  test('an error is found as well', async () => {
    const { result } = await signInWith(jsonAnswer({ ok: false, why: 'code used' }), {
      readAnswer,
    });
    expect(result).toMatchObject({
      error: { code: 'grant-refused', detail: 'invalid_grant: code used' },
    });
  });
});

describe('A-11 without a sensible expires_in the exp of a JWT tells the end', () => {
  const seconds = Math.floor(Date.now() / 1000);
  test.each<[string, unknown, unknown, number | undefined]>([
    ['absent', undefined, seconds + 7200, 2 * HOUR],
    ['"abc"', 'abc', seconds + 7200, 2 * HOUR],
    ['0', 0, seconds + 7200, 2 * HOUR],
    ['NaN', bare('NaN'), seconds + 7200, 2 * HOUR],
    ['1e300', 1e300, seconds + 7200, 2 * HOUR],
    ['60 goes before it', 60, seconds + 7200, 60_000],
    ['absent, exp has passed', undefined, seconds - 60, undefined],
    ['absent, exp is no number', undefined, 'soon', undefined],
    ['absent, exp 0', undefined, 0, undefined],
    ['absent, exp in 1,000 years', undefined, seconds + 1000 * 365 * 86_400, undefined],
  ])('%s', async (_name, expiresIn, exp, lifeMs) => {
    const { token } = await signInWith(
      jsonAnswer({ access_token: makeJwt({ exp }), token_type: 'Bearer', expires_in: expiresIn }),
    );
    const left =
      token!.expiresAtMs === undefined ? undefined : token!.expiresAtMs - token!.issuedAtMs;
    if (lifeMs === undefined) expect(left).toBeUndefined();
    else expect(Math.abs(left! - lifeMs)).toBeLessThan(30_000);
  });
});

test('what is unimportant and wrong is taken out, the rest left alone', async () => {
  const response = new Response(
    '{"access_token":"a","refresh_token":"","scope":null,"id_token":7,"expires_in":NaN,"refresh_expires_in":9,"x":[1]}',
    { headers: { 'www-authenticate': 'Bearer' } },
  );
  const { body, expiresIn, refreshExpiresIn, rebuild } = await tolerate(
    response,
    (answer) => answer,
  );
  expect(body).toEqual({ access_token: 'a', refresh_expires_in: 9, x: [1] });
  expect([expiresIn, refreshExpiresIn]).toEqual([null, 9]);
  expect(rebuild(body).headers.has('www-authenticate')).toBe(false);
});
