/** Every way to get a token by its name. */
import type { GrantKind } from '../provider.ts';
import { authorizationCode } from './authorization-code.ts';
import { clientCredentials } from './client-credentials.ts';
import type { Grant } from './grant.ts';

export const GRANTS: Readonly<Record<GrantKind, Grant>> = {
  'authorization-code': authorizationCode,
  'client-credentials': clientCredentials,
};
