/** Sign-ins that go wrong: each says in the row what happened, to whom and what to do, and nothing that was stored is lost. */
import type { Page } from 'playwright';
import {
  byHand,
  goodAnswer,
  link,
  page,
  scriptButton,
  scriptText,
  stepUrl,
} from '../emulators/hostile-pages.ts';
import {
  bare,
  htmlPage,
  jsonAnswer,
  type Behaviour,
  type HostileServer,
} from '../emulators/hostile-server.ts';
import type { SourceApp } from '../harness/app.ts';
import { seedProfile, type BearerTray } from '../harness/bearer-tray.ts';
import { withTimeLimit } from '../harness/waiting.ts';
import { beginSignIn, hostileTenant, providerPage, rowOf } from './login-driver.ts';
import { expect, test } from './login-fixtures.ts';

/** What H-06 asks of every message. */
async function expectClearError(
  popover: Page,
  tenantName: string,
  says: string,
  nextStep: string,
): Promise<void> {
  const row = popover.getByRole('listitem').filter({ hasText: tenantName });
  const box = row.locator('[role=alert], [role=group][aria-label=Error]');
  await expect(box).toContainText(`${tenantName}: `);
  await expect(box).toContainText(says);
  await expect(box).toContainText(nextStep);
  const text = await box.innerText();
  expect(text).not.toMatch(/[a-z]+:\/\/\S*[?#]/i);
  expect(text).not.toMatch(/\bat \S+ \(|\.ts:\d|\.cjs|Error:|undefined|\[object/);
  expect(text).not.toMatch(/code-|access-|refresh-/);
}

/** Acme and Other hold tokens that cannot be renewed; each is known. */
async function signInBoth(
  tray: BearerTray,
  server: HostileServer,
  ids: readonly string[],
): Promise<readonly string[]> {
  server.behave({ tokenMembers: { refresh_token: undefined } });
  const popover = await tray.popover();
  for (const id of ids) expect(await beginSignIn(popover, id)).toEqual({ ok: true, value: null });
  return expectDistinct([await tray.copy('Acme'), await tray.copy('Other')]);
}

function expectDistinct(tokens: readonly string[]): readonly string[] {
  for (const token of tokens) expect(token).toMatch(/^access-/);
  expect(new Set(tokens).size).toBe(tokens.length);
  return tokens;
}

async function expectKept(tray: BearerTray, tokens: readonly string[]): Promise<void> {
  expect([await tray.copy('Acme'), await tray.copy('Other')]).toEqual(tokens);
}

async function signInAgain(tray: BearerTray<SourceApp>, tenantName: string): Promise<Page> {
  const popover = await tray.popover();
  const row = popover.getByRole('listitem').filter({ hasText: tenantName });
  const again = row.getByRole('button', { name: 'Sign in again' });
  if (!(await again.isVisible())) await row.locator('[data-row]').click();
  await again.click();
  return popover;
}

interface Trouble {
  readonly what: string;
  readonly behaviour: Partial<Behaviour>;
  readonly says: string;
  readonly nextStep: string;
}

const DISCOVERY_TROUBLES: readonly Trouble[] = [
  {
    what: 'the issuer is wrong (404)',
    behaviour: { discovery: () => htmlPage(404) },
    says: 'publishes no OpenID Connect or OAuth configuration under this issuer.',
    nextStep: 'Check the issuer address in the tenant',
  },
  {
    what: 'the metadata is another issuer’s',
    behaviour: { metadata: { issuer: 'https://other.example/tenant' } },
    says: 'belongs to another issuer, “https://other.example/tenant”.',
    nextStep: 'If you trust that issuer, enter it in the tenant character for character.',
  },
  {
    what: 'the host cannot be reached',
    behaviour: { discovery: () => ({ cut: 'before' }) },
    says: 'could not be reached.',
    nextStep: 'Check the network connection',
  },
  {
    what: 'a web page answers in place of JSON',
    behaviour: { discovery: () => htmlPage(200) },
    says: 'is not an answer of this provider',
    nextStep: 'Check the address in the tenant. On a guest network, sign in to the network first.',
  },
  {
    what: 'the provider is down',
    behaviour: { discovery: () => htmlPage(503) },
    says: 'has trouble at the moment.',
    nextStep: 'Try again in a moment. What is stored is kept.',
  },
  {
    what: 'the login page’s address is no safe one',
    behaviour: { metadata: { authorization_endpoint: 'http://login.example/authorize' } },
    says: 'authorization endpoint is not a secure https address',
    nextStep: 'Check the issuer address',
  },
  {
    what: 'nobody serves the login page',
    behaviour: { metadata: { authorization_endpoint: 'http://127.0.0.1:1/authorize' } },
    says: 'the login page at 127.0.0.1:1 could not be loaded',
    nextStep: 'then sign in again.',
  },
];

for (const { what, behaviour, says, nextStep } of DISCOVERY_TROUBLES) {
  test(`H-06 ${what}: the row says so, and stored tokens stay`, async ({
    server,
    listener,
    launch,
  }) => {
    const tenants = ['Acme', 'Other', 'New'].map((name) => hostileTenant(server, name, listener));
    const first = await launch(tenants);
    const tokens = await signInBoth(first, server, [tenants[0]!.id, tenants[1]!.id]);
    const calls = server.tokenCalls();
    await first.app.close();

    // What the first start knew of the provider is forgotten now
    server.behave(behaviour);
    const tray = await launch();
    // A tenant that has a token, and one that never had
    await expectClearError(await signInAgain(tray, 'Acme'), 'Acme', says, nextStep);
    const popover = await tray.popover();
    await popover.getByRole('button', { name: 'Sign in to New' }).click();
    await expectClearError(popover, 'New', says, nextStep);
    await expectKept(tray, tokens);
    expect(server.tokenCalls()).toBe(calls);
  });
}

test('H-06 trouble at the token endpoint after a good code: the row says so, and stored tokens stay', async ({
  server,
  listener,
  launch,
}) => {
  const tenants = ['Acme', 'Other'].map((name) => hostileTenant(server, name, listener));
  const tray = await launch(tenants);
  const tokens = await signInBoth(
    tray,
    server,
    tenants.map(({ id }) => id),
  );
  const troubles: readonly Trouble[] = [
    {
      what: 'HTTP 500 with a page',
      behaviour: { token: () => htmlPage(500) },
      says: 'has trouble at the moment.',
      nextStep: 'Try again in a moment. What is stored is kept.',
    },
    {
      what: 'HTTP 500 with JSON',
      behaviour: { token: () => jsonAnswer({ error: 'server_error' }, 500) },
      says: 'has trouble at the moment.',
      nextStep: 'Try again in a moment. What is stored is kept.',
    },
    {
      what: 'a web page',
      behaviour: { token: () => htmlPage(200) },
      says: 'is not an answer of this provider',
      nextStep:
        'Check the address in the tenant. On a guest network, sign in to the network first.',
    },
    {
      what: 'a redirect',
      behaviour: {
        token: () => ({ status: 307, headers: { location: `${listener.redirectUri}?stolen` } }),
      },
      says: 'sent the request on to another address, which was not followed because it carries secrets.',
      nextStep: 'Check the address in the tenant; it should be the final one.',
    },
    {
      what: 'a connection that is cut',
      behaviour: { token: (_request, ordinary) => ({ ...ordinary(), cut: 'in-body' }) },
      says: 'could not be reached.',
      nextStep: 'Check the network connection',
    },
    {
      what: 'a refused code',
      behaviour: { token: () => jsonAnswer({ error: 'invalid_grant' }, 400) },
      says: 'no longer accepts this sign-in.',
      nextStep: 'Sign in again.',
    },
    {
      what: 'a token of another type',
      behaviour: { tokenMembers: { refresh_token: undefined, token_type: 'mac' } },
      says: 'issued a token that is not a bearer token.',
      nextStep: 'Ask the provider for a client that gets bearer tokens.',
    },
  ];
  for (const { what, behaviour, says, nextStep } of troubles) {
    await test.step(what, async () => {
      server.reset();
      server.behave(behaviour);
      const calls = server.tokenCalls();
      await expectClearError(await signInAgain(tray, 'Acme'), 'Acme', says, nextStep);
      // A code is sent once, whatever comes back
      expect(server.tokenCalls()).toBe(calls + 1);
      await expectKept(tray, tokens);
    });
  }
  expect(listener.connections()).toBe(0);
});

test('S-10 a token without a sensible life can be used, and the row says that its end is unknown', async ({
  server,
  listener,
  launch,
}) => {
  const lives: Readonly<Record<string, unknown>> = {
    absent: undefined,
    zero: 0,
    negative: -1,
    word: 'soon',
    null: null,
    list: [3600],
    'too large': bare('1e300'),
  };
  const tenants = Object.keys(lives).map((name) => hostileTenant(server, `Life ${name}`, listener));
  const tray = await launch(tenants);
  for (const [index, [name, life]] of Object.entries(lives).entries()) {
    server.behave({ tokenMembers: { expires_in: life } });
    const popover = await tray.popover();
    await popover.getByRole('button', { name: `Sign in to Life ${name}` }).click();
    const row = popover.getByRole('listitem').filter({ hasText: `Life ${name}` });
    await expect(row).toContainText('Valid, end unknown');
    expect((await rowOf(popover, tenants[index]!.id)).expiresAtMs).toBeNull();
    await tray.popoverShown();
    expect(server.canaries()).toContain(await tray.copy(`Life ${name}`));
  }
});

test('E-17 the app quits in the middle of a sign-in at once, and the next start has what was stored before', async ({
  server,
  listener,
  launch,
  userDataDir,
}) => {
  const tenants = ['Acme', 'Other'].map((name) => hostileTenant(server, name, listener));
  const acme = tenants[0]!.id;
  seedProfile(userDataDir, tenants);
  let tray = await launch();
  const tokens = await signInBoth(
    tray,
    server,
    tenants.map(({ id }) => id),
  );

  const stages: Readonly<Record<string, Partial<Behaviour>>> = {
    'on the login page': {
      authorize: (request) => page(byHand(request), link(goodAnswer(server, request))),
    },
    'on a page that objects, with a pop-up that objects': {
      authorize: (request) => {
        const objects = '<script>onbeforeunload = (event) => event.preventDefault()</script>';
        const popUp = scriptButton(`window.open(${scriptText(stepUrl(request, 'pop-up'))})`);
        return request.query.get('step') === null
          ? page(request, popUp + objects)
          : page(byHand(request), link(goodAnswer(server, request)) + objects);
      },
    },
    'while the login page loads': { authorize: () => new Promise<never>(() => {}) },
    'while the code is swapped': { token: () => new Promise<never>(() => {}) },
  };
  for (const [stage, behaviour] of Object.entries(stages)) {
    for (const popoverIsGone of [false, true]) {
      const what = `${stage}${popoverIsGone ? ', without popover' : ''}`;
      await test.step(what, async () => {
        server.reset();
        server.behave(behaviour);
        const popover = await tray.popover();
        const arrived = server.nextRequest(behaviour.token === undefined ? '/authorize' : '/token');
        beginSignIn(popover, acme).catch(() => {});
        const request = await arrived;
        if (stage.startsWith('on')) await providerPage(tray, request);
        if (stage.includes('pop-up')) {
          const popUp = await tray.app.waitForPage((url) => url.includes('step=pop-up'));
          // Only a page that was touched may object. And only a painted window can be destroyed safely: 42.0.0 throws in
          // its own `ready-to-show` listener when the first paint meets the end of the window
          await popUp.evaluate(
            () =>
              new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
          );
          await popUp.mouse.click(200, 200);
        }
        if (popoverIsGone) {
          // As it is two minutes after it was hidden
          await tray.app.electron.evaluate(({ BrowserWindow }) => {
            BrowserWindow.getAllWindows()
              .find((window) => window.title === 'Bearer Tray')
              ?.destroy();
          });
        }
        const startedAtMs = Date.now();
        await withTimeLimit(tray.app.close(), 5_000, `the end ${what}`);
        expect(Date.now() - startedAtMs, what).toBeLessThan(4_000);
        server.reset();
        tray = await launch();
        await expectKept(tray, tokens);
      });
    }
  }
});
