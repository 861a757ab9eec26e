/**
 * What is loaded into both apps (`electron --require`) to see their windows from inside: it prints
 * when a window is painted and when the copy button is clicked. Not Playwright, because under it a hidden page
 * goes on drawing, and a window that is shown again looks faster than it is.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Hook {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface Selectors {
  /** There as soon as the page has its content. */
  readonly content: string;
  readonly copy: string;
}

/** Long enough for the harness to be looking at the clipboard. */
const CLICK_AFTER_MS = 500;

export function writeHook(directory: string, selectors: Selectors): Hook {
  const path = join(directory, 'hook.cjs');
  writeFileSync(path, SOURCE);
  return { path, env: { BENCH_SELECTORS: JSON.stringify(selectors) } };
}

/** The times that the hook has printed so far, in epoch milliseconds. */
export function timesIn(output: string, event: 'painted' | 'clicked'): readonly number[] {
  const lines = output.matchAll(new RegExp(`^bench ${event} (\\d+)$`, 'gm'));
  return [...lines].map(([, atMs]) => Number(atMs));
}

/** Painted: the content is there and the second frame after that begins, so that the first is out. */
const SOURCE = `
const { app } = require('electron');
const selectors = JSON.parse(process.env.BENCH_SELECTORS);
const tell = (event) => (atMs) => process.stdout.write('bench ' + event + ' ' + atMs + '\\n');
const whenThere = (selector) => \`new Promise((done) => {
  const look = () => {
    const found = document.querySelector(\${JSON.stringify(selector)});
    if (found === null) requestAnimationFrame(look);
    else done(found);
  };
  look();
})\`;
const painted = \`\${whenThere(selectors.content)}.then(() => new Promise((done) => {
  requestAnimationFrame(() => requestAnimationFrame(() => done(Date.now())));
}))\`;
const click = \`\${whenThere(selectors.copy)}.then((button) => {
  const atMs = Date.now();
  button.click();
  return atMs;
})\`;
app.on('browser-window-created', (_event, window) => {
  let shows = 0;
  window.on('show', () => {
    shows += 1;
    window.webContents.executeJavaScript(painted).then(tell('painted'));
    if (shows === 2) {
      setTimeout(() => window.webContents.executeJavaScript(click).then(tell('clicked')), ${String(CLICK_AFTER_MS)});
    }
  });
});
`;
