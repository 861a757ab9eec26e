/**
 * Zoom: https://developers.zoom.us/docs/integrations/oauth/ and https://developers.zoom.us/docs/internal-apps/s2s-oauth/
 *
 * The endpoints stand here because its metadata (RFC 8414) are not documented. The token endpoint takes Basic only. A
 * refresh token works once, for about 90 days, and needs no scope; scopes are those of the app.
 */
import type { Field, OAuthServer, Provider } from '../core/provider.ts';
import {
  appOptions,
  clientId,
  clientSecret,
  optionalClientSecret,
  personOptions,
  redirectUri,
  scopes,
} from './common-fields.ts';

const APPS = 'https://marketplace.zoom.us/user/build';

const id: Field = {
  ...clientId,
  hint: 'Under App Credentials of your app on the App Marketplace.',
  link: APPS,
};

const server: OAuthServer = {
  tokenEndpoint: 'https://zoom.us/oauth/token',
  revocationEndpoint: 'https://zoom.us/oauth/revoke',
  clientAuthentication: 'basic',
  // What is wrong stands in `reason` (github.com/raycast/extensions issue 10896)
  readAnswer: ({ reason, ...answer }) =>
    reason === undefined ? answer : { ...answer, error_description: reason },
};

export const zoom: Provider = {
  id: 'zoom',
  name: 'Zoom',
  summary: 'For Zoom’s API, with an app of your own from the App Marketplace.',
  group: 'identity',
  documentation: 'https://developers.zoom.us/docs/integrations/oauth/',
  grants: [
    {
      kind: 'authorization-code',
      name: 'Sign in as a person',
      summary: 'You log in in a window; the token speaks for you.',
      server: { ...server, authorizationEndpoint: 'https://zoom.us/oauth/authorize' },
      probe: { url: 'https://api.zoom.us/v2/users/me' },
      fields: [
        id,
        { ...optionalClientSecret, hint: 'Below the client ID; only a public client has none.' },
        {
          ...redirectUri,
          hint: 'The OAuth redirect URL on the same page; nothing has to listen there, as the app catches the answer.',
          link: APPS,
        },
        { ...scopes, hint: 'Leave empty for all scopes that the app has.', advanced: true },
        ...personOptions,
      ],
    },
    {
      kind: 'client-credentials',
      name: 'Sign in as an app',
      summary: 'A server-to-server OAuth app gets a token for the whole account.',
      server: { ...server, tokenParameters: { account_id: '{accountId}' } },
      grantType: 'account_credentials',
      probe: { url: 'https://api.zoom.us/v2/users/me' },
      fields: [
        {
          name: 'accountId',
          label: 'Account ID',
          kind: 'text',
          required: true,
          hint: 'Under App Credentials of your server-to-server OAuth app on the App Marketplace.',
          link: APPS,
        },
        { ...id, hint: 'On the same page as the account ID.' },
        { ...clientSecret, hint: 'On the same page as the account ID.' },
        ...appOptions,
      ],
    },
  ],
};
