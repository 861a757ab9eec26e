/** Where the system browser brings the answer: a web server on this computer alone, open only during one attempt (RFC 8252 §7.3). */
import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { failure, success } from '../../core/errors.ts';
import type { Result } from '../../core/errors.ts';
import { isAtRedirectUri, isRedirect } from '../../core/oauth/callback.ts';
import type { Clock } from '../../core/ports.ts';
import { answerPage, PAGE_HEADERS } from './answer-page.ts';

/** Codes and tokens of 64 KiB, and the browser's own headers beside them. */
const LONGEST_HEAD_BYTES = 96 * 1024;

const LONGEST_FRAGMENT_BYTES = 64 * 1024;

/** Who has not said in this time what it wants, on a way that never leaves this computer, is no browser. */
const REQUEST_LIMIT_MS = 5000;

/** One more, and the oldest has to go: the answer, which comes last, always gets in. */
const MOST_CONNECTIONS = 64;

/** For what is still being sent when the attempt ends. */
const FAREWELL_MS = 500;

/** A port that is free on 127.0.0.1 may be taken on ::1. */
const MOST_TRIES = 20;

export interface LoopbackServer {
  /** The registered one, byte for byte, with the port where it had none. */
  readonly redirectUri: string;
  /** No more connections from now on; the last one is gone within 500 ms. */
  readonly close: () => void;
}

export interface LoopbackOptions {
  /** As registered: `http` to `127.0.0.1`, `[::1]` or `localhost`, with a port or without. */
  readonly redirectUri: string;
  /** Whether an answer belongs to this attempt. One that does not changes nothing. */
  readonly isOurs: (answer: URL) => boolean;
  /** Called once, when the browser has its page. */
  readonly onAnswer: (answer: URL) => void;
  readonly clock: Clock;
}

/**
 * Listens at the redirect URI; one without a port gets a free one. `localhost` is listened for at both of its addresses,
 * so that nobody else can be there (RFC 8252 §8.3).
 * @returns `redirect-not-loopback` for any other URI; `port-taken` with the port.
 */
export async function openLoopbackServer(
  options: LoopbackOptions,
): Promise<Result<LoopbackServer>> {
  const parts = partsOf(options.redirectUri);
  if (parts === undefined) return failure('redirect-not-loopback');
  const opened = await listen(parts);
  if (!opened.ok) return opened;
  const { servers, port } = opened.value;
  const redirectUri = `${parts.start}:${parts.port ?? String(port)}${parts.rest}`;
  const answering = createAnswering({ ...options, redirectUri });
  const sockets = new Set<Socket>();
  for (const server of servers) {
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      const [oldest] = sockets;
      if (sockets.size > MOST_CONNECTIONS) oldest?.destroy();
    });
    server.on('request', answering);
  }
  return success({
    redirectUri,
    close() {
      for (const server of servers) server.close();
      options.clock.setTimer(FAREWELL_MS, () => {
        for (const socket of sockets) socket.destroy();
      });
    },
  });
}

interface LoopbackParts {
  /** Scheme and host. */
  readonly start: string;
  /** As it is written; undefined: any. */
  readonly port: string | undefined;
  /** Path and query. */
  readonly rest: string;
  readonly addresses: readonly string[];
}

const LOOPBACK_URI =
  /^(http:\/\/(127\.0\.0\.1|\[::1\]|localhost))(?::(\d{1,5}))?((?:[/?][^\s#]*)?)$/i;

const ADDRESSES: Readonly<Record<string, readonly string[]>> = {
  '127.0.0.1': ['127.0.0.1'],
  '[::1]': ['::1'],
  localhost: ['127.0.0.1', '::1'],
};

function partsOf(redirectUri: string): LoopbackParts | undefined {
  const [, start, host, port, rest] = LOOPBACK_URI.exec(redirectUri) ?? [];
  const addresses = host === undefined ? undefined : ADDRESSES[host.toLowerCase()];
  if (start === undefined || rest === undefined || addresses === undefined) return undefined;
  if (!URL.canParse(redirectUri) || Number(port) === 0) return undefined;
  return { start, port, rest, addresses };
}

interface Listening {
  readonly servers: readonly Server[];
  readonly port: number;
}

async function listen({ addresses, port }: LoopbackParts): Promise<Result<Listening>> {
  // Loaded when it is first needed: it would take 3 ms of every start
  const { createServer } = await import('node:http');
  for (let tries = 1; ; tries += 1) {
    const servers: Server[] = [];
    let chosen = Number(port ?? 0);
    try {
      for (const address of addresses) {
        const server = createServer({
          maxHeaderSize: LONGEST_HEAD_BYTES,
          requestTimeout: REQUEST_LIMIT_MS,
          connectionsCheckingInterval: 1000,
        });
        const isListening = once(server, 'listening');
        server.listen({ host: address, port: chosen, exclusive: true });
        try {
          await isListening;
        } catch (cause) {
          // Where there is no IPv6 at all, nobody else listens there either
          if (servers.length > 0 && isWithoutAddress(cause)) continue;
          throw cause;
        }
        servers.push(server);
        chosen = (server.address() as AddressInfo).port;
      }
      return success({ servers, port: chosen });
    } catch (cause) {
      for (const server of servers) server.close();
      if (port !== undefined) return failure('port-taken', { subject: port, cause });
      if (tries === MOST_TRIES || isWithoutAddress(cause)) return failure('internal', { cause });
    }
  }
}

function isWithoutAddress(cause: unknown): boolean {
  const { code } = cause as NodeJS.ErrnoException;
  return code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT';
}

type Answering = (request: IncomingMessage, response: ServerResponse) => void;

/** Judges by method, host, path and state; whatever fails in one of them leaves the attempt as it was. */
function createAnswering({ redirectUri, isOurs, onAnswer }: LoopbackOptions): Answering {
  const { host, origin, pathname } = new URL(redirectUri);
  let isTaken = false;

  const judge = (answer: string, response: ServerResponse): 'taken' | 'ignored' => {
    const url = new URL(answer);
    if (isTaken || !isRedirect(answer, redirectUri) || !isOurs(url)) return 'ignored';
    isTaken = true;
    response.once('close', () => {
      onAnswer(url);
    });
    return 'taken';
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // Another name for this computer is how a web page would get in (DNS rebinding)
    if (request.headers.host !== host) return refuse(response, 421);
    const target = request.url ?? '';
    const address = origin + target;
    if (target.split('?')[0] !== pathname || !isAtRedirectUri(address, redirectUri)) {
      return refuse(response, 404);
    }
    if (request.method === 'GET') {
      if (!isRedirect(address, redirectUri)) return show(response, 200, 'awaited');
      const judgement = judge(address, response);
      return show(response, judgement === 'taken' ? 200 : 400, judgement);
    }
    // Only the script of the page above can send this; a form of another page names its own origin
    if (request.method === 'POST' && request.headers.origin === origin) {
      const fragment = await readFragment(request);
      const judgement = fragment === undefined ? 'ignored' : judge(address + fragment, response);
      return refuse(response, judgement === 'taken' ? 204 : 400);
    }
    response.setHeader('Allow', 'GET');
    refuse(response, 405);
  };

  return (request, response) => {
    response.shouldKeepAlive = false;
    answer(request, response).catch(() => {
      response.destroy();
    });
  };
}

/** @returns Undefined when it is too long. */
async function readFragment(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > LONGEST_FRAGMENT_BYTES) return undefined;
  }
  return Buffer.concat(chunks).toString('utf8');
}

function show(
  response: ServerResponse,
  status: number,
  state: 'taken' | 'ignored' | 'awaited',
): void {
  response.writeHead(status, PAGE_HEADERS).end(answerPage(state));
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'Cache-Control': 'no-store' }).end();
}
