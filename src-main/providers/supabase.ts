/**
 * Supabase Auth. Facts: github supabase/auth `openapi.yaml`. Inferred: the prefix `/auth/v1` of the hosted gateway.
 */
import type { Provider } from '../core/provider.ts';
import { probeUrl } from './common-fields.ts';
import { password, serverAddress, username } from './rest-fields.ts';

const key = { apikey: '{apiKey}' };

export const supabase: Provider = {
  id: 'supabase',
  name: 'Supabase',
  summary: 'A Supabase project, by the email address and password of one of its users.',
  group: 'rest',
  documentation: 'https://supabase.com/docs/guides/auth/passwords',
  grants: [
    {
      kind: 'rest-login',
      name: 'Email address and password',
      summary: 'Logs in as a user of the project and renews by refresh token.',
      fields: [
        serverAddress(
          'https://abcdefgh.supabase.co',
          'The project’s address, in the dashboard under Project Settings → Data API.',
        ),
        {
          name: 'apiKey',
          label: 'Publishable key',
          kind: 'text',
          required: true,
          hint: 'The project’s public key (publishable or anon), in the dashboard under Project Settings → API Keys.',
        },
        username('The email address with which the user was registered.', 'Email address'),
        password,
        probeUrl,
      ],
      use: { headers: { Authorization: 'Bearer {token}', ...key } },
      probe: { url: '{baseUrl}/auth/v1/user' },
      login: {
        login: {
          url: '{baseUrl}/auth/v1/token?grant_type=password',
          headers: key,
          fields: { email: '{username}', password: '{password}' },
        },
        answer: {
          token: ['access_token'],
          refreshToken: ['refresh_token'],
          expiry: [
            { in: 'expires_in', unit: 's' },
            { at: 'expires_at', unit: 's' },
          ],
        },
        renewal: {
          by: 'refresh-token',
          call: {
            url: '{baseUrl}/auth/v1/token?grant_type=refresh_token',
            headers: key,
            fields: { refresh_token: '{refreshToken}' },
          },
        },
        logout: {
          url: '{baseUrl}/auth/v1/logout',
          headers: { Authorization: 'Bearer {token}', ...key },
        },
        errorPaths: ['error_description', 'msg'],
      },
    },
  ],
};
