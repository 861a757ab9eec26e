import { expect, test } from 'vitest';
import { popoverPosition } from '../../src-main/desktop/popover-position.ts';

const SIZE = { width: 400, height: 600 };
const AREA = { x: 0, y: 30, width: 1920, height: 1050 };
const UNKNOWN = { x: 0, y: 0, width: 0, height: 0 };

test.each([
  ['top right', { x: 1900, y: 10 }, { x: 1512, y: 38 }],
  ['top left', { x: 5, y: 10 }, { x: 8, y: 38 }],
  ['bottom right', { x: 1900, y: 1070 }, { x: 1512, y: 472 }],
  ['bottom left', { x: 5, y: 1070 }, { x: 8, y: 472 }],
])('place of the icon unknown, pointer %s: that corner', (_name, pointer, expected) => {
  expect(popoverPosition(SIZE, UNKNOWN, pointer, AREA)).toEqual(expected);
});

test('place of the icon known: centred under or over it, whatever the pointer', () => {
  const pointer = { x: 0, y: 0 };
  expect(popoverPosition(SIZE, { x: 1000, y: 0, width: 24, height: 24 }, pointer, AREA)).toEqual({
    x: 812,
    y: 38,
  });
  expect(popoverPosition(SIZE, { x: 1000, y: 1060, width: 24, height: 20 }, pointer, AREA)).toEqual(
    {
      x: 812,
      y: 472,
    },
  );
});

test('never over the edge, on a second screen too', () => {
  const second = { x: -1280, y: 200, width: 1280, height: 1024 };
  for (const x of [-5000, -1280, -600, 0, 5000]) {
    for (const y of [-5000, 200, 800, 5000]) {
      const icon = { x, y, width: 22, height: 22 };
      for (const at of [
        popoverPosition(SIZE, icon, { x, y }, second),
        popoverPosition(SIZE, UNKNOWN, { x, y }, second),
      ]) {
        expect(at.x).toBeGreaterThanOrEqual(second.x);
        expect(at.y).toBeGreaterThanOrEqual(second.y);
        expect(at.x + SIZE.width).toBeLessThanOrEqual(second.x + second.width);
        expect(at.y + SIZE.height).toBeLessThanOrEqual(second.y + second.height);
      }
    }
  }
});

test('a screen smaller than the popover: its top left corner stays visible', () => {
  const tiny = { x: 0, y: 0, width: 320, height: 240 };
  expect(popoverPosition(SIZE, UNKNOWN, { x: 300, y: 200 }, tiny)).toEqual({ x: 8, y: 8 });
});

test('whole pixels only', () => {
  const icon = { x: 1000.4, y: 0.3, width: 23.7, height: 23 };
  const { x, y } = popoverPosition(SIZE, icon, { x: 0, y: 0 }, AREA);
  expect([Number.isInteger(x), Number.isInteger(y)]).toEqual([true, true]);
});
