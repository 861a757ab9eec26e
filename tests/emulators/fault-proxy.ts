/**
 * Stands before one server and spoils what passes on demand: connections are cut at any stage,
 * answers come late, never, or from somebody else. What passes unspoilt is passed on unchanged.
 */
import { createHash, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { createSecureContext, createServer as createTlsServer } from 'node:tls';
import type { SecureContextOptions, Server as TlsServer } from 'node:tls';
import { generate } from 'selfsigned';
import { Changes } from '../harness/waiting.ts';

/** How far an exchange gets before its connection is cut. From `answer` on, the server has done its part. */
export type CutAt =
  /** When the connection is made, before anything is sent. */
  | 'connect'
  /** When a part of the request has come. */
  | 'request'
  /** The request has been passed on; not one byte of the answer comes. */
  | 'answer'
  | 'headers'
  | 'body'
  /** All of the body has come, but not the end of the connection that would end it. */
  | 'end';

export type Fault =
  | { readonly kind: 'none' }
  /** Nobody listens. */
  | { readonly kind: 'refuse' }
  | { readonly kind: 'cut'; readonly at: CutAt; readonly afterMs?: number }
  /** The request is passed on, and its answer kept back until the caller goes. */
  | { readonly kind: 'hold' }
  /** The answer comes after a while, in small pieces. */
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** Somebody else answers; the request is not passed on. */
  | { readonly kind: 'answer'; readonly answer: RawAnswer }
  /** With TLS only: a certificate that nobody trusts. */
  | { readonly kind: 'bad-certificate' };

export interface RawAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** One connection or, where several requests come by one, one request. Instants in epoch milliseconds. */
export interface Exchange {
  readonly fault: Fault['kind'];
  readonly startedAtMs: number;
  /** Fields of the request's form; undefined while it has not come whole. */
  form: URLSearchParams | undefined;
  /** The whole answer was handed to the network. */
  answeredAtMs: number | undefined;
  /** It was answered, cut, or the caller has gone. */
  endedAtMs: number | undefined;
}

export interface FaultProxyOptions {
  /** Where what passes goes, e.g. `http://127.0.0.1:4711`. */
  readonly upstream: string;
  /** Loopback address to listen at; default 127.0.0.1. */
  readonly address?: string;
  /** Speaks TLS, with a key that the app is to be told to trust: `trustedKeyHash`. Default false. */
  readonly tls?: boolean;
  /** Connections stay open for more requests. Default false. */
  readonly keepAlive?: boolean;
}

export interface FaultProxy {
  readonly address: string;
  readonly port: number;
  /** With TLS: the SHA-256 of its key, for Electron's `--ignore-certificate-errors-spki-list`. */
  readonly trustedKeyHash: string | undefined;
  /** What happens to exchanges that begin from now on. */
  setFault(fault: Fault): Promise<void>;
  /** Every exchange so far, oldest first. */
  readonly exchanges: readonly Exchange[];
  /** Most requests under way at the same time, ever. */
  readonly mostAtOnce: () => number;
  /** Looks again after each exchange and answer. */
  waitFor<Value>(
    what: string,
    timeLimitMs: number,
    check: () => Value | null | undefined | false,
  ): Promise<Value>;
  stop(): Promise<void>;
}

export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const { upstream, address = '127.0.0.1', tls = false, keepAlive = false } = options;
  const exchanges: Exchange[] = [];
  const sockets = new Set<Socket>();
  const changes = new Changes();
  const trusted = tls ? await selfSigned() : undefined;
  const untrusted = tls ? await selfSigned() : undefined;
  let fault: Fault = { kind: 'none' };
  let mostAtOnce = 0;

  const begin = (): Exchange => {
    const exchange: Exchange = {
      fault: fault.kind,
      startedAtMs: Date.now(),
      form: undefined,
      answeredAtMs: undefined,
      endedAtMs: undefined,
    };
    exchanges.push(exchange);
    changes.notify();
    return exchange;
  };
  const end = (exchange: Exchange): void => {
    exchange.endedAtMs ??= Date.now();
    changes.notify();
  };

  const serve = async (socket: Socket, request: RawRequest, exchange: Exchange): Promise<void> => {
    const present = fault;
    exchange.form = new URLSearchParams(request.body.toString('utf8'));
    const underWay = exchanges.filter((each) => each.form && each.endedAtMs === undefined);
    mostAtOnce = Math.max(mostAtOnce, underWay.length);
    changes.notify();
    if (present.kind === 'answer') {
      const { status, headers = {}, body = '' } = present.answer;
      await write(socket, answerBytes({ status, headers, body: Buffer.from(body), keepAlive }));
      exchange.answeredAtMs = Date.now();
      return;
    }
    const response = await fetch(new URL(request.path, upstream), {
      method: request.method,
      headers: { 'content-type': request.contentType },
      body: request.body,
    });
    const parts = {
      status: response.status,
      headers: { 'content-type': response.headers.get('content-type') ?? 'text/plain' },
      body: Buffer.from(await response.arrayBuffer()),
      keepAlive,
    };
    switch (present.kind) {
      case 'hold':
        return new Promise((resolve) => socket.once('close', resolve));
      case 'cut': {
        await pause(present.afterMs ?? 0);
        await write(socket, cutAnswer(parts, present.at));
        // Lets it arrive: a reset makes the receiver forget what it has not read yet
        await pause(20);
        cut(socket);
        return;
      }
      case 'slow':
        await pause(present.delayMs);
        for (const piece of piecesOf(answerBytes(parts), 16)) {
          await pause(present.delayMs / 16);
          await write(socket, piece);
        }
        break;
      default:
        await write(socket, answerBytes(parts));
    }
    exchange.answeredAtMs = Date.now();
  };

  const attend = (socket: Socket): void => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    const present = fault;
    let exchange: Exchange | undefined = begin();
    socket.once('close', () => {
      sockets.delete(socket);
      if (exchange !== undefined) end(exchange);
    });
    if (present.kind === 'cut' && present.at === 'connect') {
      cut(socket);
      return;
    }
    let received = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const current = (exchange ??= begin());
      if (fault.kind === 'cut' && fault.at === 'request') {
        cut(socket);
        return;
      }
      const request = readRequest(received);
      if (request === undefined) return;
      received = Buffer.alloc(0);
      serve(socket, request, current)
        .catch(() => socket.destroy())
        .finally(() => {
          end(current);
          if (exchange === current) exchange = undefined;
          if (!keepAlive) socket.end();
        });
    });
  };

  const server = tls
    ? createTlsServer({ ...trusted }, attend)
    : createTcpServer({ allowHalfOpen: false }, attend);
  server.on('tlsClientError', () => undefined);
  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, address, () => {
        server.off('error', reject);
        resolve();
      });
    });
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;

  return {
    address,
    port,
    trustedKeyHash: trusted === undefined ? undefined : keyHash(trusted.cert),
    async setFault(next) {
      if (next.kind === 'bad-certificate' && untrusted === undefined) {
        throw new Error('a bad certificate needs a proxy with TLS');
      }
      if (tls) {
        const context = next.kind === 'bad-certificate' ? untrusted : trusted;
        (server as TlsServer).setSecureContext({ ...context });
      }
      const wasListening = fault.kind !== 'refuse';
      fault = next;
      if (next.kind === 'refuse' && wasListening) await close();
      if (next.kind !== 'refuse' && !wasListening) await listen(port);
    },
    exchanges,
    mostAtOnce: () => mostAtOnce,
    waitFor: (what, timeLimitMs, check) => changes.waitFor(what, timeLimitMs, check),
    stop: close,
  };
}

interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly contentType: string;
  readonly body: Buffer<ArrayBuffer>;
}

/** @returns Undefined while it has not come whole. */
function readRequest(received: Buffer<ArrayBuffer>): RawRequest | undefined {
  const headEnd = received.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const head = received.subarray(0, headEnd).toString('latin1');
  const header = (name: string): string | undefined =>
    new RegExp(`^${name}: *(.*)$`, 'im').exec(head)?.[1]?.trim();
  const body = received.subarray(headEnd + 4);
  if (body.length < Number(header('content-length') ?? 0)) return undefined;
  const [method = '', path = ''] = head.split(' ');
  return { method, path, contentType: header('content-type') ?? '', body };
}

interface AnswerParts {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly keepAlive: boolean;
}

function headOf({ status, headers, keepAlive }: AnswerParts, lengthBytes?: number): Buffer {
  const lines = Object.entries({
    date: new Date().toUTCString(),
    connection: keepAlive ? 'keep-alive' : 'close',
    ...(lengthBytes === undefined ? {} : { 'content-length': String(lengthBytes) }),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`HTTP/1.1 ${String(status)} Answer\r\n${lines.join('')}\r\n`);
}

function answerBytes(parts: AnswerParts): Buffer {
  return Buffer.concat([headOf(parts, parts.body.length), parts.body]);
}

/** What of the answer is sent before the cut. */
function cutAnswer(parts: AnswerParts, at: CutAt): Buffer {
  switch (at) {
    case 'connect':
    case 'request':
    case 'answer':
      return Buffer.alloc(0);
    case 'headers': {
      const head = headOf(parts, parts.body.length);
      return head.subarray(0, Math.ceil(head.length / 2));
    }
    case 'body': {
      const half = parts.body.subarray(0, Math.ceil(parts.body.length / 2));
      return Buffer.concat([headOf(parts, parts.body.length), half]);
    }
    case 'end':
      // Without a length the end of the connection is the end of the body (RFC 9112 §6.3)
      return Buffer.concat([headOf({ ...parts, keepAlive: false }), parts.body]);
  }
}

function piecesOf(bytes: Buffer, count: number): readonly Buffer[] {
  const size = Math.ceil(bytes.length / count);
  return Array.from({ length: count }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
}

/** A reset, as when a router forgets the connection; with TLS merely an end without a farewell. */
function cut(socket: Socket): void {
  // Node has no reset for TLS
  if ('encrypted' in socket) socket.destroy();
  else socket.resetAndDestroy();
}

function write(socket: Socket, bytes: Buffer): Promise<void> {
  if (bytes.length === 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    socket.write(bytes, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

type Certificate = Required<Pick<SecureContextOptions, 'key'>> & { readonly cert: string };

async function selfSigned(): Promise<Certificate> {
  const keyPair = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const { cert } = await generate([{ name: 'commonName', value: 'faults.invalid' }], {
    keyPair,
    keyType: 'ec',
    algorithm: 'sha256',
  });
  // Fails here, and not at the first connection, when the two do not belong together
  createSecureContext({ key: keyPair.privateKey, cert });
  return { key: keyPair.privateKey, cert };
}

/** Base64 of the SHA-256 of the SubjectPublicKeyInfo, as Chromium's switch wants it. */
function keyHash(certificate: string): string {
  const key = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(key).digest('base64');
}
