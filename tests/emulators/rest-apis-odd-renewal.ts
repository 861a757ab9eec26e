/** REST APIs with a renewal of their own kind: at another host, by the current token, by the ticket, in the OAuth form. */
import { randomBytes } from 'node:crypto';
import { cookieOf } from './emulator-parts.ts';
import { bearerOf, createRestApi, membersOf } from './rest-api-engine.ts';
import type { RestApi } from './rest-api-engine.ts';
import { jwt, opaqueToken } from './rest-api-tokens.ts';
import type { Issued } from './rest-api-tokens.ts';
import type { SiteAnswer, SiteRequest } from './site.ts';

type Now = () => number;
type Usual = 'login' | 'refresh' | 'probe';

export const FIREBASE_API_KEY = 'AIzaEmulated';
export const FIREBASE_PROJECT = 'emulated-project';

/**
 * Three hosts: sign-in, renewal (form in, snake_case out, the same refresh token again), and Firestore as what the ID token
 * opens. Seconds are texts. https://firebase.google.com/docs/reference/rest/auth ,
 * https://firebase.google.com/docs/firestore/use-rest-api .
 */
export function firebase(now?: Now): RestApi<Usual | 'lookup'> {
  const refused = (message: string, code = 400): SiteAnswer => ({
    status: code,
    body: { error: { code, message, errors: [{ message, domain: 'global', reason: 'invalid' }] } },
  });
  const hasKey = ({ searchParams }: URL): boolean => searchParams.get('key') === FIREBASE_API_KEY;
  const badKey = refused('API key not valid. Please pass a valid API key.');
  return createRestApi(
    {
      hosts: [
        'identitytoolkit.googleapis.com',
        'securetoken.googleapis.com',
        'firestore.googleapis.com',
      ],
      lifetimeSeconds: 3600,
      refreshRule: 'repeated',
      makeToken: jwt,
      steps: {
        login: {
          method: 'POST',
          path: '/v1/accounts:signInWithPassword',
          answer({ url, json }, { tokens, accepts }) {
            if (!hasKey(url)) return badKey;
            const { email, password, returnSecureToken } = membersOf(json);
            if (typeof email !== 'string') return refused('INVALID_EMAIL');
            if (typeof password !== 'string') return refused('MISSING_PASSWORD');
            if (!accepts(email, password)) return refused('INVALID_LOGIN_CREDENTIALS');
            const identity = { localId: 'u-1', email, registered: true };
            if (returnSecureToken !== true) return { body: identity };
            const { token, refreshToken, lifetimeSeconds } = tokens.issue(email);
            return {
              body: {
                ...identity,
                idToken: token,
                refreshToken,
                expiresIn: String(lifetimeSeconds),
              },
            };
          },
        },
        refresh: {
          hosts: ['securetoken.googleapis.com'],
          method: 'POST',
          path: '/v1/token',
          answer({ url, form }, { tokens }) {
            if (!hasKey(url)) return badKey;
            if (form.get('grant_type') !== 'refresh_token') return refused('INVALID_GRANT_TYPE');
            if (!form.has('refresh_token')) return refused('MISSING_REFRESH_TOKEN');
            const issued = tokens.refresh(form.get('refresh_token'));
            if (issued === undefined) return refused('INVALID_REFRESH_TOKEN');
            return {
              body: {
                access_token: issued.token,
                id_token: issued.token,
                refresh_token: issued.refreshToken,
                expires_in: String(issued.lifetimeSeconds),
                token_type: 'Bearer',
                user_id: 'u-1',
                project_id: FIREBASE_PROJECT,
              },
            };
          },
        },
        probe: {
          hosts: ['firestore.googleapis.com'],
          method: 'GET',
          path: `/v1/projects/${FIREBASE_PROJECT}/databases/(default)/documents/users/u-1`,
          answer: (request, { tokens }) =>
            tokens.state(bearerOf(request)) === 'good'
              ? { body: { name: 'users/u-1', fields: {} } }
              : refused('Missing or invalid authentication.', 401),
        },
        lookup: {
          method: 'POST',
          path: '/v1/accounts:lookup',
          answer({ url, json }, { tokens }) {
            if (!hasKey(url)) return badKey;
            const token = String(membersOf(json)['idToken']);
            return tokens.state(token) === 'good'
              ? { body: { users: [{ localId: 'u-1', email: tokens.find(token)?.username }] } }
              : refused('INVALID_ID_TOKEN');
          },
        },
      },
    },
    now,
  );
}

/**
 * The header holds the bare token, which is also what renews; the old one stays good. The end stands in the JWT. A record
 * asked for without a good token does not exist: 404. pocketbase/site `AuthWithPassword.svelte`, `docs/authentication`.
 */
export function pocketBase(now?: Now): RestApi<Usual> {
  const refused = (status: number, message: string, data = {}): SiteAnswer => ({
    status,
    body: { status, message, data },
  });
  const record = (username: string | undefined): object => ({
    id: 'ada000000000001',
    collectionName: 'users',
    email: username,
  });
  const granted = ({ token, username }: Issued): SiteAnswer => ({
    body: { token, record: record(username) },
  });
  return createRestApi(
    {
      hosts: ['pocketbase.test'],
      lifetimeSeconds: 604_800,
      makeToken: jwt,
      steps: {
        login: {
          method: 'POST',
          path: '/api/collections/users/auth-with-password',
          answer({ json }, { tokens, accepts }) {
            const { identity, password } = membersOf(json);
            const blank = { code: 'validation_required', message: 'Missing required value.' };
            const missing = {
              ...(typeof identity !== 'string' && { identity: blank }),
              ...(typeof password !== 'string' && { password: blank }),
            };
            if (Object.keys(missing).length > 0) {
              return refused(
                400,
                'An error occurred while validating the submitted data.',
                missing,
              );
            }
            return accepts(identity, password)
              ? granted(tokens.issue(identity))
              : refused(400, 'Failed to authenticate.');
          },
        },
        refresh: {
          method: 'POST',
          path: '/api/collections/users/auth-refresh',
          answer({ headers: { authorization } }, { tokens }) {
            const current = tokens.find(authorization);
            return current !== undefined && tokens.state(authorization) === 'good'
              ? granted(tokens.issue(current.username))
              : refused(401, 'The request requires valid record authorization token to be set.');
          },
        },
        probe: {
          method: 'GET',
          path: '/api/collections/users/records/ada000000000001',
          answer: ({ headers: { authorization } }, { tokens }) =>
            tokens.state(authorization) === 'good'
              ? { body: record(tokens.find(authorization)?.username) }
              : refused(404, "The requested resource wasn't found."),
        },
      },
    },
    now,
  );
}

/**
 * A ticket for a cookie, renewed with itself as the password; writing also wants the header CSRFPreventionToken. Form
 * bodies; a refusal has no text in its body. Lifetime of 2 h and raw cookie: https://pve.proxmox.com/wiki/Proxmox_VE_API .
 */
export function proxmox(now: Now = Date.now): RestApi<'login' | 'probe' | 'write'> {
  const refused: SiteAnswer = { status: 401, body: { data: null } };
  const hexSeconds = (): string =>
    Math.floor(now() / 1000)
      .toString(16)
      .toUpperCase();
  const writeTokens = new Map<string, string>();
  /** The cookie may be percent-encoded. */
  const ticketOf = (request: SiteRequest): string =>
    decodeURIComponent(cookieOf(request, 'PVEAuthCookie') ?? '');
  return createRestApi(
    {
      hosts: ['proxmox.test'],
      account: { username: 'ada@pve', password: 'canaryPassword-7f3a &+%=/"§' },
      lifetimeSeconds: 7200,
      makeToken: (username) =>
        `PVE:${username}:${hexSeconds()}::${randomBytes(64).toString('base64')}`,
      forget: () => writeTokens.clear(),
      steps: {
        login: {
          method: 'POST',
          path: '/api2/json/access/ticket',
          answer({ form }, { tokens, accepts }) {
            const username = form.get('username');
            const password = form.get('password') ?? '';
            const isOwnTicket =
              tokens.state(password) === 'good' && tokens.find(password)?.username === username;
            if (username === null || !(isOwnTicket || accepts(username, password))) return refused;
            const { token: ticket } = tokens.issue(username);
            const writeToken = `${hexSeconds()}:${opaqueToken()}`;
            writeTokens.set(ticket, writeToken);
            return { body: { data: { ticket, CSRFPreventionToken: writeToken, username } } };
          },
        },
        probe: {
          method: 'GET',
          path: '/api2/json/access/permissions',
          answer: (request, { tokens }) =>
            tokens.state(ticketOf(request)) === 'good'
              ? { body: { data: { '/': { 'Sys.Audit': 1 } } } }
              : refused,
        },
        write: {
          method: 'POST',
          path: '/api2/json/pools',
          answer(request, { tokens }) {
            const ticket = ticketOf(request);
            return tokens.state(ticket) === 'good' &&
              request.headers['csrfpreventiontoken'] === writeTokens.get(ticket)
              ? { body: { data: null } }
              : refused;
          },
        },
      },
    },
    now,
  );
}

/**
 * The OAuth password grant, and a header with the revision on every call.
 * https://helpcenter.veeam.com/references/vbr/13/rest/1.3-rev0/tag/Login . Not documented: that a refresh token serves once.
 */
export function veeam(now?: Now): RestApi<Usual> {
  const refused = (status: number, errorCode: string, message: string): SiteAnswer => ({
    status,
    body: { errorCode, message, resourceId: '' },
  });
  const wrong = refused(401, 'AuthenticationFailed', 'Authentication failed.');
  const pair = (issued: Issued): SiteAnswer => ({
    body: {
      access_token: issued.token,
      token_type: 'bearer',
      refresh_token: issued.refreshToken,
      expires_in: issued.lifetimeSeconds,
      '.issued': new Date(issued.expiresAtMs - issued.lifetimeSeconds * 1000).toISOString(),
      '.expires': new Date(issued.expiresAtMs).toISOString(),
    },
  });
  const api = createRestApi(
    {
      hosts: ['veeam.test'],
      lifetimeSeconds: 900,
      makeToken: jwt,
      steps: {
        refresh: {
          method: 'POST',
          path: '/api/oauth2/token',
          when: ({ form }) => form.get('grant_type') === 'refresh_token',
          answer({ form }, { tokens }) {
            const issued = tokens.refresh(form.get('refresh_token'));
            return issued === undefined ? wrong : pair(issued);
          },
        },
        login: {
          method: 'POST',
          path: '/api/oauth2/token',
          answer({ form }, { tokens, accepts }) {
            if (form.get('grant_type') !== 'password') {
              return refused(400, 'UnknownError', 'The grant type is not supported.');
            }
            const username = form.get('username');
            return accepts(username, form.get('password')) ? pair(tokens.issue(username)) : wrong;
          },
        },
        probe: {
          method: 'GET',
          path: '/api/v1/serverInfo',
          answer: (request, { tokens }) =>
            tokens.state(bearerOf(request)) === 'good' ? { body: { name: 'veeam.test' } } : wrong,
        },
      },
    },
    now,
  );
  return {
    ...api,
    site: (request) =>
      /^\d+\.\d+-rev\d+$/.test(String(request.headers['x-api-version']))
        ? api.site(request)
        : refused(400, 'UnknownError', 'Header x-api-version is required.'),
  };
}
