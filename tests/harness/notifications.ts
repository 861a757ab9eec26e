/**
 * The desktop's notification daemon (dunst) and everything that programs say to it, watched on the
 * bus: https://specifications.freedesktop.org/notification-spec/latest/
 */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import dbus, { type Message, type MessageBus, type Variant } from 'dbus-next';
import { callBus, connectBus, waitForName } from './desktop-bus.ts';
import type { DesktopEnv } from './desktop-env.ts';
import type { DesktopProcesses } from './desktop-processes.ts';
import { Changes, poll } from './waiting.ts';

const SERVICE = 'org.freedesktop.Notifications';

/** No notification leaves by itself. `dmenu` is what chooses from the menu of all actions. */
const dunstConfiguration = (chooser: string) => `
[global]
  dmenu = "${chooser}"
  monitor = 0
  follow = none
  font = DejaVu Sans 10
  notification_limit = 0
  history_length = 0
  idle_threshold = 0
  markup = full
  format = "<b>%s</b>\\n%b"
  stack_duplicates = false
  mouse_left_click = do_action, close_current
  mouse_right_click = close_current

[urgency_low]
  timeout = 0
[urgency_normal]
  timeout = 0
[urgency_critical]
  timeout = 0
`;

/** A notification as the program sent it. */
export interface SentNotification {
  /** The daemon's number; the same again where a notification replaces another. */
  readonly id: number;
  readonly appName: string;
  readonly summary: string;
  /** Markup, exactly as sent. */
  readonly body: string;
  /** Action key → label. */
  readonly actions: Readonly<Record<string, string>>;
  /** 0 low, 1 normal, 2 critical. */
  readonly urgency: number;
  /** -1: the daemon decides; 0: never expires. */
  readonly timeoutMs: number;
}

export class DesktopNotifications {
  readonly #env: DesktopEnv;
  readonly #monitor: MessageBus;
  readonly #bus: MessageBus;
  readonly #choicePath: string;
  readonly #changes = new Changes();
  /** Calls to Notify whose number the daemon has not answered yet, by sender and serial. */
  readonly #unanswered = new Map<string, Omit<SentNotification, 'id'>>();
  readonly #sent: SentNotification[] = [];
  readonly #closedIds = new Set<number>();
  readonly #clickedIds = new Set<number>();

  private constructor(env: DesktopEnv, monitor: MessageBus, bus: MessageBus) {
    this.#env = env;
    this.#monitor = monitor;
    this.#bus = bus;
    this.#choicePath = join(env.TMPDIR, 'notification-choice');
  }

  /** Watches the bus from now on; `startDaemon` brings somebody to show what is sent. */
  static async watch(env: DesktopEnv, bus: MessageBus): Promise<DesktopNotifications> {
    const monitor = await connectBus(env.DBUS_SESSION_BUS_ADDRESS);
    const notifications = new DesktopNotifications(env, monitor, bus);
    monitor.on('message', (message: Message) => notifications.#observe(message));
    // A monitor that answers anything is thrown off the bus.
    monitor.addMethodHandler(() => true);
    await callBus(monitor, {
      destination: 'org.freedesktop.DBus',
      path: '/org/freedesktop/DBus',
      interface: 'org.freedesktop.DBus.Monitoring',
      member: 'BecomeMonitor',
      signature: 'asu',
      body: [[`interface='${SERVICE}'`, `type='method_return',sender='${SERVICE}'`], 0],
    });
    return notifications;
  }

  async startDaemon(processes: DesktopProcesses): Promise<void> {
    const chooser = join(processes.directory, 'choose-notification-action');
    writeFileSync(
      chooser,
      `#!/bin/sh\n# The menu has lines such as: #View (summary) [3,default]\n` +
        `exec grep -F -- "[$(cat '${this.#choicePath}'),default]"\n`,
      { mode: 0o700 },
    );
    const configurationPath = join(processes.directory, 'dunstrc');
    writeFileSync(configurationPath, dunstConfiguration(chooser), { mode: 0o600 });
    await processes.launch({
      name: 'dunst',
      command: 'dunst',
      args: ['-conf', configurationPath],
      env: this.#env,
    });
    await waitForName(this.#bus, SERVICE);
  }

  /** Everything sent since the start or the last `clear`, oldest first. */
  all(): readonly SentNotification[] {
    return [...this.#sent];
  }

  /** Those that can still be seen, oldest first. */
  displayed(): readonly SentNotification[] {
    const latest = new Map(this.#sent.map((notification) => [notification.id, notification]));
    return [...latest.values()].filter(({ id }) => !this.#closedIds.has(id));
  }

  /** The first notification, also one from before the call, that `predicate` accepts. */
  waitFor(
    predicate: (notification: SentNotification) => boolean,
    timeLimitMs = 5_000,
  ): Promise<SentNotification> {
    return this.#changes
      .waitFor('a notification', timeLimitMs, () => this.#sent.find(predicate))
      .catch((cause: unknown) => {
        throw new Error(`${String(cause)}; sent so far: ${JSON.stringify(this.#sent)}`, { cause });
      });
  }

  async waitUntilClosed(notification: SentNotification, timeLimitMs = 5_000): Promise<void> {
    await this.#changes.waitFor(
      `the notification "${notification.summary}" to close`,
      timeLimitMs,
      () => this.#closedIds.has(notification.id),
    );
  }

  /** What a click on the notification does. */
  async invokeDefaultAction(notification: SentNotification): Promise<void> {
    // dunst takes a notification over a moment after it has answered Notify.
    await poll('dunst to show all notifications', 5_000, async () => {
      return Number(await this.#dunstctl('count', 'displayed')) === this.displayed().length;
    });
    if (!this.displayed().some(({ id }) => id === notification.id)) {
      throw new Error(`"${notification.summary}" is not displayed any more`);
    }
    // Not `dunstctl action POSITION`: dunst 1.9.0 refuses every position but 0 with "0 notifications
    // currently open" when none is waiting.
    writeFileSync(this.#choicePath, String(notification.id));
    await this.#dunstctl('context');
    await this.#changes.waitFor('dunst to report the click', 5_000, () => {
      return this.#clickedIds.has(notification.id);
    });
    // A click with the mouse also closes; the menu does not.
    await callBus(this.#bus, {
      destination: SERVICE,
      path: '/org/freedesktop/Notifications',
      interface: SERVICE,
      member: 'CloseNotification',
      signature: 'u',
      body: [notification.id],
    });
    await this.waitUntilClosed(notification);
  }

  /** dunst's own history (what was closed) as JSON text, for searches. */
  historyText(): Promise<string> {
    return this.#dunstctl('history');
  }

  /** Closes and forgets everything, so that the next test begins with nothing. */
  async clear(): Promise<void> {
    await this.#dunstctl('close-all');
    await this.#changes.waitFor('all notifications to close', 5_000, () => {
      return this.displayed().length === 0;
    });
    this.#sent.length = 0;
    this.#closedIds.clear();
    this.#clickedIds.clear();
  }

  stop(): void {
    this.#monitor.disconnect();
  }

  #observe(message: Message): void {
    if (message.type === dbus.MessageType.METHOD_CALL && message.member === 'Notify') {
      this.#unanswered.set(`${message.sender} ${message.serial}`, readNotify(message));
    } else if (message.type === dbus.MessageType.METHOD_RETURN) {
      const key = `${message.destination} ${message.replySerial}`;
      const notification = this.#unanswered.get(key);
      if (notification === undefined) return;
      this.#unanswered.delete(key);
      const id = message.body[0] as number;
      this.#closedIds.delete(id);
      this.#clickedIds.delete(id);
      this.#sent.push({ id, ...notification });
      this.#changes.notify();
    } else if (message.member === 'NotificationClosed') {
      this.#closedIds.add(message.body[0] as number);
      this.#changes.notify();
    } else if (message.member === 'ActionInvoked') {
      this.#clickedIds.add(message.body[0] as number);
      this.#changes.notify();
    }
  }

  async #dunstctl(...args: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)('dunstctl', args, {
      env: this.#env,
      timeout: 5_000,
    });
    return stdout;
  }
}

function readNotify(message: Message): Omit<SentNotification, 'id'> {
  const [appName, , , summary, body, actions, hints, timeoutMs] = message.body as [
    string,
    number,
    string,
    string,
    string,
    string[],
    Record<string, Variant>,
    number,
  ];
  // The list alternates between keys and labels.
  const labels = Object.fromEntries(
    actions.flatMap((key, index) => (index % 2 === 0 ? [[key, actions[index + 1] ?? '']] : [])),
  ) as Record<string, string>;
  const urgency = (hints.urgency?.value as number | undefined) ?? 1;
  return { appName, summary, body, actions: labels, urgency, timeoutMs };
}
