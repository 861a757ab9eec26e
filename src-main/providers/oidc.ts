/** Any OpenID Connect provider (Discovery 1.0 §4, RFC 8414 §3). */
import type { Field, OAuthServer, Provider } from '../core/provider.ts';
import {
  appOptions,
  clientId,
  clientSecret,
  offlineScopes,
  optionalClientSecret,
  personOptions,
  redirectUri,
  scopes,
} from './common-fields.ts';

const issuer: Field = {
  name: 'issuer',
  label: 'Issuer',
  kind: 'url',
  required: true,
  hint: 'The provider’s base address, as its documentation names it; endpoints are found from it.',
  placeholder: 'https://login.example.com',
};

const server: OAuthServer = { issuer: '{issuer}' };

const probe = { url: '{extra.userinfoEndpoint}' };

export const oidc: Provider = {
  id: 'oidc',
  name: 'OpenID Connect',
  summary: 'Any provider with an issuer address.',
  group: 'any',
  documentation: 'https://openid.net/developers/how-connect-works/',
  grants: [
    {
      kind: 'authorization-code',
      name: 'Sign in as a person',
      summary: 'You log in in a window; the token speaks for you.',
      server,
      probe,
      fields: [
        issuer,
        clientId,
        optionalClientSecret,
        redirectUri,
        offlineScopes,
        ...personOptions,
      ],
    },
    {
      kind: 'client-credentials',
      name: 'Sign in as an app',
      summary: 'Client ID and secret are swapped for a token; no person is involved.',
      server,
      fields: [issuer, clientId, clientSecret, scopes, ...appOptions],
    },
    {
      kind: 'implicit',
      name: 'Sign in as a person, the old way',
      summary: 'The implicit grant, for apps that know no other; you log in again each time.',
      server,
      probe,
      fields: [
        issuer,
        clientId,
        redirectUri,
        {
          ...scopes,
          hint: 'With spaces between them; with openid among them the app learns who you are.',
          initial: 'openid profile email',
        },
        ...personOptions,
      ],
    },
  ],
};
