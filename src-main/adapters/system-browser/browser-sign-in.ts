/** Signing in in the system browser, as RFC 8252 wants it: opens the page there and waits for the answer at the loopback. */
import { failure, success } from '../../core/errors.ts';
import type { Result } from '../../core/errors.ts';
import type {
  AuthorizationOutcome,
  AuthorizationStart,
  Clock,
  OpenPage,
  UserAgent,
} from '../../core/ports.ts';
import { browserAddress } from './browser-address.ts';
import type { AddressRule } from './browser-address.ts';
import { openLoopbackServer } from './loopback-server.ts';
import type { LoopbackServer } from './loopback-server.ts';

/** A browser that takes longer than this to be told an address will not show it any more. */
const OPENING_LIMIT_MS = 60_000;

export interface SystemBrowserParts {
  readonly clock: Clock;
  /** Hands a checked address to the system; rejects when it could not. */
  readonly open: (address: string) => Promise<void>;
}

export interface SystemBrowser {
  readonly userAgent: UserAgent;
  readonly openPage: OpenPage;
}

/**
 * Errors of an attempt: `redirect-not-loopback`, `port-taken`, `endpoint-unsafe`, `browser-not-opened` (also after 60 s
 * without a word), and what `begin` gives.
 */
export function createBrowserSignIn({ clock, open }: SystemBrowserParts): SystemBrowser {
  const attempts = new Map<string, URL>();

  const openChecked = (url: URL, rule: AddressRule): Promise<Result<null>> => {
    const { host } = url;
    const address = browserAddress(url, rule);
    if (address === undefined) {
      return Promise.resolve(failure('endpoint-unsafe', { host, subject: 'web page' }));
    }
    return new Promise((resolve) => {
      const cancelTimer = clock.setTimer(OPENING_LIMIT_MS, () => {
        resolve(failure('browser-not-opened', { host }));
      });
      const settle = (result: Result<null>): void => {
        cancelTimer();
        resolve(result);
      };
      open(address).then(
        () => {
          settle(success(null));
        },
        (cause: unknown) => {
          settle(failure('browser-not-opened', { host, cause }));
        },
      );
    });
  };

  const userAgent: UserAgent = {
    show(tenantId) {
      const url = attempts.get(tenantId);
      // That it could not be opened again does not end the attempt: its page may still be there
      if (url !== undefined) void openChecked(url, 'https-or-loopback');
    },

    authorize(request) {
      const { tenantId, redirectUri, signal } = request;
      return new Promise((resolve) => {
        let ended = false;
        let server: LoopbackServer | undefined;
        let start: AuthorizationStart | undefined;
        const end = (outcome: AuthorizationOutcome): void => {
          if (ended) return;
          ended = true;
          signal.removeEventListener('abort', onAbort);
          attempts.delete(tenantId);
          server?.close();
          resolve(outcome);
        };
        const onAbort = (): void => {
          end({ kind: 'closed' });
        };

        const listen = async (registered: string): Promise<Result<null>> => {
          const opened = await openLoopbackServer({
            redirectUri: registered,
            isOurs: (answer) => start?.isOurs(answer) === true,
            onAnswer: (answer) => {
              end({ kind: 'answered', answer });
            },
            clock,
          });
          if (!opened.ok) return opened;
          server = opened.value;
          if (ended) server.close();
          return success(null);
        };

        const run = async (): Promise<Result<null>> => {
          const listening = redirectUri === null ? success(null) : await listen(redirectUri);
          if (!listening.ok || ended) return listening;
          const started = await request.begin(server?.redirectUri ?? '');
          if (!started.ok) return started;
          if (signal.aborted) return success(null);
          start = started.value;
          const { url } = start;
          attempts.set(tenantId, url);
          const encrypted = url.protocol === 'https:';
          request.onPage({
            host: url.host,
            encrypted,
            loading: false,
            warning: null,
            inBrowser: true,
          });
          return openChecked(url, 'https-or-loopback');
        };

        signal.addEventListener('abort', onAbort);
        if (signal.aborted) return onAbort();
        run()
          .catch((cause: unknown) => failure('internal', { cause }))
          .then(
            (result) => {
              if (!result.ok) end({ kind: 'failed', error: result.error });
            },
            () => undefined,
          );
      });
    },
  };

  return { userAgent, openPage: (url) => openChecked(url, 'https') };
}
