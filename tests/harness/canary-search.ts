/** Looks for secrets where none may be: raw, URL-encoded, in Base64 at any alignment, and in UTF-16. */
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Shorter than this a secret could stand somewhere by chance. */
const LEAST_CHARACTERS = 8;

/** @returns Every form in which a secret is recognised. */
export function formsOf(secret: string): readonly Buffer[] {
  if (secret.length < LEAST_CHARACTERS) throw new Error('too short to search for');
  const forms = new Set([
    secret,
    encodeURIComponent(secret),
    new URLSearchParams([['', secret]]).toString().slice(1),
    ...[0, 1, 2].flatMap((offset) => {
      const text = base64At(secret, offset);
      return [text, text.replaceAll('+', '-').replaceAll('/', '_')];
    }),
  ]);
  return [...[...forms].map((form) => Buffer.from(form)), Buffer.from(secret, 'utf16le')];
}

/** The characters of a Base64 text that depend on the secret alone, wherever in a text it begins. */
function base64At(secret: string, offset: number): string {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(secret)]);
  const whole = bytes.length - (bytes.length % 3);
  return bytes.toString('base64', 0, whole).slice(offset === 0 ? 0 : offset + 1);
}

export interface CanarySearch {
  /** Looks at one text or its bytes; `where` names it in the hits. */
  look(where: string, content: string | Buffer): void;
  /** Looks at every file at and below a folder, and at the names of the files. */
  lookAtFolder(folder: string): void;
  /** Where something was found; empty when all is well. */
  hits(): readonly string[];
  /** How much was looked at, so that an empty search does not pass for a clean one. */
  looks(): number;
}

export function createCanarySearch(secrets: readonly string[]): CanarySearch {
  const needles = [...new Set(secrets)].map((secret) => ({
    name: `${secret.slice(0, 6)}… (${String(secret.length)})`,
    forms: formsOf(secret),
  }));
  const found = new Set<string>();
  let count = 0;

  const search: CanarySearch = {
    look(where, content) {
      const bytes = typeof content === 'string' ? Buffer.from(content) : content;
      count += 1;
      for (const { name, forms } of needles) {
        if (forms.some((form) => bytes.includes(form))) found.add(`${name} in ${where}`);
      }
    },
    lookAtFolder(folder) {
      for (const name of readdirSync(folder)) {
        const path = join(folder, name);
        const facts = readable(() => lstatSync(path));
        if (facts === undefined) continue;
        if (facts.isDirectory()) search.lookAtFolder(path);
        else if (facts.isFile()) {
          const content = readable(() => readFileSync(path));
          if (content !== undefined) search.look(path, content);
        }
        search.look(`the name of ${path}`, name);
      }
    },
    hits: () => [...found],
    looks: () => count,
  };
  return search;
}

/** @returns Argument lists and environments of all processes that can be seen now. */
export function processTexts(): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((id) => ['cmdline', 'environ'].map((kind) => `/proc/${id}/${kind}`))
    .flatMap((path) => readable(() => readFileSync(path, 'latin1')) ?? []);
}

/** Files and processes come and go while they are looked at. */
function readable<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
