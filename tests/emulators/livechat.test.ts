import { beforeEach, expect, test } from 'vitest';
import { HTML_INSTEAD_OF_JSON, s256, WRONG_PASSWORD } from './emulator-parts.ts';
import {
  createLiveChat,
  LIVECHAT_ACCOUNTS_HOST,
  LIVECHAT_API_HOST,
  LIVECHAT_LOOKALIKE_HOST,
  LIVECHAT_PAT,
  LIVECHAT_SERVER_APP,
  LIVECHAT_WEB_APP,
  type LiveChat,
  type LiveChatApp,
} from './livechat.ts';
import type { SiteAnswer } from './site.ts';
import { createSiteCaller, type SiteCaller } from './site-caller.ts';

interface PairBody {
  readonly access_token: string;
  readonly refresh_token: string;
}

const ACCOUNTS = `https://${LIVECHAT_ACCOUNTS_HOST}`;

let nowMs: number;
let livechat: LiveChat;
let caller: SiteCaller;
let signedIn: boolean;

beforeEach(() => {
  nowMs = Date.UTC(2026, 0, 1);
  livechat = createLiveChat({ now: () => nowMs });
  caller = createSiteCaller(livechat);
  signedIn = false;
});

function authorizeUrl(
  app: LiveChatApp,
  responseType: string,
  more: Readonly<Record<string, string>> = {},
): string {
  const query = new URLSearchParams({
    response_type: responseType,
    client_id: app.clientId,
    redirect_uri: 'https://localhost',
    ...more,
  });
  return `${ACCOUNTS}/?${String(query)}`;
}

function askToken(app: LiveChatApp, form: Readonly<Record<string, string>>): Promise<SiteAnswer> {
  const secret = app.clientSecret === undefined ? {} : { client_secret: app.clientSecret };
  return caller.ask(`${ACCOUNTS}/v2/token`, {
    form: { client_id: app.clientId, ...secret, ...form },
  });
}

async function redeem(
  app: LiveChatApp,
  challenge: Readonly<Record<string, string>> = {},
  verifier: Readonly<Record<string, string>> = {},
): Promise<SiteAnswer> {
  const asked = authorizeUrl(app, 'code', challenge);
  const { url } = await (signedIn ? caller.visit(asked) : caller.signIn(asked));
  signedIn = true;
  return askToken(app, {
    grant_type: 'authorization_code',
    code: url.searchParams.get('code') ?? '',
    redirect_uri: 'https://localhost',
    ...verifier,
  });
}

async function serverPair(): Promise<PairBody> {
  return (await redeem(LIVECHAT_SERVER_APP)).body as PairBody;
}

function refresh(app: LiveChatApp, refreshToken: string): Promise<SiteAnswer> {
  return askToken(app, { grant_type: 'refresh_token', refresh_token: refreshToken });
}

function askWith(authorization: string, url: string, method = 'GET'): Promise<SiteAnswer> {
  return caller.ask(url, { method, headers: { authorization } });
}

test('implicit: the token is in the fragment, encoded once, for 8 hours', async () => {
  const asked = authorizeUrl(LIVECHAT_WEB_APP, 'token', { state: 'a state' });
  const refused = await caller.signIn(asked, 'ada', WRONG_PASSWORD);
  expect(refused.url.searchParams.get('identity_exception')).toBe('unauthorized');
  expect(refused.answer?.body).toContain('Incorrect');
  const { url, answer } = await caller.signIn(asked);
  expect(answer).toBeUndefined();
  expect(url.href).toMatch(
    /^https:\/\/localhost\/#access_token=dal%3A[\w-]+&token_type=Bearer&expires_in=28800&state=a\+state$/,
  );
  const token = new URLSearchParams(url.hash.slice(1)).get('access_token') ?? '';
  expect(livechat.liveAccessTokens()).toStrictEqual([token]);
  expect((await askWith(`Bearer ${token}`, `${ACCOUNTS}/v2/info`)).body).not.toHaveProperty(
    'refresh_token',
  );
  nowMs += 28_800_000;
  expect((await askWith(`Bearer ${token}`, `${ACCOUNTS}/v2/info`)).status).toBe(401);
});

test('what is wrong with a request to authorize ends at /ooops and never at the redirect URI', async () => {
  const server = LIVECHAT_SERVER_APP;
  const web = LIVECHAT_WEB_APP;
  const cases: readonly (readonly [url: string, exception: string, details: string | null])[] = [
    [
      authorizeUrl({ ...web, clientId: '?' }, 'token'),
      'unauthorized_client',
      'client_id_not_found',
    ],
    ...[
      'http://localhost',
      'https://localhost:8443',
      'https://localhost.evil.example',
      'https://localhost?a=1',
      'https://localhost/#a',
      'https://localhost/a/../b',
      'app://localhost',
      '',
    ].map(
      (uri) =>
        [
          authorizeUrl(web, 'token', { redirect_uri: uri }),
          'unauthorized_client',
          'invalid_redirect_uri',
        ] as const,
    ),
    [authorizeUrl(web, 'id_token'), 'unsupported_response_type', null],
    [authorizeUrl(web, 'code'), 'invalid_request', null],
    [authorizeUrl(server, 'token'), 'invalid_request', null],
    [authorizeUrl(web, 'token', { scope: 'accounts--my:ro chats--all:ro' }), 'invalid_scope', null],
  ];
  for (const [asked, exception, details] of cases) {
    const { url, answer } = await caller.visit(asked);
    expect(url.pathname, asked).toBe('/ooops');
    expect(url.searchParams.get('oauth_exception'), asked).toBe(exception);
    expect(url.searchParams.get('exception_details'), asked).toBe(details);
    expect(answer?.body).toContain('Ooops');
  }
});

test('a path may go on after the registered one; custom schemes need PKCE', async () => {
  const app = {
    ...LIVECHAT_WEB_APP,
    redirectUris: ['http://127.0.0.1:3000/callback', 'app://callback'],
  };
  livechat = createLiveChat({ apps: [app], now: () => nowMs });
  caller = createSiteCaller(livechat);
  const deeper = { redirect_uri: 'http://127.0.0.1:3000/callback/limited' };
  expect((await caller.signIn(authorizeUrl(app, 'token', deeper))).url.pathname).toBe(
    '/callback/limited',
  );
  const shorter = { redirect_uri: 'http://127.0.0.1:3000/' };
  expect((await caller.visit(authorizeUrl(app, 'token', shorter))).url.pathname).toBe('/ooops');
  const custom = { redirect_uri: 'app://callback', code_challenge: 'x'.repeat(43) };
  expect((await caller.visit(authorizeUrl(app, 'code', custom))).url.protocol).toBe('app:');
});

test('the fourth redirect in half a minute is taken for a loop', async () => {
  const asked = authorizeUrl(LIVECHAT_WEB_APP, 'token');
  await caller.signIn(asked);
  await caller.visit(asked);
  expect((await caller.visit(asked)).url.host).toBe('localhost');
  const { url } = await caller.visit(asked);
  expect(url.searchParams.get('exception_details')).toBe('too_many_redirects');
  nowMs += 30_000;
  expect((await caller.visit(asked)).url.host).toBe('localhost');
});

test('server app: a secret, scopes by comma, and a refresh token that stays', async () => {
  const scope = 'accounts--my:ro,agents--all:ro';
  const answer = await redeem(LIVECHAT_SERVER_APP, { scope });
  expect(answer.body).toStrictEqual({
    access_token: expect.stringMatching(/^dal:/),
    account_id: expect.stringMatching(/^[\da-f-]{36}$/),
    expires_in: 28_800,
    organization_id: expect.stringMatching(/^[\da-f-]{36}$/),
    refresh_token: expect.stringMatching(/^[^:]+$/),
    scope,
    token_type: 'Bearer',
  });
  const { refresh_token } = answer.body as PairBody;
  for (let time = 1; time <= 2; time += 1) {
    expect(await refresh(LIVECHAT_SERVER_APP, refresh_token)).toMatchObject({
      status: 200,
      body: { refresh_token },
    });
  }
  const json = {
    grant_type: 'refresh_token',
    refresh_token,
    client_id: LIVECHAT_SERVER_APP.clientId,
    client_secret: LIVECHAT_SERVER_APP.clientSecret,
  };
  expect((await caller.ask(`${ACCOUNTS}/v2/token`, { json })).status).toBe(200);
  const wrong = { ...LIVECHAT_SERVER_APP, clientSecret: 'wrong' };
  expect((await refresh(wrong, refresh_token)).body).toMatchObject({
    error: 'unauthorized_client',
  });
  expect((await refresh(LIVECHAT_WEB_APP, refresh_token)).body).toMatchObject({
    error: 'invalid_client',
  });
  expect(livechat.tokenCalls('refresh_token')).toBe(5);
  livechat.expireRefreshTokens();
  expect((await refresh(LIVECHAT_SERVER_APP, refresh_token)).body).toMatchObject({
    error: 'invalid_grant',
  });
});

test('web app: code with PKCE, S256 or plain, and refresh tokens for single use', async () => {
  const verifier = 'v'.repeat(43);
  const proof = { code_verifier: verifier };
  const hashed = { code_challenge: s256(verifier), code_challenge_method: 'S256' };
  const answer = await redeem(LIVECHAT_WEB_APP, hashed, proof);
  expect(answer.status).toBe(200);
  expect((await redeem(LIVECHAT_WEB_APP, { code_challenge: verifier }, proof)).status).toBe(200);
  nowMs += 30_000;
  livechat.behave({ acceptsS256: false });
  expect((await redeem(LIVECHAT_WEB_APP, hashed, proof)).body).toMatchObject({
    error: 'invalid_grant',
  });
  const { refresh_token } = answer.body as PairBody;
  const renewed = (await refresh(LIVECHAT_WEB_APP, refresh_token)).body as PairBody;
  expect(renewed.refresh_token).not.toBe(refresh_token);
  expect((await refresh(LIVECHAT_WEB_APP, refresh_token)).body).toMatchObject({
    error: 'unauthorized_client',
  });
  expect((await refresh(LIVECHAT_WEB_APP, renewed.refresh_token)).status).toBe(200);
});

test('a code is good once and for a few minutes', async () => {
  await redeem(LIVECHAT_SERVER_APP);
  const used = livechat.requests('/v2/token')[0]?.form.get('code') ?? '';
  const again = { grant_type: 'authorization_code', code: used, redirect_uri: 'https://localhost' };
  expect((await askToken(LIVECHAT_SERVER_APP, again)).body).toMatchObject({
    error: 'unauthorized_client',
  });
  const { url } = await caller.visit(authorizeUrl(LIVECHAT_SERVER_APP, 'code'));
  nowMs += 3 * 60_000;
  const late = { ...again, code: url.searchParams.get('code') ?? '' };
  expect((await askToken(LIVECHAT_SERVER_APP, late)).status).toBe(401);
});

test('a pair dies together; what is unknown is a 404', async () => {
  const first = await serverPair();
  const revoke = (token: string): Promise<SiteAnswer> =>
    askWith(`Bearer ${token}`, `${ACCOUNTS}/v2/token`, 'DELETE');
  expect(await revoke(first.access_token)).toMatchObject({ status: 200, body: {} });
  expect((await refresh(LIVECHAT_SERVER_APP, first.refresh_token)).status).toBe(401);
  expect(await revoke(first.access_token)).toMatchObject({
    status: 404,
    body: { error: 'resource_not_found' },
  });
  const second = await serverPair();
  const inQuery = `${ACCOUNTS}/v2/token?code=${encodeURIComponent(second.refresh_token)}`;
  expect((await caller.ask(inQuery, { method: 'DELETE' })).status).toBe(200);
  expect(livechat.liveAccessTokens()).toStrictEqual([]);
  expect(livechat.liveRefreshTokens()).toStrictEqual([]);
});

test('the 26th token silently revokes the oldest', async () => {
  const { access_token, refresh_token } = await serverPair();
  for (let count = 2; count <= 25; count += 1) await refresh(LIVECHAT_SERVER_APP, refresh_token);
  expect((await askWith(`Bearer ${access_token}`, `${ACCOUNTS}/v2/info`)).status).toBe(200);
  await refresh(LIVECHAT_SERVER_APP, refresh_token);
  expect((await askWith(`Bearer ${access_token}`, `${ACCOUNTS}/v2/info`)).status).toBe(401);
  expect(livechat.liveAccessTokens()).toHaveLength(25);
});

test('/v2/info tells what remains, of access tokens only', async () => {
  const { access_token, refresh_token } = await serverPair();
  nowMs += 1_800_500;
  const inQuery = `${ACCOUNTS}/v2/info?code=${encodeURIComponent(access_token)}`;
  expect((await caller.ask(inQuery)).body).toMatchObject({
    access_token,
    refresh_token,
    client_id: LIVECHAT_SERVER_APP.clientId,
    expires_in: 26_999,
    token_type: 'Bearer',
  });
  expect((await askWith(`Bearer ${refresh_token}`, `${ACCOUNTS}/v2/info`)).status).toBe(401);
});

test('who am I: by Bearer with the scope, or by Personal Access Token as Basic', async () => {
  const me = `${ACCOUNTS}/v2/accounts/me`;
  const { accountId, token } = LIVECHAT_PAT;
  const basic = Buffer.from(`${accountId}:${token}`).toString('base64');
  expect((await askWith(`Basic ${basic}`, me)).body).toMatchObject({ account_id: accountId });
  expect((await askWith(`Bearer ${token}`, me)).body).toMatchObject({ error: 'unauthorized' });
  const answer = await redeem(LIVECHAT_SERVER_APP, { scope: 'chats--all:ro' });
  const { access_token } = answer.body as PairBody;
  expect(await askWith(`Bearer ${access_token}`, me)).toMatchObject({
    status: 403,
    body: { sub_error: 'insufficient_scope' },
  });
  const mine = `${ACCOUNTS}/v2/organizations/my`;
  expect((await askWith(`Bearer ${access_token}`, mine)).status).toBe(200);
});

test('product APIs want the token decoded, and its region', async () => {
  livechat.behave({ region: 'fra-a' });
  const { access_token } = await serverPair();
  const action = `https://${LIVECHAT_API_HOST}/v3.6/configuration/action/list_agents`;
  const headers = { authorization: `Bearer ${access_token}`, 'x-region': 'fra-a' };
  expect((await caller.ask(action, { method: 'POST', headers })).status).toBe(200);
  expect(await askWith(`Bearer ${access_token}`, action, 'POST')).toMatchObject({
    status: 421,
    body: { error: { type: 'misdirected_request', data: { region: 'fra-a' } } },
  });
  expect(await askWith(`Bearer ${encodeURIComponent(access_token)}`, action, 'POST')).toMatchObject(
    { status: 401, body: { error: { type: 'authentication' } } },
  );
});

test('switches: a look-alike host, the error page, other answers; reset takes all back', async () => {
  const asked = authorizeUrl(LIVECHAT_WEB_APP, 'token');
  livechat.behave({ lookalikeRedirect: true, tokenAnswer: HTML_INSTEAD_OF_JSON });
  expect((await caller.signIn(asked)).url.host).toBe(LIVECHAT_LOOKALIKE_HOST);
  expect((await refresh(LIVECHAT_WEB_APP, 'any')).body).toContain('<!doctype html>');
  livechat.behave({ oauthException: 'server_error', apiAnswer: { status: 429 } });
  expect((await caller.visit(asked)).url.search).toBe('?oauth_exception=server_error');
  expect(await caller.ask(`${ACCOUNTS}/v2/info`)).toStrictEqual({ status: 429 });
  livechat.reset();
  expect(livechat.canaries()).toStrictEqual([]);
  expect((await caller.signIn(asked)).url.host).toBe('localhost');
  livechat.endWebSessions();
  expect((await caller.visit(asked)).answer?.body).toContain('id="password"');
});
