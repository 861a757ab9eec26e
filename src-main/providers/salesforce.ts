/**
 * Salesforce: https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_flows.htm and
 * https://developer.salesforce.com/docs/platform/isvforce/guide/secure-code-ac-eca.html
 *
 * The answer has no `expires_in`, and names the host of the API in `instance_url`. Public clients must not send a secret.
 * Whether refresh tokens rotate is a setting of the app.
 */
import type { Field, OAuthServer, Provider } from '../core/provider.ts';
import {
  clientId,
  clientSecret,
  optionalClientSecret,
  parameters,
  personOptions,
  probeUrl,
  redirectUri,
  scopes,
} from './common-fields.ts';

const domain: Field = {
  name: 'domain',
  label: 'Login host',
  kind: 'host',
  required: true,
  hint: 'Your My Domain, from Setup → My Domain; login.salesforce.com or test.salesforce.com also work for people.',
  link: 'https://help.salesforce.com/s/articleView?id=sf.domain_name_overview.htm',
  placeholder: 'acme.my.salesforce.com',
};

const id: Field = {
  ...clientId,
  label: 'Consumer key',
  hint: 'In Setup → External Client App Manager → your app → Settings → OAuth Settings.',
};

const secret: Pick<Field, 'label' | 'hint'> = {
  label: 'Consumer secret',
  hint: 'Next to the consumer key.',
};

const server: OAuthServer = {
  issuer: 'https://{domain}',
  extras: { instance_url: 'instance_url' },
};

export const salesforce: Provider = {
  id: 'salesforce',
  name: 'Salesforce',
  summary: 'For Salesforce’s APIs, with an external client app or connected app of your own.',
  group: 'identity',
  documentation: 'https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_flows.htm',
  grants: [
    {
      kind: 'authorization-code',
      name: 'Sign in as a person',
      summary: 'You log in in a window; the token speaks for you.',
      server,
      probe: { url: '{extra.instance_url}/services/oauth2/userinfo' },
      fields: [
        domain,
        id,
        {
          ...optionalClientSecret,
          label: secret.label,
          hint: 'Next to the consumer key; leave it empty if the app does not require a secret for the web server flow.',
        },
        {
          ...redirectUri,
          hint: 'The callback URL of the app’s OAuth settings; nothing has to listen there, as the app catches the answer.',
        },
        {
          ...scopes,
          // No page found that tells the two names of the renewal scope apart
          hint: 'With spaces between them, of those selected for the app; refresh_token (or offline_access) gives renewal.',
          link: 'https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_tokens_scopes.htm',
          initial: 'openid api refresh_token',
        },
        ...personOptions,
      ],
    },
    {
      kind: 'client-credentials',
      name: 'Sign in as an app',
      summary: 'The app gets a token that speaks for its execution user.',
      server,
      fields: [
        {
          ...domain,
          hint: 'Your My Domain, from Setup → My Domain; login.salesforce.com does not work for apps.',
        },
        id,
        { ...clientSecret, ...secret },
        parameters,
        { ...probeUrl, placeholder: 'https://acme.my.salesforce.com/services/data/v64.0/limits' },
      ],
    },
  ],
};
