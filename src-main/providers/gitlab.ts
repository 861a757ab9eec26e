/**
 * GitLab: https://docs.gitlab.com/api/oauth2/
 *
 * Tokens live 2 hours. A refresh names the redirect URI of the sign-in again and ends both tokens before it; it needs no
 * scope.
 */
import type { Provider } from '../core/provider.ts';
import {
  clientId,
  optionalClientSecret,
  personOptions,
  redirectUri,
  scopes,
} from './common-fields.ts';

const APPLICATIONS = 'https://docs.gitlab.com/integration/oauth_provider/';

export const gitlab: Provider = {
  id: 'gitlab',
  name: 'GitLab',
  summary: 'For the API of gitlab.com or of a GitLab server of your own.',
  group: 'identity',
  documentation: 'https://docs.gitlab.com/api/oauth2/',
  grants: [
    {
      kind: 'authorization-code',
      name: 'Sign in as a person',
      summary: 'You log in in a window; the token speaks for you.',
      server: {
        issuer: 'https://{host}',
        refreshParameters: { redirect_uri: '{redirectUri}' },
      },
      probe: { url: 'https://{host}/api/v4/user' },
      fields: [
        {
          name: 'host',
          label: 'Host',
          kind: 'host',
          required: true,
          hint: 'The host name that your GitLab has in the browser.',
          placeholder: 'gitlab.example.com',
          initial: 'gitlab.com',
        },
        {
          ...clientId,
          label: 'Application ID',
          hint: 'On the page of the application under your profile → Preferences → Applications.',
          link: APPLICATIONS,
        },
        {
          ...optionalClientSecret,
          hint: 'On the same page, only if the application is “Confidential”.',
          link: APPLICATIONS,
        },
        {
          ...redirectUri,
          hint: 'As registered with the application; for sign-in in your browser with a fixed port, because each renewal names it again.',
        },
        {
          ...scopes,
          hint: 'With spaces between them, of those ticked for the application; renewal needs none.',
          link: 'https://docs.gitlab.com/integration/oauth_provider/',
          initial: 'openid read_api',
        },
        ...personOptions,
      ],
    },
  ],
};
