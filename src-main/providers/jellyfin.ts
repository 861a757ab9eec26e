/**
 * Jellyfin: the client names itself in a header of its own form, which later carries the token; it has no end. Facts: github
 * jellyfin/jellyfin `Jellyfin.Api/Controllers/UserController.cs`, `SessionController.cs`, `…/Security/AuthorizationContext.cs`.
 */
import type { Provider } from '../core/provider.ts';
import { probeUrl } from './common-fields.ts';
import { password, serverAddress, username } from './rest-fields.ts';

const client =
  'MediaBrowser Client="Bearer Tray", Device="Bearer Tray", DeviceId="{deviceId}", Version="1"';
const withToken = { Authorization: `${client}, Token="{token}"` };

export const jellyfin: Provider = {
  id: 'jellyfin',
  name: 'Jellyfin',
  summary: 'A Jellyfin media server, by the name and password of one of its users.',
  group: 'rest',
  documentation: 'https://api.jellyfin.org/',
  grants: [
    {
      kind: 'rest-login',
      name: 'Username and password',
      summary: 'Logs in as a device of its own; the token works until it is logged out.',
      fields: [
        serverAddress(
          'https://jellyfin.example.com',
          'The address at which you open Jellyfin in the browser, without /web.',
        ),
        username('The name with which you log in to Jellyfin.'),
        password,
        {
          name: 'deviceId',
          label: 'Device ID',
          kind: 'label',
          required: true,
          hint: 'Any word; choose another one on each computer, as the server knows devices by it.',
          initial: 'bearer-tray',
        },
        probeUrl,
      ],
      use: { headers: withToken },
      probe: { url: '{baseUrl}/Users/Me' },
      login: {
        login: {
          url: '{baseUrl}/Users/AuthenticateByName',
          headers: { Authorization: client },
          fields: { Username: '{username}', Pw: '{password}' },
        },
        answer: { token: ['AccessToken'], account: ['User.Name'] },
        logout: { url: '{baseUrl}/Sessions/Logout', headers: withToken },
      },
    },
  ],
};
