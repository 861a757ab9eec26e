/** Emulated vendors with OpenID Connect discovery. What differs from the standard is in each entry. */
import { errorPage } from './identity-provider-pages.ts';
import type { IdentityProvider, Members } from './identity-provider-types.ts';
import { loopbackOnly, localhostOnAnyPort, preset, USUAL } from './presets-shared.ts';
import type { PresetOptions } from './presets-shared.ts';

const OPENID = '/.well-known/openid-configuration';

export const AUTH0_AUDIENCE = 'https://api.acme.example/';

/**
 * Issuer with a slash at its end; a token is opaque and good for /userinfo only, unless an `audience` is asked for; the
 * resource is the API of that audience. A refused refresh token is 403, a wrong secret is `access_denied`.
 */
export function createAuth0(options: PresetOptions = {}): IdentityProvider {
  const base = 'https://acme.eu.auth0.com';
  const userinfo = `${base}/userinfo`;
  const audienceOf = (parameters: URLSearchParams): string | undefined =>
    parameters.get('audience') === AUTH0_AUDIENCE ? AUTH0_AUDIENCE : undefined;
  return preset(
    {
      ...USUAL,
      name: 'Auth0',
      issuer: `${base}/`,
      endpoints: {
        authorize: [`${base}/authorize`],
        token: [`${base}/oauth/token`],
        revoke: [`${base}/oauth/revoke`],
        jwks: [`${base}/.well-known/jwks.json`],
        userinfo: [userinfo],
      },
      metadata: { [base + OPENID]: {} },
      rotation: 'reuse-ends-all',
      expiresInSeconds: 86_400,
      audience: ({ parameters }) => audienceOf(parameters),
      checkAuthorization({ url }) {
        const audience = url.searchParams.get('audience');
        return audience === null || audience === AUTH0_AUDIENCE
          ? undefined
          : { error: 'access_denied', description: `Service not found: ${audience}` };
      },
      checkTokenRequest: ({ request, type }) =>
        type === 'client_credentials' && audienceOf(request.form) === undefined
          ? { reason: 'other', error: 'access_denied', description: 'No such audience.' }
          : undefined,
      refusal: (refusal) =>
        refusal.reason === 'wrong client'
          ? { ...refusal, error: 'access_denied', description: 'Unauthorized', status: 401 }
          : { ...refusal, status: 403 },
      resources: {
        [`${AUTH0_AUDIENCE}me`]: ({ grant }) =>
          audienceOf(grant.parameters) === undefined ? undefined : { name: grant.person },
      },
    },
    options,
  );
}

/**
 * The custom authorization server `default` and the organisation's own; neither takes what the other issued, and only
 * the first gives tokens for client credentials (the second wants a signed assertion there).
 */
export function createOkta(options: PresetOptions = {}): IdentityProvider {
  const organisation = 'https://acme.okta.com';
  const custom = `${organisation}/oauth2/default`;
  const endpointsBelow = (base: string): Members => ({
    authorization_endpoint: `${base}/v1/authorize`,
    token_endpoint: `${base}/v1/token`,
    revocation_endpoint: `${base}/v1/revoke`,
    jwks_uri: `${base}/v1/keys`,
    userinfo_endpoint: `${base}/v1/userinfo`,
  });
  const both = (path: string): string[] => [`${custom}${path}`, `${organisation}/oauth2${path}`];
  return preset(
    {
      ...USUAL,
      name: 'Okta',
      issuer: ({ pathname }) => (pathname.startsWith('/oauth2/default/') ? custom : organisation),
      separateIssuers: true,
      endpoints: {
        authorize: both('/v1/authorize'),
        token: both('/v1/token'),
        revoke: both('/v1/revoke'),
        jwks: both('/v1/keys'),
        userinfo: both('/v1/userinfo'),
      },
      metadata: {
        [custom + OPENID]: endpointsBelow(custom),
        [organisation + OPENID]: endpointsBelow(`${organisation}/oauth2`),
      },
      rotation: 'reuse-ends-all',
      reuseLeewaySeconds: 30,
      audience: ({ issuer }) => (issuer === custom ? 'api://default' : undefined),
      checkTokenRequest({ request, type }) {
        if (type !== 'client_credentials') return undefined;
        if (!request.url.pathname.startsWith('/oauth2/default/')) {
          const description = 'Client credentials need private_key_jwt here.';
          return { reason: 'wrong client', error: 'invalid_client', description };
        }
        const scopes = (request.form.get('scope') ?? '').split(' ');
        return scopes[0] === '' || scopes.includes('offline_access')
          ? { reason: 'other', error: 'invalid_scope', description: 'A custom scope is needed.' }
          : undefined;
      },
      resources: {},
    },
    options,
  );
}

export const ENTRA_TENANT_ID = '5f3c1d0e-6a54-4c0f-9d27-0c8b7e1a2f36';
export const ENTRA_DOMAIN = 'acme.onmicrosoft.com';

/**
 * Metadata asked for by the domain name states the issuer with the GUID, asked for by `common` one with a placeholder;
 * no word on PKCE in it; an old refresh token stays valid; scopes ending in `/.default` for client credentials.
 */
export function createEntra(options: PresetOptions = {}): IdentityProvider {
  const base = 'https://login.microsoftonline.com';
  const at = (path: string): string[] => [
    `${base}/${ENTRA_TENANT_ID}${path}`,
    `${base}/${ENTRA_DOMAIN}${path}`,
  ];
  const members: Members = {
    code_challenge_methods_supported: undefined,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt'],
  };
  return preset(
    {
      ...USUAL,
      name: 'Microsoft',
      issuer: `${base}/${ENTRA_TENANT_ID}/v2.0`,
      endpoints: {
        authorize: at('/oauth2/v2.0/authorize'),
        token: at('/oauth2/v2.0/token'),
        jwks: at('/discovery/v2.0/keys'),
        userinfo: ['https://graph.microsoft.com/oidc/userinfo'],
      },
      metadata: {
        ...Object.fromEntries(at(`/v2.0${OPENID}`).map((address) => [address, members])),
        [`${base}/common/v2.0${OPENID}`]: { ...members, issuer: `${base}/{tenantid}/v2.0` },
      },
      redirectRule: localhostOnAnyPort,
      rotation: 'renewed',
      audience: () => 'https://graph.microsoft.com',
      tokenMembers: (answer) => ({ ...answer, ext_expires_in: answer['expires_in'] }),
      checkAuthorization: ({ url }) =>
        url.searchParams.has('scope')
          ? undefined
          : errorPage('Microsoft', 'invalid_request', 'AADSTS900144: scope is missing.'),
      checkTokenRequest: ({ request, type }) =>
        type === 'client_credentials' && !/^\S+\/\.default$/.test(request.form.get('scope') ?? '')
          ? {
              reason: 'other',
              error: 'invalid_scope',
              description: 'AADSTS1002012: client credentials need a scope ending in /.default.',
            }
          : undefined,
      resources: {
        'https://graph.microsoft.com/v1.0/me': ({ grant }) =>
          grant.person === undefined ? undefined : { userPrincipalName: grant.person },
        'https://graph.microsoft.com/v1.0/organization': () => ({
          value: [{ id: ENTRA_TENANT_ID }],
        }),
      },
    },
    options,
  );
}

/**
 * The realm `acme` on a server of today and, below `/auth`, on an old one. Without `offline_access` the refresh token
 * is there too but dies with the web session; `refresh_expires_in` says how long it lives, 0 for an offline one.
 */
export function createKeycloak(options: PresetOptions = {}): IdentityProvider {
  const today = 'https://sso.acme.example/realms/acme';
  const old = 'https://old-sso.acme.example/auth/realms/acme';
  const endpointsBelow = (realm: string): Members => ({
    authorization_endpoint: `${realm}/protocol/openid-connect/auth`,
    token_endpoint: `${realm}/protocol/openid-connect/token`,
    revocation_endpoint: `${realm}/protocol/openid-connect/revoke`,
    jwks_uri: `${realm}/protocol/openid-connect/certs`,
    userinfo_endpoint: `${realm}/protocol/openid-connect/userinfo`,
    authorization_response_iss_parameter_supported: true,
  });
  const both = (name: string): string[] =>
    [today, old].map((realm) => `${realm}/protocol/openid-connect/${name}`);
  const isOffline = ({ scopes }: { readonly scopes: readonly string[] }): boolean =>
    scopes.includes('offline_access');
  return preset(
    {
      ...USUAL,
      name: 'Keycloak',
      issuer: ({ hostname }) => (hostname === new URL(old).hostname ? old : today),
      separateIssuers: true,
      endpoints: {
        authorize: both('auth'),
        token: both('token'),
        revoke: both('revoke'),
        jwks: both('certs'),
        userinfo: both('userinfo'),
      },
      metadata: { [today + OPENID]: endpointsBelow(today), [old + OPENID]: endpointsBelow(old) },
      rotation: 'renewed',
      expiresInSeconds: 300,
      audience: () => 'account',
      givesRefreshToken: () => true,
      outlivesSession: isOffline,
      tokenMembers: (answer, grant, type) => ({
        ...answer,
        refresh_expires_in: type === 'client_credentials' || isOffline(grant) ? 0 : 1800,
        'not-before-policy': 0,
      }),
      refusal: (refusal) =>
        refusal.reason === 'wrong client'
          ? { ...refusal, error: 'unauthorized_client', status: 401 }
          : refusal,
      resources: {},
    },
    options,
  );
}

export const COGNITO_POOL_ID = 'eu-central-1_Ab3dEf6hI';

/** Discovery on another host than the endpoints; `offline_access` is no scope; a refresh names no refresh token. */
export function createCognito(options: PresetOptions = {}): IdentityProvider {
  const pool = `https://cognito-idp.eu-central-1.amazonaws.com/${COGNITO_POOL_ID}`;
  const domain = 'https://acme.auth.eu-central-1.amazoncognito.com';
  return preset(
    {
      ...USUAL,
      name: 'Cognito',
      issuer: pool,
      endpoints: {
        authorize: [`${domain}/oauth2/authorize`],
        token: [`${domain}/oauth2/token`],
        revoke: [`${domain}/oauth2/revoke`],
        jwks: [`${pool}/.well-known/jwks.json`],
        userinfo: [`${domain}/oauth2/userInfo`],
      },
      metadata: { [pool + OPENID]: { code_challenge_methods_supported: undefined } },
      rotation: 'omitted',
      knownScopes: /^(openid|email|phone|profile|aws\.cognito\.signin\.user\.admin|[^/]+\/.+)$/,
      audience: ({ client }) => client.id,
      givesRefreshToken: () => true,
      refusal: ({ reason, error, description }) => ({ reason, error, description, status: 400 }),
      resources: {},
    },
    options,
  );
}

/**
 * Refuses embedded windows; a refresh token only for `access_type=offline`, and again only with `prompt=consent`;
 * redirects to loopback only; no client credentials. `offline_access` is no scope.
 */
export function createGoogle(options: PresetOptions = {}): IdentityProvider {
  return preset(
    {
      ...USUAL,
      name: 'Google',
      issuer: 'https://accounts.google.com',
      endpoints: {
        authorize: ['https://accounts.google.com/o/oauth2/v2/auth'],
        token: ['https://oauth2.googleapis.com/token'],
        revoke: ['https://oauth2.googleapis.com/revoke'],
        jwks: ['https://www.googleapis.com/oauth2/v3/certs'],
        userinfo: ['https://openidconnect.googleapis.com/v1/userinfo'],
      },
      metadata: { [`https://accounts.google.com${OPENID}`]: {} },
      grants: ['authorization_code', 'refresh_token'],
      redirectRule: loopbackOnly,
      rotation: 'omitted',
      expiresInSeconds: 3599,
      knownScopes: /^(openid|email|profile|https:\/\/www\.googleapis\.com\/auth\/\S+)$/,
      opaquePrefix: (kind) => ({ code: '4/', access: 'ya29.', refresh: '1//' })[kind],
      givesRefreshToken: ({ parameters }, isFirst) =>
        parameters.get('access_type') === 'offline' &&
        (isFirst || parameters.get('prompt') === 'consent'),
      checkAuthorization: ({ headers }) =>
        headers['user-agent']?.includes('Electron') === true
          ? errorPage(
              'Google',
              'disallowed_useragent',
              'Error 403: this browser or app may not be secure.',
              403,
            )
          : undefined,
      resources: {},
    },
    options,
  );
}

/** A refresh has to name the redirect URI again, and ends both old tokens; `created_at`; no client credentials. */
export function createGitLab(options: PresetOptions = {}): IdentityProvider {
  const base = 'https://gitlab.com';
  return preset(
    {
      ...USUAL,
      name: 'GitLab',
      issuer: base,
      endpoints: {
        authorize: [`${base}/oauth/authorize`],
        token: [`${base}/oauth/token`],
        revoke: [`${base}/oauth/revoke`],
        jwks: [`${base}/oauth/discovery/keys`],
        userinfo: [`${base}/oauth/userinfo`],
      },
      metadata: { [base + OPENID]: {} },
      grants: ['authorization_code', 'refresh_token'],
      expiresInSeconds: 7200,
      knownScopes:
        /^(openid|profile|email|api|read_api|read_user|read_repository|write_repository)$/,
      givesRefreshToken: () => true,
      refreshEndsAccessTokens: true,
      checkTokenRequest: ({ request, type, grant }) =>
        type === 'refresh_token' && request.form.get('redirect_uri') !== grant?.redirectUri
          ? {
              reason: 'wrong refresh token',
              error: 'invalid_grant',
              description: 'The redirect URI is not the one of the authorization request.',
            }
          : undefined,
      tokenMembers: (answer) => ({ ...answer, created_at: Math.floor(Date.now() / 1000) }),
      resources: { [`${base}/api/v4/user`]: ({ grant }) => ({ username: grant.person }) },
    },
    options,
  );
}
