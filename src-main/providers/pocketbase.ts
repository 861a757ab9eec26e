/**
 * PocketBase: the current token renews itself, and stands in the header alone. Facts: github pocketbase/site
 * `src/routes/(app)/docs/api-records/AuthWithPassword.svelte` and `docs/authentication`.
 */
import type { Provider } from '../core/provider.ts';
import { probeUrl } from './common-fields.ts';
import { password, serverAddress, username } from './rest-fields.ts';

export const pocketbase: Provider = {
  id: 'pocketbase',
  name: 'PocketBase',
  summary: 'A PocketBase server, by the name and password of a record that can log in.',
  group: 'rest',
  documentation: 'https://pocketbase.io/docs/authentication/',
  grants: [
    {
      kind: 'rest-login',
      name: 'Username and password',
      summary: 'Logs in to a collection and renews with the token itself.',
      fields: [
        serverAddress(
          'https://pocketbase.example.com',
          'The address at which PocketBase answers, without /_/ or /api.',
        ),
        {
          name: 'collection',
          label: 'Collection',
          kind: 'text',
          required: true,
          hint: 'The auth collection that holds the user, as the dashboard lists it.',
          initial: 'users',
        },
        username('What the collection takes as identity: email address or username.'),
        password,
        probeUrl,
      ],
      use: { headers: { Authorization: '{token}' } },
      probe: { url: '{baseUrl}/api/collections/{collection}/records/{extra.recordId}' },
      login: {
        login: {
          url: '{baseUrl}/api/collections/{collection}/auth-with-password',
          fields: { identity: '{username}', password: '{password}' },
        },
        answer: { token: ['token'], extras: { recordId: 'record.id' } },
        renewal: {
          by: 'current-token',
          call: {
            url: '{baseUrl}/api/collections/{collection}/auth-refresh',
            headers: { Authorization: '{token}' },
          },
        },
      },
    },
  ],
};
