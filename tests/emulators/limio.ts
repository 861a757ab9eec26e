/**
 * Limio: tenants that share one client registration, their SSO identity provider on another origin, the web app whose own
 * calls are captured, and the API. Facts: https://docs.limio.com/developers/api-documentation/authentication-overview and
 * https://developers.limio.com/api-docs/authentication-overview/full-api; what they leave out is as with Cognito, which
 * seems to be behind it (https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html).
 *
 * The SSO page takes any login, and any password but `WRONG_PASSWORD`.
 */
import {
  basicPair,
  cookieOf,
  createBook,
  credentialOf,
  htmlPage,
  jsonAnswer,
  loggedInAs,
  loginPage,
  makeJwt,
  redirectTo,
  s256,
  sessionCookie,
  withQuery,
  type Inspection,
} from './emulator-parts.ts';
import type { Emulator, SiteAnswer, SiteRequest } from './site.ts';

export const LIMIO_SSO_HOST = 'limio-sso.okta.example';
/** Where the web app also sends its visits, with a header of their own. */
export const LIMIO_ANALYTICS_HOST = 'metrics.limio-analytics.example';
/** Where the switch `lookalikeRedirect` sends the answer. */
export const LIMIO_LOOKALIKE_HOST = 'localhost.limio.evil.example';

export interface LimioOptions {
  readonly clientId?: string;
  readonly clientSecret?: string;
  /** Allowed as they are written. Default: `https://localhost/callback`. */
  readonly redirectUris?: readonly string[];
  /** Legacy keys: two at most. */
  readonly apiKeys?: readonly string[];
  /** Milliseconds. Default `Date.now`. */
  readonly now?: () => number;
}

export interface LimioSwitches {
  /** Credentials in the body are an `invalid_client`. */
  readonly acceptsOnlyBasic: boolean;
  /** The code grant's answer has a refresh token; a refresh never brings another. */
  readonly issuesRefreshTokens: boolean;
  /** Token answers have an `id_token`, as on an older page of the vendor. */
  readonly addsIdToken: boolean;
  readonly invalidClientStatus: 400 | 401;
  /** `dead`: the web app asks for the login at every visit. */
  readonly webSession: 'alive' | 'dead';
  /** What the web app's own calls carry. */
  readonly appToken: 'jwt' | 'opaque';
  /** Life of every token. */
  readonly tokenSeconds: number;
  readonly lookalikeRedirect: boolean;
  /** Instead of any answer of /oauth2/token, or of /api/…. */
  readonly tokenAnswer: SiteAnswer | undefined;
  readonly apiAnswer: SiteAnswer | undefined;
}

export interface Limio extends Emulator, Inspection<LimioSwitches> {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Tokens of the web app so far, oldest first: what a capture has to find. */
  appTokens(): readonly string[];
  /** Authorization headers of the web app's other calls: what a capture must leave alone. */
  decoys(): readonly string[];
  tokenCalls(grantType?: string): number;
  /** Ends the web app's sessions: the next visit asks for the login. */
  endWebSessions(): void;
  /** Ends all: every refresh token is refused from now on. */
  endSessions(): void;
  /** At once and for good, as in Profile > Developers > Limio Keys. */
  deleteApiKey(key: string): void;
}

interface Visit {
  readonly tenant: string;
  /** The request to /oauth2/authorize; undefined: the visit is to the web app. */
  readonly authorize: URLSearchParams | undefined;
}

interface Code {
  readonly tenant: string;
  readonly user: string;
  readonly redirectUri: string;
  readonly challenge: string | undefined;
  readonly expiresAtMs: number;
}

interface Holder {
  readonly tenant: string;
  /** Undefined for client credentials. */
  readonly user: string | undefined;
}

interface LiveToken extends Holder {
  readonly expiresAtMs: number;
}

const SESSION_COOKIE = 'limio_session';
/** Cognito's: 5 minutes. */
const CODE_LIFE_MS = 5 * 60_000;

const WELL_BEHAVED: LimioSwitches = {
  acceptsOnlyBasic: false,
  issuesRefreshTokens: false,
  addsIdToken: false,
  invalidClientStatus: 400,
  webSession: 'alive',
  appToken: 'jwt',
  tokenSeconds: 3600,
  lookalikeRedirect: false,
  tokenAnswer: undefined,
  apiAnswer: undefined,
};

export function createLimio(options: LimioOptions = {}): Limio {
  const {
    clientId = 'limio-client',
    clientSecret = 'limio-client-secret',
    redirectUris = ['https://localhost/callback'],
    apiKeys = [],
    now = Date.now,
  } = options;
  if (apiKeys.length > 2) throw new Error('Limio allows two API keys per account');
  const book = createBook(WELL_BEHAVED);
  const keys = new Set(apiKeys);
  const visits = new Map<string, Visit>();
  const assertions = new Map<string, string>();
  const webSessions = new Map<string, Holder>();
  const codes = new Map<string, Code>();
  const refreshTokens = new Map<string, Holder>();
  const liveTokens = new Map<string, LiveToken>();
  let appTokens: string[] = [];
  let decoys: string[] = [];

  const issueToken = (holder: Holder, opaque = false): string => {
    const { tokenSeconds } = book.switches();
    const issuedAtMs = now();
    const value = opaque
      ? book.issue('opaque-')
      : book.canary(
          makeJwt({
            iss: 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example',
            sub: holder.user ?? clientId,
            client_id: clientId,
            token_use: 'access',
            jti: crypto.randomUUID(),
            iat: Math.floor(issuedAtMs / 1000),
            exp: Math.floor(issuedAtMs / 1000) + tokenSeconds,
          }),
        );
    liveTokens.set(value, { ...holder, expiresAtMs: issuedAtMs + tokenSeconds * 1000 });
    return value;
  };

  const askToSignIn = (visit: Visit): SiteAnswer => {
    const relay = book.issue();
    visits.set(relay, visit);
    return redirectTo(withQuery(`https://${LIMIO_SSO_HOST}/app/limio/sso`, { RelayState: relay }));
  };

  const sso = (request: SiteRequest): SiteAnswer => {
    const { method, url, form } = request;
    if (url.pathname !== '/app/limio/sso') return htmlPage('Page not found', '', 404);
    const relay = (method === 'POST' ? form : url.searchParams).get('RelayState') ?? '';
    const visit = visits.get(relay);
    if (visit === undefined) return htmlPage('Your link has expired', '', 400);
    if (method !== 'POST') return loginPage('Sign in to Limio', { RelayState: relay });
    const user = loggedInAs(request);
    if (user === undefined) {
      return loginPage('Sign in to Limio', { RelayState: relay }, 'Unable to sign in');
    }
    const assertion = book.issue();
    assertions.set(assertion, user);
    return redirectTo(
      withQuery(`https://${visit.tenant}/oauth2/idpresponse`, { code: assertion, state: relay }),
    );
  };

  const authorize = ({ url }: SiteRequest): SiteAnswer => {
    const query = url.searchParams;
    const redirectUri = query.get('redirect_uri') ?? '';
    const errorPage = (error: string): SiteAnswer =>
      redirectTo(withQuery(`https://${url.host}/error`, { error }));
    if (query.get('client_id') !== clientId) return errorPage('invalid_client');
    if (!redirectUris.includes(redirectUri)) return errorPage('redirect_mismatch');
    if (query.get('response_type') !== 'code') {
      const state = query.get('state') ?? undefined;
      return redirectTo(withQuery(redirectUri, { error: 'unauthorized_client', state }));
    }
    return askToSignIn({ tenant: url.host, authorize: query });
  };

  /** Where the identity provider sends the person back to. */
  const idpResponse = ({ url }: SiteRequest): SiteAnswer => {
    const relay = url.searchParams.get('state') ?? '';
    const assertion = url.searchParams.get('code') ?? '';
    const visit = visits.get(relay);
    const user = assertions.get(assertion);
    visits.delete(relay);
    assertions.delete(assertion);
    if (user === undefined || visit?.tenant !== url.host) {
      return htmlPage('An error was encountered with the requested page', '', 400);
    }
    if (visit.authorize === undefined) {
      const session = book.issue();
      webSessions.set(session, { tenant: url.host, user });
      return redirectTo(`https://${url.host}/`, sessionCookie(SESSION_COOKIE, session));
    }
    const redirectUri = visit.authorize.get('redirect_uri') ?? '';
    const code = book.issue();
    codes.set(code, {
      tenant: url.host,
      user,
      redirectUri,
      challenge: visit.authorize.get('code_challenge') ?? undefined,
      expiresAtMs: now() + CODE_LIFE_MS,
    });
    const target = book.switches().lookalikeRedirect
      ? `https://${LIMIO_LOOKALIKE_HOST}/callback`
      : redirectUri;
    return redirectTo(
      withQuery(target, { code, state: visit.authorize.get('state') ?? undefined }),
    );
  };

  const clientIsRight = ({ headers, form }: SiteRequest): boolean => {
    const basic = credentialOf(headers.authorization, 'Basic');
    if (basic !== undefined) {
      const [id, secret] = basicPair(basic);
      return decodeURIComponent(id) === clientId && decodeURIComponent(secret) === clientSecret;
    }
    if (book.switches().acceptsOnlyBasic) return false;
    return form.get('client_id') === clientId && form.get('client_secret') === clientSecret;
  };

  const tokenAnswer = (holder: Holder, refreshToken?: string): SiteAnswer => {
    const { tokenSeconds, addsIdToken } = book.switches();
    return jsonAnswer({
      ...(addsIdToken && { id_token: book.canary(makeJwt({ sub: holder.user ?? clientId })) }),
      access_token: issueToken(holder),
      ...(refreshToken !== undefined && { refresh_token: refreshToken }),
      expires_in: tokenSeconds,
      token_type: 'Bearer',
    });
  };

  const token = (request: SiteRequest): SiteAnswer => {
    const { method, url, form } = request;
    const { tokenAnswer: instead, issuesRefreshTokens, invalidClientStatus } = book.switches();
    if (instead !== undefined) return instead;
    if (method !== 'POST' || form.size === 0) return jsonAnswer({ error: 'invalid_request' }, 400);
    if (!clientIsRight(request)) {
      return jsonAnswer({ error: 'invalid_client' }, invalidClientStatus);
    }
    const tenant = url.host;
    switch (form.get('grant_type')) {
      case 'client_credentials':
        return tokenAnswer({ tenant, user: undefined });
      case 'authorization_code': {
        const value = form.get('code') ?? '';
        const code = codes.get(value);
        codes.delete(value);
        if (
          code?.tenant !== tenant ||
          code.redirectUri !== form.get('redirect_uri') ||
          code.expiresAtMs <= now() ||
          (code.challenge !== undefined && code.challenge !== s256(form.get('code_verifier') ?? ''))
        ) {
          return jsonAnswer({ error: 'invalid_grant' }, 400);
        }
        const holder = { tenant, user: code.user };
        if (!issuesRefreshTokens) return tokenAnswer(holder);
        const refreshToken = book.issue('refresh-');
        refreshTokens.set(refreshToken, holder);
        return tokenAnswer(holder, refreshToken);
      }
      case 'refresh_token': {
        const holder = refreshTokens.get(form.get('refresh_token') ?? '');
        if (holder?.tenant !== tenant) return jsonAnswer({ error: 'invalid_grant' }, 400);
        return tokenAnswer(holder);
      }
      case null:
        return jsonAnswer({ error: 'invalid_request' }, 400);
      default:
        return jsonAnswer({ error: 'unsupported_grant_type' }, 400);
    }
  };

  /** The page makes its calls as soon as it is there; those that a capture must ignore come first. */
  const webApp = (request: SiteRequest): SiteAnswer => {
    const tenant = request.url.host;
    const holder = webSessions.get(cookieOf(request, SESSION_COOKIE) ?? '');
    if (holder?.tenant !== tenant || book.switches().webSession === 'dead') {
      return askToSignIn({ tenant, authorize: undefined });
    }
    const appToken = issueToken(holder, book.switches().appToken === 'opaque');
    appTokens.push(appToken);
    const analytics = `Bearer ${book.issue('analytics-')}`;
    const telemetry = `Bearer ${book.issue('telemetry-')}`;
    decoys.push(analytics, telemetry);
    return htmlPage(
      'Limio',
      `<p id="state">Loading</p><script type="module">
const call = (address, authorization, method = 'GET') =>
  fetch(address, { method, headers: { authorization } }).catch(() => {});
await call('https://${LIMIO_ANALYTICS_HOST}/api/track', '${analytics}', 'POST');
await call('/telemetry/events', '${telemetry}', 'POST');
await Promise.all(['/api/user', '/api/component/builds'].map((path) => call(path, 'Bearer ${appToken}')));
document.getElementById('state').textContent = 'Ready';
</script>`,
    );
  };

  const api = ({ method, url, headers }: SiteRequest): SiteAnswer => {
    const instead = book.switches().apiAnswer;
    if (instead !== undefined) return instead;
    const found = liveTokens.get(credentialOf(headers.authorization, 'Bearer') ?? '');
    const bearer = found?.tenant === url.host && found.expiresAtMs > now() ? found : undefined;
    const isKeyRoute = method === 'GET' && url.pathname === '/api/campaigns';
    const hasKey = isKeyRoute && keys.has(headers.authorization ?? '');
    if (bearer === undefined && !hasKey) return jsonAnswer({ message: 'Unauthorized' }, 401);
    switch (url.pathname) {
      case '/api/campaigns':
      case '/api/offers/v2':
      case '/api/objects/limio/subscriptions':
        return jsonAnswer({ items: [] });
      case '/api/component/builds':
        return jsonAnswer({ id: 'build-1', status: 'SUCCEEDED' });
      case '/api/user':
        return bearer?.user === undefined
          ? jsonAnswer({ message: 'Forbidden' }, 403)
          : jsonAnswer({ username: bearer.user });
      default:
        return jsonAnswer({ message: 'Not Found' }, 404);
    }
  };

  /** Answers as such services do, with all that a browser asks before it sends a header across origins (CORS). */
  const analytics = (): SiteAnswer => ({
    status: 204,
    headers: {
      'access-control-allow-origin': '*',
      'access-control-allow-headers': 'authorization',
      'access-control-allow-methods': 'POST',
    },
  });

  const site = (request: SiteRequest): SiteAnswer => {
    const { host, pathname } = request.url;
    if (host === LIMIO_SSO_HOST) return sso(request);
    if (host === LIMIO_ANALYTICS_HOST) return analytics();
    if (host === LIMIO_LOOKALIKE_HOST) return htmlPage('Signed in', '');
    if (pathname.startsWith('/api/')) return api(request);
    switch (pathname) {
      case '/':
        return webApp(request);
      case '/oauth2/authorize':
        return authorize(request);
      case '/oauth2/idpresponse':
        return idpResponse(request);
      case '/oauth2/token':
        return token(request);
      case '/telemetry/events':
        return { status: 204 };
      case '/error':
        return htmlPage('An error was encountered with the requested page', '', 400);
      default:
        return htmlPage('Page not found', '', 404);
    }
  };

  return {
    ...book,
    hosts: [
      '*.prod.limio.com',
      '*.prod-us.limio.com',
      '*.dev.limio.com',
      LIMIO_SSO_HOST,
      LIMIO_ANALYTICS_HOST,
      LIMIO_LOOKALIKE_HOST,
    ],
    site: book.record(site),
    clientId,
    clientSecret,
    appTokens: () => [...appTokens],
    decoys: () => [...decoys],
    tokenCalls: (grantType) =>
      book
        .requests('/oauth2/token')
        .filter(({ form }) => grantType === undefined || form.get('grant_type') === grantType)
        .length,
    endWebSessions() {
      webSessions.clear();
    },
    endSessions() {
      webSessions.clear();
      refreshTokens.clear();
    },
    deleteApiKey(key) {
      keys.delete(key);
    },
    reset() {
      book.clear();
      for (const map of [visits, assertions, webSessions, codes, refreshTokens, liveTokens]) {
        map.clear();
      }
      appTokens = [];
      decoys = [];
      keys.clear();
      for (const key of apiKeys) keys.add(key);
    },
  };
}
