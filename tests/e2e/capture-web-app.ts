/**
 * A web app on loopback whose pages call their own API with a bearer token, and its login page under another name.
 * A script of a test can be put in place of the call.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Changes } from '../harness/waiting.ts';

export interface WebApp {
  readonly origin: string;
  /** On another host; pressing "Continue" there signs in. */
  readonly loginUrl: string;
  /**
   * What the web app's page does instead of its one call. It has `call(url, authorization)`, `frame(attributes)`,
   * `message()`, `worker()` (a service worker), the next TOKEN, and the origins APP, OTHER (another port) and NAMESAKE (another name).
   */
  run(script: string): void;
  /** The token of the page that was served last. */
  lastToken(): string;
  /** Session cookies and tokens that were handed out. */
  canaries(): readonly string[];
  /** Nobody is signed in any more. */
  endSessions(): void;
  /** From now on a request for this path gets no answer until `release`. */
  hold(path: string): { readonly arrived: Promise<void>; release(): void };
  /** Paths so far, with origin and query. */
  requests(): readonly string[];
  /** Calls so far that no test wants to see taken. */
  decoys(): number;
  stop(): Promise<void>;
}

const PAGES = [
  '/',
  '/signed-in',
  '/login',
  '/frame',
  '/frame-with-app',
  '/frame-with-worker',
  '/worker.js',
  '/page',
  '/pop-up',
];

/** A service worker that makes all calls of its pages for them. */
const WORKER = `
  addEventListener('install', () => skipWaiting());
  addEventListener('activate', (event) => event.waitUntil(clients.claim()));
  addEventListener('fetch', (event) => event.respondWith(fetch(event.request)));`;

export async function startWebApp(): Promise<WebApp> {
  const changes = new Changes();
  const requests: string[] = [];
  const canaries: string[] = [];
  const signedIn = new Set<string>();
  const held = new Map<string, Promise<void>>();
  let script: string | undefined;
  let lastToken = '';
  let decoys = 0;
  const fresh = (kind: string): string => {
    const value = `${kind}-${randomBytes(24).toString('base64url')}`;
    canaries.push(value);
    return value;
  };
  const appServer = createServer();
  const otherServer = createServer();
  const ports = await Promise.all(
    [appServer, otherServer].map(async (server) => {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    }),
  );
  const [appPort, otherPort] = ports.map(String);
  const origin = `http://127.0.0.1:${appPort ?? ''}`;
  const other = `http://127.0.0.1:${otherPort ?? ''}`;
  const loginUrl = `http://localhost:${otherPort ?? ''}/login`;

  const page = (
    code: string,
    token = '',
  ): string => `<!doctype html><title>Web app</title><h1>Web app</h1>
    <script type="module">
      const APP = '${origin}', OTHER = '${other}', NAMESAKE = 'http://localhost:${appPort ?? ''}';
      const TOKEN = '${token}';
      const call = (url, authorization) =>
        fetch(url, { headers: authorization ? { authorization } : {} }).catch(() => undefined);
      const message = () =>
        new Promise((resolve) => addEventListener('message', resolve, { once: true }));
      const frame = (attributes) => {
        const done = message();
        const element = document.createElement('iframe');
        for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
        document.body.append(element);
        return done;
      };
      const worker = async () => {
        const there = new Promise((resolve) =>
          navigator.serviceWorker.addEventListener('controllerchange', resolve));
        await navigator.serviceWorker.register('/worker.js');
        await there;
      };
      ${code}
    </script>`;
  const DECOY = `await call(APP + '/api/decoy', 'Bearer decoy');`;
  const done = `parent.postMessage('done', '*');`;

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', `http://${request.headers.host ?? ''}`);
    const send = (body: string, status = 200, headers: Record<string, string> = {}): void => {
      response
        .writeHead(status, {
          'content-type': 'text/html',
          'access-control-allow-origin': '*',
          'access-control-allow-headers': 'authorization',
          ...headers,
        })
        .end(body);
    };
    if (request.method === 'OPTIONS') {
      send('', 204);
      return;
    }
    requests.push(url.href);
    if (!PAGES.includes(url.pathname) && url.pathname !== '/api/me') decoys += 1;
    changes.notify();
    await held.get(url.pathname);
    switch (url.pathname) {
      case '/': {
        const cookie = /\bsid=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1] ?? '';
        if (!signedIn.has(cookie)) send('', 302, { location: loginUrl });
        else {
          lastToken = fresh('token');
          send(page(script ?? `await call('/api/me', 'Bearer ' + TOKEN)`, lastToken));
        }
        return;
      }
      case '/login':
        send(
          `<!doctype html><title>Log in</title><a id="continue" href="${origin}/signed-in">Go</a>`,
        );
        return;
      case '/signed-in': {
        const sid = fresh('cookie');
        signedIn.add(sid);
        send('', 302, {
          location: '/',
          'set-cookie': `sid=${sid}; HttpOnly; Path=/; Max-Age=9999`,
        });
        return;
      }
      case '/worker.js':
        send(WORKER, 200, { 'content-type': 'text/javascript' });
        return;
      case '/frame-with-worker':
        send(page(`await worker(); ${DECOY} ${done}`));
        return;
      case '/frame':
        send(page(`${DECOY} ${done}`));
        return;
      case '/frame-with-app':
        send(page(`await frame({ src: APP + '/frame' }); ${done}`));
        return;
      case '/page':
        send(page(`${DECOY} location.href = APP + '/?second'`));
        return;
      case '/pop-up':
        send(page(`${DECOY} opener.postMessage('done', '*');`));
        return;
      default:
        send('{}', 200, { 'content-type': 'application/json' });
    }
  };
  for (const server of [appServer, otherServer]) {
    server.on('request', (request, response) => void answer(request, response));
  }

  return {
    origin,
    loginUrl,
    run: (code) => {
      script = code;
    },
    lastToken: () => lastToken,
    canaries: () => [...canaries],
    endSessions: () => {
      signedIn.clear();
    },
    hold: (path) => {
      const before = requests.length;
      let release = (): void => undefined;
      held.set(path, new Promise((resolve) => (release = resolve)));
      const isPath = (url: string): boolean => new URL(url).pathname === path;
      return {
        arrived: changes
          .waitFor(`a request for ${path}`, 10_000, () => requests.slice(before).some(isPath))
          .then(() => undefined),
        release: () => {
          held.delete(path);
          release();
        },
      };
    },
    requests: () => [...requests],
    decoys: () => decoys,
    stop: async () => {
      for (const server of [appServer, otherServer]) {
        server.closeAllConnections();
        server.close();
        await once(server, 'close');
      }
    },
  };
}
