/**
 * A token endpoint that rotates refresh tokens and writes down when it has received, committed and
 * answered each one: the provider's side of the proof that no sign-in is lost. Nobody signs in here,
 * sign-ins are handed out by `signIn`.
 */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Changes } from '../harness/waiting.ts';

export interface RotatingServerOptions {
  /**
   * For so long after its first use a refresh token may be used again, as Auth0 and Okta allow.
   * With 0 a second use ends the sign-in at once, as RFC 9700 §4.14.2 advises.
   */
  readonly leewayMs: number;
  /** Life of access tokens. */
  readonly expiresInSeconds: number;
  /** How long an answer is held back after the commit; asked for each request. Default: not at all. */
  readonly answerDelayMs?: () => number;
  /** Loopback addresses, each a host of its own for the app. Default 127.0.0.1. */
  readonly addresses?: readonly string[];
}

/** One use of a refresh token; instants in epoch milliseconds of this computer. */
export interface RefreshUse {
  readonly clientId: string;
  readonly refreshToken: string;
  /** From now on the token counts as used: the request has been read and is decided at once. */
  readonly committedAtMs: number;
  /** `forgiven`: a second use within the leeway. */
  readonly outcome: 'rotated' | 'forgiven' | 'refused';
  /** The refresh token in the answer; undefined where it was refused. */
  readonly issued: string | undefined;
  /** The access token in the answer; undefined where it was refused. */
  readonly accessToken: string | undefined;
  /** The last byte was handed to the network; undefined while it was not. */
  answeredAtMs: number | undefined;
  /** The connection has gone, or the answer is out. */
  endedAtMs: number | undefined;
}

/** `current`: not used yet; `used`: replaced by another; `ended`: its sign-in is over. */
export type Standing = 'current' | 'used' | 'ended' | 'unknown';

export interface SignIn {
  readonly accessToken: string;
  readonly refreshToken: string;
}

export interface RotatingServer {
  /** One for each address, as `http://127.0.0.2:4711`; any path takes refresh requests. */
  readonly origins: readonly string[];
  /** Begins a sign-in of this client; those before go on. */
  signIn(clientId: string): SignIn;
  /** Every use so far, oldest first. */
  readonly uses: readonly RefreshUse[];
  standing(refreshToken: string): Standing;
  /** Most uses of one client at the same time, ever. */
  readonly mostAtOnce: () => number;
  /** The first answer of `check` that says something, looked for again after each request and answer. */
  waitFor<Value>(
    what: string,
    timeLimitMs: number,
    check: () => Value | null | undefined | false,
  ): Promise<Value>;
  stop(): Promise<void>;
}

interface Family {
  ended: boolean;
}

interface KnownToken {
  readonly family: Family;
  readonly clientId: string;
  usedAtMs: number | undefined;
}

export async function startRotatingServer(options: RotatingServerOptions): Promise<RotatingServer> {
  const { leewayMs, expiresInSeconds, answerDelayMs, addresses = ['127.0.0.1'] } = options;
  const known = new Map<string, KnownToken>();
  const uses: RefreshUse[] = [];
  const changes = new Changes();
  let mostAtOnce = 0;

  const issue = (clientId: string, family: Family): SignIn => {
    const refreshToken = `refresh-${randomBytes(24).toString('base64url')}`;
    known.set(refreshToken, { family, clientId, usedAtMs: undefined });
    return { accessToken: `access-${randomBytes(24).toString('base64url')}`, refreshToken };
  };

  /** Uses the token up, and says what comes of it. */
  const decide = (clientId: string, refreshToken: string, nowMs: number): RefreshUse['outcome'] => {
    const token = known.get(refreshToken);
    if (token === undefined || token.family.ended || token.clientId !== clientId) return 'refused';
    if (token.usedAtMs === undefined) {
      token.usedAtMs = nowMs;
      return 'rotated';
    }
    if (nowMs - token.usedAtMs <= leewayMs) return 'forgiven';
    token.family.ended = true;
    return 'refused';
  };

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const form = new URLSearchParams(await text(incoming));
    const clientId = form.get('client_id') ?? '';
    const refreshToken = form.get('refresh_token') ?? '';
    const committedAtMs = Date.now();
    const outcome = decide(clientId, refreshToken, committedAtMs);
    const family = known.get(refreshToken)?.family;
    const tokens =
      outcome === 'refused' || family === undefined ? undefined : issue(clientId, family);
    const use: RefreshUse = {
      clientId,
      refreshToken,
      committedAtMs,
      outcome,
      issued: tokens?.refreshToken,
      accessToken: tokens?.accessToken,
      answeredAtMs: undefined,
      endedAtMs: undefined,
    };
    uses.push(use);
    const same = uses.filter((each) => each.clientId === clientId && each.endedAtMs === undefined);
    mostAtOnce = Math.max(mostAtOnce, same.length);
    response.once('finish', () => {
      use.answeredAtMs = Date.now();
    });
    response.once('close', () => {
      use.endedAtMs = Date.now();
      changes.notify();
    });
    changes.notify();
    const send = () => {
      answer(response, tokens, expiresInSeconds);
    };
    const delayMs = answerDelayMs?.() ?? 0;
    if (delayMs === 0) send();
    else setTimeout(send, delayMs);
  };

  const servers = await Promise.all(addresses.map((address) => listen(address, handle)));
  return {
    origins: servers.map(({ origin }) => origin),
    signIn: (clientId) => issue(clientId, { ended: false }),
    uses,
    standing(refreshToken) {
      const token = known.get(refreshToken);
      if (token === undefined) return 'unknown';
      if (token.family.ended) return 'ended';
      return token.usedAtMs === undefined ? 'current' : 'used';
    },
    mostAtOnce: () => mostAtOnce,
    waitFor: (what, timeLimitMs, check) => changes.waitFor(what, timeLimitMs, check),
    async stop() {
      await Promise.all(servers.map(({ stop }) => stop()));
    },
  };
}

async function listen(
  address: string,
  handle: (incoming: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<{ readonly origin: string; readonly stop: () => Promise<void> }> {
  const server: Server = createServer((incoming, response) => {
    // A client that is killed while it sends
    handle(incoming, response).catch(() => response.destroy());
  });
  // See the hostile server
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://${address}:${String(port)}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(response: ServerResponse, tokens: SignIn | undefined, seconds: number): void {
  const [status, members] =
    tokens === undefined
      ? [400, { error: 'invalid_grant' }]
      : [
          200,
          {
            access_token: tokens.accessToken,
            token_type: 'Bearer',
            expires_in: seconds,
            refresh_token: tokens.refreshToken,
          },
        ];
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  response.writeHead(status, headers).end(JSON.stringify(members));
}
