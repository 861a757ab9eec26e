/** The timeline as a page shows it, read again when something has happened, only while it can be seen. */
import type { ActivityEntry, Answer, ErrorView } from '../../src-main/contract/ipc.ts';

const LEAST_BETWEEN_READS_MS = 1000;

export class ActivityFeed {
  /** Null: not read yet. */
  entries = $state.raw<readonly ActivityEntry[] | null>(null);
  error = $state.raw<ErrorView | null>(null);
  readonly #read: () => Promise<Answer<readonly ActivityEntry[]>>;
  #timer: number | undefined;
  #readAtMs = -Infinity;
  /** Something has happened that has not been read. */
  #isDue = false;

  constructor(read: () => Promise<Answer<readonly ActivityEntry[]>>) {
    this.#read = read;
  }

  /** Something may have happened: reads now, or a second after the last reading. */
  touch(): void {
    this.#isDue = true;
    if (this.#timer !== undefined || document.visibilityState !== 'visible') return;
    const waitMs = this.#readAtMs + LEAST_BETWEEN_READS_MS - performance.now();
    this.#timer = window.setTimeout(() => void this.#readNow(), Math.max(0, waitMs));
  }

  /** Reads what has happened while the page could not be seen. @returns What ends it. */
  start(): () => void {
    document.addEventListener('visibilitychange', this.#catchUp);
    return () => {
      document.removeEventListener('visibilitychange', this.#catchUp);
      window.clearTimeout(this.#timer);
    };
  }

  async #readNow(): Promise<void> {
    this.#isDue = false;
    this.#readAtMs = performance.now();
    const answer = await this.#read();
    this.#timer = undefined;
    if (answer.ok) this.entries = answer.value;
    this.error = answer.ok ? null : answer.error;
    this.#catchUp();
  }

  readonly #catchUp = (): void => {
    if (this.#isDue) this.touch();
  };
}
