/** Implicit grant (RFC 6749 §4.2), for providers whose browser clients know no other: no secret, no renewal. */
import { failure } from '../errors.ts';
import { readImplicitAnswer } from '../oauth/implicit.ts';
import type { GrantOf } from './grant.ts';
import { revokeToken, testAuthorizationPage } from './oauth-client.ts';
import { authorize } from './oauth-person.ts';

export const implicit: GrantOf<'implicit'> = {
  interactive: true,
  canRenew: () => false,

  async signIn(world, request) {
    const answered = await authorize(world, request, 'implicit');
    if (!answered.ok) return answered;
    const { answer, attempt } = answered.value;
    return readImplicitAnswer(answer, attempt, world.clock, request.signal);
  },

  renew: () => Promise.resolve(failure('sign-in-needed')),
  endsReplaced: ({ definition }) => definition.server.revokesReplaced === true,
  revoke: revokeToken,
  test: testAuthorizationPage,
};
