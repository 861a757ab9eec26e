/**
 * Okta: https://developer.okta.com/docs/guides/refresh-tokens/main/ and
 * https://developer.okta.com/docs/concepts/auth-servers/
 *
 * Refresh tokens of a custom authorization server end after 7 days without use, those of the organisation's own 90 days
 * after the sign-in; one that is used twice ends all of its sign-in.
 */
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

const domain: Field = {
  name: 'domain',
  label: 'Okta domain',
  kind: 'host',
  required: true,
  hint: 'In the menu under your name in the Admin Console, without -admin.',
  link: 'https://developer.okta.com/docs/guides/find-your-domain/main/',
  placeholder: 'acme.okta.com',
};

const authorizationServer: Field = {
  name: 'authorizationServer',
  label: 'Authorization server',
  kind: 'label',
  required: false,
  hint: '“default” or the ID under Security → API; leave empty for the organisation’s own, whose tokens are for Okta itself.',
  link: 'https://developer.okta.com/docs/concepts/auth-servers/',
  placeholder: 'default',
  initial: 'default',
};

const id: Field = {
  ...clientId,
  hint: 'In the Admin Console under Applications → your app → General.',
  link: 'https://developer.okta.com/docs/guides/find-your-app-credentials/main/',
};

const server: OAuthServer = { issuer: 'https://{domain}[/oauth2/{authorizationServer}]' };

export const okta: Provider = {
  id: 'okta',
  name: 'Okta',
  summary: 'For APIs that are protected by an Okta organisation.',
  group: 'identity',
  documentation: 'https://developer.okta.com/docs/guides/implement-grant-type/authcodepkce/main/',
  grants: [
    {
      kind: 'authorization-code',
      name: 'Sign in as a person',
      summary: 'You log in in a window; the token speaks for you.',
      server,
      probe: { url: 'https://{domain}/oauth2[/{authorizationServer}]/v1/userinfo' },
      fields: [
        domain,
        authorizationServer,
        id,
        optionalClientSecret,
        redirectUri,
        {
          ...offlineScopes,
          hint: 'With spaces between them; offline_access gives renewal if the app has the grant type Refresh Token.',
          link: 'https://developer.okta.com/docs/guides/refresh-tokens/main/',
        },
        ...personOptions,
      ],
    },
    {
      kind: 'client-credentials',
      name: 'Sign in as an app',
      summary: 'An API service app gets a token of a custom authorization server.',
      server,
      fields: [
        domain,
        {
          ...authorizationServer,
          required: true,
          hint: '“default” or the ID under Security → API; the organisation’s own takes no client secret for this.',
        },
        id,
        { ...clientSecret, hint: 'Below the client ID on the same page.' },
        {
          ...scopes,
          required: true,
          hint: 'With spaces between them; at least one custom scope, from Security → API → the server → Scopes.',
          link: 'https://developer.okta.com/docs/guides/implement-grant-type/clientcreds/main/',
          placeholder: 'orders:read',
        },
        ...appOptions,
      ],
    },
  ],
};
