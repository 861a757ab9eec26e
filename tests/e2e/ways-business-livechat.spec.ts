/** LiveChat: every way to a token, in the real window, against the emulator under its own host names. */
import {
  createLiveChat,
  LIVECHAT_PAT,
  LIVECHAT_SERVER_APP,
  LIVECHAT_WEB_APP,
} from '../emulators/livechat.ts';
import { waitForSnapshot } from '../harness/bridge.ts';
import { poll } from '../harness/waiting.ts';
import { expect } from '../harness/fixtures.ts';
import {
  addTenant,
  call,
  copyAs,
  detailsOf,
  enterPassword,
  expectAccepted,
  renew,
  signInAt,
  signOut,
  snapshotOf,
  waysTest,
} from './ways.ts';

const LOGIN = 'https://accounts.livechat.com/';
const IMPLICIT = 'Sign in as an agent, quick';
const RENEWED = 'Sign in as an agent, renewed';

const test = waysTest(() => ({ liveChat: createLiveChat() }));

test('A-01 LiveChat: the implicit grant’s token is decoded once, lasts eight hours, and is answered for by /v2/info', async ({
  ways,
}) => {
  const { liveChat } = ways.emulators;
  await addTenant(ways, {
    name: 'Quick',
    provider: 'LiveChat / Text',
    way: IMPLICIT,
    fields: {
      'Client ID': LIVECHAT_WEB_APP.clientId,
      Scopes: 'accounts--my:ro agents--all:ro',
    },
  });
  await signInAt(ways, 'Quick', LOGIN);
  const [asked] = liveChat.requests('/');
  expect(asked?.url.searchParams.get('scope')).toBe('accounts--my:ro,agents--all:ro');
  expect(asked?.url.searchParams.get('redirect_uri')).toBe('https://localhost');
  const token = await ways.tray.copy('Quick');
  expect(token).toMatch(/^dal:[\w-]+$/);
  expect(liveChat.liveAccessTokens()).toEqual([token]);
  expect(await copyAs(ways, 'Quick', 'Header line')).toBe(`Authorization: Bearer ${token}`);

  const page = await ways.tray.popover();
  const { expiresAtMs, issuedAtMs, renewable } = await snapshotOf(page, 'Quick');
  expect(expiresAtMs! - issuedAtMs!).toBe(28_800_000);
  expect(renewable).toBe(false);
  await expectAccepted(ways, 'Quick');
  expect(liveChat.requests('/v2/info').at(-1)?.headers.authorization).toBe(`Bearer ${token}`);
  expect(ways.internet.requests.filter(({ url }) => url.startsWith('https://localhost'))).toEqual(
    [],
  );

  // Replaced: only so many may be alive
  const details = await detailsOf(ways, 'Quick');
  await details.getByRole('button', { name: 'Sign in again' }).click();
  const login = await ways.tray.app.waitForPage((url) => url.startsWith(LOGIN));
  await login.locator('#username').waitFor();
  await enterPassword(login, 'ada');
  await poll('the old token to be revoked', 5_000, () => {
    const [only, ...others] = liveChat.liveAccessTokens();
    return only !== undefined && only !== token && others.length === 0;
  });
  await ways.tray.popoverShown();
  expect(await copyAs(ways, 'Quick', 'Token')).toBe(liveChat.liveAccessTokens()[0]);
});

test('LiveChat: code with PKCE, whose refresh token rotates; the region stays with the token', async ({
  ways,
}) => {
  const { liveChat } = ways.emulators;
  liveChat.behave({ region: 'fra-a' });
  await addTenant(ways, {
    name: 'Rotating',
    provider: 'LiveChat / Text',
    way: RENEWED,
    fields: { 'Client ID': LIVECHAT_WEB_APP.clientId },
  });
  await signInAt(ways, 'Rotating', LOGIN);
  const [asked] = liveChat.requests('/');
  expect(asked?.url.searchParams.get('code_challenge_method')).toBe('S256');
  const token = await ways.tray.copy('Rotating');
  expect(token).toMatch(/^fra-a:[\w-]+$/);
  const [refreshToken] = liveChat.liveRefreshTokens();
  expect(await renew(ways, 'Rotating')).toMatch(/^fra-a:[\w-]+$/);
  expect(liveChat.liveRefreshTokens()).toHaveLength(1);
  expect(liveChat.liveRefreshTokens()).not.toContain(refreshToken);
  await renew(ways, 'Rotating');
  await expectAccepted(ways, 'Rotating');
  expect(liveChat.tokenCalls('refresh_token')).toBe(2);

  await signOut(ways, 'Rotating', 'The provider has confirmed it.');
  expect(liveChat.liveRefreshTokens()).toEqual([]);
});

test('LiveChat: code with a secret, whose refresh token stays; PKCE may be plain', async ({
  ways,
}) => {
  const { liveChat } = ways.emulators;
  liveChat.behave({ acceptsS256: false });
  await addTenant(ways, {
    name: 'Fixed',
    provider: 'LiveChat / Text',
    way: RENEWED,
    fields: {
      'Client ID': LIVECHAT_SERVER_APP.clientId,
      'Client secret': LIVECHAT_SERVER_APP.clientSecret!,
      PKCE: 'plain',
    },
  });
  await signInAt(ways, 'Fixed', LOGIN);
  const fixed = liveChat.liveRefreshTokens();
  const token = await ways.tray.copy('Fixed');
  expect(await renew(ways, 'Fixed')).not.toBe(token);
  await renew(ways, 'Fixed');
  expect(liveChat.liveRefreshTokens()).toEqual(fixed);
  expect(fixed).toHaveLength(1);
  await expectAccepted(ways, 'Fixed');
});

test('LiveChat: a personal access token travels as Basic with the account’s ID', async ({
  ways,
}) => {
  const { accountId, token } = LIVECHAT_PAT;
  const entries = (name: string, personalAccessToken: string) => ({
    name,
    provider: 'LiveChat / Text',
    way: 'Personal access token',
    fields: { 'Account ID': accountId, 'Personal access token': personalAccessToken },
  });
  await addTenant(ways, entries('Script', token));
  const basic = Buffer.from(`${accountId}:${token}`).toString('base64');
  expect(await ways.tray.copy('Script')).toBe(basic);
  expect(await copyAs(ways, 'Script', 'Header line')).toBe(`Authorization: Basic ${basic}`);
  await expectAccepted(ways, 'Script');
  await addTenant(ways, entries('Typo', 'dal:not-this-one'));
  expect(await call(ways, 'Typo')).toMatch(/^401 · not accepted/);
});

for (const [what, clientId, switches, says] of [
  ['an unknown client', 'no-such-app', {}, 'Compare the client ID'],
  ['a scope too many', LIVECHAT_WEB_APP.clientId, { oauthException: 'invalid_scope' }, 'ticked'],
  ['the wrong way', LIVECHAT_SERVER_APP.clientId, {}, 'must fit the app’s type'],
] as const) {
  test(`LiveChat: its error page, which never comes back, is explained: ${what}`, async ({
    ways,
  }) => {
    const { liveChat } = ways.emulators;
    liveChat.behave(switches);
    await addTenant(ways, {
      name: 'Lost',
      provider: 'LiveChat / Text',
      way: IMPLICIT,
      fields: { 'Client ID': clientId },
    });
    const page = await ways.tray.popover();
    await page.getByRole('button', { name: 'Sign in to Lost' }).click();
    await waitForSnapshot(page, 'the error', ({ tenants }) => {
      return tenants[0]?.status.kind === 'sign-in-needed';
    });
    await ways.tray.popoverShown();
    const details = await detailsOf(ways, 'Lost');
    const error = details.getByText('Lost: the provider refused the sign-in.').locator('..');
    await error.waitFor();
    await expect(error).toContainText(says);
  });
}
