/**
 * A REST API of no vendor that can be set up to be like any other. Addresses: `/login`, `/renew`, `/whoami`, `/logout` at
 * `any-rest.test`; `/renew` also at `renewal.any-rest.test`.
 *
 *     const api = anyRest();
 *     api.configure({ encoding: 'form', wrapper: 'data.session', expiry: 'milliseconds', renewal: 'current-token' });
 */
import { basicPair, cookieOf, credentialOf } from './emulator-parts.ts';
import { createRestApi, membersOf } from './rest-api-engine.ts';
import type { RestApi, World } from './rest-api-engine.ts';
import { jwt, opaqueToken } from './rest-api-tokens.ts';
import type { Issued } from './rest-api-tokens.ts';
import type { SiteAnswer, SiteRequest } from './site.ts';

type Encoding = 'json' | 'form' | 'query' | 'multipart' | 'basic';
type Texts = Readonly<Record<string, string>>;

export interface AnyRestSetup {
  readonly method: 'POST' | 'GET' | 'PUT';
  /** How fields come, at login and at a renewal. `basic`: user name and password as a header, all else as JSON. */
  readonly encoding: Encoding;
  /** Names of fields; with dots: a path into nested JSON, e.g. `user.name`. */
  readonly fields: {
    readonly username: string;
    readonly password: string;
    readonly refreshToken: string;
  };
  /** Fields (paths) that must come with a login with exactly this value; written as texts. */
  readonly staticFields: Texts;
  /** Headers that every request must have, in lower case. */
  readonly headers: Texts;
  /** Path to the object that holds the members of the answer; empty: the body itself. */
  readonly wrapper: string;
  /** Where the token is: a member of the answer, the whole body as text or as JSON string, a header or a cookie. */
  readonly tokenIn: 'member' | 'body' | 'json-body' | 'header' | 'cookie';
  /** Names of members; the token's is also the name of its header or cookie. */
  readonly members: {
    readonly token: string;
    readonly refreshToken: string;
    readonly expiry: string;
  };
  readonly expiry:
    | 'none'
    | 'seconds'
    | 'seconds-as-text'
    | 'milliseconds'
    | 'epoch-seconds'
    | 'epoch-milliseconds'
    | 'iso'
    | 'jwt';
  /** What renews. `ticket`: a login with the token as the password. */
  readonly renewal: 'none' | 'refresh-token' | 'current-token' | 'ticket';
  readonly renewalHost: 'any-rest.test' | 'renewal.any-rest.test';
  /** Where the token comes back, `{token}` in its place, e.g. `Bearer {token}`. */
  readonly use: {
    readonly in: 'header' | 'cookie' | 'query';
    readonly name: string;
    readonly template: string;
  };
  /** A member of every JSON answer that tells success from failure; then failures have status 200. */
  readonly success:
    { readonly member: string; readonly good: unknown; readonly bad: unknown } | undefined;
  /** Status of a login or renewal that is refused, and of a token that is not good. */
  readonly refusedStatus: number;
}

export const ANY_REST_SETUP: AnyRestSetup = {
  method: 'POST',
  encoding: 'json',
  fields: { username: 'username', password: 'password', refreshToken: 'refresh_token' },
  staticFields: {},
  headers: {},
  wrapper: '',
  tokenIn: 'member',
  members: { token: 'token', refreshToken: 'refreshToken', expiry: 'expires' },
  expiry: 'seconds',
  renewal: 'refresh-token',
  renewalHost: 'any-rest.test',
  use: { in: 'header', name: 'authorization', template: 'Bearer {token}' },
  success: undefined,
  refusedStatus: 401,
};

export interface AnyRest extends RestApi<'login' | 'renew' | 'probe' | 'logout'> {
  /** Replaces the named parts of the setup; the others stay. A reset undoes all. */
  configure(change: Partial<AnyRestSetup>): void;
}

export function anyRest(now: () => number = Date.now): AnyRest {
  let setup = ANY_REST_SETUP;

  const answer = (members: object, status = 200, more: Partial<SiteAnswer> = {}): SiteAnswer => ({
    status,
    body: wrapped(setup.wrapper, members),
    ...more,
  });
  const refused = (message: string, status = setup.refusedStatus): SiteAnswer =>
    setup.success === undefined
      ? { status, body: { error: { message } } }
      : { body: { [setup.success.member]: setup.success.bad, error: { message } } };

  const granted = (issued: Issued): SiteAnswer => {
    const { members, tokenIn, renewal, success } = setup;
    const { token, refreshToken } = issued;
    if (tokenIn === 'body') return { headers: { 'content-type': 'text/plain' }, body: token };
    if (tokenIn === 'json-body') {
      return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(token) };
    }
    const inBody = {
      ...(tokenIn === 'member' && { [members.token]: token }),
      ...(renewal === 'refresh-token' && { [members.refreshToken]: refreshToken }),
      ...expiryMember(setup, issued),
    };
    const { body } = answer(inBody);
    return {
      headers: {
        ...(tokenIn === 'header' && { [members.token]: token }),
        ...(tokenIn === 'cookie' && {
          'set-cookie': ['theme=dark; Path=/', `${members.token}=${token}; Path=/; HttpOnly`],
        }),
      },
      body: success === undefined ? body : { [success.member]: success.good, ...membersOf(body) },
    };
  };

  const tokenOf = (request: SiteRequest): string | undefined => {
    const { in: place, name, template } = setup.use;
    const value = {
      header: request.headers[name.toLowerCase()]?.toString(),
      query: request.url.searchParams.get(name) ?? undefined,
      cookie: cookieOf(request, name),
    }[place];
    const [before = '', after = ''] = template.split('{token}');
    return value?.startsWith(before) === true && value.endsWith(after)
      ? value.slice(before.length, value.length - after.length)
      : undefined;
  };
  const hasHeaders = ({ headers }: SiteRequest): boolean =>
    Object.entries(setup.headers).every(([name, value]) => headers[name] === value);

  const login = async (request: SiteRequest, { tokens, accepts }: World): Promise<SiteAnswer> => {
    if (request.method !== setup.method) return { status: 405 };
    const fields = await fieldsOf(request, setup.encoding);
    const missing = Object.entries(setup.staticFields).find(
      ([path, value]) => String(at(fields, path)) !== value,
    );
    if (missing !== undefined) return refused(`Field "${missing[0]}" is not right`, 400);
    const [username, password] =
      setup.encoding === 'basic'
        ? basicPair(credentialOf(request.headers.authorization, 'Basic') ?? '')
        : [at(fields, setup.fields.username), at(fields, setup.fields.password)];
    if (accepts(username, password)) return granted(tokens.issue(username));
    const ticket = setup.renewal === 'ticket' ? tokens.find(String(password)) : undefined;
    return ticket !== undefined &&
      ticket.username === username &&
      tokens.state(ticket.token) === 'good'
      ? granted(tokens.issue(username))
      : refused('Wrong user name or password');
  };

  const renew = async (request: SiteRequest, { tokens }: World): Promise<SiteAnswer> => {
    if (request.url.hostname !== setup.renewalHost) return { status: 404 };
    if (setup.renewal === 'refresh-token') {
      const fields = await fieldsOf(request, setup.encoding);
      const issued = tokens.refresh(at(fields, setup.fields.refreshToken));
      return issued === undefined ? refused('The refresh token is not good') : granted(issued);
    }
    const current = tokens.find(tokenOf(request));
    return setup.renewal === 'current-token' && tokens.state(current?.token) === 'good'
      ? granted(tokens.issue(current!.username))
      : refused('The token cannot be renewed');
  };

  const guarded =
    (step: (request: SiteRequest, world: World) => SiteAnswer | Promise<SiteAnswer>) =>
    (request: SiteRequest, world: World) =>
      hasHeaders(request) ? step(request, world) : refused('A header is missing', 400);
  const hosts = ['any-rest.test', 'renewal.any-rest.test'] as const;

  const api = createRestApi(
    {
      hosts,
      lifetimeSeconds: 3600,
      makeToken: (...facts) => (setup.expiry === 'jwt' ? jwt(...facts) : opaqueToken()),
      forget() {
        setup = ANY_REST_SETUP;
      },
      steps: {
        login: { path: '/login', answer: guarded(login) },
        renew: { hosts, path: '/renew', answer: guarded(renew) },
        probe: {
          method: 'GET',
          path: '/whoami',
          answer: guarded((request, { tokens }) => {
            const token = tokenOf(request);
            return tokens.state(token) === 'good'
              ? { body: { username: tokens.find(token)?.username } }
              : refused('The token is not good');
          }),
        },
        logout: {
          method: 'POST',
          path: '/logout',
          answer: guarded((request, { tokens }) =>
            tokens.end(tokenOf(request)) ? { status: 204 } : refused('The token is not good'),
          ),
        },
      },
    },
    now,
  );
  return {
    ...api,
    configure(change) {
      setup = { ...setup, ...change };
    },
  };
}

function expiryMember({ expiry, members }: AnyRestSetup, issued: Issued): object {
  const { lifetimeSeconds, expiresAtMs } = issued;
  const value = (): unknown => {
    switch (expiry) {
      case 'none':
      case 'jwt':
        return undefined;
      case 'seconds':
        return lifetimeSeconds;
      case 'seconds-as-text':
        return String(lifetimeSeconds);
      case 'milliseconds':
        return lifetimeSeconds * 1000;
      case 'epoch-seconds':
        return Math.floor(expiresAtMs / 1000);
      case 'epoch-milliseconds':
        return expiresAtMs;
      case 'iso':
        return new Date(expiresAtMs).toISOString();
    }
  };
  return { [members.expiry]: value() };
}

function wrapped(path: string, members: object): object {
  return path
    .split('.')
    .filter(Boolean)
    .reduceRight<object>((inner, name) => ({ [name]: inner }), members);
}

/** The value at a path with dots; a field of exactly this name comes first (forms are flat). */
function at(fields: unknown, path: string): unknown {
  const here = membersOf(fields);
  if (path in here) return here[path];
  return path.split('.').reduce<unknown>((inner, name) => membersOf(inner)[name], fields);
}

async function fieldsOf(request: SiteRequest, encoding: Encoding): Promise<unknown> {
  switch (encoding) {
    case 'json':
    case 'basic':
      return request.json;
    case 'form':
      return Object.fromEntries(request.form);
    case 'query':
      return Object.fromEntries(request.url.searchParams);
    case 'multipart': {
      const type = request.headers['content-type'] ?? '';
      if (!type.startsWith('multipart/form-data')) return {};
      const form = await new Response(request.body, {
        headers: { 'content-type': type },
      }).formData();
      return Object.fromEntries(form);
    }
  }
}
