/** What a person is told before (or when) tokens end: names and what to do, never more, and never a flood of it. */
import { GRANTS } from './grants/all-grants.ts';
import type { Clock, Notifier } from './ports.ts';
import { sessionOf, tenantOf } from './state.ts';
import type { AppState, Store } from './state.ts';
import type { HostOf } from './tenant-host.ts';
import type { Tenant } from './tenant.ts';
import { oneLine } from './safe-text.ts';
import { signInEndMs } from './timetable.ts';

export interface Notice {
  readonly title: string;
  readonly body: string;
  /** What the person has to do. A click signs in where that is it; otherwise it shows the app. */
  readonly asks: 'nothing' | 'sign-in' | 'correction';
}

export interface Reminder {
  /** Tells the person about the end of a tenant's token. */
  notify(tenantId: string): void;
  /** Tells that the sign-in itself ends soon. */
  warn(tenantId: string): void;
  /** Tells nothing more, not even what was collected. */
  stop(): void;
}

export interface NoticeClicks {
  readonly signIn: (tenantId: string) => void;
  /** Null: the notice was about several tenants, or about one that is gone. */
  readonly show: (tenantId: string | null) => void;
}

/** Notices of one burst that go out at once; the others are told together. */
const MOST_SINGLES = 3;

/** A burst ends with such a span without another notice; what was collected is told then, */
const QUIET_MS = 10_000;

/** or as long after the first of it, if the burst goes on. */
const LONGEST_COLLECTING_MS = 60_000;

interface Due {
  readonly tenantId: string;
  readonly kind: 'end' | 'warning';
}

/**
 * Both duties expect that the state is told right after the call (`noticed`, `warned`): what was collected counts only as
 * long as the state says so. While hosts cannot be reached, their tenants have one notice in all, until every host is back.
 */
export function createReminder(
  store: Store,
  notifier: Notifier,
  clock: Clock,
  clicks: NoticeClicks,
  hostOf: HostOf,
): Reminder {
  let stopped = false;
  let singles = 0;
  const collected = new Map<string, Due>();
  /** What was last asked for each tenant's token. */
  const asked = new Map<string, { readonly issuedAtMs: number; readonly asks: Notice['asks'] }>();
  let outageTold = false;
  /** Those whose sign-in ends soon, but who could not sign in at the moment. */
  const postponed = new Map<string, Due>();

  const show = (notice: Notice, tenantId: string | null): void => {
    const { title, body, asks } = notice;
    notifier.notify({
      title,
      body,
      onClick: () => {
        if (tenantId === null || tenantOf(store.get(), tenantId) === undefined) clicks.show(null);
        else if (asks === 'sign-in') clicks.signIn(tenantId);
        else clicks.show(tenantId);
      },
    });
  };

  const noticeOf = ({ kind }: Due, state: AppState, tenant: Tenant): Notice =>
    (kind === 'end' ? noticeFor : warningFor)(state, tenant, clock.now());

  const remember = (state: AppState, { tenantId, kind }: Due, { asks }: Notice): void => {
    const issuedAtMs = sessionOf(state, tenantId).token?.issuedAtMs;
    if (kind === 'end' && issuedAtMs !== undefined) asked.set(tenantId, { issuedAtMs, asks });
  };

  /** Whoever was told about this token already is told again only what else there is to do. */
  const isNews = (state: AppState, { tenantId, kind }: Due, { asks }: Notice): boolean => {
    const before = asked.get(tenantId);
    const isSame = before?.issuedAtMs === sessionOf(state, tenantId).token?.issuedAtMs;
    return kind === 'warning' || !isSame || (asks !== 'nothing' && asks !== before?.asks);
  };

  const cannotBeReached = (state: AppState, tenant: Tenant): boolean => {
    if (state.outages.size === 0 || !state.outages.has(hostOf(tenant))) return false;
    const { token, phase } = sessionOf(state, tenant.id);
    return token?.renewable === true && WAITING_PHASES.has(phase.kind);
  };

  const remind = (due: Due): void => {
    const state = store.get();
    const tenant = tenantOf(state, due.tenantId);
    if (stopped || tenant === undefined) return;
    if (cannotBeReached(state, tenant)) {
      if (due.kind === 'warning') postponed.set(due.tenantId, due);
      else if (!outageTold) outage.add();
      return;
    }
    const notice = noticeOf(due, state, tenant);
    if (!isNews(state, due, notice)) return;
    if (singles < MOST_SINGLES) {
      singles += 1;
      remember(state, due, notice);
      show(notice, tenant.id);
    } else collected.set(`${due.kind} ${due.tenantId}`, due);
    burst.add();
  };

  const burst = createGathering(clock, (isQuiet) => {
    if (isQuiet) singles = 0;
    else burst.add();
    const state = store.get();
    for (const tenantId of asked.keys()) {
      if (tenantOf(state, tenantId) === undefined) asked.delete(tenantId);
    }
    const dues = [...collected.values()].flatMap((due) => {
      const tenant = tenantOf(state, due.tenantId);
      return tenant !== undefined && stands(state, due) ? [{ due, tenant }] : [];
    });
    collected.clear();
    const reached = dues.filter(({ tenant }) => !cannotBeReached(state, tenant));
    for (const each of dues) if (!reached.includes(each)) remind(each.due);
    const told = reached.map((each) => ({
      ...each,
      notice: noticeOf(each.due, state, each.tenant),
    }));
    for (const { due, notice } of told) remember(state, due, notice);
    const [first] = told;
    if (first === undefined) return;
    if (told.length === 1) show(first.notice, first.tenant.id);
    else
      show(
        summaryFor(
          state,
          reached.map(({ due }) => due),
          clock.now(),
        ),
        null,
      );
  });

  const outage = createGathering(clock, () => {
    const state = store.get();
    const tenants = state.tenants.filter((tenant) => cannotBeReached(state, tenant));
    const [first] = tenants;
    if (first === undefined) return;
    outageTold = true;
    if (tenants.length === 1) show(noticeFor(state, first, clock.now()), first.id);
    else show(outageNotice(tenants.length), null);
  });

  const unsubscribe = store.subscribe((state) => {
    if (state.outages.size === 0) {
      outage.stop();
      outageTold = false;
    }
    for (const [tenantId, due] of postponed) {
      const tenant = tenantOf(state, tenantId);
      if (tenant !== undefined && cannotBeReached(state, tenant)) continue;
      postponed.delete(tenantId);
      if (stands(state, due)) remind(due);
    }
  });

  return {
    notify: (tenantId) => {
      remind({ tenantId, kind: 'end' });
    },
    warn: (tenantId) => {
      remind({ tenantId, kind: 'warning' });
    },
    stop() {
      stopped = true;
      unsubscribe();
      burst.stop();
      outage.stop();
    },
  };
}

const WAITING_PHASES: ReadonlySet<string> = new Set(['idle', 'renewing', 'retrying']);

/** Whether nothing has put an end to it since: a new token, a sign-out, the tenant's removal. */
function stands(state: AppState, { tenantId, kind }: Due): boolean {
  const { noticed, warned } = sessionOf(state, tenantId);
  return kind === 'end' ? noticed : warned === true;
}

interface Gathering {
  add(): void;
  stop(): void;
}

/** @param tell Called when nothing was added for a while (quiet), or when it has gone on for long. */
function createGathering(clock: Clock, tell: (isQuiet: boolean) => void): Gathering {
  let firstAtMs: number | undefined;
  let cancelTimer = (): void => undefined;
  return {
    add() {
      const nowMs = clock.now();
      firstAtMs ??= nowMs;
      const leftMs = Math.max(0, firstAtMs + LONGEST_COLLECTING_MS - nowMs);
      cancelTimer();
      cancelTimer = clock.setTimer(Math.min(QUIET_MS, leftMs), () => {
        firstAtMs = undefined;
        tell(leftMs >= QUIET_MS);
      });
    },
    stop() {
      firstAtMs = undefined;
      cancelTimer();
    },
  };
}

function summaryFor(state: AppState, dues: readonly Due[], nowMs: number): Notice {
  const count = new Set(dues.map(({ tenantId }) => tenantId)).size;
  const tokens = dues.map(({ tenantId }) => sessionOf(state, tenantId).token);
  const areSignIns =
    dues.every(({ kind }) => kind === 'warning') &&
    tokens.every((token) => token?.renewable === true);
  const haveEnded = tokens.every((token) => (token?.expiresAtMs ?? Infinity) <= nowMs);
  const told = areSignIns ? 'sign-ins end soon' : `tokens ${haveEnded ? 'have ended' : 'end soon'}`;
  const body = `${String(count)} more ${told}. Click to open Bearer Tray.`;
  return { title: 'Bearer Tray', body, asks: 'nothing' };
}

function outageNotice(count: number): Notice {
  return {
    title: 'Bearer Tray',
    body: `${String(count)} tenants cannot be renewed at the moment, because their servers cannot be reached. It is tried again by itself.`,
    asks: 'nothing',
  };
}

export function warningFor(state: AppState, tenant: Tenant, nowMs: number): Notice {
  const { token } = sessionOf(state, tenant.id);
  const endMs = (token === undefined ? undefined : signInEndMs(token)) ?? nowMs;
  const ends = endMs > nowMs ? `ends in ${duration(endMs - nowMs)}` : 'has ended';
  const title = oneLine(tenant.name);
  if (tenant.grant === 'rest-login') {
    const body = `Its session ${ends}; after that the app logs in anew with the stored password.`;
    return { title, body, asks: 'nothing' };
  }
  if (GRANTS[tenant.grant].interactive || token?.renewable === true) {
    const body = `Its sign-in ${ends}; after that it cannot be renewed. Click to sign in again.`;
    return { title, body, asks: 'sign-in' };
  }
  return { title, body: `Its key ${ends}. Click to open Bearer Tray.`, asks: 'nothing' };
}

export function noticeFor(state: AppState, tenant: Tenant, nowMs: number): Notice {
  const { token, phase } = sessionOf(state, tenant.id);
  const title = oneLine(tenant.name);
  const leftMs = (token?.expiresAtMs ?? nowMs) - nowMs;
  const ends = leftMs > 0 ? `ends in ${duration(leftMs)}` : 'has ended';
  if (phase.kind === 'misconfigured') {
    const body = `Its token ${ends}. Its settings need a correction.`;
    return { title, body, asks: 'correction' };
  }
  if (phase.kind === 'retrying') {
    const body = `Its token ${ends}. Renewing it does not work at the moment.`;
    return { title, body, asks: 'nothing' };
  }
  if (token?.renewable === true && phase.kind !== 'sign-in-needed') {
    return { title, body: `Its token ${ends} and is renewed by then.`, asks: 'nothing' };
  }
  if (tenant.grant === 'static-key') {
    return { title, body: `Its key ${ends}. Click to open Bearer Tray.`, asks: 'nothing' };
  }
  return { title, body: `Its token ${ends}. Click to sign in again.`, asks: 'sign-in' };
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 90) return `${String(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${String(minutes)} min` : `${String(Math.round(minutes / 60))} h`;
}
