/** Any OpenID Connect or OAuth 2.0 provider that publishes its configuration under its issuer. */
import type { Field, Provider } from '../core/provider.ts';

const issuer: Field = {
  name: 'issuer',
  label: 'Issuer',
  kind: 'url',
  required: true,
  hint: 'The provider’s base address, as its documentation names it; endpoints are found from it.',
  placeholder: 'https://login.example.com',
};

const clientId: Field = {
  name: 'clientId',
  label: 'Client ID',
  kind: 'text',
  required: true,
  hint: 'Given to you when the app was registered at the provider.',
};

const parameters: Field = {
  name: 'parameters',
  label: 'Extra parameters',
  kind: 'parameters',
  required: false,
  hint: 'Sent along with the request, one name=value on each line, for example audience=https://api.example.com.',
  advanced: true,
};

export const oidc: Provider = {
  id: 'oidc',
  name: 'OpenID Connect',
  group: 'any',
  summary: 'Any provider with an issuer address: Keycloak, Okta, Entra ID, Auth0 and many more.',
  grants: [
    {
      kind: 'authorization-code',
      server: { issuer: '{issuer}' },
      name: 'Sign in as a person',
      summary: 'You log in in a window; the token speaks for you.',
      fields: [
        issuer,
        clientId,
        {
          name: 'clientSecret',
          label: 'Client secret',
          kind: 'secret',
          required: false,
          hint: 'Only for confidential clients; leave empty for a public client.',
        },
        {
          name: 'redirectUri',
          label: 'Redirect URI',
          kind: 'url',
          required: true,
          hint: 'Exactly as registered at the provider. Nothing has to listen there: the app catches the answer.',
          placeholder: 'https://localhost/callback',
          initial: 'https://localhost/callback',
        },
        {
          name: 'scopes',
          label: 'Scopes',
          kind: 'scopes',
          required: false,
          hint: 'With blanks between them. offline_access asks for renewal without signing in again.',
          initial: 'openid profile email offline_access',
        },
        parameters,
      ],
    },
    {
      kind: 'client-credentials',
      server: { issuer: '{issuer}' },
      name: 'Sign in as an app',
      summary: 'Client id and secret are swapped for a token; no person is involved.',
      fields: [
        issuer,
        clientId,
        {
          name: 'clientSecret',
          label: 'Client secret',
          kind: 'secret',
          required: true,
          hint: 'Given to you with the client id; kept encrypted on this computer.',
        },
        {
          name: 'scopes',
          label: 'Scopes',
          kind: 'scopes',
          required: false,
          hint: 'With blanks between them; leave empty for the provider’s default.',
        },
        parameters,
      ],
    },
  ],
};
