import { expect, test } from 'vitest';
import { fill, fillAddress, fillAll, fillUrl, namesIn } from '../../src-main/core/template.ts';
import type { Variables } from '../../src-main/core/template.ts';

test.each<[string, Variables, string | undefined]>([
  ['{a}', { a: '1' }, '1'],
  ['{a}{b}-{a}', { a: '1', b: '2' }, '12-1'],
  ['no name', {}, 'no name'],
  ['', {}, ''],
  ['x{a}y', {}, undefined],
  ['x{a}y', { a: undefined }, undefined],
  ['an empty value is none: {a}', { a: '' }, undefined],
  ['{extra.user-id}', {}, '{extra.user-id}'],
  ['{extra.userId}', { 'extra.userId': '7' }, '7'],
  // Optional parts
  ['x[/{a}]', { a: '1' }, 'x/1'],
  ['x[/{a}]', {}, 'x'],
  ['x[/{a}]', { a: '' }, 'x'],
  ['x[/{a}/{b}]', { a: '1' }, 'x'],
  ['[{a}:][{b}:]{c}', { b: '2', c: '3' }, '2:3'],
  ['[{a}]{b}', { a: '1' }, undefined],
  ['[always]', {}, 'always'],
  // What is filled in is never a template itself
  ['{a}', { a: '{b}[x]', b: 'wrong' }, '{b}[x]'],
  ['[{a}]', { a: '] {b}', b: 'wrong' }, '] {b}'],
  ['{a}', { a: '$& $1 $$' }, '$& $1 $$'],
  // Braces that hold no name are text
  ['{"a":"{a}"}', { a: '1' }, '{"a":"1"}'],
  ['{}', {}, '{}'],
  // Names that every object has
  ['{constructor}', {}, undefined],
  ['{toString}', {}, undefined],
  ['[{hasOwnProperty}]x', {}, 'x'],
  ['{__proto__}', {}, '{__proto__}'],
  ['{constructor}', { constructor: 'typed' }, 'typed'],
])('fill %j with %j: %j', (template, variables, expected) => {
  expect(fill(template, variables)).toBe(expected);
});

test.each<[string, Variables, string | undefined]>([
  ['https://{tenant}.example/x', { tenant: 'acme' }, 'https://acme.example/x'],
  ['https://{host}/x', { host: 'a.example:8443' }, 'https://a.example:8443/x'],
  ['https://{host}/x', { host: '[::1]:8443' }, undefined],
  ['https://a.example/u/{id}', { id: 'a/b?c#d e%' }, 'https://a.example/u/a%2Fb%3Fc%23d%20e%25'],
  ['https://a.example/?q={id}', { id: '1&admin=1' }, 'https://a.example/?q=1%26admin%3D1'],
  ['https://a.example[/o/{id}]/t', {}, 'https://a.example/t'],
  ['https://a.example[/o/{id}]/t', { id: 'ü' }, 'https://a.example/o/%C3%BC/t'],
  // An address at the very start
  ['{base}', { base: 'https://a.example/b/' }, 'https://a.example/b/'],
  ['{base}/t', { base: 'https://a.example/b' }, 'https://a.example/b/t'],
  ['{base}/t', { base: 'https://a.example/b//' }, 'https://a.example/b/t'],
  [
    '{base}/t/{id}',
    { base: 'https://a.example', id: 'https://b' },
    'https://a.example/t/https:%2F%2Fb',
  ],
  // None
  ['{base}/t', {}, undefined],
  ['{base}/t', { base: 'a.example' }, undefined],
  ['https://{host}/', {}, undefined],
])('address %j with %j: %s', (template, variables, expected) => {
  expect(fillAddress(template, variables)).toBe(expected);
  expect(fillUrl(template, variables)?.href).toBe(
    expected === undefined ? undefined : new URL(expected).href,
  );
});

test.each([
  'evil.example/',
  'evil.example/#',
  'evil.example?',
  'evil.example\\',
  'user@evil.example',
  'evil.example:80/',
  'a.evil.example/..',
])('a value in the host name leads nowhere else: %s', (tenant) => {
  const url = fillUrl('https://{tenant}.acme.example/token', { tenant });
  if (url !== undefined) expect(url.host).toMatch(/\.acme\.example$/);
});

test('what has no value is left out of a list, in name and in value', () => {
  const templates = {
    '{name}': '{token}',
    fixed: 'x',
    [`[a-{none}]b`]: 'y',
    lost: '{none}',
    '{none}': 'z',
  };
  expect(fillAll(templates, { name: 'X-Token', token: 't' })).toEqual([
    ['X-Token', 't'],
    ['fixed', 'x'],
    ['b', 'y'],
  ]);
  expect(fillAll(undefined, {})).toEqual([]);
});

test('the names of a template', () => {
  expect(namesIn('{a}[/{b.c}] {"x"} {a}')).toEqual(['a', 'b.c', 'a']);
});
