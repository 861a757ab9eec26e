/**
 * Slack: https://docs.slack.dev/authentication/installing-with-oauth, https://docs.slack.dev/authentication/using-pkce and
 * https://docs.slack.dev/authentication/using-token-rotation
 *
 * Its OpenID Connect metadata are for Sign in with Slack only, whose tokens open no API. Tokens do not end unless rotation
 * is on; then they live 12 hours, and for an app with PKCE the refresh token 30 days. Such an app may not ask for scopes of
 * a bot with a redirect to this computer, so only scopes of a person are asked for.
 */
import type { OAuthServer, Provider } from '../core/provider.ts';
import {
  clientId,
  optionalClientSecret,
  personOptions,
  pkce,
  redirectUri,
  scopes,
  standardErrors,
} from './common-fields.ts';

const APPS = 'https://api.slack.com/apps';

const renameError = standardErrors({
  invalid_client_id: 'invalid_client',
  bad_client_secret: 'invalid_client',
  bad_redirect_uri: 'invalid_request',
  invalid_grant_type: 'unsupported_grant_type',
  invalid_code: 'invalid_grant',
  code_already_used: 'invalid_grant',
  invalid_code_verifier: 'invalid_grant',
  invalid_refresh_token: 'invalid_grant',
  token_revoked: 'invalid_grant',
  token_expired: 'invalid_grant',
});

/** A person's token lies in `authed_user`, after a refresh at the top; errors are `ok: false` with status 200. */
const readAnswer: NonNullable<OAuthServer['readAnswer']> = ({ ok, authed_user, ...answer }) =>
  ok === true
    ? { ...answer, ...(authed_user as object | undefined), token_type: 'Bearer' }
    : renameError(answer);

export const slack: Provider = {
  id: 'slack',
  name: 'Slack',
  summary: 'For Slack’s Web API in a person’s name, with a Slack app of your own.',
  group: 'identity',
  documentation: 'https://docs.slack.dev/authentication/installing-with-oauth',
  grants: [
    {
      kind: 'authorization-code',
      name: 'Sign in as a person',
      summary: 'You log in in a window; the token speaks for you.',
      server: {
        authorizationEndpoint: 'https://slack.com/oauth/v2/authorize',
        tokenEndpoint: 'https://slack.com/api/oauth.v2.access',
        scopeParameter: 'user_scope',
        scopeSeparator: ',',
        readAnswer,
        revocation: {
          url: 'https://slack.com/api/auth.revoke',
          headers: { Authorization: 'Bearer {token}' },
          success: { path: 'ok', equals: true },
        },
      },
      probe: {
        method: 'POST',
        url: 'https://slack.com/api/auth.test',
        success: { path: 'ok', equals: true },
      },
      fields: [
        {
          ...clientId,
          hint: 'Under Basic Information → App Credentials of your app.',
          link: APPS,
        },
        {
          ...optionalClientSecret,
          hint: 'Below the client ID; leave it empty if PKCE is switched on for the app.',
          link: APPS,
        },
        {
          ...redirectUri,
          hint: 'As registered under OAuth & Permissions; nothing has to listen there, as the app catches the answer.',
          link: APPS,
        },
        {
          ...scopes,
          required: true,
          hint: 'User token scopes with spaces between them; renewal depends on the app’s token rotation, not on a scope.',
          link: 'https://docs.slack.dev/reference/scopes',
          placeholder: 'channels:read users:read',
          initial: 'users:read',
        },
        {
          ...pkce,
          hint: 'An app has to be switched to PKCE at Slack, for good; switch it off here if Slack refuses it.',
          link: 'https://docs.slack.dev/authentication/using-pkce',
        },
        ...personOptions,
      ],
    },
  ],
};
