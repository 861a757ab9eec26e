import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ErrorPage, OAuthServer } from '../../../src-main/core/provider.ts';
import { describe as words } from '../../../src-main/core/error-texts.ts';
import { startHostileServer } from '../../emulators/hostile-server.ts';
import type { HostileServer } from '../../emulators/hostile-server.ts';
import { catalogueOf, field, NAMED, tenantOfTest } from '../../fakes/catalogue.ts';
import { createWorld } from '../../fakes/world.ts';

let server: HostileServer;

beforeAll(async () => {
  server = await startHostileServer();
});
afterEach(() => {
  server.reset();
});
afterAll(() => server.stop());

async function prepared(ways: OAuthServer, values: Readonly<Record<string, string>> = {}) {
  const tenant = tenantOfTest('authorization-code', {
    base: server.issuer,
    clientId: 'test-client',
    redirectUri: 'http://127.0.0.1/callback',
    ...values,
  });
  const world = await createWorld([tenant], {
    providers: catalogueOf({
      ...NAMED,
      kind: 'authorization-code',
      fields: [field('base', 'url')],
      server: {
        authorizationEndpoint: '{base}/authorize',
        tokenEndpoint: '{base}/token',
        ...ways,
      },
    }),
  });
  return { world, id: tenant.id };
}

test.each<[string, OAuthServer, Readonly<Record<string, string>>, 'window' | 'browser']>([
  ['by default', {}, {}, 'window'],
  ['as the person chose', {}, { signInWith: 'browser' }, 'browser'],
  ['as the person chose', {}, { signInWith: 'window' }, 'window'],
  ['where windows are refused', { browserOnly: true }, {}, 'browser'],
  [
    'where windows are refused, whatever was chosen',
    { browserOnly: true },
    { signInWith: 'window' },
    'browser',
  ],
])('%s: %j %j in the %s', async (_name, ways, values, place) => {
  const { world, id } = await prepared(ways, values);
  expect(await world.sessions.signIn(id)).toEqual({ ok: true, value: null });
  expect(world.systemBrowser.requests).toHaveLength(place === 'browser' ? 1 : 0);
  expect(world.userAgent.requests).toHaveLength(place === 'window' ? 1 : 0);
});

test('the redirect URI with the port of the attempt is what the code is swapped with', async () => {
  const { world, id } = await prepared({ browserOnly: true });
  const { authorize } = world.systemBrowser;
  // As the adapter does it: a free port is known only when the attempt begins
  Object.assign(world.systemBrowser, {
    authorize: (request: Parameters<typeof authorize>[0]) =>
      authorize({ ...request, redirectUri: 'http://127.0.0.1:51234/callback' }),
  });
  expect(await world.sessions.signIn(id)).toEqual({ ok: true, value: null });
  const uri = 'http://127.0.0.1:51234/callback';
  expect(server.requests('/authorize').at(-1)!.query.get('redirect_uri')).toBe(uri);
  expect(server.requests('/token').at(-1)!.form.get('redirect_uri')).toBe(uri);
});

test('an ID token whose issuer nobody knows is neither checked nor kept', async () => {
  const { world, id } = await prepared({}, { scopes: 'openid' });
  server.behave({
    claims: { iss: 'https://evil.example', sub: 'admin' },
    idTokenFault: 'unsigned',
  });
  expect(await world.sessions.signIn(id)).toEqual({ ok: true, value: null });
  const { idToken, account } = world.vault.stored.get(id)!.token!;
  expect([idToken, account]).toEqual([undefined, undefined]);
  expect(server.requests('/authorize').at(-1)!.query.has('nonce')).toBe(false);
});

describe('the provider’s own error page', () => {
  const errorPage: ErrorPage = {
    host: 'accounts.example.test',
    path: '/ooops',
    parameters: ['error', 'reason'],
    explanations: { unknown_client: 'Copy the client ID again.' },
  };

  async function leadTo(page: string) {
    const { world, id } = await prepared({ errorPage });
    world.userAgent.answerWith((request) => {
      const error = request.readErrorPage!(new URL(page));
      return error === undefined ? { kind: 'closed' } : { kind: 'failed', error };
    });
    return world.sessions.signIn(id);
  }

  test('its code is told, with what to do', async () => {
    const result = await leadTo('https://accounts.example.test/ooops?reason=unknown_client&x=1');
    if (result.ok) throw new Error('accepted');
    expect(result.error).toMatchObject({ code: 'sign-in-denied', detail: 'unknown_client' });
    expect(words(result.error, 'Acme').nextStep).toBe('Copy the client ID again.');
  });

  test.each([
    ['constructor', 'constructor'],
    ['x'.repeat(50), '…'],
    ['%3Cb%3E', '<b>'],
  ])('an unknown code %s is shown, fit for it', async (code, detail) => {
    const result = await leadTo(`https://accounts.example.test/ooops?error=${code}`);
    expect(result).toMatchObject({ error: { code: 'sign-in-denied', detail } });
    if (!result.ok) expect(result.error.advice).toBeUndefined();
  });

  test.each([
    'https://accounts.example.test/ooops/?error=a',
    'https://accounts.example.test/login?error=a',
    'https://accounts.example.test.evil.example/ooops?error=a',
    'http://accounts.example.test/ooops?error=a',
    'https://accounts.example.test:8443/ooops?error=a',
  ])('%s is an ordinary page', async (page) => {
    expect(await leadTo(page)).toMatchObject({ error: { code: 'sign-in-cancelled' } });
  });
});
