import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { startAuthorization } from '../../../src-main/core/oauth/authorize.ts';
import type { AuthorizationOptions } from '../../../src-main/core/oauth/authorize.ts';
import { connect } from '../../../src-main/core/oauth/provider-connection.ts';

const SERVER = {
  issuer: 'https://login.example.com',
  authorization_endpoint: 'https://login.example.com/authorize?tenant=a%20b',
  token_endpoint: 'https://login.example.com/token',
  jwks_uri: 'https://login.example.com/keys',
};

const OPTIONS: AuthorizationOptions = {
  flow: 'code',
  pkce: 'S256',
  redirectUri: 'https://localhost/callback',
  scope: 'openid',
  parameters: [],
};

const connectionTo = (changes: Readonly<Record<string, unknown>> = {}) =>
  connect({ ...SERVER, ...changes }, 'client', undefined, () =>
    Promise.reject(new Error('no call is expected')),
  );

test('A-02 10,000 attempts: state, nonce and verifier never repeat and are well formed, each URL carries S256', async () => {
  const connection = connectionTo();
  const seen = new Set<string>();
  for (let round = 0; round < 10_000; round += 1) {
    const started = await startAuthorization(connection, OPTIONS);
    if (!started.ok) throw new Error(started.error.code);
    const { url, attempt } = started.value;
    for (const secret of [attempt.state, attempt.nonce, attempt.codeVerifier ?? 'missing']) {
      if (!/^[A-Za-z0-9_-]{43,128}$/.test(secret)) throw new Error(`badly formed: ${secret}`);
      seen.add(secret);
    }
    const challenge = createHash('sha256')
      .update(attempt.codeVerifier ?? '')
      .digest('base64url');
    if (
      url.searchParams.get('code_challenge') !== challenge ||
      url.searchParams.get('code_challenge_method') !== 'S256' ||
      url.searchParams.get('state') !== attempt.state ||
      url.searchParams.get('nonce') !== attempt.nonce
    ) {
      throw new Error(`wrong URL: ${url.href}`);
    }
  }
  expect(seen.size).toBe(30_000);
}, 20_000);

test('keeps the query of the endpoint, and every value survives the encoding', async () => {
  const started = await startAuthorization(connectionTo(), {
    flow: 'code',
    pkce: 'S256',
    redirectUri: 'https://localhost/cb?from=a%2Fb&x=1+2',
    scope: 'openid a:b https://api.example.com/.default',
    parameters: [
      ['audience', 'https://api.example.com/ä?b=c&d=%20+'],
      ['login_hint', 'a+b@example.com'],
    ],
  });
  if (!started.ok) throw new Error(started.error.code);
  const read = new URL(started.value.url.href).searchParams;
  expect(Object.fromEntries(read)).toMatchObject({
    tenant: 'a b',
    response_type: 'code',
    client_id: 'client',
    redirect_uri: 'https://localhost/cb?from=a%2Fb&x=1+2',
    scope: 'openid a:b https://api.example.com/.default',
    audience: 'https://api.example.com/ä?b=c&d=%20+',
    login_hint: 'a+b@example.com',
  });
  expect(started.value.attempt.redirectUri).toBe('https://localhost/cb?from=a%2Fb&x=1+2');
});

test('no parameter of the tenant or of the endpoint replaces one of the flow', async () => {
  const connection = connectionTo({
    authorization_endpoint: 'https://login.example.com/authorize?state=fixed&code_challenge=x',
  });
  const started = await startAuthorization(connection, {
    ...OPTIONS,
    parameters: [
      ['state', 'mine'],
      ['redirect_uri', 'https://evil.example'],
    ],
  });
  if (!started.ok) throw new Error(started.error.code);
  const { url, attempt } = started.value;
  expect(url.searchParams.getAll('state')).toEqual([attempt.state]);
  expect(url.searchParams.getAll('redirect_uri')).toEqual(['https://localhost/callback']);
  expect(url.searchParams.getAll('code_challenge')).toHaveLength(1);
});

test('sends a nonce only where an ID token is asked for', async () => {
  const started = await startAuthorization(connectionTo(), { ...OPTIONS, scope: 'openidx read' });
  if (!started.ok) throw new Error(started.error.code);
  expect(started.value.url.searchParams.has('nonce')).toBe(false);
});

test.each([
  [['plain'], 'pkce-unsupported'],
  [[], 'pkce-unsupported'],
  [['plain', 'S256'], undefined],
  [undefined, undefined],
])('S-19 PKCE methods %j: never a way back to plain', async (methods, expected) => {
  const connection = connectionTo(
    methods === undefined ? {} : { code_challenge_methods_supported: methods },
  );
  const started = await startAuthorization(connection, OPTIONS);
  expect(started.ok ? undefined : started.error.code).toBe(expected);
});

test('a provider without an authorization endpoint is told apart', async () => {
  const connection = connectionTo({ authorization_endpoint: undefined });
  const started = await startAuthorization(connection, OPTIONS);
  expect(started).toMatchObject({ ok: false, error: { code: 'endpoint-missing' } });
});
