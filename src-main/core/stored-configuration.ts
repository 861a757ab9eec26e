/** What the settings file holds, and how a file of any content is read back without losing what is good in it. */
import * as v from 'valibot';
import { DEFAULT_SETTINGS, storedSettings } from './settings.ts';
import type { Settings } from './settings.ts';
import { tenantShape } from './tenant.ts';
import type { Tenant } from './tenant.ts';

export interface StoredConfiguration {
  readonly schemaVersion: 1;
  readonly tenants: readonly Tenant[];
  readonly activeTenantId: string | null;
  readonly settings: Settings;
}

export const EMPTY_CONFIGURATION: StoredConfiguration = {
  schemaVersion: 1,
  tenants: [],
  activeTenantId: null,
  settings: DEFAULT_SETTINGS,
};

/**
 * @returns The configuration with every entry that can be read, and whether anything had to be left out.
 * A file of a later version counts as unreadable: it is kept aside before anything is saved.
 */
export function readStoredConfiguration(data: unknown): {
  readonly configuration: StoredConfiguration;
  readonly complete: boolean;
} {
  if (data === undefined) return { configuration: EMPTY_CONFIGURATION, complete: true };
  const outer = v.safeParse(
    v.object({
      schemaVersion: v.literal(1),
      tenants: v.array(v.unknown()),
      activeTenantId: v.fallback(v.nullable(v.string()), null),
      settings: storedSettings,
    }),
    data,
  );
  if (!outer.success) return { configuration: EMPTY_CONFIGURATION, complete: false };
  const tenants: Tenant[] = [];
  for (const entry of outer.output.tenants) {
    const parsed = v.safeParse(tenantShape, entry);
    if (parsed.success && !tenants.some(({ id }) => id === parsed.output.id))
      tenants.push(parsed.output);
  }
  return {
    configuration: { ...outer.output, tenants },
    complete: tenants.length === outer.output.tenants.length,
  };
}
