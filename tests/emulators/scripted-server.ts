/** A server on 127.0.0.1 that answers as a test says and keeps what it was asked: for interfaces that follow no standard. */
import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { jsonAnswer } from './hostile-server.ts';
import type { Answer } from './hostile-server.ts';

export interface ScriptedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export type Script = (request: ScriptedRequest) => Answer | Promise<Answer>;

export interface ScriptedServer {
  /** Such as `http://127.0.0.1:40001`. */
  readonly origin: string;
  /** How each request is answered from now on; at first with an empty object. */
  answerWith(script: Script): void;
  /** Every request so far, oldest first; of one path, if named. */
  requests(path?: string): readonly ScriptedRequest[];
  nextRequest(path: string): Promise<ScriptedRequest>;
  /** Forgets script and requests. */
  reset(): void;
  stop(): Promise<void>;
}

const EMPTY: Script = () => jsonAnswer({});

export async function startScriptedServer(): Promise<ScriptedServer> {
  const arrivals = new EventEmitter();
  let log: ScriptedRequest[] = [];
  let script = EMPTY;

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(incoming.url ?? '/', 'http://127.0.0.1');
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const request: ScriptedRequest = {
      method: incoming.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: incoming.headers,
      body: Buffer.concat(chunks).toString('utf8'),
    };
    log.push(request);
    arrivals.emit(request.path, request);
    const { status = 200, headers = {}, body = '' } = await script(request);
    response.writeHead(status, headers).end(body);
  };

  const server = createServer((incoming, response) => {
    handle(incoming, response).catch((cause: unknown) => {
      // A script that throws is a mistake of the test: it must not look like a hanging server
      response.writeHead(500, { 'content-type': 'text/plain' }).end(String(cause));
    });
  });
  // See the hostile server
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    answerWith(next) {
      script = next;
    },
    requests: (path) => log.filter((request) => path === undefined || request.path === path),
    async nextRequest(path) {
      const [request] = await once(arrivals, path);
      return request;
    },
    reset() {
      script = EMPTY;
      log = [];
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
