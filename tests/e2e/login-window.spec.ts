/** The login window in the real app: which answers end an attempt, which do not, and that every way out leaves nothing behind. */
import type { Page } from 'playwright';
import {
  answerOf,
  byHand,
  deliver,
  form,
  goodAnswer,
  link,
  page,
  redirectTo,
  scriptButton,
  scriptText,
  stepUrl,
} from '../emulators/hostile-pages.ts';
import type { Answer, HostileServer, ReceivedRequest } from '../emulators/hostile-server.ts';
import { ask, waitForSnapshot } from '../harness/bridge.ts';
import { withTimeLimit } from '../harness/waiting.ts';
import {
  barOf,
  beginSignIn,
  census,
  censusIs,
  closeLoginWindow,
  hostileTenant,
  pressContinue,
  providerPage,
  rowOf,
  warningOf,
} from './login-driver.ts';
import { expect, test } from './login-fixtures.ts';

const IGNORED = 'An answer for another sign-in was ignored.';

/** Ways in which a page that stays can bring a bad answer. */
const BAD_DELIVERIES = ['location.href', '302', 'window.open', 'form_post'] as const;

/** A page that brings `bad` by itself at once, and the good answer when a person continues. */
function pageWithBadAnswer(
  server: HostileServer,
  request: ReceivedRequest,
  delivery: (typeof BAD_DELIVERIES)[number],
  bad: (request: ReceivedRequest) => URL,
): Answer {
  if (request.query.get('step') === 'bad') return redirectTo(302, bad(request));
  const good = link(goodAnswer(server, request));
  const run = (script: string): Answer =>
    page(byHand(request), `${good}<script>${script}</script>`);
  switch (delivery) {
    case 'location.href':
      return run(`location.href = ${scriptText(bad(request))}`);
    case '302':
      return run(`location.href = ${scriptText(stepUrl(request, 'bad'))}`);
    case 'window.open':
      return run(`window.open(${scriptText(bad(request))})`);
    case 'form_post':
      return page(
        byHand(request),
        `${good}${form('POST', bad(request)).replace('id="continue"', 'id="bad"')}` +
          '<script>document.getElementById("bad").click()</script>',
      );
  }
}

test('A-03 a wrong, missing, doubled, stale or used state asks for no token, and the real attempt goes on, 50 of 50', async ({
  server,
  listener,
  launch,
}) => {
  test.setTimeout(120_000);
  // So that a posted answer is looked at like any other
  const tenant = hostileTenant(server, 'Acme', {
    ...listener,
    parameters: 'response_mode=form_post',
  });
  const tray = await launch([tenant]);
  const popover = await tray.popover();

  // A finished attempt, whose state and code have been used, and one that was given up
  let request = server.nextRequest('/authorize');
  expect(await beginSignIn(popover, tenant.id)).toEqual({ ok: true, value: null });
  const used = await request;
  const usedCode = server.requests('/token')[0]!.form.get('code')!;
  server.behave({ authorize: (each) => page(byHand(each), link(goodAnswer(server, each))) });
  request = server.nextRequest('/authorize');
  const givenUp = beginSignIn(popover, tenant.id);
  const stale = await request;
  await providerPage(tray, stale);
  await ask(popover, 'cancelSignIn', tenant.id);
  expect(await givenUp).toMatchObject({ ok: false, error: { code: 'sign-in-cancelled' } });

  const stateOf = ({ query }: ReceivedRequest): string => query.get('state')!;
  const bads: Readonly<Record<string, (each: ReceivedRequest) => URL>> = {
    wrong: (each) => bad(each, 'x'.repeat(43)),
    missing: (each) => bad(each, undefined),
    doubled: (each) => bad(each, [stateOf(each), stateOf(each)]),
    stale: (each) => bad(each, stateOf(stale)),
    used: (each) => answerOf(each, { code: usedCode, state: stateOf(used), iss: server.issuer }),
  };
  const bad = (each: ReceivedRequest, state: string | string[] | undefined): URL =>
    answerOf(each, { code: server.codeFor(each), state, iss: server.issuer });

  let attempts = 0;
  for (let round = 0; round < 10; round += 1) {
    for (const [name, make] of Object.entries(bads)) {
      const delivery = BAD_DELIVERIES[attempts % BAD_DELIVERIES.length]!;
      const what = `${name} state by ${delivery}`;
      attempts += 1;
      const calls = server.tokenCalls();
      server.behave({ authorize: (each) => pageWithBadAnswer(server, each, delivery, make) });
      request = server.nextRequest('/authorize');
      const end = beginSignIn(popover, tenant.id);
      const provider = await providerPage(tray, await request);
      await expect(warningOf(await barOf(tray, tenant.id)), what).toHaveText(IGNORED);
      expect((await rowOf(popover, tenant.id)).status.kind, what).toBe('signing-in');
      expect(server.tokenCalls(), what).toBe(calls);
      await pressContinue(provider);
      expect(await end, what).toEqual({ ok: true, value: null });
      expect(server.tokenCalls(), what).toBe(calls + 1);
    }
  }
  expect(attempts).toBe(50);
  expect(listener.connections()).toBe(0);
});

test('A-04 an error answer ends the attempt only with the right state, and says it in safe words', async ({
  server,
  listener,
  launch,
}) => {
  const tenant = hostileTenant(server, 'Acme', listener);
  const tray = await launch([tenant]);
  const descriptions: Readonly<Record<string, { readonly said: string; readonly shown: string }>> =
    {
      plain: { said: 'The user said no', shown: 'access_denied: The user said no' },
      markup: {
        said: '<img src=x onerror=alert(1)><b>bold</b>',
        shown: 'access_denied: <img src=x onerror=alert(1)><b>bold</b>',
      },
      bidi: { said: 'no\u202Eevil\u2066\u200F\u0007 way', shown: 'access_denied: no evil way' },
      long: { said: 'word '.repeat(2048), shown: `access_denied: ${'word '.repeat(56)}…` },
    };
  const popover = await tray.popover();
  for (const [name, { said, shown }] of Object.entries(descriptions)) {
    server.behave({
      authorize: (each) => {
        const state = each.query.get('state')!;
        const refusal = { error: 'access_denied', error_description: said, iss: server.issuer };
        const button = (id: string, target: URL): string =>
          link(target).replace('id="continue"', `id="${id}"`);
        return page(
          byHand(each),
          button('wrong', answerOf(each, { ...refusal, state: 'y'.repeat(43) })) +
            button('missing', answerOf(each, refusal)) +
            link(answerOf(each, { ...refusal, state })),
        );
      },
    });
    const request = server.nextRequest('/authorize');
    await popover.getByRole('button', { name: 'Sign in to Acme' }).click();
    const provider = await providerPage(tray, await request);
    for (const id of ['wrong', 'missing']) {
      const bar = await barOf(tray, tenant.id);
      await pressContinue(provider, id);
      await expect(warningOf(bar), `${name} ${id}`).toHaveText(IGNORED);
      expect((await rowOf(popover, tenant.id)).status.kind).toBe('signing-in');
    }
    await pressContinue(provider);
    const row = popover.getByRole('listitem').filter({ hasText: 'Acme' });
    const box = row.getByRole('group', { name: 'Error' });
    await box.waitFor();
    const text = (await box.innerText()).replaceAll(/\s+/g, ' ');
    expect(text, name).toContain('Acme: the provider refused the sign-in.');
    expect(text, name).toContain('Sign in again with an account that has access');
    expect(text, name).toContain(shown);
    expect(text.length, name).toBeLessThan(700);
    expect(await row.locator('img, b').count(), name).toBe(0);
    expect(server.tokenCalls()).toBe(0);
  }
});

test('B-03 what only looks like the redirect URI is not caught, and the attempt goes on', async ({
  server,
  listener,
  launch,
}) => {
  const redirect = new URL(listener.redirectUri);
  const tenant = hostileTenant(server, 'Acme', listener);
  // The name leads here, so that a page there would load if it were let through
  const tray = await launch([tenant], ['--host-resolver-rules=MAP localhost.evil.test 127.0.0.1']);
  const popover = await tray.popover();
  server.behave({ authorize: (each) => page(byHand(each), link(goodAnswer(server, each))) });
  const arrival = server.nextRequest('/authorize');
  const end = beginSignIn(popover, tenant.id);
  const request = await arrival;
  const provider = await providerPage(tray, request);
  const good = goodAnswer(server, request).search;
  const stays = async (what: string): Promise<void> => {
    expect((await rowOf(popover, tenant.id)).status.kind, what).toBe('signing-in');
    expect(server.tokenCalls(), what).toBe(0);
  };

  for (const path of [
    '/callback-evil',
    '/callback/',
    '/Callback',
    '/CALLBACK',
    '/callback%2F',
    '/%63allback',
    '/callback/..%2Fcallback',
    '//callback',
    '/x/callback',
    '/',
  ]) {
    await arrives(provider, `${redirect.origin}${path}${good}`, () => listener.requests().length);
    await stays(path);
  }
  for (const target of [
    `http://user@${redirect.host}/callback${good}`,
    `http://localhost:${redirect.port}/callback${good}`,
    `http://[::1]:${redirect.port}/callback${good}`,
  ]) {
    await arrives(provider, target, () => listener.requests().length);
    await stays(target);
  }
  // Another port: the provider's own page with an answer in its query
  for (const target of [
    `${server.issuer}/authorize${good}&redirect_uri=${encodeURIComponent(redirect.href)}`,
    `${server.issuer}/authorize?error=access_denied&state=${request.query.get('state')!}&redirect_uri=${encodeURIComponent(redirect.href)}`,
    `${server.issuer}/callback${good}`,
  ]) {
    const path = new URL(target).pathname;
    await arrives(provider, target, () => server.requests(path).length);
    await stays(target);
  }
  // The page of the last target must be there: one that is being replaced takes no order, and its coming wipes a warning
  await provider.waitForURL((url) => url.origin === server.issuer && url.pathname === '/callback');
  // Not on this computer and not https: not even loaded
  const connections = listener.connections();
  await go(provider, `http://localhost.evil.test:${redirect.port}/callback${good}`);
  const bar = await barOf(tray, tenant.id);
  await expect(warningOf(bar)).toHaveText('A page without https was not opened.');
  expect(listener.connections()).toBe(connections);
  await stays('localhost.evil');

  // Within a page it is no answer, and still goes nowhere
  const inFrames = listener.requests().length;
  await provider.evaluate((target) => {
    return new Promise<void>((resolve) => {
      for (const address of [target, `${target}&again`]) {
        const frame = document.createElement('iframe');
        frame.src = address;
        document.body.append(frame);
      }
      setTimeout(resolve, 300);
    });
  }, `${redirect.href}${good}`);
  await stays('frame');
  expect(listener.requests()).toHaveLength(inFrames);

  await go(provider, `${redirect.href}${good}`);
  expect(await end).toEqual({ ok: true, value: null });
  expect(server.tokenCalls()).toBe(1);
  expect(listener.requests()).toHaveLength(inFrames);
});

/** As a script of the page does it; the page may be gone before the answer is. */
async function go(provider: Page, target: string): Promise<void> {
  await provider
    .evaluate((address) => {
      location.href = address;
    }, target)
    .catch(() => {});
}

/** Sends the page there until a request shows up; a page that is just being replaced does not take the order. */
async function arrives(provider: Page, target: string, requests: () => number): Promise<void> {
  const before = requests();
  await expect(async () => {
    await go(provider, target);
    await expect.poll(requests, { timeout: 1_000 }).toBeGreaterThan(before);
  }, target).toPass({ timeout: 10_000 });
}

test('B-13 every way out ends the attempt within two seconds, leaves nothing behind, and the next attempt works', async ({
  server,
  listener,
  launch,
}) => {
  test.setTimeout(120_000);
  // So that a posted answer is looked at like any other
  const tenant = hostileTenant(server, 'Acme', {
    ...listener,
    parameters: 'response_mode=form_post',
  });
  const tray = await launch([tenant]);
  const popover = await tray.popover();
  const before = await census(tray.app);
  const crash = (address: string): Promise<void> =>
    tray.app.electron.evaluate(({ webContents }, part) => {
      const all = webContents.getAllWebContents();
      const found = all.find((each) => each.getURL().includes(part));
      if (found === undefined) throw new Error(`there is no page at ${part}`);
      found.forcefullyCrashRenderer();
    }, address);

  const pages: Readonly<Record<string, (each: ReceivedRequest) => Answer | Promise<Answer>>> = {
    'while loading': () => new Promise<never>(() => {}),
    'with the page shown': (each) => page(byHand(each), link(goodAnswer(server, each))),
    'with a pop-up open': (each) =>
      each.query.get('step') === null
        ? page(each, scriptButton(`window.open(${scriptText(stepUrl(each, 'pop-up'))})`))
        : page(byHand(each), link(goodAnswer(server, each))),
  };
  const ways: Readonly<
    Record<string, { readonly act: () => Promise<unknown>; readonly code: string }>
  > = {
    'the window is closed': {
      act: () => closeLoginWindow(tray.app, 'Acme'),
      code: 'sign-in-cancelled',
    },
    'Cancel in the bar': {
      act: async () =>
        (await barOf(tray, tenant.id)).getByRole('button', { name: 'Cancel' }).click(),
      code: 'sign-in-cancelled',
    },
    'Cancel in the popover': {
      act: async () => {
        // Not shown for it: right after it was hidden a click on the icon does nothing
        const cancel = popover.getByRole('button', { name: 'Cancel' });
        if ((await cancel.count()) === 0) {
          await popover.locator(`[data-row="${tenant.id}"]`).dispatchEvent('click');
        }
        await cancel.dispatchEvent('click');
      },
      code: 'sign-in-cancelled',
    },
    'the renderer dies': { act: () => crash('/authorize'), code: 'page-failed' },
    'the bar dies': { act: () => crash('#login-bar='), code: 'page-failed' },
  };
  for (const [stage, authorize] of Object.entries(pages)) {
    for (const [way, { act, code }] of Object.entries(ways)) {
      // Before there is a page there is no renderer of its own to kill
      if (stage === 'while loading' && way === 'the renderer dies') continue;
      const what = `${way} ${stage}`;
      server.behave({ authorize });
      const arrived = server.nextRequest('/authorize');
      const end = beginSignIn(popover, tenant.id);
      const request = await arrived;
      await (await barOf(tray, tenant.id)).getByRole('button', { name: 'Cancel' }).waitFor();
      if (stage !== 'while loading') await providerPage(tray, request);
      if (stage === 'with a pop-up open') {
        await tray.app.waitForPage((url) => url.includes('step=pop-up'));
      }
      const startedAtMs = Date.now();
      await act();
      expect(await withTimeLimit(end, 5_000, `the end when ${what}`), what).toMatchObject({
        ok: false,
        error: { code },
      });
      expect(Date.now() - startedAtMs, what).toBeLessThan(2_000);
      await censusIs(tray.app, before);
      await tray.popoverShown();
    }
  }

  // Chromium takes a cut within the headers for an empty page: no failure to tell
  for (const cut of ['before', 'in-body'] as const) {
    server.behave({
      authorize: (each) => ({ ...page(byHand(each), 'x'.repeat(10_000)), cut }),
    });
    const arrived = server.nextRequest('/authorize');
    const end = beginSignIn(popover, tenant.id);
    await arrived;
    expect(await withTimeLimit(end, 2_000, `the end when the network drops ${cut}`)).toMatchObject({
      ok: false,
      error: { code: 'page-failed' },
    });
    await censusIs(tray.app, before);
  }

  server.reset();
  expect(await beginSignIn(popover, tenant.id)).toEqual({ ok: true, value: null });
  await censusIs(tray.app, before);
});

test('B-02 a provider in a pop-up: its redirect is caught there, and all windows close', async ({
  server,
  secureListener,
  launch,
}) => {
  const tenant = hostileTenant(server, 'Acme', secureListener);
  const tray = await launch([tenant]);
  const popover = await tray.popover();
  const before = await census(tray.app);
  server.behave({
    authorize: (each) =>
      each.query.get('step') === null
        ? deliver('pop-up, 302', byHand(each), () => goodAnswer(server, each))
        : page(byHand(each), link(goodAnswer(server, each))),
  });
  const arrived = server.nextRequest('/authorize');
  const end = beginSignIn(popover, tenant.id);
  await pressContinue(await providerPage(tray, await arrived));
  const child = await tray.app.waitForPage((url) => url.includes('step=second'));
  const titles = await tray.app.electron.evaluate(({ BaseWindow }) =>
    BaseWindow.getAllWindows().map(({ title }) => title),
  );
  expect(titles).toContain(new URL(server.issuer).host);
  await pressContinue(child);
  expect(await end).toEqual({ ok: true, value: null });
  expect(secureListener.connections()).toBe(0);
  await censusIs(tray.app, before);
});

test('B-16 the bar always names the host that the page is really on', async ({
  server,
  listener,
  launch,
}) => {
  const tenant = hostileTenant(server, 'Acme', listener);
  const tray = await launch([tenant]);
  const popover = await tray.popover();
  const { port } = new URL(server.issuer);
  server.behave({
    authorize: (each) =>
      each.query.get('step') === null
        ? redirectTo(302, stepUrl(each, 'elsewhere', 'localhost'))
        : page(
            byHand(each),
            `<title>accounts.google.com</title>${link(stepUrl(each, 'back', each.query.get('step') === 'back' ? 'localhost' : '127.0.0.1'))}`,
          ),
  });
  const arrived = server.nextRequest('/authorize');
  void beginSignIn(popover, tenant.id);
  await arrived;
  const bar = await barOf(tray, tenant.id);
  const host = bar.locator('.host');
  await expect(host).toHaveText(`localhost:${port}`);
  const provider = await tray.app.waitForPage((url) => url.includes('step=elsewhere'));
  await pressContinue(provider);
  await expect(host).toHaveText(`127.0.0.1:${port}`);
  // Something that only looks like another address changes nothing
  await provider.evaluate(() => {
    history.pushState({}, '', '/accounts.google.com');
    document.title = 'accounts.google.com';
  });
  await waitForSnapshot(popover, 'the host', ({ tenants }) =>
    tenants.some(({ signIn }) => signIn?.host === `127.0.0.1:${port}`),
  );
  await expect(host).toHaveText(`127.0.0.1:${port}`);
  expect(await tray.desktop.isWindowVisible('Sign in to Acme')).toBe(true);
});
