/**
 * An OAuth 2.0 authorization server with the rules of one vendor: the engine that all of presets.ts runs on.
 *
 *     const okta = createOkta();
 *     okta.behave({ token: 'html' });
 *     …
 *     expect(okta.tokenCalls('refresh_token')).toBe(1);
 *
 * By default the person is signed in already and /authorize answers with a redirect at once. Codes work once; PKCE,
 * redirect URI, client authentication, scopes and rotation are checked as the description says.
 */
import {
  consentPage,
  errorPage,
  formPost,
  loginPage,
  strangePage,
} from './identity-provider-pages.ts';
import { createTokenDesk, issuerAt } from './identity-provider-tokens.ts';
import type {
  EndpointName,
  Grant,
  IdentityProvider,
  IdentityProviderBehaviour,
  LoggedRequest,
  Misbehaviour,
  ProviderDescription,
} from './identity-provider-types.ts';
import type { SiteAnswer, SiteRequest } from './site.ts';

/** Who signs in where no login is typed. */
export const DEFAULT_LOGIN = 'ada';

export function createIdentityProvider(vendor: ProviderDescription): IdentityProvider {
  let behaviour: IdentityProviderBehaviour = {};
  const log: LoggedRequest[] = [];
  const desk = createTokenDesk(vendor, () => behaviour);
  const routes = routesOf(vendor);

  const metadata = ({ url }: SiteRequest): SiteAnswer => ({
    headers: { 'content-type': 'application/json' },
    body: {
      issuer: issuerAt(url, vendor),
      authorization_endpoint: vendor.endpoints.authorize[0],
      token_endpoint: vendor.endpoints.token[0],
      revocation_endpoint: vendor.endpoints.revoke?.[0],
      jwks_uri: vendor.endpoints.jwks?.[0],
      userinfo_endpoint: vendor.endpoints.userinfo?.[0],
      response_types_supported: ['code'],
      response_modes_supported: ['query', 'form_post'],
      grant_types_supported: vendor.grants,
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      token_endpoint_auth_methods_supported: vendor.clientAuthentication.map((method) =>
        method === 'none' ? 'none' : `client_secret_${method}`,
      ),
      code_challenge_methods_supported: vendor.pkce ? ['S256'] : undefined,
      ...vendor.metadata[addressOf(url)],
    },
  });

  const authorize = (request: SiteRequest): SiteAnswer => {
    const query = request.url.searchParams;
    const refusal = vendor.checkAuthorization?.(request);
    if (refusal !== undefined && !('error' in refusal)) return refusal;
    const client = vendor.clients.find(({ id }) => id === query.get('client_id'));
    if (client === undefined) return errorPage(vendor.name, 'invalid_client', 'Unknown client.');
    const redirectUri = query.get('redirect_uri') ?? '';
    if (!vendor.redirectRule(redirectUri, client.redirectUris)) {
      return errorPage(vendor.name, 'redirect_uri_mismatch', 'The redirect URI is not registered.');
    }
    const answer = (parameters: Readonly<Record<string, string>>): SiteAnswer => {
      const target = new URL(redirectUri);
      const state = query.get('state');
      const all = { ...parameters, ...(state === null ? {} : { state }) };
      for (const [name, value] of Object.entries(all)) target.searchParams.append(name, value);
      return query.get('response_mode') === 'form_post'
        ? formPost(target)
        : { status: 302, headers: { location: target.href }, body: '' };
    };
    const refuse = (error: string, error_description: string): SiteAnswer =>
      answer({
        error,
        error_description,
        // RFC 9207 §2: in error responses as well
        ...(sendsIssuer(vendor) ? { iss: issuerAt(request.url, vendor) } : {}),
      });

    if (refusal !== undefined) return refuse(refusal.error, refusal.description);
    const twice = [...query.keys()].find((name) => query.getAll(name).length > 1);
    if (twice !== undefined) return refuse('invalid_request', `${twice} came twice.`);
    if (query.get('response_type') !== 'code') {
      return refuse('unsupported_response_type', 'Only response_type=code is supported.');
    }
    const challenge = vendor.pkce ? (query.get('code_challenge') ?? undefined) : undefined;
    if (challenge !== undefined && query.get('code_challenge_method') !== 'S256') {
      return refuse('invalid_request', 'code_challenge_method has to be S256.');
    }
    if (vendor.pkce && challenge === undefined && client.secret === undefined) {
      return refuse('invalid_request', 'A public client needs a code_challenge.');
    }
    const scopes = (query.get(vendor.scopeParameter ?? 'scope') ?? '')
      .split(vendor.scopeSeparator ?? ' ')
      .filter((scope) => scope !== '');
    if (scopes.some((scope) => vendor.knownScopes?.test(scope) === false)) {
      return refuse('invalid_scope', 'The requested scope is unknown or malformed.');
    }

    if (behaviour.login === 'denied' || request.form.get('consent') === 'no') {
      return refuse('access_denied', 'The person did not allow it.');
    }
    if (behaviour.login === 'page' && !request.form.has('consent')) {
      const login = request.form.get('login');
      return login === null
        ? loginPage(vendor.name, request)
        : consentPage(vendor.name, request, login);
    }
    const grant: Grant = {
      client,
      type: 'authorization_code',
      parameters: query,
      redirectUri,
      scopes,
      person: request.form.get('login') ?? DEFAULT_LOGIN,
      issuer: issuerAt(request.url, vendor),
      ended: false,
    };
    return answer({
      code: desk.issueCode(grant, challenge),
      ...(sendsIssuer(vendor) ? { iss: grant.issuer } : {}),
    });
  };

  const resource = (request: SiteRequest): SiteAnswer => {
    const value = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const token = desk.findAccessToken(value);
    const use = vendor.resources[addressOf(request.url)] ?? userinfo;
    const isForeign =
      vendor.separateIssuers === true && token?.grant.issuer !== issuerAt(request.url, vendor);
    const body = token === undefined || isForeign ? undefined : use(token, request);
    if (body === undefined) return vendor.unauthorized ?? UNAUTHORIZED;
    return { headers: { 'content-type': 'application/json' }, body };
  };

  const ordinary = async (
    endpoint: LoggedRequest['endpoint'],
    request: SiteRequest,
  ): Promise<SiteAnswer> => {
    switch (endpoint) {
      case 'metadata':
        return metadata(request);
      case 'authorize':
        return authorize(request);
      case 'token':
        return desk.answerTokenRequest(request);
      case 'revoke':
        return desk.answerRevocation(request);
      case 'jwks':
        return {
          headers: { 'content-type': 'application/json' },
          body: { keys: await desk.publicKeys() },
        };
      case 'resource':
        return resource(request);
      case 'unknown':
        return vendor.other?.[addressOf(request.url)]?.(request) ?? NOT_FOUND;
    }
  };

  const misbehave = (
    how: Misbehaviour,
    endpoint: LoggedRequest['endpoint'],
    request: SiteRequest,
  ): SiteAnswer | Promise<SiteAnswer> => {
    if (typeof how === 'function') return how(request, () => ordinary(endpoint, request));
    if (typeof how === 'number') return strangePage(how);
    if (how === 'html') return strangePage();
    if (how instanceof URL) {
      const target = new URL(request.url.pathname + request.url.search, how);
      return { status: 307, headers: { location: target.href }, body: '' };
    }
    const reason = how === 'invalid_client' ? 'wrong client' : 'wrong refresh token';
    return desk.refuse({ reason, error: how, description: 'As the test asks.' }, request);
  };

  return {
    name: vendor.name,
    issuer: issuerAt(new URL(vendor.endpoints.token[0] ?? ''), vendor),
    addresses: {
      authorize: vendor.endpoints.authorize[0] ?? '',
      token: vendor.endpoints.token[0] ?? '',
      revoke: vendor.endpoints.revoke?.[0],
      userinfo: vendor.endpoints.userinfo?.[0],
      resources: Object.keys(vendor.resources),
    },
    clients: vendor.clients,
    hosts: [...new Set([...routes.keys()].map((address) => new URL(address).hostname))],
    async site(request) {
      const endpoint = routes.get(addressOf(request.url)) ?? 'unknown';
      log.push({ endpoint, request });
      const how = endpoint === 'unknown' ? undefined : behaviour[endpoint];
      return how === undefined ? ordinary(endpoint, request) : misbehave(how, endpoint, request);
    },
    reset() {
      behaviour = {};
      log.length = 0;
      desk.reset();
    },
    behave(change) {
      behaviour = { ...behaviour, ...change };
    },
    requests: (endpoint) =>
      log
        .filter((entry) => endpoint === undefined || entry.endpoint === endpoint)
        .map(({ request }) => request),
    tokenCalls: (grantType) =>
      log.filter(
        ({ endpoint, request }) =>
          endpoint === 'token' &&
          (grantType === undefined || request.form.get('grant_type') === grantType),
      ).length,
    canaries: () => desk.canaries(),
    isAlive: (accessToken) => desk.findAccessToken(accessToken) !== undefined,
    endSessions: () => desk.endSessions(),
  };
}

/** For `behave({ authorize })`: the ordinary answer goes to this host in place of the redirect URI's. */
export function answerToLookAlike(host: string): Misbehaviour {
  return async (_request, ordinary) => {
    const answer = await ordinary();
    const location = answer.headers?.['location'];
    if (typeof location !== 'string') return answer;
    const target = new URL(location);
    target.host = host;
    return { ...answer, headers: { ...answer.headers, location: target.href } };
  };
}

const NOT_FOUND: SiteAnswer = { status: 404, body: { error: 'not_found' } };

/** RFC 6750 §3.1. */
const UNAUTHORIZED: SiteAnswer = {
  status: 401,
  headers: {
    'content-type': 'application/json',
    'www-authenticate': 'Bearer error="invalid_token"',
  },
  body: {
    error: 'invalid_token',
    error_description: 'The access token is missing, wrong or dead.',
  },
};

/** OpenID Connect Core §5.3: only for a token that was asked for with `openid`. */
function userinfo({
  grant,
  scopes,
}: Parameters<ProviderDescription['resources'][string]>[0]): unknown {
  if (grant.person === undefined || !scopes.includes('openid')) return undefined;
  return { sub: grant.person, email: `${grant.person}@example.test` };
}

function routesOf({
  endpoints,
  metadata,
  resources,
  other,
}: ProviderDescription): ReadonlyMap<string, LoggedRequest['endpoint']> {
  const routes = new Map<string, LoggedRequest['endpoint']>();
  const add = (endpoint: EndpointName | 'unknown', addresses: readonly string[] = []): void => {
    for (const address of addresses) routes.set(address, endpoint);
  };
  add('authorize', endpoints.authorize);
  add('token', endpoints.token);
  add('revoke', endpoints.revoke);
  add('jwks', endpoints.jwks);
  add('resource', endpoints.userinfo);
  add('resource', Object.keys(resources));
  add('metadata', Object.keys(metadata));
  add('unknown', Object.keys(other ?? {}));
  return routes;
}

/** RFC 9207 §3: those that say so in their metadata. */
function sendsIssuer({ metadata }: ProviderDescription): boolean {
  return Object.values(metadata).some(
    (members) => members['authorization_response_iss_parameter_supported'] === true,
  );
}

function addressOf(url: URL): string {
  return url.origin + url.pathname;
}
