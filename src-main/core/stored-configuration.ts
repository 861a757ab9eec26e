/** What the settings file holds, and how a file of any content is read back without losing what is good in it. */
import * as v from 'valibot';
import type { AppError } from './errors.ts';
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

const SCHEMA_VERSION = 1;

/** What changes are refused with while the file is of a later version. */
export const NEWER_CONFIGURATION: AppError = {
  code: 'settings-not-saved',
  subject: 'the settings file was written by a newer version of Bearer Tray',
};

/** Whether a later version of the app wrote it: then it is shown as far as it can be read, and never written over. */
export function isNewerConfiguration(data: unknown): boolean {
  const newer = v.object({ schemaVersion: v.pipe(v.number(), v.gtValue(SCHEMA_VERSION)) });
  return v.safeParse(newer, data).success;
}

/** @returns The configuration with every entry that can be read, and whether anything had to be left out. */
export function readStoredConfiguration(data: unknown): {
  readonly configuration: StoredConfiguration;
  readonly complete: boolean;
} {
  if (data === undefined) return { configuration: EMPTY_CONFIGURATION, complete: true };
  const outer = v.safeParse(
    v.object({
      schemaVersion: v.pipe(v.number(), v.minValue(SCHEMA_VERSION)),
      tenants: v.array(v.unknown()),
      activeTenantId: v.fallback(v.nullable(v.string()), null),
      settings: storedSettings,
    }),
    data,
  );
  if (!outer.success) return { configuration: EMPTY_CONFIGURATION, complete: false };
  const tenants = new Map<string, Tenant>();
  for (const entry of outer.output.tenants) {
    const parsed = v.safeParse(tenantShape, entry);
    if (parsed.success && !tenants.has(parsed.output.id)) {
      tenants.set(parsed.output.id, parsed.output);
    }
  }
  return {
    configuration: {
      ...outer.output,
      schemaVersion: SCHEMA_VERSION,
      tenants: [...tenants.values()],
    },
    complete: tenants.size === outer.output.tenants.length,
  };
}

/** What could not be read is taken from the copy of the last change; what could be, is newer or the same. */
export function withCopy(
  configuration: StoredConfiguration,
  copy: StoredConfiguration,
): StoredConfiguration {
  const known = new Set(configuration.tenants.map(({ id }) => id));
  const isNothing = known.size === 0;
  return {
    ...configuration,
    tenants: [...configuration.tenants, ...copy.tenants.filter(({ id }) => !known.has(id))],
    activeTenantId: configuration.activeTenantId ?? copy.activeTenantId,
    settings: isNothing ? copy.settings : configuration.settings,
  };
}
