/** Any OAuth 2.0 server (RFC 6749) whose endpoints are typed by hand. */
import type { Field, OAuthServer, Provider } from '../core/provider.ts';
import {
  appOptions,
  clientId,
  clientSecret,
  optionalClientSecret,
  personOptions,
  pkce,
  redirectUri,
  scopes,
} from './common-fields.ts';

const authorizationEndpoint: Field = {
  name: 'authorizationEndpoint',
  label: 'Authorization endpoint',
  kind: 'url',
  required: true,
  hint: 'The address of the page where people log in, from the provider’s documentation.',
  placeholder: 'https://login.example.com/oauth/authorize',
};

const tokenEndpoint: Field = {
  name: 'tokenEndpoint',
  label: 'Token endpoint',
  kind: 'url',
  required: true,
  hint: 'The address that gives tokens, from the provider’s documentation.',
  placeholder: 'https://login.example.com/oauth/token',
};

const revocationEndpoint: Field = {
  name: 'revocationEndpoint',
  label: 'Revocation endpoint',
  kind: 'url',
  required: false,
  hint: 'The address that ends a token when you sign out, if the provider has one (RFC 7009).',
  placeholder: 'https://login.example.com/oauth/revoke',
  advanced: true,
};

const scopeSeparator: Field = {
  name: 'scopeSeparator',
  label: 'Between scopes',
  kind: 'choice',
  required: false,
  hint: 'What the provider wants between scopes; type them with spaces in any case.',
  initial: 'space',
  options: [
    { value: 'space', label: 'Spaces, as in the standard' },
    { value: ',', label: 'Commas' },
  ],
  advanced: true,
};

const clientAuthentication: Field = {
  name: 'clientAuthentication',
  label: 'Client secret goes',
  kind: 'choice',
  required: false,
  hint: 'Where the provider wants the client secret, from its documentation of the token endpoint.',
  initial: 'basic',
  options: [
    { value: 'basic', label: 'Into the header (Basic), as in the standard' },
    { value: 'post', label: 'Into the body' },
  ],
  advanced: true,
};

const anyPkce: Field = {
  ...pkce,
  options: [
    { value: 'S256', label: 'On (S256)' },
    { value: 'plain', label: 'On (plain)' },
    { value: 'off', label: 'Off' },
  ],
};

const server: OAuthServer = {
  authorizationEndpoint: '{authorizationEndpoint}',
  tokenEndpoint: '{tokenEndpoint}',
};

export const oauth2: Provider = {
  id: 'oauth2',
  name: 'OAuth 2.0',
  summary: 'Any provider without an issuer address, whose endpoints you know.',
  group: 'any',
  documentation: 'https://oauth.net/2/',
  grants: [
    {
      kind: 'authorization-code',
      name: 'Sign in as a person',
      summary: 'You log in in a window; the token speaks for you.',
      server,
      fields: [
        authorizationEndpoint,
        tokenEndpoint,
        clientId,
        optionalClientSecret,
        redirectUri,
        scopes,
        scopeSeparator,
        clientAuthentication,
        anyPkce,
        revocationEndpoint,
        ...personOptions,
      ],
    },
    {
      kind: 'client-credentials',
      name: 'Sign in as an app',
      summary: 'Client ID and secret are swapped for a token; no person is involved.',
      server: { tokenEndpoint: '{tokenEndpoint}' },
      fields: [
        tokenEndpoint,
        clientId,
        clientSecret,
        scopes,
        scopeSeparator,
        clientAuthentication,
        revocationEndpoint,
        ...appOptions,
      ],
    },
    {
      kind: 'implicit',
      name: 'Sign in as a person, the old way',
      summary: 'The implicit grant, for apps that know no other; you log in again each time.',
      server: { authorizationEndpoint: '{authorizationEndpoint}' },
      fields: [
        authorizationEndpoint,
        clientId,
        redirectUri,
        scopes,
        scopeSeparator,
        ...personOptions,
      ],
    },
  ],
};
