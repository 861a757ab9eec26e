/** A plain OAuth 2.0 server of the old kind: no discovery, form-encoded answers, errors with 200, scopes by comma, no `expires_in`. */
import type { IdentityProvider } from './identity-provider-types.ts';
import { formEncoded } from './presets-oauth.ts';
import { preset, USUAL } from './presets-shared.ts';
import type { PresetOptions } from './presets-shared.ts';

export const OAUTH2_SCOPES = ['read', 'write'] as const;

/** Each of its ways can be changed back, e.g. `{ change: { expiresInSeconds: 60, tokenMembers: (members) => members } }`. */
export function createOAuth2Server(options: PresetOptions = {}): IdentityProvider {
  const base = 'https://auth.plain.example';
  return preset(
    {
      ...USUAL,
      name: 'Plain OAuth',
      issuer: base,
      endpoints: {
        authorize: [`${base}/oauth/authorize`],
        token: [`${base}/oauth/token`],
        revoke: [`${base}/oauth/revoke`],
      },
      metadata: {},
      scopeSeparator: ',',
      knownScopes: /^(read|write)$/,
      givesRefreshToken: () => true,
      tokenMembers: (answer) => ({ ...answer, expires_in: undefined }),
      refusal: (refusal) => ({ ...refusal, status: 200 }),
      encode: formEncoded,
      resources: { 'https://api.plain.example/me': ({ grant }) => ({ name: grant.person }) },
    },
    options,
  );
}
