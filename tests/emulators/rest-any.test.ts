import { beforeEach, expect, test } from 'vitest';
import { ask } from './asking.ts';
import { ACCOUNT } from './rest-api-engine.ts';
import { anyRest, type AnyRestSetup } from './rest-any.ts';
import type { Call } from './site-caller.ts';

const NOW_MS = 1_700_000_000_000;
const api = anyRest(() => NOW_MS);
const LOGIN = 'POST https://any-rest.test/login';
const { username, password } = ACCOUNT;

beforeEach(() => api.reset());

const multipart = (fields: Readonly<Record<string, string>>): Call => ({
  headers: { 'content-type': 'multipart/form-data; boundary=edge' },
  body: `${Object.entries(fields)
    .map(
      ([name, value]) =>
        `--edge\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    )
    .join('')}--edge--\r\n`,
});
const basic = (text: string): Call => ({
  headers: { authorization: `Basic ${Buffer.from(text).toString('base64')}` },
});

const ENCODED: Record<AnyRestSetup['encoding'], (password: string) => [line: string, asked: Call]> =
  {
    json: (secret) => [LOGIN, { json: { username, password: secret } }],
    form: (secret) => [LOGIN, { form: { username, password: secret } }],
    query: (secret) => [
      `${LOGIN}?${new URLSearchParams({ username, password: secret }).toString()}`,
      {},
    ],
    multipart: (secret) => [LOGIN, multipart({ username, password: secret })],
    basic: (secret) => [LOGIN, basic(`${username}:${secret}`)],
  };
const encodings = Object.keys(ENCODED) as AnyRestSetup['encoding'][];

test.each(encodings)('a login by %s, and by nothing else', async (encoding) => {
  api.configure({ encoding });
  for (const other of encodings) {
    const { status } = await ask(api, ...ENCODED[other](password));
    expect([other, status]).toEqual([other, other === encoding ? 200 : 401]);
  }
  expect((await ask(api, ...ENCODED[encoding]('x'))).status).toBe(401);
});

test('nested field names, static fields and headers', async () => {
  api.configure({
    fields: { username: 'user.name', password: 'user.secret', refreshToken: 'refresh_token' },
    staticFields: { kind: 'api' },
    headers: { 'x-app': 'tray' },
  });
  const json = { user: { name: username, secret: password }, kind: 'api' };
  const headers = { 'x-app': 'tray' };
  expect((await ask(api, LOGIN, { headers, json })).status).toBe(200);
  expect((await ask(api, LOGIN, { json })).status).toBe(400);
  expect((await ask(api, LOGIN, { headers, json: { ...json, kind: 'web' } })).status).toBe(400);
});

test.each<[AnyRestSetup['expiry'], unknown]>([
  ['none', undefined],
  ['seconds', 3600],
  ['seconds-as-text', '3600'],
  ['milliseconds', 3_600_000],
  ['epoch-seconds', NOW_MS / 1000 + 3600],
  ['epoch-milliseconds', NOW_MS + 3_600_000],
  ['iso', new Date(NOW_MS + 3_600_000).toISOString()],
  ['jwt', undefined],
])('expiry as %s below a wrapper', async (expiry, value) => {
  api.configure({ expiry, wrapper: 'data.session' });
  const { session } = (await ask(api, ...ENCODED.json(password))).body.data;
  expect(session.expires).toBe(value);
  expect(session.token.split('.')).toHaveLength(expiry === 'jwt' ? 3 : 1);
});

test('the token as whole body, JSON string, header and cookie', async () => {
  const login = () => ask(api, ...ENCODED.json(password));
  api.configure({ tokenIn: 'body' });
  expect((await login()).body).toMatch(/^[\w-]+$/);
  api.configure({ tokenIn: 'json-body' });
  expect((await login()).body).toMatch(/^"[\w-]+"$/);
  api.configure({
    tokenIn: 'header',
    members: { token: 'x-token', refreshToken: 'r', expiry: 'e' },
  });
  expect((await login()).headers['x-token']).toMatch(/^[\w-]+$/);
  api.configure({ tokenIn: 'cookie' });
  expect((await login()).headers['set-cookie']).toEqual([
    expect.any(String),
    expect.stringMatching(/^x-token=[\w-]+; /),
  ]);
});

test('renewal by refresh token at another host, by the token itself, by the token as password', async () => {
  api.configure({ renewalHost: 'renewal.any-rest.test' });
  const first = (await ask(api, ...ENCODED.json(password))).body;
  const renewal = { json: { refresh_token: first.refreshToken as string } };
  expect((await ask(api, 'POST https://any-rest.test/renew', renewal)).status).toBe(404);
  expect((await ask(api, 'POST https://renewal.any-rest.test/renew', renewal)).status).toBe(200);
  expect((await ask(api, 'POST https://renewal.any-rest.test/renew', renewal)).status).toBe(401);

  api.configure({ renewal: 'current-token', renewalHost: 'any-rest.test' });
  const headers = { authorization: `Bearer ${first.token}` };
  expect((await ask(api, 'POST https://any-rest.test/renew', { headers })).status).toBe(200);
  expect((await ask(api, ...ENCODED.json(first.token))).status).toBe(401);

  api.configure({ renewal: 'ticket' });
  expect((await ask(api, ...ENCODED.json(first.token))).status).toBe(200);
});

test.each<[AnyRestSetup['use'], (token: string) => [query: string, asked: Call]]>([
  [
    { in: 'header', name: 'X-Auth', template: 'Thing Token="{token}"' },
    (token) => ['', { headers: { 'x-auth': `Thing Token="${token}"` } }],
  ],
  [
    { in: 'cookie', name: 'sid', template: '{token}' },
    (token) => ['', { headers: { cookie: `a=b; sid=${token}` } }],
  ],
  [{ in: 'query', name: 'ks', template: '{token}' }, (token) => [`?ks=${token}`, {}]],
])('the token comes back as %j', async (use, asked) => {
  api.configure({ use });
  const { token } = (await ask(api, ...ENCODED.json(password))).body;
  const [query, right] = asked(token);
  expect((await ask(api, `GET https://any-rest.test/whoami${query}`, right)).status).toBe(200);
  const bearer = { headers: { authorization: `Bearer ${token}` } };
  expect((await ask(api, 'GET https://any-rest.test/whoami', bearer)).status).toBe(401);
});

test('success told by the body', async () => {
  api.configure({ success: { member: 'ok', good: 1, bad: 0 } });
  expect(await ask(api, ...ENCODED.json('x'))).toMatchObject({ status: 200, body: { ok: 0 } });
  expect((await ask(api, ...ENCODED.json(password))).body).toMatchObject({ ok: 1 });
});
