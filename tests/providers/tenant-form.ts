/** Adds tenants as their form does: initial values first, then what a person typed. */
import { expect } from 'vitest';
import { describe } from '../../src-main/core/error-texts.ts';
import type { AppError, Result } from '../../src-main/core/errors.ts';
import type { GrantKind, Provider } from '../../src-main/core/provider.ts';
import type { TenantDraft } from '../../src-main/core/tenant.ts';
import type { TokenSet } from '../../src-main/core/token.ts';
import type { World } from '../fakes/world.ts';

export const TENANT_NAME = 'Acme production';

type Typed = Readonly<Record<string, string>>;

/** @param typed Field name → what a person enters; the fields' kinds say what of it is secret. */
export function draftOf(provider: Provider, kind: GrantKind, typed: Typed): TenantDraft {
  const grant = provider.grants.find((each) => each.kind === kind);
  if (grant === undefined) throw new Error(`${provider.name} has no ${kind}`);
  const unknown = Object.keys(typed).filter(
    (name) => !grant.fields.some((field) => field.name === name),
  );
  if (unknown.length > 0) throw new Error(`${provider.name} has no field ${unknown.join(', ')}`);
  const of = (isSecret: boolean): Record<string, string> =>
    Object.fromEntries(
      grant.fields
        .filter((field) => (field.kind === 'secret') === isSecret)
        .map(({ name, initial }) => [name, typed[name] ?? initial ?? ''] as const)
        .filter(([, value]) => value !== ''),
    );
  return {
    providerId: provider.id,
    grant: kind,
    name: TENANT_NAME,
    colour: '#3366cc',
    values: of(false),
    secrets: of(true),
    storedSecrets: [],
    notice: 'default',
  };
}

export async function addTenant(
  world: World,
  provider: Provider,
  kind: GrantKind,
  typed: Typed,
): Promise<string> {
  return valueOf(await world.tenants.save(draftOf(provider, kind, typed)));
}

export function valueOf<Value>(result: Result<Value>): Value {
  if (!result.ok) throw new Error(JSON.stringify({ ...result.error, cause: undefined }));
  return result.value;
}

/** What the vault holds for the tenant. */
export function tokenOf(world: World, tenantId: string): TokenSet {
  const token = world.vault.stored.get(tenantId)?.token;
  if (token === undefined) throw new Error('There is no token');
  return token;
}

/** Milliseconds; undefined: unknown. */
export function lifeOf({ issuedAtMs, expiresAtMs }: TokenSet): number | undefined {
  return expiresAtMs === undefined ? undefined : expiresAtMs - issuedAtMs;
}

/** A failure of this code, told with the tenant's name, a next step and none of the secrets. */
export function expectFailure(
  result: Result<unknown>,
  code: AppError['code'],
  secrets: readonly string[],
): AppError {
  if (result.ok) throw new Error('It did not fail');
  const { error } = result;
  expect({ code: error.code, detail: error.detail }).toEqual({ code, detail: error.detail });
  const text = describe(error, TENANT_NAME);
  expect(text.message).toContain(TENANT_NAME);
  expect(text.nextStep).not.toBe('');
  const told = JSON.stringify([text, { ...error, cause: undefined }]);
  for (const secret of secrets) expect(told).not.toContain(secret);
  return error;
}
