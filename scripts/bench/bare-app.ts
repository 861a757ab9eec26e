/** The yardstick: the smallest Electron app with a tray icon, a window on click and a button that copies a fixed text. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../setup/paths.mjs';

export const BARE_TITLE = 'Bare';

/** Writes the app below `parentDirectory` and answers its path. */
export function writeBareApp(parentDirectory: string): string {
  const directory = join(parentDirectory, 'bare-app');
  mkdirSync(directory);
  const about = { name: 'bare', productName: BARE_TITLE, version: '1.0.0', main: 'main.cjs' };
  writeFileSync(join(directory, 'package.json'), JSON.stringify(about));
  writeFileSync(join(directory, 'main.cjs'), MAIN);
  writeFileSync(join(directory, 'preload.cjs'), PRELOAD);
  writeFileSync(join(directory, 'index.html'), PAGE);
  for (const name of ['calm-light.png', 'calm-light@2x.png']) {
    cpSync(join(projectRoot, 'assets', 'tray', name), join(directory, name));
  }
  return directory;
}

/** The window is made on the first click and kept, as Bearer Tray's is; everything else is left out. */
const MAIN = `
const { app, BrowserWindow, clipboard, ipcMain, Tray } = require('electron');
const { join } = require('node:path');
app.commandLine.appendSwitch('password-store', 'basic');
app.on('window-all-closed', () => {});
let tray, window;
app.whenReady().then(() => {
  tray = new Tray(join(__dirname, 'calm-light.png'));
  tray.on('click', () => {
    if (window === undefined) {
      window = new BrowserWindow({
        width: 400, height: 600, show: false, frame: false, skipTaskbar: true,
        webPreferences: { preload: join(__dirname, 'preload.cjs'), sandbox: true },
      });
      window.once('ready-to-show', () => window.show());
      window.loadFile('index.html');
    } else if (window.isVisible()) window.hide();
    else window.show();
  });
  ipcMain.handle('copy', () => clipboard.writeText('a fixed text'));
});
`;

const PRELOAD = `
const { contextBridge, ipcRenderer } = require('electron');
contextBridge.exposeInMainWorld('bare', { copy: () => ipcRenderer.invoke('copy') });
`;

const PAGE = `<!doctype html>
<meta charset="utf-8" />
<title>${BARE_TITLE}</title>
<button onclick="bare.copy()">Copy</button>
`;
