/** Every way to get a token by its name. */
import type { GrantKind, Provider, ProviderGrant } from '../provider.ts';
import { findGrant } from '../tenant.ts';
import type { Tenant } from '../tenant.ts';
import { approval } from './approval.ts';
import { authorizationCode } from './authorization-code.ts';
import { capture } from './capture.ts';
import { clientCredentials } from './client-credentials.ts';
import type { Grant, GrantOf } from './grant.ts';
import { implicit } from './implicit.ts';
import { restLogin } from './rest-login.ts';
import { staticKey } from './static-key.ts';

const BY_KIND: { readonly [Kind in GrantKind]: GrantOf<Kind> } = {
  'authorization-code': authorizationCode,
  implicit,
  'client-credentials': clientCredentials,
  'rest-login': restLogin,
  approval,
  capture,
  'static-key': staticKey,
};

/** A request's definition is always of its grant's own kind, which the type checker cannot see through the table. */
export const GRANTS = BY_KIND as Readonly<Record<GrantKind, Grant>>;

/** How a tenant gets its tokens; undefined when the catalogue does not know its provider (any more). */
export function grantOf(
  tenant: Pick<Tenant, 'providerId' | 'grant'>,
  providers: readonly Provider[],
): { readonly grant: Grant; readonly definition: ProviderGrant } | undefined {
  const definition = findGrant(providers, tenant.providerId, tenant.grant);
  return definition === undefined ? undefined : { grant: GRANTS[definition.kind], definition };
}
