import { beforeEach, expect, test } from 'vitest';
import { ask } from './asking.ts';
import {
  jellyfin,
  KALTURA_PARTNER_ID,
  kaltura,
  magento,
  MAGENTO_OTP,
  nextcloud,
  zabbix,
} from './rest-apis.ts';

const START_MS = 1_700_000_000_000;
let nowMs: number;
const now = (): number => nowMs;
beforeEach(() => {
  nowMs = START_MS;
});

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

test('Jellyfin: the MediaBrowser header names the client, then carries the token', async () => {
  const api = jellyfin(now);
  const json = { Username: api.account.username, Pw: api.account.password };
  const authorization =
    'MediaBrowser Client="Bearer Tray", Device="Desk", DeviceId="d-1", Version="1"';
  const login = 'POST https://jellyfin.test/Users/AuthenticateByName';
  expect((await ask(api, login, { json })).status).toBe(400);
  const wrong = { headers: { authorization }, json: { ...json, Pw: 'x' } };
  expect((await ask(api, login, wrong)).status).toBe(401);
  const { AccessToken: token } = (await ask(api, login, { headers: { authorization }, json })).body;
  const headers = { authorization: `${authorization}, Token="${token}"` };
  expect((await ask(api, 'GET https://jellyfin.test/Users/Me', { headers })).status).toBe(200);
  expect(
    (await ask(api, 'GET https://jellyfin.test/Users/Me', { headers: bearer(token) })).status,
  ).toBe(401);
  expect((await ask(api, 'POST https://jellyfin.test/Sessions/Logout', { headers })).status).toBe(
    204,
  );
  expect((await ask(api, 'GET https://jellyfin.test/Users/Me', { headers })).status).toBe(401);
});

test('Magento: the body is the token, one hour for customers and four for admins', async () => {
  const api = magento(now);
  const login = 'POST https://magento.test/rest/default/V1/integration/customer/token';
  expect(await ask(api, login, { json: { username: 'ada' } })).toMatchObject({ status: 400 });
  expect((await ask(api, login, { json: { ...api.account, password: 'x' } })).status).toBe(401);
  const { headers, body } = await ask(api, login, { json: api.account });
  expect(headers).toEqual({ 'content-type': 'application/json' });
  const token = JSON.parse(body) as string;
  const probe = 'GET https://magento.test/rest/V1/customers/me';
  expect((await ask(api, probe, { headers: bearer(token) })).status).toBe(200);
  const admin = 'POST https://magento.test/rest/V1/tfa/provider/google/authenticate';
  const adminLogin = await ask(api, admin, { json: { ...api.account, otp: MAGENTO_OTP } });
  nowMs += 3600_000;
  expect((await ask(api, probe, { headers: bearer(token) })).status).toBe(401);
  expect((await ask(api, probe, { headers: bearer(JSON.parse(adminLogin.body)) })).status).toBe(
    200,
  );
});

test('Zabbix: refusals are 200 with an error, auth in the body is refused, sessions pile up', async () => {
  const api = zabbix(now);
  const rpc = 'POST https://zabbix.test/api_jsonrpc.php';
  const call = (method: string, params: unknown, more = {}): { json: object } => ({
    json: { jsonrpc: '2.0', id: 1, method, params, ...more },
  });
  expect(await ask(api, rpc, call('user.login', { ...api.account, password: 'x' }))).toMatchObject({
    status: 200,
    body: { error: { code: -32500 }, id: 1 },
  });
  const token = (await ask(api, rpc, call('user.login', api.account))).body.result as string;
  const withData = await ask(api, rpc, call('user.login', { ...api.account, userData: true }));
  expect(withData.body.result.sessionid).toMatch(/^[0-9a-f]{32}$/);
  expect(api.liveTokens()).toBe(2);
  expect((await ask(api, rpc, call('host.get', {}, { auth: token }))).body.error.code).toBe(-32600);
  const untyped = { headers: { ...bearer(token), 'content-type': 'text/plain' } };
  expect((await ask(api, rpc, { ...call('user.get', {}), ...untyped })).status).toBe(412);
  const json = { headers: { ...bearer(token), 'content-type': 'application/json-rpc' } };
  expect((await ask(api, rpc, { ...call('user.get', {}), ...json })).body.result).toHaveLength(1);
  expect((await ask(api, rpc, { ...call('user.logout', []), ...json })).body.result).toBe(true);
  expect((await ask(api, rpc, { ...call('user.get', {}), ...json })).body.error.code).toBe(-32602);
});

test('Kaltura: the client picks the life, refusals are 200 with an exception', async () => {
  const api = kaltura(now);
  const service = 'POST https://kaltura.test/api_v3/service';
  const form = {
    secret: api.account.password,
    userId: api.account.username,
    partnerId: KALTURA_PARTNER_ID,
    type: '2',
    expiry: '60',
    format: '1',
  };
  expect(
    await ask(api, `${service}/session/action/start`, { form: { ...form, secret: 'x' } }),
  ).toMatchObject({
    status: 200,
    body: expect.stringContaining('KalturaAPIException') as string,
  });
  const xml = await ask(api, `${service}/session/action/start`, { form: { ...form, format: '' } });
  expect(xml.body).toContain('<xml>');
  const { body } = await ask(api, `${service}/session/action/start`, { form });
  const ks = JSON.parse(body) as string;
  const probe = { json: { ks, format: 1 } };
  const known = await ask(api, `${service}/session/action/get`, probe);
  expect(JSON.parse(known.body)).toMatchObject({ ks, expiry: START_MS / 1000 + 60 });
  nowMs += 60_000;
  const expired = await ask(api, `${service}/session/action/get`, probe);
  expect(expired.status).toBe(200);
  expect(JSON.parse(expired.body)).toMatchObject({ code: 'INVALID_KS' });
});

test('Nextcloud: 404 until the person has logged in, 200 once, an app password as Basic', async () => {
  const api = nextcloud(now);
  const { username, password } = api.account;
  const { poll, login } = (await ask(api, 'POST https://nextcloud.test/index.php/login/v2')).body;
  const polling = { form: { token: poll.token as string } };
  expect((await ask(api, `POST ${poll.endpoint}`, polling)).status).toBe(404);
  expect((await ask(api, `GET ${login}`)).body).toContain('id="password"');
  expect((await ask(api, `POST ${login}`, { form: { username, password: 'x' } })).status).toBe(200);
  await ask(api, `POST ${login}`, { form: { username, password } });
  const { body } = await ask(api, `POST ${poll.endpoint}`, polling);
  expect(body).toMatchObject({ server: 'https://nextcloud.test', loginName: username });
  expect((await ask(api, `POST ${poll.endpoint}`, polling)).status).toBe(404);

  const authorization = `Basic ${Buffer.from(`${username}:${body.appPassword}`).toString('base64')}`;
  const whoami = 'GET https://nextcloud.test/ocs/v2.php/cloud/user';
  expect((await ask(api, whoami, { headers: { authorization } })).status).toBe(401);
  const known = { headers: { authorization, 'ocs-apirequest': 'true' } };
  expect((await ask(api, whoami, known)).status).toBe(200);
  const logout = 'DELETE https://nextcloud.test/ocs/v2.php/core/apppassword';
  expect((await ask(api, logout, known)).status).toBe(200);
  expect((await ask(api, whoami, known)).status).toBe(401);
});
