import { describe, expect, it } from 'vitest';
import { partsOf } from '../../src-renderer/lib/row-window.ts';

const rows = (count: number) => Array.from({ length: count }, (_, at) => ({ id: `row ${at}` }));
const heightOf = (): number => 80;
const drawn = (parts: ReturnType<typeof partsOf>): readonly number[] =>
  parts.flatMap((part) => (part.kind === 'row' ? [part.index] : []));
const totalPx = (parts: ReturnType<typeof partsOf>): number =>
  parts.reduce((sum, part) => sum + (part.kind === 'gap' ? part.heightPx : 80), 0);

describe('a long list', () => {
  it('is drawn whole while it is short', () => {
    const parts = partsOf(rows(60), heightOf, { topPx: 9999, heightPx: 600 }, new Set());
    expect(drawn(parts)).toHaveLength(60);
  });

  it.each([0, -100, 40_000, 79_400, 200_000])(
    'draws what can be seen and little more, at its place, from %i px on',
    (topPx) => {
      const parts = partsOf(rows(1000), heightOf, { topPx, heightPx: 600 }, new Set());
      expect(totalPx(parts)).toBe(80_000);
      expect(drawn(parts).length).toBeLessThan(32);
      for (let px = Math.max(0, topPx); px < Math.min(80_000, topPx + 600); px += 80) {
        expect(drawn(parts)).toContain(Math.floor(px / 80));
      }
    },
  );

  it('keeps what holds the focus or something typed, in order', () => {
    const kept = new Set(['row 3', 'row 900']);
    const parts = partsOf(rows(1000), heightOf, { topPx: 40_000, heightPx: 600 }, kept);
    const indexes = drawn(parts);
    expect(indexes[0]).toBe(3);
    expect(indexes.at(-1)).toBe(900);
    expect(totalPx(parts)).toBe(80_000);
    expect(new Set(parts.map(({ key }) => key)).size).toBe(parts.length);
  });
});
