/**
 * Auth0: https://auth0.com/docs/secure/tokens/refresh-tokens and
 * https://auth0.com/docs/get-started/applications/application-settings
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
} from './common-fields.ts';

const SETTINGS = 'https://auth0.com/docs/get-started/applications/application-settings';

const domain: Field = {
  name: 'domain',
  label: 'Domain',
  kind: 'host',
  required: true,
  hint: 'In the dashboard under Applications → your application → Settings, or your custom domain.',
  link: SETTINGS,
  placeholder: 'acme.eu.auth0.com',
};

const id: Field = {
  ...clientId,
  hint: 'In the dashboard under Applications → your application → Settings.',
  link: SETTINGS,
};

const audience: Field = {
  name: 'audience',
  label: 'Audience',
  kind: 'text',
  required: false,
  hint: 'The Identifier under Applications → APIs; without it the token is good for user info only.',
  link: 'https://auth0.com/docs/get-started/apis/api-settings',
  placeholder: 'https://api.example.com/',
};

const server: OAuthServer = {
  issuer: 'https://{domain}/',
  // Set for each application; neither works for all
  clientAuthentication: 'post-then-basic',
  // A wrong secret is 401 access_denied “Unauthorized” (github.com/auth0/node-auth0 issue 682), an audience that the
  // application may not have 403 access_denied with other words
  readAnswer: (answer) =>
    answer['error'] === 'access_denied'
      ? {
          ...answer,
          error:
            answer['error_description'] === 'Unauthorized' ? 'invalid_client' : 'invalid_request',
        }
      : answer,
};

export const auth0: Provider = {
  id: 'auth0',
  name: 'Auth0',
  summary: 'For APIs that are protected by an Auth0 tenant.',
  group: 'identity',
  documentation: 'https://auth0.com/docs/secure/tokens/access-tokens/get-access-tokens',
  grants: [
    {
      kind: 'authorization-code',
      name: 'Sign in as a person',
      summary: 'You log in in a window; the token speaks for you.',
      server: { ...server, authorizationParameters: { audience: '{audience}' } },
      probe: { url: 'https://{domain}/userinfo' },
      fields: [
        domain,
        id,
        optionalClientSecret,
        audience,
        redirectUri,
        {
          ...offlineScopes,
          hint: 'With spaces between them; offline_access gives renewal if the API’s setting “Allow Offline Access” is on.',
          link: 'https://auth0.com/docs/secure/tokens/refresh-tokens/get-refresh-tokens',
        },
        // No page found that says so for every application
        pkce,
        ...personOptions,
      ],
    },
    {
      kind: 'client-credentials',
      name: 'Sign in as an app',
      summary: 'A machine-to-machine application gets a token for one API; no person is involved.',
      server: { ...server, tokenParameters: { audience: '{audience}' } },
      fields: [
        domain,
        id,
        { ...clientSecret, hint: 'Below the client ID on the same page.', link: SETTINGS },
        {
          ...audience,
          required: true,
          hint: 'The Identifier under Applications → APIs of the API that the token is for.',
        },
        ...appOptions,
      ],
    },
  ],
};
