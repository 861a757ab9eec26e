/** What a tenant and its token put into the templates of its provider. */
import type { TenantSecrets } from './secrets.ts';
import type { Variables } from './template.ts';
import type { Tenant } from './tenant.ts';
import type { TokenSet } from './token.ts';

export function variablesOf({
  tenant,
  secrets,
}: {
  readonly tenant: Tenant;
  readonly secrets: TenantSecrets;
}): Variables {
  return { ...tenant.values, ...secrets.fields, ...tokenVariables(secrets.token) };
}

function tokenVariables(token: TokenSet | undefined): Variables {
  if (token === undefined) return {};
  return {
    // A free port was put into it
    ...(token.redirectUri === undefined ? {} : { redirectUri: token.redirectUri }),
    token: token.accessToken,
    refreshToken: token.refreshToken,
    lastingToken: token.refreshToken ?? token.accessToken,
    ...extraVariables(token.extra ?? {}),
  };
}

export function extraVariables(extra: Readonly<Record<string, string>>): Variables {
  return Object.fromEntries(Object.entries(extra).map(([name, value]) => [`extra.${name}`, value]));
}
