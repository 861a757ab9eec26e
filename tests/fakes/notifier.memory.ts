/** A notifier that keeps what it was asked to show. */
import type { Notifier } from '../../src-main/core/ports.ts';

export interface MemoryNotifier extends Notifier {
  readonly shown: readonly { readonly title: string; readonly body: string }[];
  /** The person clicks the last notice. */
  clickLast(): void;
}

export function createMemoryNotifier(): MemoryNotifier {
  const shown: { readonly title: string; readonly body: string; readonly onClick: () => void }[] =
    [];
  return {
    shown,
    notify(notice) {
      shown.push(notice);
    },
    clickLast() {
      shown.at(-1)?.onClick();
    },
  };
}
