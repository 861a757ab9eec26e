/** The numbered steps of the demo: each is told with its time, pictured, and stops the demo when it fails. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export class StepFailure extends Error {
  override readonly name = 'StepFailure';
}

export class Steps {
  readonly #directory: string;
  readonly #takePicture: (file: string) => Promise<void>;
  readonly #startedAtMs = performance.now();
  #count = 0;

  /** @param directory Emptied: pictures of an earlier run would be taken for those of this one. */
  constructor(directory: string, takePicture: (file: string) => Promise<void>) {
    this.#directory = directory;
    this.#takePicture = takePicture;
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
  }

  /** @param picture Name of the picture that is taken at the end of the step. */
  async run(sentence: string, picture: string, act: () => Promise<void>): Promise<void> {
    this.#count += 1;
    const number = String(this.#count).padStart(2, '0');
    const startedAtMs = performance.now();
    try {
      await act();
      await this.#takePicture(join(this.#directory, `${number}-${picture}.png`));
    } catch (cause) {
      await this.#takePicture(join(this.#directory, `${number}-${picture}-failed.png`)).catch(
        () => undefined,
      );
      throw new StepFailure(`Step ${number} failed: ${sentence}`, { cause });
    }
    console.log(`  ${number}  ${sentence.padEnd(76)} ${secondsSince(startedAtMs)}`);
  }

  summary(): string {
    return `${String(this.#count)} steps in ${secondsSince(this.#startedAtMs).trim()}`;
  }
}

function secondsSince(startedAtMs: number): string {
  return `${((performance.now() - startedAtMs) / 1000).toFixed(1).padStart(5)} s`;
}
