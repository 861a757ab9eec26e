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
  ['code SplxlOBeZQQYbYS6WxSbIA here', 'code … here'],
  ['see https://ada:pass@a.example/p now', 'see https://a.example/p now'],
  ['GET /cb?code=1&state=2 HTTP/1.1', 'GET /cb… HTTP/1.1'],
  ['Authorization: Basic YTpi\r\nAccept: */*', 'Authorization: … Accept: */*'],
  ['no Bearer abc123 here', 'no Bearer … here'],
  ['Bearer authentication is needed', 'Bearer authentication is needed'],
  ['invalid_token: The token has ended', 'invalid_token: The token has ended'],
  ['{"password":"a b","id":5}', '{"password":"…","id":5}'],
  ["{'password': 'a b', 'id': 5}", "{'password': '…', 'id': 5}"],
  ['status code: 401, code=12', 'status code: 401, code=12'],
  ['token_type=x is wrong', 'token_type=x is wrong'],
  ['password: hunter2', 'password: …'],
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
  ['a number', '{"number":12345678}', ['12345678'], '{\n  "number": •••\n}'],
  ['a short one would blot out words', 'an apple', ['app', ''], 'an apple'],
  [
    'what was written otherwise',
    '%70%61%73%73 70617373 cGFzcw== &lt;',
    ['pass', '<<<<'],
    '••• ••• ••• &lt;',
  ],
  [
    'a field of a page',
    '<input name="csrf_token" value="a1">',
    [],
    '<input name="csrf_token" value="•••">',
  ],
  ['an element', '<a><token>x1</token>y</a>', [], '<a><token>•••</token>y</a>'],
  ['a header', 'X-Api-Key: a1\nAge: 5', [], 'X-Api-Key: •••\nAge: 5'],
  [
    'ids and addresses stay',
    'https://a.example/users/12?page=2 507f1f77bcf86cd799439011',
    [],
    'https://a.example/users/12?page=2 507f1f77bcf86cd799439011',
  ],
  ['runs like a token', `jwt ${'aB3.'.repeat(10)} end`, [], 'jwt ••• end'],
  ['marks that hide or turn text', 'a\u202Eb\0c', [], 'a b c'],
])('blotting out: %s', (_name, body, secrets, expected) => {
  expect(blotOut(body, secrets)).toBe(expected);
});

test('half a secret is not left where a text is cut', () => {
  for (let words = 50; words < 60; words += 1) {
    expect(safeText(`${'word '.repeat(words)}abcd-efgh-secret end of it`)).not.toMatch(
      /abcd(?!-efgh-secret)/,
    );
  }
  expect(safeText(`${'a1B2'.repeat(9)} `.repeat(200))).not.toContain('a1B2');
});

test.each(['"', '\\', 'a', 'a=', '<', ' ', '\0', 'a\u200B', '://', '\\"a', 'password="', '\n\t'])(
  'a megabyte of %j takes no time',
  (unit) => {
    const text = unit.repeat(1_000_000 / unit.length);
    const startedAtMs = performance.now();
    blotOut(text, ['secret']);
    safeText(text);
    expect(performance.now() - startedAtMs).toBeLessThan(1500);
  },
);

test('blotting out: at most 2,000 characters, never half a character, also for megabytes', () => {
  for (const unit of ['word ', '🎉 ', '{"a":"']) {
    const shown = blotOut(unit.repeat(400_000), ['word']);
    expect(shown.length).toBeLessThanOrEqual(2000);
    expect(shown.isWellFormed()).toBe(true);
  }
});
