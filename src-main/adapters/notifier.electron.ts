/** Desktop notifications. */
import { Notification } from 'electron';
import type { Notifier } from '../core/ports.ts';

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
      notice.show();
    },
  };
}

/** Daemons with body-markup take the body for markup on Linux: Desktop Notifications Specification 1.2, "Markup". */
function escapeMarkup(text: string): string {
  if (process.platform !== 'linux') return text;
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
