/** The window with the tenants: made when first needed, hidden when it loses the focus, let go when it has not been used for a while. */
import { app, BrowserWindow, screen } from 'electron';
import { POPOVER_URL } from './own-pages.ts';
import { popoverPosition } from './popover-position.ts';
import type { Rectangle } from './popover-position.ts';

const WIDTH = 400;
const HEIGHT = 600;

/** Kept this long after hiding: shown again in 31 ms instead of 120, then 60 MB are given back. */
const KEPT_HIDDEN_MS = 2 * 60_000;

/** Where a click on the icon takes the focus away, hiding and clicking are one and the same click. */
const SAME_CLICK_MS = 200;

export interface Popover {
  toggle(trayIcon: Rectangle): void;
  /** @param trayIcon Undefined: in the middle of the screen, as an ordinary window has it. */
  show(trayIcon?: Rectangle): void;
  hide(): void;
}

export interface PopoverOptions {
  readonly preloadPath: string;
  readonly iconPath: string;
  /** Without a tray icon the popover is an ordinary window: framed, in the task bar, and closing it ends the app. */
  readonly isOrdinaryWindow: () => boolean;
  readonly onOrdinaryWindowClosed: () => void;
  readonly setTimer: (delayMs: number, run: () => void) => () => void;
}

export function createPopover(options: PopoverOptions): Popover {
  let window: BrowserWindow | undefined;
  let cancelRelease = (): void => undefined;
  let leaving = false;
  // A sign-in that ends with the app would show it again, and a new window holds the end up
  app.once('before-quit', () => {
    leaving = true;
  });
  let releasing = false;
  let wasJustHidden = false;

  const make = (): BrowserWindow => {
    const ordinary = options.isOrdinaryWindow();
    const made = new BrowserWindow({
      width: WIDTH,
      height: HEIGHT,
      minWidth: 320,
      minHeight: 360,
      show: false,
      frame: ordinary,
      skipTaskbar: !ordinary,
      alwaysOnTop: !ordinary,
      fullscreenable: false,
      autoHideMenuBar: true,
      title: 'Bearer Tray',
      icon: options.iconPath,
      webPreferences: { preload: options.preloadPath, sandbox: true },
    });
    made.on('blur', () => {
      // Hiding it in another way takes the focus too
      if (ordinary || !made.isVisible()) return;
      popover.hide();
      wasJustHidden = true;
      options.setTimer(SAME_CLICK_MS, () => {
        wasJustHidden = false;
      });
    });
    made.on('closed', () => {
      releasing = false;
      if (window === made) window = undefined;
      if (ordinary && options.isOrdinaryWindow()) options.onOrdinaryWindowClosed();
    });
    // A page with an unfinished form objects to being let go, and to nothing else
    made.webContents.on('will-prevent-unload', (event) => {
      if (!releasing) event.preventDefault();
      releasing = false;
    });
    made.webContents.on('render-process-gone', () => {
      made.destroy();
    });
    made.loadURL(POPOVER_URL).catch(() => undefined);
    return made;
  };

  const popover: Popover = {
    toggle(trayIcon) {
      if (window?.isVisible() === true) popover.hide();
      else if (!wasJustHidden) popover.show(trayIcon);
    },

    show(trayIcon) {
      if (leaving) return;
      cancelRelease();
      const shown = (window ??= make());
      if (trayIcon !== undefined && !shown.isVisible()) {
        const pointer = screen.getCursorScreenPoint();
        const { workArea } = screen.getDisplayNearestPoint(pointer);
        const [width = WIDTH, height = HEIGHT] = shown.getSize();
        const { x, y } = popoverPosition({ width, height }, trayIcon, pointer, workArea);
        shown.setPosition(x, y);
      }
      const reveal = (): void => {
        if (shown.isDestroyed()) return;
        shown.show();
        shown.focus();
      };
      // Painted before it is seen, so that it never flashes empty
      if (shown.webContents.isLoading()) shown.once('ready-to-show', reveal);
      else reveal();
    },

    hide() {
      if (window === undefined || options.isOrdinaryWindow()) return;
      const hidden = window;
      hidden.hide();
      cancelRelease();
      cancelRelease = options.setTimer(KEPT_HIDDEN_MS, () => {
        if (hidden.isDestroyed() || hidden.isVisible()) return;
        releasing = true;
        hidden.close();
      });
    },
  };
  return popover;
}
