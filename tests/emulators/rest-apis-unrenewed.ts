/** REST APIs without a renewal: the next token takes another login. Two of them answer 200 whatever happens. */
import { randomBytes } from 'node:crypto';
import { bearerOf, createRestApi, jsonText, membersOf } from './rest-api-engine.ts';
import type { RestApi } from './rest-api-engine.ts';
import { jwt } from './rest-api-tokens.ts';
import type { SiteAnswer, SiteRequest } from './site.ts';

type Now = () => number;

/**
 * The client names itself in `Authorization: MediaBrowser Client="…", Device="…", DeviceId="…", Version="…"`, and puts
 * `Token="…"` there afterwards. No end, no JSON in refusals. jellyfin/jellyfin `UserController.cs`, `AuthorizationContext.cs`,
 * `SessionController.cs`.
 */
export function jellyfin(now?: Now): RestApi<'login' | 'probe' | 'logout'> {
  const refused = (status: number): SiteAnswer => ({
    status,
    headers: { 'content-type': 'text/plain' },
    body: 'Error processing request.',
  });
  const keysOf = ({ headers }: SiteRequest): Map<string, string> => {
    const list = /^MediaBrowser (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
    return new Map(
      [...list.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]),
    );
  };
  return createRestApi(
    {
      hosts: ['jellyfin.test'],
      lifetimeSeconds: Infinity,
      makeToken: () => randomBytes(16).toString('hex'),
      steps: {
        login: {
          method: 'POST',
          path: '/Users/AuthenticateByName',
          answer(request, { tokens, accepts }) {
            const keys = keysOf(request);
            const isNamed = ['Client', 'Device', 'DeviceId', 'Version'].every((name) =>
              keys.get(name),
            );
            if (!isNamed) return refused(400);
            const { Username, Pw } = membersOf(request.json);
            if (!accepts(Username, Pw)) return refused(401);
            return {
              body: {
                User: { Name: Username, Id: 'u-1' },
                SessionInfo: { Client: keys.get('Client'), DeviceId: keys.get('DeviceId') },
                AccessToken: tokens.issue(Username).token,
                ServerId: 's-1',
              },
            };
          },
        },
        probe: {
          method: 'GET',
          path: '/Users/Me',
          answer(request, { tokens }) {
            const token = keysOf(request).get('Token');
            return tokens.state(token) === 'good'
              ? { body: { Name: tokens.find(token)?.username, Id: 'u-1' } }
              : { status: 401 };
          },
        },
        logout: {
          method: 'POST',
          path: '/Sessions/Logout',
          answer: (request, { tokens }) => ({
            status: tokens.end(keysOf(request).get('Token')) ? 204 : 401,
          }),
        },
      },
    },
    now,
  );
}

export const MAGENTO_OTP = '271828';

/**
 * The body is the token, a JSON string: a customer's for 1 h, an admin's for 4 h (with a one-time password). The store in the
 * path is optional. AdobeDocs/commerce-webapi `gs-authentication-token.md`. Not documented: the texts of refusals.
 */
export function magento(now?: Now): RestApi<'login' | 'adminLogin' | 'probe'> {
  const refused = (status: number, message: string, parameters?: object): SiteAnswer => ({
    status,
    body: { message, parameters },
  });
  const wrong = refused(
    401,
    'The account sign-in was incorrect or your account is disabled temporarily. Please wait and try again later.',
  );
  const missingOf = (fields: Readonly<Record<string, unknown>>): SiteAnswer | undefined => {
    const fieldName = Object.keys(fields).find((name) => typeof fields[name] !== 'string');
    return fieldName === undefined
      ? undefined
      : refused(400, '"%fieldName" is required. Enter and try again.', { fieldName });
  };
  return createRestApi(
    {
      hosts: ['magento.test'],
      lifetimeSeconds: 3600,
      makeToken: jwt,
      steps: {
        login: {
          method: 'POST',
          path: /^\/rest\/(?:\w+\/)?V1\/integration\/customer\/token$/,
          answer({ json }, { tokens, accepts }) {
            const { username, password } = membersOf(json);
            return (
              missingOf({ username, password }) ??
              (accepts(username, password) ? jsonText(tokens.issue(username).token) : wrong)
            );
          },
        },
        adminLogin: {
          method: 'POST',
          path: /^\/rest\/(?:\w+\/)?V1\/tfa\/provider\/google\/authenticate$/,
          answer({ json }, { tokens, accepts }) {
            const { username, password, otp } = membersOf(json);
            return (
              missingOf({ username, password, otp }) ??
              (accepts(username, password) && otp === MAGENTO_OTP
                ? jsonText(tokens.issue(username, 4 * 3600).token)
                : wrong)
            );
          },
        },
        probe: {
          method: 'GET',
          path: /^\/rest\/(?:\w+\/)?V1\/(?:customers\/me|store\/storeConfigs)$/,
          answer(request, { tokens }) {
            const token = bearerOf(request);
            return tokens.state(token) === 'good'
              ? { body: { id: 1, email: tokens.find(token)?.username } }
              : refused(401, "The consumer isn't authorized to access %resources.", {
                  resources: 'self',
                });
          },
        },
      },
    },
    now,
  );
}

/**
 * JSON-RPC: refusals are 200 with `error`. The token in the body (`auth`), as before 7.2, is refused.
 * https://www.zabbix.com/documentation/6.4/en/manual/api/reference/user/login .
 */
export function zabbix(now?: Now): RestApi<'login' | 'logout' | 'probe'> {
  const callOf = ({ body }: SiteRequest): Readonly<Record<string, unknown>> => {
    try {
      return membersOf(JSON.parse(body));
    } catch {
      return {};
    }
  };
  const replied = (request: SiteRequest, members: object): SiteAnswer => ({
    body: { jsonrpc: '2.0', ...members, id: callOf(request)['id'] ?? null },
  });
  const refused = (request: SiteRequest, code: number, message: string, data: string): SiteAnswer =>
    replied(request, { error: { code, message, data } });
  const terminated = (request: SiteRequest): SiteAnswer =>
    refused(request, -32602, 'Invalid params.', 'Session terminated, re-login, please.');
  const isMethod =
    (name: string) =>
    (request: SiteRequest): boolean =>
      callOf(request)['method'] === name;
  const step = { method: 'POST', path: '/api_jsonrpc.php' };

  const api = createRestApi(
    {
      hosts: ['zabbix.test'],
      lifetimeSeconds: Infinity,
      makeToken: () => randomBytes(16).toString('hex'),
      steps: {
        login: {
          ...step,
          when: isMethod('user.login'),
          answer(request, { tokens, accepts }) {
            const { username, password, userData } = membersOf(callOf(request)['params']);
            if (!accepts(username, password)) {
              return refused(
                request,
                -32500,
                'Application error.',
                'Incorrect user name or password or account is temporarily blocked.',
              );
            }
            const { token } = tokens.issue(username);
            const result = userData === true ? { userid: '1', username, sessionid: token } : token;
            return replied(request, { result });
          },
        },
        logout: {
          ...step,
          when: isMethod('user.logout'),
          answer: (request, { tokens }) =>
            tokens.end(bearerOf(request))
              ? replied(request, { result: true })
              : terminated(request),
        },
        probe: {
          ...step,
          answer(request, { tokens }) {
            const token = bearerOf(request);
            return tokens.state(token) === 'good'
              ? replied(request, {
                  result: [{ userid: '1', username: tokens.find(token)?.username }],
                })
              : terminated(request);
          },
        },
      },
    },
    now,
  );
  return {
    ...api,
    site(request) {
      const { jsonrpc, auth } = callOf(request);
      if (!/^application\/json(-rpc|request)?(;|$)/.test(request.headers['content-type'] ?? '')) {
        return { status: 412 };
      }
      if (jsonrpc !== '2.0') {
        return refused(request, -32600, 'Invalid request.', 'The "jsonrpc" version is not 2.0.');
      }
      return auth === undefined
        ? api.site(request)
        : refused(
            request,
            -32600,
            'Invalid request.',
            'Invalid parameter "/": unexpected parameter "auth".',
          );
    },
  };
}
