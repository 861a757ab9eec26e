/** The emulated vendors: each gives a token to who knows its ways, and none to a client that knows the RFC only. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { answerToLookAlike } from './identity-provider.ts';
import type { Client, IdentityProvider } from './identity-provider-types.ts';
import {
  AUTH0_AUDIENCE,
  createAtlassian,
  createAuth0,
  createCognito,
  createEntra,
  createGitHub,
  createGitLab,
  createGoogle,
  createKeycloak,
  createOAuth2Server,
  createOkta,
  createSalesforce,
  createSlack,
  createZoom,
  DESKTOP_CLIENT,
  ENTRA_DOMAIN,
  ENTRA_TENANT_ID,
  PRESETS,
  SERVICE_CLIENT,
  ZOOM_ACCOUNT_ID,
  ZOOM_SERVER_APP,
} from './presets.ts';
import type { PresetName } from './presets.ts';
import type { SiteAnswer } from './site.ts';

type Fields = Readonly<Record<string, string>>;
type Body = Readonly<Record<string, unknown>>;

/** Their servers know no PKCE. */
const LOOK_AT_NO_VERIFIER: readonly string[] = ['atlassian'];

const VERIFIER = 'a-verifier-of-at-least-forty-three-characters';
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url');

/** What each vendor's authorization request needs beyond the RFC's. */
const WAYS: Readonly<Record<PresetName, Fields>> = {
  auth0: { scope: 'openid offline_access', audience: AUTH0_AUDIENCE },
  okta: { scope: 'openid offline_access' },
  entra: { scope: 'openid offline_access', redirect_uri: 'http://localhost:49152/' },
  keycloak: { scope: 'openid' },
  cognito: { scope: 'openid' },
  google: { scope: 'openid', access_type: 'offline', redirect_uri: 'http://127.0.0.1:49152/any' },
  github: { scope: 'repo gist' },
  gitlab: { scope: 'openid read_user' },
  salesforce: { scope: 'openid refresh_token' },
  zoom: {},
  slack: { user_scope: 'channels:read,users:read' },
  atlassian: {
    scope: 'read:me offline_access',
    audience: 'api.atlassian.com',
    prompt: 'consent',
  },
  oauth2: { scope: 'read,write' },
};

describe.each(Object.keys(PRESETS) as PresetName[])('%s', (name) => {
  test('gives a token that opens its resource, and renews it', async () => {
    const provider = PRESETS[name]();
    // GitHub's second app is the one whose tokens can be renewed
    const client = clientOf(provider, name === 'github' ? 1 : 0);
    const first = await signIn(provider, client, WAYS[name]);
    const resource = provider.addresses.userinfo ?? provider.addresses.resources[0] ?? '';
    expect(await open(provider, resource, tokenIn(first))).toBe(true);
    expect(await open(provider, resource, 'another')).toBe(false);

    const redirect = WAYS[name]['redirect_uri'] ?? 'https://localhost/callback';
    const second = await askForToken(provider, client, {
      grant_type: 'refresh_token',
      refresh_token: String(nested(first)['refresh_token']),
      redirect_uri: redirect,
    });
    expect(await open(provider, resource, tokenIn(second))).toBe(true);
    expect(tokenIn(second)).not.toBe(tokenIn(first));
    expect(provider.canaries()).toContain(tokenIn(second));
    expect(provider.tokenCalls('refresh_token')).toBe(1);
  });

  test('a code works once, for its redirect URI, with its verifier', async () => {
    const provider = PRESETS[name]();
    const client = clientOf(provider);
    const refusal = async (change: Fields): Promise<Body> => {
      const { code, redirectUri } = await askForCode(provider, client, WAYS[name]);
      const fields = { ...codeFields(code, redirectUri), ...change };
      const answer = await askForToken(provider, client, fields);
      return 'error' in answer ? answer : askForToken(provider, client, fields);
    };
    const used = await refusal({});
    const elsewhere = await refusal({ redirect_uri: 'https://localhost/other' });
    for (const answer of [used, elsewhere]) expect(answer['error']).toBeTypeOf('string');
    expect(provider.tokenCalls()).toBe(3);
    await refusal({ code_verifier: 'another' });
    // Without PKCE the code has to be used up before it is refused
    expect(provider.tokenCalls()).toBe(LOOK_AT_NO_VERIFIER.includes(name) ? 5 : 4);
  });

  test('a wrong secret, HTML, a status, a look-alike host', async () => {
    const provider = PRESETS[name]();
    const client = clientOf(provider);
    const { code, redirectUri } = await askForCode(provider, client, WAYS[name]);
    const fields = codeFields(code, redirectUri);
    const refused = await askForToken(provider, { ...client, secret: 'wrong' }, fields);
    expect(refused['error']).toBeTypeOf('string');
    expect(await askForToken(provider, client, fields)).not.toHaveProperty('error');
    provider.behave({ token: 'html', authorize: answerToLookAlike('localhost.evil.test') });
    const page = await ask(provider, 'POST', provider.addresses.token, {});
    expect(page.body).toContain('<!doctype html>');
    expect((await askToAuthorize(provider, client, WAYS[name])).headers?.['location']).toContain(
      '//localhost.evil.test',
    );
    provider.behave({ token: 503 });
    expect((await ask(provider, 'POST', provider.addresses.token, {})).status).toBe(503);
    provider.behave({ token: new URL('https://evil.test') });
    expect((await ask(provider, 'POST', provider.addresses.token, {})).headers).toEqual({
      location: `https://evil.test${new URL(provider.addresses.token).pathname}`,
    });
  });
});

test('Auth0: opaque and useless at the API without an audience', async () => {
  const auth0 = createAuth0();
  expect(auth0.issuer).toBe('https://acme.eu.auth0.com/');
  const answer = await signIn(auth0, DESKTOP_CLIENT, { scope: 'openid' });
  expect(tokenIn(answer)).not.toContain('.');
  expect(answer['refresh_token']).toBeUndefined();
  expect(await open(auth0, `${AUTH0_AUDIENCE}me`, tokenIn(answer))).toBe(false);
  expect(await open(auth0, 'https://acme.eu.auth0.com/userinfo', tokenIn(answer))).toBe(true);
});

test('Okta: two servers that know nothing of each other, a used refresh token ends all', async () => {
  const okta = createOkta({ change: { reuseLeewaySeconds: 0 } });
  const { code, redirectUri } = await askForCode(okta, DESKTOP_CLIENT, WAYS.okta);
  const foreign = await askForToken(
    okta,
    DESKTOP_CLIENT,
    codeFields(code, redirectUri),
    'https://acme.okta.com/oauth2/v1/token',
  );
  expect(foreign['error']).toBe('invalid_grant');
  const first = await signIn(okta, DESKTOP_CLIENT, WAYS.okta);
  const fields = { grant_type: 'refresh_token', refresh_token: String(first['refresh_token']) };
  const second = await askForToken(okta, DESKTOP_CLIENT, fields);
  expect((await askForToken(okta, DESKTOP_CLIENT, fields))['error']).toBe('invalid_grant');
  expect(okta.isAlive(tokenIn(second))).toBe(false);
});

test('Entra: GUID issuer, localhost with any port, .default, old refresh tokens live on', async () => {
  const entra = createEntra();
  const metadata = await ask(
    entra,
    'GET',
    `https://login.microsoftonline.com/${ENTRA_DOMAIN}/v2.0/.well-known/openid-configuration`,
  );
  expect((metadata.body as Body)['issuer']).toBe(
    `https://login.microsoftonline.com/${ENTRA_TENANT_ID}/v2.0`,
  );
  const refused = { ...WAYS.entra, redirect_uri: 'http://127.0.0.1:49152/' };
  expect((await askToAuthorize(entra, DESKTOP_CLIENT, refused)).status).toBe(400);
  const grant_type = 'client_credentials';
  const graph = 'https://graph.microsoft.com';
  expect(await askForToken(entra, SERVICE_CLIENT, { grant_type, scope: graph })).toMatchObject({
    error: 'invalid_scope',
  });
  expect(
    await askForToken(entra, SERVICE_CLIENT, { grant_type, scope: `${graph}/.default` }),
  ).toHaveProperty('access_token');
  const first = await signIn(entra, DESKTOP_CLIENT, WAYS.entra);
  const fields = { grant_type: 'refresh_token', refresh_token: String(first['refresh_token']) };
  for (let use = 0; use < 2; use += 1) {
    expect(await askForToken(entra, DESKTOP_CLIENT, fields)).toHaveProperty('access_token');
  }
});

test('Keycloak: only an offline token outlives the web session', async () => {
  const keycloak = createKeycloak();
  const online = await signIn(keycloak, DESKTOP_CLIENT, { scope: 'openid' });
  const offline = await signIn(keycloak, DESKTOP_CLIENT, { scope: 'openid offline_access' });
  expect([online['refresh_expires_in'], offline['refresh_expires_in']]).toEqual([1800, 0]);
  keycloak.endSessions();
  const renew = (answer: Body): Promise<Body> =>
    askForToken(keycloak, DESKTOP_CLIENT, {
      grant_type: 'refresh_token',
      refresh_token: String(answer['refresh_token']),
    });
  expect(await renew(online)).toMatchObject({ error: 'invalid_grant' });
  expect(await renew(offline)).toHaveProperty('access_token');
});

test('Cognito: endpoints on another host, offline_access is no scope', async () => {
  const cognito = createCognito();
  expect(new URL(cognito.addresses.token).host).not.toBe(new URL(cognito.issuer).host);
  const answer = await askToAuthorize(cognito, DESKTOP_CLIENT, { scope: 'openid offline_access' });
  expect(answer.headers?.['location']).toContain('error=invalid_scope');
});

test('Google: no embedded window, a refresh token again only with consent', async () => {
  const google = createGoogle();
  const electron = await askToAuthorize(google, DESKTOP_CLIENT, WAYS.google, 'Electron/42.0.0');
  expect(electron.status).toBe(403);
  expect(electron.body).toContain('disallowed_useragent');
  const renewable = async (more: Fields): Promise<boolean> =>
    'refresh_token' in (await signIn(google, DESKTOP_CLIENT, { ...WAYS.google, ...more }));
  expect(await renewable({})).toBe(true);
  expect(await renewable({})).toBe(false);
  expect(await renewable({ prompt: 'consent' })).toBe(true);
});

test('GitHub: form-encoded unless JSON is asked for, errors with 200', async () => {
  const github = createGitHub();
  const client = clientOf(github);
  const { code, redirectUri } = await askForCode(github, client, WAYS.github);
  const request = { ...codeFields(code, redirectUri), ...credentialsOf(client) };
  const answer = await ask(github, 'POST', github.addresses.token, request);
  expect(answer.headers?.['content-type']).toContain('x-www-form-urlencoded');
  expect(answer.body).toContain('scope=repo%2Cgist');
  const again = await ask(github, 'POST', github.addresses.token, request, {
    accept: 'application/json',
  });
  expect([again.status, again.body]).toMatchObject([200, { error: 'bad_verification_code' }]);
});

test('GitLab: a refresh names the redirect URI and ends the old access token', async () => {
  const gitlab = createGitLab();
  const first = await signIn(gitlab, DESKTOP_CLIENT, WAYS.gitlab);
  expect(first['created_at']).toBeTypeOf('number');
  const fields = { grant_type: 'refresh_token', refresh_token: String(first['refresh_token']) };
  expect((await askForToken(gitlab, DESKTOP_CLIENT, fields))['error']).toBe('invalid_grant');
  expect(gitlab.isAlive(tokenIn(first))).toBe(true);
  const whole = { ...fields, redirect_uri: 'https://localhost/callback' };
  await askForToken(gitlab, DESKTOP_CLIENT, whole);
  expect(gitlab.isAlive(tokenIn(first))).toBe(false);
});

test('Salesforce: no lifetime, and the API on the instance host only', async () => {
  const salesforce = createSalesforce();
  const answer = await signIn(salesforce, DESKTOP_CLIENT, WAYS.salesforce);
  expect(answer).not.toHaveProperty('expires_in');
  const instance = String(answer['instance_url']);
  expect(await open(salesforce, `${instance}/services/data`, tokenIn(answer))).toBe(true);
  const login = 'https://login.salesforce.com/services/data';
  expect(await open(salesforce, login, tokenIn(answer))).toBe(false);
});

test('Zoom: Basic only, and its own grant with the account', async () => {
  const zoom = createZoom();
  const fields = { grant_type: 'account_credentials', account_id: ZOOM_ACCOUNT_ID };
  const posted = { ...fields, ...credentialsOf(ZOOM_SERVER_APP) };
  expect((await ask(zoom, 'POST', zoom.addresses.token, posted)).body).toMatchObject({
    error: 'invalid_client',
  });
  expect(await askForToken(zoom, ZOOM_SERVER_APP, fields)).toHaveProperty('access_token');
  expect(
    await askForToken(zoom, ZOOM_SERVER_APP, { grant_type: 'client_credentials' }),
  ).toMatchObject({ error: 'unsupported_grant_type' });
});

test('Slack: user_scope by comma, the token in authed_user, ok: false with 200', async () => {
  const slack = createSlack();
  const none = await askToAuthorize(slack, DESKTOP_CLIENT, { scope: 'openid' });
  expect(none.status).toBe(400);
  const blanks = await askToAuthorize(slack, DESKTOP_CLIENT, {
    user_scope: 'channels:read users:read',
  });
  expect(blanks.headers?.['location']).toContain('error=invalid_scope');
  const answer = await signIn(slack, DESKTOP_CLIENT, WAYS.slack);
  expect(answer).not.toHaveProperty('access_token');
  expect(nested(answer)['scope']).toBe('channels:read,users:read');
  const refused = await ask(slack, 'POST', 'https://slack.com/api/auth.test');
  expect([refused.status, refused.body]).toEqual([200, { ok: false, error: 'invalid_auth' }]);
});

test('Atlassian: audience and consent are needed, the site itself takes no token', async () => {
  const atlassian = createAtlassian();
  for (const missing of ['audience', 'prompt']) {
    const fields = Object.entries(WAYS.atlassian).filter(([name]) => name !== missing);
    const answer = await askToAuthorize(atlassian, SERVICE_CLIENT, Object.fromEntries(fields));
    expect(answer.status).toBe(400);
  }
  const token = tokenIn(await signIn(atlassian, SERVICE_CLIENT, WAYS.atlassian));
  const [, atApi = '', atSite = ''] = atlassian.addresses.resources;
  expect(await open(atlassian, atApi, token)).toBe(true);
  expect(await open(atlassian, atSite, token)).toBe(false);
});

test('OAuth 2.0: form-encoded, scopes by comma, errors with 200', async () => {
  const server = createOAuth2Server();
  const answer = await ask(server, 'POST', server.addresses.token, { client_id: 'unknown' });
  expect([answer.status, String(answer.body).split('&')[0]]).toEqual([200, 'error=invalid_client']);
  const blank = await askToAuthorize(server, DESKTOP_CLIENT, { scope: 'read write' });
  expect(blank.headers?.['location']).toContain('error=invalid_scope');
});

test('a login page, its consent, and the way out', async () => {
  const okta = createOkta();
  okta.behave({ login: 'page' });
  const url = authorizationUrl(okta, DESKTOP_CLIENT, WAYS.okta).href;
  expect((await ask(okta, 'GET', url)).body).toContain('placeholder="Enter any login"');
  expect((await ask(okta, 'POST', url, { login: 'ada', password: 'x' })).body).toContain(
    'Continue',
  );
  const out = await ask(okta, 'POST', url, { login: 'ada', consent: 'no' });
  expect(out.headers?.['location']).toContain('error=access_denied');
  const on = await ask(okta, 'POST', url, { login: 'ada', consent: 'yes' });
  expect(on.headers?.['location']).toContain('code=');
});

test('an answer in a form that sends itself', async () => {
  const okta = createOkta();
  const way = { ...WAYS.okta, response_mode: 'form_post' };
  const page = await askToAuthorize(okta, DESKTOP_CLIENT, way);
  expect(page.body).toMatch(
    /<form method="POST" action="https:\/\/localhost\/callback">.*name="code"/,
  );
});

function clientOf({ clients }: IdentityProvider, index = 0): Client {
  const client = clients[index];
  if (client === undefined) throw new Error('no such client');
  return client;
}

async function signIn(provider: IdentityProvider, client: Client, way: Fields): Promise<Body> {
  const { code, redirectUri } = await askForCode(provider, client, way);
  return askForToken(provider, client, codeFields(code, redirectUri));
}

async function askForCode(
  provider: IdentityProvider,
  client: Client,
  way: Fields,
): Promise<{ readonly code: string; readonly redirectUri: string }> {
  const answer = await askToAuthorize(provider, client, way);
  const target = new URL(String(answer.headers?.['location']));
  const code = target.searchParams.get('code') ?? '';
  expect([target.href, target.searchParams.get('state')]).toEqual([target.href, 'a state']);
  return { code, redirectUri: target.origin + target.pathname };
}

function askToAuthorize(
  provider: IdentityProvider,
  client: Client,
  way: Fields,
  userAgent = 'Chrome/140',
): Promise<SiteAnswer> {
  const url = authorizationUrl(provider, client, way).href;
  return ask(provider, 'GET', url, {}, { 'user-agent': userAgent });
}

function authorizationUrl({ addresses }: IdentityProvider, client: Client, way: Fields): URL {
  const url = new URL(addresses.authorize);
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: client.id,
    redirect_uri: 'https://localhost/callback',
    state: 'a state',
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
    ...way,
  }).toString();
  return url;
}

function codeFields(code: string, redirectUri: string): Fields {
  return {
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUri,
    code_verifier: VERIFIER,
  };
}

function credentialsOf({ id, secret }: Client): Fields {
  return { client_id: id, ...(secret === undefined ? {} : { client_secret: secret }) };
}

/** Basic where there is a secret (RFC 6749 §2.3.1), as Zoom wants it and the others take it. */
async function askForToken(
  provider: IdentityProvider,
  client: Client,
  fields: Fields,
  address = provider.addresses.token,
): Promise<Body> {
  const encode = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);
  const basic = `${encode(client.id)}:${encode(client.secret ?? '')}`;
  const answer = await ask(
    provider,
    'POST',
    address,
    client.secret === undefined ? { client_id: client.id, ...fields } : fields,
    {
      accept: 'application/json',
      ...(client.secret === undefined
        ? {}
        : { authorization: `Basic ${Buffer.from(basic).toString('base64')}` }),
    },
  );
  return (
    typeof answer.body === 'string'
      ? Object.fromEntries(new URLSearchParams(answer.body))
      : JSON.parse(JSON.stringify(answer.body))
  ) as Body;
}

async function open(provider: IdentityProvider, url: string, token: string): Promise<boolean> {
  const answer = await ask(provider, 'GET', url, {}, { authorization: `Bearer ${token}` });
  return (answer.status ?? 200) === 200 && (answer.body as Body)['ok'] !== false;
}

function nested(answer: Body): Body {
  return (answer['authed_user'] as Body | undefined) ?? answer;
}

function tokenIn(answer: Body): string {
  return String(nested(answer)['access_token']);
}

async function ask(
  { site }: IdentityProvider,
  method: string,
  url: string,
  form: Fields = {},
  headers: Fields = {},
): Promise<SiteAnswer> {
  const fields = new URLSearchParams(form);
  return site({
    method,
    url: new URL(url),
    headers,
    body: fields.toString(),
    form: fields,
    json: undefined,
  });
}
