/** The app's one state: metadata only, never a secret. Changed by events through `reduce`, watched through the store. */
import { withoutCause } from './errors.ts';
import type { AppError, ErrorCode } from './errors.ts';
import { isOutcomeUnknown } from './outages.ts';
import type { Outage } from './outages.ts';
import type { KeychainState, PageFacts } from './ports.ts';
import { EMPTY_CONFIGURATION } from './stored-configuration.ts';
import type { StoredConfiguration } from './stored-configuration.ts';
import type { Settings } from './settings.ts';
import type { Tenant } from './tenant.ts';
import type { TokenSet } from './token.ts';

export interface AppState {
  readonly tenants: readonly Tenant[];
  readonly activeTenantId: string | null;
  readonly settings: Settings;
  /** By tenant id; a tenant without an entry is signed out. */
  readonly sessions: ReadonlyMap<string, SessionState>;
  readonly keychain: KeychainState;
  readonly keychainTrouble: AppError | null;
  /** A keychain that takes long is most likely waiting for the person to unlock it. */
  readonly keychainIsSlow: boolean;
  readonly tray: 'pending' | 'shown' | 'no-host';
  readonly problems: readonly AppError[];
  /** Hosts that cannot be reached at the moment; see `tenant-host.ts`. */
  readonly outages: ReadonlyMap<string, Outage>;
  /** How far the computer's clock has been set ahead since the app started; instants here are those of `Clock.now`. */
  readonly wallAheadMs: number;
  /** The row to be looked at, and how often one was pointed at. */
  readonly spotlight: {
    readonly tenantId: string;
    readonly count: number;
    readonly atMs: number;
  } | null;
}

/** What may be known about a tenant's token outside the vault. */
export interface TokenFacts {
  readonly issuedAtMs: number;
  readonly expiresAtMs?: number;
  readonly scope?: string;
  readonly account?: string;
  /** End of what renews it. */
  readonly refreshExpiresAtMs?: number;
  /** The next one can be had without a person. */
  readonly renewable: boolean;
}

export interface SessionState {
  readonly token?: TokenFacts;
  readonly phase: Phase;
  /** The person was told about the coming (or past) end of this very token. */
  readonly noticed: boolean;
  /** The person was told that the sign-in itself ends soon. */
  readonly warned?: boolean;
  /** When the end of the sign-in was first told; absent: with this very token. */
  readonly endToldAtMs?: number;
  /** A renewal may have reached the provider without its answer reaching us: its refresh token may be used up. */
  readonly outcomeUnknown?: boolean;
}

export type Phase =
  | { readonly kind: 'idle' }
  | { readonly kind: 'signing-in'; readonly page?: PageFacts }
  | { readonly kind: 'renewing' }
  | {
      readonly kind: 'retrying';
      readonly error: AppError;
      /** Where the host cannot be reached at all, its outage says when instead. */
      readonly retryAtMs: number;
      readonly failedAtMs: number;
      /** When the first of these attempts failed. */
      readonly sinceMs: number;
      /** Failed attempts in a row. */
      readonly failures: number;
    }
  /** No error: the token ran out and nothing renews it. */
  | { readonly kind: 'sign-in-needed'; readonly error?: AppError }
  | { readonly kind: 'misconfigured'; readonly error: AppError }
  | { readonly kind: 'locked' };

export type AppEvent =
  | { readonly type: 'configuration-loaded'; readonly configuration: StoredConfiguration }
  | { readonly type: 'tenant-saved'; readonly tenant: Tenant }
  | { readonly type: 'tenant-removed'; readonly tenantId: string }
  | { readonly type: 'tenant-activated'; readonly tenantId: string }
  | { readonly type: 'settings-changed'; readonly settings: Settings }
  | {
      readonly type: 'keychain-changed';
      readonly keychain: KeychainState;
      readonly trouble: AppError | null;
    }
  | { readonly type: 'keychain-slow' }
  | { readonly type: 'sessions-loaded'; readonly sessions: ReadonlyMap<string, SessionState> }
  | {
      readonly type: 'phase-changed';
      readonly tenantId: string;
      readonly phase: Phase;
      /** Why, where the phase itself does not tell; for the timeline only. */
      readonly because?: AppError;
    }
  | { readonly type: 'token-received'; readonly tenantId: string; readonly token: TokenFacts }
  | { readonly type: 'signed-out'; readonly tenantId: string }
  | { readonly type: 'noticed'; readonly tenantId: string }
  | { readonly type: 'warned'; readonly tenantId: string }
  | { readonly type: 'tray-changed'; readonly tray: AppState['tray'] }
  | { readonly type: 'problem-found'; readonly problem: AppError }
  | { readonly type: 'problem-solved'; readonly code: ErrorCode }
  | { readonly type: 'outage-changed'; readonly host: string; readonly outage: Outage | null }
  /** The network has changed, the computer woke up, or somebody looks: hosts are tried again now. */
  | { readonly type: 'hurried'; readonly nowMs: number }
  | { readonly type: 'wall-clock-moved'; readonly wallAheadMs: number }
  /** Nobody is left who could find out whether the host is back. */
  | { readonly type: 'outage-forgotten'; readonly host: string }
  | { readonly type: 'pointed-at'; readonly tenantId: string; readonly nowMs: number };

export const INITIAL_STATE: AppState = {
  tenants: EMPTY_CONFIGURATION.tenants,
  activeTenantId: null,
  settings: EMPTY_CONFIGURATION.settings,
  sessions: new Map(),
  keychain: 'opening',
  keychainTrouble: null,
  keychainIsSlow: false,
  tray: 'pending',
  problems: [],
  outages: new Map(),
  wallAheadMs: 0,
  spotlight: null,
};

const SIGNED_OUT: SessionState = { phase: { kind: 'idle' }, noticed: false };

export function sessionOf(state: AppState, tenantId: string): SessionState {
  return state.sessions.get(tenantId) ?? SIGNED_OUT;
}

export function tenantOf(state: AppState, tenantId: string): Tenant | undefined {
  return state.tenants.find(({ id }) => id === tenantId);
}

export function factsOf(token: TokenSet, renewable: boolean): TokenFacts {
  const { issuedAtMs, expiresAtMs, refreshExpiresAtMs, scope, account } = token;
  return {
    issuedAtMs,
    renewable,
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    ...(refreshExpiresAtMs === undefined ? {} : { refreshExpiresAtMs }),
    ...(scope === undefined ? {} : { scope }),
    ...(account === undefined ? {} : { account }),
  };
}

export function reduce(state: AppState, event: AppEvent): AppState {
  switch (event.type) {
    case 'configuration-loaded': {
      const { tenants, activeTenantId, settings } = event.configuration;
      return { ...state, tenants, settings, activeTenantId: existing(tenants, activeTenantId) };
    }
    case 'tenant-saved': {
      const known = state.tenants.some(({ id }) => id === event.tenant.id);
      const tenants = known
        ? state.tenants.map((tenant) => (tenant.id === event.tenant.id ? event.tenant : tenant))
        : [...state.tenants, event.tenant];
      return { ...state, tenants, activeTenantId: state.activeTenantId ?? event.tenant.id };
    }
    case 'tenant-removed': {
      const tenants = state.tenants.filter(({ id }) => id !== event.tenantId);
      const sessions = new Map(state.sessions);
      sessions.delete(event.tenantId);
      return {
        ...state,
        tenants,
        sessions,
        activeTenantId: existing(tenants, state.activeTenantId),
      };
    }
    case 'tenant-activated':
      return { ...state, activeTenantId: existing(state.tenants, event.tenantId) };
    case 'settings-changed':
      return { ...state, settings: event.settings };
    case 'keychain-changed':
      return {
        ...state,
        keychain: event.keychain,
        keychainTrouble: event.trouble,
        keychainIsSlow: false,
      };
    case 'keychain-slow':
      return { ...state, keychainIsSlow: state.keychain === 'opening' };
    case 'sessions-loaded':
      return { ...state, sessions: new Map([...state.sessions, ...event.sessions]) };
    case 'phase-changed':
      return withSession(state, event.tenantId, (session) => ({
        ...session,
        phase: withoutSecrets(event.phase),
        ...(isLost(session.phase, event.phase) ? { outcomeUnknown: true } : {}),
        noticed: session.noticed && !isEndOfRenewal(session.phase, event.phase),
      }));
    case 'token-received':
      return withSession(state, event.tenantId, (before) => {
        const session = { token: event.token, phase: { kind: 'idle' }, noticed: false } as const;
        const { token, warned = false } = before;
        if (token === undefined || !endsTogether(token, event.token))
          return { ...session, warned: false };
        return { ...session, warned, endToldAtMs: before.endToldAtMs ?? token.issuedAtMs };
      });
    case 'signed-out':
      return withSession(state, event.tenantId, () => SIGNED_OUT);
    case 'noticed':
      return withSession(state, event.tenantId, (session) => ({ ...session, noticed: true }));
    case 'warned':
      return withSession(state, event.tenantId, (session) => ({ ...session, warned: true }));
    case 'tray-changed':
      return { ...state, tray: event.tray };
    case 'problem-found': {
      const problem = withoutCause(event.problem);
      return { ...state, problems: [...withoutProblem(state, problem.code), problem] };
    }
    case 'problem-solved': {
      const problems = withoutProblem(state, event.code);
      return problems.length === state.problems.length ? state : { ...state, problems };
    }
    case 'outage-changed': {
      if (event.outage === null && !state.outages.has(event.host)) return state;
      const outages = new Map(state.outages);
      if (event.outage === null) outages.delete(event.host);
      else outages.set(event.host, event.outage);
      return { ...state, outages };
    }
    case 'outage-forgotten': {
      const outages = new Map(state.outages);
      return outages.delete(event.host) ? { ...state, outages } : state;
    }
    case 'hurried':
      return hurried(state, event.nowMs);
    case 'wall-clock-moved':
      return { ...state, wallAheadMs: event.wallAheadMs };
    case 'pointed-at': {
      const count = (state.spotlight?.count ?? 0) + 1;
      return { ...state, spotlight: { tenantId: event.tenantId, count, atMs: event.nowMs } };
    }
  }
}

function hurried(state: AppState, nowMs: number): AppState {
  const outages = new Map<string, Outage>();
  for (const [host, outage] of state.outages) {
    // A network is often there some seconds before it works: the waits begin anew
    outages.set(host, { ...outage, failures: 0, retryAtMs: Math.min(outage.retryAtMs, nowMs) });
  }
  const sessions = new Map(state.sessions);
  for (const [id, session] of state.sessions) {
    const { phase } = session;
    // Somebody else than the provider has answered, a hotel's network for example, which may have let us in by now
    if (phase.kind !== 'retrying' || !isByAnother(phase.error.code)) continue;
    const retryAtMs = Math.min(phase.retryAtMs, nowMs);
    sessions.set(id, { ...session, phase: { ...phase, retryAtMs } });
  }
  return { ...state, outages, sessions };
}

function isByAnother(code: ErrorCode): boolean {
  return code === 'not-the-provider' || code === 'redirect-refused';
}

/** An attempt that nobody answered may have been heard all the same. */
function isLost(before: Phase, after: Phase): boolean {
  return before.kind === 'renewing' && after.kind === 'retrying' && isOutcomeUnknown(after.error);
}

function withoutProblem({ problems }: AppState, code: ErrorCode): readonly AppError[] {
  return problems.filter((problem) => problem.code !== code);
}

function withoutSecrets(phase: Phase): Phase {
  return 'error' in phase ? { ...phase, error: withoutCause(phase.error) } : phase;
}

/** The provider tells a span, so the same end differs by the way of an answer. */
const SAME_END_MS = 60_000;

/** Whether the sign-in still ends when it did, although there is another token. */
function endsTogether(before: TokenFacts, after: TokenFacts): boolean {
  const differenceMs = (before.refreshExpiresAtMs ?? NaN) - (after.refreshExpiresAtMs ?? NaN);
  return Math.abs(differenceMs) < SAME_END_MS;
}

/** Whoever was told "is renewed now" has to be told too that it was not. */
function isEndOfRenewal(before: Phase, after: Phase): boolean {
  return (
    before.kind === 'renewing' &&
    (after.kind === 'sign-in-needed' || after.kind === 'misconfigured')
  );
}

/** Events for a tenant that was removed meanwhile change nothing. */
function withSession(
  state: AppState,
  tenantId: string,
  change: (session: SessionState) => SessionState,
): AppState {
  if (tenantOf(state, tenantId) === undefined) return state;
  const sessions = new Map(state.sessions);
  sessions.set(tenantId, change(sessionOf(state, tenantId)));
  return { ...state, sessions };
}

function existing(tenants: readonly Tenant[], id: string | null): string | null {
  return tenants.some((tenant) => tenant.id === id) ? id : (tenants[0]?.id ?? null);
}

export interface Store {
  get(): AppState;
  dispatch(event: AppEvent): void;
  /** Told after each event; the returned function ends it. */
  subscribe(listener: StateListener): () => void;
}

export type StateListener = (state: AppState, event: AppEvent, before: AppState) => void;

export function createStore(initial: AppState = INITIAL_STATE): Store {
  let state = initial;
  const listeners = new Set<StateListener>();
  return {
    get: () => state,
    dispatch(event) {
      const next = reduce(state, event);
      const before = state;
      if (next === before) return;
      state = next;
      for (const listener of [...listeners]) listener(next, event, before);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
