/** The Http port on Node alone: the twin of the Electron adapter, for real servers on loopback. */
import { AppFailure } from '../../src-main/core/errors.ts';
import type { ErrorCode } from '../../src-main/core/errors.ts';
import type { Clock, Http } from '../../src-main/core/ports.ts';
import { isLoopback } from '../../src-main/core/tenant.ts';
import type { Internet } from '../emulators/internet.ts';

export interface NodeHttp {
  readonly http: Http;
  /** Calls under way. */
  readonly underWay: () => number;
  /** Addresses called so far, oldest first. */
  readonly called: readonly string[];
}

const TIME_LIMIT_MS = 15_000;

/**
 * @param clock Times calls out after 15 s of its time.
 * @param internet Gets every call but those to loopback.
 */
export function createNodeHttp(clock: Clock, internet?: Internet): NodeHttp {
  const called: string[] = [];
  let underWay = 0;
  return {
    called,
    underWay: () => underWay,
    async http(url, init) {
      const { host, hostname } = new URL(url);
      const send = internet === undefined || isLoopback(hostname) ? fetch : internet.fetch;
      const controller = new AbortController();
      const abort = (): void => {
        controller.abort();
      };
      init.signal?.addEventListener('abort', abort);
      if (init.signal?.aborted === true) abort();
      const cancelTimer = clock.setTimer(TIME_LIMIT_MS, abort);
      called.push(url);
      underWay += 1;
      try {
        const response = await send(url, {
          method: init.method,
          headers: init.headers,
          body: init.body ?? null,
          redirect: 'manual',
          signal: controller.signal,
        });
        const body = await response.arrayBuffer();
        if (response.status >= 300 && response.status < 400) {
          throw new AppFailure({ code: 'redirect-refused', host });
        }
        return new Response(body.byteLength === 0 ? null : body, {
          status: response.status,
          headers: response.headers,
        });
      } catch (cause) {
        if (cause instanceof AppFailure) throw cause;
        throw new AppFailure({ code: codeOf(cause), host, cause });
      } finally {
        underWay -= 1;
        cancelTimer();
        init.signal?.removeEventListener('abort', abort);
      }
    },
  };
}

function codeOf(cause: unknown): ErrorCode {
  return cause instanceof Error && cause.name === 'AbortError'
    ? 'timed-out'
    : 'network-unreachable';
}
