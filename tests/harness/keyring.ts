/**
 * The desktop's keyring (gnome-keyring), seen and handled over the Secret Service interface:
 * https://specifications.freedesktop.org/secret-service-spec/latest/
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import dbus, { type MessageBus, type Variant } from 'dbus-next';
import { BUS, callBus, nameHasOwner, waitForName } from './desktop-bus.ts';
import type { DesktopProcesses, LaunchedProcess } from './desktop-processes.ts';
import { poll } from './waiting.ts';

const SERVICE = 'org.freedesktop.secrets';
const SERVICE_PATH = '/org/freedesktop/secrets';
const KEYRING_PASSWORD = 'harness';
const NO_OBJECT = '/';
const PROMPTER = 'org.gnome.keyring.SystemPrompter';

export interface KeyringItem {
  readonly label: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export class Keyring {
  readonly #processes: DesktopProcesses;
  readonly #env: Readonly<Record<string, string>>;
  readonly #bus: MessageBus;
  readonly #collection: string;
  #daemon: LaunchedProcess;

  private constructor(parts: {
    readonly processes: DesktopProcesses;
    readonly env: Readonly<Record<string, string>>;
    readonly bus: MessageBus;
    readonly collection: string;
    readonly daemon: LaunchedProcess;
  }) {
    this.#processes = parts.processes;
    this.#env = parts.env;
    this.#bus = parts.bus;
    this.#collection = parts.collection;
    this.#daemon = parts.daemon;
  }

  /** Starts the daemon with an unlocked login keyring in the desktop's own home. */
  static async start(
    processes: DesktopProcesses,
    env: Readonly<Record<string, string>>,
    bus: MessageBus,
  ): Promise<Keyring> {
    const daemon = await launchDaemon(processes, env);
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
    const keyring = new Keyring({ processes, env, bus, collection, daemon });
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
    const session = await this.#openSession();
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

  /** From now on nobody can be asked: what is locked stays so until `unlock`. */
  async refusePrompts(): Promise<void> {
    rmSync(join(this.#processes.directory, 'services', `${PROMPTER}.service`), { force: true });
    await callBus(this.#bus, { ...BUS, member: 'ReloadConfig' });
  }

  /** The daemon answers nobody until `thaw`. */
  freeze(): void {
    process.kill(this.#daemon.pid, 'SIGSTOP');
  }

  thaw(): void {
    process.kill(this.#daemon.pid, 'SIGCONT');
  }

  /** SIGKILL, as in a crash; nobody starts the daemon anew. */
  async crash(): Promise<void> {
    process.kill(this.#daemon.pid, 'SIGKILL');
    await poll(
      'the keyring to leave the bus',
      5_000,
      async () => !(await nameHasOwner(this.#bus, SERVICE)),
    );
  }

  /** After `crash`: with the keyring unlocked, as at a login. */
  async startAgain(): Promise<void> {
    this.#daemon = await launchDaemon(this.#processes, this.#env);
    await waitForName(this.#bus, SERVICE);
    await poll('the keyring to be unlocked', 10_000, async () => !(await this.isLocked()));
  }

  /** Nobody finds the items any more, until the returned function is called. */
  async hideItems(): Promise<() => Promise<void>> {
    const paths = (await this.#property(this.#collection, 'Collection', 'Items')) as string[];
    const shown = await Promise.all(
      paths.map(async (path) => ({
        path,
        attributes: (await this.#property(path, 'Item', 'Attributes')) as Record<string, string>,
      })),
    );
    for (const { path } of shown) await this.#setAttributes(path, { hidden: 'yes' });
    return async () => {
      for (const { path, attributes } of shown) await this.#setAttributes(path, attributes);
    };
  }

  /** Every item holds this instead of its own secret. */
  async overwriteSecrets(text: string): Promise<void> {
    const session = await this.#openSession();
    const paths = (await this.#property(this.#collection, 'Collection', 'Items')) as string[];
    for (const path of paths) {
      await callBus(this.#bus, {
        destination: SERVICE,
        path,
        interface: 'org.freedesktop.Secret.Item',
        member: 'SetSecret',
        signature: '(oayays)',
        body: [[session, Buffer.alloc(0), Buffer.from(text), 'text/plain']],
      });
    }
  }

  async #setAttributes(path: string, attributes: Readonly<Record<string, string>>): Promise<void> {
    await callBus(this.#bus, {
      destination: SERVICE,
      path,
      interface: 'org.freedesktop.DBus.Properties',
      member: 'Set',
      signature: 'ssv',
      body: ['org.freedesktop.Secret.Item', 'Attributes', new dbus.Variant('a{ss}', attributes)],
    });
  }

  async #openSession(): Promise<string> {
    const [, session] = await callBus(this.#bus, {
      destination: SERVICE,
      path: SERVICE_PATH,
      interface: 'org.freedesktop.Secret.Service',
      member: 'OpenSession',
      signature: 'sv',
      body: ['plain', new dbus.Variant('s', '')],
    });
    return session as string;
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

function launchDaemon(
  processes: DesktopProcesses,
  env: Readonly<Record<string, string>>,
): Promise<LaunchedProcess> {
  return processes.launch({
    name: 'gnome-keyring-daemon',
    command: 'gnome-keyring-daemon',
    args: ['--unlock', '--components=secrets', '--foreground'],
    env,
    input: KEYRING_PASSWORD,
  });
}
