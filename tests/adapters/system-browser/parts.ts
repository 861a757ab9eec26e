/** What the tests of the system browser share: an attempt whose browser is the test, raw requests, and who listens. */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { createBrowserSignIn } from '../../../src-main/adapters/system-browser/browser-sign-in.ts';
import { createSystemClock } from '../../../src-main/adapters/clock.system.ts';
import { success } from '../../../src-main/core/errors.ts';
import type {
  AuthorizationOutcome,
  AuthorizationRequest,
  Clock,
  PageFacts,
} from '../../../src-main/core/ports.ts';

export const STATE = 'the-state-of-this-attempt';
export const CODE = 'CANARY-code-of-this-attempt';

export interface Attempt {
  readonly outcome: Promise<AuthorizationOutcome>;
  /** Resolves with what the browser was handed. */
  readonly opened: Promise<string>;
  /** Everything the browser was handed. */
  readonly addresses: readonly string[];
  readonly pages: readonly PageFacts[];
  /** As `begin` was told. */
  readonly redirectUri: () => string;
  /** Resolves when `begin` has been called. */
  readonly begun: Promise<string>;
  readonly isOver: () => boolean;
  readonly abort: () => void;
  readonly show: () => void;
}

export interface AttemptWishes {
  readonly redirectUri: string | null;
  readonly url?: string;
  readonly clock?: Clock;
  /** What the system does with an address; default: opens it. */
  readonly open?: () => Promise<void>;
  readonly begin?: AuthorizationRequest['begin'];
  /** Whether the attempt is cancelled before the adapter hears of it. */
  readonly isCancelled?: boolean;
}

/** An answer is this attempt's when its state is, in query or fragment. */
export function startAttempt(wishes: AttemptWishes): Attempt {
  const {
    redirectUri,
    url = 'https://login.example.com/authorize',
    clock = createSystemClock(),
    open = () => Promise.resolve(),
  } = wishes;
  const opened = promised<string>();
  const begun = promised<string>();
  const addresses: string[] = [];
  const pages: PageFacts[] = [];
  let told = '';
  let isOver = false;
  const { userAgent } = createBrowserSignIn({
    clock,
    open: (address) => {
      addresses.push(address);
      opened.resolve(address);
      return open();
    },
  });
  const controller = new AbortController();
  if (wishes.isCancelled === true) controller.abort();
  const outcome = userAgent.authorize({
    tenantId: 'acme',
    tenantName: 'Acme',
    redirectUri,
    begin: (uri) => {
      told = uri;
      begun.resolve(uri);
      return (
        wishes.begin?.(uri) ??
        Promise.resolve(
          success({
            url: new URL(url),
            isPosted: false,
            isOurs: ({ searchParams, hash }) =>
              searchParams.get('state') === STATE ||
              new URLSearchParams(hash.slice(1)).get('state') === STATE,
          }),
        )
      );
    },
    onPage: (page) => pages.push(page),
    signal: controller.signal,
  });
  void outcome.then(() => {
    isOver = true;
  });
  return {
    outcome,
    opened: opened.promise,
    addresses,
    pages,
    redirectUri: () => told,
    begun: begun.promise,
    isOver: () => isOver,
    abort: () => {
      controller.abort();
    },
    show: () => {
      userAgent.show('acme');
    },
  };
}

function promised<Value>(): {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
} {
  let resolve: (value: Value) => void = () => undefined;
  const promise = new Promise<Value>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** The answer that ends the attempt. */
export function goodAnswer(redirectUri: string, code = CODE): string {
  return `${redirectUri}${redirectUri.includes('?') ? '&' : '?'}code=${code}&state=${STATE}`;
}

export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Sends these very bytes and reads until the other side closes. */
export function send(redirectUri: string, bytes: string): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connectTo(redirectUri);
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      const [head = '', ...body] = text.split('\r\n\r\n');
      resolve({
        status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]),
        head,
        body: body.join('\r\n\r\n'),
      });
    });
    socket.write(bytes);
  });
}

export function connectTo(redirectUri: string): Socket {
  const { hostname, port } = new URL(redirectUri);
  return connect({ host: hostname.replace(/[[\]]/g, ''), port: Number(port) });
}

/** A request as a browser sends it, with whatever is to be different. */
export function get(
  address: string,
  change: { method?: string; host?: string; headers?: string; body?: string; target?: string } = {},
): Promise<RawAnswer> {
  const { host, pathname, search } = new URL(address);
  const { body = '', headers = '' } = change;
  return send(
    address,
    `${change.method ?? 'GET'} ${change.target ?? pathname + search} HTTP/1.1\r\n` +
      `Host: ${change.host ?? host}\r\n${headers}` +
      (body === '' ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`) +
      `\r\n${body}`,
  );
}

/** `address:port` of every TCP socket of this process that listens, or `port` of each that is connected on its own side. */
export function ownSockets(state: 'listening' | 'open'): readonly string[] {
  const inodes = new Set(
    readdirSync('/proc/self/fd').flatMap((name) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${name}`))?.[1] ?? [];
      } catch {
        return [];
      }
    }),
  );
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/self/net/${table}`, 'utf8')
      .split('\n')
      .slice(1)
      .flatMap((line) => {
        const [, local = '', , status = '', , , , , , inode = ''] = line.trim().split(/\s+/);
        const isListening = status === '0A';
        if (!inodes.has(inode) || isListening !== (state === 'listening')) return [];
        const [address = '', port = ''] = local.split(':');
        return [`${ADDRESSES[address] ?? address}:${String(parseInt(port, 16))}`];
      }),
  );
}

/** As the kernel writes them, in its own byte order. */
const ADDRESSES: Readonly<Record<string, string>> = {
  '0100007F': '127.0.0.1',
  '00000000000000000000000001000000': '[::1]',
};
