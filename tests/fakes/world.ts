/** The use cases wired as in `main.ts`, on fakes and real HTTP: the headless twin of the app. */
import { createActivity } from '../../src-main/core/activity.ts';
import type { Activity } from '../../src-main/core/activity.ts';
import { createCalling } from '../../src-main/core/calling.ts';
import type { CallTenant } from '../../src-main/core/calling.ts';
import { createCopying } from '../../src-main/core/copying.ts';
import type { Copying } from '../../src-main/core/copying.ts';
import { startKeeper } from '../../src-main/core/keeper.ts';
import type { Keeper } from '../../src-main/core/keeper.ts';
import { createReminder } from '../../src-main/core/notices.ts';
import { createDiscovery } from '../../src-main/core/oauth/discovery.ts';
import type { Provider } from '../../src-main/core/provider.ts';
import { createRevocations } from '../../src-main/core/revocations.ts';
import type { Revocations } from '../../src-main/core/revocations.ts';
import { createSessions } from '../../src-main/core/sessions.ts';
import type { Sessions } from '../../src-main/core/sessions.ts';
import { createStore, INITIAL_STATE, sessionOf } from '../../src-main/core/state.ts';
import type { SessionState, Store } from '../../src-main/core/state.ts';
import type { Tenant } from '../../src-main/core/tenant.ts';
import { createHostOf } from '../../src-main/core/tenant-host.ts';
import type { HostOf } from '../../src-main/core/tenant-host.ts';
import { createTenants } from '../../src-main/core/tenants.ts';
import type { Tenants } from '../../src-main/core/tenants.ts';
import { createTrial } from '../../src-main/core/trial.ts';
import type { TestDraft } from '../../src-main/core/trial.ts';
import { PROVIDERS } from '../../src-main/providers/index.ts';
import type { Internet } from '../emulators/internet.ts';
import { createMemoryClipboard } from './clipboard.memory.ts';
import type { MemoryClipboard } from './clipboard.memory.ts';
import { createManualClock } from './clock.manual.ts';
import type { ManualClock } from './clock.manual.ts';
import { createNodeHttp } from './http.node.ts';
import type { NodeHttp } from './http.node.ts';
import { createMemoryNotifier } from './notifier.memory.ts';
import type { MemoryNotifier } from './notifier.memory.ts';
import { createMemoryRenewalJournal } from './renewal-journal.memory.ts';
import type { MemoryRenewalJournal } from './renewal-journal.memory.ts';
import { createMemorySettingsStore } from './settings-store.memory.ts';
import type { MemorySettingsStore } from './settings-store.memory.ts';
import { createTokenCapture } from './token-capture.function.ts';
import type { FunctionTokenCapture } from './token-capture.function.ts';
import { createUserAgent } from './user-agent.function.ts';
import type { FunctionUserAgent } from './user-agent.function.ts';
import { createMemoryVault } from './vault.memory.ts';
import type { MemoryVault } from './vault.memory.ts';

export interface World {
  readonly clock: ManualClock;
  readonly vault: MemoryVault;
  readonly settingsStore: MemorySettingsStore;
  readonly clipboard: MemoryClipboard;
  readonly notifier: MemoryNotifier;
  readonly journal: MemoryRenewalJournal;
  readonly activity: Activity;
  readonly revocations: Revocations;
  readonly userAgent: FunctionUserAgent;
  readonly systemBrowser: FunctionUserAgent;
  readonly http: NodeHttp;
  readonly store: Store;
  readonly hostOf: HostOf;
  readonly sessions: Sessions;
  readonly tenants: Tenants;
  readonly copying: Copying;
  readonly callTenant: CallTenant;
  readonly testDraft: TestDraft;
  /** Says “closed” until told what the web app gives. */
  readonly tokenCapture: FunctionTokenCapture;
  /** As in the app: renews and notifies by the clock. */
  startKeeper(): Keeper;
  session(tenantId: string): SessionState;
  /** Another network, as a cable or a VPN that comes or goes. */
  changeNetwork(): void;
}

/** @param tenants Configured from the start; the keychain is open and their sessions are loaded. */
export async function createWorld(
  tenants: readonly Tenant[] = [],
  {
    settings,
    vault = createMemoryVault(),
    internet,
    providers = PROVIDERS,
    clock = createManualClock(),
    interrupted = [],
    http: ownHttp,
  }: WorldOptions = {},
): Promise<World> {
  const settingsStore = createMemorySettingsStore(
    settings === undefined
      ? {
          schemaVersion: 1,
          tenants,
          activeTenantId: tenants[0]?.id ?? null,
          settings: INITIAL_STATE.settings,
        }
      : settings,
  );
  const clipboard = createMemoryClipboard();
  const notifier = createMemoryNotifier();
  const userAgent = createUserAgent(undefined, internet?.fetch);
  const systemBrowser = createUserAgent(undefined, internet?.fetch);
  const tokenCapture = createTokenCapture();
  const http = ownHttp ?? createNodeHttp(clock, internet);
  const store = createStore();
  const discovery = createDiscovery(http.http, clock);
  const grantWorld = {
    clock,
    http: http.http,
    discovery,
    loginWindow: userAgent,
    systemBrowser,
    tokenCapture,
  };
  const journal = createMemoryRenewalJournal(interrupted);
  let networks = 0;
  const hostOf = createHostOf(providers);
  const activity = createActivity(store, clock);
  const revocations = createRevocations(clock);
  const sessions = createSessions(
    { store, vault, providers, hostOf, journal, revocations },
    grantWorld,
  );
  const tenantsUseCases = createTenants(store, settingsStore, vault, sessions, providers);
  const copying = createCopying({
    store,
    vault,
    sessions,
    tenants: tenantsUseCases,
    providers,
    clipboard,
    clock,
  });
  // Calls that take time by the clock keep a renewal under way as long as it stands still
  clock.busyWhile(() => http.underWay() > 0 || (ownHttp === undefined && isRenewing(store)));
  tenantsUseCases.load();
  await sessions.load();
  store.dispatch({ type: 'keychain-changed', keychain: 'open', trouble: null });
  return {
    clock,
    vault,
    settingsStore,
    clipboard,
    notifier,
    journal,
    activity,
    revocations,
    userAgent,
    systemBrowser,
    http,
    store,
    hostOf,
    sessions,
    tenants: tenantsUseCases,
    copying,
    callTenant: createCalling({ store, vault, sessions, providers, clock, http: http.http }),
    testDraft: createTrial({ store, vault, providers }, grantWorld),
    tokenCapture,
    startKeeper: () =>
      startKeeper(
        {
          store,
          clock,
          network: { fingerprint: () => `network ${String(networks)}` },
          hostOf,
        },
        {
          renew: (tenantId) => void sessions.renew(tenantId),
          hasRoom: (tenantId) => sessions.hasRoom(tenantId),
          ...createReminder(
            store,
            notifier,
            clock,
            {
              signIn: (tenantId) => void sessions.signIn(tenantId),
              show: () => undefined,
            },
            hostOf,
          ),
        },
      ),
    changeNetwork() {
      networks += 1;
    },
    session: (tenantId) => sessionOf(store.get(), tenantId),
  };
}

function isRenewing(store: Store): boolean {
  for (const { phase } of store.get().sessions.values()) {
    if (phase.kind === 'renewing') return true;
  }
  return false;
}

export interface WorldOptions {
  /** What the settings file holds instead. */
  readonly settings?: unknown;
  /** One that already holds secrets. */
  readonly vault?: MemoryVault;
  /** Where the vendors' hosts are found. */
  readonly internet?: Internet;
  /** Another catalogue. */
  readonly providers?: readonly Provider[];
  readonly clock?: ManualClock;
  /** Tenants whose renewal an earlier run of the app has left open. */
  readonly interrupted?: readonly string[];
  /** Instead of real HTTP: for more calls than that can carry. */
  readonly http?: NodeHttp;
}

/** A tenant as its form would make it. */
export function tenantAt(
  issuer: string,
  changes: Partial<Omit<Tenant, 'values'>> & { readonly values?: Tenant['values'] } = {},
): Tenant {
  return {
    id: crypto.randomUUID(),
    providerId: 'oidc',
    grant: 'authorization-code',
    name: 'Acme production',
    colour: '#3366cc',
    notice: 'default',
    ...changes,
    values: {
      issuer,
      clientId: 'test-client',
      redirectUri: 'https://localhost/callback',
      scopes: 'openid offline_access',
      ...changes.values,
    },
  };
}
