/** Authorization code with PKCE (RFC 6749 §4.1, RFC 7636): a person signs in, refresh tokens keep it fresh (RFC 6749 §6). */
import { failure } from '../errors.ts';
import { startAuthorization } from '../oauth/authorize.ts';
import { isOurs, readCallback } from '../oauth/callback.ts';
import { exchangeCode, refresh } from '../oauth/token-endpoint.ts';
import type { Grant } from './grant.ts';
import { connectTenant, extraParameters, revokeToken } from './oauth-client.ts';

export const authorizationCode: Grant = {
  interactive: true,
  canRenew: (token) => token?.refreshToken !== undefined,

  async signIn(world, request) {
    const { tenant, signal } = request;
    const { redirectUri } = tenant.values;
    if (redirectUri === undefined) return failure('input-invalid', { subject: 'redirect URI' });
    const connection = await connectTenant(world, request);
    if (!connection.ok) return connection;
    const started = await startAuthorization(connection.value, {
      redirectUri,
      scope: tenant.values.scopes ?? '',
      parameters: extraParameters(request),
    });
    if (!started.ok) return started;
    const { url, attempt } = started.value;
    const outcome = await world.userAgent.authorize({
      tenantId: tenant.id,
      tenantName: tenant.name,
      url,
      redirectUri,
      isOurs: (answer) => isOurs(answer, attempt),
      onPage: request.onPage,
      signal,
    });
    switch (outcome.kind) {
      case 'closed':
        return failure('sign-in-cancelled');
      case 'page-failed':
        return failure('page-failed', { host: outcome.host, subject: outcome.reason });
      case 'answered': {
        const callback = readCallback(outcome.answer, attempt);
        return callback.ok ? exchangeCode(attempt, callback.value, world.clock, signal) : callback;
      }
    }
  },

  async renew(world, request) {
    const { token } = request.secrets;
    if (token?.refreshToken === undefined) return failure('sign-in-needed');
    const connection = await connectTenant(world, request);
    if (!connection.ok) return connection;
    return refresh(
      connection.value,
      { ...token, refreshToken: token.refreshToken },
      world.clock,
      request.signal,
    );
  },

  revoke: revokeToken,
};
