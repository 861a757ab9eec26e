/** A tenant: an account at a provider as the person configured it. Holds no secret. Checks what a form or a file says it is. */
import * as v from 'valibot';
import { failure, success } from './errors.ts';
import type { Result } from './errors.ts';
import { COPY_FORMATS } from './copy-formats.ts';
import type { CopyFormatId } from './copy-formats.ts';
import type { Field, GrantKind, Provider, ProviderGrant, Values } from './provider.ts';

export interface Tenant {
  readonly id: string;
  readonly providerId: string;
  readonly grant: GrantKind;
  readonly name: string;
  /** `#rrggbb` */
  readonly colour: string;
  readonly values: Values;
  /** Whether a notice comes before expiry: as the settings say, always, or never. */
  readonly notice: 'default' | 'always' | 'never';
  /** The form in which it was copied last; absent: the token itself. */
  readonly copyFormat?: CopyFormatId;
}

const GRANT_KINDS = [
  'authorization-code',
  'implicit',
  'client-credentials',
  'rest-login',
  'approval',
  'capture',
  'static-key',
] as const satisfies readonly GrantKind[];

export const tenantShape: v.GenericSchema<unknown, Tenant> = v.object({
  id: v.pipe(v.string(), v.uuid()),
  providerId: v.string(),
  grant: v.picklist(GRANT_KINDS),
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(200)),
  colour: v.pipe(v.string(), v.regex(/^#[0-9a-f]{6}$/i)),
  values: v.record(v.string(), v.string()),
  notice: v.picklist(['default', 'always', 'never']),
  // One that a later version knew is not worth losing the tenant for
  copyFormat: v.exactOptional(v.fallback(v.picklist(COPY_FORMATS.map(({ id }) => id)), 'raw')),
});

/** A form's content as it comes from a page: nothing in it is trusted. */
const tenantDraftShape = v.strictObject({
  id: v.exactOptional(v.pipe(v.string(), v.uuid())),
  providerId: v.pipe(v.string(), v.maxLength(100)),
  grant: v.pipe(v.string(), v.maxLength(100)),
  name: v.pipe(v.string(), v.maxLength(1000)),
  colour: v.pipe(v.string(), v.regex(/^#[0-9a-f]{6}$/i)),
  values: v.record(v.string(), v.pipe(v.string(), v.maxLength(16_384))),
  secrets: v.record(v.string(), v.nullable(v.pipe(v.string(), v.maxLength(1_048_576)))),
  storedSecrets: v.array(v.string()),
  notice: v.picklist(['default', 'always', 'never']),
});

export type TenantDraft = v.InferOutput<typeof tenantDraftShape>;

/** @returns Undefined for anything that is not a draft. */
export function readTenantDraft(data: unknown): TenantDraft | undefined {
  const parsed = v.safeParse(tenantDraftShape, data);
  return parsed.success ? parsed.output : undefined;
}

export interface CheckedDraft {
  readonly tenant: Tenant;
  /** Field name → new secret, or null to delete the stored one. */
  readonly secretChanges: Readonly<Record<string, string | null>>;
}

/**
 * Turns a draft into a tenant, or says for each field what is wrong with it (`input-invalid` with `fields`).
 * @param id Of the tenant to be made or changed.
 */
export function checkDraft(
  draft: TenantDraft,
  id: string,
  providers: readonly Provider[],
): Result<CheckedDraft> {
  const wrong: Record<string, string> = {};
  const grant = findGrant(providers, draft.providerId, draft.grant);
  if (grant === undefined)
    return failure('input-invalid', { fields: { grant: 'Choose a way to get a token.' } });

  const name = draft.name.replace(/\p{Cc}+/gu, ' ').trim();
  if (name === '') wrong['name'] = 'Give the tenant a name.';
  else if (name.length > 200) wrong['name'] = 'At most 200 characters.';

  const values: Record<string, string> = {};
  const secretChanges: Record<string, string | null> = {};
  for (const field of grant.fields) {
    if (field.kind === 'secret') {
      const change = draft.secrets[field.name];
      if (change !== undefined) secretChanges[field.name] = change === '' ? null : change;
      const missing =
        change === null ||
        change === '' ||
        (change === undefined && !draft.storedSecrets.includes(field.name));
      if (field.required && missing) wrong[field.name] = `${field.label} is needed.`;
      continue;
    }
    const value = (draft.values[field.name] ?? '').trim();
    const objection =
      value === ''
        ? field.required
          ? `${field.label} is needed.`
          : undefined
        : checkValue(field, value);
    if (objection !== undefined) wrong[field.name] = objection;
    else if (value !== '') values[field.name] = field.name === 'issuer' ? bareIssuer(value) : value;
  }
  const agent = checkAgent(grant, values);
  if (agent !== undefined) wrong['redirectUri'] ??= agent;
  if (Object.keys(wrong).length > 0) return failure('input-invalid', { fields: wrong });
  return success({
    tenant: {
      id,
      providerId: draft.providerId,
      grant: grant.kind,
      name,
      colour: draft.colour.toLowerCase(),
      values,
      notice: draft.notice,
    },
    secretChanges,
  });
}

/** In the system browser only this computer itself can take the answer (RFC 8252 §7.3). */
function checkAgent(grant: ProviderGrant, values: Values): string | undefined {
  const { redirectUri, signInWith } = values;
  const isForced = 'server' in grant && grant.server.browserOnly === true;
  if (redirectUri === undefined || (!isForced && signInWith !== 'browser')) return undefined;
  const url = new URL(redirectUri);
  return url.protocol === 'http:' && isLoopback(url.hostname)
    ? undefined
    : 'In the system browser this must be http://127.0.0.1 (or localhost), with or without a port.';
}

export function findGrant(
  providers: readonly Provider[],
  providerId: string,
  kind: string,
): ProviderGrant | undefined {
  return providers
    .find((provider) => provider.id === providerId)
    ?.grants.find((grant) => grant.kind === kind);
}

/** People paste the whole discovery address: the issuer is what stands before the well-known part. */
function bareIssuer(value: string): string {
  return value.replace(/\/\.well-known\/(openid-configuration|oauth-authorization-server)\/?$/, '');
}

function checkValue(field: Field, value: string): string | undefined {
  switch (field.kind) {
    case 'url':
      // The URL parser drops some of these silently: what is sent would not be what was checked
      if (/[\s\p{Cc}]/u.test(value)) return 'An address has no spaces or line breaks.';
      return field.name === 'redirectUri'
        ? checkRedirectUri(value)
        : checkAddress(value, field.name === 'issuer');
    case 'host':
      return /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/i.test(value) &&
        URL.canParse(`https://${value}`)
        ? undefined
        : 'Only the host name, for example login.example.com.';
    case 'label':
      return /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/i.test(value)
        ? undefined
        : 'Only letters, digits and hyphens.';
    case 'choice':
      return field.options?.some((option) => option.value === value) === true
        ? undefined
        : 'Choose one of the list.';
    case 'date':
      return /^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(Date.parse(value))
        ? undefined
        : 'A day, for example 2027-12-31.';
    case 'scopes':
      // RFC 6749 §3.3: printable ASCII without quotation mark and backslash; some providers put commas between them
      return /^[\x21\x23-\x5B\x5D-\x7E]+( +[\x21\x23-\x5B\x5D-\x7E]+)*$/.test(value)
        ? undefined
        : 'Scopes are words with spaces between them.';
    case 'parameters': {
      const parsed = parseParameters(value, field.name);
      return parsed.ok ? undefined : parsed.error.fields?.[field.name];
    }
    case 'text':
      // RFC 9110 §5.1 and §5.5
      if (field.name === 'headerName' && !/^[!#$%&'*+.^_`|~\w-]+$/.test(value)) {
        return 'A header’s name has no spaces and no colon.';
      }
      if (field.name === 'headerValue' && !/^[\x20-\x7E]*$/.test(value)) {
        return 'A header’s value has only plain characters.';
      }
      return /\p{Cc}/u.test(value) ? 'Has a character that cannot be part of it.' : undefined;
    case 'secret':
      return undefined;
  }
}

function checkAddress(value: string, isIssuer: boolean): string | undefined {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined) return 'Not an address. It starts with https://';
  if (!isSecure(url)) return 'Must start with https:// (http:// only for this computer itself).';
  if (url.username !== '' || url.password !== '') return 'Must not contain a username or password.';
  if (url.hash !== '' || value.includes('#')) return 'Must have no # part.';
  if (isIssuer && (url.search !== '' || value.includes('?'))) return 'An issuer has no ? part.';
  return undefined;
}

const UNSAFE_REDIRECT_SCHEMES = [
  'javascript:',
  'data:',
  'blob:',
  'file:',
  'about:',
  'view-source:',
  'app:',
];

function checkRedirectUri(value: string): string | undefined {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined) return 'Not an address. Enter it as registered at the provider.';
  if (UNSAFE_REDIRECT_SCHEMES.includes(url.protocol))
    return 'This kind of address cannot be a redirect URI.';
  if (url.hash !== '' || value.includes('#')) return 'A redirect URI has no # part.'; // RFC 6749 §3.1.2
  return undefined;
}

/** https, or http to this computer itself (development servers). */
export function isSecure(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
}

export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/** Parameters that the flow itself sets; a tenant's extra ones never replace them. */
const RESERVED_PARAMETERS = [
  'assertion',
  'client_assertion',
  'password',
  'client_id',
  'client_secret',
  'code',
  'code_challenge',
  'code_challenge_method',
  'code_verifier',
  'grant_type',
  'nonce',
  'redirect_uri',
  'refresh_token',
  'response_type',
  'scope',
  'state',
];

/**
 * Reads `name=value` lines.
 * @param field The form field they are from. In `parameters`, which go along with OAuth's own, some names are reserved.
 * @returns `input-invalid` with that field when a line is not one.
 */
export function parseParameters(
  text: string,
  field = 'parameters',
): Result<readonly (readonly [string, string])[]> {
  const wrong = (what: string): Result<never> =>
    failure('input-invalid', { fields: { [field]: what } });
  const pairs: (readonly [string, string])[] = [];
  for (const line of text.split('\n').map((entry) => entry.trim())) {
    if (line === '') continue;
    const at = line.indexOf('=');
    const name = line.slice(0, at).trim();
    if (at < 1) return wrong(`“${line}” is not of the form name=value.`);
    if (field === 'parameters' && RESERVED_PARAMETERS.includes(name)) {
      return wrong(`${name} is set by the app itself.`);
    }
    if (pairs.some(([other]) => other === name)) return wrong(`${name} is there twice.`);
    pairs.push([name, line.slice(at + 1).trim()]);
  }
  return success(pairs);
}
