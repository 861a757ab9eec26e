/** What the timeline says: entries in plain words, in groups of a day. Pure. */
import type { ActivityEntry } from '../../src-main/contract/ipc.ts';
import type { IconName } from './icons.ts';
import { dayText, shortTimeText, spanText } from './time-text.ts';

export type ActivityTone = 'good' | 'bad' | 'plain';

export interface EntryView {
  /** Stays the same while the entry only grows. */
  readonly key: string;
  readonly entry: ActivityEntry;
  readonly title: string;
  readonly tone: ActivityTone;
  readonly icon: IconName;
  /** Where it was and how long it took, in parts; may be empty. */
  readonly facts: readonly string[];
}

export interface Day {
  readonly name: string;
  readonly entries: readonly EntryView[];
}

const CANCELLED = 'sign-in-cancelled';

interface Words {
  readonly text: string;
  readonly tone: ActivityTone;
  readonly icon: IconName;
}

/** Whether somebody who looks for what is wrong wants to see it. */
export function isProblem({ kind, error }: ActivityEntry): boolean {
  if (error?.code === CANCELLED) return false;
  return error !== null || kind === 'token-ended' || wordsOf[kind].tone === 'bad';
}

/** @param entries Newest first, as main tells them. */
export function daysOf(entries: readonly ActivityEntry[], nowMs: number): readonly Day[] {
  const days: { name: string; entries: EntryView[] }[] = [];
  const uses = new Map<string, number>();
  for (const entry of entries) {
    const name = dayText(entry.lastAtMs, nowMs);
    let day = days.at(-1);
    if (day?.name !== name) days.push((day = { name, entries: [] }));
    const identity = `${entry.kind} ${entry.tenantId ?? entry.host ?? ''} ${entry.firstAtMs}`;
    const earlier = uses.get(identity) ?? 0;
    uses.set(identity, earlier + 1);
    day.entries.push({ key: `${identity} ${earlier}`, ...entryView(entry, nowMs) });
  }
  return days;
}

function entryView(entry: ActivityEntry, nowMs: number): Omit<EntryView, 'key'> {
  const { tone, icon } = wordsOf[entry.kind];
  const isCancelled = entry.error?.code === CANCELLED;
  const facts = [
    ...(entry.host === null || namesHost(entry) ? [] : [entry.host]),
    ...(entry.durationMs === null ? [] : [spanText(entry.durationMs)]),
  ];
  return {
    entry,
    title: titleOf(entry, nowMs),
    tone: isCancelled ? 'plain' : tone,
    icon: isCancelled ? 'close' : icon,
    facts,
  };
}

const namesHost = ({ kind }: ActivityEntry): boolean =>
  kind === 'host-unreachable' || kind === 'host-reachable';

/** "Renewed 17 times since 09:10" */
function titleOf(entry: ActivityEntry, nowMs: number): string {
  const { kind, count, error, firstAtMs, host } = entry;
  const text = error?.code === CANCELLED ? 'Sign-in cancelled' : wordsOf[kind].text;
  const what = namesHost(entry) ? `${host ?? 'The provider'} ${text}` : text;
  return count === 1 ? what : `${what} ${count} times since ${shortTimeText(firstAtMs, nowMs)}`;
}

const wordsOf: Readonly<Record<ActivityEntry['kind'], Words>> = {
  'signed-in': { text: 'Signed in', tone: 'good', icon: 'check' },
  'sign-in-failed': { text: 'Sign-in failed', tone: 'bad', icon: 'warning' },
  renewed: { text: 'Renewed', tone: 'good', icon: 'check' },
  'renewal-failed': { text: 'Renewal failed', tone: 'bad', icon: 'warning' },
  'signed-out': { text: 'Signed out', tone: 'plain', icon: 'close' },
  'token-ended': { text: 'The token ended', tone: 'plain', icon: 'clock' },
  'host-unreachable': { text: 'could not be reached', tone: 'bad', icon: 'offline' },
  'host-reachable': { text: 'can be reached again', tone: 'good', icon: 'check' },
  'clock-moved': { text: 'The clock of this computer was set', tone: 'plain', icon: 'clock' },
  'keychain-open': { text: 'The keychain was opened', tone: 'plain', icon: 'lock' },
  'keychain-closed': { text: 'The keychain could not be used', tone: 'bad', icon: 'lock' },
};
