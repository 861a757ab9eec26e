/**
 * TeleTracker. Facts: https://www.teletracker.net/developer-documentation/rest-api/auth/login/ and
 * …/authentication/bearer-tokens/refresh-your-bearer-token/. Inferred: the header's name, as its pages write Authorization and
 * Authentication. No page names a call that logs out or one that changes the account.
 */
import type { Provider, RestCall } from '../core/provider.ts';
import { probeUrl } from './common-fields.ts';
import { password, username } from './rest-fields.ts';

const api = 'https://api.teletracker.net';

const login = {
  url: `${api}/auth/login`,
  encoding: 'form',
  fields: { username: '{username}', password: '{password}', account_id: '{accountId}' },
} satisfies RestCall;

const success = { path: 'success', equals: true };

export const teletracker: Provider = {
  id: 'teletracker',
  name: 'TeleTracker',
  summary: 'TeleTracker’s call tracking API, by username and password.',
  group: 'business',
  documentation:
    'https://teletracker.net/developer-documentation/authentication/bearer-tokens/get-a-bearer-token/',
  grants: [
    {
      kind: 'rest-login',
      name: 'Username and password',
      summary: 'Logs in to one of your accounts and renews by refresh token.',
      fields: [
        username('The name with which you log in to TeleTracker.'),
        password,
        {
          name: 'accountId',
          label: 'Account ID',
          kind: 'text',
          required: false,
          hint: 'A number; needed only if your user has access to more than one account.',
        },
        {
          name: 'headerName',
          label: 'Header',
          kind: 'choice',
          required: false,
          hint: 'TeleTracker’s pages name both; choose the other one if a fresh token is refused.',
          initial: 'Authorization',
          options: [
            { value: 'Authorization', label: 'Authorization' },
            { value: 'Authentication', label: 'Authentication' },
          ],
          advanced: true,
        },
        probeUrl,
      ],
      probe: {
        // A day in the past: the answer is short, and the same each time
        url: `${api}/reports/call-data?start_date=2024-01-01&end_date=2024-01-01[&account_id={accountId}]`,
        success,
      },
      anotherAccount: { field: 'accountId', label: 'Account ID' },
      login: {
        login,
        check: { ...login, fields: { ...login.fields, auth_only: 1 } },
        answer: {
          token: ['token'],
          refreshToken: ['refreshToken'],
          expiry: [
            { in: 'tokenLifetime', unit: 's' },
            { at: 'tokenExpiration', unit: 'iso' },
          ],
          refreshTokenExpiry: [{ at: 'refreshTokenExpiration', unit: 'iso' }],
        },
        renewal: {
          by: 'refresh-token',
          call: {
            url: `${api}/auth/refresh`,
            encoding: 'form',
            fields: { refresh_token: '{refreshToken}' },
          },
        },
        success,
      },
    },
  ],
};
