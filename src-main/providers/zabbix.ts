/**
 * Zabbix: JSON-RPC, which answers 200 whatever happens. Facts:
 * https://www.zabbix.com/documentation/current/en/manual/api/reference/user/login and …/user/logout.
 */
import type { Provider } from '../core/provider.ts';
import { probeUrl } from './common-fields.ts';
import { password, serverAddress, username } from './rest-fields.ts';

const url = '{baseUrl}/api_jsonrpc.php';
const success = { path: 'error' };

export const zabbix: Provider = {
  id: 'zabbix',
  name: 'Zabbix',
  summary: 'The API of a Zabbix server from 6.4 on, by the name and password of a user.',
  group: 'rest',
  documentation: 'https://www.zabbix.com/documentation/current/en/manual/api/reference/user/login',
  grants: [
    {
      kind: 'rest-login',
      name: 'Username and password',
      summary: 'Opens a session as a user and closes it at sign-out.',
      fields: [
        serverAddress(
          'https://zabbix.example.com',
          'The address of the Zabbix frontend, without api_jsonrpc.php.',
        ),
        username('The name with which you log in to the frontend.'),
        password,
        probeUrl,
      ],
      probe: {
        method: 'POST',
        url,
        headers: { 'content-type': 'application/json' },
        body: '{"jsonrpc":"2.0","method":"user.get","params":{"countOutput":true},"id":1}',
        success,
      },
      login: {
        login: {
          url,
          fields: {
            jsonrpc: '2.0',
            method: 'user.login',
            'params.username': '{username}',
            'params.password': '{password}',
            id: 1,
          },
        },
        answer: { token: ['result'] },
        logout: {
          url,
          headers: { Authorization: 'Bearer {token}' },
          fields: { jsonrpc: '2.0', method: 'user.logout', params: [], id: 1 },
        },
        success,
        errorPaths: ['error.data'],
      },
    },
  ],
};
