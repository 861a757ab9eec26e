/** Signing in in the system browser, in the real app: the test is the browser that xdg-open would have started. */
import { once } from 'node:events';
import { createServer, connect, type AddressInfo } from 'node:net';
import type { Page } from 'playwright';
import { byHand, goodAnswer, link, page } from '../emulators/hostile-pages.ts';
import { startHostileServer, type HostileServer } from '../emulators/hostile-server.ts';
import { launchBearerTray, seedProfile, type SeedTenant } from '../harness/bearer-tray.ts';
import { ask, waitForSnapshot } from '../harness/bridge.ts';
import { stubBrowser, type BrowserMood, type StubBrowser } from '../harness/browser.ts';
import { exitOf } from '../harness/desktop-processes.ts';
import { expect, test as base } from '../harness/fixtures.ts';
import { withTimeLimit } from '../harness/waiting.ts';
import { beginSignIn, census, hostileTenant, rowOf } from './login-driver.ts';

interface RunningTray {
  readonly browser: StubBrowser;
  readonly popover: Page;
  readonly output: () => string;
  readonly census: () => ReturnType<typeof census>;
}

interface BrowserFixtures {
  readonly server: HostileServer;
  readonly launch: (tenants: readonly SeedTenant[], mood?: BrowserMood) => Promise<RunningTray>;
}

const test = base.extend<BrowserFixtures>({
  server: async ({}, use) => {
    const server = await startHostileServer();
    await use(server);
    await server.stop();
  },
  launch: async ({ desktop, userDataDir }, use) => {
    const ends: (() => Promise<void>)[] = [];
    await use(async (tenants, mood = 'opening') => {
      seedProfile(userDataDir, tenants);
      const browser = stubBrowser(desktop, mood);
      const tray = await launchBearerTray(desktop, { userDataDir, env: browser.env });
      ends.push(async () => {
        // A browser outlives the app, and would hold on to the pipes of its output
        const exit = exitOf(tray.app.process);
        await tray.app.electron
          .evaluate(({ app }) => {
            app.quit();
          })
          .catch(() => undefined);
        await withTimeLimit(exit, 5000, 'the app to quit while its browser goes on');
        browser.remove();
        await tray.app.close();
      });
      return {
        browser,
        popover: await tray.popover(),
        output: () => tray.app.output(),
        census: () => census(tray.app),
      };
    });
    for (const end of ends) await end();
  },
});

function browserTenant(
  server: HostileServer,
  redirectUri = 'http://127.0.0.1/callback',
): SeedTenant {
  const tenant = hostileTenant(server, 'Acme', { redirectUri });
  return { ...tenant, values: { ...tenant.values, signInWith: 'browser' } };
}

/** Follows redirects as a browser does, and gives where it ends. */
async function browse(
  address: string,
): Promise<{ readonly status: number; readonly body: string }> {
  const response = await fetch(address);
  return { status: response.status, body: await response.text() };
}

async function isOpen(redirectUri: string): Promise<boolean> {
  const { hostname, port } = new URL(redirectUri);
  const socket = connect(Number(port), hostname);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

test('C-01 C-03 signs in without a window of its own, at a port that is open only meanwhile', async ({
  server,
  launch,
}) => {
  const tenant = browserTenant(server);
  const tray = await launch([tenant]);
  const before = await tray.census();
  const ports = new Set<string>();
  for (let round = 1; round <= 3; round += 1) {
    const end = beginSignIn(tray.popover, tenant.id);
    const address = await tray.browser.waitForAddress(round);
    const { searchParams } = new URL(address);
    const redirectUri = searchParams.get('redirect_uri') ?? '';
    expect(redirectUri).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/);
    ports.add(new URL(redirectUri).port);
    expect((await rowOf(tray.popover, tenant.id)).signIn).toEqual({
      host: new URL(server.issuer).host,
      inBrowser: true,
      encrypted: false,
      loading: false,
      warning: null,
    });
    expect(await tray.census()).toEqual(before);
    expect(await isOpen(redirectUri)).toBe(true);
    const shown = await browse(address);
    expect(shown.status).toBe(200);
    expect(shown.body).toContain('You can close this tab and go back to Bearer Tray');
    expect(await end).toEqual({ ok: true, value: null });
    await waitForSnapshot(tray.popover, 'the token', ({ tenants }) => {
      return tenants[0]?.status.kind === 'fresh';
    });
    expect(await isOpen(redirectUri)).toBe(false);
    // The exchange names the same URI (RFC 6749 §4.1.3)
    expect(server.requests('/token').at(-1)?.form.get('redirect_uri')).toBe(redirectUri);
  }
  expect(ports.size).toBe(3);
  for (const canary of server.canaries()) expect(tray.output()).not.toContain(canary);
});

test('C-02 whatever else comes to the port leaves the sign-in as it is', async ({
  server,
  launch,
}) => {
  const tenant = browserTenant(server);
  const tray = await launch([tenant]);
  server.behave({ authorize: (each) => page(byHand(each), link(goodAnswer(server, each))) });
  const request = server.nextRequest('/authorize');
  const end = beginSignIn(tray.popover, tenant.id);
  await browse(await tray.browser.waitForAddress());
  const good = goodAnswer(server, await request);
  const strangers: readonly (readonly [string, RequestInit, number])[] = [
    ['/favicon.ico', {}, 404],
    ['/', {}, 404],
    [`/callback-evil${good.search}`, {}, 404],
    [good.pathname + good.search, { method: 'HEAD' }, 405],
    [good.pathname + good.search, { method: 'POST', body: 'x' }, 405],
    ['/callback?code=x&state=wrong', {}, 400],
    ['/callback?error=access_denied', {}, 400],
  ];
  for (const [path, init, status] of strangers) {
    expect((await fetch(new URL(path, good), init)).status, path).toBe(status);
  }
  const slow = Array.from({ length: 50 }, () => connect(Number(good.port), good.hostname));
  for (const socket of slow) {
    socket.on('error', () => {});
    socket.write('GET /callback HTTP/1.1\r\n');
  }
  expect((await rowOf(tray.popover, tenant.id)).status.kind).toBe('signing-in');
  expect(server.tokenCalls()).toBe(0);
  expect((await browse(good.href)).status).toBe(200);
  expect(await end).toEqual({ ok: true, value: null });
  for (const socket of slow) socket.destroy();
});

test('a sign-in that waits can be opened again and cancelled', async ({ server, launch }) => {
  const tenant = browserTenant(server);
  const tray = await launch([tenant]);
  const end = beginSignIn(tray.popover, tenant.id);
  const address = await tray.browser.waitForAddress();
  await ask(tray.popover, 'showSignIn', tenant.id);
  expect(await tray.browser.waitForAddress(2)).toBe(address);
  await ask(tray.popover, 'cancelSignIn', tenant.id);
  expect(await end).toMatchObject({ ok: false, error: { code: 'sign-in-cancelled' } });
  expect(await isOpen(new URL(address).searchParams.get('redirect_uri') ?? '')).toBe(false);
  expect(server.tokenCalls()).toBe(0);
});

test('a port that another program uses is named', async ({ server, launch }) => {
  const other = createServer();
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const tenant = browserTenant(server, `http://127.0.0.1:${String(port)}/callback`);
  const tray = await launch([tenant]);
  const answer = await beginSignIn(tray.popover, tenant.id);
  expect(answer).toMatchObject({ ok: false, error: { code: 'port-taken' } });
  expect(JSON.stringify(answer)).toContain(String(port));
  expect(tray.browser.addresses()).toEqual([]);
  other.close();
});

for (const mood of ['failing', 'missing'] as const) {
  test(`C-07 xdg-open ${mood}: the person is told`, async ({ server, launch }) => {
    const tenant = browserTenant(server);
    const tray = await launch([tenant], mood);
    expect(await beginSignIn(tray.popover, tenant.id)).toMatchObject({
      ok: false,
      error: { code: 'browser-not-opened' },
    });
    expect(tray.browser.addresses()).toHaveLength(mood === 'failing' ? 1 : 0);
    expect((await rowOf(tray.popover, tenant.id)).status.kind).toBe('sign-in-needed');
  });
}

test('C-07 xdg-open hanging: the sign-in can be cancelled, and finished', async ({
  server,
  launch,
}) => {
  const tenant = browserTenant(server);
  const tray = await launch([tenant], 'hanging');
  const cancelled = beginSignIn(tray.popover, tenant.id);
  await tray.browser.waitForAddress();
  await ask(tray.popover, 'cancelSignIn', tenant.id);
  expect(await cancelled).toMatchObject({ ok: false, error: { code: 'sign-in-cancelled' } });
  const end = beginSignIn(tray.popover, tenant.id);
  await browse(await tray.browser.waitForAddress(2));
  expect(await end).toEqual({ ok: true, value: null });
});
