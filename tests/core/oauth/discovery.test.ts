import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createDiscovery } from '../../../src-main/core/oauth/discovery.ts';
import { htmlPage, startHostileServer } from '../../emulators/hostile-server.ts';
import type { HostileServer } from '../../emulators/hostile-server.ts';
import { createManualClock } from '../../fakes/clock.manual.ts';
import type { ManualClock } from '../../fakes/clock.manual.ts';
import { createNodeHttp } from '../../fakes/http.node.ts';
import { tenantAt, createWorld } from '../../fakes/world.ts';

let server: HostileServer;

beforeAll(async () => {
  server = await startHostileServer();
});
afterEach(() => {
  server.reset();
});
afterAll(() => server.stop());

function discoveryAt(clock: ManualClock = createManualClock()) {
  return createDiscovery(createNodeHttp(clock).http, clock);
}

async function codeOf(issuer = server.issuer): Promise<string> {
  const found = await discoveryAt().find(issuer);
  return found.ok ? 'found' : found.error.code;
}

test('finds the metadata of an issuer', async () => {
  const found = await discoveryAt().find(server.issuer);
  expect(found.ok && found.value.token_endpoint).toBe(`${server.issuer}/token`);
});

test.each([
  ['another host', 'https://login.other.example'],
  ['a trailing slash more', `SELF/`],
  ['another case', 'HTTP://127.0.0.1'],
  ['not a text', 5],
  ['missing', undefined],
])('A-13 issuer in the metadata: %s', async (_name, issuer) => {
  const value = typeof issuer === 'string' ? issuer.replace('SELF', server.issuer) : issuer;
  server.behave({ metadata: { issuer: value } });
  expect(['issuer-mismatch', 'not-the-provider']).toContain(await codeOf());
});

test('A-13 the other way round: an issuer entered with a slash too many is a mismatch that names the right one', async () => {
  const found = await discoveryAt().find(`${server.issuer}/`);
  expect(found).toMatchObject({
    ok: false,
    error: { code: 'issuer-mismatch', issuer: server.issuer },
  });
});

test('A-13 an issuer entered with a slash too few is a mismatch that names the right one', async () => {
  server.behave({ metadata: { issuer: `${server.issuer}/` } });
  expect(await discoveryAt().find(server.issuer)).toMatchObject({
    error: { code: 'issuer-mismatch', issuer: `${server.issuer}/` },
  });
});

test.each([
  'http://example.com/x',
  'javascript:alert(1)',
  'file:///etc/passwd',
  'data:text/html,x',
  '--flag',
  '-x https://example.com',
  'vscode://x',
  'https://user:pw@example.com/x',
  'https://example.com/x#fragment',
  '/relative',
  '',
  7,
  ['https://example.com/x'],
])('A-13 S-40 endpoints that are %j are refused, whichever endpoint it is', async (address) => {
  for (const name of [
    'authorization_endpoint',
    'token_endpoint',
    'revocation_endpoint',
    'jwks_uri',
    'userinfo_endpoint',
    'end_session_endpoint',
  ]) {
    server.behave({ metadata: { [name]: address } });
    expect(await codeOf(), name).toBe('endpoint-unsafe');
  }
});

test('A-13 nothing is opened when the metadata is refused', async () => {
  server.behave({ metadata: { authorization_endpoint: 'javascript:alert(1)' } });
  const tenant = tenantAt(server.issuer);
  const world = await createWorld([tenant]);
  expect(await world.sessions.signIn(tenant.id)).toMatchObject({
    error: { code: 'endpoint-unsafe' },
  });
  expect(world.userAgent.requests).toHaveLength(0);
});

test('an http endpoint on this computer serves development issuers', async () => {
  server.behave({ metadata: { token_endpoint: 'http://localhost:1/token' } });
  expect(await codeOf()).toBe('found');
});

test.each([
  ['a web page', htmlPage(), 'not-the-provider'],
  [
    'a web page as JSON',
    { ...htmlPage(), headers: { 'content-type': 'application/json' } },
    'not-the-provider',
  ],
  ['404', { status: 404 }, 'discovery-missing'],
  ['403', { status: 403 }, 'discovery-missing'],
  ['500', { status: 500 }, 'provider-trouble'],
  ['503', htmlPage(503), 'provider-trouble'],
  ['a list', { headers: { 'content-type': 'application/json' }, body: '[]' }, 'not-the-provider'],
  ['null', { headers: { 'content-type': 'application/json' }, body: 'null' }, 'not-the-provider'],
  ['a cut answer', { body: '{"issuer":', cut: 'in-body' as const }, 'network-unreachable'],
  ['no answer', { cut: 'before' as const }, 'network-unreachable'],
  [
    'a redirect to another host',
    { status: 302, headers: { location: 'https://evil.example/' } },
    'redirect-refused',
  ],
])('A-13 answered with %s', async (_name, answer, expected) => {
  server.behave({ discovery: () => answer });
  expect(await codeOf()).toBe(expected);
});

test.each(['authorization-code', 'client-credentials'] as const)(
  'metadata without a token endpoint: %s says what is missing',
  async (grant) => {
    server.behave({ metadata: { token_endpoint: undefined } });
    const tenant = tenantAt(server.issuer, { grant });
    const world = await createWorld([tenant]);
    world.vault.put(tenant.id, { fields: { clientSecret: 'secret' } });
    expect(await world.sessions.signIn(tenant.id)).toMatchObject({
      error: { code: 'endpoint-missing', subject: 'token endpoint' },
    });
    expect(world.userAgent.requests).toHaveLength(0);
  },
);

test.each([
  ['code_challenge_methods_supported', 5],
  ['code_challenge_methods_supported', 'S256'],
  ['token_endpoint_auth_methods_supported', 7],
])('metadata with %s %j is refused, never a crash', async (name, value) => {
  server.behave({ metadata: { [name]: value } });
  expect(await codeOf()).toBe('not-the-provider');
});

test('null in the metadata means absent, as some servers write it', async () => {
  server.behave({
    metadata: {
      code_challenge_methods_supported: null,
      token_endpoint_auth_methods_supported: null,
      revocation_endpoint: null,
    },
  });
  expect(await codeOf()).toBe('found');
  const tenant = tenantAt(server.issuer);
  const world = await createWorld([tenant]);
  expect((await world.sessions.signIn(tenant.id)).ok).toBe(true);
  expect(await world.sessions.signOut(tenant.id)).toEqual({ ok: true, value: 'not-offered' });
});

test('A-13 a provider that stalls is given up', async () => {
  server.behave({ discovery: () => new Promise(() => undefined) });
  const clock = createManualClock();
  const arrived = server.nextRequest('/.well-known/openid-configuration');
  const found = discoveryAt(clock).find(server.issuer);
  await arrived;
  clock.jump(30_000);
  expect(await found).toMatchObject({ error: { code: 'timed-out' } });
});

test('S-38 the OAuth document is asked for where there is no OpenID one', async () => {
  const clock = createManualClock();
  const { http, called } = createNodeHttp(clock);
  server.behave({ discovery: () => ({ status: 404 }) });
  await createDiscovery(http, clock).find(`${server.issuer}/realms/a`);
  expect(called.map((url) => new URL(url).pathname)).toEqual([
    '/realms/a/.well-known/openid-configuration',
    '/.well-known/oauth-authorization-server/realms/a',
  ]);
});

test('S-39 kept for a day; the last good copy serves while the provider is away', async () => {
  const clock = createManualClock();
  const discovery = discoveryAt(clock);
  const asked = (): number => server.requests('/.well-known/openid-configuration').length;
  const before = asked();
  await discovery.find(server.issuer);
  await discovery.find(server.issuer);
  expect(asked() - before).toBe(1);
  clock.jump(24 * 3600_000 + 1);
  server.behave({ discovery: () => htmlPage(503) });
  expect((await discovery.find(server.issuer)).ok).toBe(true);
  expect(asked() - before).toBe(2);
});
