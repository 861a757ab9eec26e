/** What a person is told before (or when) a token ends: the tenant's name and what to do, never more. */
import type { Clock, Notifier } from './ports.ts';
import { sessionOf, tenantOf } from './state.ts';
import type { AppState, Store } from './state.ts';
import type { Tenant } from './tenant.ts';
import { oneLine } from './safe-text.ts';

export interface Notice {
  readonly title: string;
  readonly body: string;
  /** Whether a click signs in; otherwise it shows the app. */
  readonly signsIn: boolean;
}

/** @returns Tells the person about one tenant; a click signs in or shows the app. */
export function createReminder(
  store: Store,
  notifier: Notifier,
  clock: Clock,
  onClick: { readonly signIn: (tenantId: string) => void; readonly show: () => void },
): (tenantId: string) => void {
  return (tenantId) => {
    const tenant = tenantOf(store.get(), tenantId);
    if (tenant === undefined) return;
    const { title, body, signsIn } = noticeFor(store.get(), tenant, clock.now());
    notifier.notify({
      title,
      body,
      onClick: () => {
        if (signsIn) onClick.signIn(tenantId);
        else onClick.show();
      },
    });
  };
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
  return seconds < 90 ? `${String(seconds)} s` : `${String(Math.round(seconds / 60))} min`;
}
