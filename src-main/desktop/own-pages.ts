/** Our own pages: served from a scheme of the app, with a content security policy that allows nothing from elsewhere. */
import { net, protocol } from 'electron';
import { normalize, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';

const SCHEME = 'app';
export const OWN_ORIGIN = `${SCHEME}://bearer-tray`;
export const POPOVER_URL = `${OWN_ORIGIN}/index.html`;

export function loginBarUrl(tenantId: string): string {
  return `${POPOVER_URL}#login-bar=${encodeURIComponent(tenantId)}`;
}

export function isLoginBar(url: string): boolean {
  return new URL(url).hash.startsWith('#login-bar=');
}

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Before the app is ready: the scheme behaves like https. */
export function declareOwnScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: false } },
  ]);
}

/** @param directory Folder of the built pages; nothing outside of it is served. */
export function serveOwnPages(directory: string): void {
  const root = resolve(directory);
  protocol.handle(SCHEME, async (request) => {
    const { host, pathname } = new URL(request.url);
    const path = normalize(resolve(root, `.${decodeURIComponent(pathname)}`));
    if (host !== 'bearer-tray' || request.method !== 'GET' || !path.startsWith(root + sep)) {
      return new Response(null, { status: 404 });
    }
    const file = await net.fetch(pathToFileURL(path).href).catch(() => undefined);
    if (file === undefined) return new Response(null, { status: 404 });
    const headers = new Headers(file.headers);
    headers.set('content-security-policy', CONTENT_SECURITY_POLICY);
    headers.set('x-content-type-options', 'nosniff');
    return new Response(file.body, { headers });
  });
}
