import { describe, expect, it } from 'vitest';
import type { ActivityEntry, ErrorView } from '../../src-main/contract/ipc.ts';
import { daysOf, isProblem } from '../../src-renderer/lib/activity-view.ts';

const NOW_MS = new Date(2026, 10, 23, 14, 5).getTime();
const HOUR_MS = 3_600_000;

function error(code: string): ErrorView {
  const texts = { message: code, nextStep: '', remedy: 'none' } as const;
  return { code, ...texts, detail: null, fields: null };
}

function entry(kind: ActivityEntry['kind'], change: Partial<ActivityEntry> = {}): ActivityEntry {
  return {
    kind,
    tenantId: 'acme',
    tenantName: 'Acme',
    firstAtMs: NOW_MS,
    lastAtMs: NOW_MS,
    count: 1,
    durationMs: null,
    host: null,
    error: null,
    ...change,
  };
}

function titles(...entries: readonly ActivityEntry[]): readonly string[] {
  return daysOf(entries, NOW_MS).flatMap((day) => day.entries.map(({ title }) => title));
}

describe('the timeline', () => {
  it('groups by day', () => {
    const at = (hours: number) => entry('renewed', { lastAtMs: NOW_MS - hours * HOUR_MS });
    const days = daysOf([at(0), at(1), at(20), at(72), at(24 * 400)], NOW_MS);
    expect(days.map((day) => day.entries.length)).toEqual([2, 1, 1, 1]);
    expect(days.slice(0, 2).map(({ name }) => name)).toEqual(['Today', 'Yesterday']);
    expect(days[2]?.name).not.toContain('2026');
    expect(days[3]?.name).toContain('2025');
  });

  it('says what happened, how often, where and how long it took', () => {
    const firstAtMs = NOW_MS - 3 * HOUR_MS;
    const since = new Date(firstAtMs).toLocaleTimeString(undefined, { timeStyle: 'short' });
    expect(
      titles(
        entry('signed-in'),
        entry('renewed', { count: 17, firstAtMs }),
        entry('host-unreachable', { host: 'login.example.com', error: error('timed-out') }),
        entry('sign-in-failed', { error: error('sign-in-cancelled') }),
      ),
    ).toEqual([
      'Signed in',
      `Renewed 17 times since ${since}`,
      'login.example.com could not be reached',
      'Sign-in cancelled',
    ]);
    const [day] = daysOf(
      [
        entry('renewed', { durationMs: 230 }),
        entry('renewal-failed', { durationMs: 4210, host: 'a.example' }),
      ],
      NOW_MS,
    );
    expect(day?.entries.map(({ facts }) => facts)).toEqual([['230 ms'], ['a.example', '4.2 s']]);
  });

  it('keeps the key of an entry that grows, and gives no two the same', () => {
    const grown = { firstAtMs: NOW_MS - HOUR_MS, count: 4 };
    const keys = (...entries: ActivityEntry[]): readonly string[] =>
      daysOf(entries, NOW_MS).flatMap((day) => day.entries.map(({ key }) => key));
    const before = keys(entry('renewed', { ...grown, count: 3, lastAtMs: NOW_MS - 1000 }));
    expect(keys(entry('renewed', grown))).toEqual(before);
    const twins = keys(entry('renewed'), entry('renewed'), entry('signed-in'));
    expect(new Set(twins).size).toBe(3);
  });

  it('knows what is a problem', () => {
    const problems: readonly ActivityEntry[] = [
      entry('renewal-failed', { error: error('timed-out') }),
      entry('sign-in-failed', { error: error('sign-in-denied') }),
      entry('host-unreachable', { error: error('timed-out') }),
      entry('keychain-closed'),
      entry('token-ended'),
    ];
    expect(problems.every(isProblem)).toBe(true);
    const others: readonly ActivityEntry[] = [
      entry('renewed'),
      entry('signed-in'),
      entry('signed-out'),
      entry('host-reachable'),
      entry('clock-moved'),
      entry('keychain-open'),
      entry('sign-in-failed', { error: error('sign-in-cancelled') }),
    ];
    expect(others.some(isProblem)).toBe(false);
  });
});
