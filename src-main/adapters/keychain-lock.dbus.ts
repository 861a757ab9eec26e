/** Whether the default keyring is locked, asked of the Secret Service without opening its prompt. */
import { execFile } from 'node:child_process';

const TIME_LIMIT_MS = 5000;

/**
 * `Locked` of the collection that libsecret uses by default:
 * https://specifications.freedesktop.org/secret-service-spec/latest/org.freedesktop.Secret.Collection.html
 * @returns Undefined on macOS and Windows, whose keychains ask by themselves, and when nobody answers.
 */
export function isKeychainLocked(): Promise<boolean | undefined> {
  if (process.platform !== 'linux') return Promise.resolve(undefined);
  const call = [
    '--session',
    '--print-reply=literal',
    '--dest=org.freedesktop.secrets',
    '/org/freedesktop/secrets/aliases/default',
    'org.freedesktop.DBus.Properties.Get',
    'string:org.freedesktop.Secret.Collection',
    'string:Locked',
  ];
  return new Promise((resolve) => {
    execFile('dbus-send', call, { timeout: TIME_LIMIT_MS }, (failure, output) => {
      const value = /boolean\s+(true|false)/.exec(output)?.[1];
      resolve(failure === null && value !== undefined ? value === 'true' : undefined);
    });
  });
}
