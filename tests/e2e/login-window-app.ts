/**
 * An app that is nothing but the login windows under the product's rules for sessions and pages: for what no tenant can
 * ask for, and with a clock that a test turns. Runs in Electron's main process; `login-window-probe.ts` drives it.
 */
import { app, BaseWindow, webContents } from 'electron';
import { join } from 'node:path';
import { createLoginWindows } from '../../src-main/adapters/login-window/login-window.electron.ts';
import { failure, success, type AppError } from '../../src-main/core/errors.ts';
import type {
  AuthorizationOutcome,
  SilentCaptureOutcome,
  Clock,
  PageFacts,
} from '../../src-main/core/ports.ts';
import { declareOwnScheme, loginBarUrl, serveOwnPages } from '../../src-main/desktop/own-pages.ts';
import { enforceSecurity } from '../../src-main/desktop/security.ts';

export interface AuthorizeWish {
  readonly tenantId: string;
  readonly redirectUri: string | null;
  /** What `begin` answers; null: it never does. */
  readonly url: string | null;
  /** `begin` fails with this instead. */
  readonly error?: AppError;
  /** An answer with another state in its query, its fragment or its body is not ours. */
  readonly state?: string;
  /** Beginning of the error page's address. */
  readonly errorPage?: string;
}

export interface CaptureWish {
  readonly tenantId: string;
  readonly startUrl: string;
  readonly pathPart: string;
  /** Tokens that are not to be taken. */
  readonly unwanted?: readonly string[];
}

/** An answer as a test can get it: URLs do not travel. */
export type PlainOutcome =
  | Exclude<AuthorizationOutcome, { readonly kind: 'answered' }>
  | { readonly kind: 'answered'; readonly answer: string }
  | SilentCaptureOutcome;

export interface LoginWindowProbe {
  authorize(wish: AuthorizeWish): Promise<PlainOutcome>;
  capture(wish: CaptureWish): Promise<PlainOutcome>;
  captureSilently(wish: CaptureWish): Promise<PlainOutcome>;
  cancel(tenantId: string): void;
  forget(tenantId: string): void;
  show(tenantId: string): void;
  /** Delays of the timers that run now. */
  timers(): readonly number[];
  /** Ends the running timer of this delay. */
  elapse(delayMs: number): void;
  /** Redirect URIs that `begin` was told. */
  readonly begun: string[];
  /** Answers that were judged. */
  readonly judged: string[];
  /** What the bar was told of each tenant. */
  readonly facts: Record<string, PageFacts[]>;
  /** Addresses whose headers have reached our code. */
  readonly seenCalls: string[];
  census(): { readonly windows: number; readonly contents: number };
}

const running = new Map<() => void, number>();
const clock: Clock = {
  now: () => Date.now(),
  wallNow: () => Date.now(),
  setTimer(delayMs, run) {
    running.set(run, delayMs);
    return () => {
      running.delete(run);
    };
  },
};

const dist = join(import.meta.dirname, '../../dist');
app.commandLine.appendSwitch('password-store', 'basic');
declareOwnScheme();
enforceSecurity();
const seenCalls: string[] = [];
app.on('session-created', ({ webRequest }) => {
  const watch = webRequest.onSendHeaders.bind(webRequest);
  const watched = (...args: unknown[]): void => {
    const listener = args.at(-1);
    if (typeof listener !== 'function') {
      watch(null);
      return;
    }
    (watch as (...given: unknown[]) => void)(...args.slice(0, -1), (details: { url: string }) => {
      seenCalls.push(details.url);
      (listener as (given: unknown) => void)(details);
    });
  };
  webRequest.onSendHeaders = watched;
});
app.on('window-all-closed', () => undefined);
void app.whenReady().then(() => {
  serveOwnPages(join(dist, 'renderer'));
  (globalThis as unknown as { probe: LoginWindowProbe }).probe = createProbe();
});

function createProbe(): LoginWindowProbe {
  const { userAgent, capture } = createLoginWindows({
    barUrl: loginBarUrl,
    preloadPath: join(dist, 'preload.cjs'),
    iconPath: join(dist, 'assets/icon.png'),
    clock,
  });
  const controllers = new Map<string, AbortController>();
  const begun: string[] = [];
  const judged: string[] = [];
  const facts: Record<string, PageFacts[]> = {};
  const common = (
    tenantId: string,
  ): {
    readonly tenantName: string;
    readonly signal: AbortSignal;
    readonly onPage: (page: PageFacts) => void;
  } => {
    const controller = new AbortController();
    controllers.set(tenantId, controller);
    return {
      tenantName: tenantId,
      signal: controller.signal,
      onPage: (page) => {
        (facts[tenantId] ??= []).push(page);
      },
    };
  };
  const captureRequest = ({ tenantId, startUrl, pathPart, unwanted = [] }: CaptureWish) => ({
    ...common(tenantId),
    tenantId,
    startUrl: new URL(startUrl),
    pathPart,
    isWanted: (token: string) => !unwanted.includes(token),
  });
  return {
    async authorize({ tenantId, redirectUri, url, error, state, errorPage }) {
      const outcome = await userAgent.authorize({
        ...common(tenantId),
        tenantId,
        redirectUri,
        begin: async (told) => {
          begun.push(told);
          if (error !== undefined) return failure(error.code, error);
          if (url === null) return new Promise<never>(() => undefined);
          return success({
            url: new URL(url),
            // As the URL says; a test that does not care may get it either way
            isPosted: new URL(url).searchParams.get('response_mode') !== 'query',
            isOurs: (answer) => {
              judged.push(answer.href);
              const inFragment = new URLSearchParams(answer.hash.slice(1));
              return (answer.searchParams.get('state') ?? inFragment.get('state')) === state;
            },
          });
        },
        ...(errorPage === undefined
          ? {}
          : {
              readErrorPage: (page: URL): AppError | undefined =>
                page.href.startsWith(errorPage)
                  ? { code: 'sign-in-denied', detail: page.searchParams.get('why') ?? '' }
                  : undefined,
            }),
      });
      return outcome.kind === 'answered'
        ? { kind: 'answered', answer: outcome.answer.href }
        : outcome;
    },
    capture: (wish) => capture.capture(captureRequest(wish)),
    captureSilently: (wish) => capture.captureSilently(captureRequest(wish)),
    cancel(tenantId) {
      controllers.get(tenantId)?.abort();
    },
    forget: (tenantId) => {
      capture.forget(tenantId);
    },
    show: (tenantId) => {
      capture.show(tenantId);
    },
    timers: () => [...running.values()],
    elapse(delayMs) {
      const found = [...running].find(([, delay]) => delay === delayMs);
      if (found === undefined) throw new Error('no such timer runs');
      running.delete(found[0]);
      found[0]();
    },
    begun,
    judged,
    facts,
    seenCalls,
    census: () => ({
      windows: BaseWindow.getAllWindows().length,
      contents: webContents.getAllWebContents().length,
    }),
  };
}
