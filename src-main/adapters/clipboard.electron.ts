/** The system clipboard. Only CLIPBOARD: the primary selection of X11, which a middle click pastes, is left as it is. */
import { clipboard } from 'electron';
import type { Clipboard } from '../core/ports.ts';

/**
 * On X11 Chromium puts every text that is written to the clipboard into the primary selection as well
 * (https://source.chromium.org/chromium/chromium/src/+/main:ui/base/x/x11_clipboard.cc); only a format of the platform's
 * own is not mirrored. UTF8_STRING is the one that every X11 program asks for.
 */
const X11_TEXT = 'UTF8_STRING';

/** What the synchronous clipboard of Electron 42 and 43 has beyond that of 44 and later. */
interface ClipboardWithFormats {
  writeBuffer(format: string, content: Buffer): void;
  readBuffer(format: string): Buffer;
}

/** @param isX11 Whether the app runs on an X server, also by XWayland. */
export function createClipboard(isX11: boolean): Clipboard {
  const withFormats =
    'writeBuffer' in clipboard ? (clipboard as unknown as ClipboardWithFormats) : undefined;
  return {
    async writeText(text) {
      if (text === '') clipboard.clear();
      else if (!isX11) await clipboard.writeText(text);
      else if (withFormats !== undefined) withFormats.writeBuffer(X11_TEXT, Buffer.from(text));
      else await writeAndRestorePrimary(text);
    },
    async readText() {
      const text = await clipboard.readText();
      // It does not see a format of the platform's own that this process has written
      return text === '' && isX11 && withFormats !== undefined
        ? withFormats.readBuffer(X11_TEXT).toString('utf8')
        : text;
    },
  };
}

/** From Electron 44 on: formats of the platform's own are gone, so the primary selection gets its text back. */
async function writeAndRestorePrimary(text: string): Promise<void> {
  const primary = await clipboard.selection.readText();
  await clipboard.writeText(text);
  if (primary === '') clipboard.selection.clear();
  else await clipboard.selection.writeText(primary);
}
