/** The tray icon: one for the life of the process, drawn from the state. */
import { Menu, nativeImage, nativeTheme, Tray } from 'electron';
import type { MenuItemConstructorOptions, NativeImage } from 'electron';
import { join } from 'node:path';
import type { Clock } from '../core/ports.ts';
import type { AppState } from '../core/state.ts';
import { sessionOf } from '../core/state.ts';
import { paced } from './pace.ts';
import type { Rectangle } from './popover-position.ts';
import { isSameMenu, trayMenu } from './tray-menu.ts';
import type { MenuAction, MenuItem } from './tray-menu.ts';
import { moodOf } from './view.ts';
import type { Mood } from './view.ts';

export interface TrayIcon {
  render(state: AppState): void;
  bounds(): Rectangle;
  /**
   * Makes the icon anew: only when no tray host was there as it was made. Destroying one that a StatusNotifier host
   * shows breaks it for the rest of the process.
   */
  remake(): void;
}

export interface TrayOptions {
  readonly assetsPath: string;
  readonly isPanelDark: () => boolean;
  readonly onClick: () => void;
  readonly onAction: (action: MenuAction) => void;
  readonly setTimer: Clock['setTimer'];
}

/** Each change of the icon is a message with pictures to the desktop. */
const DRAWN_EVERY_MS = 200;

/** What is over sooner is not shown as under way: with many tenants something always is. */
const LASTING_MS = 500;

export function createTray(options: TrayOptions): TrayIcon {
  const isMac = process.platform === 'darwin';
  const images = new Map<string, NativeImage>();
  const image = (mood: Mood): NativeImage => {
    const panel = options.isPanelDark() ? 'dark' : 'light';
    const name = isMac ? `${mood}Template` : `${mood}-${panel}`;
    const known = images.get(name);
    if (known !== undefined) return known;
    const loaded = nativeImage.createFromPath(join(options.assetsPath, 'tray', `${name}.png`));
    images.set(name, loaded);
    return loaded;
  };

  let last: AppState | undefined;
  let shownImage: NativeImage | undefined;
  let shownToolTip = '';
  let shownMenu: AppState | undefined;
  let menu: ReturnType<typeof Menu.buildFromTemplate> | undefined;
  let tray: Tray | undefined;

  const make = (first: NativeImage): Tray => {
    const made = new Tray(first);
    made.on('click', options.onClick);
    // On macOS a menu that is set opens on every click, together with the popover
    made.on('right-click', () => {
      if (isMac && menu !== undefined) made.popUpContextMenu(menu);
    });
    shownImage = first;
    shownToolTip = '';
    shownMenu = undefined;
    return made;
  };

  const draw = (): void => {
    if (last === undefined || tray === undefined || tray.isDestroyed()) return;
    const icon = image(lasting(moodOf(last)));
    if (icon !== shownImage) {
      tray.setImage(icon);
      shownImage = icon;
    }
    const toolTip = toolTipOf(last);
    if (toolTip !== shownToolTip) {
      tray.setToolTip(toolTip);
      shownToolTip = toolTip;
    }
    drawMenu(last, tray);
  };

  /** With 1,000 tenants a menu takes 60 ms to build. */
  const drawMenu = (state: AppState, target: Tray): void => {
    if (shownMenu !== undefined && isSameMenu(shownMenu, state)) return;
    shownMenu = state;
    const items = trayMenu(state);
    menu = Menu.buildFromTemplate(items.map((item) => templateOf(item, options.onAction)));
    // A changed menu is seen only after it is set again
    if (!isMac) target.setContextMenu(menu);
  };

  let isLasting: boolean | undefined;
  let cancelLasting = (): void => undefined;

  /** "Renewing" only once it has lasted for a while; everything else at once. */
  const lasting = (mood: Mood): Mood => {
    if (mood !== 'renewing') {
      cancelLasting();
      isLasting = undefined;
      return mood;
    }
    if (isLasting === undefined) {
      isLasting = false;
      cancelLasting = options.setTimer(LASTING_MS, () => {
        isLasting = true;
        drawSoon();
      });
    }
    return isLasting ? mood : 'calm';
  };

  const drawSoon = paced(draw, DRAWN_EVERY_MS, options.setTimer);

  const render = (state: AppState): void => {
    last = state;
    // The icon first, and its menu after: the icon is what a start is waited for
    tray ??= make(image(moodOf(state)));
    drawSoon();
  };

  nativeTheme.on('updated', () => {
    if (last !== undefined) render(last);
  });

  return {
    render,
    bounds: () => tray?.getBounds() ?? { x: 0, y: 0, width: 0, height: 0 },
    remake() {
      tray?.destroy();
      tray = undefined;
      if (last !== undefined) render(last);
    },
  };
}

function toolTipOf(state: AppState): string {
  const waiting = state.tenants.filter(({ id }) => {
    const { kind } = sessionOf(state, id).phase;
    return kind === 'sign-in-needed' || kind === 'misconfigured';
  });
  if (state.keychain === 'locked') return 'Bearer Tray: the keychain is locked';
  if (waiting.length === 0) return 'Bearer Tray';
  const [first] = waiting;
  return waiting.length === 1 && first !== undefined
    ? `Bearer Tray: ${first.name} needs you`
    : `Bearer Tray: ${String(waiting.length)} tenants need you`;
}

function templateOf(
  item: MenuItem,
  onAction: (action: MenuAction) => void,
): MenuItemConstructorOptions {
  switch (item.kind) {
    case 'separator':
      return { type: 'separator' };
    case 'label':
      return { label: escapeMnemonic(item.label), enabled: false };
    case 'submenu':
      return {
        label: escapeMnemonic(item.label),
        submenu: item.items.map((each) => templateOf(each, onAction)),
      };
    case 'action':
      return {
        label: escapeMnemonic(item.label),
        click: () => {
          onAction(item.action);
        },
      };
  }
}

/** In a menu label a single & marks the next letter. */
function escapeMnemonic(label: string): string {
  return label.replaceAll('&', '&&');
}
