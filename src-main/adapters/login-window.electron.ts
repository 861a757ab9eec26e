/** The embedded login window: a page of the provider in a session of its own, under a bar of ours that names its true host. */
import { BaseWindow, session, WebContentsView } from 'electron';
import type { BrowserWindowConstructorOptions, Session, UploadData, WebContents } from 'electron';
import { isAtRedirectUri, isRedirect } from '../core/oauth/callback.ts';
import type { AuthorizationOutcome, AuthorizationRequest, UserAgent } from '../core/ports.ts';
import { isLoopback } from '../core/tenant.ts';

const WIDTH = 480;
const HEIGHT = 720;
const BAR_HEIGHT = 44;

/** A pop-up stands below the bar, which stays in sight. */
const POP_UP_OFFSET = BAR_HEIGHT + 20;

/** Pop-ups of one attempt (some providers hand over to a partner in one). */
const MOST_POP_UPS = 2;

/** A posted answer longer than this is none (RFC 6749 names no limit; codes and states are far shorter). */
const LONGEST_POSTED_ANSWER_BYTES = 64 * 1024;

const ERR_ABORTED = -3;

/** Where a caught post is sent on to, only to be stopped on the way: a cancelled one would replace the page by an error page. */
const NOWHERE = 'caught:';

export interface LoginWindowOptions {
  /** Address of our bar for a tenant's attempt. */
  readonly barUrl: (tenantId: string) => string;
  readonly preloadPath: string;
  readonly iconPath: string;
}

export function createLoginWindows(options: LoginWindowOptions): UserAgent {
  const windows = new Map<string, BaseWindow>();
  return {
    show(tenantId) {
      const window = windows.get(tenantId);
      if (window?.isMinimized() === true) window.restore();
      window?.show();
      window?.focus();
    },

    authorize(request) {
      return new Promise((resolve) => {
        if (request.signal.aborted) {
          resolve({ kind: 'closed' });
          return;
        }
        const attempt = openAttempt(request, options, (outcome) => {
          windows.delete(request.tenantId);
          resolve(outcome);
        });
        windows.set(request.tenantId, attempt);
      });
    },
  };
}

function openAttempt(
  request: AuthorizationRequest,
  options: LoginWindowOptions,
  onEnd: (outcome: AuthorizationOutcome) => void,
): BaseWindow {
  const window = new BaseWindow({
    width: WIDTH,
    height: HEIGHT,
    minWidth: 360,
    minHeight: 400,
    title: `Sign in to ${request.tenantName}`,
    icon: options.iconPath,
    autoHideMenuBar: true,
  });
  const bar = new WebContentsView({
    webPreferences: { preload: options.preloadPath, sandbox: true },
  });
  // In memory only and without a cache: a redirect's Location would stand in a cache on disk, code and all
  const own = session.fromPartition(`sign-in-${crypto.randomUUID()}`, { cache: false });
  const page = new WebContentsView({
    webPreferences: {
      session: own,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      spellcheck: false,
    },
  });
  window.contentView.addChildView(page);
  window.contentView.addChildView(bar);
  const layOut = (): void => {
    const { width, height } = window.getContentBounds();
    bar.setBounds({ x: 0, y: 0, width, height: BAR_HEIGHT });
    page.setBounds({ x: 0, y: BAR_HEIGHT, width, height: Math.max(0, height - BAR_HEIGHT) });
  };
  layOut();
  window.on('resize', layOut);

  const contents = new Set<WebContents>([bar.webContents, page.webContents]);
  let ended = false;
  const end = (outcome: AuthorizationOutcome): void => {
    if (ended) return;
    ended = true;
    request.signal.removeEventListener('abort', onAbort);
    // Not inside the event of a page that is about to be destroyed
    setImmediate(() => {
      // A view's contents outlive its window unless they are closed
      for (const each of contents) if (!each.isDestroyed()) each.close();
      if (!window.isDestroyed()) window.destroy();
      own.webRequest.onBeforeRequest(null);
      void own.clearStorageData();
      void own.closeAllConnections();
      onEnd(outcome);
    });
  };
  const onAbort = (): void => {
    end({ kind: 'closed' });
  };
  request.signal.addEventListener('abort', onAbort);
  window.on('closed', onAbort);

  const facts = {
    host: request.url.host,
    encrypted: request.url.protocol === 'https:',
    loading: true,
  };
  let warning: string | null = null;
  const tell = (): void => {
    if (!ended) request.onPage({ ...facts, warning });
  };
  const warn = (text: string): void => {
    warning = text;
    tell();
  };
  const judge = (answer: URL): void => {
    if (request.isOurs(answer)) end({ kind: 'answered', answer });
    else warn('An answer for another sign-in was ignored.');
  };

  const rules: PageRules = {
    redirectUri: request.redirectUri,
    development: request.url.protocol === 'http:' && isLoopback(request.url.hostname),
    judge,
    warn,
  };
  catchPostedAnswers(own, rules);
  guard(page.webContents, rules, contents, window);

  page.webContents.on('did-navigate', (_event, url) => {
    const at = new URL(url);
    facts.host = at.host;
    facts.encrypted = at.protocol === 'https:';
    warning = null;
    tell();
  });
  page.webContents.on('did-start-loading', () => {
    facts.loading = true;
    tell();
  });
  page.webContents.on('did-stop-loading', () => {
    facts.loading = false;
    tell();
  });
  page.webContents.on('did-fail-load', (_event, code, reason, url, isMainFrame) => {
    if (!isMainFrame || code === ERR_ABORTED) return;
    const host = URL.canParse(url) ? new URL(url).host : request.url.host;
    end({ kind: 'page-failed', host, reason });
  });
  // Without the bar nobody could see whose page it is
  for (const each of [page.webContents, bar.webContents]) {
    each.on('render-process-gone', (_event, { reason }) => {
      end({ kind: 'page-failed', host: facts.host, reason });
    });
  }

  tell();
  // Failures arrive as events; the promise also rejects for the redirect that is caught
  bar.webContents.loadURL(options.barUrl(request.tenantId)).catch(() => undefined);
  page.webContents.loadURL(request.url.href).catch(() => undefined);
  page.webContents.focus();
  return window;
}

interface PageRules {
  readonly redirectUri: string;
  /** The provider runs on this computer without https. */
  readonly development: boolean;
  readonly judge: (answer: URL) => void;
  readonly warn: (text: string) => void;
}

/**
 * Stops a navigation to the redirect URI before any request for it leaves, in a way that leaves no trace in history,
 * cache or log: preventDefault in will-redirect (server redirects) and will-frame-navigate (everything a page does).
 */
function guard(
  page: WebContents,
  rules: PageRules,
  contents: Set<WebContents>,
  window: BaseWindow,
): void {
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
    } else if (isRedirect(target, rules.redirectUri)) {
      event.preventDefault();
      // In a frame inside a page it is no answer, whoever put it there
      if (isMainFrame) rules.judge(new URL(target));
    } else if (isMainFrame && !mayOpen(target, rules)) {
      event.preventDefault();
      rules.warn('A page without https was not opened.');
    }
  };
  page.setWindowOpenHandler(({ url }) => {
    if (isRedirect(url, rules.redirectUri)) {
      rules.judge(new URL(url));
      return { action: 'deny' };
    }
    const popUps = contents.size - 2;
    if (popUps >= MOST_POP_UPS || (url !== 'about:blank' && !mayOpen(url, rules))) {
      return { action: 'deny' };
    }
    const { x, y } = window.getBounds();
    return {
      action: 'allow',
      overrideBrowserWindowOptions: {
        ...ORDINARY_WINDOW,
        x: x + POP_UP_OFFSET,
        y: y + POP_UP_OFFSET,
        // Until it is on a page of its own it shows what its opener writes
        title: hostOf(page.getURL()),
        parent: window,
        webPreferences: {
          sandbox: true,
          contextIsolation: true,
          nodeIntegration: false,
          webviewTag: false,
          spellcheck: false,
        },
      },
    };
  });
  page.on('did-create-window', (popUp) => {
    const child = popUp.webContents;
    contents.add(child);
    child.once('destroyed', () => contents.delete(child));
    // Its title is the only place that is ours: it names the host
    popUp.on('page-title-updated', (event) => {
      event.preventDefault();
    });
    child.on('did-navigate', (_event, url) => {
      if (url !== 'about:blank') popUp.setTitle(hostOf(url));
    });
    guard(child, rules, contents, window);
  });
}

/** A page may wish for anything of a window in the features of `window.open`; these wishes are not granted. */
const ORDINARY_WINDOW = {
  show: true,
  width: WIDTH,
  height: HEIGHT,
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

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : '';
}

function mayOpen(target: string, { development }: PageRules): boolean {
  if (!URL.canParse(target)) return false;
  const { protocol, hostname } = new URL(target);
  return protocol === 'https:' || (protocol === 'http:' && development && isLoopback(hostname));
}

/**
 * `response_mode=form_post`: only here is the body seen. Anything else for the redirect URI has been stopped before;
 * should it come this far, it is cancelled all the same.
 */
function catchPostedAnswers(own: Session, rules: PageRules): void {
  own.webRequest.onBeforeRequest((details, callback) => {
    if (details.resourceType !== 'mainFrame' && details.resourceType !== 'subFrame') {
      callback({});
      return;
    }
    // What is posted anywhere else (a password, for one) is not looked at
    if (!isAtRedirectUri(details.url, rules.redirectUri)) {
      callback({});
      return;
    }
    if (details.method !== 'POST') {
      callback(isRedirect(details.url, rules.redirectUri) ? { cancel: true } : {});
      return;
    }
    if (details.resourceType !== 'mainFrame') {
      callback({ cancel: true });
      return;
    }
    callback({ redirectURL: NOWHERE });
    const answer = postedAnswer(details.uploadData, details.url);
    if (answer === undefined) rules.warn('An unreadable answer was ignored.');
    else rules.judge(answer);
  });
}

/** @returns The posted fields as a query, so that every kind of answer is judged in one form. */
function postedAnswer(
  uploadData: readonly UploadData[] | undefined,
  target: string,
): URL | undefined {
  // An entry for a file has no bytes, whatever its type says
  const parts = (uploadData ?? []).map(({ bytes }) => bytes as Buffer | undefined);
  if (parts.includes(undefined)) return undefined;
  const body = Buffer.concat(parts.filter((part) => part !== undefined));
  if (body.length > LONGEST_POSTED_ANSWER_BYTES) return undefined;
  const answer = new URL(target);
  for (const [name, value] of new URLSearchParams(body.toString('utf8'))) {
    answer.searchParams.append(name, value);
  }
  return answer;
}
