import { describe, expect, test } from 'vitest';
import {
  checkDraft,
  isSecure,
  parseParameters,
  readTenantDraft,
} from '../../src-main/core/tenant.ts';
import type { TenantDraft } from '../../src-main/core/tenant.ts';
import { PROVIDERS } from '../../src-main/providers/index.ts';

const ID = '0b8f6b1e-6f43-4f0e-9a4b-0d4a1d8f0a11';

type Change = Partial<Omit<TenantDraft, 'values'>> & {
  readonly values?: Readonly<Record<string, string>>;
};

function draft(change: Change = {}): TenantDraft {
  return {
    providerId: 'oidc',
    grant: 'authorization-code',
    name: 'Acme',
    colour: '#3366cc',
    secrets: {},
    storedSecrets: [],
    notice: 'default',
    ...change,
    values: {
      issuer: 'https://login.example.com',
      clientId: 'client',
      redirectUri: 'https://localhost/callback',
      ...change.values,
    },
  };
}

function wrongFields(change: Change): readonly string[] {
  const checked = checkDraft(draft(change), ID, PROVIDERS);
  return checked.ok ? [] : Object.keys(checked.error.fields ?? {});
}

function valuesOf(change: Change) {
  const checked = checkDraft(draft(change), ID, PROVIDERS);
  if (!checked.ok) throw new Error(JSON.stringify(checked.error.fields));
  return checked.value.tenant.values;
}

describe('issuer', () => {
  test.each([
    'https://login.example.com',
    'https://login.example.com/',
    'https://login.example.com:8443/realms/a',
    'http://localhost:8080/realms/a',
    'http://127.0.0.1:1234',
    'http://127.0.1.1',
    'http://[::1]:9',
  ])('%s is taken as it is typed', (issuer) => {
    expect(valuesOf({ values: { issuer } }).issuer).toBe(issuer);
  });

  test.each([
    '',
    '   ',
    'login.example.com',
    'http://login.example.com',
    'http://localhost.evil.example',
    'http://127.0.0.1.evil.example',
    'javascript:alert(1)',
    'file:///etc/passwd',
    'https://user:password@login.example.com',
    'https://user@login.example.com',
    'https://login.example.com/?tenant=1',
    'https://login.example.com/#x',
    'https://login.example.com/a b',
    'https://login.exa\nmple.com',
    '--flag',
    'https://',
  ])('%j is refused at its field', (issuer) => {
    expect(wrongFields({ values: { issuer } })).toEqual(['issuer']);
  });

  test.each([
    [
      'https://login.example.com/realms/a/.well-known/openid-configuration',
      'https://login.example.com/realms/a',
    ],
    ['https://login.example.com/.well-known/openid-configuration/', 'https://login.example.com'],
    [
      '  https://login.example.com/.well-known/oauth-authorization-server ',
      'https://login.example.com',
    ],
  ])('a pasted discovery address %s', (issuer, expected) => {
    expect(valuesOf({ values: { issuer } }).issuer).toBe(expected);
  });
});

describe('redirect URI', () => {
  test.each([
    'https://localhost/callback',
    'http://127.0.0.1:8400/callback',
    'com.example.app:/callback',
    'myapp://auth?x=1',
    'https://app.example.com/cb?a=b',
    'HTTPS://LocalHost/CallBack/',
  ])('%s is kept byte for byte', (redirectUri) => {
    expect(valuesOf({ values: { redirectUri } }).redirectUri).toBe(redirectUri);
  });

  test.each([
    'javascript:alert(1)',
    'JavaScript:alert(1)',
    'java\tscript:alert(1)',
    'data:text/html,x',
    'blob:https://x/y',
    'file:///tmp/x',
    'about:blank',
    'view-source:https://x',
    'app://bundle/index.html',
    'https://localhost/callback#',
    'https://localhost/callback#x',
    'localhost/callback',
    'https://local host/cb',
    '',
  ])('%j is refused at its field', (redirectUri) => {
    expect(wrongFields({ values: { redirectUri } })).toEqual(['redirectUri']);
  });
});

describe('the other fields', () => {
  test.each([
    ['openid profile', []],
    ['api://x/.default  a:b', []],
    ['', []],
    ['a"b', ['scopes']],
    ['a\\b', ['scopes']],
    ['ä', ['scopes']],
    ['a\nb', ['scopes']],
  ])('scopes %j', (scopes, wrong) => {
    expect(wrongFields({ values: { scopes } })).toEqual(wrong);
  });

  test.each([
    ['client id', []],
    ['a:%+ é', []],
    ['a\0b', ['clientId']],
    ['', ['clientId']],
  ])('client id %j', (clientId, wrong) => {
    expect(wrongFields({ values: { clientId } })).toEqual(wrong);
  });

  test('a name is needed, has one line and 200 characters', () => {
    expect(wrongFields({ name: '  \n ' })).toEqual(['name']);
    expect(wrongFields({ name: 'x'.repeat(201) })).toEqual(['name']);
    const checked = checkDraft(draft({ name: ' a\r\n\tb\u0007 ' }), ID, PROVIDERS);
    expect(checked.ok && checked.value.tenant.name).toBe('a b');
  });

  test('fields that the grant does not have are dropped', () => {
    expect(valuesOf({ values: { tokenUrl: 'javascript:1' } })).not.toHaveProperty('tokenUrl');
  });

  test('every wrong field is named at once', () => {
    expect(
      wrongFields({ name: '', values: { issuer: 'x', clientId: '', redirectUri: 'y' } }).toSorted(),
    ).toEqual(['clientId', 'issuer', 'name', 'redirectUri']);
  });

  test.each([[{ providerId: 'nobody' }], [{ grant: 'password' }], [{ providerId: '__proto__' }]])(
    'unknown provider or grant: %j',
    (change) => {
      expect(wrongFields(change)).toEqual(['grant']);
    },
  );
});

describe('secrets', () => {
  const app: Change = { grant: 'client-credentials' };

  test('absent keeps the stored one, a text replaces it, null and an empty text delete it', () => {
    const changes = (secrets: TenantDraft['secrets']) => {
      const checked = checkDraft(draft({ secrets }), ID, PROVIDERS);
      return checked.ok && checked.value.secretChanges;
    };
    expect(changes({})).toEqual({});
    expect(changes({ clientSecret: ' x ' })).toEqual({ clientSecret: ' x ' });
    expect(changes({ clientSecret: null })).toEqual({ clientSecret: null });
    expect(changes({ clientSecret: '' })).toEqual({ clientSecret: null });
    expect(changes({ password: 'unknown field' })).toEqual({});
  });

  test('one that is needed must be typed or stored', () => {
    expect(wrongFields(app)).toEqual(['clientSecret']);
    expect(wrongFields({ ...app, secrets: { clientSecret: '' } })).toEqual(['clientSecret']);
    expect(
      wrongFields({ ...app, storedSecrets: ['clientSecret'], secrets: { clientSecret: null } }),
    ).toEqual(['clientSecret']);
    expect(wrongFields({ ...app, storedSecrets: ['clientSecret'] })).toEqual([]);
    expect(wrongFields({ ...app, secrets: { clientSecret: 'x' } })).toEqual([]);
  });

  test('no secret ends up in the tenant, which goes to the settings file', () => {
    const checked = checkDraft(
      draft({ secrets: { clientSecret: 'CANARY' }, values: { clientSecret: 'CANARY' } }),
      ID,
      PROVIDERS,
    );
    expect(checked.ok && JSON.stringify(checked.value.tenant)).not.toContain('CANARY');
  });
});

describe('extra parameters', () => {
  test('one name=value a line', () => {
    expect(parseParameters('audience=https://a/?b=c\n\n  prompt = login \nempty=\n')).toEqual({
      ok: true,
      value: [
        ['audience', 'https://a/?b=c'],
        ['prompt', 'login'],
        ['empty', ''],
      ],
    });
  });

  test.each([
    'audience',
    '=x',
    'state=x',
    'redirect_uri=x',
    'client_id=x',
    'client_secret=x',
    'code_challenge=x',
    'code_challenge_method=plain',
    'code_verifier=x',
    'nonce=x',
    'response_type=token',
    'scope=x',
    'grant_type=x',
    'refresh_token=x',
    'code=x',
    'a=1\na=2',
  ])('%j is refused at its field', (parameters) => {
    expect(wrongFields({ values: { parameters } })).toEqual(['parameters']);
  });
});

test.each([
  ['https://a.example', true],
  ['http://localhost:1', true],
  ['http://127.9.9.9', true],
  ['http://[::1]', true],
  ['http://a.example', false],
  ['http://127.0.0.1.example', false],
  ['ftp://localhost', false],
])('%s is secure: %s', (url, expected) => {
  expect(isSecure(new URL(url))).toBe(expected);
});

test('what a page sends is a draft or nothing', () => {
  const good = JSON.parse(JSON.stringify(draft({ id: ID })));
  expect(readTenantDraft(good)).toEqual(good);
  for (const bad of [
    undefined,
    null,
    7,
    'x',
    [],
    {},
    { ...good, extra: 1 },
    { ...good, id: '../../etc/passwd' },
    { ...good, id: 7 },
    { ...good, colour: 'red;background:url(x)' },
    { ...good, notice: 'sometimes' },
    { ...good, name: 'x'.repeat(2000) },
    { ...good, values: { issuer: 7 } },
    { ...good, secrets: { clientSecret: 7 } },
    { ...good, secrets: { clientSecret: 'x'.repeat(2 ** 21) } },
    { ...good, storedSecrets: 'x' },
  ]) {
    expect(readTenantDraft(bad)).toBeUndefined();
  }
});
