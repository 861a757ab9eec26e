/**
 * A system bus of our own with a login manager on it, as far as programs ask it to tell them of
 * sleep: https://www.freedesktop.org/software/systemd/man/latest/org.freedesktop.login1.html
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import dbus, { type Message, type MessageBus } from 'dbus-next';
import { connectBus } from './desktop-bus.ts';
import type { LaunchedProcess } from './desktop-processes.ts';
import type { Desktop } from './desktop.ts';
import { Changes } from './waiting.ts';

const SERVICE = 'org.freedesktop.login1';
const PATH = '/org/freedesktop/login1';
const MANAGER = 'org.freedesktop.login1.Manager';

export class Logind {
  /** For the app's environment: what leads it to this bus. */
  readonly env: { readonly DBUS_SYSTEM_BUS_ADDRESS: string };
  readonly #bus: MessageBus;
  readonly #daemon: LaunchedProcess;
  readonly #changes = new Changes();
  #inhibitions = 0;

  private constructor(busAddress: string, bus: MessageBus, daemon: LaunchedProcess) {
    this.env = { DBUS_SYSTEM_BUS_ADDRESS: busAddress };
    this.#bus = bus;
    this.#daemon = daemon;
  }

  static async start(desktop: Desktop): Promise<Logind> {
    const daemon = await desktop.processes.launch({
      name: 'system-bus',
      command: 'dbus-daemon',
      args: ['--nofork', '--nopidfile', '--print-address=3', `--config-file=${busFile(desktop)}`],
      env: desktop.env,
      readyLine: true,
    });
    const busAddress = daemon.firstLine.trim();
    const bus = await connectBus(busAddress);
    const logind = new Logind(busAddress, bus, daemon);
    bus.addMethodHandler((message: Message) => logind.#serve(message));
    await bus.requestName(SERVICE, dbus.NameFlag.DO_NOT_QUEUE);
    return logind;
  }

  /** Programs ask for a delay of sleep each time they begin to listen for it. */
  async waitForListener(timeLimitMs = 10_000): Promise<void> {
    await this.#changes.waitFor('somebody to ask logind', timeLimitMs, () => {
      return this.#inhibitions > 0;
    });
  }

  /** `true` before the computer sleeps, `false` after it has woken up. */
  prepareForSleep(isGoing: boolean): void {
    this.#bus.send(dbus.Message.newSignal(PATH, MANAGER, 'PrepareForSleep', 'b', [isGoing]));
  }

  async stop(): Promise<void> {
    this.#bus.disconnect();
    await this.#daemon.stop();
  }

  /** Grants no delay: this library sends no file descriptors, and nobody here waits for one. */
  #serve(message: Message): boolean {
    if (message.path !== PATH) return false;
    if (message.member === 'Inhibit') {
      this.#inhibitions += 1;
      this.#changes.notify();
    }
    const refusal = new dbus.Message({
      type: dbus.MessageType.ERROR,
      destination: message.sender,
      errorName: 'org.freedesktop.DBus.Error.NotSupported',
      signature: 's',
      body: ['not here'],
    });
    this.#bus.send(Object.assign(refusal, { replySerial: message.serial }));
    return true;
  }
}

function busFile({ directory }: Desktop): string {
  const name = join(directory, `system-bus-${crypto.randomUUID()}`);
  const file = `${name}.conf`;
  writeFileSync(
    file,
    `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=${name}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`,
  );
  return file;
}
