/**
 * Microsoft Entra ID: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow,
 * https://learn.microsoft.com/entra/identity-platform/reply-url and
 * https://learn.microsoft.com/entra/identity-platform/refresh-tokens
 *
 * Refresh tokens live 90 days and stay valid after use; with a redirect URI of the type single-page application 24 hours.
 */
import type { Field, OAuthServer, Provider } from '../core/provider.ts';
import {
  clientId,
  clientSecret,
  offlineScopes,
  optionalClientSecret,
  parameters,
  personOptions,
  pkce,
  probeUrl,
  redirectUri,
  scopes,
} from './common-fields.ts';

const REGISTRATION = 'https://learn.microsoft.com/entra/identity-platform/quickstart-register-app';

const directory: Field = {
  name: 'directory',
  label: 'Directory (tenant)',
  kind: 'host',
  required: true,
  hint: 'The “Directory (tenant) ID” on the overview of the app registration, or the directory’s domain; not “common”.',
  link: REGISTRATION,
  placeholder: 'acme.onmicrosoft.com',
};

const id: Field = {
  ...clientId,
  label: 'Application (client) ID',
  hint: 'On the overview of the app registration.',
  link: REGISTRATION,
};

const SECRETS = 'https://learn.microsoft.com/entra/identity-platform/how-to-add-credentials';

const server: OAuthServer = {
  issuer: 'https://login.microsoftonline.com/{directory}/v2.0',
  // Asked for by a domain, the metadata state the issuer with the directory's ID
  issuerPattern:
    '^https://login\\.microsoftonline\\.com/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/v2\\.0$',
};

export const entra: Provider = {
  id: 'entra',
  name: 'Microsoft Entra ID',
  summary: 'For Microsoft Graph, Azure and APIs that are protected by Entra ID (Azure AD).',
  group: 'identity',
  documentation: 'https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow',
  grants: [
    {
      kind: 'authorization-code',
      name: 'Sign in as a person',
      summary: 'You log in in a window; the token speaks for you.',
      server,
      // Good for tokens of Microsoft Graph, which the initial scopes ask for
      probe: { url: 'https://graph.microsoft.com/oidc/userinfo' },
      fields: [
        directory,
        id,
        {
          ...optionalClientSecret,
          hint: 'Only if the redirect URI is of the type Web: the Value under Certificates & secrets.',
          link: SECRETS,
        },
        {
          ...redirectUri,
          hint: 'As registered under Authentication, upper and lower case included, not as single-page application; for sign-in in your browser http://localhost.',
          link: 'https://learn.microsoft.com/entra/identity-platform/reply-url',
        },
        {
          ...offlineScopes,
          hint: 'With spaces between them, for one API only besides openid and the like; offline_access gives renewal.',
          link: 'https://learn.microsoft.com/entra/identity-platform/scopes-oidc',
        },
        // Its metadata do not name PKCE
        pkce,
        ...personOptions,
      ],
    },
    {
      kind: 'client-credentials',
      name: 'Sign in as an app',
      summary: 'The app gets a token with its application permissions; no person is involved.',
      server,
      fields: [
        directory,
        id,
        {
          ...clientSecret,
          hint: 'The Value (not the Secret ID) under Certificates & secrets, shown only once.',
          link: SECRETS,
        },
        {
          ...scopes,
          required: true,
          hint: 'The API’s Application ID URI with /.default behind it.',
          link: 'https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow',
          initial: 'https://graph.microsoft.com/.default',
        },
        parameters,
        { ...probeUrl, placeholder: 'https://graph.microsoft.com/v1.0/organization' },
      ],
    },
  ],
};
