/** The host that a tenant's renewals go to: what an outage is about, and what is not to be overrun. */
import type { Provider, ProviderGrant, Values } from './provider.ts';
import { fillUrl } from './template.ts';
import { findGrant } from './tenant.ts';
import type { Tenant } from './tenant.ts';

export type HostOf = (tenant: Tenant) => string;

/**
 * @returns The host (with port) of the first address that a renewal calls, or the tenant's id where that cannot be told.
 * Known tenants are answered from memory.
 */
export function createHostOf(providers: readonly Provider[]): HostOf {
  const known = new WeakMap<Tenant, string>();
  return (tenant) => {
    const before = known.get(tenant);
    if (before !== undefined) return before;
    const definition = findGrant(providers, tenant.providerId, tenant.grant);
    const templates = definition === undefined ? [] : addressesOf(definition, tenant.values);
    const [url] = templates.flatMap((template) => fillUrl(template, tenant.values) ?? []);
    const host = url?.host ?? tenant.id;
    known.set(tenant, host);
    return host;
  };
}

/** Templates of addresses, the likeliest first. */
function addressesOf(definition: ProviderGrant, values: Values): readonly string[] {
  switch (definition.kind) {
    case 'authorization-code':
    case 'implicit':
    case 'client-credentials': {
      const { tokenEndpoint, issuer, authorizationEndpoint } = definition.server;
      return [tokenEndpoint, issuer, authorizationEndpoint].filter((each) => each !== undefined);
    }
    case 'rest-login': {
      const { login } = definition;
      return [(typeof login === 'function' ? login(values) : login).login.url];
    }
    case 'approval':
      return [definition.poll.url, definition.start.url];
    case 'capture':
      return [definition.startUrl];
    case 'static-key':
      return definition.probe === undefined ? [] : [definition.probe.url];
  }
}
