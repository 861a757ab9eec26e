/** Where a foreign page may go, what it may open, and the stop at the redirect URI. */
import type { BaseWindow, BrowserWindowConstructorOptions, WebContents } from 'electron';
import { isAtRedirectUri, isRedirect } from '../../core/oauth/callback.ts';
import { isLoopback } from '../../core/tenant.ts';

/** Pop-ups of one attempt (some providers hand over to a partner in one). */
const MOST_POP_UPS = 2;

/** Where a caught post is sent on to, only to be stopped on the way: a cancelled one would replace the page by an error page. */
export const NOWHERE = 'caught:';

export const NOT_OPENED = 'A page without https was not opened.';

/** Preferences of every page that is not ours, pop-ups too. */
export const FOREIGN_PAGE = {
  sandbox: true,
  contextIsolation: true,
  nodeIntegration: false,
  webviewTag: false,
  spellcheck: false,
} as const;

export interface PageRules {
  /** Null: nothing is an answer. */
  readonly redirectUri: string | null;
  /** The provider runs on this computer without https. */
  readonly development: boolean;
  /** Gets every answer that was stopped at the redirect URI. */
  readonly judge: (answer: URL) => void;
  readonly warn: (text: string) => void;
}

export interface PopUps {
  readonly parent: BaseWindow;
  /** How far right of and below the parent's corner they stand. */
  readonly offset: number;
  /** Those that are there; kept by the guard. */
  readonly open: Set<WebContents>;
}

export function isDevelopment(url: URL): boolean {
  return url.protocol === 'http:' && isLoopback(url.hostname);
}

/**
 * Stops a navigation to the redirect URI before any request for it leaves, in a way that leaves no trace in history,
 * cache or log: preventDefault in will-redirect (server redirects) and will-frame-navigate (everything a page does).
 * @param popUps Null: the page opens none.
 */
export function guardPage(page: WebContents, rules: PageRules, popUps: PopUps | null): void {
  const { redirectUri } = rules;
  page.on('will-redirect', (event) => {
    examine(event, event.url, event.isMainFrame);
  });
  page.on('will-frame-navigate', (event) => {
    examine(event, event.url, event.isMainFrame);
  });
  const examine = (
    event: { readonly preventDefault: () => void },
    target: string,
    isMainFrame: boolean,
  ): void => {
    if (target === NOWHERE) {
      event.preventDefault();
    } else if (redirectUri !== null && isRedirect(target, redirectUri)) {
      event.preventDefault();
      // In a frame inside a page it is no answer, whoever put it there
      if (isMainFrame) rules.judge(new URL(target));
    } else if (mayBePosted(target, rules)) {
      // Whose frame it was is not known any more when a scheme of an app is answered
      if (!isMainFrame && !/^https?:/.test(target)) event.preventDefault();
    } else if (isMainFrame && !mayOpen(target, rules)) {
      event.preventDefault();
      rules.warn(NOT_OPENED);
    }
  };
  page.setWindowOpenHandler(({ url }) => {
    if (redirectUri !== null && isRedirect(url, redirectUri)) {
      rules.judge(new URL(url));
      return { action: 'deny' };
    }
    if (popUps === null || popUps.open.size >= MOST_POP_UPS) return { action: 'deny' };
    if (url !== 'about:blank' && !mayOpen(url, rules) && !mayBePosted(url, rules)) {
      return { action: 'deny' };
    }
    const { x, y } = popUps.parent.getBounds();
    return {
      action: 'allow',
      overrideBrowserWindowOptions: {
        ...ORDINARY_WINDOW,
        x: x + popUps.offset,
        y: y + popUps.offset,
        // Until it is on a page of its own it shows what its opener writes
        title: hostOf(page.getURL()),
        parent: popUps.parent,
        webPreferences: FOREIGN_PAGE,
      },
    };
  });
  page.on('did-create-window', (popUp) => {
    const child = popUp.webContents;
    popUps?.open.add(child);
    child.once('destroyed', () => popUps?.open.delete(child));
    // Its title is the only place that is ours: it names the host
    popUp.on('page-title-updated', (event) => {
      event.preventDefault();
    });
    child.on('did-navigate', (_event, url) => {
      if (url !== 'about:blank') popUp.setTitle(hostOf(url));
    });
    guardPage(child, rules, popUps);
  });
}

/** A page may wish for anything of a window in the features of `window.open`; these wishes are not granted. */
const ORDINARY_WINDOW = {
  show: true,
  width: 480,
  height: 720,
  minWidth: 200,
  minHeight: 200,
  frame: true,
  titleBarStyle: 'default',
  transparent: false,
  opacity: 1,
  alwaysOnTop: false,
  focusable: true,
  closable: true,
  movable: true,
  resizable: true,
  minimizable: true,
  skipTaskbar: false,
  fullscreen: false,
  simpleFullscreen: false,
  kiosk: false,
  modal: false,
  autoHideMenuBar: true,
} satisfies BrowserWindowConstructorOptions;

export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : '';
}

export function mayOpen(target: string, { development }: PageRules): boolean {
  if (!URL.canParse(target)) return false;
  const url = new URL(target);
  return url.protocol === 'https:' || (development && isDevelopment(url));
}

/** An answer may be in the body, which only `catchPostedAnswers` sees: it decides about the rest of what goes there, too. */
function mayBePosted(target: string, { redirectUri }: PageRules): boolean {
  return redirectUri !== null && isAtRedirectUri(target, redirectUri);
}
