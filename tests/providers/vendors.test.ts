import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { isRedirect } from '../../src-main/core/oauth/callback.ts';
import { limio } from '../../src-main/providers/limio.ts';
import { livechat } from '../../src-main/providers/livechat.ts';
import { teletracker } from '../../src-main/providers/teletracker.ts';
import { HTML_INSTEAD_OF_JSON } from '../emulators/emulator-parts.ts';
import { startInternet } from '../emulators/internet.ts';
import type { Internet } from '../emulators/internet.ts';
import { createLimio } from '../emulators/limio.ts';
import {
  createLiveChat,
  LIVECHAT_PAT,
  LIVECHAT_SERVER_APP,
  LIVECHAT_WEB_APP,
} from '../emulators/livechat.ts';
import { createSiteCaller } from '../emulators/site-caller.ts';
import type { Emulator } from '../emulators/site.ts';
import { createTeleTracker } from '../emulators/teletracker.ts';
import type { AnswerAttempt } from '../fakes/user-agent.function.ts';
import { createWorld } from '../fakes/world.ts';
import type { World } from '../fakes/world.ts';
import { addTenant, draftOf, expectFailure, lifeOf, tokenOf, valueOf } from './tenant-form.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const WRONG = 'canaryWrongSecret-19d2';
const API_KEY = 'limio-publishable-key';

let world: World;
const now = (): number => world.clock.now();
const limioSite = createLimio({ now, apiKeys: [API_KEY] });
const livechatSite = createLiveChat({ now });
const teletrackerSite = createTeleTracker({ now });
const sites = [limioSite, livechatSite, teletrackerSite];
let internet: Internet;

beforeAll(async () => {
  internet = await startInternet(sites);
});
afterAll(() => internet.stop());
beforeEach(async () => {
  for (const site of sites) site.reset();
  world = await createWorld([], { internet, providers: [limio, livechat, teletracker] });
});

type Typed = Readonly<Record<string, string>>;

/** A person in a browser: signs in where asked to, and stops where the redirects end. */
function personAt(emulator: Emulator): AnswerAttempt {
  const browser = createSiteCaller(emulator);
  return async (request) => {
    const first = await browser.visit(request.url.href);
    const stop = String(first.answer?.body).includes('id="password"')
      ? await browser.signIn(request.url.href)
      : first;
    const error = request.readErrorPage?.(stop.url);
    if (error !== undefined) return { kind: 'failed', error };
    return isRedirect(stop.url.href, request.redirectUri) && request.isOurs(stop.url)
      ? { kind: 'answered', answer: stop.url }
      : { kind: 'closed' };
  };
}

async function accepted(id: string): Promise<boolean> {
  return valueOf(await world.callTenant(id)).accepted;
}

describe('Limio', () => {
  const place: Typed = { tenant: 'acme', region: 'prod' };
  const client: Typed = { clientId: limioSite.clientId, clientSecret: limioSite.clientSecret };
  const asPerson = (more: Typed = {}): Promise<string> =>
    addTenant(world, limio, 'authorization-code', { ...place, ...client, ...more });
  const asApp = (more: Typed = {}): Promise<string> =>
    addTenant(world, limio, 'client-credentials', { ...place, ...client, ...more });

  beforeEach(() => {
    world.userAgent.answerWith(personAt(limioSite));
  });

  test.each([
    ['prod', 'acme.prod.limio.com'],
    ['prod-us', 'acme.prod-us.limio.com'],
    ['dev', 'acme.dev.limio.com'],
  ])('a person signs in, over single sign-on: %s', async (region, host) => {
    const id = await asPerson({ region });
    valueOf(await world.sessions.signIn(id));
    const { url } = world.userAgent.requests[0]!;
    expect(url.href.split('?')[0]).toBe(`https://${host}/oauth2/authorize`);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      response_type: 'code',
      client_id: limioSite.clientId,
      redirect_uri: 'https://localhost/callback',
      scope: 'openid',
    });
    expect(lifeOf(tokenOf(world, id))).toBe(HOUR);
    expect(await accepted(id)).toBe(true);
    expect(world.session(id).token?.renewable).toBe(false);
  });

  test('a refresh token, where one comes, is kept over renewals that bring none', async () => {
    limioSite.behave({ issuesRefreshTokens: true });
    const id = await asPerson();
    valueOf(await world.sessions.signIn(id));
    const { refreshToken, accessToken } = tokenOf(world, id);
    const renewed = valueOf(await world.sessions.renew(id));
    expect(renewed.refreshToken).toBe(refreshToken);
    expect(renewed.accessToken).not.toBe(accessToken);
    limioSite.endSessions();
    expectFailure(await world.sessions.renew(id), 'grant-refused', limioSite.canaries());
  });

  test('an app signs in with its credentials in the body, without a scope', async () => {
    const id = await asApp();
    valueOf(await world.sessions.signIn(id));
    const [request] = limioSite.requests('/oauth2/token');
    expect(request?.headers.authorization).toBeUndefined();
    expect(Object.fromEntries(request?.form ?? [])).toEqual({
      grant_type: 'client_credentials',
      client_id: limioSite.clientId,
      client_secret: limioSite.clientSecret,
    });
    const { accessToken } = tokenOf(world, id);
    expect(valueOf(await world.sessions.renew(id)).accessToken).not.toBe(accessToken);
    expect(await accepted(id)).toBe(true);
  });

  test.each([400, 401] as const)(
    'Basic is tried once on invalid_client (%i), and remembered',
    async (invalidClientStatus) => {
      limioSite.behave({ acceptsOnlyBasic: true, invalidClientStatus });
      const id = await asApp();
      valueOf(await world.sessions.signIn(id));
      expect(limioSite.tokenCalls()).toBe(2);
      valueOf(await world.sessions.renew(id));
      expect(limioSite.tokenCalls()).toBe(3);
    },
  );

  test('a wrong secret, an unknown client', async () => {
    const secrets = [WRONG, ...limioSite.canaries(), limioSite.clientSecret];
    const id = await asApp({ clientSecret: WRONG });
    expectFailure(await world.sessions.signIn(id), 'client-refused', secrets);
    expect(limioSite.tokenCalls()).toBe(2);
    const tested = await world.testDraft(
      draftOf(limio, 'authorization-code', { ...place, ...client, clientSecret: WRONG }),
    );
    expectFailure(tested, 'client-refused', secrets);
    const unknown = await asPerson({ clientId: 'somebody' });
    expect((await world.sessions.signIn(unknown)).ok).toBe(false);
  });

  test('a web page where JSON belongs, a redirect, a look-alike', async () => {
    const app = await asApp();
    limioSite.behave({ tokenAnswer: HTML_INSTEAD_OF_JSON });
    expectFailure(await world.sessions.signIn(app), 'not-the-provider', limioSite.canaries());
    const elsewhere = { status: 302, headers: { location: 'https://limio.evil.example/' } };
    limioSite.behave({ tokenAnswer: elsewhere });
    expectFailure(await world.sessions.signIn(app), 'redirect-refused', limioSite.canaries());
    limioSite.reset();
    limioSite.behave({ lookalikeRedirect: true });
    const person = await asPerson();
    expectFailure(await world.sessions.signIn(person), 'sign-in-cancelled', limioSite.canaries());
    expect(limioSite.tokenCalls()).toBe(0);
  });

  test('the token of the web app: asked for at its address, kept for its life, taken again', async () => {
    const id = await addTenant(world, limio, 'capture', place);
    world.tokenCapture.answerWith(() => ({ kind: 'captured', token: 'opaque-1' }));
    valueOf(await world.sessions.signIn(id));
    expect(world.tokenCapture.requests[0]).toMatchObject({
      startUrl: new URL('https://acme.prod.limio.com/'),
      pathPart: 'api/',
    });
    expect(lifeOf(tokenOf(world, id))).toBe(HOUR);
    world.tokenCapture.answerWith(() => ({ kind: 'captured', token: 'opaque-2' }));
    expect(valueOf(await world.sessions.renew(id)).accessToken).toBe('opaque-2');
    world.tokenCapture.answerWith(() => ({ kind: 'closed' }));
    expectFailure(await world.sessions.renew(id), 'capture-ended', ['opaque-1', 'opaque-2']);
  });

  test('a legacy key stands bare in its header and is two to a tenant', async () => {
    const add = (key: string): Promise<string> =>
      addTenant(world, limio, 'static-key', { ...place, apiKey: key });
    const id = await add(API_KEY);
    expect(await accepted(id)).toBe(true);
    const [request] = limioSite.requests('/api/campaigns');
    expect(request?.headers.authorization).toBe(API_KEY);
    expect(request?.url.search).toBe('?opt.pageSize=1');
    const wrong = draftOf(limio, 'static-key', { ...place, apiKey: WRONG });
    expectFailure(await world.testDraft(wrong), 'key-refused', [WRONG, API_KEY]);
    await add('another');
    await expect(add('a third')).rejects.toThrow('two API keys');
    const grant = limio.grants.find(({ kind }) => kind === 'static-key');
    expect(grant?.mark).toBe('Read-only');
    expect(grant?.removalNote).toContain('cannot be undone');
  });
});

describe('LiveChat', () => {
  const add = (kind: 'implicit' | 'authorization-code', typed: Typed): Promise<string> =>
    addTenant(world, livechat, kind, typed);
  const implicit = (more: Typed = {}): Promise<string> =>
    add('implicit', { clientId: LIVECHAT_WEB_APP.clientId, ...more });
  const webCode = (more: Typed = {}): Promise<string> =>
    add('authorization-code', { clientId: LIVECHAT_WEB_APP.clientId, ...more });
  const serverCode = (more: Typed = {}): Promise<string> =>
    add('authorization-code', {
      clientId: LIVECHAT_SERVER_APP.clientId,
      clientSecret: LIVECHAT_SERVER_APP.clientSecret ?? '',
      ...more,
    });

  beforeEach(() => {
    world.userAgent.answerWith(personAt(livechatSite));
  });

  test.each(['dal', 'fra', 'fra-a'] as const)(
    'implicit: redirect https://localhost, fragment decoded once, region %s kept, eight hours',
    async (region) => {
      livechatSite.behave({ region });
      const id = await implicit({ scopes: 'agents--all:ro chats--all:ro' });
      valueOf(await world.sessions.signIn(id));
      const { url } = world.userAgent.requests[0]!;
      expect(url.href).toMatch(/^https:\/\/accounts\.livechat\.com\/\?/);
      expect(Object.fromEntries(url.searchParams)).toMatchObject({
        response_type: 'token',
        redirect_uri: 'https://localhost',
        scope: 'agents--all:ro,chats--all:ro',
      });
      const token = tokenOf(world, id);
      expect(livechatSite.liveAccessTokens()).toEqual([token.accessToken]);
      expect(token.accessToken).toMatch(new RegExp(`^${region}:`));
      expect(lifeOf(token)).toBe(8 * HOUR);
      expect(world.session(id).token?.renewable).toBe(false);
      expect(await accepted(id)).toBe(true);
    },
  );

  test('without scopes none are asked for, which means all of the app’s', async () => {
    valueOf(await world.sessions.signIn(await implicit()));
    expect(world.userAgent.requests[0]?.url.searchParams.has('scope')).toBe(false);
  });

  test('a new sign-in revokes the token that it replaces; signing out revokes the last', async () => {
    const id = await implicit();
    valueOf(await world.sessions.signIn(id));
    valueOf(await world.sessions.signIn(id));
    await world.clock.settle();
    expect(livechatSite.liveAccessTokens()).toEqual([tokenOf(world, id).accessToken]);
    expect(valueOf(await world.sessions.signOut(id))).toBe('confirmed');
    expect(livechatSite.liveAccessTokens()).toEqual([]);
  });

  test('a code without a secret: PKCE, and each refresh token serves once', async () => {
    const id = await webCode();
    valueOf(await world.sessions.signIn(id));
    const first = tokenOf(world, id);
    const second = valueOf(await world.sessions.renew(id));
    expect(second.refreshToken).not.toBe(first.refreshToken);
    const third = valueOf(await world.sessions.renew(id));
    expect(third.refreshToken).not.toBe(second.refreshToken);
    expect(await accepted(id)).toBe(true);
  });

  test('a code with a secret: the refresh token stays the same', async () => {
    const id = await serverCode();
    valueOf(await world.sessions.signIn(id));
    const { refreshToken } = tokenOf(world, id);
    expect(valueOf(await world.sessions.renew(id)).refreshToken).toBe(refreshToken);
    expect(valueOf(await world.sessions.renew(id)).refreshToken).toBe(refreshToken);
    const { form, headers } = livechatSite.requests('/v2/token').at(-1)!;
    expect(headers.authorization).toBeUndefined();
    expect(form.get('client_secret')).toBe(LIVECHAT_SERVER_APP.clientSecret);
  });

  test('PKCE can be switched to plain', async () => {
    livechatSite.behave({ acceptsS256: false });
    const refused = await world.sessions.signIn(await webCode());
    expectFailure(refused, 'grant-refused', livechatSite.canaries());
    valueOf(await world.sessions.signIn(await webCode({ pkce: 'plain' })));
  });

  test('a refresh token that is expired, used up or revoked asks for a sign-in', async () => {
    for (const end of [
      () => livechatSite.expireRefreshTokens(),
      (id: string) => livechatSite.site(revocationOf(tokenOf(world, id).accessToken)),
    ]) {
      const id = await webCode();
      valueOf(await world.sessions.signIn(id));
      await end(id);
      expectFailure(await world.sessions.renew(id), 'grant-refused', livechatSite.canaries());
      expect(world.session(id).phase.kind).toBe('sign-in-needed');
    }
  });

  test('a wrong secret at sign-in is the client’s fault', async () => {
    const id = await serverCode({ clientSecret: WRONG });
    const secrets = [WRONG, ...livechatSite.canaries()];
    expectFailure(await world.sessions.signIn(id), 'client-refused', secrets);
  });

  test('an unknown client, a wrong redirect URI and a scope too many are told with what to do', async () => {
    const told = async (id: Promise<string>): Promise<string> => {
      const result = await world.sessions.signIn(await id);
      const error = expectFailure(result, 'sign-in-denied', livechatSite.canaries());
      return `${error.detail ?? ''} ${error.advice ?? ''}`;
    };
    expect(await told(implicit({ clientId: 'nobody' }))).toMatch(/client_id_not_found.* client ID/);
    expect(await told(implicit({ redirectUri: 'https://localhost:1' }))).toMatch(
      /invalid_redirect_uri.* redirect URI/,
    );
    expect(await told(implicit({ scopes: 'billing' }))).toMatch(/invalid_scope.* scopes/);
    expect(await told(implicit({ clientId: LIVECHAT_SERVER_APP.clientId }))).toContain(
      'app’s type',
    );
  });

  test('more than three sign-ins in half a minute', async () => {
    const id = await implicit();
    for (let count = 0; count < 3; count += 1) valueOf(await world.sessions.signIn(id));
    const error = expectFailure(await world.sessions.signIn(id), 'sign-in-denied', []);
    expect(error.advice).toContain('half a minute');
  });

  test.each([
    'invalid_request',
    'unauthorized_client',
    'access_denied',
    'unsupported_response_type',
    'invalid_scope',
    'server_error',
    'temporarily_unavailable',
    'unsupported_grant_type',
    'invalid_grant',
    'invalid_client',
    'missing_grant',
  ])('the error page of %s is explained', async (oauthException) => {
    livechatSite.behave({ oauthException });
    const result = await world.sessions.signIn(await implicit());
    const error = expectFailure(result, 'sign-in-denied', livechatSite.canaries());
    expect(error.detail).toContain(oauthException);
    expect(error.advice).toMatch(/^[A-Z].*\.$/);
  });

  test('a web page where JSON belongs, and a look-alike', async () => {
    const id = await serverCode();
    livechatSite.behave({ tokenAnswer: HTML_INSTEAD_OF_JSON });
    expectFailure(await world.sessions.signIn(id), 'not-the-provider', livechatSite.canaries());
    livechatSite.behave({ lookalikeRedirect: true });
    const result = await world.sessions.signIn(await implicit());
    expectFailure(result, 'sign-in-cancelled', livechatSite.canaries());
  });

  test('a personal access token goes as Basic', async () => {
    const typed = { accountId: LIVECHAT_PAT.accountId, personalAccessToken: LIVECHAT_PAT.token };
    const id = await addTenant(world, livechat, 'static-key', typed);
    expect(await accepted(id)).toBe(true);
    const pair = `${LIVECHAT_PAT.accountId}:${LIVECHAT_PAT.token}`;
    expect(livechatSite.requests('/v2/organizations/my')[0]?.headers.authorization).toBe(
      `Basic ${Buffer.from(pair).toString('base64')}`,
    );
    const wrong = draftOf(livechat, 'static-key', { ...typed, personalAccessToken: WRONG });
    expectFailure(await world.testDraft(wrong), 'key-refused', [WRONG, LIVECHAT_PAT.token]);
  });
});

function revocationOf(accessToken: string): Parameters<Emulator['site']>[0] {
  return {
    method: 'DELETE',
    url: new URL('https://accounts.livechat.com/v2/token'),
    headers: { authorization: `Bearer ${accessToken}` },
    body: '',
    form: new URLSearchParams(),
    json: undefined,
  };
}

describe('TeleTracker', () => {
  const account: Typed = {
    username: teletrackerSite.username,
    password: teletrackerSite.password,
  };
  const add = (more: Typed = {}): Promise<string> =>
    addTenant(world, teletracker, 'rest-login', { ...account, ...more });
  const secrets = (): readonly string[] => [
    WRONG,
    teletrackerSite.password,
    ...teletrackerSite.canaries(),
  ];

  test('the life counts from tokenLifetime, whatever their clock says; the refresh token’s end is known', async () => {
    teletrackerSite.behave({ clockSkewSeconds: -7200 });
    const id = await add();
    valueOf(await world.sessions.signIn(id));
    const token = tokenOf(world, id);
    expect(lifeOf(token)).toBe(HOUR);
    const left = (token.refreshExpiresAtMs ?? 0) - token.issuedAtMs;
    expect(Math.abs(left - 30 * DAY)).toBeLessThan(3 * HOUR);
    expect(world.session(id).token?.refreshExpiresAtMs).toBe(token.refreshExpiresAtMs);
    expect(await accepted(id)).toBe(true);
    expect(Object.fromEntries(teletrackerSite.requests('/auth/login')[0]!.form)).toEqual(account);
  });

  test('renews by refresh token, snake_case in, camelCase out, each of them once', async () => {
    const id = await add();
    valueOf(await world.sessions.signIn(id));
    const { refreshToken } = tokenOf(world, id);
    const renewed = valueOf(await world.sessions.renew(id));
    const [request] = teletrackerSite.requests('/auth/refresh');
    expect(Object.fromEntries(request!.form)).toEqual({ refresh_token: refreshToken });
    expect(renewed.refreshToken).not.toBe(refreshToken);
    expect(renewed.refreshExpiresAtMs).toBeDefined();
    valueOf(await world.sessions.renew(id));
    expect(teletrackerSite.requests('/auth/login')).toHaveLength(1);
    expect(await accepted(id)).toBe(true);
  });

  test.each([401, 403] as const)('%i: what has ended is renewed by logging in', async (status) => {
    teletrackerSite.behave({ expiredStatus: status });
    const id = await add();
    valueOf(await world.sessions.signIn(id));
    teletrackerSite.endSessions();
    expect(await accepted(id)).toBe(false);
    valueOf(await world.sessions.renew(id));
    expect(teletrackerSite.sessionsMade()).toBe(2);
    expect(await accepted(id)).toBe(true);
  });

  test.each([
    ['Authorization', 'authorization'],
    ['Authentication', 'authentication'],
  ] as const)('the header can be %s', async (headerName, tokenHeader) => {
    teletrackerSite.behave({ tokenHeader });
    const id = await add({ headerName });
    valueOf(await world.sessions.signIn(id));
    expect(await accepted(id)).toBe(true);
  });

  test('a test checks the password without a session', async () => {
    valueOf(await world.testDraft(draftOf(teletracker, 'rest-login', account)));
    expect(teletrackerSite.sessionsMade()).toBe(0);
    expect(teletrackerSite.requests('/auth/login')[0]?.form.get('auth_only')).toBe('1');
  });

  test.each([
    [401, false],
    [403, false],
    [401, true],
  ] as const)('a wrong password is told as such: %i, all with 200: %s', async (status, with200) => {
    teletrackerSite.behave({ wrongPasswordStatus: status, failsWithStatus200: with200 });
    const typed = { ...account, password: WRONG };
    const draft = draftOf(teletracker, 'rest-login', typed);
    expectFailure(await world.testDraft(draft), 'credentials-refused', secrets());
    const id = await add({ password: WRONG });
    expectFailure(await world.sessions.signIn(id), 'credentials-refused', secrets());
  });

  test('another account of the same user is one step away', async () => {
    const first = await add({ accountId: '1001' });
    const second = valueOf(await world.tenants.addAnotherAccount(first, '1002'));
    valueOf(await world.sessions.signIn(second));
    expect(teletrackerSite.requests('/auth/login')[0]?.form.get('account_id')).toBe('1002');
    expect(await accepted(second)).toBe(true);
    const stranger = valueOf(await world.tenants.addAnotherAccount(first, '9999'));
    expect((await world.sessions.signIn(stranger)).ok).toBe(false);
  });

  test('a web page where JSON belongs, at login and at renewal, and a redirect', async () => {
    const id = await add();
    valueOf(await world.sessions.signIn(id));
    const before = tokenOf(world, id);
    teletrackerSite.behave({ refreshAnswer: HTML_INSTEAD_OF_JSON });
    expectFailure(await world.sessions.renew(id), 'not-the-provider', secrets());
    expect(tokenOf(world, id)).toEqual(before);
    const other = await add();
    teletrackerSite.behave({ loginAnswer: HTML_INSTEAD_OF_JSON });
    expectFailure(await world.sessions.signIn(other), 'not-the-provider', secrets());
    const elsewhere = { status: 307, headers: { location: 'https://teletracker.evil.example/' } };
    teletrackerSite.behave({ loginAnswer: elsewhere });
    expectFailure(await world.sessions.signIn(other), 'redirect-refused', secrets());
  });
});
