/** What a tenant's row says and offers, decided from its snapshot and the time. Pure. */
import type {
  CallReport,
  CopyFormatForm,
  ErrorView,
  TenantRow,
} from '../../src-main/contract/ipc.ts';
import type { IconName } from './icons.ts';
import { durationText } from './time-text.ts';

export type Tone = 'calm' | 'busy' | 'attention' | 'muted';

export interface StatusView {
  readonly text: string;
  readonly tone: Tone;
  /** Null where the words are enough; `spinner` turns. */
  readonly icon: IconName | 'spinner' | null;
}

export type MainAction =
  'copy' | 'sign-in' | 'get-token' | 'show-sign-in' | 'edit' | 'unlock' | 'wait';

export function hasLiveToken(row: TenantRow, nowMs: number): boolean {
  return row.issuedAtMs !== null && (row.expiresAtMs === null || row.expiresAtMs > nowMs);
}

export function statusView(row: TenantRow, nowMs: number): StatusView {
  const { status } = row;
  switch (status.kind) {
    case 'fresh':
      if (row.expiresAtMs === null) return { text: 'Valid, end unknown', tone: 'calm', icon: null };
      return row.expiresAtMs > nowMs
        ? { text: `${durationText(row.expiresAtMs - nowMs)} left`, tone: 'calm', icon: null }
        : { text: 'Expired', tone: 'attention', icon: 'warning' };
    case 'renewing':
      return { text: 'Renewing…', tone: 'busy', icon: 'spinner' };
    case 'retrying':
      return {
        text: retryText(status.error, status.retryAtMs, nowMs),
        tone: 'attention',
        icon: 'offline',
      };
    case 'sign-in-needed':
      return {
        text: row.interactive ? 'Sign in again' : 'Needs a new token',
        tone: 'attention',
        icon: 'warning',
      };
    case 'misconfigured':
      return { text: 'Needs a correction', tone: 'attention', icon: 'warning' };
    case 'signing-in':
      return {
        text: signingInText(row),
        tone: 'busy',
        icon: 'spinner',
      };
    case 'signed-out':
      return {
        text: row.interactive ? 'Not signed in' : 'No token yet',
        tone: 'muted',
        icon: null,
      };
    case 'locked':
      return { text: 'Locked', tone: 'muted', icon: 'lock' };
  }
}

function signingInText({ signIn, interactive }: TenantRow): string {
  if (signIn?.inBrowser === true) return 'Go on in your browser';
  return interactive ? 'Signing in…' : 'Getting a token…';
}

function retryText(error: ErrorView, retryAtMs: number, nowMs: number): string {
  const what = error.code === 'network-unreachable' ? 'Offline' : 'Not renewed';
  const when = retryAtMs > nowMs ? `in ${durationText(retryAtMs - nowMs)}` : 'now';
  return `${what}, trying again ${when}`;
}

/** Share of the token's life that is left, 0 to 1 in hundredths (no finer bar can be seen); null where it cannot be known. */
export function lifeLeft(row: TenantRow, nowMs: number): number | null {
  if (row.issuedAtMs === null || row.expiresAtMs === null) return null;
  const lifeMs = row.expiresAtMs - row.issuedAtMs;
  if (lifeMs <= 0) return 0;
  const share = Math.min(1, Math.max(0, (row.expiresAtMs - nowMs) / lifeMs));
  return Math.round(share * 100) / 100;
}

/** The one button that stands in the row: a token that is still good can be copied whatever else is the matter. */
export function mainAction(row: TenantRow, nowMs: number): MainAction {
  const { kind } = row.status;
  if (hasLiveToken(row, nowMs)) return 'copy';
  switch (kind) {
    case 'signing-in':
      return row.signIn === null ? 'wait' : 'show-sign-in';
    case 'renewing':
    case 'retrying':
      return 'copy';
    case 'fresh':
      return row.renewable ? 'copy' : signInAction(row);
    case 'signed-out':
    case 'sign-in-needed':
      return signInAction(row);
    case 'misconfigured':
      return 'edit';
    case 'locked':
      return 'unlock';
  }
}

function signInAction(row: TenantRow): MainAction {
  return row.interactive ? 'sign-in' : 'get-token';
}

/** The form that Copy gives, where it is another than the bare token, which is the first of the forms. */
export function copyForm(
  row: TenantRow,
  formats: readonly CopyFormatForm[],
): CopyFormatForm | null {
  const at = formats.findIndex((format) => format.id === row.copyFormat);
  return at > 0 ? (formats[at] ?? null) : null;
}

export function callVerdict({ status, accepted, durationMs }: CallReport): string {
  return `${status} · ${accepted ? 'accepted' : 'not accepted'} · ${durationMs} ms`;
}

export function statusError(row: TenantRow): ErrorView | null {
  return 'error' in row.status ? row.status.error : null;
}

/** Blank-separated words that must all occur in what the row says of itself. */
export function matchesSearch(row: TenantRow, search: string): boolean {
  const text = `${row.name} ${row.account ?? ''} ${row.providerName}`.toLocaleLowerCase();
  return search
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** First letter, digit or picture of the name as a person counts characters, so that emoji stay whole. */
export function initialOf(name: string): string {
  const characters = new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(name);
  for (const { segment } of characters) {
    if (/[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(segment)) return segment.toLocaleUpperCase();
  }
  return '';
}
