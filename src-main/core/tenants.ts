/** The use cases around what is configured: tenants and settings. Saved first, then shown. */
import { failure, success } from './errors.ts';
import type { Result } from './errors.ts';
import type { SettingsStore, Vault } from './ports.ts';
import type { Provider } from './provider.ts';
import { NO_SECRETS } from './secrets.ts';
import type { TenantSecrets } from './secrets.ts';
import type { Sessions } from './sessions.ts';
import type { Settings } from './settings.ts';
import { reduce, tenantOf } from './state.ts';
import type { AppEvent, AppState, Store } from './state.ts';
import { readStoredConfiguration } from './stored-configuration.ts';
import { checkDraft } from './tenant.ts';
import type { CheckedDraft, Tenant, TenantDraft } from './tenant.ts';

export interface Tenants {
  /** Reads the settings file into the state. A file that cannot be read whole is kept aside and reported. */
  load(): void;
  /** What the form of a tenant shows; secrets only by the names of those that are stored. */
  read(tenantId: string): Promise<Result<TenantDraft>>;
  /**
   * Adds or changes a tenant and answers its id. Another issuer, client or grant makes the token of before meaningless:
   * it is dropped. Another issuer gets none of the old one's secrets either.
   */
  save(draft: TenantDraft): Promise<Result<string>>;
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

  return {
    load() {
      const loaded = settingsStore.load();
      const { configuration, complete } = loaded.ok
        ? readStoredConfiguration(loaded.value)
        : { ...readStoredConfiguration(undefined), complete: false };
      store.dispatch({ type: 'configuration-loaded', configuration });
      if (complete) return;
      const copy = settingsStore.keepAside();
      store.dispatch({
        type: 'problem-found',
        problem: { code: 'settings-unreadable', ...(copy === undefined ? {} : { subject: copy }) },
      });
      // With the old file kept, the next start finds a whole one and does not ask again
      if (copy !== undefined) settingsStore.save(configurationOf(store.get()));
    },

    async read(tenantId) {
      const tenant = tenantOf(store.get(), tenantId);
      if (tenant === undefined) return failure('tenant-unknown');
      const stored = await vault.read(tenantId);
      if (!stored.ok && stored.error.code !== 'vault-unreadable') return stored;
      const fields = stored.ok ? (stored.value ?? NO_SECRETS).fields : {};
      const { id, providerId, grant, name, colour, values, notice } = tenant;
      return success({
        id,
        providerId,
        grant,
        name,
        colour,
        values: { ...values },
        secrets: {},
        storedSecrets: Object.keys(fields),
        notice,
      });
    },

    async save(draft) {
      const id = draft.id ?? crypto.randomUUID();
      const before = tenantOf(store.get(), id);
      if (draft.id !== undefined && before === undefined) return failure('tenant-unknown');
      const stored = await vault.read(id);
      if (!stored.ok && stored.error.code !== 'vault-unreadable') return stored;
      const storedNames = Object.keys(
        (stored.ok ? (stored.value ?? NO_SECRETS) : NO_SECRETS).fields,
      );
      // What a page says is stored is not believed
      const check = (storedSecrets: readonly string[]): Result<CheckedDraft> =>
        checkDraft({ ...draft, storedSecrets: [...storedSecrets] }, id, providers);
      const first = check(storedNames);
      const goesElsewhere =
        first.ok &&
        before !== undefined &&
        before.values.issuer !== first.value.tenant.values.issuer;
      const checked = goesElsewhere ? check([]) : first;
      if (!checked.ok) return checked;
      const { tenant, secretChanges } = checked.value;
      const keeps = keptSecrets(before, tenant);
      return sessions.alone(id, keeps === 'all' ? 'wait' : 'stop', async () => {
        // Read again: a renewal that has ended by now has left another refresh token
        const latest = await vault.read(id);
        if (!latest.ok && latest.error.code !== 'vault-unreadable') return latest;
        const secrets = latest.ok ? latest.value : undefined;
        const next = changedSecrets(secrets ?? NO_SECRETS, secretChanges, keeps);
        const written = next === undefined ? success(null) : await vault.write(id, next);
        const saved = written.ok ? commit({ type: 'tenant-saved', tenant }) : written;
        if (!saved.ok) {
          if (next === undefined) return saved;
          await (secrets === undefined ? vault.remove(id) : vault.write(id, secrets));
          return saved;
        }
        await sessions.load([id]);
        return success(id);
      });
    },

    async remove(tenantId) {
      if (tenantOf(store.get(), tenantId) === undefined) return failure('tenant-unknown');
      return sessions.alone(tenantId, 'stop', async () => {
        const removed = await vault.remove(tenantId);
        if (!removed.ok) return removed;
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
}

function configurationOf(state: AppState) {
  const { tenants, activeTenantId, settings } = state;
  return { schemaVersion: 1, tenants, activeTenantId, settings } as const;
}

/** What of a tenant's secrets stays when it is edited: all, those of the form, or none. */
function keptSecrets(before: Tenant | undefined, after: Tenant): 'all' | 'fields' | 'none' {
  if (before === undefined) return 'all';
  if (before.values.issuer !== after.values.issuer) return 'none';
  const sameAccount =
    before.providerId === after.providerId &&
    before.grant === after.grant &&
    before.values.clientId === after.values.clientId;
  return sameAccount ? 'all' : 'fields';
}

/** @returns Undefined when there is nothing to write. */
function changedSecrets(
  { fields, token }: TenantSecrets,
  changes: Readonly<Record<string, string | null>>,
  keeps: 'all' | 'fields' | 'none',
): TenantSecrets | undefined {
  if (keeps === 'all' && Object.keys(changes).length === 0) return undefined;
  return {
    fields: Object.fromEntries(
      Object.entries({ ...(keeps === 'none' ? {} : fields), ...changes }).filter(
        (entry): entry is [string, string] => entry[1] !== null,
      ),
    ),
    ...(token === undefined || keeps !== 'all' ? {} : { token }),
  };
}
