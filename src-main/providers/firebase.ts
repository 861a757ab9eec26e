/**
 * Firebase Authentication and Identity Platform: the login at one host, the renewal at another with names of its own. Facts:
 * https://firebase.google.com/docs/reference/rest/auth. Inferred: the password call, by analogy with the custom token's.
 */
import type { Provider } from '../core/provider.ts';
import { probeUrl } from './common-fields.ts';
import { password, username } from './rest-fields.ts';

export const firebase: Provider = {
  id: 'firebase',
  name: 'Firebase',
  summary: 'A Firebase or Identity Platform project, by the email address and password of a user.',
  group: 'rest',
  documentation: 'https://firebase.google.com/docs/reference/rest/auth',
  grants: [
    {
      kind: 'rest-login',
      name: 'Email address and password',
      summary: 'Logs in as a user of the project, gets an ID token and renews it by refresh token.',
      fields: [
        {
          name: 'apiKey',
          label: 'Web API key',
          kind: 'text',
          required: true,
          hint: 'In the Firebase console under Project settings → General; it names the project and is no secret.',
          link: 'https://console.firebase.google.com/',
        },
        username('The email address with which the user was registered.', 'Email address'),
        password,
        probeUrl,
      ],
      login: {
        login: {
          url: 'https://identitytoolkit.googleapis.com/v1/accounts:signInWithPassword?key={apiKey}',
          fields: { email: '{username}', password: '{password}', returnSecureToken: true },
        },
        answer: {
          token: ['idToken'],
          refreshToken: ['refreshToken'],
          expiry: [{ in: 'expiresIn', unit: 's' }],
        },
        renewal: {
          by: 'refresh-token',
          call: {
            url: 'https://securetoken.googleapis.com/v1/token?key={apiKey}',
            encoding: 'form',
            fields: { grant_type: 'refresh_token', refresh_token: '{refreshToken}' },
          },
          answer: {
            token: ['id_token'],
            refreshToken: ['refresh_token'],
            expiry: [{ in: 'expires_in', unit: 's' }],
          },
        },
      },
    },
  ],
};
