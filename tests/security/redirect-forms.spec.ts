/** Which navigations the login window takes for the answer: every form of a redirect, and nothing that only looks like one. */
import type { PlainOutcome } from '../e2e/login-window-app.ts';
import { expect, test, type ProbeApp } from '../e2e/login-window-probe.ts';
import {
  answerOf,
  byHand,
  deliver,
  DELIVERY_NAMES,
  form,
  inFragment,
  listenAtRedirect,
  page,
  redirectTo,
  scriptText,
  stepUrl,
  type DeliveryName,
} from '../emulators/hostile-pages.ts';
import type { Answer, HostileServer, ReceivedRequest } from '../emulators/hostile-server.ts';
import { startInternet, type Internet } from '../emulators/internet.ts';
import { createCanarySearch } from '../harness/canary-search.ts';
import { poll } from '../harness/waiting.ts';

/** Of an answer in the fragment (RFC 6749 §4.2.2); a form has none. */
const FRAGMENT_DELIVERIES: readonly DeliveryName[] = [
  'single sign-on',
  '302',
  '303',
  '307',
  'chain',
  'location.href',
  'location.replace',
  'meta refresh',
  'window.open',
  'pop-up, 302',
];

interface RedirectUris {
  readonly plain: string;
  readonly secure: string;
  /** Nobody listens there any more. */
  readonly dead: string;
}

interface Begun {
  readonly state: string;
  readonly end: Promise<PlainOutcome>;
}

function begin(
  probe: ProbeApp,
  server: Pick<HostileServer, 'issuer'>,
  redirectUri: string,
  parameters: Readonly<Record<string, string>>,
  tenantId = 'Acme',
): Begun {
  const state = crypto.randomUUID();
  const query = new URLSearchParams({ redirect_uri: redirectUri, state, ...parameters });
  const end = probe.ask('authorize', {
    tenantId,
    redirectUri,
    url: `${server.issuer}/authorize?${query}`,
    state,
  });
  end.catch(() => {});
  return { state, end };
}

for (const [kind, redirectUriOf] of Object.entries({
  'https://localhost, where nobody listens': () => 'https://localhost',
  'https://localhost, where somebody listens': ({ secure }) => secure,
  'http://127.0.0.1, where somebody listens': ({ plain }) => plain,
  'http://127.0.0.1, a dead port': ({ dead }) => dead,
  'a scheme of its own': () => 'com.example.app:/callback',
} satisfies Record<string, (at: RedirectUris) => string>)) {
  test(`B-02 every form of redirect is caught, once each: ${kind}`, async ({
    probe,
    server,
    listener,
    secureListener,
  }) => {
    test.setTimeout(120_000);
    const gone = await listenAtRedirect('http');
    await gone.stop();
    const redirectUri = redirectUriOf({
      dead: gone.redirectUri,
      plain: listener.redirectUri,
      secure: secureListener.redirectUri,
    });
    const codes: string[] = [];
    server.behave({
      authorize: (request) =>
        deliver(request.query.get('delivery') as DeliveryName, request, () => {
          const code = `code-${crypto.randomUUID()}`;
          codes.push(code);
          const answer = answerOf(request, { code, state: request.query.get('state')! });
          return request.query.get('mode') === 'fragment' ? inFragment(answer) : answer;
        }),
    });
    const forms = [
      ...DELIVERY_NAMES.map((delivery) => ({ delivery, mode: 'query' })),
      ...FRAGMENT_DELIVERIES.map((delivery) => ({ delivery, mode: 'fragment' })),
    ];
    const missed: string[] = [];
    for (const { delivery, mode } of forms) {
      const judged = (await probe.read('judged')).length;
      const { state, end } = begin(probe, server, redirectUri, { delivery, mode });
      const what = `${delivery} (${mode})`;
      const outcome = await poll(what, 3_000, () => end).catch(() => undefined);
      if (outcome?.kind !== 'answered') {
        missed.push(`${what}: ${JSON.stringify(outcome)}`);
        await probe.ask('cancel', 'Acme');
        continue;
      }
      const answer = new URL(outcome.answer);
      const given =
        mode === 'fragment' ? new URLSearchParams(answer.hash.slice(1)) : answer.searchParams;
      expect(given.getAll('state'), what).toEqual([state]);
      expect(given.getAll('code'), what).toEqual([expect.stringMatching(/^code-/)]);
      expect(await probe.read('judged'), what).toHaveLength(judged + 1);
      await probe.nothingLeft();
    }
    expect(missed).toEqual([]);
    expect([listener, secureListener].map((each) => each.connections())).toEqual([0, 0]);
    const search = createCanarySearch(codes);
    search.look('the output', probe.app.output());
    expect(search.hits()).toEqual([]);
  });
}

/** Somewhere that only looks like the redirect URI `http://127.0.0.1:<port>/callback`; `?` stands for the answer. */
interface Places {
  /** Host with port of the redirect URI. */
  readonly host: string;
  readonly port: string;
  /** Origin of the provider. */
  readonly issuer: string;
  readonly otherPort: string;
}

const LOOK_ALIKES: readonly ((places: Places) => string)[] = [
  // Another path
  ...[
    '/callback-evil?',
    '/callback.html?',
    '/callback/?',
    '/callback//?',
    '/callback/x?',
    '/Callback?',
    '/CALLBACK?',
    '/callback%2F?',
    '/callback%2f..?',
    '/%63allback?',
    '/callbac%6B?',
    '/callback%00?',
    '/callback%20?',
    '/callback;x?',
    '/callback%3F?',
    '/callback%23?',
    '/callback&?',
    '/x/callback?',
    '/x/..%2Fcallback?',
    '//callback?',
    '/callbac?',
    '/?',
    '/callback-evil#',
    '/x/callback#',
  ].map(
    (path) =>
      ({ host }: Places) =>
        `http://${host}${path}`,
  ),
  // Another user, host, port or scheme
  ({ host }) => `http://user@${host}/callback?`,
  ({ host }) => `http://user:password@${host}/callback?`,
  ({ host }) => `http://127.0.0.1:1@${host}/callback?`,
  ({ port }) => `http://localhost:${port}/callback?`,
  ({ port }) => `http://LOCALHOST.:${port}/callback?`,
  ({ port }) => `http://[::1]:${port}/callback?`,
  ({ port }) => `http://[::ffff:127.0.0.1]:${port}/callback?`,
  ({ port }) => `http://127.0.0.2:${port}/callback?`,
  ({ port }) => `http://127.1.0.1:${port}/callback?`,
  ({ port }) => `http://0x7f000002:${port}/callback?`,
  ({ port }) => `http://localhost.evil.test:${port}/callback?`,
  ({ port }) => `http://127.0.0.1.evil.test:${port}/callback?`,
  ({ otherPort }) => `http://127.0.0.1:${otherPort}/callback?`,
  () => 'http://127.0.0.1/callback?',
  ({ host }) => `https://${host}/callback?`,
  () => 'com.example.app:/callback?',
  // A page of the provider with an answer in its address
  ({ issuer }) => `${issuer}/callback?`,
  ({ issuer }) => `${issuer}/error?error=access_denied&`,
  ({ issuer }) => `${issuer}/page#`,
  ({ issuer, host }) => `${issuer}/page?next=http://${host}/callback&`,
  ({ issuer, host }) => `${issuer}/http://${host}/callback?`,
  // The redirect URI itself without an answer: an ordinary page
  ({ host }) => `http://${host}/callback`,
  ({ host }) => `http://${host}/callback?codes=1&states=2&x=code`,
  ({ host }) => `http://${host}/callback#/code`,
];

/** How a page sends there. */
const WAYS: Readonly<Record<string, (request: ReceivedRequest, target: URL) => Answer>> = {
  'location.href': (request, target) =>
    page(byHand(request), `<script>location.href = ${scriptText(target)}</script>`),
  '302': (request, target) =>
    request.query.get('step') === null
      ? page(
          byHand(request),
          `<script>location.href = ${scriptText(stepUrl(request, '302'))}</script>`,
        )
      : redirectTo(302, target),
  form_post: (request, target) => page(request, form('POST', target)),
};

test('B-03 what only looks like the redirect URI is never caught, and the attempt goes on', async ({
  probe,
  server,
  listener,
}) => {
  test.setTimeout(180_000);
  const other = await listenAtRedirect('http');
  const { host, port } = new URL(listener.redirectUri);
  const places: Places = {
    host,
    port,
    issuer: server.issuer,
    otherPort: new URL(other.redirectUri).port,
  };
  expect(LOOK_ALIKES.length).toBeGreaterThanOrEqual(40);
  const arrivals = (): number =>
    listener.requests().length + other.requests().length + server.requests().length;

  for (const [index, lookAlike] of LOOK_ALIKES.entries()) {
    for (const [way, deliverTo] of Object.entries(WAYS)) {
      const text = lookAlike(places);
      // A post has its answer in the body, to the same place
      if (way === 'form_post' && (text.includes('#') || !/[?&]$/.test(text))) continue;
      // All in all each is tried once by a script or a redirect, and by a post where it can be
      if (way !== 'form_post' && way !== Object.keys(WAYS)[index % 2]) continue;
      const targetFor = (request: ReceivedRequest): URL => {
        const answer = `code=code-${crypto.randomUUID()}&state=${request.query.get('state')!}`;
        return new URL(/[?#&]$/.test(text) ? text + answer : text);
      };
      let sent: (() => number) | undefined;
      server.behave({
        authorize: (request) => {
          const before = arrivals();
          sent = () => arrivals() - before;
          return deliverTo(request, targetFor(request));
        },
      });
      const what = `${text} by ${way}`;
      const judged = (await probe.read('judged')).length;
      const { state, end } = begin(probe, server, listener.redirectUri, {}, what);
      let outcome: PlainOutcome | undefined;
      void end.then((value) => (outcome = value)).catch(() => undefined);
      await poll(`${what} to have been tried`, 10_000, async () => {
        if (sent === undefined) return false;
        const told = (await probe.read('facts'))[what] ?? [];
        return sent() > 0 || outcome !== undefined || told.some(({ warning }) => warning !== null);
      });
      expect(await probe.read('judged'), what).toHaveLength(judged);
      if (outcome === undefined) {
        const good = `${listener.redirectUri}?code=good-code&state=${state}`;
        await poll(`the good answer after ${what}`, 10_000, async () => {
          await go(probe, good);
          return outcome !== undefined;
        });
        expect(outcome, what).toEqual({ kind: 'answered', answer: good });
      } else {
        // Nobody there, or no certificate: told as what it is
        expect(outcome, what).toMatchObject({ kind: 'page-failed' });
      }
      await probe.nothingLeft();
    }
  }
  await other.stop();
});

/** As a script of the page in the window does it. */
function go(probe: ProbeApp, target: string): Promise<void> {
  return probe.app.electron.evaluate(({ session, webContents }, address) => {
    const page = webContents
      .getAllWebContents()
      .find((each) => each.session !== session.defaultSession);
    void page?.executeJavaScript(`location.href = ${JSON.stringify(address)}`).catch(() => {});
  }, target);
}

const FRAMES: Readonly<Record<string, (request: ReceivedRequest, answer: URL) => string>> = {
  'an address': (_request, answer) => `<iframe src="${markup(answer)}"></iframe>`,
  'a redirect': (request) =>
    `<iframe src="${markup(stepUrl(request, 'frame redirect'))}"></iframe>`,
  'a script': (request) => `<iframe src="${markup(stepUrl(request, 'frame script'))}"></iframe>`,
  'a form': (request) => `<iframe src="${markup(stepUrl(request, 'frame form'))}"></iframe>`,
  'an object': (_request, answer) => `<object data="${markup(answer)}"></object>`,
  'a picture': (_request, answer) => `<img src="${markup(answer)}">`,
  'a script of the redirect URI': (_request, answer) => `<script src="${markup(answer)}"></script>`,
  'a fetch': (_request, answer) =>
    `<script>fetch(${scriptText(answer)}, { method: 'POST', mode: 'no-cors', body: 'code=1' })</script>`,
};

for (const redirectKind of ['http', 'app'] as const) {
  test(`B-03 what is posted when it was not asked for is no answer: ${redirectKind}`, async ({
    probe,
    server,
    listener,
  }) => {
    const redirectUri =
      redirectKind === 'http' ? listener.redirectUri : 'com.example.app:/callback';
    let posted = false;
    server.behave({
      authorize: (request) => {
        if (request.query.get('step') === 'done') posted = true;
        const answer = answerOf(request, { code: 'a-code', state: request.query.get('state')! });
        const done = scriptText(stepUrl(request, 'done'));
        return page(
          request,
          `${form('POST', answer)}<script>setTimeout(() => fetch(${done}), 300)</script>`,
        );
      },
    });
    const { state, end } = begin(probe, server, redirectUri, { response_mode: 'query' });
    await poll('the form to have been sent', 10_000, () => posted);
    expect(await probe.read('judged')).toEqual([]);
    const good = `${redirectUri}?code=good-code&state=${state}`;
    await go(probe, good);
    expect(await end).toEqual({ kind: 'answered', answer: good });
    expect(listener.connections()).toBe(0);
  });
}

for (const kind of ['http', 'app'] as const) {
  test(`B-03 an answer anywhere but in the page itself is none: ${kind}`, async ({
    probe,
    server,
    listener,
  }) => {
    const redirectUri = kind === 'http' ? listener.redirectUri : 'com.example.app:/callback';
    const answerTo = (request: ReceivedRequest): URL =>
      answerOf(request, { code: 'a-code', state: request.query.get('state')! });
    for (const [what, frame] of Object.entries(FRAMES)) {
      let tried = false;
      server.behave({
        authorize: (request) => {
          switch (request.query.get('step')) {
            case 'frame redirect':
              return redirectTo(302, answerTo(request));
            case 'frame script':
              return page(
                byHand(request),
                `<script>location.href = ${scriptText(answerTo(request))}</script>`,
              );
            case 'frame form':
              return page(request, form('POST', answerTo(request)));
            case 'done':
              tried = true;
              return { status: 204 };
            default:
              // Nothing tells a page that its frame was stopped
              return page(
                byHand(request),
                frame(request, answerTo(request)) +
                  `<script>setTimeout(() => fetch(${scriptText(stepUrl(request, 'done'))}), 300)</script>`,
              );
          }
        },
      });
      const judged = (await probe.read('judged')).length;
      const { state, end } = begin(probe, server, redirectUri, {}, what);
      await poll(`${what} to have been tried`, 10_000, () => tried);
      expect(await probe.read('judged'), what).toHaveLength(judged);
      const good = `${redirectUri}?code=good-code&state=${state}`;
      await go(probe, good);
      expect(await end, what).toEqual({ kind: 'answered', answer: good });
      await probe.nothingLeft();
    }
  });
}

function markup(url: URL): string {
  return url.href.replaceAll('&', '&amp;');
}

const secureTest = test.extend<{ readonly internet: Internet }>({
  internet: async ({}, use) => {
    const internet = await startInternet([
      {
        hosts: ['login.vendor.example'],
        reset: () => undefined,
        site: ({ url }) => ({
          body:
            `<!doctype html><title>Log in</title><form method="post" action="${url.searchParams.get('redirect_uri') ?? ''}">` +
            `<input name="state" value="${url.searchParams.get('state') ?? ''}"><input name="code" value="a-code"></form>` +
            `<script>${url.searchParams.get('script') ?? ''}</script>`,
        }),
      },
    ]);
    await use(internet);
    await internet.stop();
  },
  probeArguments: async ({ internet }, use) => {
    await use(internet.launchArguments);
  },
});

secureTest(
  'B-02 B-11 a provider with https may post its answer to http on this computer, and no page is opened there',
  async ({ probe, listener }) => {
    const provider = { issuer: 'https://login.vendor.example' };
    const posting = { script: 'document.forms[0].submit()' };
    const { state, end } = begin(probe, provider, listener.redirectUri, posting);
    expect(await end).toEqual({
      kind: 'answered',
      answer: `${listener.redirectUri}?state=${state}&code=a-code`,
    });

    const visiting = { script: `location.href = ${scriptText(listener.redirectUri)}` };
    const other = begin(probe, provider, listener.redirectUri, visiting, 'Other');
    await poll('the warning', 5_000, async () =>
      (await probe.read('facts'))['Other']?.some(({ warning }) => warning !== null),
    );
    const good = `${listener.redirectUri}?code=good-code&state=${other.state}`;
    await go(probe, good);
    expect(await other.end).toEqual({ kind: 'answered', answer: good });
    expect(listener.connections()).toBe(0);
  },
);
