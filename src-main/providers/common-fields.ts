/** Fields that most OAuth providers have; a provider file lays its own hint and link over them. */
import type { Field } from '../core/provider.ts';

export const clientId: Field = {
  name: 'clientId',
  label: 'Client ID',
  kind: 'text',
  required: true,
  hint: 'Given to you when the app was registered at the provider.',
};

/** Of a confidential client. */
export const clientSecret: Field = {
  name: 'clientSecret',
  label: 'Client secret',
  kind: 'secret',
  required: true,
  hint: 'Given to you with the client ID; kept encrypted on this computer.',
};

export const optionalClientSecret: Field = {
  ...clientSecret,
  required: false,
  hint: 'Only if the app was given one; leave it empty for a public client.',
};

/** For sign-in in a window, where the answer is caught before anything is asked there. */
export const redirectUri: Field = {
  name: 'redirectUri',
  label: 'Redirect URI',
  kind: 'url',
  required: true,
  hint: 'Exactly as registered at the provider; nothing has to listen there, as the app catches the answer.',
  placeholder: 'https://localhost/callback',
  initial: 'https://localhost/callback',
};

export const scopes: Field = {
  name: 'scopes',
  label: 'Scopes',
  kind: 'scopes',
  required: false,
  hint: 'With spaces between them; leave empty for the provider’s default.',
};

/** OpenID Connect Core §11: `offline_access` asks for a refresh token. */
export const offlineScopes: Field = {
  ...scopes,
  hint: 'With spaces between them; offline_access asks for renewal without signing in again.',
  initial: 'openid profile email offline_access',
};

export const parameters: Field = {
  name: 'parameters',
  label: 'Extra parameters',
  kind: 'parameters',
  required: false,
  hint: 'Sent along with the request, one name=value on each line, for example audience=https://api.example.com.',
  advanced: true,
};

export const signInWith: Field = {
  name: 'signInWith',
  label: 'Where to sign in',
  kind: 'choice',
  required: false,
  hint: 'Your browser helps where a window is refused, and needs http://127.0.0.1 or http://localhost as redirect URI.',
  initial: 'window',
  options: [
    { value: 'window', label: 'In a window of Bearer Tray' },
    { value: 'browser', label: 'In my browser' },
  ],
  advanced: true,
};

/** Where no page of the provider proves that it takes PKCE (RFC 7636). */
export const pkce: Field = {
  name: 'pkce',
  label: 'PKCE',
  kind: 'choice',
  required: false,
  hint: 'Protects the sign-in; switch it off only if the provider refuses it.',
  initial: 'S256',
  options: [
    { value: 'S256', label: 'On' },
    { value: 'off', label: 'Off' },
  ],
  advanced: true,
};

export const probeUrl: Field = {
  name: 'probeUrl',
  label: 'Address to try the token on',
  kind: 'url',
  required: false,
  hint: 'Called with GET to see whether a token is accepted; any address of the API that reads something small.',
  placeholder: 'https://api.example.com/me',
  advanced: true,
};

/** What a person who signs in may leave alone. */
export const personOptions: readonly Field[] = [parameters, signInWith, probeUrl];

/** What may be left alone where an app signs in. */
export const appOptions: readonly Field[] = [parameters, probeUrl];

/**
 * For `readAnswer`: gives a provider's own error codes the names of RFC 6749 §5.2; its own word is kept as the description
 * where there is none.
 */
export function standardErrors(
  codes: Readonly<Record<string, string>>,
): (answer: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>> {
  return (answer) => {
    const { error, error_description = error } = answer;
    return typeof error === 'string' && Object.hasOwn(codes, error)
      ? { ...answer, error: codes[error], error_description }
      : answer;
  };
}
