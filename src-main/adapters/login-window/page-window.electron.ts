/** A window with a foreign page under a bar of ours that names the page's true host. */
import { BaseWindow, WebContentsView } from 'electron';
import type { Session, WebContents } from 'electron';
import type { PageFacts } from '../../core/ports.ts';
import { FOREIGN_PAGE, guardPage, isDevelopment } from './page-guard.electron.ts';
import type { PageRules } from './page-guard.electron.ts';

const BAR_HEIGHT = 44;

const ERR_ABORTED = -3;

export interface WindowOptions {
  /** Address of our bar for a tenant's attempt. */
  readonly barUrl: (tenantId: string) => string;
  readonly preloadPath: string;
  readonly iconPath: string;
}

/** How any attempt can end, whatever it is for. */
export type CommonEnd =
  | { readonly kind: 'closed' }
  | { readonly kind: 'page-failed'; readonly host: string; readonly reason: string };

export interface Attempt {
  show(): void;
  end(end: CommonEnd): void;
}

/** What is going on now: tenant → attempt. */
export type Attempts = Map<string, Attempt>;

export interface WindowRequest {
  readonly tenantId: string;
  readonly tenantName: string;
  /** What `load` opens. */
  readonly url: URL;
  readonly session: Session;
  /** Null: nothing is an answer. */
  readonly redirectUri: string | null;
  /** The page or a pop-up of it was on its way to the redirect URI with an answer. */
  readonly onAnswer: (answer: URL) => void;
  readonly onPage: (page: PageFacts) => void;
  readonly signal: AbortSignal;
}

export interface PageWindow<End> extends Attempt {
  readonly page: WebContents;
  readonly rules: PageRules;
  end(end: End | CommonEnd): void;
  /** Call it when all listeners are in place. */
  load(): void;
}

/** @param onEnd Called once, when the window and its pop-ups are gone. */
export function openPageWindow<End>(
  request: WindowRequest,
  options: WindowOptions,
  onEnd: (end: End | CommonEnd) => void,
): PageWindow<End> {
  const { url, signal } = request;
  const window = new BaseWindow({
    width: 480,
    height: 720,
    minWidth: 360,
    minHeight: 400,
    title: `Sign in to ${request.tenantName}`,
    icon: options.iconPath,
    autoHideMenuBar: true,
  });
  const barView = new WebContentsView({
    webPreferences: { preload: options.preloadPath, sandbox: true },
  });
  const pageView = new WebContentsView({
    webPreferences: { ...FOREIGN_PAGE, session: request.session },
  });
  window.contentView.addChildView(pageView);
  window.contentView.addChildView(barView);
  const layOut = (): void => {
    const { width, height } = window.getContentBounds();
    barView.setBounds({ x: 0, y: 0, width, height: BAR_HEIGHT });
    pageView.setBounds({ x: 0, y: BAR_HEIGHT, width, height: Math.max(0, height - BAR_HEIGHT) });
  };
  layOut();
  window.on('resize', layOut);

  const bar = barView.webContents;
  const page = pageView.webContents;
  const popUps = new Set<WebContents>();
  let ended = false;
  const end = (how: End | CommonEnd): void => {
    if (ended) return;
    ended = true;
    signal.removeEventListener('abort', onAbort);
    // Not inside the event of a page that is about to be destroyed
    setImmediate(() => {
      // A view's contents outlive its window unless they are closed
      for (const each of [bar, page, ...popUps]) if (!each.isDestroyed()) each.close();
      if (!window.isDestroyed()) window.destroy();
      onEnd(how);
    });
  };
  const onAbort = (): void => {
    end({ kind: 'closed' });
  };
  signal.addEventListener('abort', onAbort);
  window.on('closed', onAbort);

  const facts = { host: url.host, encrypted: url.protocol === 'https:', loading: true };
  let warning: string | null = null;
  const tell = (): void => {
    if (!ended) request.onPage({ ...facts, warning });
  };
  const rules: PageRules = {
    redirectUri: request.redirectUri,
    development: isDevelopment(url),
    judge: request.onAnswer,
    warn: (text) => {
      warning = text;
      tell();
    },
  };
  // Pop-ups stand below the bar, which stays in sight
  guardPage(page, rules, { parent: window, offset: BAR_HEIGHT + 20, open: popUps });

  page.on('did-navigate', (_event, target) => {
    const at = new URL(target);
    facts.host = at.host;
    facts.encrypted = at.protocol === 'https:';
    warning = null;
    tell();
  });
  page.on('did-start-loading', () => {
    facts.loading = true;
    tell();
  });
  page.on('did-stop-loading', () => {
    facts.loading = false;
    tell();
  });
  const fail = (host: string, reason: string): void => {
    end({ kind: 'page-failed', host, reason });
  };
  onPageFailure(page, () => facts.host, fail);
  // Without the bar nobody could see whose page it is
  bar.on('render-process-gone', (_event, { reason }) => {
    fail(facts.host, reason);
  });

  return {
    page,
    rules,
    end,
    show() {
      if (window.isMinimized()) window.restore();
      window.show();
      window.focus();
    },
    load() {
      tell();
      // Failures arrive as events; the promise also rejects for the redirect that is caught
      bar.loadURL(options.barUrl(request.tenantId)).catch(() => undefined);
      page.loadURL(url.href).catch(() => undefined);
      page.focus();
    },
  };
}

/** The main frame could not be loaded, or its renderer is gone. */
export function onPageFailure(
  page: WebContents,
  hostNow: () => string,
  fail: (host: string, reason: string) => void,
): void {
  page.on('did-fail-load', (_event, code, reason, target, isMainFrame) => {
    if (!isMainFrame || code === ERR_ABORTED) return;
    fail(URL.canParse(target) ? new URL(target).host : hostNow(), reason);
  });
  page.on('render-process-gone', (_event, { reason }) => {
    fail(hostNow(), reason);
  });
}
