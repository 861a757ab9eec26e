import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { OAuthServer, ProviderGrant } from '../../../src-main/core/provider.ts';
import { readTenantSecrets } from '../../../src-main/core/secrets.ts';
import { htmlPage, jsonAnswer, startHostileServer } from '../../emulators/hostile-server.ts';
import type { Answer, HostileServer, ReceivedRequest } from '../../emulators/hostile-server.ts';
import { startScriptedServer } from '../../emulators/scripted-server.ts';
import { catalogueOf, field, NAMED, tenantOfTest } from '../../fakes/catalogue.ts';
import { createMemoryVault } from '../../fakes/vault.memory.ts';
import { createWorld } from '../../fakes/world.ts';
import type { World } from '../../fakes/world.ts';

const DAY = 24 * 3_600_000;
const SECRET = 'canary-secret';

let server: HostileServer;

beforeAll(async () => {
  server = await startHostileServer({ clientSecret: SECRET });
});
afterEach(() => {
  server.reset();
});
afterAll(() => server.stop());

const FIELDS = [field('base', 'url', true), field('clientSecret', 'secret')];

function definitionOf(kind: 'authorization-code' | 'client-credentials', ways: OAuthServer) {
  const server: OAuthServer = {
    authorizationEndpoint: '{base}/authorize',
    tokenEndpoint: '{base}/token',
    ...ways,
  };
  return { ...NAMED, kind, fields: FIELDS, server } as ProviderGrant;
}

interface Prepared {
  readonly kind?: 'authorization-code' | 'client-credentials';
  readonly values?: Readonly<Record<string, string>>;
  readonly secret?: string;
}

async function prepared(ways: OAuthServer, { kind, values, secret }: Prepared = {}) {
  const tenant = tenantOfTest(kind ?? 'authorization-code', {
    base: server.issuer,
    clientId: 'test-client',
    redirectUri: 'http://127.0.0.1/callback',
    revocationEndpoint: `${server.issuer}/revoke`,
    ...values,
  });
  const providers = catalogueOf(definitionOf(kind ?? 'authorization-code', ways));
  const world = await createWorld([tenant], { providers });
  world.vault.put(tenant.id, { fields: { clientSecret: secret ?? SECRET } });
  return { world, id: tenant.id, tenant, providers };
}

async function signedIn(ways: OAuthServer, options: Prepared = {}) {
  const all = await prepared(ways, options);
  expect(await all.world.sessions.signIn(all.id)).toEqual({ ok: true, value: null });
  return all;
}

const tokenOf = (world: World, id: string) => world.vault.stored.get(id)!.token!;

/** How the client showed its secret in the requests since. */
function waysSince(count: number): readonly string[] {
  return server
    .requests('/token')
    .slice(count)
    .map(({ headers, form }) =>
      headers.authorization?.startsWith('Basic ') === true
        ? 'basic'
        : form.has('client_secret')
          ? 'post'
          : 'none',
    );
}

function refusesPost({ form }: ReceivedRequest, ordinary: () => Answer): Answer {
  return form.has('client_secret') ? jsonAnswer({ error: 'invalid_client' }, 401) : ordinary();
}

describe('post-then-basic', () => {
  const WAYS: OAuthServer = { clientAuthentication: 'post-then-basic' };

  test.each(['authorization-code', 'client-credentials'] as const)(
    '%s: Basic is tried once, and remembered, also over a restart',
    async (kind) => {
      server.behave({ token: refusesPost });
      const first = server.tokenCalls();
      const { world, id, tenant, providers } = await signedIn(WAYS, { kind });
      expect(waysSince(first)).toEqual(['post', 'basic']);
      const second = server.tokenCalls();
      expect((await world.sessions.renew(id)).ok).toBe(true);
      // As through the file and back
      const stored = readTenantSecrets(JSON.parse(JSON.stringify(world.vault.stored.get(id))));
      expect(stored).toEqual(world.vault.stored.get(id));
      const vault = createMemoryVault();
      vault.put(id, stored!);
      const restarted = await createWorld([tenant], { vault, providers });
      expect((await restarted.sessions.renew(id)).ok).toBe(true);
      expect((await restarted.sessions.renew(id)).ok).toBe(true);
      expect(waysSince(second)).toEqual(['basic', 'basic', 'basic']);
      expect((await restarted.sessions.signOut(id)).ok).toBe(true);
      expect(server.requests('/revoke').at(-1)!.headers.authorization).toMatch(/^Basic /);
    },
  );

  test('where the body is taken nothing else is tried', async () => {
    const calls = server.tokenCalls();
    const { world, id } = await signedIn(WAYS);
    expect((await world.sessions.renew(id)).ok).toBe(true);
    expect(waysSince(calls)).toEqual(['post', 'post']);
    expect(tokenOf(world, id).clientAuthentication).toBeUndefined();
  });

  test('a wrong secret: both ways once, then 0 calls in 24 h', async () => {
    const calls = server.tokenCalls();
    const { world, id } = await prepared(WAYS, { kind: 'client-credentials', secret: 'wrong' });
    world.startKeeper();
    expect(await world.sessions.signIn(id)).toMatchObject({ error: { code: 'client-refused' } });
    await world.clock.advance(DAY);
    expect(waysSince(calls)).toEqual(['post', 'basic']);
    expect(world.session(id).phase.kind).toBe('misconfigured');
  });

  test.each<[string, Answer, string]>([
    ['a code that is refused', jsonAnswer({ error: 'invalid_grant' }, 400), 'grant-refused'],
    ['trouble', jsonAnswer({ error: 'invalid_client' }, 503), 'provider-trouble'],
    ['a page', htmlPage(401), 'not-the-provider'],
  ])('%s is no reason to try', async (_name, answer, code) => {
    server.behave({ token: () => answer });
    const calls = server.tokenCalls();
    const { world, id } = await prepared(WAYS);
    expect(await world.sessions.signIn(id)).toMatchObject({ error: { code } });
    expect(waysSince(calls)).toEqual(['post']);
  });

  test.each(['post', 'basic'])('a person who chose %s gets just that', async (choice) => {
    server.behave({ token: () => jsonAnswer({ error: 'invalid_client' }, 401) });
    const calls = server.tokenCalls();
    const { world, id } = await prepared(WAYS, { values: { clientAuthentication: choice } });
    expect(await world.sessions.signIn(id)).toMatchObject({ error: { code: 'client-refused' } });
    expect(waysSince(calls)).toEqual([choice]);
  });
});

describe('revoking', () => {
  const revocations = (): readonly (string | null)[] =>
    server.requests('/revoke').map(({ form }) => form.get('token'));

  test('a sign-in ends the token that it replaces; a renewal and a failure end none', async () => {
    const { world, id } = await signedIn({ revokesReplaced: true });
    const before = revocations().length;
    await world.sessions.renew(id);
    const replaced = tokenOf(world, id).refreshToken;
    server.behave({ authorize: () => htmlPage(), token: () => jsonAnswer({}, 400) });
    world.userAgent.answerWith(() => ({ kind: 'closed' }));
    await world.sessions.signIn(id);
    server.reset();
    expect(revocations()).toHaveLength(before);
    const revoked = server.nextRequest('/revoke');
    world.userAgent.answerWith(({ url, redirectUri }) => ({
      kind: 'answered',
      answer: new URL(
        `${redirectUri}?code=${server.codeFor({ query: url.searchParams } as ReceivedRequest)}&state=${url.searchParams.get('state')!}`,
      ),
    }));
    expect(await world.sessions.signIn(id)).toEqual({ ok: true, value: null });
    expect((await revoked).form.get('token')).toBe(replaced);
    await world.clock.settle();
    expect(revocations()).toHaveLength(before + 1);
    expect((await world.sessions.renew(id)).ok).toBe(true);
  });

  test('that it cannot be ended is no failure of the sign-in', async () => {
    const { world, id } = await signedIn({ revokesReplaced: true });
    server.behave({ revoke: () => ({ cut: 'before' }) });
    expect(await world.sessions.signIn(id)).toEqual({ ok: true, value: null });
    await world.clock.settle();
    expect(world.session(id).phase.kind).toBe('idle');
  });

  test('elsewhere a new sign-in ends nothing', async () => {
    const { world, id } = await signedIn({});
    const before = revocations().length;
    await world.sessions.signIn(id);
    await world.clock.settle();
    expect(revocations()).toHaveLength(before);
  });

  test.each<[string, Answer, string]>([
    ['done', { status: 204 }, 'confirmed'],
    ['unknown to them', jsonAnswer({}, 404), 'confirmed'],
    ['refused', jsonAnswer({}, 401), 'failed'],
    ['trouble', jsonAnswer({}, 500), 'later'],
    ['a page', htmlPage(), 'later'],
  ])('a way of its own: %s', async (_name, answer, expected) => {
    const api = await startScriptedServer();
    api.answerWith(() => answer);
    server.behave({ tokenMembers: { token_id: 'id/7' } });
    const { world, id } = await signedIn(
      {
        extras: { tokenId: 'token_id' },
        revocation: {
          method: 'DELETE',
          url: '{api}/tokens/{extra.tokenId}',
          headers: { Authorization: 'Bearer {token}' },
        },
      },
      { values: { api: api.origin } },
    );
    const { accessToken } = tokenOf(world, id);
    const standard = revocations().length;
    expect(await world.sessions.signOut(id)).toEqual({ ok: true, value: expected });
    expect(api.requests()).toMatchObject([
      {
        method: 'DELETE',
        path: '/tokens/id%2F7',
        headers: { authorization: `Bearer ${accessToken}` },
      },
    ]);
    expect(revocations()).toHaveLength(standard);
    expect(world.vault.stored.get(id)!.token).toBeUndefined();
    await api.stop();
  });
});

describe('what is sent', () => {
  /** The last authorization request, and the forms that went to the token endpoint for it and for a renewal. */
  async function sent(ways: OAuthServer, values: Readonly<Record<string, string>> = {}) {
    const refreshToken = 'r';
    server.behave({
      token: () =>
        jsonAnswer({ access_token: 'a', token_type: 'Bearer', refresh_token: refreshToken }),
    });
    const calls = server.tokenCalls();
    const { world, id } = await signedIn(ways, { values });
    await world.sessions.renew(id);
    const [code, refresh] = server.requests('/token').slice(calls);
    return {
      world,
      id,
      query: server.requests('/authorize').at(-1)!.query,
      code: code!.form,
      refresh: refresh!.form,
    };
  }

  test.each<[OAuthServer, Readonly<Record<string, string>>, string, string]>([
    [{}, { scopes: 'a b' }, 'scope', 'a b'],
    [{ scopeSeparator: ',' }, { scopes: 'a b' }, 'scope', 'a,b'],
    [{ scopeSeparator: ',' }, { scopes: 'a, b c' }, 'scope', 'a,b,c'],
    [{}, { scopes: 'a,b', scopeSeparator: ',' }, 'scope', 'a,b'],
    [{ scopeParameter: 'user_scope' }, { scopes: 'a b' }, 'user_scope', 'a b'],
  ])('scopes: %j with %j', async (ways, values, name, expected) => {
    const { query, world, id } = await sent(ways, values);
    expect(query.get(name)).toBe(expected);
    if (name !== 'scope') expect(query.has('scope')).toBe(false);
    expect(tokenOf(world, id).scope).toBe(values['scopes']!.split(/[\s,]+/).join(' '));
  });

  test('scopes with commas, for the client itself', async () => {
    await signedIn(
      { scopeSeparator: ',' },
      { kind: 'client-credentials', values: { scopes: 'a b' } },
    );
    expect(server.requests('/token').at(-1)!.form.get('scope')).toBe('a,b');
  });

  test.each<[OAuthServer, Readonly<Record<string, string>>, string | null]>([
    [{}, {}, 'S256'],
    [{ pkce: 'plain' }, {}, 'plain'],
    [{ pkce: 'off' }, {}, null],
    [{}, { pkce: 'plain' }, 'plain'],
    [{}, { pkce: 'off' }, null],
    [{ pkce: 'off' }, { pkce: 'S256' }, 'S256'],
    [{}, { pkce: 'nonsense' }, 'S256'],
  ])('PKCE: %j with %j is %s', async (ways, values, method) => {
    const { query, code } = await sent(ways, values);
    expect(query.get('code_challenge_method')).toBe(method);
    expect(query.has('code_challenge')).toBe(method !== null);
    expect(code.has('code_verifier')).toBe(method !== null);
    if (method === 'plain') expect(query.get('code_challenge')).toBe(code.get('code_verifier'));
    else if (method !== null)
      expect(query.get('code_challenge')).not.toBe(code.get('code_verifier'));
  });

  test('parameters of the provider, and the person’s own before them', async () => {
    const { query, code, refresh } = await sent(
      {
        authorizationParameters: { audience: '{region}-api', prompt: 'login', none: '{none}' },
        tokenParameters: { resource: '{region}' },
        refreshParameters: { scope: 'again' },
      },
      { region: 'eu', parameters: 'prompt=consent\nhd=example.com' },
    );
    expect(Object.fromEntries(query)).toMatchObject({
      audience: 'eu-api',
      prompt: 'consent',
      hd: 'example.com',
    });
    expect(query.has('none')).toBe(false);
    expect([code.get('resource'), refresh.get('resource')]).toEqual(['eu', null]);
    expect([code.get('scope'), refresh.get('scope')]).toEqual([null, 'again']);
  });

  test('a grant type of its own for the client itself', async () => {
    const { definition } = { definition: definitionOf('client-credentials', {}) };
    const tenant = tenantOfTest('client-credentials', {
      base: server.issuer,
      clientId: 'test-client',
    });
    const world = await createWorld([tenant], {
      providers: catalogueOf({ ...definition, grantType: 'account_credentials' } as ProviderGrant),
    });
    await world.sessions.signIn(tenant.id);
    expect(server.requests('/token').at(-1)!.form.get('grant_type')).toBe('account_credentials');
  });
});
