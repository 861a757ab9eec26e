/** What may have become of a file when the app finds it: cut, changed, exchanged, something else. */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { wholeNumber } from '../chapter.ts';
import { digestOf } from './kept-tokens.ts';

export interface DamageWorld {
  readonly random: () => number;
  /** A file of another kind or of somebody else. */
  readonly other: string;
  /** Outside of the profile. */
  readonly elsewhere: string;
}

export type Damage = (path: string, world: DamageWorld) => void;

const MEGABYTE = 1024 * 1024;
const NOISE_MEGABYTES = 50;

export const DAMAGES = {
  cut(path, { random }) {
    truncateSync(path, wholeNumber(random, 1, lstatSync(path).size - 1));
  },
  emptied(path) {
    truncateSync(path, 0);
  },
  flipped(path, { random }) {
    const bytes = readFileSync(path);
    const at = wholeNumber(random, 0, bytes.length - 1);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << wholeNumber(random, 0, 7));
    writeFileSync(path, bytes);
  },
  overwritten(path) {
    writeFileSync(path, randomBytes(lstatSync(path).size));
  },
  exchanged(path, { other }) {
    const bytes = readFileSync(path);
    writeFileSync(path, readFileSync(other));
    writeFileSync(other, bytes);
  },
  'made 50 MB of noise'(path) {
    const file = openSync(path, 'w', 0o600);
    const noise = randomBytes(MEGABYTE);
    for (let count = 0; count < NOISE_MEGABYTES; count += 1) writeSync(file, noise);
    closeSync(file);
  },
  'made a folder'(path) {
    rmSync(path);
    mkdirSync(path);
  },
  'made a folder with files'(path) {
    const bytes = readFileSync(path);
    rmSync(path);
    mkdirSync(path);
    writeFileSync(join(path, 'inside'), bytes);
  },
  'made a link to itself elsewhere'(path, { elsewhere }) {
    const target = join(elsewhere, basename(path));
    renameSync(path, target);
    symlinkSync(target, path);
  },
  'made a link to nothing'(path, { elsewhere }) {
    rmSync(path);
    symlinkSync(join(elsewhere, 'nothing'), path);
  },
  'taken away'(path) {
    rmSync(path);
  },
} as const satisfies Readonly<Record<string, Damage>>;

export type DamageName = keyof typeof DAMAGES;

export const ALL_DAMAGES = Object.keys(DAMAGES) as [DamageName, ...DamageName[]];

/** What must still be found when the app has dealt with it. Undefined: nothing that is worth keeping. */
export function contentOf(path: string): string | undefined {
  const facts = lstatSync(path, { throwIfNoEntry: false });
  if (facts?.isFile() === true) return facts.size === 0 ? undefined : digestOf(readFileSync(path));
  const inside = join(path, 'inside');
  return facts?.isDirectory() === true && existsSync(inside)
    ? digestOf(readFileSync(inside))
    : undefined;
}
