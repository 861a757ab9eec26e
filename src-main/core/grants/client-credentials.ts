/** Client credentials (RFC 6749 §4.4): a token for the client itself, asked for again when it runs out. */
import { requestAsClient } from '../oauth/token-endpoint.ts';
import type { Grant } from './grant.ts';
import { connectTenant, extraParameters, revokeToken } from './oauth-client.ts';

const ask: Grant['signIn'] = async (world, request) => {
  const connection = await connectTenant(world, request);
  if (!connection.ok) return connection;
  return requestAsClient(
    connection.value,
    { scope: request.tenant.values.scopes ?? '', parameters: extraParameters(request) },
    world.clock,
    request.signal,
  );
};

export const clientCredentials: Grant = {
  interactive: false,
  canRenew: (token) => token !== undefined,
  signIn: ask,
  renew: ask,
  revoke: revokeToken,
};
