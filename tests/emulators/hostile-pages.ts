/**
 * Login pages for the hostile server: every way in which a page can bring an answer to the redirect URI, and a listener
 * at the redirect URI that counts whoever gets there (nobody should).
 *
 *     server.behave({ authorize: deliverAsTenantSays(server) });
 *     personTenantOf(server, { parameters: 'delivery=form_post' })
 *
 * Every step of a page stays below /authorize, with the query of the first request and `step` on top.
 */
import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import type { Answer, Answering, HostileServer, ReceivedRequest } from './hostile-server.ts';

/** @param answer Makes the redirect URI with the answer in it; called once, when the page brings it. */
type Delivery = (request: ReceivedRequest, answer: () => URL) => Answer;

/**
 * Each page has one control named "Continue". It presses it by itself unless the request says `by=hand`
 * (a meta refresh and a Refresh header never wait).
 */
export const DELIVERIES = {
  'single sign-on': (_request, answer) => redirectTo(302, answer()),
  '302': inTwoSteps(
    (target) => link(target),
    (answer) => redirectTo(302, answer),
  ),
  '303': inTwoSteps(postForm, (answer) => redirectTo(303, answer)),
  '307': inTwoSteps(
    (target) => link(target),
    (answer) => redirectTo(307, answer),
  ),
  'POST, 302': inTwoSteps(postForm, (answer) => redirectTo(302, answer)),
  chain: (request, answer) => {
    switch (request.query.get('step')) {
      case null:
        return page(request, link(stepUrl(request, 'first')));
      case 'first':
        return redirectTo(302, stepUrl(request, 'second', 'localhost'));
      case 'second':
        return redirectTo(302, stepUrl(request, 'third', '127.0.0.1'));
      default:
        return redirectTo(302, answer());
    }
  },
  'location.href': (request, answer) =>
    page(request, scriptButton(`location.href = ${scriptText(answer())}`)),
  'location.replace': (request, answer) =>
    page(request, scriptButton(`location.replace(${scriptText(answer())})`)),
  'meta refresh': (request, answer) =>
    page(request, `<meta http-equiv="refresh" content="0; url=${markup(answer().href)}">`),
  'Refresh header': (request, answer) => page(request, '', { refresh: `0; url=${answer().href}` }),
  'GET form': (request, answer) => page(request, form('GET', answer())),
  form_post: (request, answer) => page(request, form('POST', answer())),
  'form_post by 307': inTwoSteps(
    (target, answer) => form('POST', target, new URL(answer().href).searchParams),
    (answer) => redirectTo(307, new URL(answer.pathname, answer)),
  ),
  'window.open': (request, answer) =>
    page(request, scriptButton(`window.open(${scriptText(answer())})`)),
  'target=_blank': (request, answer) => page(request, link(answer(), 'target="_blank"')),
  'form_post, target=_blank': (request, answer) =>
    page(request, form('POST', answer(), undefined, 'target="_blank"')),
  'pop-up, 302': inTwoSteps(
    (target) => scriptButton(`window.open(${scriptText(target)}, "", "width=300,height=300")`),
    (answer) => redirectTo(302, answer),
  ),
  'pop-up, location.href': (request, answer) =>
    request.query.get('step') === null
      ? page(request, scriptButton(`window.open(${scriptText(stepUrl(request, 'pop-up'))})`))
      : page(byItself(request), scriptButton(`location.href = ${scriptText(answer())}`)),
  'empty pop-up sent on': (request, answer) =>
    page(request, scriptButton(`window.open("about:blank").location = ${scriptText(answer())}`)),
  'top from a frame': (request, answer) =>
    request.query.get('step') === null
      ? page(byHand(request), `<iframe src="${markup(stepUrl(request, 'frame').href)}"></iframe>`)
      : page(request, scriptButton(`top.location.href = ${scriptText(answer())}`)),
} satisfies Readonly<Record<string, Delivery>>;

export type DeliveryName = keyof typeof DELIVERIES;

export const DELIVERY_NAMES = Object.keys(DELIVERIES) as readonly DeliveryName[];

/** Those that go on without a person, whatever the request says. */
export const SELF_DRIVEN: readonly DeliveryName[] = [
  'single sign-on',
  'meta refresh',
  'Refresh header',
];

/** An /authorize that answers well, in the way that the tenant's extra parameter `delivery` names. */
export function deliverAsTenantSays(server: HostileServer): Answering {
  return (request) => {
    const name = request.query.get('delivery') as DeliveryName;
    return deliver(name, request, () => goodAnswer(server, request));
  };
}

export function deliver(name: DeliveryName, request: ReceivedRequest, answer: () => URL): Answer {
  return DELIVERIES[name](request, answer);
}

/** The answer that ends this attempt well; a fresh code each time. */
export function goodAnswer(server: HostileServer, request: ReceivedRequest): URL {
  return answerOf(request, {
    code: server.codeFor(request),
    state: request.query.get('state') ?? '',
    iss: server.issuer,
  });
}

/** The request's redirect URI with these parameters; several values repeat the parameter. */
export function answerOf(
  request: ReceivedRequest,
  parameters: Readonly<Record<string, string | readonly string[] | undefined>>,
): URL {
  const target = new URL(request.query.get('redirect_uri') ?? '');
  for (const [name, value] of Object.entries(parameters)) {
    for (const each of value === undefined ? [] : [value].flat()) {
      target.searchParams.append(name, each);
    }
  }
  return target;
}

/** The same answer in the fragment (RFC 6749 §4.2.2). */
export function inFragment(answer: URL): URL {
  const target = new URL(answer);
  target.hash = target.searchParams.toString();
  target.search = '';
  return target;
}

/** A page of the provider; without `by=hand` its script presses "Continue" as soon as it is there. */
export function page(
  request: ReceivedRequest,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const byItself = request.query.get('by') !== 'hand';
  return {
    headers: { 'content-type': 'text/html; charset=utf-8', ...headers },
    body:
      '<!doctype html><title>Log in</title><h1>Log in to the provider</h1>' +
      body +
      (byItself ? '<script>document.getElementById("continue")?.click()</script>' : ''),
  };
}

export function link(target: URL, attributes = ''): string {
  return `<a id="continue" href="${markup(target.href)}" ${attributes}>Continue</a>`;
}

export function scriptButton(script: string): string {
  return `<button id="continue" onclick="${markup(script)}">Continue</button>`;
}

/** The query of `target` travels in fields, in the body for POST. */
export function form(
  method: 'GET' | 'POST',
  target: URL,
  fields: URLSearchParams = target.searchParams,
  attributes = '',
): string {
  const action = fields === target.searchParams ? new URL(target.pathname, target) : target;
  const inputs = [...fields]
    .map(([name, value]) => `<input type="hidden" name="${markup(name)}" value="${markup(value)}">`)
    .join('');
  return (
    `<form method="${method}" action="${markup(action.href)}" ${attributes}>${inputs}` +
    '<button id="continue">Continue</button></form>'
  );
}

/** The same request again as another step of the page, on another name of this computer if one is given. */
export function stepUrl(request: ReceivedRequest, step: string, hostname = '127.0.0.1'): URL {
  const url = new URL(`http://${request.headers.host ?? ''}${request.path}`);
  url.hostname = hostname;
  url.search = withParameter(request.query, 'step', step).toString();
  return url;
}

export function redirectTo(status: number, target: URL): Answer {
  return { status, headers: { location: target.href } };
}

/** A value as JavaScript text. */
export function scriptText(value: URL | string): string {
  return JSON.stringify(String(value));
}

function inTwoSteps(
  first: (target: URL, answer: () => URL) => string,
  second: (answer: URL) => Answer,
): Delivery {
  return (request, answer) =>
    request.query.get('step') === null
      ? page(request, first(stepUrl(request, 'second'), answer))
      : second(answer());
}

function postForm(target: URL): string {
  return form('POST', target, new URLSearchParams({ password: 'a password' }));
}

/** The same request, whose page waits for a person. */
export function byHand(request: ReceivedRequest): ReceivedRequest {
  return { ...request, query: withParameter(request.query, 'by', 'hand') };
}

function byItself(request: ReceivedRequest): ReceivedRequest {
  return { ...request, query: withParameter(request.query, 'by', 'itself') };
}

function withParameter(query: URLSearchParams, name: string, value: string): URLSearchParams {
  const changed = new URLSearchParams(query);
  changed.set(name, value);
  return changed;
}

function markup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}

export interface RedirectListener {
  /** Where a tenant's redirect URI points so that this listener would get whatever is not caught. */
  readonly redirectUri: string;
  /** TCP connections so far, whatever was or was not said on them. */
  connections(): number;
  /** Paths with query of the HTTP requests so far; always empty for https, which is never spoken here. */
  requests(): readonly string[];
  stop(): Promise<void>;
}

/**
 * Listens where the redirect URI points to, on all loopback addresses that `localhost` may mean.
 * For http it answers with a page; for https it only counts connections.
 */
export async function listenAtRedirect(scheme: 'http' | 'https'): Promise<RedirectListener> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const start = async (
    address: string,
    port: number,
  ): Promise<Server | ReturnType<typeof createTcpServer>> => {
    const server =
      scheme === 'https'
        ? createTcpServer()
        : createServer((request, response) => {
            requests.push(request.url ?? '');
            response
              .writeHead(200, { 'content-type': 'text/html' })
              .end('<!doctype html><title>Listener</title>');
          });
    server.on('connection', (socket: Socket) => {
      connections += 1;
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => {});
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, address, resolve);
    });
    return server;
  };
  const first = await start('127.0.0.1', 0);
  const { port } = first.address() as AddressInfo;
  // Not every machine has IPv6
  const second = await start('::1', port).catch(() => undefined);
  const host = scheme === 'https' ? 'localhost' : '127.0.0.1';
  return {
    redirectUri: `${scheme}://${host}:${String(port)}/callback`,
    connections: () => connections,
    requests: () => [...requests],
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all(
        [first, second].map(
          (server) => new Promise((resolve) => server?.close(resolve) ?? resolve(null)),
        ),
      );
    },
  };
}
