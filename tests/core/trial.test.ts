import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Field, GrantKind, Provider, ProviderGrant } from '../../src-main/core/provider.ts';
import type { TenantDraft } from '../../src-main/core/tenant.ts';
import { htmlPage, jsonAnswer, startHostileServer } from '../emulators/hostile-server.ts';
import type { Answer, HostileServer } from '../emulators/hostile-server.ts';
import { startScriptedServer } from '../emulators/scripted-server.ts';
import type { ScriptedServer } from '../emulators/scripted-server.ts';
import { catalogueOf, field, NAMED, tenantOfTest } from '../fakes/catalogue.ts';
import { createWorld } from '../fakes/world.ts';
import type { World } from '../fakes/world.ts';

let oauth: HostileServer;
let api: ScriptedServer;

beforeAll(async () => {
  [oauth, api] = await Promise.all([
    startHostileServer({ clientSecret: 'right' }),
    startScriptedServer(),
  ]);
});
afterEach(() => {
  oauth.reset();
  api.reset();
});
afterAll(() => Promise.all([oauth.stop(), api.stop()]));

const FIELDS: readonly Field[] = [
  field('base', 'url', true),
  field('clientId'),
  field('redirectUri', 'url'),
  field('clientSecret', 'secret'),
  field('password', 'secret'),
  field('key', 'secret'),
  field('probeUrl', 'url'),
  field('username'),
];
const SHARED = { ...NAMED, fields: FIELDS };
const OAUTH = {
  authorizationEndpoint: '{base}/authorize',
  tokenEndpoint: '{base}/token',
  clientAuthentication: 'post',
} as const;
const CHECK = { url: '{base}/check', fields: { password: '{password}' } };
const LOGIN = {
  login: {
    url: '{base}/login',
    fields: { password: '{password}' },
    headers: { 'X-Old': '[{token}]' },
  },
  answer: { token: ['token'], lifeSeconds: 3600 },
  logout: { url: '{base}/logout', headers: { Authorization: 'Bearer {token}' } },
};

const DEFINITIONS = {
  code: { ...SHARED, kind: 'authorization-code', server: OAUTH },
  implicit: { ...SHARED, kind: 'implicit', server: OAUTH },
  client: { ...SHARED, kind: 'client-credentials', server: OAUTH },
  rest: { ...SHARED, kind: 'rest-login', login: LOGIN },
  'rest with a check': { ...SHARED, kind: 'rest-login', login: { ...LOGIN, check: CHECK } },
  approval: {
    ...SHARED,
    kind: 'approval',
    start: { url: '{base}/start' },
    pagePath: 'page',
    extras: {},
    poll: { url: '{base}/poll' },
    pendingStatus: 404,
    everySeconds: 1,
    answer: { token: ['token'] },
  },
  capture: {
    ...SHARED,
    kind: 'capture',
    startUrl: '{base}/app',
    pathPart: 'api/',
    lifeSeconds: 3600,
  },
  key: {
    ...SHARED,
    kind: 'static-key',
    key: { template: '{key}', encoding: 'plain' },
    probe: { url: '{base}/me' },
  },
  'key without a probe': {
    ...SHARED,
    kind: 'static-key',
    key: { template: '{key}', encoding: 'plain' },
  },
} satisfies Readonly<Record<string, ProviderGrant>>;

const SECRETS = { clientSecret: 'right', password: 'canary-password', key: 'canary-key' };

function draftOf(grant: GrantKind, base: string, changes: Partial<TenantDraft> = {}): TenantDraft {
  return {
    providerId: 'test',
    grant,
    name: 'New',
    colour: '#aabbcc',
    values: { base, clientId: 'test-client', redirectUri: 'https://localhost/callback' },
    secrets: SECRETS,
    storedSecrets: [],
    notice: 'default',
    ...changes,
  };
}

const snapshot = (world: World): string =>
  JSON.stringify([world.store.get(), world.settingsStore.content(), [...world.vault.stored]]);

describe('each way says in one sentence what came back, and keeps nothing', () => {
  const answers = (answer: Answer) => () => {
    oauth.behave({ token: () => answer, authorize: () => answer });
    api.answerWith(() => answer);
  };
  const TOKEN = jsonAnswer({ token: 'canary-token', page: 'https://a.example/' });

  test.each<[keyof typeof DEFINITIONS, string, (() => void) | undefined, RegExp]>([
    ['code', 'a client that is known', undefined, /knows this client/],
    [
      'code',
      'a client that is not',
      answers(jsonAnswer({ error: 'invalid_client' }, 401)),
      /^client-refused$/,
    ],
    [
      'code',
      'a server that does not say',
      answers(jsonAnswer({ error: 'invalid_request' }, 400)),
      /^The provider is there/,
    ],
    ['code', 'a page where JSON belongs', answers(htmlPage()), /^not-the-provider$/],
    ['implicit', 'a page', answers(htmlPage()), /127\.0\.0\.1:\d+ is there/],
    [
      'implicit',
      'a page that sends on',
      answers({ status: 302, headers: { location: 'https://a.example/' } }),
      /is there/,
    ],
    ['implicit', 'no page', answers(htmlPage(404)), /^not-the-provider$/],
    ['client', 'a token', undefined, /^It works: a token that lasts 60 minutes came back/],
    [
      'client',
      'a refusal',
      answers(jsonAnswer({ error: 'invalid_client' }, 401)),
      /^client-refused$/,
    ],
    ['rest', 'a token', answers(TOKEN), /a token that lasts 60 minutes came back/],
    ['rest', 'a refusal', answers(jsonAnswer({}, 401)), /^credentials-refused$/],
    [
      'rest with a check',
      'a right password',
      answers(jsonAnswer({})),
      /^What was entered is right/,
    ],
    ['rest with a check', 'a wrong password', answers({ status: 403 }), /^credentials-refused$/],
    ['approval', 'a start', answers(TOKEN), /ready for a sign-in/],
    ['approval', 'no start', answers(htmlPage(404)), /^not-the-provider$/],
    ['capture', 'a web app', answers(htmlPage()), /is there/],
    ['capture', 'none', answers(htmlPage(503)), /^not-the-provider$/],
    ['key', 'one that works', answers(jsonAnswer({})), /^The token is accepted: GET to 127/],
    ['key', 'one that does not', answers(jsonAnswer({}, 401)), /^key-refused$/],
    ['key without a probe', 'nothing to try', undefined, /^Nothing to try/],
  ])('%s: %s', async (way, _name, prepare, expected) => {
    const definition: ProviderGrant = DEFINITIONS[way];
    const world = await createWorld([], { providers: catalogueOf(definition) });
    world.startKeeper();
    const before = snapshot(world);
    prepare?.();
    const base = 'server' in definition ? oauth.issuer : api.origin;
    const result = await world.testDraft(draftOf(definition.kind, base));
    expect(result.ok ? result.value : result.error.code).toMatch(expected);
    expect(JSON.stringify(result)).not.toContain('canary');
    await world.clock.advance(60_000);
    expect(snapshot(world)).toBe(before);
    expect(world.vault.writes()).toBe(0);
    expect([world.userAgent.requests, world.tokenCapture.requests]).toEqual([[], []]);
    expect(api.requests('/login').length).toBe(way === 'rest' ? 1 : 0);
  });

  test('a session that the test has made is ended again', async () => {
    const world = await createWorld([], { providers: catalogueOf(DEFINITIONS.rest) });
    api.answerWith(() => TOKEN);
    await world.testDraft(draftOf('rest-login', api.origin));
    expect(api.requests().map(({ path }) => path)).toEqual(['/login', '/logout']);
    expect(api.requests('/logout')[0]!.headers.authorization).toBe('Bearer canary-token');
  });

  test('a draft is refused like at saving', async () => {
    const world = await createWorld([], { providers: catalogueOf(DEFINITIONS.rest) });
    for (const changes of [
      { name: '' },
      { values: { base: 'http://api.example.com' } },
      { values: {} },
    ]) {
      expect(await world.testDraft(draftOf('rest-login', api.origin, changes))).toMatchObject({
        error: { code: 'input-invalid' },
      });
    }
    expect(
      await world.testDraft(draftOf('rest-login', api.origin, { id: crypto.randomUUID() })),
    ).toMatchObject({ error: { code: 'tenant-unknown' } });
    expect(world.http.called).toEqual([]);
  });

  test('it ends after a minute at most', async () => {
    const world = await createWorld([], { providers: catalogueOf(DEFINITIONS.rest) });
    api.answerWith(() => new Promise(() => undefined));
    const arrived = api.nextRequest('/login');
    const result = world.testDraft(draftOf('rest-login', api.origin));
    await arrived;
    world.clock.jump(60_000);
    expect(await result).toMatchObject({ error: { code: 'timed-out' } });
    expect(world.clock.timers()).toBe(0);
  });
});

describe('stored secrets of a tenant that is being edited', () => {
  const region: Field = {
    ...field('region', 'choice'),
    options: ['eu', 'us'].map((value) => ({ value, label: value })),
  };
  const fields = [
    field('base', 'url', true),
    field('host', 'host', true),
    field('shop', 'label', true),
    region,
    field('scopes', 'scopes'),
    field('password', 'secret'),
  ];
  const login = {
    ...LOGIN,
    login: {
      url: 'http://{host}/{shop}[/{region}]',
      fields: { password: '{password}' },
      headers: { 'X-Base': '{base}', 'X-Old': '[{token}]' },
    },
  };
  const providers: readonly Provider[] = catalogueOf({
    ...NAMED,
    kind: 'rest-login',
    fields,
    login,
  });

  async function edited(change: Readonly<Record<string, string>>, more: Partial<TenantDraft> = {}) {
    const host = new URL(api.origin).host;
    const values = { base: api.origin, host, shop: 'acme', region: 'eu', ...more.values };
    const tenant = tenantOfTest('rest-login', values);
    const world = await createWorld([tenant], { providers });
    world.vault.put(tenant.id, {
      fields: { password: 'canary-stored' },
      token: { accessToken: 'canary-in-use', issuedAtMs: 0 },
    });
    await world.testDraft(
      draftOf('rest-login', '', {
        id: tenant.id,
        secrets: {},
        storedSecrets: ['password'],
        ...more,
        values: { ...values, ...change },
      }),
    );
    expect(world.vault.writes()).toBe(0);
    return api.requests();
  }

  test.each([
    ['a name of the form', { scopes: 'a b' }, true],
    ['another url', { base: 'https://evil.example' }, false],
    ['another host', { host: '127.0.0.1:9' }, false],
    ['another spelling of the host', { host: 'localhost' }, false],
    ['another shop', { shop: 'evil' }, false],
    ['another region', { region: 'us' }, false],
  ])('%s: sent along or not: %j', async (_name, change, expected) => {
    const requests = await edited(change);
    expect(requests.some(({ body }) => body.includes('canary-stored'))).toBe(expected);
    // The token in use is nobody's business
    expect(JSON.stringify(requests.filter(({ path }) => path !== '/logout'))).not.toContain(
      'canary-in-use',
    );
  });

  test('the token in use is left out of a check as well', async () => {
    const check = { url: '{base}/check', headers: { 'X-Old': '[{token}]', 'X-Key': '{password}' } };
    const tenant = tenantOfTest('rest-login', { base: api.origin });
    const world = await createWorld([tenant], {
      providers: catalogueOf({ ...SHARED, kind: 'rest-login', login: { ...LOGIN, check } }),
    });
    const token = { accessToken: 'canary-in-use', issuedAtMs: 0 };
    world.vault.put(tenant.id, { fields: { password: 'stored' }, token });
    const values = { base: api.origin };
    const draft = draftOf('rest-login', '', { id: tenant.id, values, secrets: {} });
    expect((await world.testDraft(draft)).ok).toBe(true);
    expect(api.requests()[0]!.headers).toMatchObject({ 'x-old': '', 'x-key': 'stored' });
  });

  test('what was typed for the new address goes there', async () => {
    const requests = await edited({ shop: 'other' }, { secrets: { password: 'typed' } });
    expect(requests[0]).toMatchObject({ path: '/other/eu', body: '{"password":"typed"}' });
  });

  test('a secret that is needed has to be typed again', async () => {
    const required = fields.map((each) => ({ ...each, required: each.name === 'password' }));
    const tenant = tenantOfTest('rest-login', { base: api.origin, host: 'a.example', shop: 'a' });
    const world = await createWorld([tenant], {
      providers: catalogueOf({ ...NAMED, kind: 'rest-login', fields: required, login }),
    });
    world.vault.put(tenant.id, { fields: { password: 'canary-stored' } });
    expect(
      await world.testDraft(
        draftOf('rest-login', '', {
          id: tenant.id,
          values: { ...tenant.values, shop: 'b' },
          secrets: {},
          storedSecrets: ['password'],
        }),
      ),
    ).toMatchObject({
      error: { code: 'input-invalid', fields: { password: expect.any(String) as string } },
    });
    expect(world.http.called).toEqual([]);
  });
});
