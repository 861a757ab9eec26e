import { beforeEach, expect, test } from 'vitest';
import { HTML_INSTEAD_OF_JSON } from './emulator-parts.ts';
import type { SiteAnswer } from './site.ts';
import { createSiteCaller, type Call, type SiteCaller } from './site-caller.ts';
import { createTeleTracker, TELETRACKER_HOST, type TeleTracker } from './teletracker.ts';

interface SessionBody {
  readonly token: string;
  readonly refreshToken: string;
  readonly tokenExpiration: string;
}

const ONE_DAY = '?start_date=2026-01-01&end_date=2026-01-02';

let nowMs: number;
let teletracker: TeleTracker;
let caller: SiteCaller;

beforeEach(() => {
  nowMs = Date.UTC(2026, 0, 1);
  teletracker = createTeleTracker({ now: () => nowMs });
  caller = createSiteCaller(teletracker);
});

function ask(path: string, call: Call): Promise<SiteAnswer> {
  return caller.ask(`https://${TELETRACKER_HOST}${path}`, call);
}

function login(more: Readonly<Record<string, string>> = {}): Promise<SiteAnswer> {
  const { username, password } = teletracker;
  return ask('/auth/login', { form: { username, password, ...more } });
}

async function session(more?: Readonly<Record<string, string>>): Promise<SessionBody> {
  return (await login(more)).body as SessionBody;
}

function callData(token: string, name = 'authorization', query = ONE_DAY): Promise<SiteAnswer> {
  return ask(`/reports/call-data${query}`, { headers: { [name]: `Bearer ${token}` } });
}

test('login takes form, JSON and multipart bodies, and answers as documented', async () => {
  const { username, password } = teletracker;
  expect((await login()).body).toStrictEqual({
    success: true,
    guid: expect.any(String),
    token: expect.stringMatching(/^[\da-f-]{36}$/),
    tokenExpiration: '2026-01-01T01:00:00+00:00',
    tokenLifetime: 3600,
    refreshToken: expect.stringMatching(/^[\da-f-]{36}$/),
    refreshTokenExpiration: '2026-01-31T00:00:00+00:00',
  });
  const json = { username, password, account_id: 1002 };
  expect((await ask('/auth/login', { json })).status).toBe(200);
  const parts = new FormData();
  parts.set('username', username);
  parts.set('password', password);
  const encoded = new Response(parts);
  const multipart = await ask('/auth/login', {
    method: 'POST',
    headers: { 'content-type': encoded.headers.get('content-type') ?? '' },
    body: await encoded.text(),
  });
  expect(multipart).toMatchObject({ status: 200, body: { success: true } });
  expect(teletracker.sessionsMade()).toBe(3);
});

test('auth_only checks the password and makes no session', async () => {
  expect((await login({ auth_only: '1' })).body).toStrictEqual({ success: true });
  expect((await login({ auth_only: '1', password: 'wrong' })).status).toBe(401);
  expect(teletracker.sessionsMade()).toBe(0);
});

test('missing fields are named with 400, wrong passwords refused with 401 or 403', async () => {
  expect(await ask('/auth/login', { form: { username: 'ada' } })).toMatchObject({
    status: 400,
    body: { success: false, missing: ['password'] },
  });
  expect(await ask('/auth/refresh', { json: {} })).toMatchObject({
    status: 400,
    body: { missing: ['refresh_token'] },
  });
  expect((await login({ password: 'wrong' })).status).toBe(401);
  teletracker.behave({ wrongPasswordStatus: 403 });
  expect((await login({ password: 'wrong' })).status).toBe(403);
});

test('a token is bound to one account, the first unless another is asked for', async () => {
  const first = await session();
  const second = await session({ account_id: '1002' });
  expect((await callData(first.token)).body).toMatchObject({ success: true, accountId: 1001 });
  expect((await callData(second.token)).body).toMatchObject({ accountId: 1002 });
  const other = await callData(first.token, 'authorization', `${ONE_DAY}&account_id=1002`);
  expect(other.status).toBe(403);
  expect((await login({ account_id: '9' })).status).toBe(403);
});

test('a refresh token is for single use and lives for 30 days', async () => {
  const { refreshToken } = await session();
  const refresh = (value: string): Promise<SiteAnswer> =>
    ask('/auth/refresh', { form: { refresh_token: value } });
  const renewed = (await refresh(refreshToken)).body as SessionBody;
  expect(renewed.refreshToken).not.toBe(refreshToken);
  expect((await callData(renewed.token)).status).toBe(200);
  expect((await refresh(refreshToken)).status).toBe(401);
  nowMs += 30 * 24 * 3_600_000;
  expect((await refresh(renewed.refreshToken)).status).toBe(401);
});

test('a token lives for its lifetime, in the header that the switch says', async () => {
  const { token } = await session();
  expect((await callData(token, 'authentication')).status).toBe(401);
  expect(await callData(token, 'authorization', '')).toMatchObject({
    status: 400,
    body: { missing: ['start_date', 'end_date'] },
  });
  teletracker.behave({ tokenHeader: 'authentication' });
  expect((await callData(token)).status).toBe(401);
  expect((await callData(token, 'authentication')).status).toBe(200);
  nowMs += 3_600_000;
  teletracker.behave({ expiredStatus: 403 });
  expect((await callData(token, 'authentication')).status).toBe(403);
});

test('switches: dates of a wrong clock, failures with 200, other answers; reset takes all back', async () => {
  teletracker.behave({ clockSkewSeconds: -7200, failsWithStatus200: true, tokenSeconds: 60 });
  expect((await session()).tokenExpiration).toBe('2025-12-31T22:01:00+00:00');
  expect(await login({ password: 'wrong' })).toMatchObject({
    status: 200,
    body: { success: false },
  });
  teletracker.behave({ loginAnswer: HTML_INSTEAD_OF_JSON, apiAnswer: { cut: true } });
  expect((await login()).body).toContain('<!doctype html>');
  expect(await callData('any')).toStrictEqual({ cut: true });
  teletracker.reset();
  const { token, refreshToken } = await session();
  expect(teletracker.canaries()).toStrictEqual([token, refreshToken]);
  teletracker.endSessions();
  expect((await callData(token)).status).toBe(401);
});
