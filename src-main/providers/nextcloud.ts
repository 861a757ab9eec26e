/**
 * Nextcloud, Login Flow v2: a person approves in the browser, an app password comes back once and has no end. Facts: github
 * nextcloud/documentation `developer_manual/client_apis/LoginFlow/index.rst`.
 */
import type { Provider } from '../core/provider.ts';
import { probeUrl, signInWith } from './common-fields.ts';
import { serverAddress } from './rest-fields.ts';

const ocs = { 'OCS-APIREQUEST': 'true' };

export const nextcloud: Provider = {
  id: 'nextcloud',
  name: 'Nextcloud',
  summary: 'A Nextcloud server; you log in on its own page, and an app password comes back.',
  group: 'rest',
  documentation:
    'https://docs.nextcloud.com/server/latest/developer_manual/client_apis/LoginFlow/index.html',
  grants: [
    {
      kind: 'approval',
      name: 'Sign in as a person',
      summary:
        'You log in on the server’s page; the app password speaks for you until it is deleted.',
      fields: [
        serverAddress(
          'https://cloud.example.com',
          'The address at which you open Nextcloud in the browser, without index.php.',
        ),
        {
          ...signInWith,
          hint: 'Your browser may be logged in already; the window keeps a login of its own.',
        },
        probeUrl,
      ],
      use: { headers: { Authorization: 'Basic {token}', ...ocs } },
      probe: { url: '{baseUrl}/ocs/v2.php/cloud/user?format=json' },
      start: { url: '{baseUrl}/index.php/login/v2' },
      pagePath: 'login',
      extras: { pollToken: 'poll.token', pollEndpoint: 'poll.endpoint' },
      poll: {
        url: '{extra.pollEndpoint}',
        encoding: 'form',
        fields: { token: '{extra.pollToken}' },
      },
      pendingStatus: 404,
      everySeconds: 2,
      answer: { token: ['appPassword'], basicUser: 'loginName', account: ['loginName'] },
      logout: {
        method: 'DELETE',
        url: '{baseUrl}/ocs/v2.php/core/apppassword',
        headers: { Authorization: 'Basic {token}', ...ocs },
      },
      errorPaths: ['ocs.meta.message'],
    },
  ],
};
