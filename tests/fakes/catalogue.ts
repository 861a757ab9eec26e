/** A catalogue of one provider, as small as a test needs it. */
import type { Field, FieldKind, Provider, ProviderGrant } from '../../src-main/core/provider.ts';
import type { Tenant } from '../../src-main/core/tenant.ts';

/** What every grant has, to be spread into one. */
export const NAMED = { name: 'A way', summary: 'One of several.', fields: [] } as const;

export function catalogueOf(...grants: readonly ProviderGrant[]): readonly Provider[] {
  return [
    { id: 'test', name: 'Test API', summary: 'Only for tests.', group: 'any', grants: [...grants] },
  ];
}

export function field(name: string, kind: FieldKind = 'text', required = false): Field {
  return { name, label: name, kind, required, hint: 'Known to the test.' };
}

/** A tenant of that provider. */
export function tenantOfTest(
  grant: Tenant['grant'],
  values: Tenant['values'] = {},
  changes: Partial<Tenant> = {},
): Tenant {
  return {
    id: crypto.randomUUID(),
    providerId: 'test',
    grant,
    name: 'Acme production',
    colour: '#3366cc',
    notice: 'default',
    values,
    ...changes,
  };
}
