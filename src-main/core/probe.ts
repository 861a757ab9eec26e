/** The request that says whether a token is good: how a tenant's provider wants it sent, and what came back. */
import { AppFailure, failure, success } from './errors.ts';
import type { Result } from './errors.ts';
import { variablesOf } from './variables.ts';
import type { Clock, Http } from './ports.ts';
import type { Probe, ProviderGrant, TokenUse } from './provider.ts';
import { memberAt } from './rest/answer.ts';
import { blotOut, hideSecrets } from './safe-text.ts';
import { secretTexts } from './secrets.ts';
import type { TenantSecrets } from './secrets.ts';
import { fill, fillAll, fillUrl } from './template.ts';
import { isSecure } from './tenant.ts';
import type { Tenant } from './tenant.ts';

/** Whose token is sent. */
export interface ProbeSubject {
  readonly tenant: Tenant;
  readonly definition: ProviderGrant;
  /** With the token. */
  readonly secrets: TenantSecrets;
}

/** How a request carries the token, filled. Secret. */
export interface CarriedToken {
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly query: readonly (readonly [name: string, value: string])[];
}

const BEARER: TokenUse = { headers: { Authorization: 'Bearer {token}' } };

/** RFC 6750 §2.1, as the provider departs from it, as the tenant's own header name and value say. */
export function carry(subject: ProbeSubject): CarriedToken {
  const { headers = {}, query = {} } = subject.definition.use ?? BEARER;
  const { headerName, headerValue } = subject.tenant.values;
  const [credential, ...others] = Object.entries(headers);
  const own =
    headerName === undefined && headerValue === undefined
      ? credential
      : ([
          headerName ?? credential?.[0] ?? 'Authorization',
          headerValue ?? credential?.[1] ?? 'Bearer {token}',
        ] as const);
  const variables = variablesOf(subject);
  // What a person typed may use the token and nothing else that is secret
  const typed = { ...subject.tenant.values, token: subject.secrets.token?.accessToken };
  const isOwn = own !== credential;
  const first =
    own === undefined ? [] : fillAll(Object.fromEntries([own]), isOwn ? typed : variables);
  return {
    headers: [...first, ...fillAll(Object.fromEntries(others), variables)],
    query: fillAll(query, variables),
  };
}

/** The tenant's own address goes before that of its provider. @returns Undefined when there is none. */
export function probeOf(
  subject: ProbeSubject,
): { readonly probe: Probe; readonly url: URL } | undefined {
  const own = subject.tenant.values.probeUrl;
  const probe = own === undefined ? subject.definition.probe : { url: '{probeUrl}' };
  const url = probe === undefined ? undefined : fillUrl(probe.url, variablesOf(subject));
  if (probe === undefined || url === undefined || !isSecure(url)) return undefined;
  // A provider may name an address of its own, but not send the token to this computer, unless it is here itself
  const isNamedByProvider = probe.url.startsWith('{extra.');
  const isHere = subject.tenant.values.issuer?.startsWith('http:') === true;
  return isNamedByProvider && url.protocol !== 'https:' && !isHere ? undefined : { probe, url };
}

export interface ProbeAnswer {
  readonly method: string;
  readonly host: string;
  /** Without query. */
  readonly url: string;
  readonly status: number;
  readonly durationMs: number;
  readonly accepted: boolean;
  /** Shortened, without the tenant's secrets. */
  readonly body: string;
}

/** Sends the probe with the token. @returns `probe-unknown` when there is nothing to call; failures of the Http port. */
export async function callProbe(
  world: { readonly clock: Clock; readonly http: Http },
  subject: ProbeSubject,
  signal?: AbortSignal,
): Promise<Result<ProbeAnswer>> {
  const found = probeOf(subject);
  if (found === undefined) return failure('probe-unknown');
  const { probe, url } = found;
  const isOwn = subject.tenant.values.probeUrl !== undefined;
  const { headers, query } = carry(subject);
  const shown = `${url.origin}${url.pathname}`;
  for (const [name, value] of query) url.searchParams.set(name, value);
  const startedAtMs = world.clock.now();
  const method = probe.method ?? 'GET';
  try {
    const response = await world.http(url.href, {
      method,
      headers: {
        accept: 'application/json, */*;q=0.5',
        ...Object.fromEntries(fillAll(probe.headers, variablesOf(subject))),
        ...Object.fromEntries(headers),
      },
      ...(probe.body === undefined ? {} : { body: fill(probe.body, variablesOf(subject)) }),
      ...(signal === undefined ? {} : { signal }),
    });
    const text = await response.text();
    return success({
      method,
      host: url.host,
      url: hideSecrets(shown, secretsOf(subject)),
      status: response.status,
      durationMs: Math.max(0, world.clock.now() - startedAtMs),
      accepted: response.ok && saysYes(text, probe) && (isOwn || !isPage(text)),
      body: blotOut(text, secretsOf(subject)),
    });
  } catch (cause) {
    if (cause instanceof AppFailure) return { ok: false, error: cause.error };
    return failure('internal', { host: url.host, cause });
  }
}

/** A portal or a login page says nothing about a token; a person's own address may well be a page. */
function isPage(text: string): boolean {
  return /^\s*</.test(text);
}

function saysYes(text: string, { success: rule }: Probe): boolean {
  if (rule === undefined) return true;
  try {
    const value = memberAt(JSON.parse(text), rule.path);
    return rule.equals === undefined
      ? value === undefined || value === null
      : value === rule.equals;
  } catch {
    return false;
  }
}

function secretsOf(subject: ProbeSubject): readonly string[] {
  const { headers, query } = carry(subject);
  return [...secretTexts(subject.secrets), ...[...headers, ...query].map(([, value]) => value)];
}

/** One sentence. */
export function describeCall({ method, host, status, durationMs, accepted }: ProbeAnswer): string {
  const verdict = accepted ? 'The token is accepted' : 'The token is not accepted';
  return `${verdict}: ${method} to ${host} answered ${String(status)} after ${String(durationMs)} ms.`;
}
