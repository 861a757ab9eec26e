/** From a tenant's fields to a connection with its provider; shared by the OAuth grants. */
import { failure } from '../errors.ts';
import type { Result } from '../errors.ts';
import { connect } from '../oauth/provider-connection.ts';
import type { ProviderConnection } from '../oauth/provider-connection.ts';
import { revoke } from '../oauth/revoke.ts';
import { parseParameters } from '../tenant.ts';
import type { GrantRequest, GrantWorld } from './grant.ts';

export async function connectTenant(
  world: GrantWorld,
  request: GrantRequest,
): Promise<Result<ProviderConnection>> {
  const { tenant, secrets, signal } = request;
  const { issuer, clientId } = tenant.values;
  if (issuer === undefined || clientId === undefined) {
    return failure('input-invalid', { subject: 'issuer or client id' });
  }
  const server = await world.discovery.find(issuer, signal);
  if (!server.ok) return server;
  return {
    ok: true,
    value: connect(server.value, clientId, secrets.fields['clientSecret'], world.http),
  };
}

export function extraParameters(request: GrantRequest): readonly (readonly [string, string])[] {
  const parsed = parseParameters(request.tenant.values.parameters ?? '');
  return parsed.ok ? parsed.value : [];
}

export async function revokeToken(
  world: GrantWorld,
  request: GrantRequest,
): Promise<Result<'confirmed' | 'not-offered'>> {
  const { token } = request.secrets;
  if (token === undefined) return { ok: true, value: 'not-offered' };
  const connection = await connectTenant(world, request);
  return connection.ok ? revoke(connection.value, token, request.signal) : connection;
}
