/**
 * Keycloak: https://www.keycloak.org/securing-apps/oidc-layers and
 * https://www.keycloak.org/docs/latest/server_admin/#_offline-access
 *
 * Without `offline_access` there is a refresh token too, but it ends with the person's session; an offline one ends after
 * 30 days without use.
 */
import type { Field, OAuthServer, Provider } from '../core/provider.ts';
import {
  appOptions,
  clientId,
  clientSecret,
  offlineScopes,
  optionalClientSecret,
  personOptions,
  pkce,
  redirectUri,
  scopes,
} from './common-fields.ts';

const address: Field = {
  name: 'server',
  label: 'Server',
  kind: 'url',
  required: true,
  hint: 'What comes before /realms in the address of the login page; old servers have /auth there.',
  placeholder: 'https://sso.example.com',
};

const realm: Field = {
  name: 'realm',
  label: 'Realm',
  kind: 'text',
  required: true,
  hint: 'What comes after /realms/ in the address of the login page.',
  placeholder: 'acme',
};

const id: Field = { ...clientId, hint: 'In the admin console under Clients.' };

const server: OAuthServer = { issuer: '{server}/realms/{realm}' };

export const keycloak: Provider = {
  id: 'keycloak',
  name: 'Keycloak',
  summary: 'For APIs that are protected by a Keycloak or Red Hat SSO server.',
  group: 'identity',
  documentation: 'https://www.keycloak.org/securing-apps/oidc-layers',
  grants: [
    {
      kind: 'authorization-code',
      name: 'Sign in as a person',
      summary: 'You log in in a window; the token speaks for you.',
      server,
      probe: { url: '{server}/realms/{realm}/protocol/openid-connect/userinfo' },
      fields: [
        address,
        realm,
        id,
        {
          ...optionalClientSecret,
          hint: 'Only if “Client authentication” is on for the client: see its tab Credentials.',
        },
        redirectUri,
        {
          ...offlineScopes,
          hint: 'With spaces between them; offline_access keeps the renewal when you log out elsewhere, and needs the role of that name.',
          link: 'https://www.keycloak.org/docs/latest/server_admin/#_offline-access',
        },
        // No page found that says so for every client
        pkce,
        ...personOptions,
      ],
    },
    {
      kind: 'client-credentials',
      name: 'Sign in as an app',
      summary: 'The client’s service account gets a token; no person is involved.',
      server,
      fields: [
        address,
        realm,
        {
          ...id,
          hint: 'In the admin console under Clients; the client has “Service accounts roles” on.',
          link: 'https://www.keycloak.org/docs/latest/server_admin/#_service_accounts',
        },
        { ...clientSecret, hint: 'In the client’s tab Credentials.' },
        scopes,
        ...appOptions,
      ],
    },
  ],
};
