/**
 * LiveChat (Text Platform). Facts: https://platform.text.com/docs/authorization/oauth-authorization,
 * …/personal-access-tokens and …/troubleshooting, all in github livechat/livechat-public-docs. Inferred: that S256 of
 * RFC 7636 is accepted, as the vendor's own SDK computes something else under that name; so `plain` can be chosen.
 */
import type { Field, OAuthServer, Provider } from '../core/provider.ts';
import {
  clientId,
  optionalClientSecret,
  parameters,
  pkce,
  probeUrl,
  redirectUri,
  scopes,
  signInWith,
} from './common-fields.ts';

const accounts = 'https://accounts.livechat.com';

const console = 'https://platform.text.com/console';

const app: Field = {
  ...clientId,
  hint: 'In the Developer Console: your app, building block App Authorization.',
  link: console,
};

const common: readonly Field[] = [
  {
    ...redirectUri,
    hint: 'Scheme, host and port as in the App Authorization block; nothing has to listen there.',
    placeholder: 'https://localhost',
    initial: 'https://localhost',
  },
  {
    ...scopes,
    hint: 'With spaces or commas between them, such as agents--all:ro; empty means all scopes of the app.',
  },
  {
    ...parameters,
    hint: 'Sent along with the sign-in, one name=value on each line: prompt=consent, or organization_id with its ID.',
  },
  {
    ...signInWith,
    hint: 'Your browser needs a redirect URI with a fixed port, such as http://localhost:3000.',
  },
  probeUrl,
];

const clientHelp =
  'Compare the client ID with the App Authorization block in the Developer Console.';
const typeHelp =
  'The way to sign in must fit the app’s type in the Developer Console: JavaScript apps take the implicit grant, or a code without a secret; server-side apps take a code with the secret.';
const redirectHelp =
  'Enter scheme, host and port of the redirect URI exactly as in the App Authorization block, without ? and # parts.';
const laterHelp = 'Try again in a moment; LiveChat had trouble.';

const server: OAuthServer = {
  authorizationEndpoint: `${accounts}/`,
  tokenEndpoint: `${accounts}/v2/token`,
  clientAuthentication: 'post',
  scopeSeparator: ',',
  revocation: {
    method: 'DELETE',
    url: `${accounts}/v2/token`,
    headers: { Authorization: 'Bearer {lastingToken}' },
  },
  // 25 tokens for each client and account; beyond that the oldest ends without a word
  revokesReplaced: true,
  readAnswer: withRenewalRefused,
  errorPage: {
    host: 'accounts.livechat.com',
    path: '/ooops',
    parameters: ['exception_details', 'oauth_exception', 'identity_exception'],
    explanations: {
      client_id_not_found: clientHelp,
      redirect_uri_not_set: 'Add a redirect URI to the app’s App Authorization block.',
      invalid_redirect_uri: redirectHelp,
      too_many_redirects: 'Wait half a minute: LiveChat allows three sign-ins in 30 seconds.',
      invalid_request: typeHelp,
      unauthorized_client: `${clientHelp} The app must also be installed on your account (Private installation).`,
      access_denied:
        'Sign in with an account on which the app is installed, and agree to its scopes.',
      unsupported_response_type: typeHelp,
      invalid_scope:
        'Ask only for scopes that are ticked in the app’s App Authorization block, or leave scopes empty.',
      server_error: laterHelp,
      temporarily_unavailable: laterHelp,
      unsupported_grant_type: typeHelp,
      invalid_grant: 'Sign in again; what was granted before has ended.',
      invalid_client: clientHelp,
      missing_grant: 'Sign in again and agree to the scopes that the app asks for.',
      unauthorized: 'Check email address and password, then sign in again.',
      identity_lost: 'Your LiveChat login has ended meanwhile; sign in again.',
      credentials_login_disabled:
        'Your organisation does not allow passwords; sign in with Google, Microsoft or single sign-on.',
    },
  },
};

const probe = { url: `${accounts}/v2/info` };

export const livechat: Provider = {
  id: 'livechat',
  name: 'LiveChat / Text',
  summary:
    'The APIs of LiveChat and the Text Platform, as an agent or with a personal access token.',
  group: 'business',
  documentation: 'https://platform.text.com/docs/authorization/oauth-authorization',
  grants: [
    {
      kind: 'implicit',
      name: 'Sign in as an agent, quick',
      summary:
        'For a JavaScript app of the Developer Console: a token for eight hours, without renewal.',
      fields: [app, ...common],
      server,
      probe,
    },
    {
      kind: 'authorization-code',
      name: 'Sign in as an agent, renewed',
      summary:
        'For a server-side app with its secret, or a JavaScript app without one; renews by itself.',
      fields: [
        app,
        {
          ...optionalClientSecret,
          hint: 'Beside the client ID of a server-side app; leave it empty for a JavaScript app.',
        },
        {
          ...pkce,
          hint: 'Choose plain if LiveChat refuses the sign-in although everything else is right.',
          options: [
            { value: 'S256', label: 'S256' },
            { value: 'plain', label: 'plain' },
          ],
        },
        ...common,
      ],
      server,
      probe,
    },
    {
      kind: 'static-key',
      name: 'Personal access token',
      summary:
        'Made once in the Developer Console; for scripts and tests, but not for the Customer Chat API.',
      fields: [
        {
          name: 'accountId',
          label: 'Account ID',
          kind: 'text',
          required: true,
          hint: 'The long ID shown together with the token in the Developer Console.',
          link: console,
        },
        {
          name: 'personalAccessToken',
          label: 'Personal access token',
          kind: 'secret',
          required: true,
          hint: 'In the Developer Console under Settings → Authorization → Personal Access Tokens.',
          link: console,
        },
        probeUrl,
      ],
      key: { template: '{accountId}:{personalAccessToken}', encoding: 'basic' },
      use: { headers: { Authorization: 'Basic {token}' } },
      probe: { url: `${accounts}/v2/organizations/my` },
    },
  ],
};

/** A refresh token that is used up or unknown is refused with the word for an unknown client. */
function withRenewalRefused(
  answer: Readonly<Record<string, unknown>>,
  isRenewal: boolean,
): Readonly<Record<string, unknown>> {
  return isRenewal && answer['error'] === 'unauthorized_client'
    ? { ...answer, error: 'invalid_grant' }
    : answer;
}
