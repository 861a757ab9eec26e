/** Looks at the calls that a web app makes to its own host, and at no other. */
import type { Session, WebFrameMain } from 'electron';
import type { CaptureRequest } from '../../core/ports.ts';

/** RFC 6750 §2.1 (b64token); the scheme is case-insensitive (RFC 9110 §11.1). */
const BEARER = /^bearer +([\w.~+/-]+=*)$/i;

/** Session → who watches it now: it has one listener only, and the last one set is it. */
const watching = new WeakMap<Session, object>();

/**
 * The filter keeps the headers of other hosts out of our code; the path and who makes the call are looked at here.
 * @param onToken Called for every such call whose token is wanted.
 * @returns Ends it.
 */
export function watchCalls(
  own: Session,
  { startUrl, pathPart, isWanted }: Pick<CaptureRequest, 'startUrl' | 'pathPart' | 'isWanted'>,
  onToken: (token: string) => void,
): () => void {
  const { protocol, hostname, port, origin } = startUrl;
  // A pattern without a port means every port
  const exactPort = port !== '' ? port : protocol === 'https:' ? '443' : '80';
  const me = {};
  watching.set(own, me);
  own.webRequest.onSendHeaders(
    { urls: [`${protocol}//${hostname}:${exactPort}/*`] },
    ({ url, webContentsId, frame, requestHeaders }) => {
      if (!new URL(url).pathname.includes(pathPart)) return;
      // A service worker calls for its page and has no frame; this header is the browser's own (W3C Fetch Metadata)
      const isOwn =
        webContentsId === undefined
          ? headerOf(requestHeaders, 'sec-fetch-site') === 'same-origin'
          : isOfOrigin(frame, origin);
      const token = BEARER.exec(headerOf(requestHeaders, 'authorization') ?? '')?.[1];
      if (isOwn && token !== undefined && isWanted(token)) onToken(token);
    },
  );
  return () => {
    if (watching.get(own) === me) own.webRequest.onSendHeaders(null);
  };
}

/** Neither a frame of somebody else in the web app nor the web app in a frame of somebody else. */
function isOfOrigin(frame: WebFrameMain | null | undefined, origin: string): boolean {
  if (frame?.origin !== origin) return false;
  return frame.parent === null || isOfOrigin(frame.parent, origin);
}

function headerOf(headers: Readonly<Record<string, string>>, wanted: string): string | undefined {
  return Object.entries(headers).find(([name]) => name.toLowerCase() === wanted)?.[1];
}
