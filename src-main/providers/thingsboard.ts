/**
 * ThingsBoard. Facts: https://thingsboard.io/docs/reference/rest-api/. Inferred: the name of the field that renews; the
 * tokens' ends stand in the tokens only.
 */
import type { Provider } from '../core/provider.ts';
import { probeUrl } from './common-fields.ts';
import { password, serverAddress, username } from './rest-fields.ts';

export const thingsboard: Provider = {
  id: 'thingsboard',
  name: 'ThingsBoard',
  summary: 'A ThingsBoard server or cloud, by the email address and password of one of its users.',
  group: 'rest',
  documentation: 'https://thingsboard.io/docs/reference/rest-api/',
  grants: [
    {
      kind: 'rest-login',
      name: 'Email address and password',
      summary: 'Logs in as a user and renews by refresh token.',
      fields: [
        serverAddress(
          'https://thingsboard.cloud',
          'The address at which you open ThingsBoard in the browser, without a path.',
        ),
        username('The one with which you log in to ThingsBoard.', 'Email address'),
        password,
        probeUrl,
      ],
      use: { headers: { 'X-Authorization': 'Bearer {token}' } },
      probe: { url: '{baseUrl}/api/auth/user' },
      login: {
        login: {
          url: '{baseUrl}/api/auth/login',
          fields: { username: '{username}', password: '{password}' },
        },
        answer: { token: ['token'], refreshToken: ['refreshToken'] },
        renewal: {
          by: 'refresh-token',
          call: {
            url: '{baseUrl}/api/auth/token',
            fields: { refreshToken: '{refreshToken}' },
          },
        },
      },
    },
  ],
};
