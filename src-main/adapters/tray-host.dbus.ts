/** Whether this desktop shows tray icons: asks the session bus for a StatusNotifier watcher that has a host. */
import { execFile } from 'node:child_process';

const TIME_LIMIT_MS = 2000;

/**
 * Electron cannot tell (a Tray without a host neither throws nor shows). `dbus-send` belongs to D-Bus itself.
 * @returns True on macOS and Windows, where there is always a tray; false when the bus or the tool is missing.
 */
export function hasTrayHost(): Promise<boolean> {
  if (process.platform !== 'linux') return Promise.resolve(true);
  const call = [
    '--session',
    '--print-reply=literal',
    '--dest=org.kde.StatusNotifierWatcher',
    '/StatusNotifierWatcher',
    'org.freedesktop.DBus.Properties.Get',
    'string:org.kde.StatusNotifierWatcher',
    'string:IsStatusNotifierHostRegistered',
  ];
  return new Promise((resolve) => {
    execFile('dbus-send', call, { timeout: TIME_LIMIT_MS }, (failure, output) => {
      resolve(failure === null && /boolean\s+true/.test(output));
    });
  });
}
