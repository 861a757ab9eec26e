/** The system clipboard. Only CLIPBOARD: the primary selection of X11 is never touched. */
import { clipboard } from 'electron';
import type { Clipboard } from '../core/ports.ts';

/** Synchronous up to Electron 43, promises from 44 on (https://www.electronjs.org/docs/latest/breaking-changes): always awaited. */
export const electronClipboard: Clipboard = {
  async writeText(text) {
    if (text === '') await clipboard.clear();
    else await clipboard.writeText(text);
  },
  async readText() {
    return await clipboard.readText();
  },
};
