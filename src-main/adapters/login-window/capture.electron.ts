/** Takes the token from a web app's own calls. A tenant's web session lives in memory, so that single sign-on can go on silently. */
import { session, WebContentsView } from 'electron';
import type { Session } from 'electron';
import type {
  CaptureOutcome,
  CaptureRequest,
  Clock,
  SilentCaptureOutcome,
  TokenCapture,
} from '../../core/ports.ts';
import { watchCalls } from './calls.electron.ts';
import { FOREIGN_PAGE, guardPage, hostOf, isDevelopment } from './page-guard.electron.ts';
import { onPageFailure, openPageWindow } from './page-window.electron.ts';
import type { Attempt, Attempts, WindowOptions } from './page-window.electron.ts';

const SILENT_LIMIT_MS = 20_000;

/** A page of another host that stays for so long waits for a person. */
const SETTLED_MS = 3_000;

export function createTokenCapture(
  options: WindowOptions & { readonly clock: Clock },
  attempts: Attempts,
): Omit<TokenCapture, 'show'> {
  /** Tenant → web session, of those that have given a token. */
  const webSessions = new Map<string, Session>();

  /** A newer attempt of a tenant takes the place of the older one. */
  const begin = (tenantId: string, attempt: Attempt): (() => void) => {
    attempts.get(tenantId)?.end({ kind: 'closed' });
    attempts.set(tenantId, attempt);
    return () => {
      if (attempts.get(tenantId) === attempt) attempts.delete(tenantId);
    };
  };

  return {
    capture(request) {
      const refusal = refusalOf(request);
      if (refusal !== undefined) return Promise.resolve(refusal);
      const { tenantId, startUrl } = request;
      const known = webSessions.get(tenantId);
      const own =
        known ?? session.fromPartition(`web-session-${crypto.randomUUID()}`, { cache: false });
      return new Promise((resolve) => {
        const window = openPageWindow<CaptureOutcome>(
          {
            ...request,
            url: startUrl,
            session: own,
            redirectUri: null,
            onAnswer: () => undefined,
          },
          options,
          (outcome) => {
            stopWatching();
            release();
            // Where nobody has got in, there is nothing to go on with
            if (known === undefined && outcome.kind !== 'captured') end(own);
            resolve(outcome);
          },
        );
        const release = begin(tenantId, window);
        const stopWatching = watchCalls(own, request, (token) => {
          webSessions.set(tenantId, own);
          window.end({ kind: 'captured', token });
        });
        window.load();
      });
    },

    captureSilently(request) {
      const { tenantId } = request;
      const own = webSessions.get(tenantId);
      // A window of this tenant is a person's, who is not to be disturbed
      if (own === undefined || attempts.has(tenantId)) return Promise.resolve({ kind: 'closed' });
      const refusal = refusalOf(request);
      if (refusal !== undefined) return Promise.resolve(refusal);
      return new Promise((resolve) => {
        const attempt = openHiddenPage(request, own, options.clock, (outcome) => {
          release();
          resolve(outcome);
        });
        const release = begin(tenantId, attempt);
      });
    },

    forget(tenantId) {
      attempts.get(tenantId)?.end({ kind: 'closed' });
      const own = webSessions.get(tenantId);
      webSessions.delete(tenantId);
      // When its pages are gone
      if (own !== undefined) setImmediate(end, own);
    },
  };
}

/** Why nothing is opened at all. */
function refusalOf({ signal, startUrl }: CaptureRequest): CaptureOutcome | undefined {
  if (signal.aborted) return { kind: 'closed' };
  if (startUrl.protocol === 'https:' || isDevelopment(startUrl)) return undefined;
  return { kind: 'page-failed', host: startUrl.host, reason: 'it has no https' };
}

function end(own: Session): void {
  void own.clearStorageData();
  void own.clearAuthCache();
  void own.closeAllConnections();
}

/**
 * A view that is in no window is never seen and takes no focus. Drawn off the screen, because an app may wait for its first
 * frame (`requestAnimationFrame`), and a view that is not drawn has none.
 */
function openHiddenPage(
  request: CaptureRequest,
  own: Session,
  clock: Clock,
  onEnd: (outcome: SilentCaptureOutcome) => void,
): Attempt {
  const { signal, startUrl } = request;
  const view = new WebContentsView({
    webPreferences: {
      ...FOREIGN_PAGE,
      session: own,
      offscreen: true,
      disableDialogs: true,
    },
  });
  const page = view.webContents;
  page.setAudioMuted(true);
  let ended = false;
  const finish = (outcome: SilentCaptureOutcome): void => {
    if (ended) return;
    ended = true;
    signal.removeEventListener('abort', close);
    cancelLimit();
    cancelSettling();
    setImmediate(() => {
      stopWatching();
      if (!page.isDestroyed()) page.close();
      onEnd(outcome);
    });
  };
  const close = (): void => {
    finish({ kind: 'closed' });
  };
  signal.addEventListener('abort', close);
  const cancelLimit = clock.setTimer(SILENT_LIMIT_MS, () => {
    finish({ kind: 'nothing-new' });
  });
  let cancelSettling = (): void => undefined;
  page.on('did-start-loading', () => {
    cancelSettling();
  });
  page.on('did-stop-loading', () => {
    cancelSettling();
    if (hostOf(page.getURL()) === startUrl.host) return;
    cancelSettling = clock.setTimer(SETTLED_MS, close);
  });
  onPageFailure(
    page,
    () => hostOf(page.getURL()),
    (host, reason) => {
      finish({ kind: 'page-failed', host, reason });
    },
  );
  guardPage(
    page,
    {
      redirectUri: null,
      development: isDevelopment(startUrl),
      judge: () => undefined,
      warn: () => undefined,
    },
    null,
  );
  const stopWatching = watchCalls(own, request, (token) => {
    finish({ kind: 'captured', token });
  });
  page.loadURL(startUrl.href).catch(() => undefined);
  return { show: () => undefined, end: finish };
}
