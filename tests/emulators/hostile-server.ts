/**
 * A small authorization server on 127.0.0.1 that is correct by default and misbehaves exactly as a test asks.
 *
 *     const server = await startHostileServer();
 *     server.behave({ tokenMembers: { expires_in: bare('NaN') } });
 *     …
 *     expect(server.tokenCalls('refresh_token')).toBe(1);
 *     server.reset();
 *
 * By default /authorize answers at once with a redirect that carries code, state and iss; nobody has to log in. /token
 * checks the client, PKCE (S256), the redirect URI and that a code is used once; refresh tokens rotate, and one that is
 * used again ends its family, as strict providers do.
 */
import { createHash, randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createIdTokens } from './hostile-server-id-tokens.ts';
import type { IdTokenFault } from './hostile-server-id-tokens.ts';

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Fields of a form body; empty for any other. */
  readonly form: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
}

export interface Answer {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /**
   * The connection is cut before the first byte, within the headers, within the body, or when all of the body was sent but
   * not its end.
   */
  readonly cut?: 'before' | 'in-headers' | 'in-body' | 'after-body';
}

/**
 * How one endpoint answers. `ordinary` does what the well-behaved server does (codes and refresh tokens are used up) and
 * returns its answer, to be changed or thrown away. A promise delays the answer; one that never ends lets the call hang.
 */
export type Answering = (
  request: ReceivedRequest,
  ordinary: () => Answer,
) => Answer | Promise<Answer>;

export interface Behaviour {
  /** Laid over the metadata; `undefined` takes a member out. */
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly discovery: Answering;
  readonly jwks: Answering;
  readonly authorize: Answering;
  readonly token: Answering;
  readonly revoke: Answering;
  /** Laid over a good token answer; `undefined` takes a member out, `bare` writes a text that is no JSON. */
  readonly tokenMembers: Readonly<Record<string, unknown>>;
  /** Laid over the claims of ID tokens; `undefined` takes a claim out. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** Laid over the header of ID tokens. */
  readonly idTokenHeader: Readonly<Record<string, unknown>>;
  readonly idTokenFault: IdTokenFault;
  /** Answers to a refresh hold an ID token too. */
  readonly idTokenOnRefresh: boolean;
  /** A refresh leaves the refresh token as it is. */
  readonly keepRefreshTokens: boolean;
  /** A refresh token that is used again has another successor, as with providers that allow a leeway. */
  readonly forgivesReuse: boolean;
  /** Connections are cut as soon as they are made, or when the head of a request has arrived; nothing is done or logged. */
  readonly cuts: 'nothing' | 'connections' | 'requests';
}

export interface HostileServerOptions {
  /** Default `test-client`. */
  readonly clientId?: string;
  /** Makes the client a confidential one; Basic (form-encoded) and form fields are both accepted. */
  readonly clientSecret?: string;
  /** Life of access tokens; default 3600. */
  readonly expiresInSeconds?: number;
}

export interface HostileServer {
  readonly issuer: string;
  readonly clientId: string;
  /** Replaces the named switches; the others stay. */
  behave(change: Partial<Behaviour>): void;
  /** Well-behaved again; what was logged and issued stays. */
  reset(): void;
  /** Every request so far, oldest first; of one path, if named. */
  requests(path?: string): readonly ReceivedRequest[];
  /** Requests to /token so far; of one grant type, if named. */
  tokenCalls(grantType?: string): number;
  /** How often a refresh token was used a second time. */
  reuses(): number;
  /** Every code, access, refresh and ID token issued so far: none may turn up where it should not. */
  canaries(): readonly string[];
  /** A fresh code for this authorization request, for answers made by hand. */
  codeFor(request: ReceivedRequest): string;
  /** Resolves when the next request for this path arrives. */
  nextRequest(path: string): Promise<ReceivedRequest>;
  /** Ends all sessions: every refresh token is refused from now on. */
  endSessions(): void;
  stop(): Promise<void>;
}

/** A member of the token answer written into the JSON as it is, e.g. `bare('NaN')`. */
export function bare(text: string): BareText {
  return { bareText: text };
}

interface BareText {
  readonly bareText: string;
}

/** A redirect to the request's redirect URI with exactly these parameters, in this order. */
export function redirectWith(
  request: ReceivedRequest,
  parameters: readonly (readonly [name: string, value: string])[],
): Answer {
  const target = new URL(request.query.get('redirect_uri') ?? 'https://localhost/callback');
  for (const [name, value] of parameters) target.searchParams.append(name, value);
  return { status: 302, headers: { location: target.href } };
}

/** An answer of an ordinary web page: what a captive portal or a broken proxy sends. */
export function htmlPage(status = 200): Answer {
  return {
    status,
    headers: { 'content-type': 'text/html' },
    body: '<!doctype html><title>Hello</title><p>This is not the page you are looking for.',
  };
}

export function jsonAnswer(
  members: Readonly<Record<string, unknown>>,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const pairs = Object.entries(members)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${JSON.stringify(name)}:${jsonText(value)}`);
  return {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
    body: `{${pairs.join(',')}}`,
  };
}

function jsonText(value: unknown): string {
  return isBare(value) ? value.bareText : JSON.stringify(value);
}

function isBare(value: unknown): value is BareText {
  return typeof value === 'object' && value !== null && 'bareText' in value;
}

interface Code {
  readonly redirectUri: string;
  readonly challenge: string;
  readonly nonce: string | null;
  readonly scope: string;
}

interface RefreshToken {
  readonly family: string;
  readonly scope: string;
}

export async function startHostileServer(
  options: HostileServerOptions = {},
): Promise<HostileServer> {
  const { clientId = 'test-client', clientSecret, expiresInSeconds = 3600 } = options;
  const idTokens = await createIdTokens();
  const log: ReceivedRequest[] = [];
  const arrivals = new EventEmitter();
  const canaries = new Set<string>();
  const codes = new Map<string, Code>();
  const refreshTokens = new Map<string, RefreshToken>();
  const usedRefreshTokens = new Map<string, RefreshToken>();
  const endedFamilies = new Set<string>();
  let reuses = 0;

  const server = createServer();
  // A client that sends just when an idle connection is being closed would see a reset that no test asked for
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;

  const wellBehaved: Behaviour = {
    metadata: {},
    discovery: (_request, ordinary) => ordinary(),
    jwks: (_request, ordinary) => ordinary(),
    authorize: (_request, ordinary) => ordinary(),
    token: (_request, ordinary) => ordinary(),
    revoke: (_request, ordinary) => ordinary(),
    tokenMembers: {},
    claims: {},
    idTokenHeader: {},
    idTokenFault: 'none',
    idTokenOnRefresh: false,
    keepRefreshTokens: false,
    forgivesReuse: false,
    cuts: 'nothing',
  };
  let behaviour = wellBehaved;

  const issue = (kind: string): string => {
    const value = `${kind}-${randomBytes(24).toString('base64url')}`;
    canaries.add(value);
    return value;
  };

  const metadata = (): Answer =>
    jsonAnswer({
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      revocation_endpoint: `${issuer}/revoke`,
      jwks_uri: `${issuer}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
      authorization_response_iss_parameter_supported: true,
      ...behaviour.metadata,
    });

  const codeFor = ({ query }: ReceivedRequest): string => {
    const code = issue('code');
    codes.set(code, {
      redirectUri: query.get('redirect_uri') ?? '',
      challenge: query.get('code_challenge') ?? '',
      nonce: query.get('nonce'),
      scope: query.get('scope') ?? '',
    });
    return code;
  };

  const authorize = (request: ReceivedRequest): Answer =>
    redirectWith(request, [
      ['code', codeFor(request)],
      ['state', request.query.get('state') ?? ''],
      ['iss', issuer],
    ]);

  const tokenAnswer = (
    scope: string,
    nonce: string | null,
    idToken: boolean,
    family: string | undefined,
  ): Answer => {
    const refreshToken = family === undefined ? undefined : issue('refresh');
    if (refreshToken !== undefined && family !== undefined) {
      refreshTokens.set(refreshToken, { family, scope });
    }
    const jwt = !idToken
      ? undefined
      : idTokens.make({
          claims: { iss: issuer, aud: clientId, ...(nonce === null ? {} : { nonce }) },
          changes: behaviour.claims,
          header: behaviour.idTokenHeader,
          fault: behaviour.idTokenFault,
        });
    if (jwt !== undefined) canaries.add(jwt);
    return jsonAnswer({
      access_token: issue('access'),
      token_type: 'Bearer',
      expires_in: expiresInSeconds,
      refresh_token: refreshToken,
      scope: scope === '' ? undefined : scope,
      id_token: jwt,
      ...behaviour.tokenMembers,
    });
  };

  const token = (request: ReceivedRequest): Answer => {
    const { form } = request;
    if (!clientIsRight(request, clientId, clientSecret)) {
      return jsonAnswer({ error: 'invalid_client' }, 401);
    }
    switch (form.get('grant_type')) {
      case 'authorization_code': {
        const code = codes.get(form.get('code') ?? '');
        codes.delete(form.get('code') ?? '');
        if (code === undefined) return refusal('invalid_grant', 'unknown or used code');
        if (code.redirectUri !== form.get('redirect_uri')) {
          return refusal('invalid_grant', 'another redirect_uri');
        }
        const verifier = form.get('code_verifier') ?? '';
        if (createHash('sha256').update(verifier).digest('base64url') !== code.challenge) {
          return refusal('invalid_grant', 'wrong code_verifier');
        }
        const openid = code.scope.split(' ').includes('openid');
        return tokenAnswer(code.scope, code.nonce, openid, randomBytes(8).toString('hex'));
      }
      case 'refresh_token': {
        const value = form.get('refresh_token') ?? '';
        const used = usedRefreshTokens.get(value);
        if (used !== undefined && behaviour.forgivesReuse) {
          refreshTokens.set(value, used);
        } else if (used !== undefined) {
          reuses += 1;
          endedFamilies.add(used.family);
        }
        const known = refreshTokens.get(value);
        if (known === undefined || endedFamilies.has(known.family)) {
          return refusal('invalid_grant', 'unknown or used refresh token');
        }
        const openid = known.scope.split(' ').includes('openid');
        const idToken = openid && behaviour.idTokenOnRefresh;
        if (behaviour.keepRefreshTokens) return tokenAnswer(known.scope, null, idToken, undefined);
        refreshTokens.delete(value);
        usedRefreshTokens.set(value, known);
        return tokenAnswer(known.scope, null, idToken, known.family);
      }
      case 'client_credentials':
        return tokenAnswer(form.get('scope') ?? '', null, false, undefined);
      case null:
      default:
        return refusal('unsupported_grant_type');
    }
  };

  const revoke = (request: ReceivedRequest): Answer => {
    if (!clientIsRight(request, clientId, clientSecret)) {
      return jsonAnswer({ error: 'invalid_client' }, 401);
    }
    const value = request.form.get('token') ?? '';
    const known = refreshTokens.get(value) ?? usedRefreshTokens.get(value);
    if (known !== undefined) endedFamilies.add(known.family);
    return { status: 200 };
  };

  const answerTo = (request: ReceivedRequest): Answer | Promise<Answer> => {
    switch (request.path) {
      case '/.well-known/openid-configuration':
        return behaviour.discovery(request, metadata);
      case '/jwks':
        return behaviour.jwks(request, () => jsonAnswer({ keys: idTokens.publicKeys() }));
      case '/authorize':
        return behaviour.authorize(request, () => authorize(request));
      case '/token':
        return behaviour.token(request, () => token(request));
      case '/revoke':
        return behaviour.revoke(request, () => revoke(request));
      default:
        return { status: 404 };
    }
  };

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(incoming.url ?? '/', issuer);
    const isForm = incoming.headers['content-type']?.startsWith(
      'application/x-www-form-urlencoded',
    );
    const body = await readText(incoming);
    const request: ReceivedRequest = {
      method: incoming.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      form: new URLSearchParams(isForm === true ? body : ''),
      headers: incoming.headers,
    };
    log.push(request);
    arrivals.emit(request.path, request);
    send(response, await answerTo(request));
  };
  server.on('connection', (socket) => {
    if (behaviour.cuts === 'connections') socket.destroy();
  });
  server.on('request', (incoming, response) => {
    if (behaviour.cuts !== 'nothing') {
      incoming.destroy();
      return;
    }
    handle(incoming, response).catch((cause: unknown) => {
      // A switch that throws is a mistake of the test: it must not look like a hanging server
      response.writeHead(500, { 'content-type': 'text/plain' }).end(String(cause));
    });
  });

  return {
    issuer,
    clientId,
    behave(change) {
      behaviour = { ...behaviour, ...change };
    },
    reset() {
      behaviour = wellBehaved;
    },
    requests: (path) => log.filter((request) => path === undefined || request.path === path),
    tokenCalls: (grantType) =>
      log.filter(
        ({ path, form }) =>
          path === '/token' && (grantType === undefined || form.get('grant_type') === grantType),
      ).length,
    reuses: () => reuses,
    canaries: () => [...canaries],
    codeFor,
    async nextRequest(path) {
      const [request] = await once(arrivals, path);
      return request;
    },
    endSessions() {
      refreshTokens.clear();
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function refusal(error: string, description?: string): Answer {
  return jsonAnswer({ error, error_description: description }, 400);
}

/** RFC 6749 §2.3.1: id and secret are form-encoded before Base64. */
function clientIsRight(
  { headers, form }: ReceivedRequest,
  clientId: string,
  clientSecret: string | undefined,
): boolean {
  if (clientSecret === undefined) {
    return headers.authorization === undefined && form.get('client_id') === clientId;
  }
  const basic = /^Basic (\S+)$/.exec(headers.authorization ?? '')?.[1];
  if (basic === undefined) {
    return form.get('client_id') === clientId && form.get('client_secret') === clientSecret;
  }
  const [id = '', secret = ''] = Buffer.from(basic, 'base64').toString('latin1').split(':');
  const decode = (text: string): string => decodeURIComponent(text.replaceAll('+', ' '));
  return decode(id) === clientId && decode(secret) === clientSecret;
}

async function readText(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, answer: Answer): void {
  const { status = 200, headers = {}, body = '', cut } = answer;
  switch (cut) {
    case 'before':
      response.destroy();
      return;
    case 'in-headers':
      response.socket?.end('HTTP/1.1 200 OK\r\ncontent-type: appli');
      return;
    case 'in-body': {
      const half = body.slice(0, Math.ceil(body.length / 2));
      response.writeHead(status, { ...headers, 'content-length': String(body.length + 1) });
      response.write(half, () => response.destroy());
      return;
    }
    case 'after-body':
      response.writeHead(status, headers);
      response.write(body, () => response.destroy());
      return;
    case undefined:
      response.writeHead(status, headers).end(body);
  }
}
