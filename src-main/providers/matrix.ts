/**
 * Matrix homeservers. Facts: github matrix-org/matrix-spec `data/api/client-server/refresh.yaml`, `login.yaml`,
 * `logout.yaml`. A token without `expires_in_ms` never ends; a renewal without a refresh token keeps the old one.
 */
import type { Provider } from '../core/provider.ts';
import { probeUrl } from './common-fields.ts';
import { password, serverAddress, username } from './rest-fields.ts';

export const matrix: Provider = {
  id: 'matrix',
  name: 'Matrix',
  summary: 'A Matrix homeserver with password login, such as Synapse.',
  group: 'rest',
  documentation: 'https://spec.matrix.org/latest/client-server-api/#login',
  grants: [
    {
      kind: 'rest-login',
      name: 'Username and password',
      summary:
        'Logs in as a device of its own and renews by refresh token where the server has them.',
      fields: [
        serverAddress(
          'https://matrix.example.org',
          'The homeserver’s address, as your client shows it under its settings.',
        ),
        username('Your name at the homeserver, or the whole ID such as @ada:example.org.'),
        password,
        probeUrl,
      ],
      probe: { url: '{baseUrl}/_matrix/client/v3/account/whoami' },
      login: {
        login: {
          url: '{baseUrl}/_matrix/client/v3/login',
          fields: {
            type: 'm.login.password',
            'identifier.type': 'm.id.user',
            'identifier.user': '{username}',
            password: '{password}',
            refresh_token: true,
            initial_device_display_name: 'Bearer Tray',
          },
        },
        answer: {
          token: ['access_token'],
          refreshToken: ['refresh_token'],
          expiry: [{ in: 'expires_in_ms', unit: 'ms' }],
          account: ['user_id'],
        },
        renewal: {
          by: 'refresh-token',
          call: {
            url: '{baseUrl}/_matrix/client/v3/refresh',
            fields: { refresh_token: '{refreshToken}' },
          },
        },
        logout: {
          url: '{baseUrl}/_matrix/client/v3/logout',
          headers: { Authorization: 'Bearer {token}' },
        },
      },
    },
  ],
};
