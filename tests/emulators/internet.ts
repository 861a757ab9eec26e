/**
 * The vendors' real host names, answered on loopback with real TLS: the app under test is told where all names lead and
 * which key to trust by its launch arguments, and is itself the one that ships.
 */
import { createHash, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request as requestOverTls, type RequestOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { generate } from 'selfsigned';
import { Changes } from '../harness/waiting.ts';
import type { Emulator, Site, SiteAnswer, SiteRequest } from './site.ts';

export interface InternetRequest {
  readonly method: string;
  /** As the caller meant it. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Internet {
  readonly port: number;
  /** For Electron: every name but those of loopback leads here, and only the key of this internet is trusted besides. */
  readonly launchArguments: readonly string[];
  /** Everything that was asked, oldest first; by the app also of hosts that nobody answers for. */
  readonly requests: readonly InternetRequest[];
  /**
   * @param url Beginning of the address.
   * @returns The first request to it that has come or comes within 10 s.
   */
  waitForRequest(url: string): Promise<InternetRequest>;
  /** Where host names overlap, a full name wins over a wildcard, and who came first over who came later. */
  add(emulator: Emulator): Promise<void>;
  /**
   * `fetch` from this process to https addresses of this internet; follows no redirect. Its certificate is trusted here and
   * nowhere else, and must name the host: one that nobody answers for is refused before it is asked.
   */
  readonly fetch: (url: string, init?: RequestInit) => Promise<Response>;
  stop(): Promise<void>;
}

const WAIT_LIMIT_MS = 10_000;

/** Loopback keeps its meaning: other test servers listen there, and nobody must answer at a claimed redirect URI. */
const LOOPBACK_PATTERNS = ['localhost', '*.localhost', '127.*', '::1'];

export async function startInternet(emulators: readonly Emulator[] = []): Promise<Internet> {
  const present = [...emulators];
  const requests: InternetRequest[] = [];
  const changes = new Changes();
  const keys = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const certify = (): Promise<string> =>
    certificateOf(
      keys,
      present.flatMap(({ hosts }) => hosts),
    );
  let certificate = await certify();

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(
      incoming.url ?? '/',
      `https://${incoming.headers.host ?? 'unnamed.invalid'}`,
    );
    const method = incoming.method ?? '';
    const { headers } = incoming;
    const body = await text(incoming);
    requests.push({ method, url: url.href, headers, body });
    changes.notify();
    const site = siteOf(url.hostname, present);
    if (site === undefined) incoming.socket.destroy();
    else send(response, await site(siteRequest(method, url, headers, body)));
  };
  const server = createServer({ key: keys.privateKey, cert: certificate }, (incoming, response) => {
    handle(incoming, response).catch((cause: unknown) => {
      // A site that throws is a mistake of the test: it must not look like a hanging server
      response.writeHead(500, { 'content-type': 'text/plain' }).end(String(cause));
    });
  });
  // See the hostile server
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    port,
    launchArguments: [
      `--host-resolver-rules=${[
        `MAP * 127.0.0.1:${port}`,
        ...LOOPBACK_PATTERNS.map((pattern) => `EXCLUDE ${pattern}`),
      ].join(', ')}`,
      `--ignore-certificate-errors-spki-list=${keyHash(certificate)}`,
    ],
    requests,
    waitForRequest: (start) =>
      changes.waitFor(`a request to ${start}`, WAIT_LIMIT_MS, () =>
        requests.find(({ url }) => url.startsWith(start)),
      ),
    async add(emulator) {
      present.push(emulator);
      certificate = await certify();
      server.setSecureContext({ key: keys.privateKey, cert: certificate });
    },
    fetch: (url, init) => fetchAt(port, certificate, new Request(url, init)),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** @returns A self-signed certificate in PEM. It lasts for the year that is the package's default. */
async function certificateOf(
  keyPair: { readonly privateKey: string; readonly publicKey: string },
  hosts: readonly string[],
): Promise<string> {
  const name = 'internet.invalid';
  const altNames = [name, ...hosts].map((value) => ({ type: 2 as const, value }));
  const { cert } = await generate([{ name: 'commonName', value: name }], {
    keyPair,
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames }],
  });
  return cert;
}

/** Base64 of the SHA-256 of the SubjectPublicKeyInfo, as Chromium's switch wants it. */
function keyHash(certificate: string): string {
  const key = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(key).digest('base64');
}

/** @param host In lower case, as `URL` has it. */
function siteOf(host: string, emulators: readonly Emulator[]): Site | undefined {
  const wildcard = host.replace(/^[^.]+/, '*');
  const answering = (pattern: string): Emulator | undefined =>
    emulators.find(({ hosts }) => hosts.some((each) => each.toLowerCase() === pattern));
  return (answering(host) ?? answering(wildcard))?.site;
}

function siteRequest(
  method: string,
  url: URL,
  headers: IncomingHttpHeaders,
  body: string,
): SiteRequest {
  const type = headers['content-type'] ?? '';
  const isForm = type.startsWith('application/x-www-form-urlencoded');
  return {
    method,
    url,
    headers,
    body,
    form: new URLSearchParams(isForm ? body : ''),
    json: type.startsWith('application/json') ? parsed(body) : undefined,
  };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function send(
  response: ServerResponse,
  { status = 200, headers = {}, body, cut }: SiteAnswer,
): void {
  if (cut === true) {
    response.destroy();
    return;
  }
  const isText = typeof body === 'string';
  if (body !== undefined) {
    response.setHeader('content-type', isText ? 'text/html; charset=utf-8' : 'application/json');
  }
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.statusCode = status;
  response.end(isText ? body : JSON.stringify(body));
}

async function fetchAt(port: number, certificate: string, request: Request): Promise<Response> {
  const { protocol, hostname, host, pathname, search } = new URL(request.url);
  if (protocol !== 'https:') throw new TypeError(`${protocol} is not emulated`);
  const body = Buffer.from(await request.arrayBuffer());
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const options: RequestOptions = {
      host: '127.0.0.1',
      port,
      servername: hostname,
      ca: certificate,
      agent: false,
      method: request.method,
      path: pathname + search,
      headers: { ...Object.fromEntries(request.headers), host },
      signal: request.signal,
    };
    requestOverTls(options, resolve)
      .on('error', reject)
      .end(body.length === 0 ? undefined : body);
  });
  const content = await text(answer);
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(answer.headersDistinct)) {
    for (const value of values) headers.append(name, value);
  }
  return new Response(content === '' ? null : content, { status: answer.statusCode ?? 0, headers });
}
