/** Errors that belong to no tenant: those that main tells of and those of commands, each once, until they are dismissed. */
import type { ErrorView } from '../../src-main/contract/ipc.ts';

const keyOf = (notice: ErrorView): string => notice.code + notice.message;

export class NoticeBoard {
  #reported = $state.raw<readonly ErrorView[]>([]);
  #dismissed = $state.raw<readonly string[]>([]);

  /** @param problems What main tells of now. */
  shown(problems: readonly ErrorView[]): readonly ErrorView[] {
    const told = problems.map(keyOf);
    const others = this.#reported.filter((notice) => !told.includes(keyOf(notice)));
    return [...problems, ...others].filter((notice) => !this.#dismissed.includes(keyOf(notice)));
  }

  report(error: ErrorView): void {
    const key = keyOf(error);
    this.#dismissed = this.#dismissed.filter((other) => other !== key);
    this.#reported = [...this.#without(key), error];
  }

  dismiss(notice: ErrorView): void {
    const key = keyOf(notice);
    this.#reported = this.#without(key);
    this.#dismissed = [...this.#dismissed, key];
  }

  #without(key: string): readonly ErrorView[] {
    return this.#reported.filter((other) => keyOf(other) !== key);
  }
}
