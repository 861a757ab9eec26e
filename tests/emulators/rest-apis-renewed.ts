/**
 * REST APIs whose tokens are renewed without the password. Where the vendor's page says nothing, the comment says so.
 */
import { bearerOf, createRestApi, membersOf } from './rest-api-engine.ts';
import type { RestApi } from './rest-api-engine.ts';
import { jwt } from './rest-api-tokens.ts';
import type { Issued } from './rest-api-tokens.ts';
import type { SiteAnswer } from './site.ts';

type Now = () => number;
type Usual = 'login' | 'refresh' | 'probe';

const WEEK_MS = 7 * 24 * 3600 * 1000;

/**
 * Mode `json` only; life in milliseconds, all below `data`.
 * directus/docs `content/guides/03.auth/4.email-login.md`, `content/guides/04.connect/5.errors.md`.
 */
export function directus(now?: Now): RestApi<Usual | 'logout'> {
  const refused = (status: number, code: string, message: string): SiteAnswer => ({
    status,
    body: { errors: [{ message, extensions: { code } }] },
  });
  const wrong = refused(401, 'INVALID_CREDENTIALS', 'Invalid user credentials.');
  const malformed = (what: string): SiteAnswer =>
    refused(400, 'INVALID_PAYLOAD', `Invalid payload. ${what}.`);
  const pair = ({ token, refreshToken, lifetimeSeconds }: Issued): SiteAnswer => ({
    body: {
      data: { access_token: token, refresh_token: refreshToken, expires: lifetimeSeconds * 1000 },
    },
  });
  return createRestApi(
    {
      hosts: ['directus.test'],
      lifetimeSeconds: 900,
      makeToken: jwt,
      steps: {
        login: {
          method: 'POST',
          path: '/auth/login',
          answer({ json }, { tokens, accepts }) {
            const { email, password, mode = 'json' } = membersOf(json);
            if (typeof email !== 'string') return malformed('"email" is required');
            if (typeof password !== 'string') return malformed('"password" is required');
            if (mode !== 'json') return malformed('This emulator knows "mode" json only');
            return accepts(email, password) ? pair(tokens.issue(email)) : wrong;
          },
        },
        refresh: {
          method: 'POST',
          path: '/auth/refresh',
          answer({ json }, { tokens }) {
            const { refresh_token: refreshToken, mode = 'json' } = membersOf(json);
            if (typeof refreshToken !== 'string' || mode !== 'json') {
              return malformed('The refresh token is required in either the payload or cookie');
            }
            const issued = tokens.refresh(refreshToken);
            return issued === undefined ? wrong : pair(issued);
          },
        },
        probe: {
          method: 'GET',
          path: '/users/me',
          answer(request, { tokens }) {
            const token = bearerOf(request);
            switch (tokens.state(token)) {
              case 'expired':
                return refused(401, 'TOKEN_EXPIRED', 'Token expired.');
              case 'unknown':
                return wrong;
              case 'good':
                return { body: { data: { id: 'u-1', email: tokens.find(token)?.username } } };
            }
          },
        },
        logout: {
          method: 'POST',
          path: '/auth/logout',
          answer: ({ json }, { tokens }) =>
            tokens.end(membersOf(json)['refresh_token'])
              ? { status: 204 }
              : malformed('The refresh token is required in either the payload or cookie'),
        },
      },
    },
    now,
  );
}

/**
 * The end stands only in the JWTs (2.5 h, a week); a header of its own name. https://thingsboard.io/docs/reference/rest-api/ .
 * Not documented: the name of the field in the body of the renewal.
 */
export function thingsBoard(now: Now = Date.now): RestApi<Usual> {
  const refused = (message: string, errorCode: number, status = 401): SiteAnswer => ({
    status,
    body: { status, message, errorCode, timestamp: new Date(now()).toISOString() },
  });
  const pair = ({ token, refreshToken }: Issued): SiteAnswer => ({ body: { token, refreshToken } });
  return createRestApi(
    {
      hosts: ['thingsboard.test'],
      lifetimeSeconds: 9000,
      makeToken: jwt,
      makeRefreshToken: (username, issuedAtMs) => jwt(username, issuedAtMs, issuedAtMs + WEEK_MS),
      steps: {
        login: {
          method: 'POST',
          path: '/api/auth/login',
          answer({ json }, { tokens, accepts }) {
            const { username, password } = membersOf(json);
            return accepts(username, password)
              ? pair(tokens.issue(username))
              : refused('Invalid username or password', 10);
          },
        },
        refresh: {
          method: 'POST',
          path: '/api/auth/token',
          answer({ json }, { tokens }) {
            const issued = tokens.refresh(membersOf(json)['refreshToken']);
            return issued === undefined ? refused('Authentication failed', 10) : pair(issued);
          },
        },
        probe: {
          method: 'GET',
          path: '/api/auth/user',
          answer({ headers }, { tokens }) {
            const token = /^Bearer (\S+)$/.exec(String(headers['x-authorization']))?.[1];
            switch (tokens.state(token)) {
              case 'expired':
                return refused('Token has expired', 11);
              case 'unknown':
                return refused('Authentication failed', 10);
              case 'good':
                return { body: { email: tokens.find(token)?.username, authority: 'TENANT_ADMIN' } };
            }
          },
        },
      },
    },
    now,
  );
}

export const SUPABASE_API_KEY = 'sb_publishable_emulated';

/**
 * One address for both grants, told apart by the query; header `apikey` everywhere. supabase/auth `openapi.yaml`.
 * Not documented there: the prefix `/auth/v1` of the hosted gateway, and its own refusal of a missing key.
 */
export function supabase(now?: Now): RestApi<Usual | 'logout'> {
  const refused = (code: number, errorCode: string, msg: string): SiteAnswer => ({
    status: code,
    body: { code, error_code: errorCode, msg },
  });
  const pair = (issued: Issued): SiteAnswer => ({
    body: {
      access_token: issued.token,
      token_type: 'bearer',
      expires_in: issued.lifetimeSeconds,
      expires_at: Math.floor(issued.expiresAtMs / 1000),
      refresh_token: issued.refreshToken,
      user: { id: 'u-1', email: issued.username },
    },
  });
  const badToken = refused(403, 'bad_jwt', 'invalid JWT: unable to parse or verify signature');
  const api = createRestApi(
    {
      hosts: ['project.supabase.test'],
      lifetimeSeconds: 3600,
      makeToken: jwt,
      steps: {
        refresh: {
          method: 'POST',
          path: '/auth/v1/token',
          when: ({ url }) => url.searchParams.get('grant_type') === 'refresh_token',
          answer({ json }, { tokens }) {
            const issued = tokens.refresh(membersOf(json)['refresh_token']);
            return issued === undefined
              ? refused(400, 'refresh_token_not_found', 'Invalid Refresh Token: Not Found')
              : pair(issued);
          },
        },
        login: {
          method: 'POST',
          path: '/auth/v1/token',
          answer({ url, json }, { tokens, accepts }) {
            if (url.searchParams.get('grant_type') !== 'password') {
              return {
                status: 400,
                body: { error: 'unsupported_grant_type', error_description: 'Unknown grant type' },
              };
            }
            const { email, password } = membersOf(json);
            return accepts(email, password)
              ? pair(tokens.issue(email))
              : refused(400, 'invalid_credentials', 'Invalid login credentials');
          },
        },
        probe: {
          method: 'GET',
          path: '/auth/v1/user',
          answer(request, { tokens }) {
            const token = bearerOf(request);
            return tokens.state(token) === 'good'
              ? { body: { id: 'u-1', email: tokens.find(token)?.username } }
              : badToken;
          },
        },
        logout: {
          method: 'POST',
          path: '/auth/v1/logout',
          answer: (request, { tokens }) =>
            tokens.end(bearerOf(request)) ? { status: 204 } : badToken,
        },
      },
    },
    now,
  );
  return {
    ...api,
    site: (request) =>
      request.headers['apikey'] === SUPABASE_API_KEY
        ? api.site(request)
        : { status: 401, body: { message: 'No API key found in request' } },
  };
}

/**
 * Life in milliseconds, absent for a token without end (`lifetimeSeconds: Infinity`); `refreshRule: 'omitted'` makes the
 * client keep its refresh token. matrix-org/matrix-spec `data/api/client-server/refresh.yaml`, `login.yaml`, `logout.yaml`.
 */
export function matrix(now?: Now): RestApi<Usual | 'logout'> {
  const refused = (status: number, errcode: string, error: string, more = {}): SiteAnswer => ({
    status,
    body: { errcode, error, ...more },
  });
  const unknownToken = (isSoft: boolean): SiteAnswer =>
    refused(401, 'M_UNKNOWN_TOKEN', 'Unknown or expired token', { soft_logout: isSoft });
  const members = ({ token, refreshToken, lifetimeSeconds }: Issued): object => ({
    access_token: token,
    refresh_token: refreshToken,
    expires_in_ms: Number.isFinite(lifetimeSeconds) ? lifetimeSeconds * 1000 : undefined,
  });
  return createRestApi(
    {
      hosts: ['matrix.test'],
      account: { username: 'ada', password: 'canaryPassword-7f3a &+%=/"§' },
      lifetimeSeconds: 300,
      steps: {
        login: {
          method: 'POST',
          path: '/_matrix/client/v3/login',
          answer({ json }, { tokens, accepts }) {
            if (json === undefined) return refused(400, 'M_NOT_JSON', 'Content not JSON.');
            const { type, identifier, password, refresh_token: wantsRefresh } = membersOf(json);
            if (type !== 'm.login.password') {
              return refused(400, 'M_UNKNOWN', 'Unknown login type');
            }
            const { type: idType, user } = membersOf(identifier);
            if (idType !== 'm.id.user' || typeof user !== 'string') {
              return refused(400, 'M_BAD_JSON', 'Invalid identifier');
            }
            const localpart = user.replace(/^@(.*):matrix\.test$/, '$1');
            if (!accepts(localpart, password)) {
              return refused(403, 'M_FORBIDDEN', 'Invalid username or password');
            }
            const identity = { user_id: `@${localpart}:matrix.test`, device_id: 'EMULATED' };
            // Who does not ask for refresh tokens gets a token that lasts
            return wantsRefresh === true
              ? { body: { ...identity, ...members(tokens.issue(localpart)) } }
              : { body: { ...identity, access_token: tokens.issue(localpart, Infinity).token } };
          },
        },
        refresh: {
          method: 'POST',
          path: '/_matrix/client/v3/refresh',
          answer({ json }, { tokens }) {
            const issued = tokens.refresh(membersOf(json)['refresh_token']);
            return issued === undefined ? unknownToken(false) : { body: members(issued) };
          },
        },
        probe: {
          method: 'GET',
          path: '/_matrix/client/v3/account/whoami',
          answer(request, { tokens }) {
            const token = bearerOf(request);
            if (token === undefined) return refused(401, 'M_MISSING_TOKEN', 'Missing access token');
            const state = tokens.state(token);
            return state === 'good'
              ? { body: { user_id: `@${String(tokens.find(token)?.username)}:matrix.test` } }
              : unknownToken(state === 'expired');
          },
        },
        logout: {
          method: 'POST',
          path: '/_matrix/client/v3/logout',
          answer: (request, { tokens }) =>
            tokens.end(bearerOf(request)) ? { body: {} } : unknownToken(false),
        },
      },
    },
    now,
  );
}
