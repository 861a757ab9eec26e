/** Makes one call of a REST interface from its description in the catalogue, and judges the answer. */
import { AppFailure, failure, success } from '../errors.ts';
import type { Result } from '../errors.ts';
import type { Http, HttpInit } from '../ports.ts';
import type { RestCall, RestLogin } from '../provider.ts';
import { base64 } from '../base64.ts';
import { retryAfter } from '../retry-after.ts';
import { safeText } from '../safe-text.ts';
import { fill, fillAll, fillUrl } from '../template.ts';
import type { Variables } from '../template.ts';
import { isSecure } from '../tenant.ts';
import { memberAt, readAnswer, textFrom } from './answer.ts';
import type { Answer } from './answer.ts';

/**
 * Sends the call. Nothing is sent to an address without https, except on this computer.
 * @returns The answer whatever its status; the failures of the Http port; `input-invalid` when a field is missing.
 */
export async function send(
  call: RestCall,
  variables: Variables,
  http: Http,
  signal?: AbortSignal,
): Promise<Result<Answer>> {
  const url = fillUrl(call.url, variables);
  if (url === undefined) return failure('input-invalid', { subject: 'address' });
  if (!isSecure(url)) return failure('endpoint-unsafe', { host: url.host, subject: 'address' });
  const headers: Record<string, string> = {
    accept: 'application/json',
    ...Object.fromEntries(fillAll(call.headers, variables)),
  };
  const init = {
    method: call.method ?? 'POST',
    headers,
    ...encode(call, variables, url, headers),
    ...(signal === undefined ? {} : { signal }),
  } satisfies HttpInit;
  try {
    return success(await readAnswer(await http(url.href, init)));
  } catch (cause) {
    if (cause instanceof AppFailure) return { ok: false, error: cause.error };
    return failure('internal', { host: url.host, cause });
  }
}

/** Puts the fields where the encoding wants them: into the body, the query or a header. */
function encode(
  call: RestCall,
  variables: Variables,
  url: URL,
  headers: Record<string, string>,
): Pick<HttpInit, 'body'> {
  const fields = Object.entries(call.fields ?? {}).flatMap(([template, value]) => {
    const name = fill(template, variables);
    const filled = typeof value === 'string' ? fill(value, variables) : value;
    return name === undefined || filled === undefined ? [] : [[name, filled] as const];
  });
  const texts = fields.map(([name, value]) => [name, String(value)] as [string, string]);
  switch (call.encoding ?? 'json') {
    case 'json':
      if (fields.length === 0) return {};
      headers['content-type'] = 'application/json';
      return { body: JSON.stringify(nested(fields)) };
    case 'form':
      return { body: new URLSearchParams(texts) };
    case 'multipart': {
      const form = new FormData();
      for (const [name, value] of texts) form.append(name, value);
      return { body: form };
    }
    case 'query':
      for (const [name, value] of texts) url.searchParams.set(name, value);
      return {};
    case 'basic': {
      const { username = '', password = '' } = Object.fromEntries(texts);
      headers['authorization'] = `Basic ${base64(`${username}:${password}`)}`;
      return {};
    }
  }
}

/** `identifier.user` becomes a member of an object. */
function nested(fields: readonly (readonly [string, unknown])[]): object {
  const root = emptyObject();
  for (const [path, value] of fields) {
    const names = path.split('.');
    const last = names.pop() ?? '';
    let at = root;
    for (const name of names) at = (at[name] ??= emptyObject()) as Record<string, unknown>;
    at[last] = value;
  }
  return root;
}

/** Without a prototype a person's `__proto__` is a name like any other. */
function emptyObject(): Record<string, unknown> {
  return Object.create(null) as Record<string, unknown>;
}

export type JudgementRules = {
  readonly [Name in 'refusedStatuses' | 'success' | 'errorPaths']?: RestLogin[Name] | undefined;
};

/**
 * What an answer is to us: good, a refusal, trouble at their side, or not theirs at all.
 * @param refusal `credentials-refused` for a call that carries a password: whatever looks like a refusal then is one, even
 * as a page, because a password that is tried again and again locks its account. For a call that carries what was granted,
 * a page is a proxy's or a portal's and says nothing about it.
 */
export function judgeAnswer(
  answer: Answer,
  host: string,
  rules: JudgementRules,
  refusal: 'credentials-refused' | 'grant-refused',
): Result<null> {
  const { status, json, text } = answer;
  const words = textFrom(answer, [...(rules.errorPaths ?? []), ...USUAL_ERROR_PATHS]);
  const told = `HTTP ${String(status)}`;
  const detail = safeText(words === undefined ? told : `${words} (${told})`);
  if (status >= 500 || status === 408 || status === 425 || status === 429) {
    return failure('provider-trouble', { host, detail, ...retryAfter(answer) });
  }
  const isPage = json === undefined && /^\s*</.test(text);
  const isRefusal = status >= 400 && (rules.refusedStatuses ?? REFUSED).includes(status);
  if (refusal === 'credentials-refused' && status >= 400) {
    return failure(isRefusal ? refusal : 'request-refused', { host, detail });
  }
  if (isPage) return failure('not-the-provider', { host, detail });
  if (isRefusal) return failure(refusal, { host, detail });
  if (status < 200 || status >= 300) return failure('not-the-provider', { host, detail });
  return rules.success === undefined || isSuccess(json, rules.success)
    ? success(null)
    : failure(refusal, { host, detail });
}

function isSuccess(json: unknown, { path, equals }: NonNullable<RestLogin['success']>): boolean {
  const value = memberAt(json, path);
  return equals === undefined ? value === undefined || value === null : value === equals;
}

const REFUSED = [400, 401, 403, 409, 422, 423];

const USUAL_ERROR_PATHS = [
  'error_description',
  'message',
  'error.message',
  'error',
  'detail',
  'title',
];
