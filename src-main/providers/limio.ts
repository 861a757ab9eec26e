/**
 * Limio. Facts: https://docs.limio.com/developers/api-documentation/authentication-overview,
 * https://developers.limio.com/api-docs/authentication-overview/full-api and …/api-keys. Inferred: credentials in the body
 * suffice and Basic is the second try, as two generations of those pages differ; PKCE does no harm, as it seems to be Cognito.
 */
import type { Field, OAuthServer, Provider } from '../core/provider.ts';
import {
  clientId,
  clientSecret,
  pkce,
  probeUrl,
  redirectUri,
  scopes,
  signInWith,
} from './common-fields.ts';

const documentation = 'https://docs.limio.com/developers/api-documentation/authentication-overview';

const host = 'https://{tenant}.{region}.limio.com';

const place: readonly Field[] = [
  {
    name: 'tenant',
    label: 'Tenant name',
    kind: 'label',
    required: true,
    hint: 'The first part of the address at which you open Limio: acme in acme.prod.limio.com.',
    placeholder: 'acme',
  },
  {
    name: 'region',
    label: 'Hosting',
    kind: 'choice',
    required: true,
    hint: 'The second part of that address.',
    initial: 'prod',
    options: [
      { value: 'prod', label: 'EU (prod.limio.com)' },
      { value: 'prod-us', label: 'US (prod-us.limio.com)' },
      { value: 'dev', label: 'Development (dev.limio.com)' },
    ],
  },
];

const client: readonly Field[] = [
  {
    ...clientId,
    hint: 'Limio Support sends it by email, together with the secret.',
    link: documentation,
  },
  {
    ...clientSecret,
    hint: 'Limio Support sends it with the client ID; kept encrypted on this computer.',
    link: documentation,
  },
];

const server: OAuthServer = {
  authorizationEndpoint: `${host}/oauth2/authorize`,
  tokenEndpoint: `${host}/oauth2/token`,
  clientAuthentication: 'post-then-basic',
};

const probe = { url: `${host}/api/objects/limio/subscriptions?limit=1` };

export const limio: Provider = {
  id: 'limio',
  name: 'Limio',
  summary: 'Limio’s subscription commerce APIs, by your own login or as an app.',
  group: 'business',
  documentation,
  grants: [
    {
      kind: 'authorization-code',
      name: 'Sign in as a person',
      summary: 'You log in to Limio, also by single sign-on; the token speaks for you.',
      fields: [
        ...place,
        ...client,
        {
          ...redirectUri,
          hint: 'Limio Support must have allowed exactly this address for your client; nothing has to listen there.',
        },
        {
          ...scopes,
          hint: 'With spaces between them; Limio’s documentation names openid only.',
          initial: 'openid',
          advanced: true,
        },
        {
          ...pkce,
          hint: 'Limio does not say whether it knows PKCE; switch it off if the sign-in fails with it.',
        },
        {
          ...signInWith,
          hint: 'Some single sign-on pages, Google’s among them, refuse a window; the browser needs a redirect URI such as http://127.0.0.1:8080.',
        },
        probeUrl,
      ],
      server,
      probe,
    },
    {
      kind: 'client-credentials',
      name: 'Sign in as an app',
      summary: 'Client ID and secret are swapped for a token; no person is involved.',
      fields: [
        ...place,
        ...client,
        {
          ...scopes,
          hint: 'Limio’s documentation asks for none here; leave it empty.',
          advanced: true,
        },
        probeUrl,
      ],
      server,
      probe,
    },
    {
      kind: 'capture',
      name: 'Take it from the web app',
      summary:
        'You log in to Limio as usual, and the token of its own calls is taken; no client ID is needed.',
      fields: [...place, probeUrl],
      startUrl: `${host}/`,
      pathPart: 'api/',
      lifeSeconds: 3600,
      probe: { url: `${host}/api/user` },
    },
    {
      kind: 'static-key',
      name: 'Legacy API key',
      summary: 'A key that reads the catalogue; Limio is moving away from these.',
      fields: [
        ...place,
        {
          name: 'apiKey',
          label: 'API key',
          kind: 'secret',
          required: true,
          hint: 'In Limio under Profile → Developers → Limio Keys → Generate New.',
          link: documentation,
        },
        probeUrl,
      ],
      key: { template: '{apiKey}', encoding: 'plain' },
      use: { headers: { Authorization: '{token}' } },
      probe: { url: `${host}/api/campaigns?opt.pageSize=1` },
      mark: 'Read-only',
      limit: { field: 'tenant', most: 2, reason: 'Limio gives each account two API keys.' },
      removalNote:
        'The key is only forgotten here. Deleting it at Limio (Profile → Developers → Limio Keys) works at once and cannot be undone.',
    },
  ],
};
