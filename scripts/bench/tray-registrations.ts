/** Tells when a tray icon is registered, at the moment the tray host says so. */
import dbus, { type Message, type MessageBus } from 'dbus-next';
import type { Desktop } from '../../tests/harness/desktop.ts';
import { BUS, callBus, connectBus } from '../../tests/harness/desktop-bus.ts';
import { withTimeLimit } from '../../tests/harness/waiting.ts';

const START_LIMIT_MS = 30_000;

export class TrayRegistrations {
  readonly #bus: MessageBus;

  private constructor(bus: MessageBus) {
    this.#bus = bus;
  }

  static async watch(desktop: Desktop): Promise<TrayRegistrations> {
    const bus = await connectBus(desktop.env.DBUS_SESSION_BUS_ADDRESS);
    const rule = `type='signal',member='StatusNotifierItemRegistered'`;
    await callBus(bus, { ...BUS, member: 'AddMatch', signature: 's', body: [rule] });
    return new TrayRegistrations(bus);
  }

  /** Resolves with the time (performance.now) of the next one. */
  next(): Promise<number> {
    const registered = new Promise<number>((resolve) => {
      const look = (message: Message): void => {
        if (message.type !== dbus.MessageType.SIGNAL) return;
        if (message.member !== 'StatusNotifierItemRegistered') return;
        this.#bus.off('message', look);
        resolve(performance.now());
      };
      this.#bus.on('message', look);
    });
    return withTimeLimit(registered, START_LIMIT_MS, 'the tray icon');
  }

  stop(): void {
    this.#bus.disconnect();
  }
}
