/** What the vault keeps for one tenant, and how a stored record is read back. */
import * as v from 'valibot';
import type { Result } from './errors.ts';
import { hideSecrets } from './safe-text.ts';
import type { TokenSet } from './token.ts';

export interface TenantSecrets {
  /** Secrets typed into the form: field name → secret. */
  readonly fields: Readonly<Record<string, string>>;
  /** The last token with what renews it; undefined when signed out. */
  readonly token?: TokenSet;
}

export const NO_SECRETS: TenantSecrets = { fields: {} };

const optionalText = v.exactOptional(v.string());
const instant = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(8.64e15));

const tenantSecrets: v.GenericSchema<unknown, TenantSecrets> = v.object({
  fields: v.record(v.string(), v.string()),
  token: v.exactOptional(
    v.object({
      accessToken: v.string(),
      refreshToken: optionalText,
      idToken: optionalText,
      scope: optionalText,
      issuedAtMs: instant,
      expiresAtMs: v.exactOptional(instant),
      account: optionalText,
      accountSubject: optionalText,
      refreshExpiresAtMs: v.exactOptional(instant),
      extra: v.exactOptional(v.record(v.string(), v.string())),
      redirectUri: optionalText,
      clientAuthentication: v.exactOptional(v.literal('basic')),
    }),
  ),
});

/** @returns Undefined when the data is not such a record. */
export function readTenantSecrets(data: unknown): TenantSecrets | undefined {
  const parsed = v.safeParse(tenantSecrets, data);
  return parsed.success ? parsed.output : undefined;
}

/** Every secret of a tenant, to be taken out of what is shown. */
export function secretTexts({ fields, token }: TenantSecrets): readonly string[] {
  const { accessToken, refreshToken, idToken, extra = {} } = token ?? {};
  // Addresses that an answer has named are no secrets
  const named = Object.values(extra).filter((text) => !/^https?:\/\//.test(text));
  const texts = [...Object.values(fields), ...named];
  return [...texts, accessToken, refreshToken, idToken].filter((text) => text !== undefined);
}

/** An error in which a provider repeats what it was sent, without it. */
export function withoutSecrets<Value>(
  outcome: Result<Value>,
  secrets: TenantSecrets,
): Result<Value> {
  if (outcome.ok || outcome.error.detail === undefined) return outcome;
  const detail = hideSecrets(outcome.error.detail, secretTexts(secrets));
  return { ok: false, error: { ...outcome.error, detail } };
}
