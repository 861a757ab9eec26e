import { describe, expect, test } from 'vitest';
import type { RestAnswer } from '../../../src-main/core/provider.ts';
import { memberAt, readAnswer, textFrom, tokenFrom } from '../../../src-main/core/rest/answer.ts';
import type { Answer } from '../../../src-main/core/rest/answer.ts';
import { makeJwt } from '../../emulators/emulator-parts.ts';

const NOW = 1_700_000_000_000;
const HOUR = 3_600_000;
const seconds = (ms: number): number => Math.floor(ms / 1000);

const answerOf = (body: unknown, headers: readonly (readonly [string, string])[] = []) =>
  readAnswer(
    new Response(typeof body === 'string' ? body : JSON.stringify(body), {
      headers: headers.map(([name, value]) => [name, value] as [string, string]),
    }),
  );

test.each<[string, unknown]>([
  ['a', 1],
  ['data.access_token', 'x'],
  ['errors.1.code', 'second'],
  ['errors.2.code', undefined],
  ['errors.length.x', undefined],
  ['none', undefined],
  ['a.b', undefined],
  ['nothing.x', undefined],
  ['constructor', undefined],
  ['data.__proto__.toString', undefined],
  ['__proto__', 'own'],
])('member at %s: %j', (path, expected) => {
  const json: unknown = JSON.parse(
    '{"a":1,"data":{"access_token":"x"},"errors":[{"code":"first"},{"code":"second"}],"nothing":null,"__proto__":"own"}',
  );
  expect(memberAt(json, path)).toBe(expected);
});

describe('sources', () => {
  const cookies = [
    ['set-cookie', 'other=1; Path=/'],
    ['set-cookie', 'sid = PVE:root@pam:4EEC61E2==; Path=/; HttpOnly'],
    ['X-Subject-Token', 'in-header'],
  ] as const;

  test.each<[string, unknown, readonly string[], string | undefined]>([
    ['a path', { data: { token: 't' } }, ['data.token'], 't'],
    ['the first that holds something', { b: 't', c: 'u' }, ['a', 'b', 'c'], 't'],
    ['an empty text is nothing', { a: '', b: 't' }, ['a', 'b'], 't'],
    ['a number', { a: 42 }, ['a'], '42'],
    ['true is no text', { a: true }, ['a'], undefined],
    ['an object is no text', { a: { b: 1 } }, ['a'], undefined],
    ['the whole body', 'abc.DEF-1_2~+/:==', ['*'], 'abc.DEF-1_2~+/:=='],
    ['the whole body with a line break', 'abc\r\n', ['*'], 'abc'],
    ['the whole body as a JSON string', '"a b"', ['*'], 'a b'],
    ['the whole body, of digits only', '123456', ['*'], '123456'],
    ['an object is no whole-body token', { a: 't' }, ['*'], undefined],
    ['nor is null', 'null', ['*'], undefined],
    ['nor is true', 'true', ['*'], undefined],
    ['nor is a page', '<!doctype html><p>Hello', ['*'], undefined],
    ['nor is a sentence', 'Please sign in', ['*'], undefined],
    ['nor is nothing', '', ['*'], undefined],
    ['a header, in any case', {}, ['header:x-subject-TOKEN'], 'in-header'],
    ['a header that is not there', {}, ['header:X-Other'], undefined],
    ['a cookie', {}, ['cookie:sid'], 'PVE:root@pam:4EEC61E2=='],
    ['a cookie by its whole name', {}, ['cookie:si'], undefined],
    ['nothing in a page', '<html>', ['a.b'], undefined],
  ])('%s', async (_name, body, sources, expected) => {
    expect(textFrom(await answerOf(body, cookies), sources)).toBe(expected);
  });
});

describe('the end of a token', () => {
  const far = makeJwt({ exp: seconds(NOW + 2 * HOUR) });
  const iso = (ms: number): string => new Date(ms).toISOString();

  test.each<[string, Record<string, unknown>, Omit<RestAnswer, 'token'>, number | undefined]>([
    ['a span in seconds', { e: 3600 }, { expiry: [{ in: 'e', unit: 's' }] }, HOUR],
    ['a span as text', { e: '3600' }, { expiry: [{ in: 'e', unit: 's' }] }, HOUR],
    ['a span with a fraction', { e: 3600.7 }, { expiry: [{ in: 'e', unit: 's' }] }, 3_600_700],
    ['a span in milliseconds', { e: 900_000 }, { expiry: [{ in: 'e', unit: 'ms' }] }, 900_000],
    [
      'an instant in seconds',
      { e: seconds(NOW + HOUR) },
      { expiry: [{ at: 'e', unit: 's' }] },
      HOUR,
    ],
    ['an instant in ms', { e: String(NOW + HOUR) }, { expiry: [{ at: 'e', unit: 'ms' }] }, HOUR],
    ['a date', { e: iso(NOW + HOUR) }, { expiry: [{ at: 'e', unit: 'iso' }] }, HOUR],
    [
      'a date of another zone',
      { e: iso(NOW + 3 * HOUR).replace('Z', '+02:00') },
      { expiry: [{ at: 'e', unit: 'iso' }] },
      HOUR,
    ],
    [
      'the second source',
      { f: 60 },
      {
        expiry: [
          { at: 'e', unit: 'iso' },
          { in: 'f', unit: 's' },
        ],
      },
      60_000,
    ],
    [
      'the second source, as the first makes no sense',
      { e: 'soon', f: 60 },
      {
        expiry: [
          { at: 'e', unit: 'iso' },
          { in: 'f', unit: 's' },
        ],
      },
      60_000,
    ],
    ['A-11 absent', {}, { expiry: [{ in: 'e', unit: 's' }] }, undefined],
    ['A-11 0', { e: 0 }, { expiry: [{ in: 'e', unit: 's' }] }, undefined],
    ['A-11 -1', { e: -1 }, { expiry: [{ in: 'e', unit: 's' }] }, undefined],
    ['A-11 "-1"', { e: '-1' }, { expiry: [{ in: 'e', unit: 's' }] }, undefined],
    ['A-11 1', { e: 1 }, { expiry: [{ in: 'e', unit: 's' }] }, 1000],
    ['A-11 2^31', { e: 2 ** 31 }, { expiry: [{ in: 'e', unit: 's' }] }, 2 ** 31 * 1000],
    ['A-11 1e300', { e: 1e300 }, { expiry: [{ in: 'e', unit: 's' }] }, undefined],
    ['A-11 "abc"', { e: 'abc' }, { expiry: [{ in: 'e', unit: 's' }] }, undefined],
    ['A-11 null', { e: null }, { expiry: [{ in: 'e', unit: 's' }] }, undefined],
    ['A-11 an instant of 1970', { e: 3600 }, { expiry: [{ at: 'e', unit: 's' }] }, undefined],
    ['A-11 an instant of 0', { e: 0 }, { expiry: [{ at: 'e', unit: 'ms' }] }, undefined],
    [
      'A-11 a date that is none',
      { e: '2026-13-45' },
      { expiry: [{ at: 'e', unit: 'iso' }] },
      undefined,
    ],
    [
      'a date that has passed',
      { e: iso(NOW - 1) },
      { expiry: [{ at: 'e', unit: 'iso' }] },
      undefined,
    ],
    ['the exp of a JWT', { t: far }, { expiry: [{ in: 'e', unit: 's' }] }, 2 * HOUR],
    [
      'what the answer says before the exp',
      { t: far, e: 60 },
      { expiry: [{ in: 'e', unit: 's' }] },
      60_000,
    ],
    ['the exp before the usual life', { t: far }, { lifeSeconds: 60 }, 2 * HOUR],
    ['the usual life', {}, { lifeSeconds: 60 }, 60_000],
    [
      'the usual life, as the exp has passed',
      { t: makeJwt({ exp: 1 }) },
      { lifeSeconds: 60 },
      60_000,
    ],
    ['an exp that is no number', { t: makeJwt({ exp: 'x' }) }, {}, undefined],
    ['nothing known', {}, {}, undefined],
  ])('%s', async (_name, members, shape, lifeMs) => {
    const answer = await answerOf({ t: 'opaque', ...members });
    const token = tokenFrom(answer, { token: ['t'], ...shape }, NOW)!;
    expect(token.expiresAtMs).toBe(lifeMs === undefined ? undefined : NOW + lifeMs);
    expect(token.issuedAtMs).toBe(NOW);
  });

  test.each<[string, number, number]>([
    ['ahead by a day', 24 * HOUR, HOUR],
    ['behind by a day', -24 * HOUR, HOUR],
    ['ahead by ten years', 87_600 * HOUR, HOUR],
    ['off by less than the way of an answer', 5000, HOUR + 5000],
  ])('instants of a provider whose clock is %s', async (_name, offsetMs, lifeMs) => {
    const theirs = NOW + offsetMs;
    const answer = await answerOf(
      {
        t: makeJwt({ exp: seconds(theirs + HOUR) }),
        at: new Date(theirs + HOUR).toISOString(),
        in: 60,
      },
      [['date', new Date(theirs).toUTCString()]],
    );
    const end = (shape: Partial<RestAnswer>) =>
      tokenFrom(answer, { token: ['t'], ...shape }, NOW)!.expiresAtMs! - NOW;
    expect(end({ expiry: [{ at: 'at', unit: 'iso' }] })).toBe(lifeMs);
    expect(end({})).toBe(lifeMs);
    expect(end({ expiry: [{ in: 'in', unit: 's' }] })).toBe(60_000);
  });
});

test('what else comes with a token', async () => {
  const answer: Answer = await answerOf({
    access_token: 'a',
    refresh_token: 'r',
    refresh_in: 7200,
    user: { id: 7, email: 'ada@example.test' },
  });
  const shape: RestAnswer = {
    token: ['access_token'],
    refreshToken: ['refresh_token'],
    refreshTokenExpiry: [{ in: 'refresh_in', unit: 's' }],
    account: ['user.name', 'user.email'],
    extras: { userId: 'user.id', none: 'user.none' },
  };
  expect(tokenFrom(answer, shape, NOW)).toEqual({
    accessToken: 'a',
    refreshToken: 'r',
    refreshExpiresAtMs: NOW + 7_200_000,
    issuedAtMs: NOW,
    account: 'ada@example.test',
    extra: { userId: '7' },
  });
  expect(tokenFrom(await answerOf({ refresh_token: 'r' }), shape, NOW)).toBeUndefined();
});
