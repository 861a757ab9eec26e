/** Whether this desktop shows tray icons: asks the session bus about the StatusNotifier watcher and its host. */
import { execFile } from 'node:child_process';
import type { TrayHostState } from '../core/ports.ts';

const TIME_LIMIT_MS = 5000;

const WATCHER = 'org.kde.StatusNotifierWatcher';

/**
 * Electron cannot tell (a Tray without a host neither throws nor shows). `dbus-send` belongs to D-Bus itself.
 * @returns `shown` on macOS and Windows, where there is always a tray; `unknown` when the bus cannot be asked.
 */
export async function findTrayHost(): Promise<TrayHostState> {
  if (process.platform !== 'linux') return 'shown';
  const hasWatcher = await ask(
    '--dest=org.freedesktop.DBus',
    '/org/freedesktop/DBus',
    'org.freedesktop.DBus.NameHasOwner',
    `string:${WATCHER}`,
  );
  if (hasWatcher === undefined) return 'unknown';
  if (!hasWatcher) return 'no-watcher';
  const hasHost = await ask(
    `--dest=${WATCHER}`,
    '/StatusNotifierWatcher',
    'org.freedesktop.DBus.Properties.Get',
    `string:${WATCHER}`,
    'string:IsStatusNotifierHostRegistered',
  );
  if (hasHost === undefined) return 'unknown';
  return hasHost ? 'shown' : 'no-host';
}

/** @returns Undefined for no answer. */
function ask(...call: readonly string[]): Promise<boolean | undefined> {
  const args = ['--session', '--print-reply=literal', ...call];
  return new Promise((resolve) => {
    execFile('dbus-send', args, { timeout: TIME_LIMIT_MS }, (failure, output) => {
      const value = /boolean\s+(true|false)/.exec(output)?.[1];
      resolve(failure === null && value !== undefined ? value === 'true' : undefined);
    });
  });
}
