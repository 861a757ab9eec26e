/** Pure: what main knows → what our pages are told. The only way out of main; holds no secret by its types. */
import type {
  ActivityEntry,
  ErrorView,
  KeychainView,
  ProviderForm,
  Snapshot,
  TenantRow,
  TenantStatus,
} from '../contract/ipc.ts';
import type { Deed } from '../core/activity.ts';
import { describe } from '../core/error-texts.ts';
import type { AppError } from '../core/errors.ts';
import { GRANTS } from '../core/grants/all-grants.ts';
import type { Provider } from '../core/provider.ts';
import { sessionOf, tenantOf } from '../core/state.ts';
import type { AppState, SessionState } from '../core/state.ts';
import { findGrant } from '../core/tenant.ts';
import type { HostOf } from '../core/tenant-host.ts';
import type { Tenant } from '../core/tenant.ts';

/** Instants are told as the computer's clock counts them, because that is what a page compares them with. */
export function snapshotOf(
  state: AppState,
  providers: readonly Provider[],
  hostOf: HostOf,
): Snapshot {
  return {
    tenants: state.tenants.map((tenant) => rowOf(state, tenant, providers, hostOf)),
    activeTenantId: state.activeTenantId,
    settings: state.settings,
    keychain: keychainOf(state),
    tray: state.tray,
    problems: state.problems.map((problem) => errorView(problem, null)),
    spotlight:
      state.spotlight === null
        ? null
        : { ...state.spotlight, atMs: state.spotlight.atMs + state.wallAheadMs },
  };
}

export function activityEntry(state: AppState, deed: Deed): ActivityEntry {
  const { kind, tenantId, host, error, durationMs, firstAtMs, lastAtMs, count } = deed;
  const name = tenantId === undefined ? null : (tenantOf(state, tenantId)?.name ?? null);
  return {
    kind,
    tenantId: tenantId ?? null,
    tenantName: name,
    firstAtMs: firstAtMs + state.wallAheadMs,
    lastAtMs: lastAtMs + state.wallAheadMs,
    count,
    durationMs: durationMs ?? null,
    host: host ?? error?.host ?? null,
    error: error === undefined ? null : errorView(error, name),
  };
}

export function errorView(error: AppError, tenantName: string | null): ErrorView {
  return {
    code: error.code,
    ...describe(error, tenantName),
    detail: error.detail ?? null,
    fields: error.fields ?? null,
  };
}

function rowOf(
  state: AppState,
  tenant: Tenant,
  providers: readonly Provider[],
  hostOf: HostOf,
): TenantRow {
  const session = sessionOf(state, tenant.id);
  const { token, phase } = session;
  const provider = providers.find(({ id }) => id === tenant.providerId);
  const definition = findGrant(providers, tenant.providerId, tenant.grant);
  const outage = token?.renewable === true ? state.outages.get(hostOf(tenant)) : undefined;
  const shown = (atMs: number | undefined): number | null =>
    atMs === undefined ? null : atMs + state.wallAheadMs;
  return {
    id: tenant.id,
    name: tenant.name,
    colour: tenant.colour,
    providerName: provider?.name ?? tenant.providerId,
    grantName: definition?.name ?? tenant.grant,
    account: token?.account ?? null,
    status: statusOf(state, session, tenant.name),
    expiresAtMs: shown(token?.expiresAtMs),
    issuedAtMs: shown(token?.issuedAtMs),
    interactive: GRANTS[tenant.grant].interactive,
    renewable: token?.renewable ?? false,
    scope: token?.scope ?? null,
    signInEndsAtMs: shown(token?.refreshExpiresAtMs),
    copyFormat: tenant.copyFormat ?? 'raw',
    mark: definition?.mark ?? null,
    callable: definition?.probe !== undefined || tenant.values.probeUrl !== undefined,
    anotherAccountLabel: definition?.anotherAccount?.label ?? null,
    removalNote: definition?.removalNote ?? null,
    signIn:
      phase.kind === 'signing-in' && phase.page !== undefined
        ? { ...phase.page, inBrowser: phase.page.inBrowser === true }
        : null,
    outage:
      outage === undefined
        ? null
        : {
            sinceMs: outage.sinceMs + state.wallAheadMs,
            retryAtMs: outage.retryAtMs + state.wallAheadMs,
            error: errorView(outage.error, tenant.name),
          },
  };
}

function statusOf(state: AppState, session: SessionState, name: string): TenantStatus {
  const { phase, token } = session;
  switch (phase.kind) {
    case 'idle':
      if (token !== undefined) return { kind: 'fresh' };
      // Until the keychain has answered nobody knows
      return state.keychain === 'opening' ? { kind: 'locked' } : { kind: 'signed-out' };
    case 'signing-in':
    case 'renewing':
    case 'locked':
      return { kind: phase.kind };
    case 'retrying':
      return {
        kind: 'retrying',
        error: errorView(phase.error, name),
        retryAtMs: phase.retryAtMs + state.wallAheadMs,
        sinceMs: phase.sinceMs + state.wallAheadMs,
        failures: phase.failures,
      };
    case 'sign-in-needed':
      return {
        kind: 'sign-in-needed',
        error: phase.error === undefined ? null : errorView(phase.error, name),
      };
    case 'misconfigured':
      return { kind: 'misconfigured', error: errorView(phase.error, name) };
  }
}

function keychainOf(state: AppState): KeychainView {
  if (state.keychainTrouble !== null) {
    const { message, nextStep } = describe(state.keychainTrouble, null);
    return { state: state.keychain, message: `${message} ${nextStep}` };
  }
  return {
    state: state.keychain,
    message: state.keychainIsSlow
      ? 'Waiting for the keychain. Your desktop may be asking for its password.'
      : null,
  };
}

export function providerForms(providers: readonly Provider[]): readonly ProviderForm[] {
  return providers.map(({ id, name, summary, group, documentation, grants }) => ({
    id,
    name,
    summary,
    group,
    hasDocumentation: documentation !== undefined,
    grants: grants.map((grant) => ({
      id: grant.kind,
      name: grant.name,
      summary: grant.summary,
      fields: grant.fields.map((field) => ({
        name: field.name,
        label: field.label,
        kind: field.kind,
        required: field.required,
        hint: field.hint,
        hasLink: field.link !== undefined,
        options: field.options ?? [],
        placeholder: field.placeholder ?? '',
        initial: field.initial ?? '',
        advanced: field.advanced ?? false,
      })),
    })),
  }));
}

/** What the tray icon shows: something needs the person, something is under way, or all is calm. */
export type Mood = 'calm' | 'renewing' | 'attention';

export function moodOf(state: AppState): Mood {
  const phases = state.tenants.map(({ id }) => sessionOf(state, id).phase.kind);
  const needsPerson = phases.some((kind) => kind === 'sign-in-needed' || kind === 'misconfigured');
  if (needsPerson || state.keychain === 'locked') return 'attention';
  return phases.some((kind) => kind === 'renewing' || kind === 'signing-in') ? 'renewing' : 'calm';
}
