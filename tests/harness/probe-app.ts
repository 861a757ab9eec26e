/**
 * A small Electron app for the harness's own tests: what the product is made of (tray, menu,
 * notification, a window of two views), steered through its tray menu alone so that it also works
 * where the main process cannot be reached.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Writes the app below `parentDirectory` and answers the app's path. */
export function writeProbeApp(parentDirectory: string): string {
  const directory = join(parentDirectory, 'probe-app');
  mkdirSync(directory);
  writeFileSync(
    join(directory, 'package.json'),
    JSON.stringify({ name: 'probe', productName: 'Probe', version: '1.0.0', main: 'main.cjs' }),
  );
  writeFileSync(join(directory, 'main.cjs'), MAIN);
  return directory;
}

const MAIN = String.raw`
const { app, BaseWindow, Menu, nativeImage, Notification, session, Tray, WebContentsView } =
  require('electron');
app.commandLine.appendSwitch('password-store', 'basic');
console.log('probe says hello on stdout');
console.error('probe says hello on stderr');
app.on('window-all-closed', () => {});

let clicks = 0;
let caught = 'nothing';
let focus = 'no window';
let checked = false;
let tray;

const icon = (red) => {
  const pixels = Buffer.alloc(22 * 22 * 4, 255);
  for (let i = 2; i < pixels.length; i += 4) pixels[i] = red;
  return nativeImage.createFromBitmap(pixels, { width: 22, height: 22 });
};

function notify() {
  const notification = new Notification({ title: 'Probe_title', body: 'a &lt;b&gt; c' });
  notification.on('click', () => { clicks += 1; update(); });
  notification.show();
}

function openWindow() {
  const window = new BaseWindow({ width: 640, height: 520, x: 40, y: 40 });
  window.on('focus', () => { focus = 'focused'; update(); });
  window.on('blur', () => { focus = 'blurred'; update(); });
  const bar = new WebContentsView();
  const page = new WebContentsView({
    webPreferences: { session: session.fromPartition('attempt-1', { cache: false }) },
  });
  bar.setBounds({ x: 0, y: 0, width: 640, height: 60 });
  page.setBounds({ x: 0, y: 60, width: 640, height: 460 });
  window.contentView.addChildView(bar);
  window.contentView.addChildView(page);
  const stop = (event) => {
    if (!event.url.startsWith('https://localhost/callback')) return;
    event.preventDefault();
    caught = event.url;
    window.close();
    update();
  };
  page.webContents.on('will-redirect', stop);
  page.webContents.on('will-frame-navigate', stop);
  bar.webContents.loadURL('data:text/html,<title>bar</title><label>Name <input id="name"></label>');
  page.webContents.loadURL(process.env.PROBE_URL ?? 'about:blank').catch(() => {});
}

function update() {
  tray.setToolTip(focus);
  tray.setContextMenu(Menu.buildFromTemplate([
    { label: 'Notify', click: notify },
    { label: 'Open_window', click: openWindow },
    { label: 'Red', type: 'checkbox', checked, click: () => {
      checked = !checked;
      tray.setImage(icon(checked ? 255 : 0));
      update();
    } },
    { type: 'separator' },
    { label: 'More', submenu: [{ label: 'Quit', click: () => app.quit() }] },
    { label: 'Clicks ' + clicks, enabled: false },
    { label: 'Caught ' + caught, enabled: false },
  ]));
}

app.whenReady().then(() => {
  tray = new Tray(icon(0));
  tray.on('click', () => { clicks += 1; update(); });
  update();
});
`;
