/**
 * Adobe Commerce (Magento): the body of the answer is the token, good for one hour. Facts: github AdobeDocs/commerce-webapi
 * `src/pages/get-started/authentication/gs-authentication-token.md`. Administrators are left out: they need a new one-time
 * password for each login, and nothing renews their token.
 */
import type { Provider } from '../core/provider.ts';
import { probeUrl } from './common-fields.ts';
import { password, serverAddress, username } from './rest-fields.ts';

export const magento: Provider = {
  id: 'magento',
  name: 'Adobe Commerce (Magento)',
  summary: 'A shop on Adobe Commerce or Magento Open Source, as one of its customers.',
  group: 'rest',
  documentation:
    'https://developer.adobe.com/commerce/webapi/get-started/authentication/gs-authentication-token/',
  grants: [
    {
      kind: 'rest-login',
      name: 'Customer account',
      summary: 'Logs in as a customer, and again whenever the hour of the token is over.',
      fields: [
        serverAddress('https://shop.example.com', 'The shop’s address, without /rest.'),
        username('The email address of the customer account.', 'Email address'),
        password,
        {
          name: 'store',
          label: 'Store view code',
          kind: 'text',
          required: false,
          hint: 'Only for a store view other than the default one; under Stores → All Stores in the admin.',
          advanced: true,
        },
        probeUrl,
      ],
      probe: { url: '{baseUrl}/rest[/{store}]/V1/customers/me' },
      login: {
        login: {
          url: '{baseUrl}/rest[/{store}]/V1/integration/customer/token',
          fields: { username: '{username}', password: '{password}' },
        },
        answer: { token: ['*'], lifeSeconds: 3600 },
      },
    },
  ],
};
