/** A clipboard in memory. */
import type { Clipboard } from '../../src-main/core/ports.ts';

export interface MemoryClipboard extends Clipboard {
  /** What is on it now. */
  readonly content: () => string;
  /** What somebody else puts there. */
  put(text: string): void;
  failWrites(fails: boolean): void;
  failReads(fails: boolean): void;
}

export function createMemoryClipboard(): MemoryClipboard {
  let content = '';
  let writesFail = false;
  let readsFail = false;
  return {
    content: () => content,
    put(text) {
      content = text;
    },
    failWrites(fails) {
      writesFail = fails;
    },
    failReads(fails) {
      readsFail = fails;
    },
    async writeText(text) {
      if (writesFail) throw new Error('the clipboard is held by another program');
      content = text;
    },
    async readText() {
      if (readsFail) throw new Error('the clipboard is held by another program');
      return content;
    },
  };
}
