/**
 * Rules for every session and every page that ever exists, own or foreign; what is not allowed here is denied.
 * The numbers are those of https://www.electronjs.org/docs/latest/tutorial/security.
 */
import { app, session } from 'electron';
import type { Session, WebContents } from 'electron';
import { OWN_ORIGIN } from './own-pages.ts';

/** Before the app is ready. Not `app.enableSandbox()`: it is on by default and cannot be combined with `--no-sandbox` (development as root). */
export function enforceSecurity(): void {
  // Node prints warnings, and Electron warns of a page that could not be loaded with its whole address, state and all
  process.removeAllListeners('warning');
  app.on('session-created', restrictSession);
  app.on('web-contents-created', (_event, contents) => {
    restrictContents(contents);
  });
  app.on('select-client-certificate', (event, _contents, _url, _certificates, callback) => {
    // Without a handler the first certificate is sent unasked. `null` and not nothing: 42.0.0 crashes without an argument
    event.preventDefault();
    (callback as (certificate?: unknown) => void)(null);
  });
  void app.whenReady().then(() => {
    restrictSession(session.defaultSession);
  });
}

/** 5: permissions are granted by default, by request and by check alike. */
function restrictSession(each: Session): void {
  each.setPermissionRequestHandler((_contents, _permission, callback) => {
    callback(false);
  });
  each.setPermissionCheckHandler(() => false);
  each.setDevicePermissionHandler(() => false);
  // Or Chromium fetches a dictionary from its maker at the start; `spellcheck: false` of a page does not prevent that
  each.setSpellCheckerLanguages([]);
  each.on('will-download', (event) => {
    event.preventDefault();
  });
}

function restrictContents(contents: WebContents): void {
  contents.on('will-attach-webview', (event) => {
    event.preventDefault(); // 11, 12
  });
  contents.setWindowOpenHandler(() => ({ action: 'deny' })); // 14
  if (contents.session !== session.defaultSession) return;
  // 13: only our own pages live in the default session, and they go nowhere
  const stay = (event: { readonly url: string; readonly preventDefault: () => void }): void => {
    if (new URL(event.url).origin !== OWN_ORIGIN && !event.url.startsWith(`${OWN_ORIGIN}/`)) {
      event.preventDefault();
    }
  };
  contents.on('will-frame-navigate', stay);
  contents.on('will-redirect', stay);
}
