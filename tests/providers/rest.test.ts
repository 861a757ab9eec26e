import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Provider } from '../../src-main/core/provider.ts';
import { apiKey } from '../../src-main/providers/api-key.ts';
import { directus } from '../../src-main/providers/directus.ts';
import { firebase } from '../../src-main/providers/firebase.ts';
import { jellyfin } from '../../src-main/providers/jellyfin.ts';
import { kaltura } from '../../src-main/providers/kaltura.ts';
import { magento } from '../../src-main/providers/magento.ts';
import { matrix } from '../../src-main/providers/matrix.ts';
import { nextcloud } from '../../src-main/providers/nextcloud.ts';
import { pocketbase } from '../../src-main/providers/pocketbase.ts';
import { proxmox } from '../../src-main/providers/proxmox.ts';
import { rest } from '../../src-main/providers/rest.ts';
import { supabase } from '../../src-main/providers/supabase.ts';
import { thingsboard } from '../../src-main/providers/thingsboard.ts';
import { veeam } from '../../src-main/providers/veeam.ts';
import { zabbix } from '../../src-main/providers/zabbix.ts';
import { HTML_INSTEAD_OF_JSON } from '../emulators/emulator-parts.ts';
import { startInternet } from '../emulators/internet.ts';
import type { Internet } from '../emulators/internet.ts';
import { anyRest } from '../emulators/rest-any.ts';
import type { AnyRest, AnyRestSetup } from '../emulators/rest-any.ts';
import {
  createRestApis,
  FIREBASE_API_KEY,
  FIREBASE_PROJECT,
  KALTURA_PARTNER_ID,
  SUPABASE_API_KEY,
} from '../emulators/rest-apis.ts';
import type { RestApi } from '../emulators/rest-apis.ts';
import { undecided } from '../fakes/user-agent.function.ts';
import { createWorld } from '../fakes/world.ts';
import type { World } from '../fakes/world.ts';
import { addTenant, draftOf, expectFailure, lifeOf, tokenOf, valueOf } from './tenant-form.ts';

const HOUR = 3_600_000;
const WRONG = 'canaryWrongPassword-19d2';

const catalogue: readonly Provider[] = [
  ...[directus, thingsboard, supabase, firebase, matrix, pocketbase, jellyfin, magento],
  ...[zabbix, proxmox, kaltura, veeam, nextcloud, rest, apiKey],
];

let world: World;
const now = (): number => world.clock.now();
const apis = createRestApis(now);
const any = anyRest(now);
let internet: Internet;

beforeAll(async () => {
  internet = await startInternet([...Object.values(apis), any]);
});
afterAll(() => internet.stop());
beforeEach(async () => {
  for (const api of [...Object.values(apis), any]) api.reset();
  world = await createWorld([], { internet, providers: catalogue });
});

interface Case {
  readonly provider: Provider;
  readonly api: RestApi<never>;
  /** Undefined: never ends. */
  readonly lifeMs: number | undefined;
  readonly renewal: 'refresh-token' | 'current-token' | 'login';
  readonly logsOut: boolean;
  /** Beside address, username and password. */
  readonly typed?: Readonly<Record<string, string>>;
}

const cases: readonly Case[] = [
  {
    provider: directus,
    api: apis.directus,
    lifeMs: 900_000,
    renewal: 'refresh-token',
    logsOut: true,
  },
  {
    provider: thingsboard,
    api: apis.thingsBoard,
    lifeMs: 2.5 * HOUR,
    renewal: 'refresh-token',
    logsOut: false,
  },
  {
    provider: supabase,
    api: apis.supabase,
    lifeMs: HOUR,
    renewal: 'refresh-token',
    logsOut: true,
    typed: { apiKey: SUPABASE_API_KEY },
  },
  {
    provider: firebase,
    api: apis.firebase,
    lifeMs: HOUR,
    renewal: 'refresh-token',
    logsOut: false,
    typed: {
      apiKey: FIREBASE_API_KEY,
      probeUrl: `https://firestore.googleapis.com/v1/projects/${FIREBASE_PROJECT}/databases/(default)/documents/users/u-1`,
    },
  },
  {
    provider: matrix,
    api: apis.matrix,
    lifeMs: 300_000,
    renewal: 'refresh-token',
    logsOut: true,
  },
  {
    provider: pocketbase,
    api: apis.pocketBase,
    lifeMs: 168 * HOUR,
    renewal: 'current-token',
    logsOut: false,
  },
  { provider: jellyfin, api: apis.jellyfin, lifeMs: undefined, renewal: 'login', logsOut: true },
  { provider: magento, api: apis.magento, lifeMs: HOUR, renewal: 'login', logsOut: false },
  { provider: zabbix, api: apis.zabbix, lifeMs: undefined, renewal: 'login', logsOut: true },
  {
    provider: proxmox,
    api: apis.proxmox,
    lifeMs: 2 * HOUR,
    renewal: 'current-token',
    logsOut: false,
  },
  {
    provider: kaltura,
    api: apis.kaltura,
    lifeMs: 24 * HOUR,
    renewal: 'login',
    logsOut: true,
    typed: { partnerId: KALTURA_PARTNER_ID, startWith: 'secret' },
  },
  {
    provider: veeam,
    api: apis.veeam,
    lifeMs: 900_000,
    renewal: 'refresh-token',
    logsOut: false,
  },
];

describe.each(cases.map((each) => [each.provider.name, each] as const))('%s', (_name, each) => {
  const { provider, lifeMs, renewal, logsOut, typed } = each;
  const api: RestApi = each.api;
  const values = (password = api.account.password): Readonly<Record<string, string>> => ({
    ...(provider === firebase ? {} : { baseUrl: `${api.origin}/` }),
    username: api.account.username,
    password,
    ...typed,
  });
  const signIn = async (): Promise<string> => {
    const id = await addTenant(world, provider, 'rest-login', values());
    valueOf(await world.sessions.signIn(id));
    return id;
  };
  const accepted = async (id: string): Promise<boolean> =>
    valueOf(await world.callTenant(id)).accepted;

  test('logs in; the end is known as the answer tells it; the probe is accepted', async () => {
    const id = await signIn();
    const life = lifeOf(tokenOf(world, id));
    if (lifeMs === undefined) expect(life).toBeUndefined();
    else expect(Math.abs((life ?? 0) - lifeMs)).toBeLessThan(2000);
    expect(await accepted(id)).toBe(true);
  });

  test('a token that has ended is not accepted by the probe', async () => {
    const id = await signIn();
    const { fields = {}, token } = world.vault.stored.get(id) ?? {};
    // Signed out elsewhere; the password is of no use either, so that nothing is renewed on the way
    api.expireTokens();
    api.revokeRefreshTokens();
    world.vault.put(id, { fields: { ...fields, password: WRONG }, ...(token && { token }) });
    expect(await accepted(id)).toBe(false);
  });

  test('renews in its own way', async () => {
    const id = await signIn();
    const before = tokenOf(world, id);
    const logins = api.requests('login').length;
    const renewed = valueOf(await world.sessions.renew(id));
    expect(renewed.accessToken).not.toBe(before.accessToken);
    expect(lifeOf(renewed) === undefined).toBe(lifeMs === undefined);
    const isLogin = renewal === 'login' || provider === proxmox;
    expect(api.requests('login').length - logins).toBe(isLogin ? 1 : 0);
    if (provider === proxmox) {
      expect(api.requests('login').at(-1)?.form.get('password')).toBe(before.accessToken);
    }
    if (renewal === 'refresh-token') expect(renewed.refreshToken).toBeDefined();
    expect(await accepted(id)).toBe(true);
    valueOf(await world.sessions.renew(id));
    expect(api.reuses()).toBe(0);
  });

  test('after everything was revoked there the password starts another session', async () => {
    const id = await signIn();
    api.expireTokens();
    api.revokeRefreshTokens();
    const logins = api.requests('login').length;
    valueOf(await world.sessions.renew(id));
    expect(api.requests('login').length).toBeGreaterThan(logins);
    expect(await accepted(id)).toBe(true);
  });

  test('a wrong password is told as such', async () => {
    const id = await addTenant(world, provider, 'rest-login', values(WRONG));
    const refused = await world.sessions.signIn(id);
    expectFailure(refused, 'credentials-refused', [WRONG, ...api.canaries()]);
    const tested = await world.testDraft(draftOf(provider, 'rest-login', values(WRONG)));
    expectFailure(tested, 'credentials-refused', [WRONG, ...api.canaries()]);
  });

  test('a web page where JSON belongs, at login and at renewal: nothing is lost', async () => {
    const page = (): typeof HTML_INSTEAD_OF_JSON => HTML_INSTEAD_OF_JSON;
    const id = await signIn();
    const before = tokenOf(world, id);
    api.behave({ login: page, refresh: page });
    expectFailure(await world.sessions.renew(id), 'not-the-provider', api.canaries());
    expect(tokenOf(world, id)).toEqual(before);
    const other = await addTenant(world, provider, 'rest-login', values());
    expectFailure(await world.sessions.signIn(other), 'not-the-provider', api.canaries());
  });

  test('a redirect to another host is not followed', async () => {
    const headers = { location: 'https://look-alike.evil.example/login' };
    api.behave({ login: () => ({ status: 307, headers }) });
    const id = await addTenant(world, provider, 'rest-login', values());
    expectFailure(await world.sessions.signIn(id), 'redirect-refused', api.canaries());
    expect(world.http.called.filter((url) => url.includes('evil'))).toEqual([]);
  });

  test('signing out ends the session there, and so does a test', async () => {
    const id = await signIn();
    const { accessToken } = tokenOf(world, id);
    expect(valueOf(await world.sessions.signOut(id))).toBe(logsOut ? 'confirmed' : 'not-offered');
    expect(api.requests('logout')).toHaveLength(logsOut ? 1 : 0);
    const said = valueOf(await world.testDraft(draftOf(provider, 'rest-login', values())));
    expect(said).not.toContain(accessToken);
    for (const secret of api.canaries()) expect(said).not.toContain(secret);
    // Directus ends what renews, not the token
    if (logsOut && provider !== directus) expect(api.liveTokens()).toBe(0);
  });
});

describe('what single interfaces do otherwise', () => {
  test('Matrix: no refresh token in the answer keeps the old one; no life means no end', async () => {
    const api = apis.matrix;
    api.behave({ refreshRule: 'omitted', lifetimeSeconds: Infinity });
    const id = await addTenant(world, matrix, 'rest-login', {
      baseUrl: api.origin,
      ...api.account,
    });
    valueOf(await world.sessions.signIn(id));
    const { refreshToken, account } = tokenOf(world, id);
    expect(account).toBe('@ada:matrix.test');
    const renewed = valueOf(await world.sessions.renew(id));
    expect(renewed).toMatchObject({ refreshToken, account });
    expect(renewed.expiresAtMs).toBeUndefined();
  });

  test('Kaltura: by a user’s password, and with the life that was asked for', async () => {
    const api = apis.kaltura;
    const id = await addTenant(world, kaltura, 'rest-login', {
      baseUrl: api.origin,
      ...api.account,
      partnerId: KALTURA_PARTNER_ID,
      expirySeconds: '600',
    });
    valueOf(await world.sessions.signIn(id));
    expect(api.requests('loginByLoginId')).toHaveLength(1);
    expect(lifeOf(tokenOf(world, id))).toBe(600_000);
  });

  test('Magento: a store view of its own stands in the address', async () => {
    const api = apis.magento;
    const values = { baseUrl: api.origin, ...api.account, store: 'german' };
    const id = await addTenant(world, magento, 'rest-login', values);
    valueOf(await world.sessions.signIn(id));
    expect(api.requests('login')[0]?.url.pathname).toBe(
      '/rest/german/V1/integration/customer/token',
    );
  });

  test('Proxmox: calls carry the cookie and the header for writing', async () => {
    const api = apis.proxmox;
    const id = await addTenant(world, proxmox, 'rest-login', {
      baseUrl: api.origin,
      ...api.account,
    });
    valueOf(await world.sessions.signIn(id));
    valueOf(await world.callTenant(id));
    const { extra } = tokenOf(world, id);
    expect(api.requests('probe')[0]?.headers['csrfpreventiontoken']).toBe(extra?.['writeToken']);
  });

  test('Zabbix: the password is not asked of the probe, and `auth` stands in no body', async () => {
    const api = apis.zabbix;
    const id = await addTenant(world, zabbix, 'rest-login', {
      baseUrl: api.origin,
      ...api.account,
    });
    valueOf(await world.sessions.signIn(id));
    valueOf(await world.callTenant(id));
    for (const { json } of api.requests()) expect(json).not.toHaveProperty('auth');
  });
});

describe('Nextcloud', () => {
  const api = apis.nextcloud;
  const add = (): Promise<string> =>
    addTenant(world, nextcloud, 'approval', { baseUrl: api.origin });

  test('the person approves on its page, and the app password comes once', async () => {
    world.userAgent.answerWith(undecided);
    const id = await add();
    const opened = world.userAgent.nextAttempt();
    const signedIn = world.sessions.signIn(id);
    const { url } = await opened;
    await world.clock.advance(2000);
    expect(api.requests('poll')).toHaveLength(1);
    await internet.fetch(url.href, {
      method: 'POST',
      body: new URLSearchParams({ ...api.account }),
    });
    await world.clock.advance(2000);
    valueOf(await signedIn);
    const token = tokenOf(world, id);
    expect(token).toMatchObject({ account: api.account.username });
    expect(token.expiresAtMs).toBeUndefined();
    expect(valueOf(await world.callTenant(id))).toMatchObject({ accepted: true, status: 200 });
    expect(valueOf(await world.sessions.signOut(id))).toBe('confirmed');
    expect(api.liveTokens()).toBe(0);
  });

  test('closing the window ends the asking, after one last time', async () => {
    world.userAgent.answerWith(() => ({ kind: 'closed' }));
    const id = await add();
    const signedIn = world.sessions.signIn(id);
    expectFailure(await signedIn, 'sign-in-cancelled', api.canaries());
    await world.clock.advance(10_000);
    expect(api.requests('poll')).toHaveLength(1);
  });

  test('a page where JSON belongs', async () => {
    api.behave({ login: () => HTML_INSTEAD_OF_JSON });
    expectFailure(await world.sessions.signIn(await add()), 'not-the-provider', api.canaries());
  });
});

describe('REST login, any', () => {
  const typed = (more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
    loginUrl: 'https://any-rest.test/login',
    username: any.account.username,
    password: any.account.password,
    probeUrl: 'https://any-rest.test/whoami',
    ...more,
  });
  const byRefreshToken = { renewBy: 'refresh-token', renewUrl: 'https://any-rest.test/renew' };
  const table: readonly (readonly [
    what: string,
    setup: Partial<AnyRestSetup>,
    more: Readonly<Record<string, string>>,
    lifeMs: number | undefined,
  ])[] = [
    ['nothing but the address', {}, {}, undefined],
    [
      'the end in seconds as a text, renewed at another host',
      { expiry: 'seconds-as-text', renewalHost: 'renewal.any-rest.test' },
      {
        ...byRefreshToken,
        renewUrl: 'https://renewal.any-rest.test/renew',
        expiryPlace: 'expires',
      },
      HOUR,
    ],
    [
      'a form, wrapped answers, milliseconds',
      { encoding: 'form', wrapper: 'data.session', expiry: 'milliseconds' },
      {
        ...byRefreshToken,
        encoding: 'form',
        renewEncoding: 'form',
        tokenPlace: 'data.session.token',
        refreshTokenPlace: 'data.session.refreshToken',
        expiryPlace: 'data.session.expires',
        expiryUnit: 'in-ms',
      },
      HOUR,
    ],
    [
      'multipart, a date as text',
      { encoding: 'multipart', expiry: 'iso' },
      {
        ...byRefreshToken,
        encoding: 'multipart',
        renewEncoding: 'multipart',
        expiryPlace: 'expires',
        expiryUnit: 'at-iso',
      },
      HOUR,
    ],
    [
      'GET with a query, seconds since 1970',
      { method: 'GET', encoding: 'query', expiry: 'epoch-seconds', renewal: 'none' },
      { method: 'GET', expiryPlace: 'expires', expiryUnit: 'at-s' },
      HOUR,
    ],
    [
      'a Basic header, milliseconds since 1970',
      { encoding: 'basic', expiry: 'epoch-milliseconds', renewal: 'none' },
      { encoding: 'basic', expiryPlace: 'expires', expiryUnit: 'at-ms' },
      HOUR,
    ],
    [
      'field names in objects, fixed fields and headers of their own',
      {
        fields: { username: 'user.name', password: 'user.pass', refreshToken: 'renew.with' },
        staticFields: { 'client.id': 'tray', remember: 'true' },
        headers: { 'x-tenant': 'acme' },
      },
      {
        ...byRefreshToken,
        usernameField: 'user.name',
        passwordField: 'user.pass',
        loginFields: 'client.id=tray\nremember=true',
        loginHeaders: 'x-tenant=acme',
        renewFields: 'renew.with={refreshToken}',
        probeUrl: '',
      },
      undefined,
    ],
    [
      'the body is the token, which renews itself',
      { tokenIn: 'body', expiry: 'jwt', renewal: 'current-token' },
      { renewBy: 'current-token', renewUrl: 'https://any-rest.test/renew' },
      HOUR,
    ],
    [
      'a JSON string, a life by agreement, an odd header',
      {
        tokenIn: 'json-body',
        expiry: 'none',
        renewal: 'none',
        use: { in: 'header', name: 'x-session', template: 'Token token="{token}"' },
      },
      { lifeSeconds: '3600', headerName: 'X-Session', headerValue: 'Token token="{token}"' },
      HOUR,
    ],
    [
      'a token in a header',
      { tokenIn: 'header', renewal: 'none' },
      { tokenPlace: 'header:token' },
      undefined,
    ],
    [
      'a cookie for a cookie, renewed with itself as the password',
      {
        tokenIn: 'cookie',
        renewal: 'ticket',
        use: { in: 'cookie', name: 'sid', template: '{token}' },
        members: { token: 'sid', refreshToken: '-', expiry: 'expires' },
      },
      {
        tokenPlace: 'cookie:sid',
        headerName: 'Cookie',
        headerValue: 'sid={token}',
        renewBy: 'current-token',
        renewUrl: 'https://any-rest.test/login',
        renewFields: 'username={username}\npassword={token}',
      },
      undefined,
    ],
    [
      'success told by the body',
      { success: { member: 'ok', good: true, bad: false } },
      { ...byRefreshToken, successRule: 'ok=true' },
      undefined,
    ],
  ];

  describe.each(table)('%s', (_what, setup, more, lifeMs) => {
    const asIs = (change: AnyRest): void => change.configure(setup);

    test('logs in, renews, is accepted, signs out', async () => {
      asIs(any);
      const values = typed({ logoutUrl: 'https://any-rest.test/logout', ...more });
      const id = await addTenant(world, rest, 'rest-login', values);
      valueOf(await world.sessions.signIn(id));
      const life = lifeOf(tokenOf(world, id));
      if (lifeMs === undefined) expect(life).toBeUndefined();
      else expect(Math.abs((life ?? 0) - lifeMs)).toBeLessThan(2000);
      const logins = any.requests('login').length;
      const before = tokenOf(world, id).accessToken;
      expect(valueOf(await world.sessions.renew(id)).accessToken).not.toBe(before);
      const again = more['renewBy'] === undefined || setup.renewal === 'ticket' ? 1 : 0;
      expect(any.requests('login').length - logins).toBe(again);
      if (values['probeUrl'] !== '') {
        expect(valueOf(await world.callTenant(id))).toMatchObject({ accepted: true });
      }
      expect(valueOf(await world.sessions.signOut(id))).toBe('confirmed');
      // The session that a second login has replaced is ended too
      expect(any.requests('logout')).toHaveLength(more['renewBy'] === undefined ? 2 : 1);
    });

    test('refusals are told as such', async () => {
      asIs(any);
      const id = await addTenant(world, rest, 'rest-login', typed({ ...more, password: WRONG }));
      const secrets = [WRONG, ...any.canaries()];
      expectFailure(await world.sessions.signIn(id), 'credentials-refused', secrets);
    });
  });

  test('a page is not a token, whatever the place', async () => {
    any.behave({ login: () => HTML_INSTEAD_OF_JSON });
    const id = await addTenant(world, rest, 'rest-login', typed({ tokenPlace: '*' }));
    expectFailure(await world.sessions.signIn(id), 'not-the-provider', any.canaries());
  });

  test('JSON without a token names what is missing', async () => {
    any.behave({ login: () => ({ body: { welcome: 'back' } }) });
    const id = await addTenant(world, rest, 'rest-login', typed());
    expectFailure(await world.sessions.signIn(id), 'token-answer-invalid', any.canaries());
  });
});

describe('API key or token', () => {
  test('is kept with its date, and called with in its header', async () => {
    any.configure({ use: { in: 'header', name: 'x-api-key', template: '{token}' } });
    const login = await internet.fetch('https://any-rest.test/login', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(any.account),
    });
    const { token } = (await login.json()) as { readonly token: string };
    const typed = {
      key: token,
      expiresOn: '2099-12-31',
      headerName: 'X-Api-Key',
      headerValue: '{token}',
      probeUrl: 'https://any-rest.test/whoami',
    };
    const id = await addTenant(world, apiKey, 'static-key', typed);
    valueOf(await world.sessions.signIn(id));
    expect(tokenOf(world, id).expiresAtMs).toBe(new Date('2099-12-31T23:59:59.999').getTime());
    expect(valueOf(await world.callTenant(id))).toMatchObject({ accepted: true, status: 200 });
    const wrong = draftOf(apiKey, 'static-key', { ...typed, key: WRONG });
    expectFailure(await world.testDraft(wrong), 'key-refused', [WRONG, token]);
  });
});
