/** Desktop notifications. */
import { Notification } from 'electron';
import { execFile } from 'node:child_process';
import type { Notifier } from '../core/ports.ts';

/** A notification daemon that takes longer than this to say its name does not get a notice. */
const ANSWER_LIMIT_MS = 2000;

/**
 * @param onLost Told once when nobody shows notices any more, and again only after one was shown in between.
 * @returns A notifier; it holds on to each notice while it is shown, because a collected one loses its click.
 */
export function createNotifier(onLost: () => void = () => undefined): Notifier {
  const shown = new Set<Notification>();
  const isAnswering = askOneAtATime(isDaemonAnswering);
  let isLost = false;
  const lose = (): void => {
    if (!isLost) onLost();
    isLost = true;
  };
  return {
    notify({ title, body, onClick }) {
      const notice = new Notification({ title, body: escapeMarkup(body) });
      const release = (): void => {
        shown.delete(notice);
      };
      notice.on('show', () => {
        isLost = false;
      });
      notice.on('click', () => {
        release();
        onClick();
      });
      notice.on('close', release);
      notice.on('failed', () => {
        release();
        lose();
      });
      shown.add(notice);
      void isAnswering().then((answering) => {
        if (answering) {
          notice.show();
          return;
        }
        release();
        lose();
      });
    },
  };
}

/** Whoever asks while a question is under way waits for its answer: one process for many notices. */
function askOneAtATime(ask: () => Promise<boolean>): () => Promise<boolean> {
  let underWay: Promise<boolean> | undefined;
  return () => {
    underWay ??= ask().finally(() => {
      underWay = undefined;
    });
    return underWay;
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
