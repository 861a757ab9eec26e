/** REST login, any: one interface that is set up to be like many others, and the form that describes it. */
import { ACCOUNT } from '../emulators/rest-apis.ts';
import { anyRest, type AnyRestSetup } from '../emulators/rest-any.ts';
import { expect } from '../harness/fixtures.ts';
import {
  addTenant,
  copyAs,
  expectAccepted,
  fillForm,
  getToken,
  renew,
  signOut,
  snapshotOf,
  waysTest,
} from './ways.ts';

interface Case {
  readonly what: string;
  readonly setup: Partial<AnyRestSetup>;
  readonly fields: Readonly<Record<string, string>>;
  readonly use: (token: string) => string;
  readonly renewal: 'login' | 'renew';
  /** Null: unknown. */
  readonly lifeSeconds: number | null;
}

const CASES: readonly Case[] = [
  {
    what: 'multipart in, a cookie out and back, renewed by the current token',
    setup: {
      encoding: 'multipart',
      tokenIn: 'cookie',
      members: { token: 'sid', refreshToken: 'refreshToken', expiry: 'expires' },
      expiry: 'none',
      renewal: 'current-token',
      use: { in: 'cookie', name: 'sid', template: '{token}' },
    },
    fields: {
      'Login sent as': 'Form body (multipart)',
      'Where the token is': 'cookie:sid',
      'Lifetime in seconds': '1800',
      'Renewed by': 'The current token',
      'Renewal address': 'https://any-rest.test/renew',
      Header: 'Cookie',
      'Value of the header': 'sid={token}',
    },
    use: (token) => `Cookie: sid=${token}`,
    renewal: 'renew',
    lifeSeconds: 1800,
  },
  {
    what: 'a form in, a header out, renewed by refresh token at another host, milliseconds, an odd header',
    setup: {
      encoding: 'form',
      fields: { username: 'user', password: 'pass', refreshToken: 'renew_with' },
      staticFields: { tenant: 'acme', remember: 'true' },
      headers: { 'x-client': 'desk' },
      wrapper: 'data.session',
      tokenIn: 'header',
      members: { token: 'x-token', refreshToken: 'renewWith', expiry: 'lifeMs' },
      expiry: 'milliseconds',
      renewalHost: 'renewal.any-rest.test',
      use: { in: 'header', name: 'x-api-token', template: 'Token {token}' },
    },
    fields: {
      'Login sent as': 'Form body (urlencoded)',
      'Name of the username': 'user',
      'Name of the password': 'pass',
      'Further fields': 'tenant=acme\nremember=true',
      'Further headers': 'x-client=desk',
      'Where the token is': 'header:X-Token',
      'Where the refresh token is': 'data.session.renewWith',
      'Where the expiry is': 'data.session.lifeMs',
      'Expiry given as': 'Milliseconds from now',
      'Renewed by': 'The refresh token',
      'Renewal address': 'https://renewal.any-rest.test/renew',
      'Renewal sent as': 'Form body (urlencoded)',
      'Fields of the renewal': 'renew_with={refreshToken}',
      Header: 'X-Api-Token',
      'Value of the header': 'Token {token}',
    },
    use: (token) => `X-Api-Token: Token ${token}`,
    renewal: 'renew',
    lifeSeconds: 3600,
  },
  {
    what: 'a query in, the whole body out, the end in the token, renewed by another login',
    setup: { method: 'GET', encoding: 'query', tokenIn: 'body', expiry: 'jwt', renewal: 'none' },
    fields: { Method: 'GET', 'Where the token is': '*' },
    use: (token) => `Authorization: Bearer ${token}`,
    renewal: 'login',
    lifeSeconds: 3600,
  },
  {
    what: 'objects in JSON, a JSON string out, without an end',
    setup: {
      fields: { username: 'user.name', password: 'user.secret', refreshToken: '' },
      staticFields: { 'options.days': '7' },
      tokenIn: 'json-body',
      expiry: 'none',
      renewal: 'none',
    },
    fields: {
      'Name of the username': 'user.name',
      'Name of the password': 'user.secret',
      'Further fields': 'options.days=7',
    },
    use: (token) => `Authorization: Bearer ${token}`,
    renewal: 'login',
    lifeSeconds: null,
  },
  {
    what: 'a Basic header in, success told by the body, a date as text',
    setup: {
      encoding: 'basic',
      expiry: 'iso',
      success: { member: 'ok', good: true, bad: false },
      renewal: 'none',
    },
    fields: {
      'Login sent as': 'Basic header',
      'Where the expiry is': 'expires',
      'Expiry given as': 'A date as text',
      'Success is shown by': 'ok=true',
    },
    use: (token) => `Authorization: Bearer ${token}`,
    renewal: 'login',
    lifeSeconds: 3600,
  },
  {
    what: 'what the usual places hold needs no description: seconds as text, a refresh token in JSON',
    setup: {
      method: 'PUT',
      expiry: 'seconds-as-text',
      members: { token: 'access_token', refreshToken: 'refresh_token', expiry: 'expires_in' },
    },
    fields: {
      Method: 'PUT',
      'Renewed by': 'The refresh token',
      'Renewal address': 'https://any-rest.test/renew',
    },
    use: (token) => `Authorization: Bearer ${token}`,
    renewal: 'renew',
    lifeSeconds: 3600,
  },
];

const test = waysTest(() => ({ api: anyRest() }));

const entries = (fields: Readonly<Record<string, string>> = {}) => ({
  name: 'Any',
  provider: 'REST login',
  fields: {
    'Login address': 'https://any-rest.test/login',
    Username: ACCOUNT.username,
    Password: ACCOUNT.password,
    'Address to try the token on': 'https://any-rest.test/whoami',
    'Logout address': 'https://any-rest.test/logout',
    ...fields,
  },
});

for (const { what, setup, fields, use, renewal, lifeSeconds } of CASES) {
  test(`REST login: ${what}`, async ({ ways }) => {
    const { api } = ways.emulators;
    api.configure(setup);
    // The extra header goes with the login, not with calls of the token
    if (setup.headers !== undefined) {
      api.behave({
        probe: (request, ordinary) => {
          Object.assign(request.headers, setup.headers);
          return ordinary();
        },
      });
    }
    await addTenant(ways, entries(fields));
    await getToken(ways, 'Any');
    const page = await ways.tray.popover();
    const { issuedAtMs, expiresAtMs } = await snapshotOf(page, 'Any');
    if (lifeSeconds === null) expect(expiresAtMs).toBeNull();
    else {
      expect(expiresAtMs! - issuedAtMs!).toBeGreaterThan((lifeSeconds - 5) * 1000);
      expect(expiresAtMs! - issuedAtMs!).toBeLessThan((lifeSeconds + 5) * 1000);
    }
    const token = await ways.tray.copy('Any');
    await expectAccepted(ways, 'Any');
    const before = api.requests(renewal).length;
    const next = await renew(ways, 'Any');
    expect(next).not.toBe(token);
    expect(api.requests(renewal)).toHaveLength(before + 1);
    await expectAccepted(ways, 'Any');
    expect(await copyAs(ways, 'Any', 'Header line')).toBe(use(next));
    await signOut(ways, 'Any', 'has confirmed it.');
    // A login leaves nothing open of the session that it replaces
    expect(api.requests('logout')).toHaveLength(renewal === 'login' ? 2 : 1);
  });
}

test('REST login: “Test” logs in, says how long the token lasts, and out again', async ({
  ways,
}) => {
  const { api } = ways.emulators;
  const page = await fillForm(
    ways,
    entries({ 'Where the expiry is': 'expires', Password: 'not the password' }),
  );
  const test = page.getByRole('button', { name: 'Test', exact: true });
  await test.click();
  await expect(page.getByRole('alert')).toContainText('any-rest.test does not accept what was');
  await page.getByLabel('Password', { exact: true }).fill(ACCOUNT.password);
  await test.click();
  await page.getByText('a token that lasts 60 minutes came back').waitFor();
  expect(api.liveTokens()).toBe(0);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Throw away' }).click();
});
