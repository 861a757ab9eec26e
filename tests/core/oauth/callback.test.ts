import { expect, test } from 'vitest';
import { startAuthorization } from '../../../src-main/core/oauth/authorize.ts';
import type { PendingAttempt } from '../../../src-main/core/oauth/authorize.ts';
import { isOurs, isRedirect, readCallback } from '../../../src-main/core/oauth/callback.ts';
import { connect } from '../../../src-main/core/oauth/provider-connection.ts';

const ISSUER = 'https://login.example.com';

async function pendingAttempt(
  redirectUri = 'https://localhost/callback',
  metadata: Readonly<Record<string, unknown>> = {},
): Promise<PendingAttempt> {
  const connection = connect(
    {
      issuer: ISSUER,
      authorization_endpoint: `${ISSUER}/authorize`,
      token_endpoint: `${ISSUER}/token`,
      authorization_response_iss_parameter_supported: true,
      ...metadata,
    },
    'client',
    undefined,
    () => Promise.reject(new Error('no call is expected')),
  );
  const started = await startAuthorization(connection, {
    flow: 'code',
    pkce: 'S256',
    redirectUri,
    scope: 'openid',
    parameters: [],
  });
  if (!started.ok) throw new Error(started.error.code);
  return started.value.attempt;
}

const answerOf = (query: string, redirectUri = 'https://localhost/callback'): URL =>
  new URL(`${redirectUri}${redirectUri.includes('?') ? '&' : '?'}${query}`);

test.each([
  ['https://localhost/callback?code=1', true],
  ['https://localhost:443/callback?code=1', true],
  ['HTTPS://LOCALHOST/callback?error=x', true],
  ['https://localhost/callback#access_token=1', true],
  ['https://localhost/callback?state=only', true],
  ['https://localhost/callback', false],
  ['https://localhost/callback?lang=de', false],
  ['https://localhost/callback/?code=1', false],
  ['https://localhost/callback-evil?code=1', false],
  ['https://localhost/Callback?code=1', false],
  ['https://localhost/call%62ack?code=1', false],
  ['https://localhost/x/..%2Fcallback?code=1', false],
  ['https://localhost:8443/callback?code=1', false],
  ['http://localhost/callback?code=1', false],
  ['https://user@localhost/callback?code=1', false],
  ['https://localhost.evil.example/callback?code=1', false],
  ['https://localhost@evil.example/callback?code=1', false],
  ['https://127.0.0.1/callback?code=1', false],
  ['https://[::1]/callback?code=1', false],
  ['https://login.example.com/?code=1&state=2', false],
  ['not a url', false],
])('B-03 core: %s is the redirect URI: %s', (target, expected) => {
  expect(isRedirect(target, 'https://localhost/callback')).toBe(expected);
});

test('a redirect URI with a query of its own is met only with that query', () => {
  const redirectUri = 'https://localhost/cb?app=1';
  expect(isRedirect('https://localhost/cb?app=1&code=x', redirectUri)).toBe(true);
  expect(isRedirect('https://localhost/cb?code=x', redirectUri)).toBe(false);
  expect(isRedirect('https://localhost/cb?app=2&code=x', redirectUri)).toBe(false);
});

test('private-use schemes are met by their exact path', () => {
  expect(isRedirect('com.example.app:/cb?code=x', 'com.example.app:/cb')).toBe(true);
  expect(isRedirect('com.example.app:/cb2?code=x', 'com.example.app:/cb')).toBe(false);
  expect(isRedirect('com.example.other:/cb?code=x', 'com.example.app:/cb')).toBe(false);
});

test('A-03 A-04 an answer is ours only with our state, once', async () => {
  const attempt = await pendingAttempt();
  const { state } = attempt;
  for (const query of [
    'code=1',
    'code=1&state=',
    'code=1&state=wrong',
    `code=1&state=${state}x`,
    `code=1&state=${state.slice(0, -1)}`,
    `code=1&state=${state}&state=${state}`,
    `code=1&state=${state}&state=other`,
    'error=access_denied',
    'error=access_denied&state=wrong',
  ]) {
    expect(isOurs(answerOf(query), attempt), query).toBe(false);
  }
  expect(isOurs(new URL(`https://localhost/callback#code=1&state=${state}`), attempt)).toBe(false);
  expect(isOurs(answerOf(`code=1&state=${state}`), attempt)).toBe(true);
  expect(isOurs(answerOf(`error=access_denied&state=${state}`), attempt)).toBe(true);
});

test('A-04 an error with the right state ends the attempt with sanitised text', async () => {
  const attempt = await pendingAttempt();
  const description = [
    '<img src=x onerror=alert(1)>',
    '\u202Eevil\u2066',
    'https://evil.example/?code=SECRETCODE',
    'A'.repeat(10_240),
    'line\r\nbreak\0',
    'x y '.repeat(2560),
  ].join(' ');
  const query = new URLSearchParams({
    error: 'access_denied',
    error_description: description,
    state: attempt.state,
    iss: ISSUER,
  });
  const read = readCallback(answerOf(query.toString()), attempt);
  if (read.ok) throw new Error('accepted');
  expect(read.error.code).toBe('sign-in-denied');
  const detail = read.error.detail ?? '';
  expect(detail).toContain('access_denied');
  expect(detail.length).toBeLessThanOrEqual(300);
  expect(detail).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  expect(detail).not.toContain('SECRETCODE');
  expect(detail).not.toMatch(/A{32}/);
});

test('A-05 iss: wrong, missing though advertised, of another tenant', async () => {
  const attempt = await pendingAttempt();
  const withIss = (iss: string): URL =>
    answerOf(new URLSearchParams({ code: 'c', state: attempt.state, iss }).toString());
  for (const answer of [
    withIss('https://other.example'),
    withIss(`${ISSUER}/`),
    withIss(ISSUER.toUpperCase()),
    withIss(''),
    answerOf(`code=c&state=${attempt.state}`),
  ]) {
    expect(readCallback(answer, attempt)).toMatchObject({
      ok: false,
      error: { code: 'answer-invalid' },
    });
  }
  expect(readCallback(withIss(ISSUER), attempt).ok).toBe(true);
});

test('A-05 iss is compared also where it was not announced, and may then be missing', async () => {
  const attempt = await pendingAttempt(undefined, {
    authorization_response_iss_parameter_supported: undefined,
  });
  const { state } = attempt;
  expect(readCallback(answerOf(`code=c&state=${state}`), attempt).ok).toBe(true);
  const wrong = answerOf(`code=c&state=${state}&iss=${encodeURIComponent('https://b.example')}`);
  expect(readCallback(wrong, attempt).ok).toBe(false);
});

test('iss is judged before the error of an answer, as a mix-up could forge that too', async () => {
  const attempt = await pendingAttempt();
  const answer = answerOf(`error=access_denied&state=${attempt.state}&iss=https://evil.example`);
  expect(readCallback(answer, attempt)).toMatchObject({ error: { code: 'answer-invalid' } });
});

test.each(['code', 'iss', 'error', 'error_description', 'session_state', 'state'])(
  'A-07 %s twice is refused, also with equal values',
  async (name) => {
    const attempt = await pendingAttempt();
    const answer = answerOf(
      new URLSearchParams({ code: 'c', state: attempt.state, iss: ISSUER }).toString(),
    );
    const value = answer.searchParams.get(name) ?? 'v';
    answer.searchParams.set(name, value);
    answer.searchParams.append(name, value);
    expect(readCallback(answer, attempt)).toMatchObject({
      ok: false,
      error: { code: 'answer-invalid' },
    });
  },
);

test('A-07 unknown parameters are ignored, empty ones count as absent', async () => {
  const attempt = await pendingAttempt();
  const answer = answerOf(
    `code=c&state=${attempt.state}&iss=${encodeURIComponent(ISSUER)}&foo=1&foo=2&hd=x&error=`,
  );
  expect(readCallback(answer, attempt).ok).toBe(true);
  const empty = answerOf(`code=&state=${attempt.state}&iss=${encodeURIComponent(ISSUER)}`);
  expect(readCallback(empty, attempt)).toMatchObject({ error: { code: 'answer-invalid' } });
});

test('answers of the implicit and hybrid flow and JARM are refused', async () => {
  const attempt = await pendingAttempt();
  for (const extra of ['id_token=x', 'response=x.y.z', 'token=x']) {
    const answer = answerOf(
      `code=c&state=${attempt.state}&iss=${encodeURIComponent(ISSUER)}&${extra}`,
    );
    expect(readCallback(answer, attempt).ok, extra).toBe(false);
  }
});

test('S-17 a code of 64 KiB is read whole', async () => {
  const attempt = await pendingAttempt();
  const code = 'c'.repeat(64 * 1024);
  const read = readCallback(
    answerOf(new URLSearchParams({ code, state: attempt.state, iss: ISSUER }).toString()),
    attempt,
  );
  expect(read.ok && read.value.get('code')).toBe(code);
});

test("a redirect URI's own query is no part of the answer", async () => {
  const redirectUri = 'https://localhost/cb?code=fixed';
  const attempt = await pendingAttempt(redirectUri);
  const answer = new URL(
    `${redirectUri}&code=real&state=${attempt.state}&iss=${encodeURIComponent(ISSUER)}`,
  );
  const read = readCallback(answer, attempt);
  expect(read.ok && read.value.getAll('code')).toEqual(['real']);
});
