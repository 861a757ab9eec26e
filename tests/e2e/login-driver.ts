/** What the tests of the login window share: tenants of the hostile server, sign-ins through the bridge, and a look from main. */
import type { Locator, Page } from 'playwright';
import type { Answer, TenantRow } from '../../src-main/contract/ipc.ts';
import type { HostileServer, ReceivedRequest } from '../emulators/hostile-server.ts';
import type { SourceApp } from '../harness/app.ts';
import type { BearerTray, SeedTenant } from '../harness/bearer-tray.ts';
import { ask, demand } from '../harness/bridge.ts';
import { poll } from '../harness/waiting.ts';

export interface TenantWishes {
  readonly redirectUri: string;
  /** `name=value` lines; they arrive in the query of /authorize. */
  readonly parameters?: string;
  readonly scopes?: string;
  readonly issuer?: string;
}

export function hostileTenant(
  server: HostileServer,
  name: string,
  wishes: TenantWishes,
): SeedTenant {
  const { redirectUri, parameters = '', scopes = 'api', issuer = server.issuer } = wishes;
  return {
    id: crypto.randomUUID(),
    providerId: 'oidc',
    grant: 'authorization-code',
    name,
    colour: '#2563eb',
    values: { issuer, clientId: server.clientId, redirectUri, scopes, parameters },
    notice: 'default',
  };
}

/** Starts a sign-in as the popover does; works also while that is hidden. Await the answer when the pages have been through. */
export function beginSignIn(popover: Page, tenantId: string): Promise<Answer<null>> {
  const end = ask(popover, 'signIn', tenantId);
  // A test that fails before it awaits this is not to be covered by its rejection
  end.catch(() => {});
  return end;
}

export async function rowOf(popover: Page, tenantId: string): Promise<TenantRow> {
  const { tenants } = await demand(popover, 'getSnapshot');
  const row = tenants.find(({ id }) => id === tenantId);
  if (row === undefined) throw new Error('there is no such tenant');
  return row;
}

/** The bar of this tenant's login window. */
export function barOf(tray: BearerTray, tenantId: string): Promise<Page> {
  return tray.app.waitForPage((url) => url.endsWith(`#login-bar=${tenantId}`));
}

/** Where the bar warns. */
export function warningOf(bar: Page): Locator {
  return bar.getByRole('alert');
}

/** A webContents as main has seen it. */
export interface SeenContents {
  readonly id: number;
  readonly urls: readonly string[];
  /** As `getLastWebPreferences` told last; null when it never told. */
  readonly preferences: Readonly<Record<string, unknown>> | null;
  /** File names of the scripts that run before the page's own. */
  readonly preloads: readonly string[];
  /** Navigation history just before it was closed, or now. */
  readonly history: readonly string[];
  readonly inDefaultSession: boolean;
}

interface Watch {
  readonly seen: Map<number, SeenContents>;
  sessions: number;
}

/** From now on remembers every webContents and session of the app. Call it right after the launch. */
export async function watchContents(app: SourceApp): Promise<void> {
  await app.electron.evaluate(({ app: electronApp, session }) => {
    const watch: Watch = { seen: new Map(), sessions: 0 };
    (globalThis as unknown as { watch: Watch }).watch = watch;
    electronApp.on('session-created', () => {
      watch.sessions += 1;
    });
    electronApp.on('web-contents-created', (_event, contents) => {
      const urls = new Set<string>();
      const look = (): void => {
        if (contents.isDestroyed()) return;
        const internal = contents as unknown as {
          getLastWebPreferences(): Record<string, unknown> | null;
          _getPreloadScript(): { readonly filePath: string } | null;
        };
        const scripts = [internal._getPreloadScript(), ...contents.session.getPreloadScripts()];
        urls.add(contents.getURL());
        watch.seen.set(contents.id, {
          id: contents.id,
          urls: [...urls],
          preferences: { ...internal.getLastWebPreferences() },
          preloads: scripts.flatMap((script) => script?.filePath ?? []),
          history: contents.navigationHistory
            .getAllEntries()
            .flatMap(({ url, title }) => [url, title]),
          inDefaultSession: contents.session === session.defaultSession,
        });
      };
      look();
      contents.on('did-navigate', look);
      contents.on('did-fail-load', look);
      contents.on('did-stop-loading', look);
      const close = contents.close.bind(contents);
      contents.close = (options) => {
        look();
        close(options);
      };
    });
  });
}

/** Everything seen since `watchContents`, gone or not. */
export function seenContents(app: SourceApp): Promise<readonly SeenContents[]> {
  return app.electron.evaluate(() => {
    const { watch } = globalThis as unknown as { readonly watch: Watch };
    return [...watch.seen.values()];
  });
}

export function sessionsCreated(app: SourceApp): Promise<number> {
  return app.electron.evaluate(() => {
    return (globalThis as unknown as { readonly watch: Watch }).watch.sessions;
  });
}

export interface Census {
  readonly windows: number;
  readonly contents: number;
}

export function census(app: SourceApp): Promise<Census> {
  return app.electron.evaluate(({ BaseWindow, webContents }) => ({
    windows: BaseWindow.getAllWindows().length,
    contents: webContents.getAllWebContents().length,
  }));
}

/** Waits until windows and pages are as many as before. */
export async function censusIs(app: SourceApp, expected: Census): Promise<void> {
  await poll(`${JSON.stringify(expected)} windows and pages`, 5_000, async () => {
    const now = await census(app);
    return now.windows === expected.windows && now.contents === expected.contents;
  });
}

/** Runs in main with the login window of this title. */
export async function closeLoginWindow(app: SourceApp, tenantName: string): Promise<void> {
  await app.electron.evaluate(({ BaseWindow }, title) => {
    const window = BaseWindow.getAllWindows().find((each) => each.title === title);
    if (window === undefined) throw new Error('there is no such window');
    window.close();
  }, `Sign in to ${tenantName}`);
}

/** The provider's page of the attempt that sent this request to /authorize. */
export function providerPage(tray: BearerTray, request: ReceivedRequest): Promise<Page> {
  const state = request.query.get('state') ?? '';
  return tray.app.waitForPage((url) => url.includes('/authorize') && url.includes(state));
}

/**
 * A real click on the page's control. Not `locator.click`: that waits for the navigation it starts, and one that the app
 * prevents never ends for Playwright.
 */
export async function pressContinue(page: Page, id = 'continue'): Promise<void> {
  const { x, y } = await page.evaluate(async (name) => {
    // Chromium drops what is pressed before the first frame
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    const control = document.getElementById(name);
    if (control === null) throw new Error(`the page has no ${name}`);
    const box = control.getBoundingClientRect();
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  }, id);
  try {
    await page.mouse.click(x, y);
  } catch (cause) {
    // That the page is gone before the click has ended is the point of it
    if (!page.isClosed()) throw cause;
  }
}
