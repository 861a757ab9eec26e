/**
 * A connection to a desktop's private session bus, reduced to what the harness needs: calls with a
 * time limit and the wait for a name. No introspection: Electron's objects offer none.
 */
import dbus, { type MessageBus } from 'dbus-next';
import { poll, withTimeLimit } from './waiting.ts';

export interface BusCall {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  /** D-Bus signature of `body`. */
  readonly signature?: string;
  readonly body?: readonly unknown[];
}

export const BUS = {
  destination: 'org.freedesktop.DBus',
  path: '/org/freedesktop/DBus',
  interface: 'org.freedesktop.DBus',
} as const;

export async function connectBus(address: string): Promise<MessageBus> {
  const bus = dbus.sessionBus({ busAddress: address });
  await withTimeLimit(
    new Promise<void>((resolve, reject) => {
      bus.once('connect', resolve);
      bus.once('error', reject);
    }),
    5_000,
    'the session bus to accept a connection',
  );
  // A bus that goes away at the end of a test is no reason to fail it.
  bus.on('error', () => undefined);
  return bus;
}

/** The values of the answer; the caller knows their types from the interface's specification. */
export async function callBus(
  bus: MessageBus,
  call: BusCall,
  timeLimitMs = 5_000,
): Promise<readonly unknown[]> {
  const { signature = '', body = [], ...target } = call;
  const message = new dbus.Message({ ...target, signature, body: [...body] });
  const reply = await withTimeLimit(
    bus.call(message),
    timeLimitMs,
    `${call.destination} to answer ${call.interface}.${call.member}`,
  );
  // Null only for calls that want no reply.
  return (reply?.body ?? []) as readonly unknown[];
}

export async function nameHasOwner(bus: MessageBus, name: string): Promise<boolean> {
  const [owned] = await callBus(bus, {
    ...BUS,
    member: 'NameHasOwner',
    signature: 's',
    body: [name],
  });
  return owned === true;
}

export async function waitForName(bus: MessageBus, name: string): Promise<void> {
  await poll(`${name} to appear on the session bus`, 10_000, () => nameHasOwner(bus, name));
}
