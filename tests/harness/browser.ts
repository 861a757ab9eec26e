/** A system browser without a window: a stub in place of xdg-open writes down what it is handed; the test is the browser. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Desktop } from './desktop.ts';
import { poll } from './waiting.ts';

/** `missing`: no program of that name can be found; `hanging`: it never ends. */
export type BrowserMood = 'opening' | 'failing' | 'hanging' | 'missing';

export interface StubBrowser {
  /** For the launch of the app. */
  readonly env: Readonly<Record<string, string>>;
  /** Every address so far, oldest first. */
  readonly addresses: () => readonly string[];
  /** Waits until there are this many addresses; answers the last of them. */
  waitForAddress(count?: number): Promise<string>;
  /** Lets a hanging one end and removes everything. */
  remove(): void;
}

/** What the harness itself starts the app with, and the app needs beside a browser. */
const NEEDED = ['bash', 'tee', 'dbus-send'];

export function stubBrowser(desktop: Desktop, mood: BrowserMood = 'opening'): StubBrowser {
  const directory = mkdtempSync(join(desktop.directory, 'browser-'));
  const listPath = join(directory, 'addresses');
  writeFileSync(listPath, '');
  const searchPath = desktop.env.PATH ?? '';
  if (mood === 'missing') {
    for (const name of NEEDED) symlinkSync(findProgram(name, searchPath), join(directory, name));
  } else {
    const end = {
      opening: 'exit 0',
      // What xdg-open says when nothing could be started: xdg-open(1)
      failing: 'exit 3',
      hanging: `while [ -e '${listPath}' ]; do sleep 0.1; done`,
    }[mood];
    const program = join(directory, 'xdg-open');
    writeFileSync(program, `#!/bin/sh\nprintf '%s\\n' "$*" >> '${listPath}'\n${end}\n`);
    chmodSync(program, 0o700);
  }
  const addresses = (): readonly string[] =>
    readFileSync(listPath, 'utf8').split('\n').filter(Boolean);
  return {
    env: { PATH: mood === 'missing' ? directory : directory + delimiter + searchPath },
    addresses,
    waitForAddress: (count = 1) =>
      poll(`${String(count)} addresses for the browser`, 10_000, () => addresses()[count - 1]),
    remove: () => {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function findProgram(name: string, searchPath: string): string {
  for (const directory of searchPath.split(delimiter)) {
    try {
      const path = join(directory, name);
      readFileSync(path);
      return path;
    } catch {
      // Not here
    }
  }
  throw new Error(`there is no ${name}`);
}
