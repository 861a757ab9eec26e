/**
 * Directus, logging in with email address and password. Facts: github directus/docs `content/guides/03.auth/4.email-login.md`
 * and `content/guides/04.connect/5.errors.md`. Accounts with a one-time password are left out: a stored code is stale.
 */
import type { Provider } from '../core/provider.ts';
import { probeUrl } from './common-fields.ts';
import { password, serverAddress, username } from './rest-fields.ts';

export const directus: Provider = {
  id: 'directus',
  name: 'Directus',
  summary: 'A Directus project, by the email address and password of one of its users.',
  group: 'rest',
  documentation: 'https://directus.io/docs/guides/auth/email-login',
  grants: [
    {
      kind: 'rest-login',
      name: 'Email address and password',
      summary: 'Logs in as a user of the project and renews by refresh token.',
      fields: [
        serverAddress(
          'https://directus.example.com',
          'The address at which the project’s Data Studio opens, without /admin.',
        ),
        username('The email address with which you log in to the Data Studio.', 'Email address'),
        password,
        probeUrl,
      ],
      probe: { url: '{baseUrl}/users/me' },
      login: {
        login: {
          url: '{baseUrl}/auth/login',
          fields: { email: '{username}', password: '{password}', mode: 'json' },
        },
        answer: {
          token: ['data.access_token'],
          refreshToken: ['data.refresh_token'],
          expiry: [{ in: 'data.expires', unit: 'ms' }],
        },
        renewal: {
          by: 'refresh-token',
          call: {
            url: '{baseUrl}/auth/refresh',
            fields: { refresh_token: '{refreshToken}', mode: 'json' },
          },
        },
        logout: {
          url: '{baseUrl}/auth/logout',
          fields: { refresh_token: '{refreshToken}', mode: 'json' },
        },
        errorPaths: ['errors.0.message'],
      },
    },
  ],
};
