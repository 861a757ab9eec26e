import { beforeEach, expect, test } from 'vitest';
import { s256, WRONG_PASSWORD } from './emulator-parts.ts';
import {
  createLimio,
  LIMIO_ANALYTICS_HOST,
  LIMIO_LOOKALIKE_HOST,
  LIMIO_SSO_HOST,
  type Limio,
} from './limio.ts';
import type { SiteAnswer } from './site.ts';
import { createSiteCaller, type SiteCaller } from './site-caller.ts';

const TENANT = 'https://acme.prod.limio.com';
const REDIRECT_URI = 'https://localhost/callback';
const KEY = 'limio-publishable-key';

let nowMs: number;
let limio: Limio;
let caller: SiteCaller;

beforeEach(() => {
  nowMs = Date.UTC(2026, 0, 1);
  limio = createLimio({ now: () => nowMs, apiKeys: [KEY] });
  caller = createSiteCaller(limio);
});

function authorizeUrl(more: Readonly<Record<string, string>> = {}): string {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: limio.clientId,
    redirect_uri: REDIRECT_URI,
    state: 'a state',
    scope: 'openid',
    ...more,
  });
  return `${TENANT}/oauth2/authorize?${String(query)}`;
}

function credentials(): Readonly<Record<string, string>> {
  return { client_id: limio.clientId, client_secret: limio.clientSecret };
}

function askToken(form: Readonly<Record<string, string>>, tenant = TENANT): Promise<SiteAnswer> {
  return caller.ask(`${tenant}/oauth2/token`, { form });
}

function askApi(path: string, authorization: string, tenant = TENANT): Promise<SiteAnswer> {
  return caller.ask(`${tenant}${path}`, { headers: { authorization } });
}

async function clientToken(): Promise<string> {
  const answer = await askToken({ grant_type: 'client_credentials', ...credentials() });
  return (answer.body as { readonly access_token: string }).access_token;
}

async function redeem(more: Readonly<Record<string, string>> = {}): Promise<SiteAnswer> {
  const { url } = await caller.signIn(authorizeUrl());
  return askToken({
    grant_type: 'authorization_code',
    code: url.searchParams.get('code') ?? '',
    redirect_uri: REDIRECT_URI,
    ...credentials(),
    ...more,
  });
}

test('the login is on the SSO host, and the code comes back with the state', async () => {
  const login = await caller.visit(authorizeUrl());
  expect(login.url.host).toBe(LIMIO_SSO_HOST);
  const refused = await caller.signIn(authorizeUrl(), 'ada', WRONG_PASSWORD);
  expect(refused.url.host).toBe(LIMIO_SSO_HOST);
  expect(refused.answer?.body).toContain('Unable to sign in');
  const { url, answer } = await caller.signIn(authorizeUrl());
  expect(answer).toBeUndefined();
  expect(url.href).toMatch(/^https:\/\/localhost\/callback\?code=[\w-]+&state=a\+state$/);
  expect(limio.canaries()).toContain(url.searchParams.get('code'));
});

test('an unknown client and a foreign redirect URI end on an error page', async () => {
  for (const wrong of [{ client_id: 'other' }, { redirect_uri: 'https://localhost/other' }]) {
    const { url, answer } = await caller.visit(authorizeUrl(wrong));
    expect(url.pathname).toBe('/error');
    expect(answer?.status).toBe(400);
  }
});

test('a code is good for one redemption, for its tenant, redirect URI and verifier', async () => {
  const good = await redeem();
  expect(good.body).toStrictEqual({
    access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
    expires_in: 3600,
    token_type: 'Bearer',
  });
  const code = limio.requests('/oauth2/token')[0]?.form.get('code') ?? '';
  expect((await redeem({ code })).body).toStrictEqual({ error: 'invalid_grant' });
  expect((await redeem({ redirect_uri: 'https://localhost/other' })).status).toBe(400);

  const { url } = await caller.signIn(
    authorizeUrl({ code_challenge: s256('a verifier'), code_challenge_method: 'S256' }),
  );
  const form = {
    grant_type: 'authorization_code',
    code: url.searchParams.get('code') ?? '',
    redirect_uri: REDIRECT_URI,
    ...credentials(),
  };
  expect((await askToken({ ...form, code_verifier: 'another' })).status).toBe(400);
});

test('refresh tokens come by switch, and a refresh brings no other', async () => {
  limio.behave({ issuesRefreshTokens: true });
  const { refresh_token } = (await redeem()).body as { readonly refresh_token: string };
  const refresh = { grant_type: 'refresh_token', refresh_token, ...credentials() };
  for (let time = 1; time <= 2; time += 1) {
    const answer = await askToken(refresh);
    expect(answer.status).toBe(200);
    expect(answer.body).not.toHaveProperty('refresh_token');
  }
  expect(limio.tokenCalls('refresh_token')).toBe(2);
  limio.endSessions();
  expect((await askToken(refresh)).body).toStrictEqual({ error: 'invalid_grant' });
});

test('the token endpoint takes credentials in the body or as Basic, by switch as Basic only', async () => {
  const grant = { grant_type: 'client_credentials' };
  const inBody = { ...grant, ...credentials() };
  const basic = Buffer.from(`${limio.clientId}:${limio.clientSecret}`).toString('base64');
  const inHeader = { form: grant, headers: { authorization: `Basic ${basic}` } };
  expect((await askToken(inBody)).status).toBe(200);
  expect((await caller.ask(`${TENANT}/oauth2/token`, inHeader)).status).toBe(200);
  expect(await askToken({ ...inBody, client_secret: 'wrong' })).toMatchObject({
    status: 400,
    body: { error: 'invalid_client' },
  });
  limio.behave({ acceptsOnlyBasic: true, invalidClientStatus: 401 });
  expect(await askToken(inBody)).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
  expect((await caller.ask(`${TENANT}/oauth2/token`, inHeader)).status).toBe(200);
  expect((await askToken({ ...inBody, grant_type: 'password' })).status).toBe(401);
});

test('a token opens the API of its tenant for an hour', async () => {
  const token = await clientToken();
  for (const path of [
    '/api/objects/limio/subscriptions?limit=1',
    '/api/component/builds',
    '/api/offers/v2',
    '/api/campaigns?opt.pageSize=1',
  ]) {
    expect((await askApi(path, `Bearer ${token}`)).status, path).toBe(200);
  }
  expect((await askApi('/api/user', `Bearer ${token}`)).status).toBe(403);
  expect(
    (await askApi('/api/offers/v2', `Bearer ${token}`, 'https://b.dev.limio.com')).status,
  ).toBe(401);
  nowMs += 3_599_000;
  expect((await askApi('/api/offers/v2', `Bearer ${token}`)).status).toBe(200);
  nowMs += 1_000;
  expect(await askApi('/api/offers/v2', `Bearer ${token}`)).toMatchObject({
    status: 401,
    body: { message: 'Unauthorized' },
  });
});

test('a legacy key goes bare, reads the old catalogue only, and is gone for good', async () => {
  expect((await askApi('/api/campaigns', KEY)).status).toBe(200);
  expect((await askApi('/api/campaigns', `Bearer ${KEY}`)).status).toBe(401);
  expect((await askApi('/api/offers/v2', KEY)).status).toBe(401);
  expect((await askApi('/api/campaigns', 'unknown')).status).toBe(401);
  const write = { method: 'POST', headers: { authorization: KEY } };
  expect((await caller.ask(`${TENANT}/api/campaigns`, write)).status).toBe(401);
  limio.deleteApiKey(KEY);
  expect((await askApi('/api/campaigns', KEY)).status).toBe(401);
  expect(() => createLimio({ apiKeys: ['1', '2', '3'] })).toThrow('two');
});

test('the web app makes its calls with a token of its own, and others with other headers', async () => {
  const { url, answer } = await caller.signIn(`${TENANT}/`, 'ada');
  expect(url.href).toBe(`${TENANT}/`);
  const [token = ''] = limio.appTokens();
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
    readonly exp: number;
  };
  expect(claims.exp * 1000).toBe(nowMs + 3_600_000);
  expect((await askApi('/api/user', `Bearer ${token}`)).body).toStrictEqual({ username: 'ada' });
  const page = String(answer?.body);
  expect(page).toContain(`Bearer ${token}`);
  expect(page).toContain(`https://${LIMIO_ANALYTICS_HOST}/api/track`);
  for (const decoy of limio.decoys()) expect(page).toContain(decoy);
  expect(limio.decoys()).toHaveLength(2);
  expect(
    (await caller.ask(`https://${LIMIO_ANALYTICS_HOST}/api/track`, { method: 'OPTIONS' })).headers,
  ).toMatchObject({ 'access-control-allow-headers': 'authorization' });
});

test('while its session lives the web app gives new tokens without a login', async () => {
  await caller.signIn(`${TENANT}/`);
  limio.behave({ appToken: 'opaque' });
  expect((await caller.visit(`${TENANT}/`)).url.host).toBe('acme.prod.limio.com');
  expect(limio.appTokens()).toHaveLength(2);
  expect(limio.appTokens()[1]).not.toContain('.');
  limio.endWebSessions();
  expect((await caller.visit(`${TENANT}/`)).url.host).toBe(LIMIO_SSO_HOST);
  limio.behave({ webSession: 'dead' });
  expect((await caller.signIn(`${TENANT}/`)).url.host).toBe(LIMIO_SSO_HOST);
});

test('switches: a look-alike host, other answers; reset takes all back', async () => {
  limio.behave({
    lookalikeRedirect: true,
    tokenAnswer: { status: 503 },
    apiAnswer: { body: '<p>' },
    addsIdToken: true,
  });
  expect((await caller.signIn(authorizeUrl())).url.host).toBe(LIMIO_LOOKALIKE_HOST);
  expect(await askToken(credentials())).toStrictEqual({ status: 503 });
  expect(await askApi('/api/user', '')).toStrictEqual({ body: '<p>' });
  limio.deleteApiKey(KEY);
  limio.reset();
  expect(limio.canaries()).toStrictEqual([]);
  expect(limio.requests()).toStrictEqual([]);
  expect((await askApi('/api/campaigns', KEY)).status).toBe(200);
  expect((await redeem()).body).not.toHaveProperty('id_token');
});
