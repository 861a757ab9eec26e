/** A notifier that keeps what it was asked to show. */
import type { Notifier } from '../../src-main/core/ports.ts';

export interface MemoryNotifier extends Notifier {
  /** Oldest first. */
  readonly shown: readonly { readonly title: string; readonly body: string }[];
  /** The person clicks the notice at this place; `-1` is the last one. */
  click(at: number): void;
}

export function createMemoryNotifier(): MemoryNotifier {
  const shown: { readonly title: string; readonly body: string; readonly onClick: () => void }[] =
    [];
  return {
    shown,
    notify(notice) {
      shown.push(notice);
    },
    click(at) {
      const notice = shown.at(at);
      if (notice === undefined) throw new Error(`no notice at ${String(at)}`);
      notice.onClick();
    },
  };
}
