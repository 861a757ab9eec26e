/**
 * "Copy as": a token in the words of the place it is pasted into. Whatever the token and the names hold, what comes out is
 * text there and never a command.
 */

export type CopyFormatId =
  | 'raw'
  | 'header'
  | 'curl'
  | 'httpie'
  | 'powershell'
  | 'fetch'
  | 'export'
  | 'dotenv'
  | 'json'
  | 'json-with-refresh-token'
  | 'postman'
  | 'bruno';

export interface CopyFormat {
  readonly id: CopyFormatId;
  readonly label: string;
}

/** In the order in which they are offered. */
export const COPY_FORMATS: readonly CopyFormat[] = [
  { id: 'raw', label: 'Token' },
  { id: 'header', label: 'Header line' },
  { id: 'curl', label: 'cURL' },
  { id: 'httpie', label: 'HTTPie' },
  { id: 'powershell', label: 'PowerShell' },
  { id: 'fetch', label: 'JavaScript fetch' },
  { id: 'export', label: 'Shell export' },
  { id: 'dotenv', label: '.env line' },
  { id: 'json', label: 'Token response (JSON)' },
  { id: 'json-with-refresh-token', label: 'Token response with refresh token (JSON)' },
  { id: 'postman', label: 'Postman environment' },
  { id: 'bruno', label: 'Bruno environment' },
];

/** Secret: stays in main. */
export interface CopyFacts {
  readonly tenantName: string;
  readonly providerName: string;
  readonly accessToken: string;
  readonly refreshToken?: string;
  readonly idToken?: string;
  readonly scope?: string;
  readonly expiresAtMs?: number;
  readonly nowMs: number;
  readonly account?: string;
  /** Complete request headers that carry the token. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Query parameters that carry it, not yet encoded. */
  readonly query: readonly (readonly [name: string, value: string])[];
  /** The tenant's probe. Undefined, or no absolute URL: a placeholder stands for it. */
  readonly request: CopiedRequest | undefined;
}

export interface CopiedRequest {
  readonly method: string;
  readonly url: string;
  /** Beside those that carry the token. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: string;
}

/** Replaced by the person: https://www.rfc-editor.org/rfc/rfc2606#section-3 */
const PLACEHOLDER_URL = 'https://api.example.com/';

const WRITERS: Readonly<Record<CopyFormatId, (facts: CopyFacts) => string>> = {
  raw: (facts) => facts.accessToken,
  header: (facts) =>
    headersOf(facts)
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n'),
  curl,
  httpie,
  powershell,
  fetch: fetchCall,
  export: (facts) => `export ${variableName(facts)}=${shellQuoted(facts.accessToken)}`,
  dotenv: (facts) => `${variableName(facts)}=${dotenvQuoted(facts.accessToken)}`,
  json: (facts) => json(tokenResponse(facts)),
  'json-with-refresh-token': (facts) =>
    json({ ...tokenResponse(facts), refresh_token: facts.refreshToken }),
  postman,
  bruno,
};

/**
 * The token as that format wants it, without a newline at the end.
 *
 * - Line breaks and NUL in a header become spaces: they would begin another header (RFC 9110 §5.5).
 * - `header` is empty where the token travels in the query only.
 * - Shell lines are for POSIX shells.
 * - `httpie` has no way to write an odd number of backslashes before `:`, `;`, `=` or `@`; it drops the last of them.
 * - `dotenv` reads the same in a shell and in a .env loader. Only a value with `'` and one of `"`, `$`, `` ` ``, `\` has no such
 *   form: it is then right in a shell, as the form that is right for loaders would run as a command there.
 */
export function copyText(format: CopyFormatId, facts: CopyFacts): string {
  return WRITERS[format](facts);
}

type Headers = readonly (readonly [name: string, value: string])[];

function headersOf({ headers }: { readonly headers: Headers }): Headers {
  const oneLine = (text: string): string => text.replaceAll(/[\r\n\0]/g, ' ');
  return headers.map(([name, value]) => [oneLine(name), oneLine(value)]);
}

function requestHeaders(facts: CopyFacts): Headers {
  return [...headersOf(facts), ...headersOf({ headers: facts.request?.headers ?? [] })];
}

/** The probe with the token's query parameters behind its own, which stay as they are. */
function requestOf({ request, query }: CopyFacts): { method: string; url: string } {
  const known = request && URL.canParse(request.url) ? request : undefined;
  const url = new URL(known?.url ?? PLACEHOLDER_URL);
  if (query.length > 0) {
    // A space is %20 in every query, but + only in one that is read as a form
    const added = new URLSearchParams(Object.fromEntries(query)).toString().replaceAll('+', '%20');
    url.search += url.search === '' ? added : `&${added}`;
  }
  return { method: known?.method.toUpperCase() ?? 'GET', url: url.href };
}

/** One or none. */
function bodyOf({ request }: CopyFacts): readonly string[] {
  return request?.body ? [request.body] : [];
}

/** https://curl.se/docs/manpage.html; `--globoff` as brackets and braces in a URL are patterns to curl. */
function curl(facts: CopyFacts): string {
  const { method, url } = requestOf(facts);
  const methodOption = curlMethod(method);
  const globOption = /[[\]{}]/.test(url) ? ' --globoff' : '';
  return [
    `curl${methodOption}${globOption} ${shellQuoted(url)}`,
    ...requestHeaders(facts).map(([name, value]) => `--header ${shellQuoted(`${name}: ${value}`)}`),
    ...bodyOf(facts).map((body) => `--data-raw ${shellQuoted(body)}`),
  ].join(' \\\n  ');
}

/** A request for HEAD by name would wait for a body that never comes. */
function curlMethod(method: string): string {
  if (method === 'GET') return '';
  return method === 'HEAD' ? ' --head' : ` --request ${shellWord(method)}`;
}

/**
 * https://httpie.io/docs/cli/request-items: a value that begins with `=` or `@` would make another separator of the colon, hence
 * the backslash. How items are read: https://github.com/httpie/cli/blob/master/httpie/cli/argtypes.py
 */
function httpie(facts: CopyFacts): string {
  const { method, url } = requestOf(facts);
  return [
    `http${bodyOf(facts)
      .map((body) => ` --raw ${shellQuoted(body)}`)
      .join('')} ${shellWord(method)} ${shellQuoted(url)}`,
    ...requestHeaders(facts).map(([name, value]) =>
      shellQuoted(`${name}:${value.replace(/^[=@]/, '\\$&')}`),
    ),
  ].join(' \\\n  ');
}

/**
 * https://learn.microsoft.com/powershell/module/microsoft.powershell.utility/invoke-restmethod. Windows PowerShell 5.1 sends any
 * Authorization header and lacks the switch; PowerShell 6 and later need it for one that is not `scheme parameter`
 * (https://github.com/PowerShell/PowerShell/issues/5818).
 */
function powershell(facts: CopyFacts): string {
  const { method, url } = requestOf(facts);
  const headers = requestHeaders(facts);
  const lines = headers.map(
    ([name, value]) => `  ${powershellQuoted(name)} = ${powershellQuoted(value)}`,
  );
  const isRefused = headers.some(
    ([name, value]) => name.toLowerCase() === 'authorization' && !SCHEME_AND_PARAMETER.test(value),
  );
  return (
    `Invoke-RestMethod -Method ${powershellQuoted(method)} -Uri ${powershellQuoted(url)}` +
    (isRefused ? ' -SkipHeaderValidation' : '') +
    (lines.length === 0 ? '' : ` -Headers @{\n${lines.join('\n')}\n}`) +
    bodyOf(facts)
      .map((body) => ` -Body ${powershellQuoted(body)}`)
      .join('')
  );
}

/** RFC 9110 §11.6.2, without the commas and quotes of several parameters. */
const SCHEME_AND_PARAMETER = /^[\w!#$%&'*+.^`|~-]+( [^",]+)?$/;

/** For a module or a console: it waits with `await`. */
function fetchCall(facts: CopyFacts): string {
  const { method, url } = requestOf(facts);
  const [body] = bodyOf(facts);
  const options = json({ method, headers: Object.fromEntries(requestHeaders(facts)), body });
  return `const response = await fetch(${json(url)}, ${options});\nconsole.log(response.status, await response.text());`;
}

/** POSIX.1-2024, Shell Command Language, §2.2.2: nothing is special between single quotes but the quote itself. */
function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function shellWord(text: string): string {
  return /^[A-Z]+$/.test(text) ? text : shellQuoted(text);
}

/** Shells read quotes with escapes, loaders without (https://nodejs.org/api/environment_variables.html#dotenv). */
function dotenvQuoted(text: string): string {
  return text.includes("'") && !/["$`\\]/.test(text) ? `"${text}"` : shellQuoted(text);
}

/**
 * Typographic quotes end a string as well.
 * https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules
 */
function powershellQuoted(text: string): string {
  return `'${text.replaceAll(/['\u2018-\u201B]/g, '$&$&')}'`;
}

/** JSON is JavaScript too, in strings as well (ECMA-262, 2019 and later). */
function json(value: unknown): string {
  return JSON.stringify(value, undefined, 2);
}

/** RFC 6749 §5.1 and OpenID Connect Core §3.1.3.3; what is unknown is left out, `expires_in` counts from now. */
function tokenResponse(facts: CopyFacts): Readonly<Record<string, unknown>> {
  const { accessToken, expiresAtMs, nowMs } = facts;
  const scheme = facts.headers
    .filter(([, value]) => value.endsWith(` ${accessToken}`))
    .map(([, value]) => value.slice(0, -accessToken.length - 1))
    .find((word) => /^[\w-]+$/.test(word));
  return {
    access_token: accessToken,
    token_type: scheme,
    expires_in:
      expiresAtMs === undefined ? undefined : Math.max(0, Math.floor((expiresAtMs - nowMs) / 1000)),
    scope: facts.scope,
    id_token: facts.idToken,
  };
}

/**
 * What Postman's import takes for an environment; it gives the id itself.
 * https://github.com/postmanlabs/postman-collection/blob/develop/lib/collection/variable-scope.js
 */
function postman(facts: CopyFacts): string {
  return json({
    name: facts.tenantName,
    values: [{ key: variableName(facts), value: facts.accessToken, type: 'secret', enabled: true }],
    _postman_variable_scope: 'environment',
  });
}

/**
 * What Bruno's import takes for an environment. Not marked secret: Bruno empties a secret on import (`buildEnvVariable`).
 * https://github.com/usebruno/bruno/blob/main/packages/bruno-app/src/utils/importers/bruno-environment.js
 */
function bruno(facts: CopyFacts): string {
  return json({
    name: facts.tenantName,
    variables: [
      {
        name: variableName(facts),
        value: facts.accessToken,
        type: 'text',
        enabled: true,
        secret: false,
      },
    ],
    info: { type: 'bruno-environment' },
  });
}

/** From the tenant's name, else the provider's: ASCII, upper case, ends in TOKEN, so that it shadows no variable of the system. */
function variableName({ tenantName, providerName }: CopyFacts): string {
  const stem = upperSnake(tenantName) || upperSnake(providerName) || 'ACCESS';
  const name = /(^|_)TOKEN$/.test(stem) ? stem : `${stem}_TOKEN`;
  return /^\d/.test(name) ? `_${name}` : name;
}

function upperSnake(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]+/g, '_')
    .slice(0, 60)
    .replaceAll(/^_|_$/g, '');
}
