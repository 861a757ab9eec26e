/** What an edit of a tenant means: whether it may be, and what of its secrets goes along. */
import { failure, success } from './errors.ts';
import type { Result } from './errors.ts';
import type { Vault } from './ports.ts';
import type { Field, Provider, ProviderGrant } from './provider.ts';
import { NO_SECRETS } from './secrets.ts';
import type { TenantSecrets } from './secrets.ts';
import { tenantOf } from './state.ts';
import type { Store } from './state.ts';
import { namesIn } from './template.ts';
import { checkDraft, findGrant } from './tenant.ts';
import type { CheckedDraft, Tenant, TenantDraft } from './tenant.ts';

/** What of a tenant's secrets stays when it is edited: all, those of the form, or none. */
export type KeptSecrets = 'all' | 'fields' | 'none';

export interface JudgedDraft extends CheckedDraft {
  readonly keeps: KeptSecrets;
  /** What was stored before; undefined where there was nothing or it cannot be read. */
  readonly stored: TenantSecrets | undefined;
}

export interface DraftWorld {
  readonly store: Store;
  readonly vault: Vault;
  readonly providers: readonly Provider[];
}

/** @returns `input-invalid` with `fields`; `tenant-unknown` for a draft of a tenant that is gone. */
export async function judgeDraft(
  draft: TenantDraft,
  id: string,
  { store, vault, providers }: DraftWorld,
): Promise<Result<JudgedDraft>> {
  const before = tenantOf(store.get(), id);
  if (draft.id !== undefined && before === undefined) return failure('tenant-unknown');
  const read = await vault.read(id);
  if (!read.ok && read.error.code !== 'vault-unreadable') return read;
  const stored = read.ok ? read.value : undefined;
  // What a page says is stored is not believed
  const check = (storedSecrets: readonly string[]): Result<CheckedDraft> =>
    checkDraft({ ...draft, storedSecrets: [...storedSecrets] }, id, providers);
  const first = check(Object.keys((stored ?? NO_SECRETS).fields));
  if (!first.ok) return first;
  const definition = findGrant(providers, draft.providerId, draft.grant);
  if (definition === undefined) return failure('provider-unknown');
  const { tenant } = first.value;
  const excess = overLimit(tenant, definition, store);
  if (excess !== undefined) return failure('input-invalid', { fields: excess });
  const keeps = keptSecrets(before, tenant, definition);
  const checked = keeps === 'none' ? check([]) : first;
  if (!checked.ok) return checked;
  const copyFormat = before?.copyFormat;
  return success({
    ...checked.value,
    tenant: { ...checked.value.tenant, ...(copyFormat === undefined ? {} : { copyFormat }) },
    keeps,
    stored,
  });
}

function overLimit(
  tenant: Tenant,
  { limit }: ProviderGrant,
  store: Store,
): Readonly<Record<string, string>> | undefined {
  if (limit === undefined) return undefined;
  const same = store
    .get()
    .tenants.filter(
      (other) =>
        other.id !== tenant.id &&
        other.providerId === tenant.providerId &&
        other.grant === tenant.grant &&
        other.values[limit.field] === tenant.values[limit.field],
    );
  return same.length >= limit.most ? { [limit.field]: limit.reason } : undefined;
}

/** Fields that neither say where secrets go nor whose the token is. */
const ABOUT_THE_WAY = [
  'scopes',
  'scopeSeparator',
  'parameters',
  'redirectUri',
  'pkce',
  'clientAuthentication',
  'signInWith',
  'probeUrl',
  'headerName',
  'headerValue',
  'expiresOn',
];

/** Whether a field says where secrets go. A pasted key goes to the address at which it is tried. */
function isAboutAddress({ name, kind }: Field, definition: ProviderGrant): boolean {
  if (name === 'probeUrl') return definition.kind === 'static-key';
  if (ABOUT_THE_WAY.includes(name)) return false;
  if (kind !== 'choice') return ['url', 'host', 'label'].includes(kind);
  return textsIn({ ...definition, fields: [] }).some((text) => namesIn(text).includes(name));
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

function keptSecrets(
  before: Tenant | undefined,
  after: Tenant,
  definition: ProviderGrant,
): KeptSecrets {
  if (before === undefined) return 'all';
  if (before.providerId !== after.providerId) return 'none';
  const changed = definition.fields.filter(
    ({ name }) => before.values[name] !== after.values[name],
  );
  if (changed.some((field) => isAboutAddress(field, definition))) return 'none';
  const isSameAccount = changed.every(({ name }) => ABOUT_THE_WAY.includes(name));
  return isSameAccount && before.grant === after.grant ? 'all' : 'fields';
}

/** @returns Undefined when there is nothing to write. */
export function changedSecrets(
  { fields, token }: TenantSecrets,
  changes: Readonly<Record<string, string | null>>,
  keeps: KeptSecrets,
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
