import { expect, test } from 'vitest';
import { ask, type Reply } from './asking.ts';
import { HTML_INSTEAD_OF_JSON } from './emulator-parts.ts';
import {
  createRestApis,
  FIREBASE_API_KEY,
  FIREBASE_PROJECT,
  SUPABASE_API_KEY,
} from './rest-apis.ts';

const START_MS = 1_700_000_000_000;
let nowMs = START_MS;
const apis = createRestApis(() => nowMs);

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
const claimsOf = (token: string): Reply['body'] =>
  JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());

function fresh<Name extends keyof typeof apis>(name: Name): (typeof apis)[Name] {
  nowMs = START_MS;
  apis[name].reset();
  return apis[name];
}

test('Directus: a pair below data, life in milliseconds, refresh tokens for single use', async () => {
  const api = fresh('directus');
  const { username: email, password } = api.account;
  const login = 'POST https://directus.test/auth/login';
  expect(await ask(api, login, { form: { email, password } })).toMatchObject({ status: 400 });
  expect(await ask(api, login, { json: { email, password: 'x' } })).toMatchObject({
    status: 401,
    body: { errors: [{ extensions: { code: 'INVALID_CREDENTIALS' } }] },
  });

  const first = (await ask(api, login, { json: { email, password } })).body.data;
  expect(first.expires).toBe(900_000);
  const renewal = { json: { refresh_token: first.refresh_token, mode: 'json' } };
  const second = await ask(api, 'POST https://directus.test/auth/refresh', renewal);
  expect(second.status).toBe(200);
  expect(second.body.data.refresh_token).not.toBe(first.refresh_token);
  expect((await ask(api, 'POST https://directus.test/auth/refresh', renewal)).status).toBe(401);
  expect(api.reuses()).toBe(1);

  const probe = 'GET https://directus.test/users/me';
  expect(await ask(api, probe, { headers: bearer(first.access_token) })).toMatchObject({
    status: 200,
    body: { data: { email } },
  });
  nowMs += 900_000;
  expect(await ask(api, probe, { headers: bearer(first.access_token) })).toMatchObject({
    status: 401,
    body: { errors: [{ extensions: { code: 'TOKEN_EXPIRED' } }] },
  });
});

test('ThingsBoard: the end in the JWTs only, X-Authorization', async () => {
  const api = fresh('thingsBoard');
  const login = 'POST https://thingsboard.test/api/auth/login';
  expect(await ask(api, login, { json: { ...api.account, password: 'x' } })).toMatchObject({
    status: 401,
    body: { status: 401, errorCode: 10 },
  });
  const { body } = await ask(api, login, { json: api.account });
  expect(Object.keys(body)).toEqual(['token', 'refreshToken']);
  expect(claimsOf(body.token).exp).toBe(START_MS / 1000 + 9000);
  expect(claimsOf(body.refreshToken).exp).toBe(START_MS / 1000 + 7 * 24 * 3600);

  const probe = 'GET https://thingsboard.test/api/auth/user';
  const header = { 'x-authorization': `Bearer ${body.token}` };
  expect((await ask(api, probe, { headers: header })).status).toBe(200);
  expect((await ask(api, probe, { headers: bearer(body.token) })).status).toBe(401);
  api.expireTokens();
  expect((await ask(api, probe, { headers: header })).body.errorCode).toBe(11);
  const { refreshToken } = body;
  const renewal = 'POST https://thingsboard.test/api/auth/token';
  expect((await ask(api, renewal, { json: { refreshToken } })).status).toBe(200);
});

test('Supabase: grant in the query, apikey on every call', async () => {
  const api = fresh('supabase');
  const { username: email, password } = api.account;
  const address = 'POST https://project.supabase.test/auth/v1/token';
  const headers = { apikey: SUPABASE_API_KEY };
  const login = `${address}?grant_type=password`;
  expect((await ask(api, login, { json: { email, password } })).status).toBe(401);
  expect(await ask(api, login, { headers, json: { email, password: 'x' } })).toMatchObject({
    status: 400,
    body: { error_code: 'invalid_credentials' },
  });
  const { body } = await ask(api, login, { headers, json: { email, password } });
  expect(body).toMatchObject({ expires_in: 3600, expires_at: START_MS / 1000 + 3600 });
  const renewal = { headers, json: { refresh_token: body.refresh_token } };
  expect((await ask(api, `${address}?grant_type=refresh_token`, renewal)).status).toBe(200);
  expect((await ask(api, `${address}?grant_type=refresh_token`, renewal)).body.error_code).toBe(
    'refresh_token_not_found',
  );
  const known = { headers: { ...headers, ...bearer(body.access_token) } };
  const probe = 'GET https://project.supabase.test/auth/v1/user';
  expect((await ask(api, probe, known)).status).toBe(200);
  expect((await ask(api, 'POST https://project.supabase.test/auth/v1/logout', known)).status).toBe(
    204,
  );
  expect((await ask(api, probe, known)).status).toBe(403);
});

test('Firebase: renewal at another host, form in, snake_case out, seconds as text', async () => {
  const api = fresh('firebase');
  const { username: email, password } = api.account;
  const login = `POST https://identitytoolkit.googleapis.com/v1/accounts:signInWithPassword?key=${FIREBASE_API_KEY}`;
  const fields = { email, password, returnSecureToken: true };
  expect(await ask(api, login, { json: { ...fields, password: 'x' } })).toMatchObject({
    status: 400,
    body: { error: { code: 400, message: 'INVALID_LOGIN_CREDENTIALS' } },
  });
  expect((await ask(api, login.replace('key', 'no'), { json: fields })).status).toBe(400);
  expect((await ask(api, login, { json: { email, password } })).body).not.toHaveProperty('idToken');
  const { body } = await ask(api, login, { json: fields });
  expect(body.expiresIn).toBe('3600');
  const renewal = `POST https://securetoken.googleapis.com/v1/token?key=${FIREBASE_API_KEY}`;
  const form = { grant_type: 'refresh_token', refresh_token: body.refreshToken };
  expect((await ask(api, renewal, { json: form })).status).toBe(400);
  const renewed = await ask(api, renewal, { form });
  expect(renewed.body).toMatchObject({ refresh_token: body.refreshToken, expires_in: '3600' });
  const probe = `GET https://firestore.googleapis.com/v1/projects/${FIREBASE_PROJECT}/databases/(default)/documents/users/u-1`;
  expect((await ask(api, probe, { headers: bearer(renewed.body.id_token) })).status).toBe(200);
  api.revokeRefreshTokens();
  expect((await ask(api, renewal, { form })).body.error.message).toBe('INVALID_REFRESH_TOKEN');
});

test('Matrix: nested identifier, milliseconds, a refresh token that may be missing from a renewal', async () => {
  const api = fresh('matrix');
  const { username: user, password } = api.account;
  const login = 'POST https://matrix.test/_matrix/client/v3/login';
  const fields = {
    type: 'm.login.password',
    identifier: { type: 'm.id.user', user },
    password,
    refresh_token: true,
  };
  expect((await ask(api, login, { json: { ...fields, identifier: undefined, user } })).status).toBe(
    400,
  );
  expect(await ask(api, login, { json: { ...fields, password: 'x' } })).toMatchObject({
    status: 403,
    body: { errcode: 'M_FORBIDDEN' },
  });
  const { body } = await ask(api, login, { json: fields });
  expect(body.expires_in_ms).toBe(300_000);
  api.behave({ refreshRule: 'omitted' });
  const renewal = 'POST https://matrix.test/_matrix/client/v3/refresh';
  const renewed = await ask(api, renewal, { json: { refresh_token: body.refresh_token } });
  expect(renewed.body.refresh_token).toBeUndefined();
  expect((await ask(api, renewal, { json: { refresh_token: body.refresh_token } })).status).toBe(
    200,
  );
  api.behave({ lifetimeSeconds: Infinity });
  expect(JSON.stringify((await ask(api, login, { json: fields })).body)).not.toContain('expires');
  const probe = 'GET https://matrix.test/_matrix/client/v3/account/whoami';
  expect((await ask(api, probe, { headers: bearer(body.access_token) })).body.user_id).toBe(
    '@ada:matrix.test',
  );
  api.expireTokens();
  expect((await ask(api, probe, { headers: bearer(body.access_token) })).body).toMatchObject({
    errcode: 'M_UNKNOWN_TOKEN',
    soft_logout: true,
  });
});

test('PocketBase: the bare token in the header renews itself, the old one stays good', async () => {
  const api = fresh('pocketBase');
  const { username: identity, password } = api.account;
  const users = 'https://pocketbase.test/api/collections/users';
  const login = `POST ${users}/auth-with-password`;
  expect((await ask(api, login, { json: { email: identity, password } })).body.data).toHaveProperty(
    'identity.code',
  );
  expect((await ask(api, login, { json: { identity, password: 'x' } })).status).toBe(400);
  const { token } = (await ask(api, login, { json: { identity, password } })).body;
  expect(claimsOf(token).exp).toBe(START_MS / 1000 + 604_800);
  const renewal = `POST ${users}/auth-refresh`;
  expect((await ask(api, renewal, { headers: bearer(token) })).status).toBe(401);
  const renewed = await ask(api, renewal, { headers: { authorization: token } });
  const probe = `GET ${users}/records/ada000000000001`;
  for (const authorization of [token, renewed.body.token]) {
    expect((await ask(api, probe, { headers: { authorization } })).status).toBe(200);
  }
  expect((await ask(api, probe, { headers: bearer(token) })).status).toBe(404);
});

test('Proxmox: a ticket as cookie, renewed as its own password, and a header for writes', async () => {
  const api = fresh('proxmox');
  const login = 'POST https://proxmox.test/api2/json/access/ticket';
  const { username } = api.account;
  expect((await ask(api, login, { json: api.account })).status).toBe(401);
  expect((await ask(api, login, { form: { username, password: 'x' } })).body).toEqual({
    data: null,
  });
  const { ticket, CSRFPreventionToken: csrf } = (
    await ask(api, login, { form: { ...api.account } })
  ).body.data;
  nowMs += 7_199_000;
  const renewed = await ask(api, login, { form: { username, password: ticket } });
  expect(renewed.status).toBe(200);
  const cookie = `other=1; PVEAuthCookie=${encodeURIComponent(ticket)}`;
  const probe = 'GET https://proxmox.test/api2/json/access/permissions';
  expect((await ask(api, probe, { headers: { cookie } })).status).toBe(200);
  const write = 'POST https://proxmox.test/api2/json/pools';
  expect((await ask(api, write, { headers: { cookie } })).status).toBe(401);
  const withHeader = { headers: { cookie, csrfpreventiontoken: csrf } };
  expect((await ask(api, write, withHeader)).status).toBe(200);
  nowMs += 1000;
  expect((await ask(api, probe, { headers: { cookie } })).status).toBe(401);
  expect((await ask(api, login, { form: { username, password: ticket } })).status).toBe(401);
});

test('Veeam: the OAuth password grant with a revision header', async () => {
  const api = fresh('veeam');
  const address = 'POST https://veeam.test:9419/api/oauth2/token';
  const headers = { 'x-api-version': '1.3-rev0' };
  const form = { grant_type: 'password', ...api.account };
  expect((await ask(api, address, { form })).status).toBe(400);
  expect(
    (await ask(api, address, { headers, form: { ...form, password: 'x' } })).body,
  ).toMatchObject({
    errorCode: 'AuthenticationFailed',
  });
  const { body } = await ask(api, address, { headers, form });
  expect(body.expires_in).toBe(900);
  const renewal = { grant_type: 'refresh_token', refresh_token: body.refresh_token };
  expect((await ask(api, address, { headers, form: renewal })).status).toBe(200);
  expect((await ask(api, address, { headers, form: renewal })).status).toBe(401);
  const known = { headers: { ...headers, ...bearer(body.access_token) } };
  expect((await ask(api, 'GET https://veeam.test:9419/api/v1/serverInfo', known)).status).toBe(200);
});

test('each step can be made to misbehave, late too, until the reset', async () => {
  const api = fresh('directus');
  const { username: email, password } = api.account;
  const login = 'POST https://directus.test/auth/login';
  api.behave({ login: () => ({ ...HTML_INSTEAD_OF_JSON, status: 502 }) });
  expect(await ask(api, login, { json: { email, password } })).toMatchObject({ status: 502 });

  const gate = Promise.withResolvers<undefined>();
  api.behave({
    login: async (_request, ordinary) => {
      await gate.promise;
      return ordinary();
    },
  });
  const late = ask(api, login, { json: { email, password } });
  expect(api.liveTokens()).toBe(0);
  gate.resolve(undefined);
  const { body } = await late;
  expect(api.requests('login')).toHaveLength(2);
  expect(api.canaries()).toContain(body.data.refresh_token);
  api.reset();
  expect(api.requests()).toHaveLength(0);
  expect((await ask(api, login, { json: { email, password } })).status).toBe(200);
});

test('unknown addresses and methods are refused', async () => {
  const api = fresh('directus');
  expect((await ask(api, 'POST https://directus.test/nowhere')).status).toBe(404);
  expect((await ask(api, 'GET https://directus.test/auth/login')).status).toBe(405);
});
