/** Desktop notifications. */
import { Notification } from 'electron';
import { execFile } from 'node:child_process';
import type { Notifier } from '../core/ports.ts';

/** A notification daemon that takes longer than this to say its name does not get a notice. */
const ANSWER_LIMIT_MS = 2000;

/** @returns A notifier; it holds on to each notice while it is shown, because a collected one loses its click. */
export function createNotifier(): Notifier {
  const shown = new Set<Notification>();
  return {
    notify({ title, body, onClick }) {
      const notice = new Notification({ title, body: escapeMarkup(body) });
      const release = (): void => {
        shown.delete(notice);
      };
      notice.on('click', () => {
        release();
        onClick();
      });
      notice.on('close', release);
      notice.on('failed', release);
      shown.add(notice);
      void isDaemonAnswering().then((answering) => {
        if (answering) notice.show();
        else release();
      });
    },
  };
}

/**
 * On Linux `show()` waits for the daemon without limit, and the whole app with it; so the daemon is asked for its name
 * first. Where that cannot be asked, or nobody would answer at all, `show()` ends by itself.
 */
function isDaemonAnswering(): Promise<boolean> {
  if (process.platform !== 'linux') return Promise.resolve(true);
  const call = [
    '--session',
    '--print-reply=literal',
    `--reply-timeout=${String(ANSWER_LIMIT_MS)}`,
    '--dest=org.freedesktop.Notifications',
    '/org/freedesktop/Notifications',
    'org.freedesktop.Notifications.GetServerInformation',
  ];
  return new Promise((resolve) => {
    execFile('dbus-send', call, { timeout: 2 * ANSWER_LIMIT_MS }, (failure, _output, errors) => {
      const hangs = failure?.killed === true || errors.includes('Error.NoReply');
      resolve(!hangs);
    });
  });
}

/** Daemons with body-markup take the body for markup on Linux: Desktop Notifications Specification 1.2, "Markup". */
function escapeMarkup(text: string): string {
  if (process.platform !== 'linux') return text;
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
