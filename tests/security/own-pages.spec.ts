/** Our own pages: nothing from elsewhere runs or loads in them, they lead nowhere, and no secret ever reaches them. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright';
import { startHostileServer } from '../emulators/hostile-server.ts';
import type { HostileServer } from '../emulators/hostile-server.ts';
import type { SourceApp } from '../harness/app.ts';
import { launchBearerTray, seedProfile } from '../harness/bearer-tray.ts';
import type { BearerTray } from '../harness/bearer-tray.ts';
import { ask, demand, draft } from '../harness/bridge.ts';
import type { PageWithBridge } from '../harness/bridge.ts';
import { createCanarySearch } from '../harness/canary-search.ts';
import { expect, test } from '../harness/fixtures.ts';
import { poll } from '../harness/waiting.ts';

const REDIRECT_URI = 'https://localhost/callback';

test('H-03 CSP on own pages: inline script, eval, remote content, base-uri, form-action and frames are all blocked', async ({
  desktop,
  userDataDir,
}) => {
  await using elsewhere = await startElsewhere();
  seedProfile(userDataDir, []);
  const tray = await launchBearerTray(desktop, { userDataDir });
  try {
    const page = await tray.popover();
    const blocked = await page.evaluate(tryEverything, elsewhere.url);
    expect(blocked.effects).toEqual([]);
    for (const directive of [
      'script-src-elem',
      'script-src-attr',
      'script-src',
      'img-src',
      'connect-src',
      'style-src-elem',
      'frame-src',
      'base-uri',
      'form-action',
      'object-src',
      'media-src',
      'worker-src',
      'font-src',
    ]) {
      expect(blocked.directives).toContain(directive);
    }
    expect(blocked.baseUri).toBe('app://bearer-tray/index.html');
    expect(elsewhere.requests()).toEqual([]);
  } finally {
    await tray.app.close();
  }
});

test('H-03 own pages lead nowhere: navigation is stopped, window.open is denied, nothing outside of the pages is served', async ({
  desktop,
  userDataDir,
}) => {
  await using elsewhere = await startElsewhere();
  seedProfile(userDataDir, []);
  const tray = await launchBearerTray(desktop, { userDataDir });
  try {
    const page = await tray.popover();
    // Not about:blank: no event tells of it; it is empty, and as a foreign page it is refused everything
    const targets = [
      elsewhere.url,
      'file:///etc/passwd',
      'app://elsewhere/index.html',
      'data:text/html,x',
      'javascript:document.body.remove()',
    ];
    for (const target of targets) {
      await page.evaluate((url) => {
        location.href = url;
      }, target);
      const opened = await page.evaluate((url) => window.open(url) === null, target);
      expect(opened, target).toBe(true);
      await page.evaluate((url) => {
        const link = document.createElement('a');
        link.href = url;
        link.target = '_blank';
        document.body.append(link);
        link.click();
        link.target = '';
        link.click();
        link.remove();
      }, target);
      expect(page.url(), target).toBe('app://bearer-tray/index.html');
    }
    // Pictures that lie beside the pages, as the policy lets a page show its own
    for (const path of [
      '/../assets/icon.png',
      '/%2e%2e/assets/icon.png',
      '/..%2fassets%2ficon.png',
    ]) {
      expect(await page.evaluate(loadsAsPicture, path), path).toBe(false);
    }
    // The page is alive and still the same one. Not by a locator: it would wait for the stopped navigations
    const isAlive = (): boolean => document.querySelector('[aria-label=Settings]') !== null;
    expect(await page.evaluate(isAlive)).toBe(true);
    expect(await demand(page, 'getSnapshot')).toMatchObject({ tray: 'shown' });
    expect(tray.app.pages()).toHaveLength(1);
    expect(elsewhere.requests()).toEqual([]);
  } finally {
    await tray.app.close();
  }
});

test('H-03 B-17 the renderer never receives a token or a secret, and only our own main frame may ask', async ({
  desktop,
  userDataDir,
}) => {
  const clientSecret = `typed-${crypto.randomUUID()}`;
  const server = await startHostileServer();
  const service = await startHostileServer({ clientId: 'service', clientSecret });
  seedProfile(userDataDir, []);
  const tray = await launchBearerTray(desktop, { userDataDir });
  try {
    const sent = await recordSentMessages(tray.app);
    const page = await tray.popover();
    await page.evaluate(recordSnapshots);
    const answers = await useEveryCommand(page, server, service, clientSecret);
    await lookThroughLoginWindow(tray, page, server);
    await askFromForeignPage(tray.app);

    const tokens = [...server.canaries(), ...service.canaries()];
    expect(tokens.length).toBeGreaterThan(10);
    const search = createCanarySearch([...tokens, clientSecret]);
    search.look('the answers to commands', JSON.stringify(answers));
    search.look('what main has sent', await sent());
    search.look('the snapshots', JSON.stringify(await page.evaluate(snapshotsSoFar)));
    search.look('the page', await page.content());
    expect(search.hits()).toEqual([]);
    // What the page once had and has let go may still be there, and must not be a token either
    const heap = createCanarySearch(tokens);
    heap.look('the memory of the page', await heapOf(page));
    expect(heap.hits()).toEqual([]);
  } finally {
    await tray.app.close();
    await Promise.all([server.stop(), service.stop()]);
  }
});

test('B-17 1,000 malformed calls are answered with data, crash nothing, change nothing and tell no secret', async ({
  desktop,
  userDataDir,
}) => {
  const server = await startHostileServer();
  seedProfile(userDataDir, []);
  const tray = await launchBearerTray(desktop, { userDataDir });
  try {
    const page = await tray.popover();
    const tenantId = await demand(page, 'saveTenant', personDraft(server));
    await demand(page, 'signIn', tenantId);
    const before = await demand(page, 'getSnapshot');
    const outcome = await page.evaluate(callAtRandom, 1000);
    expect(outcome.thrown).toEqual([]);
    expect(outcome.shapeless).toEqual([]);
    expect(outcome.count).toBe(1000);
    const search = createCanarySearch(server.canaries());
    search.look('the answers', outcome.texts);
    expect(search.hits()).toEqual([]);
    expect(await demand(page, 'getSnapshot')).toEqual(before);
    expect(await demand(page, 'copyToken', tenantId)).toMatchObject({ renewed: false });
  } finally {
    await tray.app.close();
    await server.stop();
  }
});

function personDraft(server: HostileServer) {
  return draft({
    name: 'Acme',
    grant: 'authorization-code',
    values: {
      issuer: server.issuer,
      clientId: server.clientId,
      redirectUri: REDIRECT_URI,
      scopes: 'openid offline_access',
    },
  });
}

/** A server that no page of ours may ever ask. */
async function startElsewhere() {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    response.writeHead(200, {
      'content-type': 'text/javascript',
      'access-control-allow-origin': '*',
    });
    response.end('window.fromElsewhere = true');
  });
  server.on('upgrade', (request, socket) => {
    requests.push(request.url ?? '');
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`,
    requests: () => [...requests],
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Runs in the page. @returns Which directives stopped something, and which attempts had an effect all the same. */
async function tryEverything(url: string) {
  const directives = new Set<string>();
  const effects: string[] = [];
  const marks = window as unknown as Record<string, unknown>;
  document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => {
    directives.add(effectiveDirective);
  });
  const add = (tag: string, attributes: Readonly<Record<string, string>>, text = ''): void => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.textContent = text;
    // A frame says so for the error page of a blocked one as well
    if (tag !== 'iframe') element.addEventListener('load', () => effects.push(`${tag} loaded`));
    document.body.append(element);
    element.click();
  };
  add('script', {}, 'window.inlineRan = true');
  add('script', { src: `${url}remote.js` });
  add('script', { src: 'data:text/javascript,window.dataRan=true' });
  add('button', { onclick: 'window.handlerRan = true' });
  add('img', { src: `${url}picture.png` });
  add('link', { rel: 'stylesheet', href: `${url}style.css` });
  add(
    'style',
    {},
    `@font-face { font-family: x; src: url(${url}font) } body { color: rgb(1, 2, 3) }`,
  );
  add('object', { data: `${url}object` });
  add('audio', { src: `${url}audio` });
  add('base', { href: url });
  const font = new FontFace('elsewhere', `url(${url}font)`);
  const settled = await Promise.allSettled([
    fetch(`${url}fetch`),
    // A caller outside of the debugger, whose own calls are exempt from the policy
    new Promise((resolve, reject) =>
      setTimeout(() => {
        try {
          // eslint-disable-next-line @typescript-eslint/no-implied-eval, no-new-func -- exactly this must fail
          resolve(new Function('return 1')());
        } catch {
          reject(new Error('refused'));
        }
      }),
    ),
    font.load(),
    new Promise((resolve, reject) => {
      const socket = new WebSocket(url.replace('http', 'ws'));
      socket.onopen = resolve;
      socket.onerror = reject;
    }),
    new Promise((resolve, reject) => {
      const worker = new Worker(URL.createObjectURL(new Blob(['postMessage(1)'])));
      worker.onmessage = resolve;
      worker.onerror = reject;
    }),
  ]);
  for (const [index, { status }] of settled.entries()) {
    if (status === 'fulfilled') effects.push(`attempt ${String(index)}`);
  }
  add('iframe', { src: `${url}frame` });
  add('iframe', { srcdoc: '<script>parent.frameRan = true</script>' });
  const form = document.createElement('form');
  form.action = `${url}form`;
  form.method = 'post';
  document.body.append(form);
  form.submit();
  const beacon = navigator.sendBeacon(`${url}beacon`);
  await new Promise((resolve) => setTimeout(resolve, 300));
  for (const name of ['inlineRan', 'dataRan', 'handlerRan', 'frameRan', 'fromElsewhere']) {
    if (marks[name] === true) effects.push(name);
  }
  if (getComputedStyle(document.body).color === 'rgb(1, 2, 3)') effects.push('style applied');
  return { directives: [...directives], effects, baseUri: document.baseURI, beacon };
}

/** Runs in the page. */
function loadsAsPicture(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const picture = new Image();
    picture.onload = () => {
      resolve(true);
    };
    picture.onerror = () => {
      resolve(false);
    };
    picture.src = `app://bearer-tray${path}`;
  });
}

/** Writes down all that main sends to any page from now on. */
async function recordSentMessages(app: SourceApp): Promise<() => Promise<string>> {
  await app.electron.evaluate(({ app: electronApp, webContents }) => {
    const messages: string[] = [];
    (globalThis as unknown as { sentMessages: string[] }).sentMessages = messages;
    const watch = (contents: Electron.WebContents): void => {
      const send = contents.send.bind(contents);
      contents.send = (...args) => {
        messages.push(JSON.stringify(args));
        send(...args);
      };
    };
    webContents.getAllWebContents().forEach(watch);
    electronApp.on('web-contents-created', (_event, contents) => {
      watch(contents);
    });
  });
  return async () => {
    const messages = await app.electron.evaluate(
      () => (globalThis as unknown as { sentMessages: string[] }).sentMessages,
    );
    expect(messages.length).toBeGreaterThan(5);
    return messages.join('\n');
  };
}

interface Recorder {
  recordedSnapshots?: unknown[];
}

/** Runs in the page. */
function recordSnapshots(): void {
  const recorded: unknown[] = [];
  (window as Recorder).recordedSnapshots = recorded;
  (window as unknown as PageWithBridge).bridge.onSnapshot((snapshot) => recorded.push(snapshot));
}

/** Runs in the page. */
function snapshotsSoFar(): unknown {
  return (window as Recorder).recordedSnapshots;
}

/** Calls every command of the contract at least once, in good times and in bad. @returns All answers. */
async function useEveryCommand(
  page: Page,
  server: HostileServer,
  service: HostileServer,
  clientSecret: string,
): Promise<readonly unknown[]> {
  const answers: unknown[] = [];
  const call: typeof ask = async (...args) => {
    const answer = await ask(...args);
    answers.push(answer);
    return answer;
  };
  const person = await demand(page, 'saveTenant', personDraft(server));
  const robot = await demand(
    page,
    'saveTenant',
    draft({
      name: 'Robot',
      grant: 'client-credentials',
      values: { issuer: service.issuer, clientId: 'service' },
      secrets: { clientSecret },
    }),
  );
  await call(page, 'listProviders');
  for (const tenantId of [person, robot]) {
    await call(page, 'signIn', tenantId);
    await call(page, 'getSnapshot');
    await call(page, 'copyToken', tenantId);
    await call(page, 'renew', tenantId);
    const read = await demand(page, 'readTenant', tenantId);
    answers.push(read);
    await call(page, 'saveTenant', { ...read, colour: '#0f766e' });
    await call(page, 'activateTenant', tenantId);
    await call(page, 'showSignIn', tenantId);
    await call(page, 'cancelSignIn', tenantId);
  }
  // What a provider says when it refuses may hold what it was sent
  for (const each of [server, service]) {
    each.behave({
      token: (request, ordinary) => ({
        ...ordinary(),
        status: 400,
        body: JSON.stringify({
          error: 'invalid_grant',
          error_description: `no: ${request.form.toString()} ${clientSecret}`,
        }),
      }),
    });
  }
  for (const tenantId of [person, robot]) {
    await call(page, 'renew', tenantId);
    await call(page, 'getSnapshot');
    await call(page, 'copyError', tenantId);
  }
  for (const each of [server, service]) each.reset();
  for (const tenantId of [person, robot]) {
    await call(page, 'signIn', tenantId);
    await call(page, 'signOut', tenantId);
  }
  await call(page, 'removeTenant', robot);
  await call(page, 'saveSettings', { theme: 'dark' });
  await call(page, 'retryKeychain');
  return answers;
}

/** The provider's page sees nothing of ours, and the bar above it may only look and cancel. */
async function lookThroughLoginWindow(
  tray: BearerTray,
  page: Page,
  server: HostileServer,
): Promise<void> {
  const { tenants } = await demand(page, 'getSnapshot');
  const tenantId = tenants[0]!.id;
  server.behave({
    authorize: () => ({ headers: { 'content-type': 'text/html' }, body: '<title>Log in</title>' }),
  });
  const signedIn = ask(page, 'signIn', tenantId);
  const login = await tray.app.waitForPage((url) => url.startsWith(`${server.issuer}/authorize`));
  const globals = await login.evaluate(() => {
    const names = ['bridge', 'require', 'process', 'module', 'ipcRenderer', 'electron'];
    return names.filter((name) => name in window);
  });
  expect(globals).toEqual([]);
  const bar = await tray.loginBar();
  await poll('the bar to have its bridge', 5000, () => bar.evaluate(() => 'bridge' in window));
  for (const name of ['copyToken', 'signOut', 'removeTenant', 'readTenant', 'renew'] as const) {
    await expect(ask(bar, name, tenantId), name).rejects.toThrow(/refused/);
  }
  await expect(ask(bar, 'quit')).rejects.toThrow(/refused/);
  // The bar goes with its window, perhaps before the answer arrives
  await ask(bar, 'cancelSignIn', tenantId).catch(() => undefined);
  expect(await signedIn).toMatchObject({ ok: false, error: { code: 'sign-in-cancelled' } });
  server.reset();
}

/** Even a page with all of Node gets nothing when it is not ours; and unknown commands exist for nobody. */
async function askFromForeignPage(app: SourceApp): Promise<void> {
  const outcomes = await app.electron.evaluate(async ({ BrowserWindow }) => {
    const window = new BrowserWindow({
      show: false,
      webPreferences: {
        partition: 'foreign',
        sandbox: false,
        contextIsolation: false,
        nodeIntegration: true,
      },
    });
    const tell = async (url: string): Promise<readonly string[]> => {
      await window.loadURL(url);
      return window.webContents.executeJavaScript(`
        const { ipcRenderer } = require('electron');
        const names = ['getSnapshot', 'copyToken', 'readTenant', 'quit', 'unknown', '__proto__', 'constructor'];
        Promise.all(names.map((name) => ipcRenderer.invoke(name, 'x').then(() => name, () => 'refused')));
      `) as Promise<readonly string[]>;
    };
    const told = [
      await tell('data:text/html,foreign'),
      await tell('about:blank'),
      await tell('data:text/html,app://bearer-tray/index.html'),
    ];
    window.destroy();
    return told;
  });
  expect(outcomes.flat()).toEqual(Array.from({ length: 21 }, () => 'refused'));
}

async function heapOf(page: Page): Promise<string> {
  const session = await page.context().newCDPSession(page);
  const chunks: string[] = [];
  session.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => chunks.push(chunk));
  await session.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  await session.detach();
  const heap = chunks.join('');
  expect(heap).toContain('login-bar');
  return heap;
}

/** Runs in the page: calls every command but `quit` with arguments of every kind that can be sent. */
async function callAtRandom(total: number) {
  const { bridge } = window as unknown as PageWithBridge;
  let seed = 42;
  // mulberry32: the same calls in every run
  const random = (): number => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const pick = <Value>(from: readonly Value[]): Value =>
    from[Math.floor(random() * from.length)] as Value;
  const atoms: readonly (() => unknown)[] = [
    () => undefined,
    () => null,
    () => random() * 1e9,
    () => pick([NaN, Infinity, -0, 2 ** 53, -1]),
    () => 10n ** 30n,
    () =>
      pick([
        '',
        '__proto__',
        'constructor',
        '../../etc/passwd',
        '\u0000',
        '\ud800',
        '<b>',
        'x'.repeat(100_000),
      ]),
    () => crypto.randomUUID(),
    () => new Date(NaN),
    () => new Map([[{}, new Set([1])]]),
    () => new Uint8Array(1000),
    () => /x/g,
    () => new Error('x'),
    () => random() < 0.5,
  ];
  const keys = [
    'id',
    'name',
    'grant',
    'values',
    'secrets',
    'storedSecrets',
    'notice',
    'colour',
    'providerId',
    'theme',
    'noticeLeadMinutes',
    '__proto__',
    'constructor',
    'toString',
    'x',
  ];
  const value = (depth: number): unknown => {
    if (depth === 0 || random() < 0.4) return pick(atoms)();
    if (random() < 0.3)
      return Array.from({ length: Math.floor(random() * 4) }, () => value(depth - 1));
    const entries = Array.from({ length: Math.floor(random() * 8) }, () => [
      pick(keys),
      value(depth - 1),
    ]);
    return random() < 0.5
      ? Object.fromEntries(entries)
      : JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}');
  };
  const names = Object.keys(bridge).filter((name) => name !== 'onSnapshot' && name !== 'quit');
  const thrown: string[] = [];
  const shapeless: string[] = [];
  const texts: string[] = [];
  let count = 0;
  for (let call = 0; call < total; call += 1) {
    const name = pick(names);
    const args = Array.from({ length: Math.floor(random() * 3) }, () => value(3));
    try {
      const run = bridge[name as 'renew'] as (...given: readonly unknown[]) => Promise<unknown>;
      const answer = (await run(...args)) as { ok?: unknown; error?: { code?: unknown } };
      texts.push(JSON.stringify(answer));
      const isAnswer = answer.ok === true || typeof answer.error?.code === 'string';
      if (!isAnswer) shapeless.push(`${name}: ${JSON.stringify(answer)}`);
    } catch (cause) {
      thrown.push(`${name}: ${String(cause)}`);
    }
    count += 1;
  }
  return { thrown, shapeless, count, texts: texts.join('\n') };
}
