/**
 * Amazon Cognito user pools: https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html
 *
 * Metadata lie at the pool, the endpoints that they name at its domain. There is no scope `offline_access`: a refresh
 * token always comes, for 30 days unless the app client says otherwise. A refresh names no new one unless rotation is on.
 */
import type { Field, OAuthServer, Provider } from '../core/provider.ts';
import {
  appOptions,
  clientId,
  clientSecret,
  optionalClientSecret,
  personOptions,
  redirectUri,
  scopes,
} from './common-fields.ts';

const POOL =
  'https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-identity-pools.html';
const CLIENT =
  'https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-client-apps.html';

const userPoolId: Field = {
  name: 'userPoolId',
  label: 'User pool ID',
  kind: 'text',
  required: true,
  hint: 'In the AWS console under Cognito → User pools → your pool → Overview.',
  link: POOL,
  placeholder: 'eu-central-1_Ab3dEf6hI',
};

const region: Field = {
  name: 'region',
  label: 'Region',
  kind: 'label',
  required: true,
  hint: 'The part of the user pool ID before the underscore.',
  placeholder: 'eu-central-1',
};

const id: Field = {
  ...clientId,
  hint: 'In the AWS console under your pool → Applications → App clients.',
  link: CLIENT,
};

const server: OAuthServer = {
  issuer: 'https://cognito-idp.{region}.amazonaws.com/{userPoolId}',
};

export const cognito: Provider = {
  id: 'cognito',
  name: 'Amazon Cognito',
  summary: 'For APIs that are protected by a Cognito user pool.',
  group: 'identity',
  documentation: 'https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html',
  grants: [
    {
      kind: 'authorization-code',
      name: 'Sign in as a person',
      summary: 'You log in on the pool’s login page in a window; the token speaks for you.',
      server,
      probe: { url: '{extra.userinfoEndpoint}' },
      fields: [
        userPoolId,
        region,
        id,
        optionalClientSecret,
        {
          ...redirectUri,
          hint: 'One of the allowed callback URLs under the app client’s Login pages; nothing has to listen there.',
          link: CLIENT,
        },
        {
          ...scopes,
          hint: 'With spaces between them, of those allowed under the app client’s Login pages; renewal needs none.',
          initial: 'openid email',
        },
        ...personOptions,
      ],
    },
    {
      kind: 'client-credentials',
      name: 'Sign in as an app',
      summary: 'The app client gets a token with its custom scopes; no person is involved.',
      server,
      fields: [
        userPoolId,
        region,
        id,
        { ...clientSecret, hint: 'On the app client’s page, below the client ID.', link: CLIENT },
        {
          ...scopes,
          hint: 'Custom scopes with spaces between them; leave empty for all that the app client has.',
          link: 'https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-define-resource-servers.html',
          placeholder: 'orders/read',
        },
        ...appOptions,
      ],
    },
  ],
};
