/**
 * The X clipboard as another program sees it, through xclip.
 */
import { spawn } from 'node:child_process';
import { poll, withTimeLimit } from './waiting.ts';

export type Selection = 'clipboard' | 'primary';

export class DesktopClipboard {
  readonly #env: Readonly<Record<string, string>>;

  constructor(env: Readonly<Record<string, string>>) {
    this.#env = env;
  }

  /** The text; null when the selection has no owner or its owner offers no text. */
  readText(selection: Selection = 'clipboard'): Promise<string | null> {
    return this.#read(selection, 'UTF8_STRING');
  }

  /** The formats that the owner offers; empty when there is no owner. */
  async targets(selection: Selection = 'clipboard'): Promise<readonly string[]> {
    const text = await this.#read(selection, 'TARGETS');
    return text === null ? [] : text.split('\n').filter((line) => line !== '');
  }

  /** Data of one format, e.g. `x-kde-passwordManagerHint`; null when it is not offered. */
  readTarget(target: string, selection: Selection = 'clipboard'): Promise<string | null> {
    return this.#read(selection, target);
  }

  /** Takes the selection over, as a copy in another program does. */
  async writeText(text: string, selection: Selection = 'clipboard'): Promise<void> {
    // xclip's first process ends once it owns the selection; the copy it leaves serves the text
    // until another owner comes or the X server ends.
    const child = spawn('xclip', ['-selection', selection, '-in'], {
      env: this.#env,
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', resolve);
    });
    child.stdin.end(text);
    const code = await withTimeLimit(ended, 5_000, `xclip to take the ${selection} selection`);
    if (code !== 0) throw new Error(`xclip could not take the ${selection} selection`);
    // The process that stays behind may still be on its way to the X server
    await poll(
      'xclip to own the selection',
      5_000,
      async () => (await this.readText(selection)) === text,
    );
  }

  /** Resolves with the text once `predicate` accepts it (null: no text). X sends xclip no event. */
  async waitForText(
    predicate: (text: string | null) => boolean,
    timeLimitMs = 5_000,
  ): Promise<string | null> {
    const found = await poll('the clipboard to change', timeLimitMs, async () => {
      const text = await this.readText();
      return predicate(text) && { text };
    });
    return found.text;
  }

  async #read(selection: Selection, target: string): Promise<string | null> {
    const child = spawn('xclip', ['-selection', selection, '-out', '-target', target], {
      env: this.#env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    try {
      const code = await withTimeLimit(ended, 5_000, `the ${selection} owner to give ${target}`);
      return code === 0 ? Buffer.concat(chunks).toString('utf8') : null;
    } finally {
      // An owner that never answers would keep xclip for ever.
      child.kill('SIGKILL');
    }
  }
}
