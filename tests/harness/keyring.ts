/**
 * The desktop's keyring (gnome-keyring), seen and handled over the Secret Service interface:
 * https://specifications.freedesktop.org/secret-service-spec/latest/
 */
import dbus, { type MessageBus, type Variant } from 'dbus-next';
import { callBus, waitForName } from './desktop-bus.ts';
import type { DesktopProcesses } from './desktop-processes.ts';
import { poll } from './waiting.ts';

const SERVICE = 'org.freedesktop.secrets';
const SERVICE_PATH = '/org/freedesktop/secrets';
const KEYRING_PASSWORD = 'harness';
const NO_OBJECT = '/';

export interface KeyringItem {
  readonly label: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export class Keyring {
  readonly #bus: MessageBus;
  readonly #collection: string;

  private constructor(bus: MessageBus, collection: string) {
    this.#bus = bus;
    this.#collection = collection;
  }

  /** Starts the daemon with an unlocked login keyring in the desktop's own home. */
  static async start(
    processes: DesktopProcesses,
    env: Readonly<Record<string, string>>,
    bus: MessageBus,
  ): Promise<Keyring> {
    await processes.launch({
      name: 'gnome-keyring-daemon',
      command: 'gnome-keyring-daemon',
      args: ['--unlock', '--components=secrets', '--foreground'],
      env,
      input: KEYRING_PASSWORD,
    });
    await waitForName(bus, SERVICE);
    const collection = await poll('the default keyring to exist', 10_000, async () => {
      const [path] = await callBus(bus, {
        destination: SERVICE,
        path: SERVICE_PATH,
        interface: 'org.freedesktop.Secret.Service',
        member: 'ReadAlias',
        signature: 's',
        body: ['default'],
      });
      return path !== NO_OBJECT && (path as string);
    });
    const keyring = new Keyring(bus, collection);
    await poll(
      'the default keyring to be unlocked',
      10_000,
      async () => !(await keyring.isLocked()),
    );
    return keyring;
  }

  async isLocked(): Promise<boolean> {
    return (await this.#property(this.#collection, 'Collection', 'Locked')) === true;
  }

  /** What any program can see of the stored secrets, even while they are locked. */
  async items(): Promise<readonly KeyringItem[]> {
    const paths = (await this.#property(this.#collection, 'Collection', 'Items')) as string[];
    return Promise.all(
      paths.map(async (path) => ({
        label: (await this.#property(path, 'Item', 'Label')) as string,
        attributes: (await this.#property(path, 'Item', 'Attributes')) as Record<string, string>,
      })),
    );
  }

  /** Deletes every item, so that the next test begins with an empty keyring. */
  async clear(): Promise<void> {
    const paths = (await this.#property(this.#collection, 'Collection', 'Items')) as string[];
    for (const path of paths) {
      await callBus(this.#bus, {
        destination: SERVICE,
        path,
        interface: 'org.freedesktop.Secret.Item',
        member: 'Delete',
      });
    }
  }

  /** From now on a program that asks for a secret makes the keyring ask for a password. */
  async lock(): Promise<void> {
    await callBus(this.#bus, {
      destination: SERVICE,
      path: SERVICE_PATH,
      interface: 'org.freedesktop.Secret.Service',
      member: 'Lock',
      signature: 'ao',
      body: [[this.#collection]],
    });
    await poll('the keyring to be locked', 5_000, () => this.isLocked());
  }

  /**
   * As if the person had typed the password. The interface is gnome-keyring's own, because the
   * standard one can only show a prompt.
   */
  async unlock(): Promise<void> {
    const [, session] = await callBus(this.#bus, {
      destination: SERVICE,
      path: SERVICE_PATH,
      interface: 'org.freedesktop.Secret.Service',
      member: 'OpenSession',
      signature: 'sv',
      body: ['plain', new dbus.Variant('s', '')],
    });
    await callBus(this.#bus, {
      destination: SERVICE,
      path: SERVICE_PATH,
      interface: 'org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface',
      member: 'UnlockWithMasterPassword',
      signature: 'o(oayays)',
      body: [
        this.#collection,
        [session, Buffer.alloc(0), Buffer.from(KEYRING_PASSWORD), 'text/plain'],
      ],
    });
    await poll('the keyring to be unlocked', 5_000, async () => !(await this.isLocked()));
  }

  async #property(path: string, kind: 'Collection' | 'Item', name: string): Promise<unknown> {
    const [variant] = await callBus(this.#bus, {
      destination: SERVICE,
      path,
      interface: 'org.freedesktop.DBus.Properties',
      member: 'Get',
      signature: 'ss',
      body: [`org.freedesktop.Secret.${kind}`, name],
    });
    return (variant as Variant).value as unknown;
  }
}
