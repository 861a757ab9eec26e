/** Two APIs that no login of the usual shape fits: a session whose life the client picks, and a login that a browser completes. */
import { basicPair, credentialOf, htmlPage, loginPage } from './emulator-parts.ts';
import { createRestApi, jsonText, membersOf } from './rest-api-engine.ts';
import type { RestApi, Step, World } from './rest-api-engine.ts';
import { opaqueToken } from './rest-api-tokens.ts';
import type { SiteAnswer, SiteRequest } from './site.ts';

type Now = () => number;

export const KALTURA_PARTNER_ID = '2018872';

/**
 * The client picks the life (`expiry`, seconds); the answer is the bare session, in XML unless `format=1`; refusals are 200
 * with an exception object. The account's password serves as secret and as password.
 * https://www.rubydoc.info/gems/kaltura-client/17.1.0/Kaltura/KalturaSessionService . Not documented: codes of refusals.
 */
export function kaltura(
  now?: Now,
): RestApi<'login' | 'loginByLoginId' | 'impersonate' | 'probe' | 'logout'> {
  /** Query, form and JSON are one to this API, and numbers may be texts. */
  const parametersOf = ({ url, form, json }: SiteRequest): Record<string, unknown> => ({
    ...Object.fromEntries(url.searchParams),
    ...Object.fromEntries(form),
    ...membersOf(json),
  });
  const reply = (parameters: Readonly<Record<string, unknown>>, value: unknown): SiteAnswer =>
    Number(parameters['format']) === 1
      ? jsonText(value)
      : {
          headers: { 'content-type': 'text/xml' },
          body: `<?xml version="1.0" encoding="utf-8"?><xml><result>${JSON.stringify(value)}</result></xml>`,
        };
  const refusal = (code: string, message: string): object => ({
    code,
    message,
    objectType: 'KalturaAPIException',
    args: {},
  });

  /** A session for whoever knows the secret; every field in `mandatory` must be there. */
  const start = (
    parameters: Readonly<Record<string, unknown>>,
    { tokens, accepts }: World,
    mandatory: readonly [user: string, secret: string, ...others: string[]],
  ): unknown => {
    const missing = mandatory.find((name) => parameters[name] === undefined);
    if (missing !== undefined) {
      return refusal('MISSING_MANDATORY_PARAMETER', `Missing parameter "${missing}"`);
    }
    const user = parameters[mandatory[0]];
    return accepts(user, parameters[mandatory[1]]) &&
      String(parameters['partnerId']) === KALTURA_PARTNER_ID
      ? tokens.issue(user, Number(parameters['expiry'] ?? 86_400)).token
      : refusal('START_SESSION_ERROR', 'Error while starting session for partner');
  };
  const withSession = (
    { ks }: Readonly<Record<string, unknown>>,
    { tokens }: World,
    result: (ks: string) => unknown,
  ): unknown => {
    const state = typeof ks === 'string' ? tokens.state(ks) : 'unknown';
    return state === 'good'
      ? result(String(ks))
      : refusal(
          'INVALID_KS',
          `Invalid KS, Error "${state === 'expired' ? 'EXPIRED' : 'INVALID_STR'}"`,
        );
  };
  const action = (
    service: string,
    name: string,
    perform: (parameters: Readonly<Record<string, unknown>>, world: World) => unknown,
  ): Step => ({
    path: `/api_v3/service/${service}/action/${name}`,
    answer(request, world) {
      const parameters = parametersOf(request);
      return reply(parameters, perform(parameters, world));
    },
  });

  return createRestApi(
    {
      hosts: ['kaltura.test'],
      lifetimeSeconds: 86_400,
      steps: {
        login: action('session', 'start', (parameters, world) =>
          start(parameters, world, ['userId', 'secret', 'partnerId']),
        ),
        loginByLoginId: action('user', 'loginByLoginId', (parameters, world) =>
          start(parameters, world, ['loginId', 'password', 'partnerId']),
        ),
        impersonate: action('session', 'impersonate', (parameters, world) =>
          start(parameters, world, ['userId', 'secret', 'impersonatedPartnerId', 'partnerId']),
        ),
        probe: action('session', 'get', (parameters, world) =>
          withSession(parameters, world, (ks) => {
            const session = world.tokens.find(ks);
            return {
              objectType: 'KalturaSessionInfo',
              ks,
              partnerId: Number(KALTURA_PARTNER_ID),
              userId: session?.username,
              expiry: Math.floor((session?.expiresAtMs ?? 0) / 1000),
            };
          }),
        ),
        logout: action('session', 'end', (parameters, world) =>
          withSession(parameters, world, (ks) => {
            world.tokens.end(ks);
            return null;
          }),
        ),
      },
    },
    now,
  );
}

/**
 * Login Flow v2: the client gets a link for the browser and polls: 404 until the person has logged in there, then 200 once; a
 * flow ends after 20 min. What comes is an app password, used as Basic. nextcloud/documentation
 * `developer_manual/client_apis/LoginFlow/index.rst`. The page is the login page of all emulators.
 */
export function nextcloud(
  now: Now = Date.now,
): RestApi<'login' | 'page' | 'grant' | 'poll' | 'probe' | 'logout'> {
  interface Flow {
    readonly pollToken: string;
    readonly endsAtMs: number;
    grantedTo?: string;
  }
  const FLOW_LIFE_MS = 20 * 60 * 1000;
  const origin = 'https://nextcloud.test';
  const flows = new Map<string, Flow>();
  const flowOf = ({ url }: SiteRequest): Flow | undefined =>
    flows.get(url.pathname.split('/').at(-1) ?? '');
  const form = (message?: string): SiteAnswer => loginPage('Nextcloud', {}, message);
  const noFlow = htmlPage('Nextcloud', '<p>Your login token is invalid or has expired.', 403);

  /** The app password of a request with the right name, and the header without which no OCS call is served. */
  const appPasswordOf = ({ headers }: SiteRequest, { tokens }: World): string | undefined => {
    const [name, password] = basicPair(credentialOf(headers.authorization, 'Basic') ?? '');
    const isGood = tokens.state(password) === 'good' && tokens.find(password)?.username === name;
    return isGood && headers['ocs-apirequest'] === 'true' ? password : undefined;
  };
  const ocs = (statuscode: number, message: string, data: unknown = []): SiteAnswer => ({
    status: statuscode,
    body: {
      ocs: { meta: { status: statuscode < 300 ? 'ok' : 'failure', statuscode, message }, data },
    },
  });
  const notLoggedIn = ocs(401, 'Current user is not logged in');

  return createRestApi(
    {
      hosts: ['nextcloud.test'],
      lifetimeSeconds: Infinity,
      makeToken: () => opaqueToken() + opaqueToken(),
      forget: () => flows.clear(),
      steps: {
        login: {
          method: 'POST',
          path: '/index.php/login/v2',
          answer() {
            const pollToken = opaqueToken();
            const name = opaqueToken();
            flows.set(name, { pollToken, endsAtMs: now() + FLOW_LIFE_MS });
            return {
              body: {
                poll: { token: pollToken, endpoint: `${origin}/login/v2/poll` },
                login: `${origin}/login/v2/flow/${name}`,
              },
            };
          },
        },
        page: {
          method: 'GET',
          path: /^\/login\/v2\/flow\/[\w-]+$/,
          answer: (request) => (flowOf(request) === undefined ? noFlow : form()),
        },
        grant: {
          method: 'POST',
          path: /^\/login\/v2\/flow\/[\w-]+$/,
          answer(request, { accepts }) {
            const flow = flowOf(request);
            if (flow === undefined) return noFlow;
            const user = request.form.get('username');
            if (!accepts(user, request.form.get('password'))) {
              return form('Wrong login or password.');
            }
            flow.grantedTo = user;
            return htmlPage('Account connected', '<p>You can close this window.');
          },
        },
        poll: {
          method: 'POST',
          path: '/login/v2/poll',
          answer(request, { tokens }) {
            const token = request.form.get('token');
            const [name, flow] = [...flows].find(([, { pollToken }]) => pollToken === token) ?? [];
            if (name === undefined || flow?.grantedTo === undefined || flow.endsAtMs <= now()) {
              return { status: 404, body: [] };
            }
            flows.delete(name);
            return {
              body: {
                server: origin,
                loginName: flow.grantedTo,
                appPassword: tokens.issue(flow.grantedTo).token,
              },
            };
          },
        },
        probe: {
          method: 'GET',
          path: '/ocs/v2.php/cloud/user',
          answer(request, world) {
            const password = appPasswordOf(request, world);
            return password === undefined
              ? notLoggedIn
              : ocs(200, 'OK', { id: world.tokens.find(password)?.username });
          },
        },
        logout: {
          method: 'DELETE',
          path: '/ocs/v2.php/core/apppassword',
          answer: (request, world) =>
            world.tokens.end(appPasswordOf(request, world)) ? ocs(200, 'OK') : notLoggedIn,
        },
      },
    },
    now,
  );
}
