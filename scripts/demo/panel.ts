/**
 * What the demo's screen shows besides windows: a background and a panel, drawn with the very icon
 * and menu that the app gives to panels over D-Bus. Only for the eye: nothing depends on it.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { MessageBus, Variant } from 'dbus-next';
import type { Desktop } from '../../tests/harness/desktop.ts';
import { callBus, connectBus } from '../../tests/harness/desktop-bus.ts';

const WIDTH = 1280;
const HEIGHT = 800;
const PANEL_HEIGHT = 34;
const PANEL_TOP = HEIGHT - PANEL_HEIGHT;
const ICON = { size: 22, x: WIDTH - 48, y: PANEL_TOP + 6 };
const MENU_WIDTH = 230;
const MENU_ROW_HEIGHT = 26;

type Properties = Record<string, Variant | undefined>;

interface Image {
  readonly width: number;
  readonly height: number;
  readonly rgba: Buffer;
}

export class Panel {
  readonly #desktop: Desktop;
  readonly #bus: MessageBus;

  private constructor(desktop: Desktop, bus: MessageBus) {
    this.#desktop = desktop;
    this.#bus = bus;
  }

  static async open(desktop: Desktop): Promise<Panel> {
    const panel = new Panel(desktop, await connectBus(desktop.env.DBUS_SESSION_BUS_ADDRESS));
    // Windows keep off the panel, as a window manager tells them.
    const workArea = `0, 0, ${String(WIDTH)}, ${String(PANEL_TOP)}`;
    await panel.#run('xprop', [
      '-root',
      '-f',
      '_NET_WORKAREA',
      '32c',
      '-set',
      '_NET_WORKAREA',
      workArea,
    ]);
    await panel.draw();
    return panel;
  }

  /** Puts the pointer on the icon; without a window manager nothing else tells the app where it was clicked. */
  async pointAtIcon(): Promise<void> {
    const middle = ICON.size / 2;
    await this.#run('xdotool', ['mousemove', String(ICON.x + middle), String(ICON.y + middle)]);
  }

  /** Draws the icon as the app has it now; with `menu`, as after a right click. */
  async draw(menu: 'menu-closed' | 'menu-open' = 'menu-closed'): Promise<void> {
    const image = await this.#icon();
    const size = `${String(ICON.size)}x${String(ICON.size)}`;
    const picture = join(this.#desktop.env.TMPDIR, 'background.png');
    const icon =
      image === undefined
        ? []
        : [
            ...[
              '(',
              '-size',
              `${String(image.width)}x${String(image.height)}`,
              '-depth',
              '8',
              'rgba:-',
            ],
            ...['-resize', size, ')'],
            ...['-geometry', `+${String(ICON.x)}+${String(ICON.y)}`, '-composite'],
          ];
    const args = [
      ...['-size', `${String(WIDTH)}x${String(HEIGHT)}`, 'gradient:#6f8fae-#33475f'],
      ...[
        '-fill',
        '#eef1f5',
        '-draw',
        `rectangle 0,${String(PANEL_TOP)} ${String(WIDTH)},${String(HEIGHT)}`,
      ],
      ...icon,
      ...(menu === 'menu-open' ? await this.#menuStrokes() : []),
      picture,
    ];
    await this.#run('convert', args, image?.rgba);
    await this.#run('display', ['-window', 'root', picture]);
  }

  close(): void {
    this.#bus.disconnect();
  }

  async #menuStrokes(): Promise<readonly string[]> {
    const items = (await this.#desktop.trayHost.menu()).filter(({ separator }) => !separator);
    const left = WIDTH - MENU_WIDTH - 12;
    const top = PANEL_TOP - items.length * MENU_ROW_HEIGHT - 14;
    const box = [left, top, left + MENU_WIDTH, PANEL_TOP - 4].map(String);
    const rows = items.flatMap(({ label, children }, index) => {
      const y = top + 22 + index * MENU_ROW_HEIGHT;
      const text = children.length > 0 ? `${label}  ›` : label;
      // A leading @ or a % would be read as a file or an escape.
      const plain = text.replaceAll('%', '%%').replace(/^@/, '\\@');
      return ['-annotate', `+${String(left + 14)}+${String(y)}`, plain];
    });
    return [
      ...[
        '-fill',
        '#ffffff',
        '-stroke',
        '#b9c1cb',
        '-draw',
        `roundrectangle ${box.slice(0, 2).join(',')} ${box.slice(2).join(',')} 6,6`,
      ],
      ...['-stroke', 'none', '-fill', '#20242c', '-font', 'DejaVu-Sans', '-pointsize', '13'],
      ...rows,
    ];
  }

  /** Undefined while there is no icon. */
  async #icon(): Promise<Image | undefined> {
    const watcher = 'org.kde.StatusNotifierWatcher';
    const items = await this.#property(
      watcher,
      '/StatusNotifierWatcher',
      watcher,
      'RegisteredStatusNotifierItems',
    );
    const address = (items as readonly string[]).at(-1);
    if (address === undefined) return undefined;
    const slash = address.indexOf('/');
    const pixmaps = (await this.#property(
      address.slice(0, slash),
      address.slice(slash),
      'org.kde.StatusNotifierItem',
      'IconPixmap',
    )) as readonly [width: number, height: number, argb: Buffer][];
    const pixmap = pixmaps.at(-1);
    if (pixmap === undefined) return undefined;
    const [width, height, argb] = pixmap;
    return { width, height, rgba: rgbaOf(argb) };
  }

  async #property(
    destination: string,
    path: string,
    owner: string,
    name: string,
  ): Promise<unknown> {
    const [properties] = await callBus(this.#bus, {
      destination,
      path,
      interface: 'org.freedesktop.DBus.Properties',
      member: 'GetAll',
      signature: 's',
      body: [owner],
    });
    return (properties as Properties)[name]?.value ?? [];
  }

  /** Never fails: a plain screen is no reason to stop; and `display -window root` ends with 1 when all went well. */
  async #run(command: string, args: readonly string[], input?: Buffer): Promise<void> {
    const running = promisify(execFile)(command, args, { env: this.#desktop.env, timeout: 10_000 });
    // A program that could not be started does not read.
    running.child.stdin?.on('error', () => undefined).end(input);
    await running.catch(() => undefined);
  }
}

function rgbaOf(argb: Buffer): Buffer {
  const rgba = Buffer.alloc(argb.length);
  for (let at = 0; at < argb.length; at += 4) {
    rgba.set(argb.subarray(at + 1, at + 4), at);
    rgba.set(argb.subarray(at, at + 1), at + 3);
  }
  return rgba;
}
