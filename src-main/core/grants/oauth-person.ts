/** The part of an OAuth sign-in that a person sees; shared by the grants that have one. */
import { failure, success } from '../errors.ts';
import type { AppError, Result } from '../errors.ts';
import { startAuthorization } from '../oauth/authorize.ts';
import type { PendingAttempt } from '../oauth/authorize.ts';
import { isOurs } from '../oauth/callback.ts';
import type { UserAgent } from '../ports.ts';
import type { AuthorizationCodeGrant, ErrorPage, ImplicitGrant } from '../provider.ts';
import { safeText } from '../safe-text.ts';
import type { GrantRequest, GrantWorld } from './grant.ts';
import { connectTenant, extraParameters, pkceOf, scopesOf } from './oauth-client.ts';

type PersonRequest = GrantRequest<AuthorizationCodeGrant | ImplicitGrant>;

/** Where the tenant signs in: as its provider demands, as the person chose, else in a window. */
export function agentOf(world: GrantWorld, { tenant, definition }: GrantRequest): UserAgent {
  const isForced = 'server' in definition && definition.server.browserOnly === true;
  return isForced || tenant.values.signInWith === 'browser'
    ? world.systemBrowser
    : world.loginWindow;
}

/** Opens the authorization page and gives what arrived at the redirect URI, not yet checked. */
export async function authorize(
  world: GrantWorld,
  request: PersonRequest,
  flow: 'code' | 'implicit',
): Promise<Result<{ readonly answer: URL; readonly attempt: PendingAttempt }>> {
  const { tenant, definition, signal } = request;
  const { redirectUri } = tenant.values;
  const { errorPage, authorizationParameters } = definition.server;
  if (redirectUri === undefined) return failure('input-invalid', { subject: 'redirect URI' });
  const connection = await connectTenant(world, request);
  if (!connection.ok) return connection;
  let attempt: PendingAttempt | undefined;
  const outcome = await agentOf(world, request).authorize({
    tenantId: tenant.id,
    tenantName: tenant.name,
    redirectUri,
    begin: async (finalRedirectUri) => {
      const started = await startAuthorization(connection.value, {
        flow,
        redirectUri: finalRedirectUri,
        scope: scopesOf(request),
        parameters: extraParameters(request, authorizationParameters),
        pkce: pkceOf(request),
      });
      if (!started.ok) return started;
      const pending = started.value.attempt;
      attempt = pending;
      return success({
        url: started.value.url,
        isOurs: (answer: URL) => isOurs(answer, pending),
        isPosted: started.value.url.searchParams.get('response_mode') === 'form_post',
      });
    },
    ...(errorPage === undefined
      ? {}
      : { readErrorPage: (page: URL) => readErrorPage(page, errorPage) }),
    onPage: request.onPage,
    signal,
  });
  switch (outcome.kind) {
    case 'closed':
      return failure('sign-in-cancelled');
    case 'failed':
      return { ok: false, error: outcome.error };
    case 'page-failed':
      return failure('page-failed', { host: outcome.host, subject: outcome.reason });
    case 'answered':
      return attempt === undefined
        ? failure('internal')
        : success({ answer: outcome.answer, attempt });
  }
}

/** @returns What the provider's own error page says; undefined for any other page. */
function readErrorPage(page: URL, description: ErrorPage): AppError | undefined {
  if (page.protocol !== 'https:' || page.host !== description.host) return undefined;
  if (page.pathname !== description.path) return undefined;
  const codes = description.parameters.flatMap((name) => page.searchParams.get(name) ?? []);
  const advice = codes
    .map((code) =>
      Object.hasOwn(description.explanations, code) ? description.explanations[code] : undefined,
    )
    .find((explanation) => explanation !== undefined);
  return {
    code: 'sign-in-denied',
    host: page.host,
    ...(codes.length === 0 ? {} : { detail: safeText(codes.join(': ')) }),
    ...(advice === undefined ? {} : { advice }),
  };
}
