/** The thirteen REST logins: each added by its form, logged in, called, renewed and copied as that interface wants it. */
import {
  ACCOUNT,
  createRestApis,
  FIREBASE_API_KEY,
  FIREBASE_PROJECT,
  KALTURA_PARTNER_ID,
  SUPABASE_API_KEY,
} from '../emulators/rest-apis.ts';
import { expect } from '../harness/fixtures.ts';
import { poll } from '../harness/waiting.ts';
import {
  addTenant,
  copyAs,
  enterPassword,
  expectAccepted,
  getToken,
  renew,
  signOut,
  snapshotOf,
  waysTest,
} from './ways.ts';

type ApiName = Exclude<keyof ReturnType<typeof createRestApis>, 'nextcloud'>;

interface Way {
  readonly provider: string;
  /** Beside server address, user and password. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Where the form does not say “Username” and “Password”. */
  readonly labels?: { readonly username?: string; readonly password?: string };
  /** What each later request carries. */
  readonly use: (token: string) => string;
  readonly form?: 'Header line' | 'cURL';
  /** The step that gives the next token. */
  readonly renewal: 'refresh' | 'login' | 'loginByLoginId';
  /** Life of a token; null where nobody knows. */
  readonly lifeSeconds: number | null;
  /** What the provider says at the end. */
  readonly logout?: true;
}

const bearer = (token: string): string => `Authorization: Bearer ${token}`;
const mail = { username: 'Email address' };

const WAYS: Readonly<Record<ApiName, Way>> = {
  directus: {
    provider: 'Directus',
    labels: mail,
    use: bearer,
    renewal: 'refresh',
    lifeSeconds: 900,
    logout: true,
  },
  thingsBoard: {
    provider: 'ThingsBoard',
    labels: mail,
    use: (token) => `X-Authorization: Bearer ${token}`,
    renewal: 'refresh',
    lifeSeconds: 9000,
  },
  supabase: {
    provider: 'Supabase',
    labels: mail,
    fields: { 'Publishable key': SUPABASE_API_KEY },
    use: (token) => `${bearer(token)}\napikey: ${SUPABASE_API_KEY}`,
    renewal: 'refresh',
    lifeSeconds: 3600,
    logout: true,
  },
  firebase: {
    provider: 'Firebase',
    labels: mail,
    fields: {
      'Web API key': FIREBASE_API_KEY,
      'Address to try the token on': `https://firestore.googleapis.com/v1/projects/${FIREBASE_PROJECT}/databases/(default)/documents/users/u-1`,
    },
    use: bearer,
    renewal: 'refresh',
    lifeSeconds: 3600,
  },
  matrix: {
    provider: 'Matrix',
    use: bearer,
    renewal: 'refresh',
    lifeSeconds: 300,
    logout: true,
  },
  pocketBase: {
    provider: 'PocketBase',
    use: (token) => `Authorization: ${token}`,
    renewal: 'refresh',
    lifeSeconds: 604_800,
  },
  jellyfin: {
    provider: 'Jellyfin',
    fields: { 'Device ID': 'desk-of-ada' },
    use: (token) =>
      `Authorization: MediaBrowser Client="Bearer Tray", Device="Bearer Tray", DeviceId="desk-of-ada", Version="1", Token="${token}"`,
    renewal: 'login',
    lifeSeconds: null,
    logout: true,
  },
  magento: {
    provider: 'Adobe Commerce (Magento)',
    labels: mail,
    use: bearer,
    renewal: 'login',
    lifeSeconds: 3600,
  },
  zabbix: {
    provider: 'Zabbix',
    use: bearer,
    renewal: 'login',
    lifeSeconds: null,
    logout: true,
  },
  proxmox: {
    provider: 'Proxmox VE',
    use: (token) => `Cookie: PVEAuthCookie=${token}`,
    renewal: 'login',
    lifeSeconds: 7200,
  },
  kaltura: {
    provider: 'Kaltura',
    labels: { username: 'User', password: 'Password or secret' },
    fields: { 'Partner ID': KALTURA_PARTNER_ID },
    use: (token) => `ks=${token}`,
    form: 'cURL',
    renewal: 'loginByLoginId',
    lifeSeconds: 86_400,
    logout: true,
  },
  veeam: {
    provider: 'Veeam Backup & Replication',
    fields: { 'API revision': '1.3-rev0' },
    use: (token) => `${bearer(token)}\nx-api-version: 1.3-rev0`,
    renewal: 'refresh',
    lifeSeconds: 900,
  },
};

const test = waysTest(createRestApis);

for (const [name, way] of Object.entries(WAYS) as [ApiName, Way][]) {
  const { provider, labels, fields, use, form = 'Header line', renewal, lifeSeconds } = way;
  test(`${provider}: added, logged in, called, renewed, copied as it wants it, and signed out`, async ({
    ways,
  }) => {
    const api = ways.emulators[name];
    const { username, password } = api.account;
    await addTenant(ways, {
      name: 'Acme',
      provider,
      fields: {
        ...(name === 'firebase' ? {} : { 'Server address': api.origin }),
        [labels?.username ?? 'Username']: username,
        [labels?.password ?? 'Password']: password,
        ...fields,
      },
    });
    await getToken(ways, 'Acme');
    const page = await ways.tray.popover();
    const { issuedAtMs, expiresAtMs } = await snapshotOf(page, 'Acme');
    if (lifeSeconds === null) expect(expiresAtMs).toBeNull();
    else {
      // The `exp` of a JWT counts whole seconds
      expect(expiresAtMs! - issuedAtMs!).toBeLessThanOrEqual(lifeSeconds * 1000);
      expect(expiresAtMs! - issuedAtMs!).toBeGreaterThan((lifeSeconds - 5) * 1000);
    }
    const token = await ways.tray.copy('Acme');
    await expectAccepted(ways, 'Acme');
    const steps = (): readonly unknown[] =>
      (api.requests as (step: string) => readonly unknown[])(renewal);
    const before = steps().length;
    const next = await renew(ways, 'Acme');
    expect(next).not.toBe(token);
    expect(steps()).toHaveLength(before + 1);
    await expectAccepted(ways, 'Acme');
    expect(await copyAs(ways, 'Acme', form)).toContain(use(next));
    expect(api.reuses()).toBe(0);
    // Sessions that another login replaces must not pile up
    if (way.logout === true && renewal !== 'refresh') {
      await poll('the old session to be ended', 5_000, () => api.liveTokens() === 1);
    }

    const isTold = way.logout === true;
    await signOut(ways, 'Acme', isTold ? 'has confirmed it.' : 'cannot be told');
  });
}

test('Nextcloud: approved on the server’s page in the window, an app password comes back and is ended', async ({
  ways,
}) => {
  const { nextcloud } = ways.emulators;
  const { username, password } = ACCOUNT;
  await addTenant(ways, {
    name: 'Cloud',
    provider: 'Nextcloud',
    fields: { 'Server address': nextcloud.origin },
  });
  const login = await ways.tray.startSignIn('Cloud', { issuer: `${nextcloud.origin}/login/v2` });
  await login.locator('#username').waitFor();
  await enterPassword(login, username, password);
  await ways.tray.waitForToken('Cloud');
  await ways.tray.popoverShown();
  await expectAccepted(ways, 'Cloud');
  const page = await ways.tray.popover();
  const { account, expiresAtMs, renewable } = await snapshotOf(page, 'Cloud');
  expect({ account, expiresAtMs, renewable }).toEqual({
    account: username,
    expiresAtMs: null,
    renewable: false,
  });
  const [appPassword = ''] = nextcloud.canaries();
  const basic = Buffer.from(`${username}:${appPassword}`).toString('base64');
  expect(await copyAs(ways, 'Cloud', 'Header line')).toBe(
    `Authorization: Basic ${basic}\nOCS-APIREQUEST: true`,
  );
  await signOut(ways, 'Cloud', 'The provider has confirmed it.');
  expect(nextcloud.liveTokens()).toBe(0);
});
