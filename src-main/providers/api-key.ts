/** A key or token that was got elsewhere: kept, copied and called with. */
import type { Provider } from '../core/provider.ts';
import { probeUrl } from './common-fields.ts';

export const apiKey: Provider = {
  id: 'api-key',
  name: 'API key or token',
  summary: 'Any key or token that you have already: paste it, and copy it from here.',
  group: 'any',
  grants: [
    {
      kind: 'static-key',
      name: 'Pasted key',
      summary: 'Kept encrypted; with a date, you are told before it ends.',
      fields: [
        {
          name: 'key',
          label: 'Key or token',
          kind: 'secret',
          required: true,
          hint: 'As the provider showed it, without a word such as Bearer before it.',
        },
        {
          name: 'expiresOn',
          label: 'Works until',
          kind: 'date',
          required: false,
          hint: 'The last day on which it works, if the provider told you one.',
        },
        {
          ...probeUrl,
          hint: 'An address that answers only to a good key; needed for “Test” and “Call”.',
          advanced: false,
        },
        {
          name: 'headerName',
          label: 'Header',
          kind: 'text',
          required: false,
          hint: 'Where the provider wants the key, for example X-Api-Key.',
          initial: 'Authorization',
          advanced: true,
        },
        {
          name: 'headerValue',
          label: 'Value of the header',
          kind: 'text',
          required: false,
          hint: '{token} stands for the key; some providers want it without the word Bearer.',
          initial: 'Bearer {token}',
          advanced: true,
        },
      ],
      key: { template: '{key}', encoding: 'plain' },
    },
  ],
};
