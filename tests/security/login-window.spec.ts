/** What a provider's page may not do in the login window, and that an attempt leaves no trace of its secrets anywhere. */
import type { CommandName } from '../../src-main/contract/ipc.ts';
import {
  barOf,
  beginSignIn,
  censusIs,
  hostileTenant,
  pressContinue,
  providerPage,
  rowOf,
  seenContents,
  sessionsCreated,
  warningOf,
} from '../e2e/login-driver.ts';
import { expect, test } from '../e2e/login-fixtures.ts';
import {
  answerOf,
  byHand,
  deliver,
  goodAnswer,
  link,
  page,
  scriptButton,
  scriptText,
  stepUrl,
  type DeliveryName,
} from '../emulators/hostile-pages.ts';
import { htmlPage, type Answering, type HostileServer } from '../emulators/hostile-server.ts';
import { ask, demand, type PageWithBridge } from '../harness/bridge.ts';
import { createCanarySearch } from '../harness/canary-search.ts';

/** A page that waits for a person, and a pop-up of it. */
const pageAndPopUp =
  (server: HostileServer): Answering =>
  (request) =>
    request.query.get('step') === null
      ? page(
          byHand(request),
          scriptButton(
            `window.open(${scriptText(stepUrl(request, 'pop-up'))}, '', ` +
              '"nodeIntegration=yes,contextIsolation=no,webviewTag=yes,sandbox=no,webSecurity=no,preload=/x.js")',
          ),
        )
      : page(byHand(request), link(goodAnswer(server, request)));

test('B-01 every page that ever exists is sandboxed, and a provider’s page sees nothing of the app', async ({
  server,
  listener,
  launch,
}) => {
  const tenant = hostileTenant(server, 'Acme', listener);
  server.behave({ authorize: pageAndPopUp(server) });
  const tray = await launch([tenant]);
  const popover = await tray.popover();
  await popover.getByRole('button', { name: 'Settings' }).click();
  await popover.getByRole('button', { name: 'Back', exact: true }).click();
  await popover.getByRole('button', { name: 'Add tenant' }).click();
  await popover.getByRole('button', { name: 'Back', exact: true }).click();

  const arrived = server.nextRequest('/authorize');
  await popover.getByRole('button', { name: 'Sign in to Acme' }).click();
  const provider = await providerPage(tray, await arrived);
  await pressContinue(provider);
  const popUp = await tray.app.waitForPage((url) => url.includes('step=pop-up'));
  for (const foreign of [provider, popUp]) {
    const found = await foreign.evaluate(() =>
      [
        'require',
        'process',
        'ipcRenderer',
        'bridge',
        'electron',
        'module',
        'Buffer',
        'global',
      ].filter((name) => name in window),
    );
    expect(found).toEqual([]);
  }

  // The bar is ours, yet it may only look and cancel
  const bar = await barOf(tray, tenant.id);
  const inBridge = await bar.evaluate(() =>
    Object.keys((window as unknown as PageWithBridge).bridge),
  );
  const mayDo = ['getSnapshot', 'cancelSignIn', 'onSnapshot'];
  expect(inBridge).toEqual(expect.arrayContaining(mayDo));
  const refused = inBridge.filter((name) => !mayDo.includes(name)) as CommandName[];
  expect(refused).toEqual(
    expect.arrayContaining(['readTenant', 'saveTenant', 'copyToken', 'quit']),
  );
  for (const name of refused) {
    // The arguments do not matter: it is refused before they are looked at
    await expect(ask(bar, name, ...([tenant.id] as never)), name).rejects.toThrow('refused');
  }

  await pressContinue(popUp);
  await tray.waitForToken('Acme');
  expect(server.canaries()).toContain(await tray.copy('Acme'));

  const seen = await seenContents(tray.app);
  const ours = seen.filter(({ inDefaultSession }) => inDefaultSession);
  const foreign = seen.filter(({ inDefaultSession }) => !inDefaultSession);
  expect(ours).toHaveLength(2);
  expect(foreign).toHaveLength(2);
  for (const { preferences, urls } of seen) {
    expect(preferences, urls.join(' ')).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      webSecurity: true,
      nodeIntegration: false,
      webviewTag: false,
    });
  }
  for (const { preloads } of ours)
    expect(preloads).toEqual([expect.stringMatching(/preload\.cjs$/)]);
  for (const { preloads, urls } of foreign) {
    expect(preloads, urls.join(' ')).toEqual([]);
    expect(urls.filter((url) => url.startsWith('app:'))).toEqual([]);
  }
});

test('B-06 after sign-ins of every kind no code, token, verifier or state is left anywhere', async ({
  desktop,
  userDataDir,
  server,
  listener,
  launch,
}) => {
  const kinds: readonly (DeliveryName | 'denied' | 'token refused')[] = [
    'single sign-on',
    'location.href',
    'form_post',
    'form_post by 307',
    'pop-up, 302',
    'form_post, target=_blank',
    'denied',
    'token refused',
  ];
  const scopes = 'openid profile offline_access';
  const tenants = kinds.map((kind) =>
    hostileTenant(server, kind, {
      ...listener,
      scopes,
      ...(kind.startsWith('form_post') ? { parameters: 'response_mode=form_post' } : {}),
    }),
  );
  const tray = await launch(tenants);
  const popover = await tray.popover();
  const before = await sessionsCreated(tray.app);
  for (const [index, kind] of kinds.entries()) {
    server.reset();
    server.behave({
      authorize: (request) =>
        kind === 'denied'
          ? deliver('302', request, () =>
              answerOf(request, {
                error: 'access_denied',
                state: request.query.get('state')!,
                iss: server.issuer,
              }),
            )
          : deliver(kind === 'token refused' ? '302' : kind, request, () =>
              goodAnswer(server, request),
            ),
      ...(kind === 'token refused' ? { token: () => htmlPage(500) } : {}),
    });
    const { ok } = await beginSignIn(popover, tenants[index]!.id);
    expect(ok, kind).toBe(kind !== 'denied' && kind !== 'token refused');
  }

  const issued = server.canaries();
  const sent = server.requests('/token').map(({ form }) => form.get('code_verifier')!);
  const asked = server.requests('/authorize').map(({ query }) => query.get('state')!);
  expect(issued.length).toBeGreaterThan(4 * (kinds.length - 2));
  const search = createCanarySearch([...issued, ...sent, ...asked]);
  // Home, temporary files, the app's output, keyring, and the app's own folder with caches and crash dumps
  search.lookAtFolder(desktop.directory);
  search.look('the notifications', await desktop.notifications.historyText());
  search.look('the notifications sent', JSON.stringify(desktop.notifications.all()));
  search.look('the output', tray.app.output());
  expect(search.hits()).toEqual([]);
  expect(search.looks()).toBeGreaterThan(20);

  // A page knows its own address, with the state in it; an answer must never have become one
  const history = createCanarySearch([...issued, ...sent]);
  for (const { history: entries, urls } of await seenContents(tray.app)) {
    history.look('the navigation history', JSON.stringify([entries, urls]));
  }
  expect(history.hits()).toEqual([]);
  expect(history.looks()).toBeGreaterThan(2 * kinds.length);

  expect(await sessionsCreated(tray.app)).toBe(before + kinds.length);
  await censusIs(tray.app, { windows: 1, contents: 1 });
  await tray.app.close();
  const after = createCanarySearch([...issued, ...sent, ...asked]);
  after.lookAtFolder(userDataDir);
  expect(after.hits()).toEqual([]);
});

test('B-07 B-12 a page gets no permission and starts no download', async ({
  desktop,
  server,
  listener,
  launch,
}) => {
  const tenant = hostileTenant(server, 'Acme', listener);
  server.behave({
    authorize: (request) =>
      request.query.get('step') === 'file'
        ? {
            headers: { 'content-disposition': 'attachment; filename="planted-file.txt"' },
            body: 'planted',
          }
        : page(byHand(request), link(stepUrl(request, 'file'))),
  });
  const tray = await launch([tenant]);
  const popover = await tray.popover();
  const arrived = server.nextRequest('/authorize');
  void beginSignIn(popover, tenant.id);
  const provider = await providerPage(tray, await arrived);
  const granted = await provider.evaluate(async () => {
    const names = [
      'geolocation',
      'notifications',
      'clipboard-read',
      'clipboard-write',
      'camera',
      'microphone',
      'midi',
      'persistent-storage',
      'storage-access',
      'idle-detection',
      'screen-wake-lock',
      'local-fonts',
      'window-management',
    ];
    const outcome = async (what: string, run: () => Promise<unknown>): Promise<string[]> => {
      try {
        // Fullscreen that is not granted is never answered
        const denied = new Promise((resolve) => setTimeout(() => resolve('no answer'), 2000));
        const value = await Promise.race([run(), denied]);
        return value === 'granted' || value === true ? [what] : [];
      } catch {
        return [];
      }
    };
    const asked = [
      outcome('ask notifications', () => Notification.requestPermission()),
      outcome('position', async () => {
        await new Promise((resolve, reject) =>
          navigator.geolocation.getCurrentPosition(resolve, reject),
        );
        return true;
      }),
      outcome('read the clipboard', () => navigator.clipboard.readText().then(() => true)),
      outcome('camera', () =>
        navigator.mediaDevices.getUserMedia({ video: true }).then(() => true),
      ),
      outcome('screen', () => navigator.mediaDevices.getDisplayMedia().then(() => true)),
      outcome('midi', () => navigator.requestMIDIAccess().then(() => true)),
      outcome('fullscreen', () => document.body.requestFullscreen().then(() => true)),
      ...names.map((name) =>
        outcome(`query ${name}`, async () => {
          const status = await navigator.permissions.query({ name: name as PermissionName });
          return status.state;
        }),
      ),
    ];
    return [
      ...(await Promise.all(asked)).flat(),
      `Notification.permission ${Notification.permission}`,
      `fullscreen ${document.fullscreenElement === null ? 'denied' : 'granted'}`,
    ];
  });
  expect(granted).toEqual(['Notification.permission denied', 'fullscreen denied']);

  const file = server.nextRequest('/authorize');
  await pressContinue(provider);
  await file;
  // The page stays, as with every navigation that turns into a download
  await expect.poll(() => rowOf(popover, tenant.id)).toMatchObject({ signIn: { loading: false } });
  const search = createCanarySearch(['planted-file.txt']);
  search.lookAtFolder(desktop.directory);
  expect(search.hits()).toEqual([]);
  expect((await rowOf(popover, tenant.id)).status.kind).toBe('signing-in');
});

test('B-08 a flood of pop-ups opens two, in windows of ours that name their host', async ({
  server,
  listener,
  launch,
}) => {
  const tenant = hostileTenant(server, 'Acme', listener);
  server.behave({ authorize: (request) => page(byHand(request), link(stepUrl(request, 'x'))) });
  const tray = await launch([tenant]);
  const popover = await tray.popover();
  const arrived = server.nextRequest('/authorize');
  const end = beginSignIn(popover, tenant.id);
  const provider = await providerPage(tray, await arrived);
  const host = new URL(server.issuer).host;

  const opened = await provider.evaluate(() => {
    const features =
      'width=1,height=1,frame=no,show=no,kiosk=yes,fullscreen=yes,alwaysOnTop=yes,transparent=yes,' +
      'opacity=0,skipTaskbar=yes,focusable=no,titleBarStyle=hidden,title=Your Bank';
    const targets = [
      'javascript:1',
      'data:text/html,x',
      'file:///etc/passwd',
      'app://bearer-tray/index.html',
      'blob:x',
      'chrome://gpu',
      'about:blank',
    ];
    let count = 0;
    for (let index = 0; index < 1000; index += 1) {
      if (window.open(targets[index % targets.length], '', features) !== null) count += 1;
    }
    return count;
  });
  expect(opened).toBe(2);
  const popUps = await tray.app.electron.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows()
      .filter(
        (each) =>
          each.webContents.getURL().startsWith('about:') || each.webContents.getURL() === '',
      )
      .map((each) => {
        const [width = 0, height = 0] = each.getSize();
        return {
          title: each.title,
          visible: each.isVisible(),
          kiosk: each.isKiosk(),
          fullscreen: each.isFullScreen(),
          onTop: each.isAlwaysOnTop(),
          focusable: each.isFocusable(),
          opacity: each.getOpacity(),
          large: width >= 200 && height >= 200,
          framed: each.getContentSize()[1]! <= height,
        };
      }),
  );
  expect(popUps).toEqual(
    [1, 2].map(() => ({
      title: host,
      visible: true,
      kiosk: false,
      fullscreen: false,
      onTop: false,
      focusable: true,
      opacity: 1,
      large: true,
      framed: true,
    })),
  );
  const seen = await seenContents(tray.app);
  for (const { preferences } of seen) {
    expect(preferences).toMatchObject({ sandbox: true, nodeIntegration: false });
  }
  await ask(popover, 'cancelSignIn', tenant.id);
  expect(await end).toMatchObject({ ok: false });
  await censusIs(tray.app, { windows: 1, contents: 1 });
});

test('B-11 only https, and http on this computer, is opened', async ({
  server,
  listener,
  launch,
}) => {
  const tenant = hostileTenant(server, 'Acme', listener);
  server.behave({ authorize: (request) => page(byHand(request), link(stepUrl(request, 'x'))) });
  const tray = await launch([tenant], ['--host-resolver-rules=MAP plain.test 127.0.0.1']);
  const popover = await tray.popover();
  const arrived = server.nextRequest('/authorize');
  void beginSignIn(popover, tenant.id);
  const provider = await providerPage(tray, await arrived);
  const before = server.requests().length;
  const { port } = new URL(server.issuer);
  const bar = await barOf(tray, tenant.id);
  for (const target of [
    `http://plain.test:${port}/authorize`,
    'file:///etc/passwd',
    'app://bearer-tray/index.html',
    'devtools://devtools/bundled/inspector.html',
    'view-source:http://127.0.0.1/',
    'data:text/html,x',
    'mailto:someone@example.test',
    'ms-settings:x',
    'caught:',
  ]) {
    await provider.evaluate((address) => {
      location.href = address;
    }, target);
    expect((await rowOf(popover, tenant.id)).status.kind, target).toBe('signing-in');
    expect(await provider.evaluate(() => document.title), target).toBe('Log in');
  }
  await expect(warningOf(bar)).toHaveText('A page without https was not opened.');
  expect(server.requests()).toHaveLength(before);
  expect((await demand(popover, 'getSnapshot')).tenants).toHaveLength(1);
});
