/**
 * A tray without a panel: StatusNotifierWatcher and host in one, which reads and clicks the app's
 * tray icon and menu over the bus as a panel does.
 * https://www.freedesktop.org/wiki/Specifications/StatusNotifierItem/ and, for the menu,
 * https://github.com/AyatanaIndicators/libdbusmenu/blob/master/libdbusmenu-glib/dbus-menu.xml
 */
import { createHash } from 'node:crypto';
import dbus, { type Message, type MessageBus, type Variant } from 'dbus-next';
import { BUS, callBus, connectBus } from './desktop-bus.ts';
import { Changes } from './waiting.ts';

const WATCHER = 'org.kde.StatusNotifierWatcher';
const WATCHER_PATH = '/StatusNotifierWatcher';
const ITEM = 'org.kde.StatusNotifierItem';
const MENU = 'com.canonical.dbusmenu';
const PROPERTIES = 'org.freedesktop.DBus.Properties';

export interface TrayIcon {
  /** Theme icon name; empty where pixels are sent. */
  readonly name: string;
  readonly sizes: readonly { readonly width: number; readonly height: number }[];
  /** Changes exactly when the pixels or sizes change. */
  readonly hash: string;
}

export interface TrayItem {
  readonly id: string;
  readonly title: string;
  readonly status: string;
  readonly toolTip: string;
  readonly icon: TrayIcon;
}

export interface TrayMenuItem {
  readonly id: number;
  /** As the app wrote it: the menu protocol's `__` is `_` again. */
  readonly label: string;
  readonly enabled: boolean;
  readonly separator: boolean;
  /** Null for an ordinary item. */
  readonly toggle: 'on' | 'off' | null;
  readonly children: readonly TrayMenuItem[];
}

interface RegisteredItem {
  /** Unique bus name of the program. */
  readonly owner: string;
  readonly path: string;
}

export class TrayHost {
  readonly #busAddress: string;
  readonly #changes = new Changes();
  #bus: MessageBus | null = null;
  #items: readonly RegisteredItem[] = [];

  constructor(busAddress: string) {
    this.#busAddress = busAddress;
  }

  get running(): boolean {
    return this.#bus !== null;
  }

  /** Appears on the bus as watcher and host; apps that wait for one register now. */
  async start(): Promise<void> {
    if (this.#bus !== null) return;
    const bus = await connectBus(this.#busAddress);
    this.#bus = bus;
    bus.addMethodHandler((message: Message) => this.#serve(bus, message));
    bus.on('message', (message: Message) => this.#observe(message));
    for (const rule of [
      `type='signal',interface='${ITEM}'`,
      `type='signal',interface='${MENU}'`,
      `type='signal',sender='${BUS.destination}',member='NameOwnerChanged'`,
    ]) {
      await callBus(bus, { ...BUS, member: 'AddMatch', signature: 's', body: [rule] });
    }
    const reply = await bus.requestName(WATCHER, dbus.NameFlag.DO_NOT_QUEUE);
    if (reply !== dbus.RequestNameReply.PRIMARY_OWNER) {
      throw new Error('another tray host owns the session bus');
    }
    bus.send(dbus.Message.newSignal(WATCHER_PATH, WATCHER, 'StatusNotifierHostRegistered'));
  }

  /** As when the panel is closed or has crashed. */
  stop(): void {
    this.#bus?.disconnect();
    this.#bus = null;
    this.#items = [];
  }

  /** How many icons are in the tray now. */
  get itemCount(): number {
    return this.#items.length;
  }

  /** The newest tray icon, waited for. */
  waitForItem(timeLimitMs = 10_000): Promise<TrayItem> {
    return this.#changes.waitFor('a tray icon', timeLimitMs, () => {
      return this.#items.length > 0 && this.item();
    });
  }

  /** The newest item's properties; fails when there is none. */
  async item(): Promise<TrayItem> {
    const properties = await this.#itemProperties();
    const toolTip = properties.ToolTip?.value as readonly unknown[] | undefined;
    return {
      id: textOf(properties.Id),
      title: textOf(properties.Title),
      status: textOf(properties.Status),
      // (icon name, icon pixels, title, description)
      toolTip: [toolTip?.[2], toolTip?.[3]].filter((part) => part !== '').join('\n'),
      icon: readIcon(properties),
    };
  }

  async waitForIcon(
    predicate: (icon: TrayIcon) => boolean,
    timeLimitMs = 5_000,
  ): Promise<TrayIcon> {
    return this.#changes.waitFor('the tray icon to change', timeLimitMs, async () => {
      const { icon } = await this.item();
      return predicate(icon) && icon;
    });
  }

  /** Waits for anything else of the item, e.g. its tool tip. */
  waitForItemWith(predicate: (item: TrayItem) => boolean, timeLimitMs = 5_000): Promise<TrayItem> {
    return this.#changes.waitFor('the tray item to change', timeLimitMs, async () => {
      const item = await this.item();
      return predicate(item) && item;
    });
  }

  /** What a right click shows. Hidden items are left out. */
  async menu(): Promise<readonly TrayMenuItem[]> {
    await this.#callMenu('AboutToShow', 'i', [0]);
    // Everything below the root (0), to any depth (-1), with all properties (none named).
    const [, root] = await this.#callMenu('GetLayout', 'iias', [0, -1, []]);
    return readMenuItem(root as RawMenuItem).children;
  }

  async waitForMenu(
    predicate: (menu: readonly TrayMenuItem[]) => boolean,
    timeLimitMs = 5_000,
  ): Promise<readonly TrayMenuItem[]> {
    return this.#changes.waitFor('the tray menu to change', timeLimitMs, async () => {
      const menu = await this.menu();
      return predicate(menu) && menu;
    });
  }

  /** Clicks the item that the labels lead to, from the top of the menu. */
  async clickMenu(...labels: readonly string[]): Promise<void> {
    let level = await this.menu();
    let target: TrayMenuItem | undefined;
    for (const label of labels) {
      target = level.find((item) => item.label === label);
      if (target === undefined) {
        throw new Error(`no "${label}" in the tray menu: ${level.map((i) => i.label).join(' | ')}`);
      }
      level = target.children;
    }
    if (target?.enabled !== true) throw new Error(`"${labels.join(' > ')}" cannot be clicked`);
    const nothing = new dbus.Variant('s', '');
    await this.#callMenu('Event', 'isvu', [target.id, 'clicked', nothing, 0]);
  }

  /** A left click on the icon. */
  async activate(): Promise<void> {
    await this.#callItem({ member: 'Activate', signature: 'ii', body: [0, 0] });
  }

  /** A middle click on the icon. */
  async activateSecondary(): Promise<void> {
    await this.#callItem({ member: 'SecondaryActivate', signature: 'ii', body: [0, 0] });
  }

  /** Answers what apps ask the watcher. True: answered. */
  #serve(bus: MessageBus, message: Message): boolean {
    if (message.path !== WATCHER_PATH) return false;
    const reply = (signature = '', body: readonly unknown[] = []) => {
      bus.send(dbus.Message.newMethodReturn(message, signature, [...body]));
      return true;
    };
    const properties: Readonly<Record<string, Variant>> = {
      IsStatusNotifierHostRegistered: new dbus.Variant('b', true),
      ProtocolVersion: new dbus.Variant('i', 0),
      RegisteredStatusNotifierItems: new dbus.Variant(
        'as',
        this.#items.map(({ owner, path }) => owner + path),
      ),
    };
    switch (message.member) {
      case 'RegisterStatusNotifierItem':
        this.#register(bus, message.sender, message.body[0] as string);
        return reply();
      case 'RegisterStatusNotifierHost':
        return reply();
      case 'GetAll':
        return reply('a{sv}', [properties]);
      case 'Get': {
        const property = properties[message.body[1] as string];
        return property === undefined ? false : reply('v', [property]);
      }
      default:
        return false;
    }
  }

  /** `service` is a bus name (then the path is the usual one) or, from some apps, a path. */
  #register(bus: MessageBus, owner: string, service: string): void {
    const path = service.startsWith('/') ? service : '/StatusNotifierItem';
    const others = this.#items.filter((item) => item.owner !== owner || item.path !== path);
    this.#items = [...others, { owner, path }];
    this.#announce(bus, 'StatusNotifierItemRegistered', owner + path);
    this.#changes.notify();
  }

  #observe(message: Message): void {
    if (message.type !== dbus.MessageType.SIGNAL) return;
    if (message.member === 'NameOwnerChanged') {
      const [name, , newOwner] = message.body as [string, string, string];
      if (newOwner !== '' || this.#bus === null) return;
      for (const { owner, path } of this.#items.filter((item) => item.owner === name)) {
        this.#announce(this.#bus, 'StatusNotifierItemUnregistered', owner + path);
      }
      this.#items = this.#items.filter((item) => item.owner !== name);
    }
    this.#changes.notify();
  }

  #announce(bus: MessageBus, signal: string, item: string): void {
    bus.send(dbus.Message.newSignal(WATCHER_PATH, WATCHER, signal, 's', [item]));
  }

  async #itemProperties(): Promise<Record<string, Variant | undefined>> {
    const [properties] = await this.#callItem({
      interface: PROPERTIES,
      member: 'GetAll',
      signature: 's',
      body: [ITEM],
    });
    return properties as Record<string, Variant | undefined>;
  }

  async #callMenu(member: string, signature: string, body: readonly unknown[]) {
    const path = (await this.#itemProperties()).Menu?.value as string | undefined;
    if (path === undefined) throw new Error('the tray icon has no menu');
    return this.#callItem({ path, interface: MENU, member, signature, body });
  }

  #callItem(call: {
    readonly path?: string;
    readonly interface?: string;
    readonly member: string;
    readonly signature: string;
    readonly body: readonly unknown[];
  }): Promise<readonly unknown[]> {
    const item = this.#items.at(-1);
    if (this.#bus === null || item === undefined) throw new Error('there is no tray icon');
    return callBus(this.#bus, {
      destination: item.owner,
      path: item.path,
      interface: ITEM,
      ...call,
    });
  }
}

function textOf(variant: Variant | undefined): string {
  return typeof variant?.value === 'string' ? variant.value : '';
}

function readIcon(properties: Record<string, Variant | undefined>): TrayIcon {
  const pixmaps = (properties.IconPixmap?.value ?? []) as readonly [number, number, Buffer][];
  const hash = createHash('sha256');
  for (const [width, height, pixels] of pixmaps) hash.update(`${width}x${height}`).update(pixels);
  return {
    name: textOf(properties.IconName),
    sizes: pixmaps.map(([width, height]) => ({ width, height })),
    hash: hash.digest('hex').slice(0, 16),
  };
}

type RawMenuItem = readonly [
  id: number,
  properties: Record<string, Variant | undefined>,
  children: readonly Variant<RawMenuItem>[],
];

function readMenuItem([id, properties, children]: RawMenuItem): TrayMenuItem {
  return {
    id,
    label: withoutMnemonic(textOf(properties.label)),
    enabled: properties.enabled?.value !== false,
    separator: properties.type?.value === 'separator',
    toggle: readToggle(properties),
    children: children
      .filter(({ value }) => value[1].visible?.value !== false)
      .map(({ value }) => readMenuItem(value)),
  };
}

function readToggle(properties: Record<string, Variant | undefined>): 'on' | 'off' | null {
  if (textOf(properties['toggle-type']) === '') return null;
  return properties['toggle-state']?.value === 1 ? 'on' : 'off';
}

/** In the menu protocol `__` is an underscore and a single one marks the access key. */
function withoutMnemonic(label: string): string {
  return label.replaceAll(/__|_/g, (marks) => (marks === '__' ? '_' : ''));
}
