/** What a tenant's row says and offers, decided from its snapshot and the time. Pure. */
import type {
  CallReport,
  CopyFormatForm,
  CopyReport,
  ErrorView,
  OutageView,
  TenantRow,
} from '../../src-main/contract/ipc.ts';
import type { IconName } from './icons.ts';
import { durationText, shortTimeText } from './time-text.ts';

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

/** What is true now. Where a token is still alive, that comes first: it can be used whatever else is the matter. */
export function statusView(row: TenantRow, nowMs: number): StatusView {
  const { status, outage } = row;
  const attention = (what: string, icon: IconName | 'spinner'): StatusView => ({
    text: withLife(row, what, nowMs),
    tone: 'attention',
    icon,
  });
  switch (status.kind) {
    case 'fresh': {
      const life = lifeText(row, nowMs);
      if (outage !== null) {
        const again = life === null ? `, ${againText(outage.retryAtMs, nowMs)}` : '';
        return attention(offlineText(outage, nowMs) + again, 'offline');
      }
      return life === null
        ? { text: 'Expired', tone: 'attention', icon: 'warning' }
        : { text: life, tone: 'calm', icon: null };
    }
    case 'renewing':
      return outage === null
        ? { text: 'Renewing…', tone: 'busy', icon: 'spinner' }
        : attention(`${offlineText(outage, nowMs)}, trying again now`, 'spinner');
    case 'retrying': {
      if (outage !== null) {
        const again = againText(outage.retryAtMs, nowMs);
        return attention(`${offlineText(outage, nowMs)}, ${again}`, 'offline');
      }
      const since = shortTimeText(status.sinceMs, nowMs);
      const tries = status.failures === 1 ? '1 try' : `${status.failures} tries`;
      const again = againText(status.retryAtMs, nowMs);
      return attention(`Not renewed since ${since} (${tries}), ${again}`, 'warning');
    }
    case 'sign-in-needed':
      return attention(row.interactive ? 'Sign in again' : 'Needs a new token', 'warning');
    case 'misconfigured':
      return attention('Needs a correction', 'warning');
    case 'signing-in':
      return { text: signingInText(row), tone: 'busy', icon: 'spinner' };
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

/** The parts of a status text that stay whole when it takes two lines: words, and numbers with their unit. */
export function phrasesOf(text: string): readonly string[] {
  return text.split(/ (?!(?:·|[ap]\.?m\b|s\b|min\b|h\b|days?\b|tries\b|try\b))/i);
}

/** @returns Null where there is no token, or it has ended. */
function lifeText(row: TenantRow, nowMs: number): string | null {
  if (!hasLiveToken(row, nowMs)) return null;
  if (row.expiresAtMs === null) return 'Valid, end unknown';
  return `${durationText(row.expiresAtMs - nowMs)} left`;
}

function withLife(row: TenantRow, what: string, nowMs: number): string {
  const life = lifeText(row, nowMs);
  return life === null ? what : `${life} · ${what.charAt(0).toLowerCase()}${what.slice(1)}`;
}

function offlineText({ sinceMs }: OutageView, nowMs: number): string {
  return `Offline since ${shortTimeText(sinceMs, nowMs)}`;
}

function againText(retryAtMs: number, nowMs: number): string {
  const leftMs = retryAtMs - nowMs;
  return `trying again ${leftMs > 0 ? `in ${durationText(leftMs)}` : 'now'}`;
}

function signingInText({ signIn, interactive }: TenantRow): string {
  if (signIn?.inBrowser === true) return 'Go on in your browser';
  return interactive ? 'Signing in…' : 'Getting a token…';
}

/** Share of the token's life that is left, 0 to 1 in hundredths (no finer bar can be seen); null where it cannot be known. */
export function lifeLeft(row: TenantRow, nowMs: number): number | null {
  if (row.issuedAtMs === null || row.expiresAtMs === null) return null;
  const lifeMs = row.expiresAtMs - row.issuedAtMs;
  if (lifeMs <= 0) return 0;
  const share = Math.min(1, Math.max(0, (row.expiresAtMs - nowMs) / lifeMs));
  return Math.round(share * 100) / 100;
}

/** The one button that stands in the row: a token that is still good can be copied whatever else is the matter, but not read while locked. */
export function mainAction(row: TenantRow, nowMs: number): MainAction {
  const { kind } = row.status;
  if (kind === 'locked') return 'unlock';
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

/** The error that the status itself carries. */
export function ownError({ status }: TenantRow): ErrorView | null {
  return 'error' in status ? status.error : null;
}

/** Why the row needs attention. What a person must act on goes before an outage, which ends by itself. */
export function statusError(row: TenantRow): ErrorView | null {
  const own = ownError(row);
  if (row.outage === null || (own !== null && row.status.kind !== 'retrying')) return own;
  return own?.code === row.outage.error.code ? own : row.outage.error;
}

/** A token that ends sooner than this is worth a word when it is copied. */
const SHORT_LIFE_MS = 60_000;

/** What to know about a token that has just been copied: "ends in 12 s"; null when it lasts. */
export function copiedNote({ expiresAtMs }: CopyReport, nowMs: number): string | null {
  if (expiresAtMs === null || expiresAtMs - nowMs >= SHORT_LIFE_MS) return null;
  return expiresAtMs > nowMs ? `ends in ${durationText(expiresAtMs - nowMs)}` : 'has ended';
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
