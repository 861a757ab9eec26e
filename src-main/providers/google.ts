/**
 * Google: https://developers.google.com/identity/protocols/oauth2/native-app and
 * https://developers.google.com/identity/protocols/oauth2/resources/loopback-migration
 *
 * Embedded windows are refused (403 disallowed_useragent); loopback redirects are for clients of the type Desktop app.
 * A refresh token ends after 6 months without use, and silently when there are too many for the client.
 */
import type { Provider } from '../core/provider.ts';
import {
  clientId,
  optionalClientSecret,
  parameters,
  probeUrl,
  redirectUri,
  scopes,
} from './common-fields.ts';

const CLIENTS = 'https://console.cloud.google.com/apis/credentials';

export const google: Provider = {
  id: 'google',
  name: 'Google',
  summary: 'For Google’s APIs, with an OAuth client of your own.',
  group: 'identity',
  documentation: 'https://developers.google.com/identity/protocols/oauth2/native-app',
  grants: [
    {
      kind: 'authorization-code',
      name: 'Sign in as a person',
      summary:
        'You log in in your browser, as Google refuses windows of apps; the token speaks for you.',
      server: {
        issuer: 'https://accounts.google.com',
        browserOnly: true,
        // offline_access is no scope here; without the consent page a second sign-in gives no refresh token
        authorizationParameters: { access_type: 'offline', prompt: 'consent' },
      },
      probe: { url: 'https://openidconnect.googleapis.com/v1/userinfo' },
      fields: [
        {
          ...clientId,
          hint: 'Of a client of the type Desktop app; while its consent screen is in “Testing”, a sign-in lasts 7 days.',
          link: CLIENTS,
          placeholder: '….apps.googleusercontent.com',
        },
        {
          ...optionalClientSecret,
          hint: 'On the client’s page, if it was given one; Google may ask for it although the client is a Desktop app.',
          link: CLIENTS,
        },
        {
          ...redirectUri,
          hint: 'Any loopback address works for a Desktop app; without a port a free one is taken.',
          placeholder: 'http://127.0.0.1',
          initial: 'http://127.0.0.1',
        },
        {
          ...scopes,
          hint: 'With spaces between them; renewal needs no scope of its own.',
          link: 'https://developers.google.com/identity/protocols/oauth2/scopes',
          initial: 'openid email profile',
        },
        parameters,
        probeUrl,
      ],
    },
  ],
};
