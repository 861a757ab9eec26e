/**
 * A fast token endpoint (RFC 6749 §4.4) on several loopback ports, run by `fork` as a process of its own, so that what
 * it costs is not counted to the app. Told and asked by messages; see `token-service.ts`.
 */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Request =
  | { readonly kind: 'count' }
  /** Begins anew; the first token of each client shall be renewed at any time in a cycle after this instant. */
  | { readonly kind: 'begin'; readonly spreadFromMs: number };

export interface Count {
  /** Answers of a token since the last `begin`. */
  readonly tokens: number;
  /** Different clients among them. */
  readonly clients: number;
}

const LIFE_SECONDS = 5 * 60;

/** The app renews such a token after a half to three quarters of its life. */
const RENEWED_AFTER = 0.625;
const CYCLE_MS = LIFE_SECONDS * 1000 * RENEWED_AFTER;

/** As large as a provider's signed token. */
const TOKEN_BYTES = 900;

const [, , ports = '1'] = process.argv;
let tokens = 0;
let spreadFromMs = 0;
const clients = new Set<string>();

function lifeSeconds(isFirst: boolean): number {
  if (!isFirst) return LIFE_SECONDS;
  const dueMs = spreadFromMs + Math.random() * CYCLE_MS;
  return Math.max(60, Math.round((dueMs - Date.now()) / 1000 / RENEWED_AFTER));
}

function answer(authorization: string, response: ServerResponse): void {
  const isFirst = !clients.has(authorization);
  clients.add(authorization);
  tokens += 1;
  const body = JSON.stringify({
    access_token: randomBytes(TOKEN_BYTES).toString('base64url'),
    token_type: 'Bearer',
    expires_in: lifeSeconds(isFirst),
  });
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(body);
}

async function listen(): Promise<string> {
  const server = createServer((incoming, response) => {
    incoming.resume().once('end', () => {
      answer(incoming.headers.authorization ?? '', response);
    });
  });
  // Kept longer than the pauses between two renewals, as providers do
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${String(port)}/token`;
}

process.on('message', (request: Request) => {
  if (request.kind === 'begin') {
    tokens = 0;
    clients.clear();
    ({ spreadFromMs } = request);
  }
  process.send?.({ tokens, clients: clients.size } satisfies Count);
});
process.once('disconnect', () => process.exit());
process.send?.(await Promise.all(Array.from({ length: Number(ports) }, listen)));
