/** From a tenant's fields and its provider's data to a connection as an OAuth client; shared by the OAuth grants. */
import type * as oauth from 'oauth4webapi';
import { AppFailure, failure, success } from '../errors.ts';
import type { Result } from '../errors.ts';
import { connect } from '../oauth/provider-connection.ts';
import type { ClientAuthentication, ProviderConnection } from '../oauth/provider-connection.ts';
import { revoke } from '../oauth/revoke.ts';
import { probeClient } from '../oauth/token-endpoint.ts';
import type {
  AuthorizationCodeGrant,
  ClientCredentialsGrant,
  ImplicitGrant,
  Pkce,
} from '../provider.ts';
import { judgeAnswer, send } from '../rest/call.ts';
import { fillAddress, fillAll, fillUrl } from '../template.ts';
import { isSecure, parseParameters } from '../tenant.ts';
import type { TokenSet } from '../token.ts';
import { variablesOf } from '../variables.ts';
import type { GrantRequest, GrantWorld, Revocation } from './grant.ts';

type OAuthRequest = GrantRequest<AuthorizationCodeGrant | ImplicitGrant | ClientCredentialsGrant>;

/** @param authentication Instead of what the tenant and its provider say. */
export async function connectTenant(
  world: GrantWorld,
  request: OAuthRequest,
  authentication?: ClientAuthentication,
): Promise<Result<ProviderConnection>> {
  const { tenant, secrets, definition } = request;
  const { clientId } = tenant.values;
  if (clientId === undefined) return failure('input-invalid', { subject: 'client ID' });
  const server = await serverOf(world, request);
  if (!server.ok) return server;
  const tries = definition.server.clientAuthentication === 'post-then-basic';
  const chosen = authentication ?? authenticationOf(request) ?? (tries ? 'post' : undefined);
  const { readAnswer, extras, tokenParameters, refreshParameters, scopeParameter } =
    definition.server;
  const variables = variablesOf(request);
  return success(
    connect(server.value, clientId, secrets.fields['clientSecret'], world.http, {
      ...(definition.server.issuer === undefined ? { ignoresIdTokens: true } : {}),
      ...(chosen === undefined ? {} : { authentication: chosen }),
      ...(readAnswer === undefined ? {} : { readAnswer }),
      ...(extras === undefined ? {} : { extras }),
      ...(scopeParameter === undefined ? {} : { scopeParameter }),
      ...(separatorOf(request) === ',' ? { scopeSeparator: ',' } : {}),
      tokenParameters: fillAll(tokenParameters, variables),
      refreshParameters: fillAll(refreshParameters, variables),
    }),
  );
}

/**
 * Runs a call of the token endpoint as the tenant's client. Where it is not known how the client has to show its secret,
 * the other way is tried once, and the way that worked is kept with the token.
 */
export async function asClient(
  world: GrantWorld,
  request: OAuthRequest,
  call: (connection: ProviderConnection) => Promise<Result<TokenSet>>,
): Promise<Result<TokenSet>> {
  const remembered = request.secrets.token?.clientAuthentication;
  const connection = await connectTenant(world, request, remembered);
  if (!connection.ok) return connection;
  const { server } = connection.value;
  if (server.token_endpoint === undefined) {
    return failure('endpoint-missing', {
      host: new URL(server.issuer).host,
      subject: 'token endpoint',
    });
  }
  const first = await call(connection.value);
  const mayTryBasic =
    !first.ok &&
    first.error.code === 'client-refused' &&
    remembered === undefined &&
    authenticationOf(request) === undefined &&
    request.definition.server.clientAuthentication === 'post-then-basic';
  if (!mayTryBasic) return first.ok ? success(withAuthentication(first.value, remembered)) : first;
  const withBasic = await connectTenant(world, request, 'basic');
  if (!withBasic.ok) return withBasic;
  const second = await call(withBasic.value);
  return second.ok ? success(withAuthentication(second.value, 'basic')) : first;
}

function withAuthentication(token: TokenSet, authentication: 'basic' | undefined): TokenSet {
  return authentication === undefined ? token : { ...token, clientAuthentication: authentication };
}

/** @returns Undefined: as the server says, or (`post-then-basic`) to be tried. */
function authenticationOf({ tenant, definition }: OAuthRequest): ClientAuthentication | undefined {
  const chosen = tenant.values.clientAuthentication;
  if (chosen === 'basic' || chosen === 'post') return chosen;
  const known = definition.server.clientAuthentication;
  return known === 'post-then-basic' ? undefined : known;
}

/** Metadata where the provider publishes it, with what its data and the tenant know better laid over it. */
async function serverOf(
  world: GrantWorld,
  request: OAuthRequest,
): Promise<Result<oauth.AuthorizationServer>> {
  const { definition, signal } = request;
  const { issuer, issuerPattern, authorizationEndpoint, tokenEndpoint, revocationEndpoint } =
    definition.server;
  const variables = variablesOf(request);
  const known: {
    authorization_endpoint?: string;
    token_endpoint?: string;
    revocation_endpoint?: string;
  } = {};
  for (const [name, template] of [
    ['authorization_endpoint', authorizationEndpoint],
    ['token_endpoint', tokenEndpoint],
    ['revocation_endpoint', revocationEndpoint],
    ['revocation_endpoint', '{revocationEndpoint}'],
  ] as const) {
    const url = template === undefined ? undefined : fillUrl(template, variables);
    if (url === undefined) continue;
    if (!isSecure(url)) {
      return failure('endpoint-unsafe', { host: url.host, subject: name.replaceAll('_', ' ') });
    }
    known[name] = url.href;
  }
  if (issuer === undefined) {
    const endpoint = known.authorization_endpoint ?? known.token_endpoint;
    if (endpoint === undefined) return failure('input-invalid', { subject: 'endpoints' });
    return success({ ...known, issuer: new URL(endpoint).origin });
  }
  const url = fillAddress(issuer, variables);
  if (url === undefined) return failure('input-invalid', { subject: 'issuer' });
  const found = await world.discovery.find(url, signal, issuerPattern);
  return found.ok ? success({ ...found.value, ...known }) : found;
}

/** The tenant's own parameters and the provider's; where both name one, the tenant's holds. */
export function extraParameters(
  request: GrantRequest,
  templates: Readonly<Record<string, string>> | undefined,
): readonly (readonly [string, string])[] {
  const parsed = parseParameters(request.tenant.values.parameters ?? '');
  const own = parsed.ok ? parsed.value : [];
  const filled = fillAll(templates, variablesOf(request));
  return [...filled.filter(([name]) => !own.some(([other]) => other === name)), ...own];
}

/** The tenant's scopes with spaces between them, however they were typed. */
export function scopesOf({ tenant }: GrantRequest): string {
  return (tenant.values.scopes ?? '')
    .split(/[\s,]+/)
    .filter(Boolean)
    .join(' ');
}

export function pkceOf({ tenant, definition }: OAuthRequest): Pkce {
  const chosen = tenant.values.pkce;
  return chosen === 'S256' || chosen === 'plain' || chosen === 'off'
    ? chosen
    : (definition.server.pkce ?? 'S256');
}

function separatorOf({ tenant, definition }: OAuthRequest): string {
  return tenant.values.scopeSeparator ?? definition.server.scopeSeparator ?? ' ';
}

export async function revokeToken(
  world: GrantWorld,
  request: OAuthRequest,
): Promise<Result<Revocation>> {
  const { token } = request.secrets;
  if (token === undefined) return success('not-offered');
  const { revocation } = request.definition.server;
  if (revocation !== undefined) {
    const variables = variablesOf(request);
    const host = fillUrl(revocation.url, variables)?.host ?? '';
    const answer = await send(revocation, variables, world.http, request.signal);
    if (!answer.ok) return answer;
    // Unknown to them means that it has ended
    if (answer.value.status === 404) return success('confirmed');
    const judged = judgeAnswer(answer.value, host, revocation, 'grant-refused');
    return judged.ok ? success('confirmed') : judged;
  }
  const connection = await connectTenant(world, request, token.clientAuthentication);
  return connection.ok ? revoke(connection.value, token, request.signal) : connection;
}

/** Finds the server, and asks its token endpoint with a made-up code what it thinks of the client. */
export async function testClient(
  world: GrantWorld,
  request: GrantRequest<AuthorizationCodeGrant>,
): Promise<Result<string>> {
  const outcome = await asClient(world, request, (connection) => {
    const { redirectUri = '' } = request.tenant.values;
    return probeClient(connection, redirectUri, world.clock, request.signal);
  });
  if (outcome.ok) return failure('token-answer-invalid');
  switch (outcome.error.code) {
    case 'grant-refused':
      return success(
        'The provider is there and knows this client. Whether the redirect URI is right shows at the sign-in.',
      );
    case 'request-refused':
      return success('The provider is there. What it thinks of the client shows at the sign-in.');
    default:
      return outcome;
  }
}

export async function testAuthorizationPage(
  world: GrantWorld,
  request: GrantRequest<ImplicitGrant>,
): Promise<Result<string>> {
  const connection = await connectTenant(world, request);
  if (!connection.ok) return connection;
  const { server } = connection.value;
  const url = new URL(server.authorization_endpoint ?? server.issuer);
  return testPage(world, url, request.signal);
}

/** Whether a page is there; one that sends on to another is. */
export async function testPage(
  { http }: GrantWorld,
  url: URL,
  signal: AbortSignal,
): Promise<Result<string>> {
  const found = success(`${url.host} is there. The rest shows at the sign-in.`);
  try {
    const { status } = await http(url.href, { method: 'GET', headers: {}, signal });
    return status < 500 && status !== 404
      ? found
      : failure('not-the-provider', { host: url.host, detail: `HTTP ${String(status)}` });
  } catch (cause) {
    if (!(cause instanceof AppFailure)) return failure('internal', { cause });
    return cause.error.code === 'redirect-refused' ? found : { ok: false, error: cause.error };
  }
}
