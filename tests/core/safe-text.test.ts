import { expect, test } from 'vitest';
import { blotOut, oneLine, safeText } from '../../src-main/core/safe-text.ts';

test.each([
  ['plain text stays', 'plain text stays'],
  ['two\r\nlines\tand\0more', 'two lines and more'],
  ['\u202Ereversed\u202C \u2066isolated\u2069', 'reversed isolated'],
  ['zero\u200Bwidth\uFEFF', 'zero width'],
  ['<b>markup</b> is text', '<b>markup</b> is text'],
  ['see https://a.example/p?code=1#x now', 'see https://a.example/p now'],
  ['see myapp://cb?code=1', 'see myapp://cb'],
  [`token ${'a1B2'.repeat(10)} here`, 'token … here'],
  ['', ''],
  ['   ', ''],
  ['grüße 日本語 🎉', 'grüße 日本語 🎉'],
])('%j', (input, expected) => {
  expect(safeText(input)).toBe(expected);
});

test('at most 300 characters, also for a megabyte', () => {
  expect(safeText('word '.repeat(200_000)).length).toBeLessThanOrEqual(300);
  expect(safeText('x'.repeat(10_000))).toBe('…');
});

test('never cuts a character in two', () => {
  for (let shift = 0; shift < 4; shift += 1) {
    const text = `${'x'.repeat(shift)} ${'🎉 '.repeat(400)}`;
    expect(safeText(text).isWellFormed()).toBe(true);
  }
});

test('a name is left as people know it, however long its words', () => {
  const name = 'production-eu-west-1-customer-portal';
  expect(oneLine(name)).toBe(name);
  expect(safeText(name)).toBe('…');
  expect(oneLine('a\u202E\nb')).toBe('a b');
});

test.each<[string, string, readonly string[], string]>([
  ['JSON is laid out', '{"a":1}', [], '{\n  "a": 1\n}'],
  ['other text is left as it is', 'a\nb', [], 'a\nb'],
  [
    'members that are named like a secret',
    '{"access_token":"x","apiKey":1,"Set-Cookie":"c","code":"d","data":{"password":"y"},"encoded":"z"}',
    [],
    '{\n  "access_token": "•••",\n  "apiKey": "•••",\n  "Set-Cookie": "•••",\n  "code": "•••",\n  "data": {\n    "password": "•••"\n  },\n  "encoded": "z"\n}',
  ],
  ['the longer secret first', 'abcdef abcd', ['abcd', 'abcdef'], '••• •••'],
  ['a number', '{"pin":12345678}', ['12345678'], '{\n  "pin": •••\n}'],
  ['a short one would blot out words', 'an apple', ['app', ''], 'an apple'],
  ['runs like a token', `jwt ${'aB3.'.repeat(10)} end`, [], 'jwt ••• end'],
  ['marks that hide or turn text', 'a\u202Eb\0c', [], 'a b c'],
])('blotting out: %s', (_name, body, secrets, expected) => {
  expect(blotOut(body, secrets)).toBe(expected);
});

test('blotting out: at most 2,000 characters, never half a character, also for megabytes', () => {
  for (const unit of ['word ', '🎉 ', '{"a":"']) {
    const shown = blotOut(unit.repeat(400_000), ['word']);
    expect(shown.length).toBeLessThanOrEqual(2000);
    expect(shown.isWellFormed()).toBe(true);
  }
});
