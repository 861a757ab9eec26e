/**
 * Atlassian: https://developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps/
 *
 * Its metadata answer, but OpenID Connect is not open to apps of others. A token works at
 * `https://api.atlassian.com/ex/jira/{cloudId}` only, never on the site's own host; the probe lists the sites with their
 * cloud IDs. A refresh token works once (and ten minutes longer), for 90 days without use.
 */
import type { OAuthServer, Provider } from '../core/provider.ts';
import {
  clientId,
  clientSecret,
  offlineScopes,
  personOptions,
  pkce,
  redirectUri,
} from './common-fields.ts';

const APPS = 'https://developer.atlassian.com/console/myapps/';

/**
 * A wrong secret is access_denied “Unauthorized”; a refresh token that has ended is unauthorized_client with these words
 * (github.com/raycast/extensions issue 11836), or invalid_grant.
 */
const readAnswer: NonNullable<OAuthServer['readAnswer']> = (answer) => {
  const { error, error_description: words } = answer;
  if (error === 'access_denied') return { ...answer, error: 'invalid_client' };
  return error === 'unauthorized_client' && words === 'refresh_token is invalid'
    ? { ...answer, error: 'invalid_grant' }
    : answer;
};

export const atlassian: Provider = {
  id: 'atlassian',
  name: 'Atlassian',
  summary: 'For the APIs of Jira, Confluence and other Atlassian cloud products.',
  group: 'identity',
  documentation: 'https://developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps/',
  grants: [
    {
      kind: 'authorization-code',
      name: 'Sign in as a person',
      summary: 'You log in in a window and choose the site; the token speaks for you.',
      server: {
        authorizationEndpoint: 'https://auth.atlassian.com/authorize',
        tokenEndpoint: 'https://auth.atlassian.com/oauth/token',
        clientAuthentication: 'post',
        // Known from others' code only, so the field below goes before it
        pkce: 'off',
        authorizationParameters: { audience: 'api.atlassian.com', prompt: 'consent' },
        readAnswer,
      },
      probe: { url: 'https://api.atlassian.com/oauth/token/accessible-resources' },
      fields: [
        {
          ...clientId,
          hint: 'Under Settings of your OAuth 2.0 integration in the developer console.',
          link: APPS,
        },
        { ...clientSecret, label: 'Secret', hint: 'Below the client ID.', link: APPS },
        {
          ...redirectUri,
          hint: 'The callback URL under Authorization → OAuth 2.0 (3LO); nothing has to listen there, as the app catches the answer.',
          link: APPS,
        },
        {
          ...offlineScopes,
          hint: 'With spaces between them, of those added under Permissions; offline_access gives renewal.',
          link: 'https://developer.atlassian.com/cloud/jira/platform/scopes-for-oauth-2-3LO-and-forge-apps/',
          placeholder: 'read:jira-work offline_access',
          initial: 'read:me offline_access',
        },
        {
          ...pkce,
          hint: 'Atlassian does not look at it for apps of this kind; switch it on if that has changed.',
          initial: 'off',
        },
        ...personOptions,
      ],
    },
  ],
};
