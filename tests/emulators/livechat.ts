/**
 * LiveChat (Text Platform): its authorization server accounts.livechat.com, and the door of its product APIs. Facts:
 * https://platform.text.com/docs/authorization/oauth-authorization/, …/personal-access-tokens/, …/troubleshooting/ and the
 * Global Accounts API's specification, all in https://github.com/livechat/livechat-public-docs. They state no HTTP status for
 * the token endpoint's OAuth errors: here 401, or 422 for what is missing.
 *
 * The login page takes any login, and any password but `WRONG_PASSWORD`; each login is an account.
 */
import {
  basicPair,
  cookieOf,
  createBook,
  credentialOf,
  htmlPage,
  escapeHtml,
  jsonAnswer,
  loggedInAs,
  loginPage,
  redirectTo,
  s256,
  sessionCookie,
  withQuery,
  type Inspection,
} from './emulator-parts.ts';
import type { Emulator, SiteAnswer, SiteRequest } from './site.ts';

export const LIVECHAT_ACCOUNTS_HOST = 'accounts.livechat.com';
export const LIVECHAT_API_HOST = 'api.livechatinc.com';
/** Where the switch `lookalikeRedirect` sends the answer. */
export const LIVECHAT_LOOKALIKE_HOST = 'localhost.evil.example';

/** An app of the Developer Console with its App Authorization block. */
export interface LiveChatApp {
  readonly clientId: string;
  /** `web` is the console's JavaScript app: implicit grant, or code with PKCE. */
  readonly type: 'web' | 'server';
  /** Of server apps. */
  readonly clientSecret?: string;
  readonly redirectUris: readonly string[];
  readonly scopes: readonly string[];
}

/** A Personal Access Token with the scopes that it was made with. */
export interface PersonalAccessToken {
  readonly accountId: string;
  readonly token: string;
  readonly scopes: readonly string[];
}

export interface LiveChatOptions {
  /** Default: `LIVECHAT_WEB_APP` and `LIVECHAT_SERVER_APP`. */
  readonly apps?: readonly LiveChatApp[];
  /** Default: `LIVECHAT_PAT`. */
  readonly personalAccessTokens?: readonly PersonalAccessToken[];
  /** Milliseconds. Default `Date.now`. */
  readonly now?: () => number;
}

export interface LiveChatSwitches {
  /** What access tokens and codes begin with, and where the license lives. */
  readonly region: 'dal' | 'fra' | 'fra-a';
  /** False: a code with an S256 challenge can't be redeemed, whatever the verifier. */
  readonly acceptsS256: boolean;
  readonly lookalikeRedirect: boolean;
  /** The error page with this `oauth_exception` for every request to authorize. */
  readonly oauthException: string | undefined;
  /** Instead of any answer of /v2/token, or of the other endpoints of accounts and products. */
  readonly tokenAnswer: SiteAnswer | undefined;
  readonly apiAnswer: SiteAnswer | undefined;
}

export interface LiveChat extends Emulator, Inspection<LiveChatSwitches> {
  tokenCalls(grantType?: string): number;
  /** Access tokens that still live, oldest first. */
  liveAccessTokens(): readonly string[];
  liveRefreshTokens(): readonly string[];
  /** The browser's sessions end: the next visit asks for the login. */
  endWebSessions(): void;
  /** All refresh tokens expire. */
  expireRefreshTokens(): void;
}

const SCOPES = ['accounts--my:ro', 'agents--all:ro', 'chats--all:ro'];

export const LIVECHAT_WEB_APP: LiveChatApp = {
  clientId: 'livechat-web-app',
  type: 'web',
  redirectUris: ['https://localhost'],
  scopes: SCOPES,
};

export const LIVECHAT_SERVER_APP: LiveChatApp = {
  clientId: 'livechat-server-app',
  type: 'server',
  clientSecret: 'livechat-server-secret',
  redirectUris: ['https://localhost', 'http://localhost:5555'],
  scopes: SCOPES,
};

export const LIVECHAT_PAT: PersonalAccessToken = {
  accountId: '496a94f2-cbbf-444e-a3cb-305b9f5f8cbb',
  token: 'dal:livechat-personal-access-token',
  scopes: ['accounts--my:ro'],
};

interface Authorization {
  readonly clientId: string;
  readonly accountId: string;
  readonly scopes: readonly string[];
}

interface Code extends Authorization {
  readonly redirectUri: string;
  readonly challenge: string | undefined;
  readonly isS256: boolean;
  readonly expiresAtMs: number;
}

interface AccessToken extends Authorization {
  readonly expiresAtMs: number;
  /** The other half of the pair. */
  readonly refreshToken: string | undefined;
}

interface RefreshToken extends Authorization {
  readonly expired: boolean;
}

const ORGANIZATION_ID = '59aa5076-13c5-4ce5-b13a-07d33e838acf';
const SESSION_COOKIE = 'livechat_session';
const TOKEN_LIFE_SECONDS = 28_800;
/** "A few minutes". */
const CODE_LIFE_MS = 3 * 60_000;
/** Access tokens, and refresh tokens, per client and account. */
const TOKENS_AT_MOST = 25;
const REDIRECTS_AT_MOST = 3;
const REDIRECT_WINDOW_MS = 30_000;

const WELL_BEHAVED: LiveChatSwitches = {
  region: 'dal',
  acceptsS256: true,
  lookalikeRedirect: false,
  oauthException: undefined,
  tokenAnswer: undefined,
  apiAnswer: undefined,
};

export function createLiveChat(options: LiveChatOptions = {}): LiveChat {
  const {
    apps = [LIVECHAT_WEB_APP, LIVECHAT_SERVER_APP],
    personalAccessTokens = [LIVECHAT_PAT],
    now = Date.now,
  } = options;
  const book = createBook(WELL_BEHAVED);
  const accountIds = new Map<string, string>();
  const webSessions = new Map<string, string>();
  const codes = new Map<string, Code>();
  const accessTokens = new Map<string, AccessToken>();
  const refreshTokens = new Map<string, RefreshToken>();
  const redirectsAtMs = new Map<string, readonly number[]>();

  const appOf = (clientId: string | null | undefined): LiveChatApp | undefined =>
    apps.find((app) => app.clientId === clientId);

  const accountIdOf = (username: string): string => {
    const accountId = accountIds.get(username) ?? crypto.randomUUID();
    accountIds.set(username, accountId);
    return accountId;
  };

  const issueAccessToken = (
    { clientId, accountId, scopes }: Authorization,
    refreshToken: string | undefined,
  ): string => {
    const value = book.issue(`${book.switches().region}:`);
    const expiresAtMs = now() + TOKEN_LIFE_SECONDS * 1000;
    accessTokens.set(value, { clientId, accountId, scopes, expiresAtMs, refreshToken });
    revokeOldest(accessTokens, clientId, accountId);
    return value;
  };

  const issueRefreshToken = ({ clientId, accountId, scopes }: Authorization): string => {
    const value = book.issue();
    refreshTokens.set(value, { clientId, accountId, scopes, expired: false });
    revokeOldest(refreshTokens, clientId, accountId);
    return value;
  };

  /** More than this in half a minute is taken for a loop. */
  const redirectsTooOften = (key: string): boolean => {
    const recent = (redirectsAtMs.get(key) ?? []).filter(
      (atMs) => atMs > now() - REDIRECT_WINDOW_MS,
    );
    const tooOften = recent.length >= REDIRECTS_AT_MOST;
    redirectsAtMs.set(key, tooOften ? recent : [...recent, now()]);
    return tooOften;
  };

  const authorize = (request: SiteRequest): SiteAnswer => {
    const query = request.url.searchParams;
    const { oauthException, region, lookalikeRedirect } = book.switches();
    if (oauthException !== undefined) return errorPage(oauthException);
    const app = appOf(query.get('client_id'));
    if (app === undefined) return errorPage('unauthorized_client', 'client_id_not_found');
    if (app.redirectUris.length === 0) {
      return errorPage('unauthorized_client', 'redirect_uri_not_set');
    }
    const redirectUri = query.get('redirect_uri') ?? '';
    const challenge = query.get('code_challenge') ?? undefined;
    if (!redirectIsAllowed(redirectUri, app.redirectUris, challenge !== undefined)) {
      return errorPage('unauthorized_client', 'invalid_redirect_uri');
    }
    const responseType = query.get('response_type');
    if (responseType !== 'token' && responseType !== 'code') {
      return errorPage('unsupported_response_type');
    }
    const isImplicit = responseType === 'token';
    const fits = app.type === 'web' ? isImplicit || challenge !== undefined : !isImplicit;
    const method = (query.get('code_challenge_method') ?? 'plain').toLowerCase();
    if (!fits || !['plain', 's256'].includes(method)) return errorPage('invalid_request');
    const scope = query.get('scope');
    const scopes = scope === null ? app.scopes : scope.split(',');
    if (!scopes.every((each) => app.scopes.includes(each))) return errorPage('invalid_scope');

    const accountId = webSessions.get(cookieOf(request, SESSION_COOKIE) ?? '');
    if (accountId === undefined) return login(request);
    if (redirectsTooOften(`${app.clientId} ${accountId}`)) {
      return errorPage('access_denied', 'too_many_redirects');
    }
    const target = lookalikeRedirect ? `https://${LIVECHAT_LOOKALIKE_HOST}/` : redirectUri;
    const state = query.get('state') ?? undefined;
    const authorization = { clientId: app.clientId, accountId, scopes };
    if (isImplicit) {
      const fragment = new URLSearchParams({
        access_token: issueAccessToken(authorization, undefined),
        token_type: 'Bearer',
        expires_in: String(TOKEN_LIFE_SECONDS),
        ...(state !== undefined && { state }),
      });
      return redirectTo(`${target}#${String(fragment)}`);
    }
    const code = book.issue(`${region}:`);
    codes.set(code, {
      ...authorization,
      redirectUri,
      challenge,
      isS256: method === 's256',
      expiresAtMs: now() + CODE_LIFE_MS,
    });
    return redirectTo(withQuery(target, { code, state }));
  };

  /** Stands on the address of the request to authorize, which is asked again after the login. */
  const login = (request: SiteRequest): SiteAnswer => {
    const address = new URL(request.url);
    address.searchParams.delete('identity_exception');
    if (request.method !== 'POST') {
      const failed = request.url.searchParams.has('identity_exception');
      return loginPage(
        'Log in to LiveChat',
        {},
        failed ? 'Incorrect email or password' : undefined,
      );
    }
    const username = loggedInAs(request);
    if (username === undefined) {
      address.searchParams.append('identity_exception', 'unauthorized');
      return redirectTo(address);
    }
    const session = book.issue();
    webSessions.set(session, accountIdOf(username));
    return redirectTo(address, sessionCookie(SESSION_COOKIE, session));
  };

  const pair = (authorization: Authorization, refreshToken: string): SiteAnswer =>
    jsonAnswer({
      access_token: issueAccessToken(authorization, refreshToken),
      account_id: authorization.accountId,
      expires_in: TOKEN_LIFE_SECONDS,
      organization_id: ORGANIZATION_ID,
      refresh_token: refreshToken,
      scope: authorization.scopes.join(','),
      token_type: 'Bearer',
    });

  const token = (request: SiteRequest): SiteAnswer => {
    const fields = fieldsOf(request);
    const app = appOf(fields.get('client_id'));
    const secret = app?.type === 'server' ? app.clientSecret : undefined;
    if (app === undefined || (secret !== undefined && fields.get('client_secret') !== secret)) {
      return accountsError('unauthorized_client', 401);
    }
    switch (fields.get('grant_type')) {
      case 'authorization_code': {
        const value = fields.get('code') ?? '';
        const code = codes.get(value);
        codes.delete(value);
        if (
          code?.clientId !== app.clientId ||
          code.redirectUri !== fields.get('redirect_uri') ||
          code.expiresAtMs <= now()
        ) {
          return accountsError('unauthorized_client', 401);
        }
        const verifier = fields.get('code_verifier') ?? '';
        const proven = code.isS256 && book.switches().acceptsS256 ? s256(verifier) : verifier;
        if (code.challenge !== undefined && proven !== code.challenge) {
          return accountsError('invalid_grant', 401);
        }
        return pair(code, issueRefreshToken(code));
      }
      case 'refresh_token': {
        const value = fields.get('refresh_token') ?? '';
        const refreshToken = refreshTokens.get(value);
        if (refreshToken === undefined) return accountsError('unauthorized_client', 401);
        if (refreshToken.clientId !== app.clientId) return accountsError('invalid_client', 401);
        if (refreshToken.expired) return accountsError('invalid_grant', 401);
        if (app.type === 'server') return pair(refreshToken, value);
        refreshTokens.delete(value);
        return pair(refreshToken, issueRefreshToken(refreshToken));
      }
      case undefined:
        return accountsError('invalid_request', 422, {
          invalid_fields: { grant_type: 'required' },
        });
      default:
        return accountsError('unsupported_grant_type', 422);
    }
  };

  const revoke = (request: SiteRequest): SiteAnswer => {
    const value = tokenOf(request);
    const refreshToken = refreshTokens.has(value) ? value : accessTokens.get(value)?.refreshToken;
    if (refreshToken === undefined && !accessTokens.has(value)) {
      return accountsError('resource_not_found', 404);
    }
    accessTokens.delete(value);
    if (refreshToken !== undefined) {
      refreshTokens.delete(refreshToken);
      for (const [other, { refreshToken: half }] of accessTokens) {
        if (half === refreshToken) accessTokens.delete(other);
      }
    }
    return jsonAnswer({});
  };

  const liveAccessToken = (value: string): AccessToken | undefined => {
    const found = accessTokens.get(value);
    return found !== undefined && found.expiresAtMs > now() ? found : undefined;
  };

  const info = (request: SiteRequest): SiteAnswer => {
    const value = tokenOf(request);
    const found = liveAccessToken(value);
    if (found === undefined) return accountsError('unauthorized', 401);
    return jsonAnswer({
      access_token: value,
      account_id: found.accountId,
      client_id: found.clientId,
      expires_in: Math.floor((found.expiresAtMs - now()) / 1000),
      organization_id: ORGANIZATION_ID,
      ...(found.refreshToken !== undefined && { refresh_token: found.refreshToken }),
      scope: found.scopes.join(','),
      token_type: 'Bearer',
    });
  };

  /** Whose Bearer token or Personal Access Token this is. */
  const caller = ({ headers }: SiteRequest): Omit<Authorization, 'clientId'> | undefined => {
    const basic = credentialOf(headers.authorization, 'Basic');
    if (basic === undefined) {
      return liveAccessToken(credentialOf(headers.authorization, 'Bearer') ?? '');
    }
    const [accountId, value] = basicPair(basic);
    return personalAccessTokens.find(
      (each) => each.accountId === accountId && each.token === value,
    );
  };

  const accountsApi = (request: SiteRequest): SiteAnswer => {
    if (request.url.pathname === '/v2/info') return info(request);
    const found = caller(request);
    if (found === undefined) return accountsError('unauthorized', 401);
    switch (request.url.pathname) {
      case '/v2/accounts/me':
        return found.scopes.includes('accounts--my:ro')
          ? jsonAnswer({ account_id: found.accountId, email: 'ada@example.com', name: 'Ada' })
          : accountsError('access_denied', 403, { sub_error: 'insufficient_scope' });
      case '/v2/organizations/my':
        return jsonAnswer({ organization_id: ORGANIZATION_ID, name: 'Example' });
      default:
        return accountsError('resource_not_found', 404);
    }
  };

  /** Any action of a product API: only the credential and its region matter. */
  const productApi = (request: SiteRequest): SiteAnswer => {
    if (caller(request) === undefined) {
      return productError(401, { type: 'authentication', message: 'Invalid access token' });
    }
    const token = credentialOf(request.headers.authorization, 'Bearer');
    const region = token?.split(':')[0];
    if (region !== undefined && region !== (request.headers['x-region'] ?? 'dal')) {
      const message = 'Wrong region';
      return productError(421, { type: 'misdirected_request', message, data: { region } });
    }
    return jsonAnswer({});
  };

  const accounts = (request: SiteRequest): SiteAnswer => {
    const { method, url } = request;
    const { tokenAnswer, apiAnswer } = book.switches();
    switch (url.pathname) {
      case '/':
      case '/signin':
      case '/signup':
        return method === 'POST' ? login(request) : authorize(request);
      case '/ooops':
        return htmlPage(
          'Ooops!',
          `<p>Something went wrong: ${escapeHtml(url.searchParams.get('oauth_exception') ?? '')}</p>`,
        );
      case '/token':
      case '/v2/token':
        if (tokenAnswer !== undefined) return tokenAnswer;
        if (method === 'DELETE') return revoke(request);
        return method === 'POST' ? token(request) : accountsError('invalid_request', 422);
      default:
        if (!url.pathname.startsWith('/v2/')) return htmlPage('Page not found', '', 404);
        return apiAnswer ?? accountsApi(request);
    }
  };

  const site = (request: SiteRequest): SiteAnswer => {
    switch (request.url.host) {
      case LIVECHAT_API_HOST:
        return book.switches().apiAnswer ?? productApi(request);
      case LIVECHAT_LOOKALIKE_HOST:
        return htmlPage('Signed in', '');
      default:
        return accounts(request);
    }
  };

  return {
    ...book,
    hosts: [LIVECHAT_ACCOUNTS_HOST, LIVECHAT_API_HOST, LIVECHAT_LOOKALIKE_HOST],
    site: book.record(site),
    tokenCalls: (grantType) =>
      book
        .requests('/v2/token')
        .filter(
          (request) =>
            request.method === 'POST' &&
            (grantType === undefined || fieldsOf(request).get('grant_type') === grantType),
        ).length,
    liveAccessTokens: () =>
      [...accessTokens.keys()].filter((value) => liveAccessToken(value) !== undefined),
    liveRefreshTokens: () =>
      [...refreshTokens].filter(([, { expired }]) => !expired).map(([value]) => value),
    endWebSessions() {
      webSessions.clear();
    },
    expireRefreshTokens() {
      for (const [value, known] of refreshTokens)
        refreshTokens.set(value, { ...known, expired: true });
    },
    reset() {
      book.clear();
      const all = [accountIds, webSessions, codes, accessTokens, refreshTokens, redirectsAtMs];
      for (const map of all) map.clear();
    },
  };
}

/** Errors of authorize never reach the redirect URI. */
function errorPage(oauthException: string, details?: string): SiteAnswer {
  return redirectTo(
    withQuery(`https://${LIVECHAT_ACCOUNTS_HOST}/ooops`, {
      oauth_exception: oauthException,
      exception_details: details,
    }),
  );
}

function accountsError(
  error: string,
  status: number,
  more: Readonly<Record<string, unknown>> = {},
): SiteAnswer {
  return jsonAnswer({ error, error_description: DESCRIPTIONS[error] ?? error, ...more }, status);
}

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  unauthorized: 'The account is not authorized.',
  unauthorized_client: 'The client is not authorized to request a token using this method.',
};

function productError(status: number, error: Readonly<Record<string, unknown>>): SiteAnswer {
  return jsonAnswer({ error }, status);
}

/** Scheme, host and port as registered, the registered path within the asked one; custom schemes with PKCE only. */
function redirectIsAllowed(
  asked: string,
  registered: readonly string[],
  hasChallenge: boolean,
): boolean {
  if (/[?#]|\.\./.test(asked) || !URL.canParse(asked)) return false;
  const { protocol, host, pathname } = new URL(asked);
  if (!['https:', 'http:'].includes(protocol) && !hasChallenge) return false;
  return registered.some((each) => {
    const known = new URL(each);
    return known.protocol === protocol && known.host === host && pathname.includes(known.pathname);
  });
}

/** In their order of issue: beyond the limit the oldest goes, without a word. */
function revokeOldest(
  tokens: Map<string, Authorization>,
  clientId: string,
  accountId: string,
): void {
  const same = [...tokens].filter(
    ([, token]) => token.clientId === clientId && token.accountId === accountId,
  );
  for (const [value] of same.slice(0, -TOKENS_AT_MOST)) tokens.delete(value);
}

/** Form and JSON bodies both occur in official samples. */
function fieldsOf({ form, json }: SiteRequest): ReadonlyMap<string, string> {
  const entries = typeof json === 'object' && json !== null ? Object.entries(json) : [...form];
  return new Map(entries.map(([name, value]) => [name, String(value)]));
}

/** The token that a call is about: as Bearer, or as `?code=`. */
function tokenOf({ headers, url }: SiteRequest): string {
  return credentialOf(headers.authorization, 'Bearer') ?? url.searchParams.get('code') ?? '';
}
