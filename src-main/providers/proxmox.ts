/**
 * Proxmox VE: a ticket in a cookie, renewed with itself as the password, and a second header for calls that change something.
 * Facts: https://pve.proxmox.com/wiki/Proxmox_VE_API and powershellgallery PVEPS `Update-PVEAuthTicket.ps1`. Inferred: two
 * hours of life.
 */
import type { Provider } from '../core/provider.ts';
import { probeUrl } from './common-fields.ts';
import { password, serverAddress, username } from './rest-fields.ts';

const ticketCall = { url: '{baseUrl}/api2/json/access/ticket', encoding: 'form' } as const;

export const proxmox: Provider = {
  id: 'proxmox',
  name: 'Proxmox VE',
  summary: 'A Proxmox VE node or cluster, by the name and password of a user.',
  group: 'rest',
  documentation: 'https://pve.proxmox.com/wiki/Proxmox_VE_API',
  grants: [
    {
      kind: 'rest-login',
      name: 'Username and password',
      summary: 'Gets a ticket of two hours and renews it with itself.',
      fields: [
        serverAddress(
          'https://proxmox.example.com:8006',
          'The address at which you open the web interface, with its port.',
        ),
        username('With the realm, for example root@pam or ada@pve.'),
        password,
        probeUrl,
      ],
      use: {
        headers: { Cookie: 'PVEAuthCookie={token}', CSRFPreventionToken: '{extra.writeToken}' },
      },
      probe: { url: '{baseUrl}/api2/json/access/permissions' },
      login: {
        login: { ...ticketCall, fields: { username: '{username}', password: '{password}' } },
        answer: {
          token: ['data.ticket'],
          lifeSeconds: 7200,
          account: ['data.username'],
          extras: { writeToken: 'data.CSRFPreventionToken' },
        },
        renewal: {
          by: 'current-token',
          call: { ...ticketCall, fields: { username: '{username}', password: '{token}' } },
        },
      },
    },
  ],
};
