/** Client credentials (RFC 6749 §4.4): a token for the client itself, asked for again when it runs out. */
import { success } from '../errors.ts';
import { requestAsClient } from '../oauth/token-endpoint.ts';
import { describeToken } from '../token.ts';
import type { GrantOf } from './grant.ts';
import { asClient, extraParameters, revokeToken, scopesOf } from './oauth-client.ts';

const ask: GrantOf<'client-credentials'>['signIn'] = (world, request) =>
  asClient(world, request, (connection) =>
    requestAsClient(
      connection,
      {
        scope: scopesOf(request),
        parameters: extraParameters(request, request.definition.server.tokenParameters),
        grantType: request.definition.grantType,
      },
      world.clock,
      request.signal,
    ),
  );

export const clientCredentials: GrantOf<'client-credentials'> = {
  interactive: false,
  canRenew: (token) => token !== undefined,
  signIn: ask,
  renew: ask,
  endsReplaced: () => false,
  revoke: revokeToken,

  async test(world, request) {
    const token = await ask(world, request);
    if (!token.ok) return token;
    return success(`It works: ${describeToken(token.value, world.clock.now())}`);
  },
};
