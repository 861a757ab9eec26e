/**
 * Veeam Backup & Replication: the password grant of RFC 6749 §4.3 at a REST interface. Facts:
 * https://helpcenter.veeam.com/docs/backup/vbr_rest/requesting_authorization.html. Inferred: the header `x-api-version`.
 */
import type { Provider } from '../core/provider.ts';
import { probeUrl } from './common-fields.ts';
import { password, serverAddress, username } from './rest-fields.ts';

const version = { 'x-api-version': '{apiVersion}' };
const tokenCall = {
  url: '{baseUrl}/api/oauth2/token',
  encoding: 'form',
  headers: version,
} as const;

export const veeam: Provider = {
  id: 'veeam',
  name: 'Veeam Backup & Replication',
  summary: 'A Veeam backup server, by the name and password of one of its users.',
  group: 'rest',
  documentation: 'https://helpcenter.veeam.com/docs/backup/vbr_rest/requesting_authorization.html',
  grants: [
    {
      kind: 'rest-login',
      name: 'Username and password',
      summary: 'Logs in as a user of the backup server and renews by refresh token.',
      fields: [
        serverAddress(
          'https://backup.example.com:9419',
          'The backup server with the port of its REST API, usually 9419.',
        ),
        username('As in the Veeam console, for example DOMAIN\\ada.'),
        password,
        {
          name: 'apiVersion',
          label: 'API revision',
          kind: 'text',
          required: true,
          hint: 'The revision that your server knows, as its API reference (/swagger) names it.',
          initial: '1.1-rev0',
        },
        probeUrl,
      ],
      use: { headers: { Authorization: 'Bearer {token}', ...version } },
      probe: { url: '{baseUrl}/api/v1/serverInfo' },
      login: {
        login: {
          ...tokenCall,
          fields: { grant_type: 'password', username: '{username}', password: '{password}' },
        },
        answer: {
          token: ['access_token'],
          refreshToken: ['refresh_token'],
          expiry: [{ in: 'expires_in', unit: 's' }],
        },
        renewal: {
          by: 'refresh-token',
          call: {
            ...tokenCall,
            fields: { grant_type: 'refresh_token', refresh_token: '{refreshToken}' },
          },
        },
      },
    },
  ],
};
