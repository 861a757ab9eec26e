/** Authorization code with PKCE (RFC 6749 §4.1, RFC 7636): a person signs in, refresh tokens keep it fresh (RFC 6749 §6). */
import { failure, success } from '../errors.ts';
import type { PendingAttempt } from '../oauth/authorize.ts';
import { readCallback } from '../oauth/callback.ts';
import { exchangeCode, refresh } from '../oauth/token-endpoint.ts';
import type { GrantOf } from './grant.ts';
import { asClient, revokeToken, testClient } from './oauth-client.ts';
import { authorize } from './oauth-person.ts';

export const authorizationCode: GrantOf<'authorization-code'> = {
  interactive: true,
  canRenew: (token) => token?.refreshToken !== undefined,

  async signIn(world, request) {
    const answered = await authorize(world, request, 'code');
    if (!answered.ok) return answered;
    const { answer, attempt } = answered.value;
    const callback = readCallback(answer, attempt);
    if (!callback.ok) return callback;
    const token = await asClient(world, request, (connection) => {
      const asThisClient: PendingAttempt = { ...attempt, connection };
      return exchangeCode(asThisClient, callback.value, world.clock, request.signal);
    });
    const { redirectUri } = attempt;
    return token.ok && redirectUri !== request.tenant.values.redirectUri
      ? success({ ...token.value, redirectUri })
      : token;
  },

  renew(world, request) {
    const { token } = request.secrets;
    const refreshToken = token?.refreshToken;
    if (token === undefined || refreshToken === undefined)
      return Promise.resolve(failure('sign-in-needed'));
    return asClient(world, request, (connection) =>
      refresh(connection, { ...token, refreshToken }, world.clock, request.signal),
    );
  },

  endsReplaced: ({ definition }, occasion) =>
    occasion === 'sign-in' && definition.server.revokesReplaced === true,
  revoke: revokeToken,
  test: testClient,
};
