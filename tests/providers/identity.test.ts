/** The entries of the identity providers against their vendors' emulators: what a person types is enough, each way to its end. */
import { afterEach, describe, expect, test } from 'vitest';
import type { GrantKind, Provider } from '../../src-main/core/provider.ts';
import { atlassian } from '../../src-main/providers/atlassian.ts';
import { auth0 } from '../../src-main/providers/auth0.ts';
import { cognito } from '../../src-main/providers/cognito.ts';
import { entra } from '../../src-main/providers/entra.ts';
import { github } from '../../src-main/providers/github.ts';
import { gitlab } from '../../src-main/providers/gitlab.ts';
import { google } from '../../src-main/providers/google.ts';
import { keycloak } from '../../src-main/providers/keycloak.ts';
import { oauth2 } from '../../src-main/providers/oauth2.ts';
import { oidc } from '../../src-main/providers/oidc.ts';
import { okta } from '../../src-main/providers/okta.ts';
import { salesforce } from '../../src-main/providers/salesforce.ts';
import { slack } from '../../src-main/providers/slack.ts';
import { zoom } from '../../src-main/providers/zoom.ts';
import type { Client, IdentityProvider } from '../emulators/identity-provider-types.ts';
import { startInternet } from '../emulators/internet.ts';
import type { Internet } from '../emulators/internet.ts';
import {
  AUTH0_AUDIENCE,
  COGNITO_POOL_ID,
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
  GITHUB_APP,
  GITHUB_OAUTH_APP,
  SERVICE_CLIENT,
  ZOOM_ACCOUNT_ID,
  ZOOM_SERVER_APP,
} from '../emulators/presets.ts';
import { createWorld } from '../fakes/world.ts';
import type { World } from '../fakes/world.ts';

interface Way {
  readonly provider: Provider;
  readonly emulator: () => IdentityProvider;
  readonly grant: GrantKind;
  readonly client: Client;
  /** What a person types besides the client; the rest stays as the form offers it. */
  readonly typed: Readonly<Record<string, string>>;
  /** What “Call it” finds; `unknown` where nothing is known to call. */
  readonly probe: 'accepted' | 'unknown';
  readonly renews: boolean;
}

const person = { grant: 'authorization-code', probe: 'accepted', renews: true } as const;
const app = { grant: 'client-credentials', probe: 'unknown', renews: true } as const;
const desktop = { ...person, client: DESKTOP_CLIENT } as const;
const service = { ...person, client: SERVICE_CLIENT } as const;

const WAYS: Readonly<Record<string, Way>> = {
  'Auth0, person': {
    ...desktop,
    provider: auth0,
    emulator: createAuth0,
    typed: { domain: 'acme.eu.auth0.com', audience: AUTH0_AUDIENCE },
  },
  'Auth0, person, client set to Post': {
    ...service,
    provider: auth0,
    emulator: () => auth0With('post'),
    typed: { domain: 'acme.eu.auth0.com' },
  },
  'Auth0, person, client set to Basic': {
    ...service,
    provider: auth0,
    emulator: () => auth0With('basic'),
    typed: { domain: 'acme.eu.auth0.com' },
  },
  'Auth0, app': {
    ...app,
    client: SERVICE_CLIENT,
    provider: auth0,
    emulator: createAuth0,
    typed: { domain: 'acme.eu.auth0.com', audience: AUTH0_AUDIENCE },
  },
  'Okta, person': {
    ...desktop,
    provider: okta,
    emulator: createOkta,
    typed: { domain: 'acme.okta.com' },
  },
  'Okta, person at the organisation’s own server': {
    ...desktop,
    provider: okta,
    emulator: createOkta,
    typed: { domain: 'acme.okta.com', authorizationServer: '' },
  },
  'Okta, app': {
    ...app,
    client: SERVICE_CLIENT,
    provider: okta,
    emulator: createOkta,
    typed: { domain: 'acme.okta.com', scopes: 'orders:read' },
  },
  'Entra ID, person, directory by ID': {
    ...desktop,
    provider: entra,
    emulator: createEntra,
    typed: { directory: ENTRA_TENANT_ID },
  },
  'Entra ID, person, directory by domain, in the browser': {
    ...desktop,
    provider: entra,
    emulator: createEntra,
    typed: {
      directory: ENTRA_DOMAIN,
      signInWith: 'browser',
      redirectUri: 'http://localhost:49152/callback',
    },
  },
  'Entra ID, app': {
    ...app,
    client: SERVICE_CLIENT,
    provider: entra,
    emulator: createEntra,
    typed: { directory: ENTRA_DOMAIN },
  },
  'Keycloak, person': {
    ...desktop,
    provider: keycloak,
    emulator: createKeycloak,
    typed: { server: 'https://sso.acme.example', realm: 'acme' },
  },
  'Keycloak, person on an old server': {
    ...service,
    provider: keycloak,
    emulator: createKeycloak,
    typed: { server: 'https://old-sso.acme.example/auth/', realm: 'acme' },
  },
  'Keycloak, app': {
    ...app,
    client: SERVICE_CLIENT,
    provider: keycloak,
    emulator: createKeycloak,
    typed: { server: 'https://sso.acme.example', realm: 'acme' },
  },
  'Cognito, person': {
    ...desktop,
    provider: cognito,
    emulator: createCognito,
    typed: { userPoolId: COGNITO_POOL_ID, region: 'eu-central-1' },
  },
  'Cognito, app': {
    ...app,
    client: SERVICE_CLIENT,
    provider: cognito,
    emulator: createCognito,
    typed: { userPoolId: COGNITO_POOL_ID, region: 'eu-central-1', scopes: 'orders/read' },
  },
  'Google, person': { ...service, provider: google, emulator: createGoogle, typed: {} },
  'GitHub, person with an OAuth app': {
    ...person,
    client: GITHUB_OAUTH_APP,
    provider: github,
    emulator: createGitHub,
    typed: { scopes: 'repo gist' },
    renews: false,
  },
  'GitHub, person with a GitHub App': {
    ...person,
    client: GITHUB_APP,
    provider: github,
    emulator: createGitHub,
    typed: { scopes: '' },
  },
  'GitLab, person': { ...desktop, provider: gitlab, emulator: createGitLab, typed: {} },
  'Salesforce, person': {
    ...desktop,
    provider: salesforce,
    emulator: createSalesforce,
    typed: { domain: 'acme.my.salesforce.com' },
  },
  'Salesforce, person by login.salesforce.com': {
    ...service,
    provider: salesforce,
    emulator: createSalesforce,
    typed: { domain: 'login.salesforce.com' },
  },
  'Salesforce, app': {
    ...app,
    client: SERVICE_CLIENT,
    provider: salesforce,
    emulator: createSalesforce,
    typed: { domain: 'acme.my.salesforce.com' },
  },
  'Zoom, person': { ...service, provider: zoom, emulator: createZoom, typed: {} },
  'Zoom, app': {
    ...app,
    client: ZOOM_SERVER_APP,
    provider: zoom,
    emulator: createZoom,
    typed: { accountId: ZOOM_ACCOUNT_ID },
    probe: 'accepted',
  },
  'Slack, person with PKCE': {
    ...desktop,
    provider: slack,
    emulator: createSlack,
    typed: { scopes: 'channels:read users:read' },
  },
  'Slack, person with a secret': {
    ...service,
    provider: slack,
    emulator: createSlack,
    typed: { pkce: 'off' },
    renews: false,
  },
  'Atlassian, person': { ...service, provider: atlassian, emulator: createAtlassian, typed: {} },
  'OpenID Connect, person': {
    ...desktop,
    provider: oidc,
    emulator: createOkta,
    typed: {
      issuer: 'https://acme.okta.com',
      probeUrl: 'https://acme.okta.com/oauth2/v1/userinfo',
    },
  },
  'OpenID Connect, app': {
    ...app,
    client: SERVICE_CLIENT,
    provider: oidc,
    emulator: createKeycloak,
    typed: { issuer: 'https://sso.acme.example/realms/acme' },
  },
  'OAuth 2.0, person': {
    ...service,
    provider: oauth2,
    emulator: createOAuth2Server,
    typed: {
      authorizationEndpoint: 'https://auth.plain.example/oauth/authorize',
      tokenEndpoint: 'https://auth.plain.example/oauth/token',
      revocationEndpoint: 'https://auth.plain.example/oauth/revoke',
      scopes: 'read write',
      scopeSeparator: ',',
      clientAuthentication: 'post',
      probeUrl: 'https://api.plain.example/me',
    },
  },
  'OAuth 2.0, app': {
    ...app,
    client: SERVICE_CLIENT,
    provider: oauth2,
    emulator: createOAuth2Server,
    typed: {
      tokenEndpoint: 'https://auth.plain.example/oauth/token',
      scopes: 'read write',
      scopeSeparator: ',',
    },
  },
};

let internet: Internet | undefined;
afterEach(() => internet?.stop());

describe.each(Object.entries(WAYS))('%s', (_name, way) => {
  test('signs in with what the form asks, calls, renews twice, signs out', async () => {
    const { world, emulator, save } = await open(way);
    const id = await save();
    expect(await world.sessions.signIn(id)).toEqual({ ok: true, value: null });
    const first = tokenOf(world, id);
    expect(emulator.isAlive(first)).toBe(true);
    await expectProbe(world, id, way);

    expect(world.sessions.canRenew(id)).toBe(way.renews);
    for (let renewal = 0; way.renews && renewal < 2; renewal += 1) {
      const before = tokenOf(world, id);
      expect(await world.sessions.renew(id)).toMatchObject({ ok: true });
      expect(tokenOf(world, id)).not.toBe(before);
      await expectProbe(world, id, way);
    }

    expect(await world.sessions.signOut(id)).toMatchObject({
      ok: true,
      value: expect.stringMatching(/^(confirmed|not-offered)$/),
    });
    expect(world.vault.stored.get(id)?.token).toBeUndefined();
  });

  test('a wrong secret is the client’s, a refresh token that has ended asks for a new sign-in', async () => {
    const { world, emulator, save } = await open(way);
    const id = await save();
    await world.sessions.signIn(id);
    if (way.renews && way.grant !== 'client-credentials') {
      emulator.behave({ token: 'invalid_grant' });
      expect(await world.sessions.renew(id)).toMatchObject({ error: { code: 'grant-refused' } });
      emulator.behave({ token: undefined });
    }
    if (way.client.secret === undefined) return;
    const other = await save('not-the-secret');
    const refused = await world.sessions.signIn(other);
    expect(refused).toMatchObject({ error: { code: 'client-refused' } });
    expect(JSON.stringify(refused)).not.toContain('not-the-secret');
  });
});

test('Auth0: with an audience the token opens the API itself', async () => {
  const { world, save } = await open({
    ...WAYS['Auth0, person']!,
    typed: { ...WAYS['Auth0, person']!.typed, probeUrl: `${AUTH0_AUDIENCE}me` },
  });
  const id = await save();
  await world.sessions.signIn(id);
  expect(await world.callTenant(id)).toMatchObject({ value: { accepted: true } });
});

test('Auth0: an audience that nobody knows is no passing trouble', async () => {
  const { world, save } = await open({
    ...WAYS['Auth0, app']!,
    typed: { domain: 'acme.eu.auth0.com', audience: 'https://nobody.example/' },
  });
  expect(await world.sessions.signIn(await save())).toMatchObject({
    error: { code: 'request-refused' },
  });
});

test('Atlassian: a refresh token that has ended is not taken for an unknown client', async () => {
  const { world, emulator, save } = await open(WAYS['Atlassian, person']!);
  const id = await save();
  await world.sessions.signIn(id);
  emulator.behave({
    token: () => ({
      status: 403,
      body: { error: 'unauthorized_client', error_description: 'refresh_token is invalid' },
    }),
  });
  expect(await world.sessions.renew(id)).toMatchObject({ error: { code: 'grant-refused' } });
});

test('Google: in the browser only, with a refresh token again at the second sign-in', async () => {
  const { world, save } = await open(WAYS['Google, person']!);
  const id = await save();
  for (let attempt = 1; attempt <= 2; attempt += 1) {
    await world.sessions.signIn(id);
    expect(world.systemBrowser.requests).toHaveLength(attempt);
    expect(world.vault.stored.get(id)?.token?.refreshToken).toMatch(/^1\/\//);
  }
  expect(world.userAgent.requests).toHaveLength(0);
});

test('Salesforce: the instance of the answer is kept, and its life is unknown', async () => {
  const { world, save } = await open(WAYS['Salesforce, person by login.salesforce.com']!);
  const id = await save();
  await world.sessions.signIn(id);
  const { token } = world.vault.stored.get(id)!;
  expect(token?.extra).toMatchObject({ instance_url: 'https://acme.my.salesforce.com' });
  expect(token?.expiresAtMs).toBeUndefined();
});

test('Zoom: says what is wrong in its own words', async () => {
  const { world, save } = await open({ ...WAYS['Zoom, app']!, typed: { accountId: 'another' } });
  expect(await world.sessions.signIn(await save())).toMatchObject({
    error: { code: 'request-refused', detail: 'invalid_request: Bad account_id.' },
  });
});

test('scopes go out as the provider wants them', async () => {
  const asked = async (name: string, parameter: string): Promise<string | null> => {
    const { world, emulator, save } = await open(WAYS[name]!);
    await world.sessions.signIn(await save());
    await internet?.stop();
    return emulator.requests('authorize')[0]!.url.searchParams.get(parameter);
  };
  expect(await asked('Slack, person with PKCE', 'user_scope')).toBe('channels:read,users:read');
  expect(await asked('OAuth 2.0, person', 'scope')).toBe('read,write');
  expect(await asked('Okta, person', 'scope')).toBe('openid profile email offline_access');
});

test('the probe of Slack sees a refusal that comes with 200', async () => {
  const { world, emulator, save } = await open(WAYS['Slack, person with a secret']!);
  const id = await save();
  await world.sessions.signIn(id);
  emulator.reset();
  expect(await world.callTenant(id)).toMatchObject({ value: { status: 200, accepted: false } });
});

/** The metadata name both ways, each client takes one. */
function auth0With(method: 'basic' | 'post'): IdentityProvider {
  const members = {
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
  };
  return createAuth0({
    change: {
      clientAuthentication: [method],
      metadata: { 'https://acme.eu.auth0.com/.well-known/openid-configuration': members },
    },
  });
}

interface Opened {
  readonly world: World;
  readonly emulator: IdentityProvider;
  /** Fills in the form and saves it; answers the tenant's id. */
  save(secret?: string): Promise<string>;
}

async function open({ provider, emulator: create, grant, client, typed }: Way): Promise<Opened> {
  const emulator = create();
  internet = await startInternet([emulator]);
  const world = await createWorld([], { internet, providers: [provider] });
  const fields = provider.grants.find(({ kind }) => kind === grant)?.fields ?? [];
  const offered = fields.flatMap(({ name, initial }) =>
    initial === undefined ? [] : [[name, initial] as const],
  );
  return {
    world,
    emulator,
    async save(secret = client.secret) {
      const saved = await world.tenants.save({
        providerId: provider.id,
        grant,
        name: provider.name,
        colour: '#3366cc',
        notice: 'default',
        values: { ...Object.fromEntries(offered), clientId: client.id, ...typed },
        secrets: secret === undefined ? {} : { clientSecret: secret },
        storedSecrets: [],
      });
      if (!saved.ok) throw new Error(JSON.stringify(saved.error));
      return saved.value;
    },
  };
}

async function expectProbe(world: World, id: string, { probe }: Way): Promise<void> {
  expect(await world.callTenant(id)).toMatchObject(
    probe === 'accepted'
      ? { ok: true, value: { accepted: true } }
      : { ok: false, error: { code: 'probe-unknown' } },
  );
}

function tokenOf(world: World, id: string): string {
  return world.vault.stored.get(id)?.token?.accessToken ?? '';
}
