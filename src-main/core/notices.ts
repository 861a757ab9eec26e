/** What a person is told before (or when) a token ends: the tenant's name and what to do, never more. */
import { GRANTS } from './grants/all-grants.ts';
import type { Clock, Notifier } from './ports.ts';
import { sessionOf, tenantOf } from './state.ts';
import type { AppState, Store } from './state.ts';
import type { Tenant } from './tenant.ts';
import { oneLine } from './safe-text.ts';
import { signInEndMs } from './timetable.ts';

export interface Notice {
  readonly title: string;
  readonly body: string;
  /** Whether a click signs in; otherwise it shows the app. */
  readonly signsIn: boolean;
}

export interface Reminder {
  /** Tells the person about the end of a tenant's token; a click signs in or shows the app. */
  notify(tenantId: string): void;
  /** Tells that the sign-in itself ends soon; a click signs in. */
  warn(tenantId: string): void;
}

export function createReminder(
  store: Store,
  notifier: Notifier,
  clock: Clock,
  onClick: { readonly signIn: (tenantId: string) => void; readonly show: () => void },
): Reminder {
  const tell = (
    tenantId: string,
    make: (state: AppState, tenant: Tenant, nowMs: number) => Notice,
  ): void => {
    const tenant = tenantOf(store.get(), tenantId);
    if (tenant === undefined) return;
    const { title, body, signsIn } = make(store.get(), tenant, clock.now());
    notifier.notify({
      title,
      body,
      onClick: () => {
        if (signsIn) onClick.signIn(tenantId);
        else onClick.show();
      },
    });
  };
  return {
    notify: (tenantId) => {
      tell(tenantId, noticeFor);
    },
    warn: (tenantId) => {
      tell(tenantId, warningFor);
    },
  };
}

export function warningFor(state: AppState, tenant: Tenant, nowMs: number): Notice {
  const { token } = sessionOf(state, tenant.id);
  const endMs = (token === undefined ? undefined : signInEndMs(token)) ?? nowMs;
  const ends = endMs > nowMs ? `ends in ${duration(endMs - nowMs)}` : 'has ended';
  const title = oneLine(tenant.name);
  if (tenant.grant === 'rest-login') {
    const body = `Its session ${ends}; after that the app logs in anew with the stored password.`;
    return { title, body, signsIn: false };
  }
  if (GRANTS[tenant.grant].interactive || token?.renewable === true) {
    const body = `Its sign-in ${ends}; after that it cannot be renewed. Click to sign in again.`;
    return { title, body, signsIn: true };
  }
  return { title, body: `Its key ${ends}. Click to open Bearer Tray.`, signsIn: false };
}

export function noticeFor(state: AppState, tenant: Tenant, nowMs: number): Notice {
  const { token, phase } = sessionOf(state, tenant.id);
  const name = oneLine(tenant.name);
  const leftMs = (token?.expiresAtMs ?? nowMs) - nowMs;
  const ends = leftMs > 0 ? `ends in ${duration(leftMs)}` : 'has ended';
  if (phase.kind === 'misconfigured') {
    return {
      title: name,
      body: `Its token ${ends}. Its settings need a correction.`,
      signsIn: false,
    };
  }
  if (phase.kind === 'retrying') {
    return {
      title: name,
      body: `Its token ${ends}. Renewing it does not work at the moment.`,
      signsIn: false,
    };
  }
  if (token?.renewable === true && phase.kind !== 'sign-in-needed') {
    return { title: name, body: `Its token ${ends} and is renewed by then.`, signsIn: false };
  }
  return { title: name, body: `Its token ${ends}. Click to sign in again.`, signsIn: true };
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 90) return `${String(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${String(minutes)} min` : `${String(Math.round(minutes / 60))} h`;
}
