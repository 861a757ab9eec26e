/** Any REST interface with a login of its own: the tenant's fields say what an entry of the catalogue says elsewhere. */
import type { Expiry, Field, Provider, RestCall, RestLogin, Values } from '../core/provider.ts';
import { probeUrl } from './common-fields.ts';
import { password, username } from './rest-fields.ts';

type Pairs = Readonly<Record<string, string>>;

const more = (
  name: string,
  label: string,
  kind: Field['kind'],
  hint: string,
  rest: Partial<Field> = {},
): Field => ({ name, label, kind, hint, required: false, advanced: true, ...rest });

const encodings: NonNullable<Field['options']> = [
  { value: 'json', label: 'JSON body' },
  { value: 'form', label: 'Form body (urlencoded)' },
  { value: 'multipart', label: 'Form body (multipart)' },
  { value: 'query', label: 'Query of the address' },
];

const methods: NonNullable<Field['options']> = ['POST', 'GET', 'PUT'].map((value) => ({
  value,
  label: value,
}));

const fields: readonly Field[] = [
  {
    name: 'loginUrl',
    label: 'Login address',
    kind: 'url',
    required: true,
    hint: 'The address to which the interface’s documentation sends username and password.',
    placeholder: 'https://api.example.com/auth/login',
  },
  username('The name that the interface knows you by.'),
  password,
  { ...probeUrl, advanced: false },
  more('method', 'Method', 'choice', 'How the login is called; nearly always POST.', {
    initial: 'POST',
    options: methods,
  }),
  more('encoding', 'Login sent as', 'choice', 'Where username and password go in the request.', {
    initial: 'json',
    options: [...encodings, { value: 'basic', label: 'Basic header' }],
  }),
  more(
    'usernameField',
    'Name of the username',
    'text',
    'What the interface calls it in the request; dots make objects: user.name.',
    {
      initial: 'username',
    },
  ),
  more(
    'passwordField',
    'Name of the password',
    'text',
    'What the interface calls it in the request; dots make objects: user.password.',
    {
      initial: 'password',
    },
  ),
  more(
    'loginFields',
    'Further fields',
    'parameters',
    'Sent along with the login, one name=value on each line; true, false and numbers count as such in JSON.',
  ),
  more(
    'loginHeaders',
    'Further headers',
    'parameters',
    'Sent along with login, renewal and logout, one name=value on each line.',
  ),
  more(
    'tokenPlace',
    'Where the token is',
    'text',
    'In the answer: a path such as data.token, * for the whole body, header:Name or cookie:Name; empty tries the usual ones.',
  ),
  more(
    'refreshTokenPlace',
    'Where the refresh token is',
    'text',
    'As for the token; empty tries refresh_token and refreshToken.',
  ),
  more(
    'expiryPlace',
    'Where the expiry is',
    'text',
    'As for the token; empty tries expires_in and expiresIn, in seconds.',
  ),
  more('expiryUnit', 'Expiry given as', 'choice', 'What is found in that place.', {
    initial: 'in-s',
    options: [
      { value: 'in-s', label: 'Seconds from now' },
      { value: 'in-ms', label: 'Milliseconds from now' },
      { value: 'at-iso', label: 'A date as text' },
      { value: 'at-s', label: 'Seconds since 1970' },
      { value: 'at-ms', label: 'Milliseconds since 1970' },
    ],
  }),
  more(
    'lifeSeconds',
    'Lifetime in seconds',
    'text',
    'How long a token lives if neither the answer nor the token says so.',
  ),
  more('renewBy', 'Renewed by', 'choice', 'What the interface wants for the next token.', {
    initial: 'login',
    options: [
      { value: 'login', label: 'Logging in again' },
      { value: 'refresh-token', label: 'The refresh token' },
      { value: 'current-token', label: 'The current token' },
    ],
  }),
  more('renewUrl', 'Renewal address', 'url', 'Needed for a renewal by a token.'),
  more('renewEncoding', 'Renewal sent as', 'choice', 'Where its fields go in the request.', {
    initial: 'json',
    options: encodings,
  }),
  more(
    'renewFields',
    'Fields of the renewal',
    'parameters',
    'One name=value on each line, with {refreshToken}, {token} or {username} in the value; empty sends refresh_token={refreshToken}, or the token in its header.',
  ),
  more(
    'successRule',
    'Success is shown by',
    'text',
    'For interfaces that answer 200 in any case: success=true, or the name of a member that only failures have, such as error.',
  ),
  more('headerName', 'Header', 'text', 'Where the interface wants the token in later calls.', {
    initial: 'Authorization',
  }),
  more('headerValue', 'Value of the header', 'text', '{token} stands for the token.', {
    initial: 'Bearer {token}',
  }),
  more('logoutUrl', 'Logout address', 'url', 'Called with the token when you sign out.'),
];

export const rest: Provider = {
  id: 'rest',
  name: 'REST login',
  summary: 'Any interface that swaps username and password for a token in a way of its own.',
  group: 'any',
  grants: [
    {
      kind: 'rest-login',
      name: 'Username and password',
      summary: 'Logs in as the interface’s documentation says, and renews in its way.',
      fields,
      login: describe,
    },
  ],
};

/** Puts the fields of a tenant into the form of a catalogue entry. */
function describe(values: Values): RestLogin {
  const { usernameField = 'username', passwordField = 'password', encoding, renewUrl } = values;
  const headers = pairsOf(values['loginHeaders']);
  const isBasic = encoding === 'basic';
  const withToken = {
    ...headers,
    [values.headerName ?? 'Authorization']: values.headerValue ?? 'Bearer {token}',
  };
  const { renewBy } = values;
  const byToken = renewBy === 'refresh-token' || renewBy === 'current-token' ? renewBy : undefined;
  const usualFields: Pairs = byToken === 'refresh-token' ? { refresh_token: '{refreshToken}' } : {};
  const renewFields = values['renewFields'];
  const life = Number(values['lifeSeconds']);
  const rule = /^([^=]+)(?:=(.*))?$/.exec(values['successRule'] ?? '');
  const method = methodOf(values['method']);
  return {
    login: {
      url: '{loginUrl}',
      method,
      // GET has no body (RFC 9110 §9.3.1)
      encoding: method === 'GET' && !isBasic ? 'query' : encodingOf(encoding),
      headers,
      fields: {
        ...typed(pairsOf(values['loginFields'])),
        [isBasic ? 'username' : usernameField]: '{username}',
        [isBasic ? 'password' : passwordField]: '{password}',
      },
    },
    answer: {
      token: placeOr(values['tokenPlace'], USUAL_TOKEN_PLACES),
      refreshToken: placeOr(values['refreshTokenPlace'], USUAL_REFRESH_TOKEN_PLACES),
      expiry: expiryOf(values),
      ...(life > 0 ? { lifeSeconds: life } : {}),
    },
    ...(byToken === undefined || renewUrl === undefined
      ? {}
      : {
          renewal: {
            by: byToken,
            call: {
              url: '{renewUrl}',
              encoding: encodingOf(values['renewEncoding']),
              headers: byToken === 'current-token' ? withToken : headers,
              fields: renewFields === undefined ? usualFields : typed(pairsOf(renewFields)),
            },
          },
        }),
    ...(values['logoutUrl'] === undefined
      ? {}
      : { logout: { url: '{logoutUrl}', headers: withToken } }),
    ...(rule === null
      ? {}
      : {
          success: {
            path: (rule[1] ?? '').trim(),
            ...(rule[2] === undefined ? {} : { equals: valueOf(rule[2].trim()) }),
          },
        }),
  };
}

const USUAL_TOKEN_PLACES = [
  'access_token',
  'accessToken',
  'token',
  'data.token',
  'data.access_token',
  'jwt',
  'id_token',
  'result',
  '*',
];

const USUAL_REFRESH_TOKEN_PLACES = [
  'refresh_token',
  'refreshToken',
  'data.refresh_token',
  'data.refreshToken',
];

function placeOr(place: string | undefined, usual: readonly string[]): readonly string[] {
  return place === undefined ? usual : [place];
}

function expiryOf({ expiryPlace, expiryUnit }: Values): readonly Expiry[] {
  if (expiryPlace === undefined) {
    return ['expires_in', 'expiresIn', 'data.expires_in'].map((name) => ({ in: name, unit: 's' }));
  }
  switch (expiryUnit) {
    case 'in-ms':
      return [{ in: expiryPlace, unit: 'ms' }];
    case 'at-iso':
      return [{ at: expiryPlace, unit: 'iso' }];
    case 'at-s':
      return [{ at: expiryPlace, unit: 's' }];
    case 'at-ms':
      return [{ at: expiryPlace, unit: 'ms' }];
    default:
      return [{ in: expiryPlace, unit: 's' }];
  }
}

function encodingOf(value: string | undefined): NonNullable<RestCall['encoding']> {
  const known = ['form', 'query', 'multipart', 'basic'] as const;
  return known.find((each) => each === value) ?? 'json';
}

function methodOf(value: string | undefined): NonNullable<RestCall['method']> {
  return value === 'GET' || value === 'PUT' ? value : 'POST';
}

/** `name=value` lines, which the form has checked. */
function pairsOf(lines = ''): Pairs {
  const pairs = lines.split('\n').flatMap((line) => {
    const at = line.indexOf('=');
    return at < 1 ? [] : [[line.slice(0, at).trim(), line.slice(at + 1).trim()] as const];
  });
  return Object.fromEntries(pairs);
}

function typed(pairs: Pairs): NonNullable<RestCall['fields']> {
  return Object.fromEntries(Object.entries(pairs).map(([name, text]) => [name, valueOf(text)]));
}

/** `true`, `false` and numbers (that would be written the same again) are such; all else is text. */
function valueOf(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  return text !== '' && String(Number(text)) === text ? Number(text) : text;
}
