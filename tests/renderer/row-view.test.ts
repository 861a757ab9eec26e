import { describe, expect, it } from 'vitest';
import type { ErrorView, TenantRow, TenantStatus } from '../../src-main/contract/ipc.ts';
import {
  copiedNote,
  hasLiveToken,
  lifeLeft,
  mainAction,
  ownError,
  phrasesOf,
  statusError,
  statusView,
} from '../../src-renderer/lib/row-view.ts';

const NOW_MS = new Date(2026, 10, 23, 14, 5).getTime();
const MINUTE_MS = 60_000;
const SINCE_MS = NOW_MS - 12 * MINUTE_MS;
const SINCE = new Date(SINCE_MS).toLocaleTimeString(undefined, { timeStyle: 'short' });

function error(code: string): ErrorView {
  const texts = { message: `Acme: ${code}`, nextStep: 'Wait.', remedy: 'retry-later' } as const;
  return { code, ...texts, detail: null, fields: null };
}

const unreachable = error('network-unreachable');
const outage = { sinceMs: SINCE_MS, retryAtMs: NOW_MS + 40_000, error: unreachable };
const alive = { issuedAtMs: NOW_MS - MINUTE_MS, expiresAtMs: NOW_MS + 12.5 * MINUTE_MS };
const ended = { issuedAtMs: NOW_MS - 60 * MINUTE_MS, expiresAtMs: NOW_MS };
const none = { issuedAtMs: null, expiresAtMs: null };

function retrying(failures = 3, why = error('provider-trouble')): TenantStatus {
  const retryAtMs = NOW_MS + 2 * MINUTE_MS;
  return { kind: 'retrying', error: why, retryAtMs, sinceMs: SINCE_MS, failures };
}

function row(change: Partial<TenantRow>): TenantRow {
  return {
    id: 'acme',
    name: 'Acme',
    colour: '#2563eb',
    providerName: 'OpenID Connect',
    grantName: 'Authorization Code',
    account: null,
    status: { kind: 'fresh' },
    ...alive,
    interactive: true,
    renewable: true,
    scope: null,
    signInEndsAtMs: null,
    copyFormat: 'raw',
    mark: null,
    callable: false,
    anotherAccountLabel: null,
    removalNote: null,
    signIn: null,
    outage: null,
    ...change,
  };
}

function textOf(change: Partial<TenantRow>): string {
  return statusView(row(change), NOW_MS).text;
}

const refused: TenantStatus = { kind: 'sign-in-needed', error: error('grant-refused') };
const wrong: TenantStatus = { kind: 'misconfigured', error: error('client-refused') };
const needed: TenantStatus = { kind: 'sign-in-needed', error: null };

describe('what a row says', () => {
  it.each<[string, Partial<TenantRow>, string]>([
    ['a living token', {}, '12 min left'],
    ['a token without an end', { expiresAtMs: null }, 'Valid, end unknown'],
    ['an ended token', ended, 'Expired'],
    ['alive, but offline', { outage }, `12 min left · offline since ${SINCE}`],
    [
      'no end, offline',
      { outage, expiresAtMs: null },
      `Valid, end unknown · offline since ${SINCE}`,
    ],
    ['ended, offline', { outage, ...ended }, `Offline since ${SINCE}, trying again in 40 s`],
    [
      'offline, and the time to try has come',
      { ...ended, outage: { ...outage, retryAtMs: NOW_MS } },
      `Offline since ${SINCE}, trying again now`,
    ],
    ['renewing', { status: { kind: 'renewing' } }, 'Renewing…'],
    [
      'trying while offline',
      { ...ended, outage, status: { kind: 'renewing' } },
      `Offline since ${SINCE}, trying again now`,
    ],
    [
      'retrying with an ended token',
      { ...ended, status: retrying() },
      `Not renewed since ${SINCE} (3 tries), trying again in 2 min`,
    ],
    [
      'retrying for the first time with a living token',
      { status: retrying(1) },
      `12 min left · not renewed since ${SINCE} (1 try), trying again in 2 min`,
    ],
    [
      'retrying while offline, with an ended token',
      { ...ended, outage, status: retrying(5, unreachable) },
      `Offline since ${SINCE}, trying again in 40 s`,
    ],
    [
      'retrying while offline, with a living token',
      { outage, status: retrying(5, unreachable) },
      `12 min left · offline since ${SINCE}, trying again in 40 s`,
    ],
    ['a sign-in that has ended', { ...ended, status: refused }, 'Sign in again'],
    ['the same with a living token', { status: refused }, '12 min left · sign in again'],
    ['a key that has ended', { ...ended, interactive: false, status: needed }, 'Needs a new token'],
    ['a wrong configuration', { ...ended, status: wrong }, 'Needs a correction'],
    ['a locked keychain', { ...none, status: { kind: 'locked' } }, 'Locked'],
    ['nobody signed in', { ...none, status: { kind: 'signed-out' } }, 'Not signed in'],
    ['signing in', { ...none, status: { kind: 'signing-in' } }, 'Signing in…'],
  ])('E-11 %s', (_name, change, text) => {
    expect(textOf(change)).toBe(text);
  });

  it('takes no number from its unit where a line ends', () => {
    const text = '12 min left · not renewed since 9:05 AM (3 tries), trying again in 2 min';
    expect(phrasesOf(text).filter((phrase) => /\d/.test(phrase))).toEqual([
      '12 min',
      '9:05 AM',
      '(3 tries),',
      '2 min',
    ]);
    expect(phrasesOf(text).join(' ')).toBe(text);
    expect(phrasesOf(text)).toContain('left ·');
    expect(phrasesOf('Sign in again')).toHaveLength(3);
  });

  it('names the day of an outage of before today', () => {
    const sinceMs = NOW_MS - 60 * 60 * MINUTE_MS;
    const day = new Date(sinceMs).toLocaleString(undefined, { day: 'numeric', month: 'short' });
    expect(textOf({ ...ended, outage: { ...outage, sinceMs } })).toContain(`since ${day}`);
  });

  it('E-11 never tells of life that is not there, nor hides what is wrong', () => {
    const statuses: readonly TenantStatus[] = [
      { kind: 'fresh' },
      { kind: 'renewing' },
      retrying(),
      refused,
      needed,
      wrong,
      { kind: 'locked' },
    ];
    for (const status of statuses) {
      for (const outageNow of [null, outage]) {
        const dead = row({ ...ended, status, outage: outageNow });
        expect(statusView(dead, NOW_MS).text).not.toMatch(/left|valid/i);
        expect(statusView(dead, NOW_MS).tone).not.toBe('calm');
        expect(hasLiveToken(dead, NOW_MS)).toBe(false);
        expect(lifeLeft(dead, NOW_MS)).toBe(0);
      }
      const offline = statusView(row({ status, outage }), NOW_MS);
      if (status.kind !== 'locked') expect(offline.tone).toBe('attention');
    }
  });
});

describe('the button of a row', () => {
  it.each<[string, Partial<TenantRow>, string]>([
    ['copies a living token whatever is wrong', { status: refused, outage }, 'copy'],
    ['copies while offline, after a renewal', { ...ended, outage, status: retrying() }, 'copy'],
    ['signs in where only that helps', { ...ended, status: refused }, 'sign-in'],
    ['edits what is wrong', { ...ended, status: wrong }, 'edit'],
    ['unlocks, as nothing can be read before', { status: { kind: 'locked' } }, 'unlock'],
  ])('%s', (_name, change, action) => {
    expect(mainAction(row(change), NOW_MS)).toBe(action);
  });
});

describe('why a row needs attention', () => {
  it('is the outage where the token itself is well', () => {
    expect(statusError(row({ outage }))).toBe(unreachable);
    expect(ownError(row({ outage }))).toBeNull();
    expect(statusError(row({}))).toBeNull();
  });

  it('is the outage that goes on, not the trouble of before', () => {
    expect(statusError(row({ outage, status: retrying() }))).toBe(unreachable);
    const same = error('network-unreachable');
    expect(statusError(row({ outage, status: retrying(2, same) }))).toBe(same);
  });

  it('is first what a person must act on', () => {
    expect(statusError(row({ outage, status: refused }))?.code).toBe('grant-refused');
    expect(statusError(row({ outage, status: wrong }))?.code).toBe('client-refused');
  });
});

describe('a word about a copied token', () => {
  it.each([
    [12_000, 'ends in 12 s'],
    [59_999, 'ends in 60 s'],
    [60_000, null],
    [0, 'has ended'],
  ])('that has %i ms left: %s', (leftMs, note) => {
    expect(copiedNote({ expiresAtMs: NOW_MS + leftMs, renewed: false }, NOW_MS)).toBe(note);
  });

  it('whose end is not known: none', () => {
    expect(copiedNote({ expiresAtMs: null, renewed: false }, NOW_MS)).toBeNull();
  });
});
