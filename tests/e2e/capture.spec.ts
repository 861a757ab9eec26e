/** Taking the token from a web app's own calls, in the real window and silently, against a small web app on loopback. */
import { createCanarySearch } from '../harness/canary-search.ts';
import { poll } from '../harness/waiting.ts';
import { pressContinue } from './login-driver.ts';
import type { CaptureWish, PlainOutcome } from './login-window-app.ts';
import { expect, test as base, type ProbeApp } from './login-window-probe.ts';
import { startWebApp, type WebApp } from './capture-web-app.ts';

const SILENT_LIMIT_MS = 20_000;
const SETTLED_MS = 3_000;

const test = base.extend<{ readonly web: WebApp }>({
  web: async ({}, use) => {
    const web = await startWebApp();
    await use(web);
    await web.stop();
  },
});

function wishOf(web: WebApp, tenantId = 'Acme'): CaptureWish {
  return { tenantId, startUrl: `${web.origin}/`, pathPart: 'api/' };
}

/** Not awaited yet: a test that fails before is not to be covered by its rejection. */
function begin(
  probe: ProbeApp,
  name: 'capture' | 'captureSilently',
  wish: CaptureWish,
): Promise<PlainOutcome> {
  const end = probe.ask(name, wish);
  end.catch(() => {});
  return end;
}

async function signIn(probe: ProbeApp, web: WebApp): Promise<void> {
  const page = await probe.app.waitForPage((url) => url.startsWith(web.loginUrl));
  await pressContinue(page);
}

async function captureOnce(probe: ProbeApp, web: WebApp): Promise<void> {
  const end = begin(probe, 'capture', wishOf(web));
  await signIn(probe, web);
  expect(await end).toEqual({ kind: 'captured', token: web.lastToken() });
  await probe.nothingLeft();
}

test('a person signs in, and the first call with a token ends it: the word Bearer is left out', async ({
  desktop,
  probe,
  web,
}) => {
  const end = begin(probe, 'capture', wishOf(web));
  const page = await probe.app.waitForPage((url) => url.startsWith(web.loginUrl));
  const bar = await probe.app.waitForPage((url) => url.endsWith('#login-bar=Acme'));
  expect(bar.url()).toContain('app://bearer-tray/');
  await poll('the window', 5_000, () => desktop.isWindowVisible('Sign in to Acme'));
  // The rules of the login window hold: no permission, no way to a page without https
  expect(await page.evaluate(() => Notification.permission)).toBe('denied');
  await page.evaluate(() => {
    location.href = 'http://plain.test/';
  });
  await poll('the warning', 5_000, async () =>
    (await probe.read('facts'))['Acme']?.some(({ warning }) => warning !== null),
  );
  await pressContinue(page);
  expect(await end).toEqual({ kind: 'captured', token: web.lastToken() });
  expect((await probe.read('facts'))['Acme']?.map(({ host }) => host)).toEqual(
    expect.arrayContaining([new URL(web.origin).host, new URL(web.loginUrl).host]),
  );
  await probe.nothingLeft();
});

for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
  test(`the scheme may be written ${scheme}`, async ({ probe, web }) => {
    web.run(`await call('/api/me', ${JSON.stringify(scheme)} + ' aZ09-._~+/==')`);
    const end = begin(probe, 'capture', wishOf(web));
    await signIn(probe, web);
    expect(await end).toEqual({ kind: 'captured', token: 'aZ09-._~+/==' });
  });
}

test('a call that the web app’s own service worker makes for it counts', async ({ probe, web }) => {
  web.run(`await worker(); await call('/api/me', 'Bearer ' + TOKEN)`);
  const end = begin(probe, 'capture', wishOf(web));
  await signIn(probe, web);
  expect(await end).toEqual({ kind: 'captured', token: web.lastToken() });
});

/** What is not looked at or not taken; each is a script of the web app's page. */
const IGNORED: Readonly<Record<string, string>> = {
  'a call to another path': `await call('/files/1', 'Bearer decoy')`,
  'a path that holds the part in its query only': `await call('/files?x=api/', 'Bearer decoy')`,
  'a call without the header': `await call('/api/none')`,
  'another scheme': `await call('/api/basic', 'Basic decoy')`,
  'a scheme that only begins so': `await call('/api/x', 'BearerX decoy')`,
  'no token of RFC 6750': `
    for (const text of ['Bearer', 'Bearer a b', 'Bearer "decoy"', 'Bearer decoy,', 'Bearer =decoy'])
      await call('/api/odd', text)`,
  'another port': `await call(OTHER + '/api/decoy', 'Bearer decoy')`,
  'another name of this computer': `await call(NAMESAKE + '/api/decoy', 'Bearer decoy')`,
  'a frame of another origin': `await frame({ src: OTHER + '/frame' })`,
  'the web app in a frame of another origin': `await frame({ src: OTHER + '/frame-with-app' })`,
  'a frame without an origin': `await frame({ sandbox: 'allow-scripts', src: '/frame' })`,
  'a service worker of another origin': `await frame({ src: OTHER + '/frame-with-worker' })`,
  'a page of another origin': `
    if (!location.search) { location.href = OTHER + '/page'; await new Promise(() => {}) }`,
  'a pop-up of another origin': `
    const done = message(); open(OTHER + '/pop-up', '', 'width=300,height=300'); await done`,
};
for (const [what, script] of Object.entries(IGNORED)) {
  test(`ignored: ${what}`, async ({ probe, web }) => {
    web.run(`${script}; await call('/api/me', 'Bearer ' + TOKEN)`);
    const end = begin(probe, 'capture', wishOf(web));
    await signIn(probe, web);
    expect(await end).toEqual({ kind: 'captured', token: web.lastToken() });
    // The call was made, all the same
    expect(web.decoys()).toBeGreaterThan(0);
    const seen = await probe.read('seenCalls');
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.filter((url) => new URL(url).host !== new URL(web.origin).host)).toEqual([]);
  });
}

test('silently: nothing is to be seen, and only where a web session lives', async ({
  probe,
  web,
}) => {
  expect(await begin(probe, 'captureSilently', wishOf(web))).toEqual({ kind: 'closed' });
  expect(web.requests()).toEqual([]);
  await captureOnce(probe, web);
  const first = web.lastToken();

  const held = web.hold('/');
  // Nobody sees a message or a pop-up of a page that nobody sees, and it waits for none
  web.run(`alert('x'); open(OTHER + '/pop-up'); await new Promise(requestAnimationFrame);
    await new Promise((resolve) => setTimeout(resolve, 1));
    await call('/api/me', 'Bearer ' + TOKEN)`);
  const end = begin(probe, 'captureSilently', wishOf(web));
  await held.arrived;
  expect(await probe.ask('census')).toEqual({ windows: 0, contents: 1 });
  held.release();
  expect(await end).toEqual({ kind: 'captured', token: web.lastToken() });
  expect(web.lastToken()).not.toBe(first);
  expect(web.decoys()).toBe(0);
  await probe.nothingLeft();
  expect(await probe.ask('timers')).toEqual([]);
  // Another tenant has none
  expect(await begin(probe, 'captureSilently', wishOf(web, 'Other'))).toEqual({ kind: 'closed' });
});

test('a token that is not wanted is passed over, with a window and without', async ({
  probe,
  web,
}) => {
  await captureOnce(probe, web);
  web.run(`await call('/api/me', 'Bearer ended'); await call('/api/me', 'Bearer ' + TOKEN)`);
  const wish = { ...wishOf(web), unwanted: ['ended'] };
  for (const name of ['captureSilently', 'capture'] as const) {
    const end = await begin(probe, name, wish);
    expect(end).toEqual({ kind: 'captured', token: web.lastToken() });
  }
  await probe.nothingLeft();
});

test('silently: a login page of another host ends it soon, a page without a token after 20 seconds', async ({
  probe,
  web,
}) => {
  await captureOnce(probe, web);
  web.run('');
  const quiet = begin(probe, 'captureSilently', wishOf(web));
  await probe.app.waitForPage((url) => url === `${web.origin}/`);
  await probe.ask('elapse', SILENT_LIMIT_MS);
  expect(await quiet).toEqual({ kind: 'nothing-new' });
  await probe.nothingLeft();

  web.endSessions();
  const end = begin(probe, 'captureSilently', wishOf(web));
  await poll('the page to settle', 10_000, async () =>
    (await probe.ask('timers')).includes(SETTLED_MS),
  );
  await probe.ask('elapse', SETTLED_MS);
  expect(await end).toEqual({ kind: 'closed' });
  await probe.nothingLeft();
  expect(await probe.ask('timers')).toEqual([]);
});

test('silently: single sign-on by way of another host is waited for', async ({ probe, web }) => {
  await captureOnce(probe, web);
  web.run(`if (!location.search) location.href = OTHER + '/page';
    else await call('/api/me', 'Bearer ' + TOKEN)`);
  const end = begin(probe, 'captureSilently', wishOf(web));
  expect(await end).toEqual({ kind: 'captured', token: web.lastToken() });
  expect(web.decoys()).toBe(1);
});

test('a second sign-in needs no login while the web session lives; after it is forgotten, it does', async ({
  probe,
  web,
}) => {
  await captureOnce(probe, web);
  expect(await begin(probe, 'capture', wishOf(web))).toEqual({
    kind: 'captured',
    token: web.lastToken(),
  });

  await probe.ask('forget', 'Acme');
  expect(await begin(probe, 'captureSilently', wishOf(web))).toEqual({ kind: 'closed' });
  await captureOnce(probe, web);

  // Also while something is going on
  web.run('');
  const end = begin(probe, 'capture', wishOf(web));
  await probe.app.waitForPage((url) => url === `${web.origin}/`);
  await probe.ask('forget', 'Acme');
  expect(await end).toEqual({ kind: 'closed' });
  expect(await begin(probe, 'captureSilently', wishOf(web))).toEqual({ kind: 'closed' });
  await probe.nothingLeft();
});

test('B-13 every way out ends it and leaves nothing', async ({ probe, web }) => {
  const close = (): Promise<void> =>
    probe.app.electron.evaluate(({ BaseWindow }) => {
      BaseWindow.getAllWindows()[0]?.close();
    });
  for (const act of [close, () => probe.ask('cancel', 'Acme')]) {
    const end = begin(probe, 'capture', wishOf(web));
    await probe.app.waitForPage((url) => url.startsWith(web.loginUrl));
    await act();
    expect(await end).toEqual({ kind: 'closed' });
    await probe.nothingLeft();
    // Where nobody has got in there is nothing to go on with
    expect(await begin(probe, 'captureSilently', wishOf(web))).toEqual({ kind: 'closed' });
    // Playwright hears of the end of a page a little later, and would take it for the next one
    await poll('its page to be gone', 5000, () =>
      probe.app.pages().every((page) => !page.url().startsWith(web.loginUrl)),
    );
  }

  await captureOnce(probe, web);
  web.run('');
  const silent = begin(probe, 'captureSilently', wishOf(web));
  await probe.app.waitForPage((url) => url === `${web.origin}/`);
  await probe.ask('cancel', 'Acme');
  expect(await silent).toEqual({ kind: 'closed' });
  await probe.nothingLeft();

  // A newer one takes the place of the older, and the listener with it
  const older = begin(probe, 'captureSilently', wishOf(web));
  await probe.app.waitForPage((url) => url === `${web.origin}/`);
  web.run(`await call('/api/me', 'Bearer ' + TOKEN)`);
  const newer = begin(probe, 'capture', wishOf(web));
  expect(await older).toEqual({ kind: 'closed' });
  expect(await newer).toEqual({ kind: 'captured', token: web.lastToken() });
  await probe.nothingLeft();

  await web.stop();
  for (const name of ['capture', 'captureSilently'] as const) {
    expect(await begin(probe, name, wishOf(web))).toMatchObject({
      kind: 'page-failed',
      host: new URL(web.origin).host,
    });
  }
  await probe.nothingLeft();
});

test('http is for this computer only', async ({ probe }) => {
  const wish = { tenantId: 'Acme', startUrl: 'http://app.test/', pathPart: 'api/' };
  expect(await begin(probe, 'capture', wish)).toMatchObject({
    kind: 'page-failed',
    host: 'app.test',
  });
});

test('B-01 B-06 the pages are sandboxed, and no cookie and no token is left on disk or in the output', async ({
  desktop,
  userDataDir,
  probe,
  web,
}) => {
  web.run(`localStorage.setItem('kept', TOKEN);
    indexedDB.open(TOKEN); await (await caches.open('calls')).put('/x', new Response(TOKEN));
    await call('/api/me', 'Bearer ' + TOKEN)`);
  const held = web.hold('/');
  const end = begin(probe, 'capture', wishOf(web));
  await held.arrived;
  held.release();
  await signIn(probe, web);
  expect(await end).toMatchObject({ kind: 'captured' });
  const silent = web.hold('/');
  const again = begin(probe, 'captureSilently', wishOf(web));
  await silent.arrived;
  const found = await probe.app.electron.evaluate(({ webContents, session }) =>
    webContents.getAllWebContents().map((each) => ({
      own: each.session !== session.defaultSession,
      onDisk: each.session.storagePath,
      preferences: (
        each as unknown as { getLastWebPreferences(): Record<string, unknown> }
      ).getLastWebPreferences(),
    })),
  );
  silent.release();
  expect(found).toEqual([
    {
      own: true,
      onDisk: null,
      preferences: expect.objectContaining({
        sandbox: true,
        contextIsolation: true,
        webSecurity: true,
        nodeIntegration: false,
        webviewTag: false,
      }) as unknown,
    },
  ]);
  expect(await again).toMatchObject({ kind: 'captured' });

  const look = (): void => {
    const search = createCanarySearch(web.canaries());
    search.lookAtFolder(desktop.directory);
    search.lookAtFolder(userDataDir);
    search.look('the output', probe.app.output());
    expect(search.hits()).toEqual([]);
    expect(search.looks()).toBeGreaterThan(20);
  };
  look();
  await probe.app.close();
  look();
});
