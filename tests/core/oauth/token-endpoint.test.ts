import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Tenant } from '../../../src-main/core/tenant.ts';
import {
  startAuthorizationServer,
  type AuthorizationServer,
} from '../../emulators/authorization-server.ts';
import { bare, startHostileServer } from '../../emulators/hostile-server.ts';
import type { Behaviour, HostileServer } from '../../emulators/hostile-server.ts';
import { createWorld, tenantAt } from '../../fakes/world.ts';
import type { World } from '../../fakes/world.ts';

let server: HostileServer;

beforeAll(async () => {
  server = await startHostileServer();
});
afterEach(() => {
  server.reset();
});
afterAll(() => server.stop());

async function signIn(
  tenant: Tenant,
  clientSecret?: string,
): Promise<{ readonly world: World; readonly code: string }> {
  const world = await createWorld([tenant]);
  if (clientSecret !== undefined) world.vault.put(tenant.id, { fields: { clientSecret } });
  const result = await world.sessions.signIn(tenant.id);
  return { world, code: result.ok ? 'signed in' : result.error.code };
}

const tokenOf = (world: World, id: string) => world.vault.stored.get(id)?.token;

describe('A-08 a token endpoint that sends requests elsewhere', () => {
  test.each([301, 302, 303, 307, 308])('%i', async (status) => {
    const elsewhere = await startHostileServer();
    const secret = 'canary-secret';
    const confidential = await startHostileServer({ clientSecret: secret });
    const tenant = tenantAt(confidential.issuer);
    confidential.behave({
      token: () => ({ status, headers: { location: `${elsewhere.issuer}/token` } }),
    });
    const refused = await signIn(tenant, secret);
    expect(refused.code).toBe('redirect-refused');
    confidential.reset();
    const { world, code } = await signIn(tenant, secret);
    expect(code).toBe('signed in');
    const before = tokenOf(world, tenant.id);
    confidential.behave({
      token: () => ({ status, headers: { location: `${elsewhere.issuer}/token` } }),
      revoke: () => ({ status, headers: { location: `${elsewhere.issuer}/revoke` } }),
    });
    expect(await world.sessions.renew(tenant.id)).toMatchObject({
      error: { code: 'redirect-refused' },
    });
    expect(tokenOf(world, tenant.id)).toBe(before);
    expect(await world.sessions.signOut(tenant.id)).toEqual({ ok: true, value: 'later' });
    expect(elsewhere.requests()).toHaveLength(0);
    await Promise.all([elsewhere.stop(), confidential.stop()]);
  });
});

describe('A-09 how the client proves itself', () => {
  const awkwardId = 'id:%+ é&=';
  const awkwardSecret = 's:%+ é&=/"\\€🔑';

  test('Basic: id and secret are form-encoded before Base64, and stand in no URL', async () => {
    const confidential = await startHostileServer({
      clientId: awkwardId,
      clientSecret: awkwardSecret,
    });
    const tenant = tenantAt(confidential.issuer, { values: { clientId: awkwardId } });
    const { world, code } = await signIn(tenant, awkwardSecret);
    expect(code).toBe('signed in');
    expect((await world.sessions.renew(tenant.id)).ok).toBe(true);
    expect(await world.sessions.signOut(tenant.id)).toEqual({ ok: true, value: 'confirmed' });
    for (const { path, headers, form } of confidential.requests()) {
      if (path !== '/token' && path !== '/revoke') continue;
      expect(headers.authorization).toMatch(/^Basic /);
      expect(form.has('client_secret')).toBe(false);
    }
    const visited = [...world.http.called, ...world.userAgent.requests.map(({ url }) => url.href)];
    for (const url of visited) {
      expect(decodeURIComponent(url.replaceAll('+', ' '))).not.toContain(awkwardSecret);
    }
    await confidential.stop();
  });

  test('Post, where the server takes nothing else', async () => {
    const confidential = await startHostileServer({ clientSecret: awkwardSecret });
    confidential.behave({
      metadata: { token_endpoint_auth_methods_supported: ['client_secret_post'] },
    });
    const { code } = await signIn(tenantAt(confidential.issuer), awkwardSecret);
    expect(code).toBe('signed in');
    const { headers, form } = confidential.requests('/token').at(-1)!;
    expect(headers.authorization).toBeUndefined();
    expect(form.get('client_secret')).toBe(awkwardSecret);
    await confidential.stop();
  });

  test('Basic where the metadata lists no methods (RFC 8414 §2)', async () => {
    const confidential = await startHostileServer({ clientSecret: 'secret' });
    confidential.behave({ metadata: { token_endpoint_auth_methods_supported: undefined } });
    expect((await signIn(tenantAt(confidential.issuer), 'secret')).code).toBe('signed in');
    expect(confidential.requests('/token').at(-1)!.headers.authorization).toMatch(/^Basic /);
    await confidential.stop();
  });

  test('public clients send no secret and no Authorization', async () => {
    await signIn(tenantAt(server.issuer));
    const { headers, form } = server.requests('/token').at(-1)!;
    expect(headers.authorization).toBeUndefined();
    expect(form.has('client_secret')).toBe(false);
    expect(form.get('client_id')).toBe('test-client');
  });

  test('a wrong secret is a matter of the configuration', async () => {
    const confidential = await startHostileServer({ clientSecret: 'right' });
    const tenant = tenantAt(confidential.issuer);
    const { world, code } = await signIn(tenant, 'wrong');
    expect(code).toBe('client-refused');
    expect(world.session(tenant.id).phase.kind).toBe('misconfigured');
    await confidential.stop();
  });

  describe('against oidc-provider', () => {
    let real: AuthorizationServer;
    beforeAll(async () => {
      real = await startAuthorizationServer();
    });
    afterAll(() => real.stop());

    test.each(['awkward', 'service'] as const)(
      'client_secret_basic of the client %s',
      async (name) => {
        const { client_id: clientId, client_secret: secret } = real.clients[name];
        const tenant = tenantAt(real.issuer, {
          grant: 'client-credentials',
          values: { clientId, scopes: '' },
        });
        const { world, code } = await signIn(tenant, secret);
        expect(code).toBe('signed in');
        for (const url of world.http.called) expect(decodeURIComponent(url)).not.toContain(secret);
        const { accessToken } = tokenOf(world, tenant.id)!;
        const answer = await fetch(real.protectedUrl, {
          headers: { authorization: `Bearer ${accessToken}` },
        });
        expect(answer.status).toBe(200);
      },
    );
  });
});

describe('A-10 refresh tokens in the answer to a renewal', () => {
  test.each([
    ['absent', undefined],
    ['empty', ''],
    ['null', null],
    ['a number', 7],
    ['a list', ['x']],
    ['an object', {}],
    ['true', true],
  ])('%s: the old one is kept and works the next time', async (_name, refreshToken) => {
    const tenant = tenantAt(server.issuer);
    const { world } = await signIn(tenant);
    const old = tokenOf(world, tenant.id)!;
    server.behave({ keepRefreshTokens: true, tokenMembers: { refresh_token: refreshToken } });
    expect((await world.sessions.renew(tenant.id)).ok).toBe(true);
    const now = tokenOf(world, tenant.id)!;
    expect(now.refreshToken).toBe(old.refreshToken);
    expect(now.accessToken).not.toBe(old.accessToken);
    server.reset();
    expect((await world.sessions.renew(tenant.id)).ok).toBe(true);
    expect(server.requests('/token').at(-1)!.form.get('refresh_token')).toBe(old.refreshToken);
  });

  test('the same one again', async () => {
    const tenant = tenantAt(server.issuer);
    const { world } = await signIn(tenant);
    const { refreshToken } = tokenOf(world, tenant.id)!;
    server.behave({ keepRefreshTokens: true, tokenMembers: { refresh_token: refreshToken } });
    expect((await world.sessions.renew(tenant.id)).ok).toBe(true);
    server.reset();
    expect((await world.sessions.renew(tenant.id)).ok).toBe(true);
  });

  test('a new one replaces the old', async () => {
    const tenant = tenantAt(server.issuer);
    const { world } = await signIn(tenant);
    const old = tokenOf(world, tenant.id)!;
    expect((await world.sessions.renew(tenant.id)).ok).toBe(true);
    const now = tokenOf(world, tenant.id)!;
    expect(now.refreshToken).not.toBe(old.refreshToken);
    expect((await world.sessions.renew(tenant.id)).ok).toBe(true);
    expect(server.requests('/token').at(-1)!.form.get('refresh_token')).toBe(now.refreshToken);
    expect(server.reuses()).toBe(0);
  });

  test('account, ID token and scope that an answer leaves out are kept', async () => {
    const tenant = tenantAt(server.issuer);
    const { world } = await signIn(tenant);
    const old = tokenOf(world, tenant.id)!;
    server.behave({ tokenMembers: { scope: undefined } });
    await world.sessions.renew(tenant.id);
    const { account, accountSubject, idToken, scope } = old;
    expect(tokenOf(world, tenant.id)).toMatchObject({ account, accountSubject, idToken, scope });
  });

  test('S-11 a scope that was narrowed is what is kept', async () => {
    const tenant = tenantAt(server.issuer);
    const { world } = await signIn(tenant);
    server.behave({ tokenMembers: { scope: 'openid' } });
    await world.sessions.renew(tenant.id);
    expect(tokenOf(world, tenant.id)!.scope).toBe('openid');
    expect(world.session(tenant.id).token!.scope).toBe('openid');
  });

  test.each([7, null, ['a'], {}])('a scope of %j is no reason to lose the token', async (scope) => {
    const tenant = tenantAt(server.issuer);
    const { world } = await signIn(tenant);
    server.behave({ tokenMembers: { scope } });
    expect((await world.sessions.renew(tenant.id)).ok).toBe(true);
  });
});

describe('A-12 token types', () => {
  test.each([
    ['Bearer', 'signed in'],
    ['bearer', 'signed in'],
    ['BEARER', 'signed in'],
    ['bEaReR', 'signed in'],
    ['mac', 'token-type-unsupported'],
    ['DPoP', 'token-type-unsupported'],
    ['N_A', 'token-type-unsupported'],
    ['', 'token-answer-invalid'],
    [undefined, 'token-answer-invalid'],
    [null, 'token-answer-invalid'],
    [1, 'token-answer-invalid'],
  ])('%j: %s', async (tokenType, expected) => {
    const tenant = tenantAt(server.issuer);
    server.behave({ tokenMembers: { token_type: tokenType } });
    const { world, code } = await signIn(tenant);
    expect(code).toBe(expected);
    if (expected !== 'signed in') expect(world.vault.writes()).toBe(0);
  });
});

describe('token answers that are strange otherwise', () => {
  test.each([
    ['no access_token', { access_token: undefined }],
    ['an empty access_token', { access_token: '' }],
    ['an access_token that is a number', { access_token: 7 }],
    ['no ID token though one was asked for', { id_token: undefined }],
    ['an ID token that is a number', { id_token: 7 }],
  ] satisfies [string, Behaviour['tokenMembers']][])(
    '%s: refused, nothing stored',
    async (_name, tokenMembers) => {
      const tenant = tenantAt(server.issuer);
      server.behave({ tokenMembers });
      const calls = server.tokenCalls();
      const { world, code } = await signIn(tenant);
      expect(code).toBe('token-answer-invalid');
      expect(world.vault.writes()).toBe(0);
      expect(server.tokenCalls() - calls, 'S-06 a code is sent once').toBe(1);
    },
  );

  test('S-17 a token of 64 KiB is kept whole', async () => {
    const accessToken = 'x'.repeat(64 * 1024);
    server.behave({ tokenMembers: { access_token: accessToken } });
    const tenant = tenantAt(server.issuer);
    const { world } = await signIn(tenant);
    expect(tokenOf(world, tenant.id)!.accessToken).toBe(accessToken);
  });

  test('no scope in the answer: the requested one was granted (RFC 6749 §5.1)', async () => {
    server.behave({ tokenMembers: { scope: undefined } });
    const tenant = tenantAt(server.issuer);
    const { world } = await signIn(tenant);
    expect(tokenOf(world, tenant.id)!.scope).toBe('openid offline_access');
  });

  test('unknown members, also __proto__, change nothing', async () => {
    server.behave({
      tokenMembers: { ['__proto__']: bare('{"polluted":true}'), constructor: 1, extra: [1, 2] },
    });
    const tenant = tenantAt(server.issuer);
    const { code } = await signIn(tenant);
    expect(code).toBe('signed in');
    expect('polluted' in {}).toBe(false);
  });
});
