/**
 * Random numbers that come again: mulberry32 by Tommy Ettinger (public domain).
 * https://gist.github.com/tommyettinger/46a874533244883189143505d203312c
 */

/** @returns A generator of numbers of at least 0 and less than 1. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A generator of its own for a name: what one chapter takes changes nothing for another. */
export function randomFor(seed: number, name: string): () => number {
  let mixed = seed >>> 0;
  for (const character of name) {
    mixed = Math.imul(mixed ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return seededRandom(mixed);
}
