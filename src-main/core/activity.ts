/** What has happened since the app started, derived from the events of the store; metadata only, as the state itself. */
import type { AppError } from './errors.ts';
import { withoutCause } from './errors.ts';
import type { Clock } from './ports.ts';
import { sessionOf } from './state.ts';
import type { AppEvent, AppState, Store } from './state.ts';

export interface Activity {
  /**
   * @param tenantId Null: of all tenants and of the app.
   * @param host Of the tenant: then what happened to it is told as well.
   * @returns At most 300, newest first.
   */
  read(tenantId: string | null, host?: string): readonly Deed[];
}

export interface Deed {
  readonly kind: DeedKind;
  /** Undefined: about the app. */
  readonly tenantId?: string | undefined;
  readonly host?: string;
  readonly error?: AppError;
  readonly durationMs?: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  /** Equal ones in a row are one. */
  readonly count: number;
}

export type DeedKind =
  | 'signed-in'
  | 'sign-in-failed'
  | 'renewed'
  | 'renewal-failed'
  | 'signed-out'
  | 'token-ended'
  | 'host-unreachable'
  | 'host-reachable'
  | 'clock-moved'
  | 'keychain-open'
  | 'keychain-closed';

/** Kept for each tenant, and for the app. */
const MOST_KEPT = 30;
const MOST_READ = 300;

export function createActivity(store: Store, clock: Clock): Activity {
  const kept = new Map<string | undefined, Deed[]>();
  const startedAtMs = new Map<string, number>();

  const record = (happened: Happened): void => {
    const nowMs = clock.now();
    const deeds = kept.get(happened.tenantId) ?? [];
    kept.set(happened.tenantId, deeds);
    const last = deeds.at(-1);
    const deed: Deed = { ...happened, firstAtMs: nowMs, lastAtMs: nowMs, count: 1 };
    if (last !== undefined && isSame(last, deed)) {
      const { firstAtMs, count } = last;
      deeds[deeds.length - 1] = { ...deed, firstAtMs, count: count + 1 };
      return;
    }
    deeds.push(deed);
    if (deeds.length > MOST_KEPT) deeds.shift();
  };

  store.subscribe((after, event, before) => {
    if (event.type === 'tenant-removed') {
      kept.delete(event.tenantId);
      startedAtMs.delete(event.tenantId);
    }
    if (event.type === 'phase-changed' && isBusy(event.phase.kind)) {
      const isNew = !isBusy(sessionOf(before, event.tenantId).phase.kind);
      if (isNew) startedAtMs.set(event.tenantId, clock.now());
      return;
    }
    const happened = readEvent(event, before, after);
    if (event.type !== 'phase-changed' && event.type !== 'token-received') {
      if (happened !== undefined) record(happened);
      return;
    }
    const startMs = startedAtMs.get(event.tenantId);
    startedAtMs.delete(event.tenantId);
    if (happened === undefined || isOfBefore(event, startMs)) return;
    record(startMs === undefined ? happened : { ...happened, durationMs: clock.now() - startMs });
  });

  return {
    read(tenantId, host) {
      const ofHost = kept.get(undefined)?.filter((deed) => deed.host === host) ?? [];
      const deeds =
        tenantId === null
          ? [...kept.values()].flat()
          : [...(kept.get(tenantId) ?? []), ...(host === undefined ? [] : ofHost)];
      return deeds
        .toReversed()
        .sort((a, b) => b.lastAtMs - a.lastAtMs)
        .slice(0, MOST_READ);
    },
  };
}

type Happened = Pick<Deed, 'kind' | 'tenantId' | 'host' | 'error' | 'durationMs'>;

function isBusy(kind: string): boolean {
  return kind === 'renewing' || kind === 'signing-in';
}

/** An attempt that came to nothing leaves the failure of the one before as it was. */
function isOfBefore(event: AppEvent, startMs: number | undefined): boolean {
  return (
    event.type === 'phase-changed' &&
    event.phase.kind === 'retrying' &&
    startMs !== undefined &&
    event.phase.failedAtMs < startMs
  );
}

function isSame(a: Deed, b: Deed): boolean {
  return (
    a.kind === b.kind &&
    a.host === b.host &&
    a.error?.code === b.error?.code &&
    a.error?.detail === b.error?.detail
  );
}

/** @returns Undefined for what nobody needs to know. */
function readEvent(event: AppEvent, before: AppState, after: AppState): Happened | undefined {
  switch (event.type) {
    case 'token-received': {
      const { kind } = sessionOf(before, event.tenantId).phase;
      const { tenantId } = event;
      return { kind: kind === 'signing-in' ? 'signed-in' : 'renewed', tenantId };
    }
    case 'phase-changed':
      return fromPhase(event, before);
    case 'signed-out':
      return { kind: 'signed-out', tenantId: event.tenantId };
    case 'outage-changed': {
      const { host, outage } = event;
      if (outage === null) return { kind: 'host-reachable', host };
      const isNew = !before.outages.has(host);
      return isNew ? { kind: 'host-unreachable', host, error: outage.error } : undefined;
    }
    case 'wall-clock-moved':
      return { kind: 'clock-moved' };
    case 'keychain-changed': {
      if (before.keychain === after.keychain || after.keychain === 'opening') return undefined;
      return after.keychain === 'open'
        ? { kind: 'keychain-open' }
        : {
            kind: 'keychain-closed',
            ...(event.trouble === null ? {} : { error: withoutCause(event.trouble) }),
          };
    }
    default:
      return undefined;
  }
}

function fromPhase(
  { tenantId, phase, because }: Extract<AppEvent, { type: 'phase-changed' }>,
  before: AppState,
): Happened | undefined {
  const was = sessionOf(before, tenantId).phase.kind;
  const told = because ?? ('error' in phase ? phase.error : undefined);
  if (told === undefined) {
    return phase.kind === 'sign-in-needed' ? { kind: 'token-ended', tenantId } : undefined;
  }
  const error = withoutCause(told);
  if (was === 'signing-in') return { kind: 'sign-in-failed', tenantId, error };
  return was === 'renewing' ? { kind: 'renewal-failed', tenantId, error } : undefined;
}
