/** The use cases around what is configured: tenants and settings. Saved first, then shown. */
import type { CopyFormatId } from './copy-formats.ts';
import { failure, success } from './errors.ts';
import type { Result } from './errors.ts';
import type { SettingsStore, Vault } from './ports.ts';
import type { Provider } from './provider.ts';
import { NO_SECRETS } from './secrets.ts';
import type { Sessions } from './sessions.ts';
import type { Settings } from './settings.ts';
import { reduce, tenantOf } from './state.ts';
import type { AppEvent, AppState, Store } from './state.ts';
import {
  isNewerConfiguration,
  NEWER_CONFIGURATION,
  readStoredConfiguration,
  withCopy,
} from './stored-configuration.ts';
import { judgeDraft, changedSecrets } from './tenant-changes.ts';
import { findGrant } from './tenant.ts';
import type { TenantDraft } from './tenant.ts';

export interface Tenants {
  /** Reads the settings file into the state. A file that cannot be read whole is kept aside and reported. */
  load(): void;
  /** What the form of a tenant shows; secrets only by the names of those that are stored. */
  read(tenantId: string): Promise<Result<TenantDraft>>;
  /**
   * Adds or changes a tenant and answers its id. Another client, account or way makes the token of before meaningless: it
   * is dropped. Another address gets none of the old one's secrets either.
   */
  save(draft: TenantDraft): Promise<Result<string>>;
  /** Adds a tenant for another account of the same person, with the same secrets; answers its id. */
  addAnotherAccount(tenantId: string, account: string): Promise<Result<string>>;
  /** What Copy gives from now on. */
  rememberCopyFormat(tenantId: string, copyFormat: CopyFormatId): Result<null>;
  remove(tenantId: string): Promise<Result<null>>;
  activate(tenantId: string): Result<null>;
  changeSettings(patch: Partial<Settings>): Result<null>;
}

export function createTenants(
  store: Store,
  settingsStore: SettingsStore,
  vault: Vault,
  sessions: Sessions,
  providers: readonly Provider[],
): Tenants {
  /** Nothing is shown as changed that could not be saved. */
  const commit = (event: AppEvent): Result<null> => {
    const next = reduce(store.get(), event);
    const saved = settingsStore.save(configurationOf(next));
    if (saved.ok) store.dispatch(event);
    return saved;
  };

  const tenants: Tenants = {
    load() {
      const loaded = settingsStore.load();
      const stored = loaded.ok ? loaded.value : undefined;
      const { configuration, complete } = readStoredConfiguration(stored);
      const isNewer = isNewerConfiguration(stored);
      const isWhole = loaded.ok && complete && stored !== undefined;
      const copy = isWhole || isNewer ? undefined : settingsStore.loadCopy();
      const isFirstStart = loaded.ok && stored === undefined && copy === undefined;
      if (isWhole || isNewer || isFirstStart) {
        store.dispatch({ type: 'configuration-loaded', configuration });
        if (isNewer) store.dispatch({ type: 'problem-found', problem: NEWER_CONFIGURATION });
        return;
      }
      const copied = readStoredConfiguration(copy);
      store.dispatch({
        type: 'configuration-loaded',
        configuration: withCopy(configuration, copied.configuration),
      });
      const isRestored = copy !== undefined && copied.complete;
      const isGone = loaded.ok && stored === undefined;
      const kept = isGone ? undefined : settingsStore.keepAside();
      store.dispatch({
        type: 'problem-found',
        problem: {
          code: isRestored ? 'settings-restored' : 'settings-unreadable',
          ...(kept === undefined ? {} : { subject: kept }),
        },
      });
      // With the old file kept, the next start finds a whole one and does not ask again
      if (isGone || kept !== undefined) settingsStore.save(configurationOf(store.get()));
    },

    async read(tenantId) {
      const tenant = tenantOf(store.get(), tenantId);
      if (tenant === undefined) return failure('tenant-unknown');
      const stored = await vault.read(tenantId);
      if (!stored.ok && stored.error.code !== 'vault-unreadable') return stored;
      const fields = stored.ok ? (stored.value ?? NO_SECRETS).fields : {};
      const { id, providerId, grant, name, colour, notice } = tenant;
      return success({
        id,
        providerId,
        grant,
        name,
        colour,
        values: { ...tenant.values },
        secrets: {},
        storedSecrets: Object.keys(fields),
        notice,
      });
    },

    async save(draft) {
      const id = draft.id ?? crypto.randomUUID();
      const world = { store, vault, providers };
      const before = await judgeDraft(draft, id, world);
      if (!before.ok) return before;
      const waits = before.value.keeps === 'all' ? 'wait' : 'stop';
      const saved = await sessions.alone(id, waits, async () => {
        // Again: a renewal or another edit that has ended by now has left something else
        const judged = await judgeDraft(draft, id, world);
        if (!judged.ok) return judged;
        const { tenant, secretChanges, keeps, stored } = judged.value;
        const next = changedSecrets(stored ?? NO_SECRETS, secretChanges, keeps);
        const written = next === undefined ? success(null) : await vault.write(id, next);
        const committed = written.ok ? commit({ type: 'tenant-saved', tenant }) : written;
        if (!committed.ok) {
          if (next === undefined) return committed;
          await (stored === undefined ? vault.remove(id) : vault.write(id, stored));
          return committed;
        }
        if (keeps !== 'all') sessions.forget(id);
        await sessions.load([id]);
        return success(id);
      });
      // A pasted key is there already: nobody has to ask for it
      if (saved.ok && before.value.tenant.grant === 'static-key') await sessions.signIn(id);
      return saved;
    },

    async addAnotherAccount(tenantId, account) {
      const draft = await tenants.read(tenantId);
      if (!draft.ok) return draft;
      const { id: _original, ...copy } = draft.value;
      const field = findGrant(providers, copy.providerId, copy.grant)?.anotherAccount?.field;
      if (field === undefined) return failure('provider-unknown');
      const stored = await vault.read(tenantId);
      if (!stored.ok) return stored;
      return tenants.save({
        ...copy,
        name: `${copy.name} · ${account.trim()}`,
        values: { ...copy.values, [field]: account },
        secrets: { ...(stored.value ?? NO_SECRETS).fields },
        storedSecrets: [],
      });
    },

    rememberCopyFormat(tenantId, copyFormat) {
      const tenant = tenantOf(store.get(), tenantId);
      if (tenant === undefined) return failure('tenant-unknown');
      if ((tenant.copyFormat ?? 'raw') === copyFormat) return success(null);
      return commit({ type: 'tenant-saved', tenant: { ...tenant, copyFormat } });
    },

    async remove(tenantId) {
      if (tenantOf(store.get(), tenantId) === undefined) return failure('tenant-unknown');
      return sessions.alone(tenantId, 'stop', async () => {
        const removed = await vault.remove(tenantId);
        if (!removed.ok) return removed;
        sessions.forget(tenantId);
        const saved = commit({ type: 'tenant-removed', tenantId });
        // Still in the list, but without its secrets
        if (!saved.ok) await sessions.load([tenantId]);
        return saved;
      });
    },

    activate(tenantId) {
      if (tenantOf(store.get(), tenantId) === undefined) return failure('tenant-unknown');
      return commit({ type: 'tenant-activated', tenantId });
    },

    changeSettings(patch) {
      const settings = { ...store.get().settings, ...patch };
      return commit({ type: 'settings-changed', settings });
    },
  };
  return tenants;
}

function configurationOf(state: AppState) {
  const { tenants, activeTenantId, settings } = state;
  return { schemaVersion: 1, tenants, activeTenantId, settings } as const;
}
