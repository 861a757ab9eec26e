/** Emulated vendors that are OAuth 2.0 with ways of their own, told in each entry. */
import { errorPage } from './identity-provider-pages.ts';
import type { IdentityProvider, Members } from './identity-provider-types.ts';
import { DESKTOP_CLIENT, preset, SERVICE_CLIENT, USUAL } from './presets-shared.ts';
import type { PresetOptions } from './presets-shared.ts';
import type { SiteAnswer } from './site.ts';

export const GITHUB_OAUTH_APP = { ...SERVICE_CLIENT, id: 'Ov23liBearerTrayOAuth' };
/** Its tokens live 8 hours and rotate. */
export const GITHUB_APP = { ...SERVICE_CLIENT, id: 'Iv23liBearerTrayApp00' };

/** No discovery; form-encoded unless JSON is asked for; the secret is always needed; errors come with 200. */
export function createGitHub(options: PresetOptions = {}): IdentityProvider {
  const isApp = ({ client }: { readonly client: { readonly id: string } }): boolean =>
    client.id.startsWith('Iv');
  const errors = {
    'wrong client': 'incorrect_client_credentials',
    'wrong code': 'bad_verification_code',
    'wrong verifier': 'bad_verification_code',
    'wrong redirect': 'redirect_uri_mismatch',
    'wrong refresh token': 'bad_refresh_token',
    other: undefined,
  };
  return preset(
    {
      ...USUAL,
      name: 'GitHub',
      issuer: 'https://github.com',
      endpoints: {
        authorize: ['https://github.com/login/oauth/authorize'],
        token: ['https://github.com/login/oauth/access_token'],
      },
      metadata: {},
      clients: [GITHUB_OAUTH_APP, GITHUB_APP],
      grants: ['authorization_code', 'refresh_token'],
      clientAuthentication: ['post', 'basic'],
      expiresInSeconds: (grant) => (isApp(grant) ? 28_800 : undefined),
      opaquePrefix: (kind, grant) =>
        ({ code: '', access: isApp(grant) ? 'ghu_' : 'gho_', refresh: 'ghr_' })[kind],
      givesRefreshToken: isApp,
      tokenMembers: (answer, grant) => ({
        ...answer,
        token_type: 'bearer',
        scope: isApp(grant) ? '' : grant.scopes.join(','),
        refresh_token_expires_in: isApp(grant) ? 15_897_600 : undefined,
      }),
      refusal: (refusal) => ({
        ...refusal,
        error: errors[refusal.reason] ?? refusal.error,
        status: 200,
      }),
      encode: (members, status, request) =>
        request.headers.accept?.includes('application/json') === true
          ? json(members, status)
          : formEncoded(members, status),
      unauthorized: { status: 401, body: { message: 'Bad credentials' } },
      resources: { 'https://api.github.com/user': ({ grant }) => ({ login: grant.person }) },
    },
    options,
  );
}

/**
 * No `expires_in`; calls go to the `instance_url` of the answer, never to the login host. `issuer` is the host that was
 * asked: My Domain (the first) or login.salesforce.com, which takes no client credentials.
 */
export function createSalesforce(options: PresetOptions = {}): IdentityProvider {
  const instance = 'https://acme.my.salesforce.com';
  const login = 'https://login.salesforce.com';
  const both = (path: string): string[] => [`${instance}${path}`, `${login}${path}`];
  const isLogin = (url: URL): boolean => url.origin === login;
  return preset(
    {
      ...USUAL,
      name: 'Salesforce',
      issuer: ({ origin }) => origin,
      endpoints: {
        authorize: both('/services/oauth2/authorize'),
        token: both('/services/oauth2/token'),
        revoke: both('/services/oauth2/revoke'),
        jwks: both('/id/keys'),
        userinfo: [`${instance}/services/oauth2/userinfo`],
      },
      metadata: {
        [`${instance}/.well-known/openid-configuration`]: {},
        [`${login}/.well-known/openid-configuration`]: {
          authorization_endpoint: `${login}/services/oauth2/authorize`,
          token_endpoint: `${login}/services/oauth2/token`,
          revocation_endpoint: `${login}/services/oauth2/revoke`,
          jwks_uri: `${login}/id/keys`,
        },
      },
      rotation: 'omitted',
      expiresInSeconds: 7200,
      opaquePrefix: (kind) => (kind === 'access' ? '00Dxx0000000001!' : ''),
      givesRefreshToken: ({ scopes }) =>
        scopes.includes('refresh_token') || scopes.includes('offline_access'),
      checkTokenRequest: ({ request, type }) =>
        type === 'client_credentials' && isLogin(request.url)
          ? {
              reason: 'other',
              error: 'invalid_grant',
              description: 'request not supported on this domain',
            }
          : undefined,
      tokenMembers: (answer, grant) => ({
        ...answer,
        expires_in: undefined,
        instance_url: instance,
        id: `${grant.issuer}/id/00Dxx0000000001/005xx0000000001`,
        issued_at: String(Date.now()),
      }),
      refusal: (refusal) => ({ ...refusal, status: 400 }),
      unauthorized: {
        status: 401,
        body: [{ errorCode: 'INVALID_SESSION_ID', message: 'Session expired or invalid' }],
      },
      resources: {
        [`${instance}/services/data`]: () => [{ version: '64.0', url: '/services/data/v64.0' }],
        [`${login}/services/data`]: () => undefined,
      },
    },
    options,
  );
}

/** The app that a person signs in to, and the server-to-server one. */
export const ZOOM_USER_APP = SERVICE_CLIENT;
export const ZOOM_SERVER_APP = {
  ...SERVICE_CLIENT,
  id: 'bearer-tray-server-to-server',
  redirectUris: [],
  grants: ['account_credentials'],
} as const;
export const ZOOM_ACCOUNT_ID = 'Zx3acmeAccount-1_Q';

/** RFC 8414 metadata; client authentication by Basic only; `account_credentials` with the account's id. */
export function createZoom(options: PresetOptions = {}): IdentityProvider {
  const base = 'https://zoom.us';
  return preset(
    {
      ...USUAL,
      name: 'Zoom',
      issuer: base,
      endpoints: {
        authorize: [`${base}/oauth/authorize`],
        token: [`${base}/oauth/token`],
        revoke: [`${base}/oauth/revoke`],
      },
      metadata: { [`${base}/.well-known/oauth-authorization-server`]: {} },
      clients: [ZOOM_USER_APP, ZOOM_SERVER_APP],
      grants: ['authorization_code', 'refresh_token', 'account_credentials'],
      clientAuthentication: ['basic'],
      givesRefreshToken: () => true,
      checkTokenRequest: ({ request, type }) =>
        type === 'account_credentials' && request.form.get('account_id') !== ZOOM_ACCOUNT_ID
          ? { reason: 'other', error: 'invalid_request', description: 'Bad account_id.' }
          : undefined,
      tokenMembers: (answer) => ({ ...answer, token_type: 'bearer' }),
      encode: ({ error, error_description, ...members }, status) =>
        json(error === undefined ? members : { error, reason: error_description }, status),
      unauthorized: { status: 401, body: { code: 124, message: 'Invalid access token.' } },
      resources: {
        'https://api.zoom.us/v2/users/me': ({ grant }) => ({ id: grant.person ?? 'account' }),
      },
    },
    options,
  );
}

/** Has PKCE switched on: no secret, and its tokens rotate. The other has a secret and a token without end. */
export const SLACK_PKCE_APP = DESKTOP_CLIENT;
export const SLACK_SECRET_APP = SERVICE_CLIENT;

/**
 * Scopes of a person in `user_scope`, by comma; their token lies in `authed_user`, but at the top after a refresh;
 * `ok: false` with 200. Its metadata are those of Sign in with Slack, whose endpoints give no such token.
 */
export function createSlack(options: PresetOptions = {}): IdentityProvider {
  const base = 'https://slack.com';
  const rotates = (grant: { readonly client: { readonly secret?: string } }): boolean =>
    grant.client.secret === undefined;
  const errors = {
    'wrong client': 'bad_client_secret',
    'wrong code': 'invalid_code',
    'wrong verifier': 'invalid_code_verifier',
    'wrong redirect': 'bad_redirect_uri',
    'wrong refresh token': 'invalid_refresh_token',
    other: undefined,
  };
  return preset(
    {
      ...USUAL,
      name: 'Slack',
      issuer: base,
      endpoints: {
        authorize: [`${base}/oauth/v2/authorize`],
        token: [`${base}/api/oauth.v2.access`],
      },
      metadata: {
        [`${base}/.well-known/openid-configuration`]: {
          authorization_endpoint: `${base}/openid/connect/authorize`,
          token_endpoint: `${base}/api/openid.connect.token`,
          userinfo_endpoint: `${base}/api/openid.connect.userInfo`,
          jwks_uri: `${base}/openid/connect/keys`,
        },
      },
      grants: ['authorization_code', 'refresh_token'],
      expiresInSeconds: (grant) => (rotates(grant) ? 43_200 : undefined),
      scopeParameter: 'user_scope',
      scopeSeparator: ',',
      knownScopes: /^[a-z.]+(:[a-z._]+)*$/,
      opaquePrefix: (kind, grant) =>
        ({ code: '', access: rotates(grant) ? 'xoxe.xoxp-1-' : 'xoxp-', refresh: 'xoxe-1-' })[kind],
      givesRefreshToken: rotates,
      checkAuthorization({ url }) {
        const bot = url.searchParams.get('scope') ?? '';
        const client = url.searchParams.get('client_id');
        return bot !== '' && client === SLACK_PKCE_APP.id
          ? errorPage('Slack', 'invalid_scope', 'No bot scopes for a desktop redirect.')
          : (url.searchParams.get('user_scope') ?? '') === ''
            ? errorPage('Slack', 'invalid_scope', 'No scopes requested.')
            : undefined;
      },
      tokenMembers(answer, grant, type) {
        const { access_token, refresh_token, expires_in, scope } = answer;
        const token = { access_token, token_type: 'user', refresh_token, expires_in, scope };
        const team = { id: 'T0ACME', name: 'Acme' };
        return type === 'refresh_token'
          ? { ok: true, ...token, team }
          : { ok: true, authed_user: { id: grant.person, ...token }, team };
      },
      refusal: (refusal) => ({
        ...refusal,
        error: errors[refusal.reason] ?? refusal.error,
        status: 200,
      }),
      encode: ({ error, ...members }, status) =>
        json(error === undefined ? members : { ok: false, error }, status),
      unauthorized: json({ ok: false, error: 'invalid_auth' }, 200),
      resources: {
        [`${base}/api/auth.test`]: ({ grant }) => ({ ok: true, team: 'Acme', user: grant.person }),
      },
    },
    options,
  );
}

export const ATLASSIAN_CLOUD_ID = '11223344-a1b2-3b33-c444-def123456789';

/**
 * Needs `audience=api.atlassian.com`, `prompt=consent` and the secret; knows no PKCE; a token works at api.atlassian.com
 * only. A used refresh token works ten minutes longer. Its metadata answer, as they do in life.
 */
export function createAtlassian(options: PresetOptions = {}): IdentityProvider {
  const base = 'https://auth.atlassian.com';
  const api = 'https://api.atlassian.com';
  const site = 'https://acme.atlassian.net';
  return preset(
    {
      ...USUAL,
      name: 'Atlassian',
      issuer: base,
      endpoints: { authorize: [`${base}/authorize`], token: [`${base}/oauth/token`] },
      metadata: { [`${base}/.well-known/openid-configuration`]: {} },
      clients: [SERVICE_CLIENT],
      grants: ['authorization_code', 'refresh_token'],
      clientAuthentication: ['post', 'basic'],
      pkce: false,
      reuseLeewaySeconds: 600,
      checkAuthorization({ url: { searchParams } }) {
        if (searchParams.get('audience') !== 'api.atlassian.com') {
          return errorPage('Atlassian', 'invalid_request', 'audience is missing or unknown.');
        }
        return searchParams.get('prompt') === 'consent'
          ? undefined
          : errorPage('Atlassian', 'invalid_request', 'prompt has to be consent.');
      },
      refusal: (refusal) =>
        refusal.reason === 'wrong client'
          ? { ...refusal, error: 'access_denied', description: 'Unauthorized', status: 401 }
          : { ...refusal, status: refusal.error === 'invalid_grant' ? 403 : 400 },
      resources: {
        [`${api}/oauth/token/accessible-resources`]: ({ scopes }) => [
          { id: ATLASSIAN_CLOUD_ID, name: 'acme', url: site, scopes },
        ],
        [`${api}/ex/jira/${ATLASSIAN_CLOUD_ID}/rest/api/3/myself`]: ({ grant }) => ({
          displayName: grant.person,
        }),
        [`${site}/rest/api/3/myself`]: () => undefined,
      },
    },
    options,
  );
}

function json(members: Members, status: number): SiteAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
    body: members,
  };
}

/** A token answer as a form: what GitHub and OAuth servers from before RFC 6749 send. */
export function formEncoded(members: Members, status: number): SiteAnswer {
  const pairs = Object.entries(members).filter(([, value]) => value !== undefined);
  return {
    status,
    headers: {
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      'cache-control': 'no-store',
    },
    body: new URLSearchParams(
      Object.fromEntries(pairs.map(([name, value]) => [name, String(value)])),
    ).toString(),
  };
}
