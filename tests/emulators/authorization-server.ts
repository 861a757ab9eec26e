/**
 * A real authorization server on 127.0.0.1 (oidc-provider) with login and consent pages, rotating
 * refresh tokens and a protected endpoint, which tells tests what it was asked and what it issued.
 *
 * Its login page takes any login and password; the login is the account.
 */
import { randomBytes, generateKeyPair } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import type { ClientMetadata, Provider } from 'oidc-provider';
import { defaultClients, type DefaultClients } from './authorization-server-clients.ts';
import { createProvider } from './authorization-server-provider.ts';

export interface AuthorizationServerOptions {
  /** Life of access tokens. Default 60. */
  readonly accessTokenSeconds?: number;
  /** False: a refresh keeps its refresh token. Default true, for every kind of client. */
  readonly rotateRefreshTokens?: boolean;
  /** In addition to the default ones. */
  readonly clients?: readonly ClientMetadata[];
  /** Default: a free one. */
  readonly port?: number;
}

export interface LoggedRequest {
  readonly method: string;
  /** Without the query, which may hold a code. */
  readonly path: string;
  readonly atMs: number;
}

export interface TokenRequestCount {
  readonly succeeded: number;
  readonly failed: number;
}

export interface AuthorizationServer {
  readonly issuer: string;
  /** The endpoint that wants an access token: 200 with {subject, clientId, expiresAtMs}, or 401. */
  readonly protectedUrl: string;
  readonly clients: DefaultClients;
  /** Every request so far, oldest first. */
  requests(): readonly LoggedRequest[];
  /** Token requests so far of one grant type, e.g. `refresh_token`. */
  tokenRequests(grantType: string): TokenRequestCount;
  refreshTokensIssued(): number;
  /** Grants that ended by revocation, or by the reuse of a refresh token that was rotated. */
  revocations(): number;
  /** Every code, access, refresh and ID token issued so far: none may turn up where it should not. */
  canaries(): readonly string[];
  /** Makes all refresh tokens invalid, as when an administrator ends the sessions. */
  endSessions(): Promise<void>;
  stop(): Promise<void>;
}

export async function startAuthorizationServer(
  options: AuthorizationServerOptions = {},
): Promise<AuthorizationServer> {
  const clients = defaultClients(await unusedPort());
  const server = createServer();
  // See the hostile server
  server.keepAliveTimeout = 0;
  const port = await listen(server, options.port ?? 0);
  const issuer = `http://127.0.0.1:${port}`;
  const provider = await createProvider(issuer, await configure(options, clients));
  allowClaimedLocalhost(provider);
  dropRemoteFonts(provider);
  const record = observe(provider);

  const handle = provider.callback();
  const requests: LoggedRequest[] = [];
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { pathname } = new URL(request.url ?? '/', issuer);
    requests.push({ method: request.method ?? '', path: pathname, atMs: Date.now() });
    if (pathname === '/protected') void serveProtected(provider, request, response);
    else void handle(request, response);
  });

  return {
    issuer,
    protectedUrl: `${issuer}/protected`,
    clients,
    requests: () => [...requests],
    tokenRequests: (grantType) => record.counts.get(grantType) ?? { succeeded: 0, failed: 0 },
    refreshTokensIssued: () => record.refreshTokens.size,
    revocations: () => record.revocations,
    canaries: () => [...record.canaries],
    endSessions: async () => {
      for (const value of record.refreshTokens) {
        await (await provider.RefreshToken.find(value))?.destroy();
      }
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function configure(
  options: AuthorizationServerOptions,
  clients: DefaultClients,
): Promise<Readonly<Record<string, unknown>>> {
  const { accessTokenSeconds = 60, rotateRefreshTokens = true } = options;
  const dayInSeconds = 24 * 60 * 60;
  return {
    clients: [...Object.values(clients), ...(options.clients ?? [])],
    jwks: { keys: [await signingKey()] },
    clockTolerance: 0,
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    // E-mail and name in the ID token too, as most vendors do.
    conformIdTokenClaims: false,
    findAccount: (_context: unknown, login: string) => ({
      accountId: login,
      claims: () => ({
        sub: login,
        name: login,
        email: login.includes('@') ? login : `${login}@example.test`,
        email_verified: true,
      }),
    }),
    features: {
      devInteractions: { enabled: true },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: isOwnToken },
      revocation: { enabled: true, allowedPolicy: isOwnToken },
      rpInitiatedLogout: { enabled: false },
    },
    pkce: { required: () => true },
    // Without this rule refresh tokens need offline_access, and that needs prompt=consent.
    issueRefreshToken: (
      _context: unknown,
      client: { readonly grantTypeAllowed: (grantType: string) => boolean },
    ) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: () => rotateRefreshTokens,
    // The session lives in the cookies of a login window that is soon gone.
    expiresWithSession: () => false,
    clientBasedCORS: () => false,
    ttl: {
      AccessToken: accessTokenSeconds,
      ClientCredentials: accessTokenSeconds,
      AuthorizationCode: 60,
      IdToken: accessTokenSeconds,
      Interaction: 600,
      RefreshToken: 14 * dayInSeconds,
      Session: dayInSeconds,
      Grant: 14 * dayInSeconds,
    },
    renderError: (context: { type: string; body: unknown }, answer: { readonly error: string }) => {
      context.type = 'html';
      context.body = `<!doctype html><title>Error</title><h1>${answer.error}</h1>`;
    },
  };
}

function isOwnToken(
  _context: unknown,
  client: { readonly clientId: string },
  token: { readonly clientId: string },
): boolean {
  return token.clientId === client.clientId;
}

async function signingKey(): Promise<object> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'test-key' };
}

/**
 * Vendors do register `https://localhost/…` for desktop apps; oidc-provider's check of native
 * clients refuses it. Overriding `invalidate` is the way its documentation shows for such checks:
 * https://github.com/panva/node-oidc-provider/blob/main/recipes/implicit_http_localhost.md
 */
function allowClaimedLocalhost(provider: Provider): void {
  const schema = provider.Client.Schema.prototype;
  const { invalidate } = schema;
  schema.invalidate = function (message, code) {
    if (!message.includes('claimed HTTPS URIs')) invalidate.call(this, message, code);
  };
}

/** The development pages import a font from the web: no test may depend on that. */
function dropRemoteFonts(provider: Provider): void {
  provider.use(async (context, next) => {
    await next();
    if (typeof context.body !== 'string') return;
    context.body = context.body.replaceAll(/@import url\([^)]*\);?/g, '');
  });
}

interface ServerRecord {
  readonly canaries: ReadonlySet<string>;
  readonly refreshTokens: ReadonlySet<string>;
  readonly counts: ReadonlyMap<string, TokenRequestCount>;
  readonly revocations: number;
}

function observe(provider: Provider): ServerRecord {
  const canaries = new Set<string>();
  const refreshTokens = new Set<string>();
  const counts = new Map<string, TokenRequestCount>();
  const record = { canaries, refreshTokens, counts, revocations: 0 };

  const collect = (answer: Readonly<Record<string, string | undefined>>) => {
    for (const name of ['code', 'access_token', 'refresh_token', 'id_token']) {
      const value = answer[name];
      if (value !== undefined) canaries.add(value);
    }
  };
  const count = (grantType: string | undefined, outcome: 'succeeded' | 'failed') => {
    const key = grantType ?? 'none';
    const before = counts.get(key) ?? { succeeded: 0, failed: 0 };
    counts.set(key, { ...before, [outcome]: before[outcome] + 1 });
  };

  provider.on('authorization.success', (_context, answer) => collect(answer));
  provider.on('grant.success', (context) => {
    collect(context.body as Readonly<Record<string, string | undefined>>);
    count(context.oidc.params?.grant_type, 'succeeded');
  });
  provider.on('grant.error', (context) => count(context.oidc.params?.grant_type, 'failed'));
  provider.on('refresh_token.saved', (token) => refreshTokens.add(token.jti));
  provider.on('grant.revoked', () => {
    record.revocations += 1;
  });
  return record;
}

async function serveProtected(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const value = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const token =
    (await provider.AccessToken.find(value)) ?? (await provider.ClientCredentials.find(value));
  if (token === undefined) {
    response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end();
    return;
  }
  const { accountId, clientId, exp } = token;
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(
    JSON.stringify({ subject: accountId ?? clientId, clientId, expiresAtMs: exp * 1000 }),
  );
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

/** Free a moment ago, and handed out again by the system only after many others. */
async function unusedPort(): Promise<number> {
  const server = createServer();
  const port = await listen(server, 0);
  await new Promise((resolve) => server.close(resolve));
  return port;
}
