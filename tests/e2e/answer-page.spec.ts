/** The page at the loopback redirect URI in a real browser: what stands in its address, what it asks for, how it looks. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BrowserWindow as ElectronWindow } from 'electron';
import type { Page } from 'playwright';
import { goodAnswer, startAttempt, STATE } from '../adapters/system-browser/parts.ts';
import type { Attempt } from '../adapters/system-browser/parts.ts';
import { launchApp, type SourceApp } from '../harness/app.ts';
import { expect, test as base } from '../harness/fixtures.ts';
import { writeProbeApp } from '../harness/probe-app.ts';

interface BrowserFixtures {
  /** Every address that the browser has asked for. */
  readonly requested: string[];
  /** A browser window that goes to an address, as by a redirect of the provider. */
  readonly browse: (address: string) => Promise<Page>;
  readonly attempt: Attempt;
}

const CALLBACK = 'http://127.0.0.1/callback';

const test = base.extend<BrowserFixtures>({
  requested: async ({}, use) => {
    await use([]);
  },
  browse: async ({ desktop, userDataDir, requested }, use) => {
    const app = await launchApp(desktop, { userDataDir, appPath: writeProbeApp(userDataDir) });
    try {
      app.electron.context().on('request', (request) => requested.push(request.url()));
      await use((address) => openWindow(app, address));
    } finally {
      await app.close();
    }
  },
  attempt: async ({}, use) => {
    const attempt = startAttempt({ redirectUri: CALLBACK });
    await attempt.opened;
    await use(attempt);
    attempt.abort();
    await attempt.outcome;
  },
});

async function openWindow(app: SourceApp, address: string): Promise<Page> {
  await app.electron.evaluate(({ BrowserWindow, session }) => {
    const window = new BrowserWindow({
      width: 900,
      height: 600,
      x: 0,
      y: 0,
      webPreferences: { session: session.fromPartition('browser', { cache: true }) },
    });
    (globalThis as unknown as { browser: ElectronWindow }).browser = window;
    void window.loadURL('about:blank');
  });
  const page = await app.waitForPage((url) => url === 'about:blank');
  await page.goto(address);
  return page;
}

/** The addresses that the window could go back to. */
function historyOf(page: Page): Promise<number> {
  return page.evaluate(() => history.length);
}

test('C-04 a taken answer leaves no code in the address, and the page asks for nothing else', async ({
  attempt,
  browse,
  requested,
}, testInfo) => {
  const address = goodAnswer(attempt.redirectUri());
  const page = await browse(address);
  await expect(page.getByRole('heading')).toHaveText(
    'You can close this tab and go back to Bearer Tray',
  );
  expect(page.url()).toBe(attempt.redirectUri());
  expect(await page.evaluate(() => document.URL + document.referrer)).toBe(attempt.redirectUri());
  expect(await historyOf(page)).toBeLessThanOrEqual(2);
  expect(await attempt.outcome).toMatchObject({ kind: 'answered' });
  expect(requested.filter((each) => /^https?:/.test(each))).toEqual([address]);
  await page.screenshot({ path: testInfo.outputPath('taken-light.png') });
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.screenshot({ path: testInfo.outputPath('taken-dark.png') });
});

test('C-04 a fragment reaches the app and is gone from the address', async ({
  attempt,
  browse,
  requested,
}) => {
  const uri = attempt.redirectUri();
  const fragment = `#access_token=dal%3Aa-b_c&state=${STATE}&token_type=Bearer`;
  const page = await browse(uri + fragment);
  await expect(page.getByRole('heading')).toHaveText(
    'You can close this tab and go back to Bearer Tray',
  );
  const outcome = await attempt.outcome;
  expect(outcome.kind === 'answered' && outcome.answer.href).toBe(uri + fragment);
  expect(page.url()).toBe(uri);
  // No address that went over the wire holds the token
  expect(
    requested.filter((each) => /^https?:/.test(each)).map((each) => each.split('#')[0]),
  ).toEqual([uri, uri]);
});

test('C-02 C-04 an answer of another sign-in is said to be none, and the right one still arrives', async ({
  attempt,
  browse,
}, testInfo) => {
  const uri = attempt.redirectUri();
  const page = await browse(`${uri}?code=1&state=wrong`);
  const heading = page.getByRole('heading');
  await expect(heading).toHaveText('This is not the answer that Bearer Tray waits for');
  expect(page.url()).toBe(uri);
  await page.screenshot({ path: testInfo.outputPath('ignored.png') });
  // As it comes from a provider: by way of another page
  await page.goto('about:blank');
  await page.goto(`${uri}#access_token=x&state=wrong`);
  await expect(heading).toHaveText('This is not the answer that Bearer Tray waits for');
  expect(page.url()).toBe(uri);
  expect(attempt.isOver()).toBe(false);
  await page.goto(goodAnswer(uri));
  await expect(heading).toHaveText('You can close this tab and go back to Bearer Tray');
  expect((await attempt.outcome).kind).toBe('answered');
});

test('C-02 C-04 no other page can frame it, read it or post an answer to it', async ({
  attempt,
  browse,
  requested,
}) => {
  const uri = attempt.redirectUri();
  const stranger = createServer((_request, response) => {
    response
      .setHeader('content-type', 'text/html')
      .end(`<iframe src="${uri}#access_token=framed&state=${STATE}"></iframe>`);
  });
  stranger.listen(0, '127.0.0.1');
  await once(stranger, 'listening');
  const page = await browse(
    `http://127.0.0.1:${String((stranger.address() as AddressInfo).port)}/`,
  );
  const seen = await page.evaluate(
    async ([target, body]) => {
      const send = (init: RequestInit): Promise<string> =>
        fetch(target, init).then(
          ({ type }) => type,
          () => 'refused',
        );
      return [
        await send({}),
        await send({ method: 'POST', body }),
        await send({ method: 'POST', body, mode: 'no-cors' }),
      ];
    },
    [uri, `#access_token=posted&state=${STATE}`] as const,
  );
  // Opaque: sent, but without an answer that the page could see
  expect(seen).toEqual(['refused', 'refused', 'opaque']);
  expect(requested.filter((each) => each.startsWith(uri)).length).toBeGreaterThanOrEqual(4);
  expect(attempt.isOver()).toBe(false);
  stranger.close();
  stranger.closeAllConnections();
});
