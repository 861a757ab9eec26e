/** What belongs to no tenant: errors, those that main tells of and those of commands, each once, until they are dismissed; and what went well. */
import type { ErrorView } from '../../src-main/contract/ipc.ts';

export interface Confirmation {
  readonly confirmation: string;
}

export type Notice = ErrorView | Confirmation;

const CONFIRMATION_SHOWN_MS = 8000;

/** Different for any two that are shown. */
export function keyOf(notice: Notice): string {
  return 'confirmation' in notice ? notice.confirmation : notice.code + notice.message;
}

export class NoticeBoard {
  #reported = $state.raw<readonly ErrorView[]>([]);
  #dismissed = $state.raw<readonly string[]>([]);
  #confirmed = $state.raw<Confirmation | null>(null);
  #timer: number | undefined;

  /** @param problems What main tells of now. */
  shown(problems: readonly ErrorView[]): readonly Notice[] {
    const told = problems.map(keyOf);
    const others = this.#reported.filter((notice) => !told.includes(keyOf(notice)));
    const errors = [...problems, ...others].filter(
      (notice) => !this.#dismissed.includes(keyOf(notice)),
    );
    return this.#confirmed === null ? errors : [this.#confirmed, ...errors];
  }

  report(error: ErrorView): void {
    const key = keyOf(error);
    this.#confirmed = null;
    this.#dismissed = this.#dismissed.filter((other) => other !== key);
    this.#reported = [...this.#without(key), error];
  }

  /** Says that something went well; it goes away by itself. */
  confirm(confirmation: string): void {
    const notice: Confirmation = { confirmation };
    this.#confirmed = notice;
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.dismiss(notice), CONFIRMATION_SHOWN_MS);
  }

  dismiss(notice: Notice): void {
    if ('confirmation' in notice) {
      this.#confirmed = null;
      return;
    }
    const key = keyOf(notice);
    this.#reported = this.#without(key);
    this.#dismissed = [...this.#dismissed, key];
  }

  #without(key: string): readonly ErrorView[] {
    return this.#reported.filter((other) => keyOf(other) !== key);
  }
}
