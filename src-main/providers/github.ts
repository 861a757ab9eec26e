/**
 * GitHub: https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps and
 * https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/refreshing-user-access-tokens
 *
 * No metadata. Tokens of an OAuth app neither end nor renew; those of a GitHub App live 8 hours and renew for 6 months,
 * each time with the secret. PKCE: S256 only, and the secret is needed with it.
 */
import type { Provider } from '../core/provider.ts';
import {
  clientId,
  clientSecret,
  personOptions,
  redirectUri,
  scopes,
  standardErrors,
} from './common-fields.ts';

const APPS = 'https://github.com/settings/developers';

export const github: Provider = {
  id: 'github',
  name: 'GitHub',
  summary: 'For GitHub’s API, with an OAuth app or GitHub App of your own.',
  group: 'identity',
  documentation:
    'https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps',
  grants: [
    {
      kind: 'authorization-code',
      name: 'Sign in as a person',
      summary: 'You log in in a window; the token speaks for you.',
      server: {
        authorizationEndpoint: 'https://github.com/login/oauth/authorize',
        tokenEndpoint: 'https://github.com/login/oauth/access_token',
        clientAuthentication: 'post',
        // They come with status 200:
        // https://docs.github.com/en/apps/oauth-apps/maintaining-oauth-apps/troubleshooting-oauth-app-access-token-request-errors
        readAnswer: standardErrors({
          incorrect_client_credentials: 'invalid_client',
          redirect_uri_mismatch: 'invalid_request',
          bad_verification_code: 'invalid_grant',
          bad_refresh_token: 'invalid_grant',
        }),
      },
      probe: { url: 'https://api.github.com/user' },
      fields: [
        {
          ...clientId,
          hint: 'On the page of your OAuth app or GitHub App under Settings → Developer settings.',
          link: APPS,
        },
        {
          ...clientSecret,
          hint: 'Made with “Generate a new client secret” on the same page, and shown only once.',
          link: APPS,
        },
        {
          ...redirectUri,
          hint: 'The callback URL on the same page; nothing has to listen there, as the app catches the answer.',
        },
        {
          ...scopes,
          hint: 'With spaces between them; a GitHub App has permissions instead and takes none.',
          link: 'https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps',
          placeholder: 'repo read:org',
          initial: 'read:user',
        },
        ...personOptions,
      ],
    },
  ],
};
