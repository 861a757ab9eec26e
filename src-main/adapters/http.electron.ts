/** HTTP through Chromium's network stack, so that proxy, PAC and company certificates are those of the login window. */
import { net } from 'electron';
import { AppFailure } from '../core/errors.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { Clock, Http } from '../core/ports.ts';

/**
 * From sending to the last byte of the answer. Well below the half minute for which providers forgive that a refresh token
 * is used a second time: one whose answer never came must be tried again within it.
 */
const TIME_LIMIT_MS = 15_000;

/** No answer of a token endpoint, and no metadata, comes near this. */
const LARGEST_ANSWER_BYTES = 1024 * 1024;

/**
 * @returns An Http that follows no redirect (it would carry secrets elsewhere), sends and keeps no cookie, keeps nothing
 * in the HTTP cache, and gives up after 15 s or 1 MiB.
 */
export function createHttp(clock: Clock): Http {
  return async (url, init) => {
    const host = new URL(url).host;
    const controller = new AbortController();
    const abort = (): void => {
      controller.abort();
    };
    init.signal?.addEventListener('abort', abort);
    if (init.signal?.aborted === true) abort();
    const cancelTimer = clock.setTimer(TIME_LIMIT_MS, abort);
    try {
      const response = await net.fetch(url, {
        method: init.method,
        headers: { ...init.headers },
        body: init.body ?? null,
        redirect: 'error',
        credentials: 'omit',
        cache: 'no-store',
        signal: controller.signal,
      });
      const body = await readLimited(response, host);
      // A 204 or 304 must not have a body, not even an empty one
      const bytes = body.length === 0 ? null : body;
      return new Response(bytes, { status: response.status, headers: response.headers });
    } catch (cause) {
      throw cause instanceof AppFailure
        ? cause
        : new AppFailure({
            code: codeOf(cause),
            host,
            cause,
            ...(isNeverSent(cause) ? { neverSent: true } : {}),
          });
    } finally {
      cancelTimer();
      init.signal?.removeEventListener('abort', abort);
    }
  };
}

async function readLimited(response: Response, host: string): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const part = await reader?.read();
    if (part === undefined || part.done) break;
    const chunk = part.value as Uint8Array;
    length += chunk.length;
    if (length > LARGEST_ANSWER_BYTES) {
      await reader?.cancel();
      throw new AppFailure({ code: 'not-the-provider', host, detail: 'The answer is over 1 MiB.' });
    }
    chunks.push(chunk);
  }
  return Uint8Array.from(Buffer.concat(chunks));
}

/** No connection was made, so no byte of the request has left. */
function isNeverSent(cause: unknown): boolean {
  const names =
    /ERR_(NAME_\w+|DNS_\w+|CONNECTION_REFUSED|CONNECTION_TIMED_OUT|ADDRESS_UNREACHABLE|INTERNET_DISCONNECTED|NETWORK_ACCESS_DENIED|PROXY_CONNECTION_FAILED|TUNNEL_CONNECTION_FAILED|CERT_\w+|SSL_\w+)/;
  return cause instanceof Error && names.test(cause.message);
}

/** Chromium's error names: https://source.chromium.org/chromium/chromium/src/+/main:net/base/net_error_list.h */
function codeOf(cause: unknown): ErrorCode {
  if (!(cause instanceof Error)) return 'internal';
  if (cause.name === 'AbortError') return 'timed-out';
  // What cannot be sent: a header with a line break or a character beyond Latin-1 in it
  if (cause instanceof TypeError && /header|ByteString/i.test(cause.message))
    return 'input-invalid';
  if (/ERR_(CERT|SSL)_/.test(cause.message)) return 'certificate-refused';
  if (/ERR_(TIMED_OUT|CONNECTION_TIMED_OUT)/.test(cause.message)) return 'timed-out';
  if (/redirect/i.test(cause.message)) return 'redirect-refused';
  return 'network-unreachable';
}
