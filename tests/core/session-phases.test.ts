import { describe, expect, test } from 'vitest';
import { failure, success } from '../../src-main/core/errors.ts';
import type { AppError } from '../../src-main/core/errors.ts';
import {
  backOffMs,
  phaseAfterFailedRenewal,
  sessionFrom,
} from '../../src-main/core/session-phases.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const NOW = 1_700_000_000_000;

const stored = (ageMs: number, lifeMs?: number, refreshToken: string | undefined = 'refresh') =>
  success({
    fields: {},
    token: {
      accessToken: 'access',
      issuedAtMs: NOW - ageMs,
      ...(refreshToken === '' ? {} : { refreshToken }),
      ...(lifeMs === undefined ? {} : { expiresAtMs: NOW - ageMs + lifeMs }),
    },
  });

const from = (secrets: Parameters<typeof sessionFrom>[0], interrupted = false) =>
  sessionFrom(secrets, 'authorization-code', NOW, { interrupted, newestMs: 0 });

describe('E-13 the clock was set between two starts', () => {
  test.each([
    ['back by an hour', -HOUR],
    ['back to 1970', -NOW],
    ['back by 2 minutes', -2 * MINUTE],
  ])('%s: a token of the future has no known age, so it counts as ended', (_name, ageMs) => {
    const { token } = from(stored(ageMs, 24 * HOUR));
    expect(token!.expiresAtMs).toBeLessThanOrEqual(NOW);
    expect(token!.issuedAtMs).toBeLessThan(token!.expiresAtMs!);
    expect(token!.renewable).toBe(true);
  });

  test('a difference of a minute means nothing', () => {
    expect(from(stored(-MINUTE, HOUR)).token!.expiresAtMs).toBe(NOW + MINUTE + HOUR);
    expect(from(stored(10, HOUR)).token).toMatchObject({ issuedAtMs: NOW - 10 });
  });

  test('a key without an end has none to lose', () => {
    expect(from(stored(-HOUR, undefined, '')).token).toEqual({
      issuedAtMs: NOW + HOUR,
      renewable: false,
    });
  });
});

describe('after the vault was read', () => {
  test('what was interrupted is marked; without a token there was nothing to interrupt', () => {
    expect(from(stored(0, HOUR), true).outcomeUnknown).toBe(true);
    expect(from(stored(0, HOUR)).outcomeUnknown).toBeUndefined();
    expect(from(success(undefined), true).outcomeUnknown).toBeUndefined();
  });

  test('locked and unreadable are two things', () => {
    expect(from(failure('keychain-locked')).phase.kind).toBe('locked');
    expect(from(failure('vault-unreadable')).phase).toMatchObject({ kind: 'sign-in-needed' });
  });
});

describe('E-08 back-off', () => {
  test('full jitter from 1 s to a ceiling that doubles up to 15 min', () => {
    for (let failures = 1; failures <= 40; failures += 1) {
      const ceilingMs = Math.min(15 * MINUTE, 1000 * 2 ** failures);
      const waits = Array.from({ length: 200 }, () => backOffMs(failures, undefined));
      expect(Math.min(...waits)).toBeGreaterThanOrEqual(SECOND);
      expect(Math.max(...waits)).toBeLessThanOrEqual(ceilingMs);
      if (failures > 3) {
        expect(Math.min(...waits), 'the jitter is full').toBeLessThan(ceilingMs / 4);
        expect(Math.max(...waits)).toBeGreaterThan(ceilingMs * 0.75);
      }
    }
  });

  test('E-09 a wait that was asked for: never less, at most a fifth more, at most an hour', () => {
    for (const askedMs of [SECOND, 10 * SECOND, MINUTE, 30 * MINUTE, HOUR]) {
      for (const failures of [1, 30]) {
        const waits = Array.from({ length: 200 }, () => backOffMs(failures, askedMs));
        expect(Math.min(...waits)).toBeGreaterThanOrEqual(askedMs);
        expect(Math.max(...waits)).toBeLessThanOrEqual(Math.min(HOUR, askedMs * 1.2));
        if (askedMs < HOUR) expect(new Set(waits).size).toBeGreaterThan(50);
      }
    }
  });

  test('failures are counted from the first one on, and its instant is kept', () => {
    const error: AppError = { code: 'provider-trouble' };
    const first = phaseAfterFailedRenewal(error, undefined, NOW);
    if (first.kind !== 'retrying') throw new Error(first.kind);
    expect(first).toMatchObject({ failures: 1, sinceMs: NOW, failedAtMs: NOW });
    expect(phaseAfterFailedRenewal(error, first, NOW + MINUTE)).toMatchObject({
      failures: 2,
      sinceMs: NOW,
      failedAtMs: NOW + MINUTE,
    });
  });

  test.each<[AppError['code'], string]>([
    ['grant-refused', 'sign-in-needed'],
    ['renewal-lost', 'sign-in-needed'],
    ['id-token-invalid', 'sign-in-needed'],
    ['client-refused', 'misconfigured'],
    ['request-refused', 'misconfigured'],
    ['keychain-locked', 'locked'],
    ['network-unreachable', 'retrying'],
    ['certificate-refused', 'retrying'],
    ['timed-out', 'retrying'],
    ['redirect-refused', 'retrying'],
    ['not-the-provider', 'retrying'],
    ['token-answer-invalid', 'retrying'],
    ['internal', 'retrying'],
  ])('%s: %s', (code, kind) => {
    expect(phaseAfterFailedRenewal({ code }, undefined, NOW).kind).toBe(kind);
  });
});
