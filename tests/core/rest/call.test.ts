import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { RestCall, RestLogin } from '../../../src-main/core/provider.ts';
import { readAnswer } from '../../../src-main/core/rest/answer.ts';
import { judgeAnswer, send } from '../../../src-main/core/rest/call.ts';
import { startScriptedServer } from '../../emulators/scripted-server.ts';
import type { ScriptedRequest, ScriptedServer } from '../../emulators/scripted-server.ts';
import { createManualClock } from '../../fakes/clock.manual.ts';
import { createNodeHttp } from '../../fakes/http.node.ts';

let server: ScriptedServer;

beforeAll(async () => {
  server = await startScriptedServer();
});
afterEach(() => {
  server.reset();
});
afterAll(() => server.stop());

const VARIABLES = { username: 'ada@example.test', password: 'p+&=% "é', none: undefined };

async function received(call: Omit<RestCall, 'url'>): Promise<ScriptedRequest> {
  const { http } = createNodeHttp(createManualClock());
  const url = '{base}/login?fixed=1';
  const answer = await send({ url, ...call }, { ...VARIABLES, base: server.origin }, http);
  expect(answer).toMatchObject({ ok: true, value: { status: 200, json: {} } });
  return server.requests().at(-1)!;
}

const CREDENTIALS = { user: '{username}', password: '{password}', otp: '{none}' };

describe('how fields are sent', () => {
  test('JSON: nested by dots, constants as they are, what has no value left out', async () => {
    const { method, headers, body } = await received({
      fields: {
        'auth.identity.user': '{username}',
        'auth.identity.password': '{password}',
        'auth.otp': '{none}',
        type: 'm.login.password',
        refresh: true,
        version: 2,
        '{username}': 'named by a value',
      },
    });
    expect(method).toBe('POST');
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      accept: 'application/json',
    });
    expect(JSON.parse(body)).toEqual({
      auth: { identity: { user: VARIABLES.username, password: VARIABLES.password } },
      type: 'm.login.password',
      refresh: true,
      version: 2,
      'ada@example': { test: 'named by a value' },
    });
  });

  test('JSON: __proto__ and constructor are names like any other', async () => {
    const { body } = await received({
      fields: JSON.parse(
        '{"__proto__.polluted":"yes","constructor.prototype.polluted":"yes"}',
      ) as Record<string, string>,
    });
    expect(body).toBe(
      '{"__proto__":{"polluted":"yes"},"constructor":{"prototype":{"polluted":"yes"}}}',
    );
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test('form', async () => {
    const { headers, body } = await received({ encoding: 'form', fields: CREDENTIALS });
    expect(headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/);
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
      user: VARIABLES.username,
      password: VARIABLES.password,
    });
  });

  test('multipart', async () => {
    const { headers, body } = await received({ encoding: 'multipart', fields: CREDENTIALS });
    const form = await new Response(body, {
      headers: { 'content-type': headers['content-type']! },
    }).formData();
    expect([...form]).toEqual([
      ['user', VARIABLES.username],
      ['password', VARIABLES.password],
    ]);
  });

  test('query', async () => {
    const { method, query, body } = await received({
      method: 'GET',
      encoding: 'query',
      fields: CREDENTIALS,
    });
    expect(method).toBe('GET');
    expect(Object.fromEntries(query)).toEqual({
      fixed: '1',
      user: VARIABLES.username,
      password: VARIABLES.password,
    });
    expect(body).toBe('');
  });

  test('Basic: in the header only, as UTF-8', async () => {
    const { headers, query, body } = await received({
      method: 'GET',
      encoding: 'basic',
      fields: { username: '{username}', password: '{password}' },
    });
    const [scheme, pair = ''] = (headers.authorization ?? '').split(' ');
    expect(scheme).toBe('Basic');
    expect(Buffer.from(pair, 'base64').toString('utf8')).toBe(
      `${VARIABLES.username}:${VARIABLES.password}`,
    );
    expect([...query.keys()]).toEqual(['fixed']);
    expect(body).toBe('');
  });

  test('headers of its own, and no body without fields', async () => {
    const { method, headers, body } = await received({
      method: 'DELETE',
      headers: { 'X-User': '{username}', 'X-None': '{none}', Accept: 'text/plain' },
    });
    expect(method).toBe('DELETE');
    expect(headers).toMatchObject({ 'x-user': VARIABLES.username });
    expect(headers['x-none']).toBeUndefined();
    expect(headers['content-type']).toBeUndefined();
    expect(body).toBe('');
  });
});

describe('where nothing is sent', () => {
  test.each([
    ['http://api.example.com/login', 'endpoint-unsafe'],
    ['http://127.0.0.1.evil.example/login', 'endpoint-unsafe'],
    ['http://localhost.evil.example/login', 'endpoint-unsafe'],
    ['file:///etc/passwd', 'endpoint-unsafe'],
    ['ftp://127.0.0.1/', 'endpoint-unsafe'],
    ['{none}/login', 'input-invalid'],
    ['not an address', 'input-invalid'],
  ])('%s: %s', async (url, code) => {
    const { http, called } = createNodeHttp(createManualClock());
    expect(await send({ url, fields: CREDENTIALS }, VARIABLES, http)).toMatchObject({
      error: { code },
    });
    expect(called).toEqual([]);
  });

  test.each([301, 302, 303, 307, 308])(
    'A-08 a login that sends %i to another host: no canary arrives there',
    async (status) => {
      const elsewhere = await startScriptedServer();
      server.answerWith(() => ({ status, headers: { location: `${elsewhere.origin}/login` } }));
      const { http } = createNodeHttp(createManualClock());
      for (const encoding of ['json', 'form', 'multipart', 'query', 'basic'] as const) {
        const call: RestCall = {
          url: `${server.origin}/login`,
          encoding,
          fields: { username: '{username}', password: 'canary-password' },
        };
        expect(await send(call, VARIABLES, http)).toMatchObject({
          error: { code: 'redirect-refused' },
        });
      }
      expect(server.requests()).toHaveLength(5);
      expect(elsewhere.requests()).toHaveLength(0);
      await elsewhere.stop();
    },
  );

  test('a server that cannot be reached is told as such', async () => {
    const gone = await startScriptedServer();
    await gone.stop();
    const { http } = createNodeHttp(createManualClock());
    expect(await send({ url: `${gone.origin}/login` }, {}, http)).toMatchObject({
      error: { code: 'network-unreachable' },
    });
  });
});

describe('judging an answer', () => {
  const page = '<!doctype html><title>Sign in to the network</title>';
  type Rules = Pick<RestLogin, 'refusedStatuses' | 'success' | 'errorPaths'>;

  const YES: Rules = { success: { path: 'success', equals: true } };
  const NO_ERROR: Rules = { success: { path: 'error' } };

  /** What it is to a call with a password, and to one with what was granted. */
  test.each<[string, number, string, Rules, string, string]>([
    ['200 with JSON', 200, '{}', {}, 'good', 'good'],
    ['204 without a body', 204, '', {}, 'good', 'good'],
    ['201 with a bare token', 201, 'abc', {}, 'good', 'good'],
    ['200 with a page', 200, page, {}, 'not-the-provider', 'not-the-provider'],
    ['200 with a page, after a line', 200, `\n${page}`, {}, 'not-the-provider', 'not-the-provider'],
    ['304', 304, '', {}, 'not-the-provider', 'not-the-provider'],
    ['400', 400, '{"error":"bad"}', {}, 'credentials-refused', 'grant-refused'],
    ['401', 401, '{"error":"bad"}', {}, 'credentials-refused', 'grant-refused'],
    ['401 without a body', 401, '', {}, 'credentials-refused', 'grant-refused'],
    ['401 in plain words', 401, 'Invalid password.', {}, 'credentials-refused', 'grant-refused'],
    ['401 with a page', 401, page, {}, 'credentials-refused', 'not-the-provider'],
    ['403', 403, '{}', {}, 'credentials-refused', 'grant-refused'],
    ['403 with a page', 403, page, {}, 'credentials-refused', 'not-the-provider'],
    ['422', 422, '{}', {}, 'credentials-refused', 'grant-refused'],
    ['404', 404, '{}', {}, 'request-refused', 'not-the-provider'],
    ['404 with a page', 404, page, {}, 'request-refused', 'not-the-provider'],
    ['407 of a proxy', 407, '', {}, 'request-refused', 'not-the-provider'],
    [
      '403 where only 401 refuses',
      403,
      '{}',
      { refusedStatuses: [401] },
      'request-refused',
      'not-the-provider',
    ],
    [
      '404 where it refuses',
      404,
      '{}',
      { refusedStatuses: [404] },
      'credentials-refused',
      'grant-refused',
    ],
    ['408', 408, '{}', {}, 'provider-trouble', 'provider-trouble'],
    ['425', 425, '{}', {}, 'provider-trouble', 'provider-trouble'],
    ['429', 429, '{}', {}, 'provider-trouble', 'provider-trouble'],
    [
      '429 that refuses by its data',
      429,
      '{}',
      { refusedStatuses: [429] },
      'provider-trouble',
      'provider-trouble',
    ],
    ['500', 500, '{}', {}, 'provider-trouble', 'provider-trouble'],
    ['503 with a page', 503, page, {}, 'provider-trouble', 'provider-trouble'],
    ['200 that says no', 200, '{"success":false}', YES, 'credentials-refused', 'grant-refused'],
    ['200 that says yes', 200, '{"success":true}', YES, 'good', 'good'],
    [
      '200 that says "true"',
      200,
      '{"success":"true"}',
      YES,
      'credentials-refused',
      'grant-refused',
    ],
    ['200 that says nothing of it', 200, 'yes', YES, 'credentials-refused', 'grant-refused'],
    [
      '200 with an error',
      200,
      '{"error":{"code":-1}}',
      NO_ERROR,
      'credentials-refused',
      'grant-refused',
    ],
    ['200 with error null', 200, '{"error":null}', NO_ERROR, 'good', 'good'],
    ['200 without an error', 200, '{"result":1}', NO_ERROR, 'good', 'good'],
  ])('A-11 E-08 %s', async (_name, status, body, rules, withPassword, withGrant) => {
    const answer = await readAnswer(new Response(body === '' ? null : body, { status }));
    for (const [refusal, expected] of [
      ['credentials-refused', withPassword],
      ['grant-refused', withGrant],
    ] as const) {
      const judged = judgeAnswer(answer, 'api.example', rules, refusal);
      expect(judged.ok ? 'good' : judged.error.code).toBe(expected);
      if (!judged.ok) expect(judged.error.host).toBe('api.example');
    }
  });

  test.each<[unknown, Rules, string]>([
    [{ message: 'No such user' }, {}, 'No such user (HTTP 401)'],
    [{ error: { message: 'inner' } }, {}, 'inner (HTTP 401)'],
    [{ error_description: 'first', error: 'second' }, {}, 'first (HTTP 401)'],
    [{ messages: ['own'], message: 'usual' }, { errorPaths: ['messages.0'] }, 'own (HTTP 401)'],
    [{}, {}, 'HTTP 401'],
    [{ message: `<b>\u202E${'x'.repeat(40)}</b>` }, {}, '<b> …</b> (HTTP 401)'],
  ])('what they say, fit to be shown: %j', async (body, rules, detail) => {
    const answer = await readAnswer(new Response(JSON.stringify(body), { status: 401 }));
    expect(judgeAnswer(answer, 'h', rules, 'grant-refused')).toMatchObject({ error: { detail } });
  });

  test.each([
    ['120', 120_000],
    ['1000000000', 3_600_000],
    ['Tue, 14 Nov 2023 22:14:20 GMT', 60_000],
    ['Tue, 14 Nov 2023 22:00:00 GMT', undefined],
    ['0', undefined],
    ['soon', undefined],
    [undefined, undefined],
  ])('E-09 429 with Retry-After %s: %s ms', async (wish, retryAfterMs) => {
    const answer = await readAnswer(
      new Response('{}', {
        status: 429,
        headers: {
          date: 'Tue, 14 Nov 2023 22:13:20 GMT',
          ...(wish === undefined ? {} : { 'retry-after': wish }),
        },
      }),
    );
    const judged = judgeAnswer(answer, 'h', {}, 'grant-refused');
    expect(judged.ok ? {} : judged.error.retryAfterMs).toBe(retryAfterMs);
  });
});
