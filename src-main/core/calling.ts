/** “Is my token good?”: sends a tenant's probe request with its token. */
import { failure } from './errors.ts';
import type { Result } from './errors.ts';
import type { Clock, Http, Vault } from './ports.ts';
import { callProbe } from './probe.ts';
import type { ProbeAnswer } from './probe.ts';
import type { Provider } from './provider.ts';
import { NO_SECRETS } from './secrets.ts';
import type { Sessions } from './sessions.ts';
import { tenantOf } from './state.ts';
import type { Store } from './state.ts';
import { findGrant } from './tenant.ts';
import type { TokenSet } from './token.ts';

/** Says with a tenant's probe request whether its token is good. */
export type CallTenant = (tenantId: string) => Promise<Result<ProbeAnswer>>;

export interface CallingWorld {
  readonly store: Store;
  readonly vault: Vault;
  readonly sessions: Sessions;
  readonly providers: readonly Provider[];
  readonly clock: Clock;
  readonly http: Http;
}

const REFUSED_STATUSES = [401, 403];

/**
 * The token is renewed first where it is about to end. One whose end nobody has told is renewed when the probe finds it
 * dead, and the probe is sent again.
 */
export function createCalling(world: CallingWorld): CallTenant {
  const { store, vault, sessions, providers } = world;

  const call = async (tenantId: string, token: TokenSet): Promise<Result<ProbeAnswer>> => {
    const tenant = tenantOf(store.get(), tenantId);
    if (tenant === undefined) return failure('tenant-unknown');
    const definition = findGrant(providers, tenant.providerId, tenant.grant);
    if (definition === undefined) return failure('provider-unknown');
    const stored = await vault.read(tenantId);
    if (!stored.ok) return stored;
    const { fields } = stored.value ?? NO_SECRETS;
    return callProbe(world, { tenant, definition, secrets: { fields, token } });
  };

  return async (tenantId) => {
    const { minimumValiditySeconds } = store.get().settings;
    const fresh = await sessions.freshToken(tenantId, minimumValiditySeconds * 1000);
    if (!fresh.ok) return fresh;
    const { token, renewed } = fresh.value;
    const first = await call(tenantId, token);
    const mayHaveEnded =
      first.ok && REFUSED_STATUSES.includes(first.value.status) && token.expiresAtMs === undefined;
    if (!mayHaveEnded || renewed || !sessions.canRenew(tenantId)) return first;
    const next = await sessions.renew(tenantId, token);
    return next.ok ? call(tenantId, next.value) : first;
  };
}
