/** The token and revocation endpoints of an emulated provider (RFC 6749 §3.2, §5, §6, RFC 7009), and all that it has issued. */
import { createHash, randomBytes } from 'node:crypto';
import { createIdTokens } from './hostile-server-id-tokens.ts';
import type { IdTokens } from './hostile-server-id-tokens.ts';
import { authenticate, Refused } from './identity-provider-clients.ts';
import type {
  AccessToken,
  Client,
  Grant,
  GrantType,
  IdentityProviderBehaviour,
  Members,
  ProviderDescription,
  Refusal,
} from './identity-provider-types.ts';
import type { SiteAnswer, SiteRequest } from './site.ts';

/** RFC 6749 §4.1.2 advises ten minutes at most. */
const CODE_LIFE_MS = 600_000;

interface Code {
  readonly grant: Grant;
  readonly challenge: string | undefined;
  readonly issuedAtMs: number;
}

interface RefreshToken {
  readonly grant: Grant;
  usedAtMs?: number;
}

export interface TokenDesk {
  issueCode(grant: Grant, challenge: string | undefined): string;
  answerTokenRequest(request: SiteRequest): Promise<SiteAnswer>;
  answerRevocation(request: SiteRequest): SiteAnswer;
  /** In the vendor's words and encoding. */
  refuse(refusal: Omit<Refusal, 'status'>, request: SiteRequest): SiteAnswer;
  findAccessToken(value: string): AccessToken | undefined;
  publicKeys(): Promise<readonly object[]>;
  canaries(): readonly string[];
  endSessions(): void;
  reset(): void;
}

/** One pair of keys for all providers of a process: making them takes a while. */
let sharedIdTokens: Promise<IdTokens> | undefined;

function idTokens(): Promise<IdTokens> {
  sharedIdTokens ??= createIdTokens();
  return sharedIdTokens;
}

export function createTokenDesk(
  vendor: ProviderDescription,
  behaviour: () => IdentityProviderBehaviour,
): TokenDesk {
  const codes = new Map<string, Code>();
  const usedCodes = new Map<string, Grant>();
  const accessTokens = new Map<string, AccessToken>();
  const refreshTokens = new Map<string, RefreshToken>();
  /** Client and person of every code that was redeemed. */
  const consents = new Set<string>();
  const issued = new Set<string>();

  const secretText = (kind: 'code' | 'access' | 'refresh', grant: Grant): string => {
    const value = `${vendor.opaquePrefix?.(kind, grant) ?? ''}${randomBytes(24).toString('base64url')}`;
    issued.add(value);
    return value;
  };

  const sign = async (claims: Members): Promise<string> => {
    const value = (await idTokens()).make({ claims, changes: {}, header: {}, fault: 'none' });
    issued.add(value);
    return value;
  };

  const refuse: TokenDesk['refuse'] = (refusal, request) => {
    const usual = { ...refusal, status: refusal.error === 'invalid_client' ? 401 : 400 };
    const own = vendor.refusal?.(usual) ?? usual;
    const answer = encode(
      { error: own.error, error_description: own.description },
      own.status,
      request,
    );
    return own.status === 401 && request.headers.authorization !== undefined
      ? { ...answer, headers: { ...answer.headers, 'www-authenticate': 'Basic realm="token"' } }
      : answer;
  };

  const encode = (members: Members, status: number, request: SiteRequest): SiteAnswer =>
    vendor.encode?.(members, status, request) ?? {
      status,
      headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
      body: members,
    };

  const isFrom = (grant: Grant, { url }: SiteRequest, client: Client): boolean =>
    grant.client === client &&
    (vendor.separateIssuers !== true || grant.issuer === issuerAt(url, vendor));

  const redeemCode = (request: SiteRequest, client: Client): Grant => {
    const { form } = request;
    const value = form.get('code') ?? '';
    const wrongCode = new Refused('wrong code', 'invalid_grant', 'Unknown, used or expired code.');
    const code = codes.get(value);
    if (code === undefined) {
      // RFC 6749 §4.1.2: what came of a code that turns up twice should end
      const earlier = usedCodes.get(value);
      if (earlier !== undefined) earlier.ended = true;
      throw wrongCode;
    }
    codes.delete(value);
    usedCodes.set(value, code.grant);
    if (!isFrom(code.grant, request, client) || Date.now() > code.issuedAtMs + CODE_LIFE_MS) {
      throw wrongCode;
    }
    if (form.get('redirect_uri') !== code.grant.redirectUri) {
      throw new Refused('wrong redirect', 'invalid_grant', 'Another redirect_uri than before.');
    }
    if (vendor.pkce) {
      const verifier = form.get('code_verifier');
      const fits =
        verifier === null
          ? code.challenge === undefined
          : createHash('sha256').update(verifier).digest('base64url') === code.challenge;
      if (!fits) throw new Refused('wrong verifier', 'invalid_grant', 'Wrong code_verifier.');
    }
    return code.grant;
  };

  const redeemRefreshToken = (request: SiteRequest, client: Client): [string, RefreshToken] => {
    const wrong = new Refused(
      'wrong refresh token',
      'invalid_grant',
      'Unknown, used, revoked or expired refresh token.',
    );
    const value = request.form.get('refresh_token') ?? '';
    const known = refreshTokens.get(value);
    if (known === undefined || known.grant.ended || !isFrom(known.grant, request, client))
      throw wrong;
    const leewayMs = (behaviour().reuseLeewaySeconds ?? vendor.reuseLeewaySeconds) * 1000;
    if (known.usedAtMs !== undefined && Date.now() >= known.usedAtMs + leewayMs) {
      if (rotationOf(client) === 'reuse-ends-all') known.grant.ended = true;
      throw wrong;
    }
    return [value, known];
  };

  const rotationOf = (client: Client): ProviderDescription['rotation'] =>
    client.rotation ?? vendor.rotation;

  /** Does what the rotation rule says with the one that was used. */
  const nextRefreshToken = (value: string, used: RefreshToken): string | undefined => {
    const rotation = rotationOf(used.grant.client);
    if (rotation === 'omitted') return undefined;
    if (rotation === 'repeated') return value;
    if (rotation !== 'renewed') used.usedAtMs ??= Date.now();
    return newRefreshToken(used.grant);
  };

  const newRefreshToken = (grant: Grant): string => {
    const value = secretText('refresh', grant);
    refreshTokens.set(value, { grant });
    return value;
  };

  const newAccessToken = async (
    grant: Grant,
    scopes: readonly string[],
    expiresInSeconds: number | undefined,
  ): Promise<string> => {
    const audience = vendor.audience?.(grant);
    const nowSeconds = Math.floor(Date.now() / 1000);
    const value =
      audience === undefined
        ? secretText('access', grant)
        : await sign({
            iss: grant.issuer,
            sub: grant.person ?? grant.client.id,
            aud: audience,
            jti: randomBytes(8).toString('hex'),
            scope: scopes.join(' '),
            exp: nowSeconds + (expiresInSeconds ?? 3600),
          });
    const expiresAtMs =
      expiresInSeconds === undefined ? undefined : Date.now() + expiresInSeconds * 1000;
    accessTokens.set(value, { value, grant, scopes, expiresAtMs });
    return value;
  };

  const readScopes = (text: string | null): readonly string[] => {
    const scopes = (text ?? '').split(vendor.scopeSeparator ?? ' ').filter((word) => word !== '');
    const unknown = scopes.find((scope) => vendor.knownScopes?.test(scope) === false);
    if (unknown !== undefined) {
      throw new Refused('other', 'invalid_scope', `Unknown scope: ${unknown}`);
    }
    return scopes;
  };

  const answer = async (
    request: SiteRequest,
    type: GrantType,
    grant: Grant,
    scopes: readonly string[],
    refreshToken: string | undefined,
  ): Promise<SiteAnswer> => {
    const ordinary =
      typeof vendor.expiresInSeconds === 'function'
        ? vendor.expiresInSeconds(grant)
        : vendor.expiresInSeconds;
    const expiresIn = behaviour().expiresInSeconds ?? ordinary;
    const wantsIdToken = grant.person !== undefined && scopes.includes('openid');
    const members: Members = {
      access_token: await newAccessToken(grant, scopes, expiresIn),
      token_type: 'Bearer',
      expires_in: expiresIn,
      refresh_token: refreshToken,
      scope: scopes.length === 0 ? undefined : scopes.join(vendor.scopeSeparator ?? ' '),
      id_token: wantsIdToken
        ? await sign({
            iss: grant.issuer,
            sub: grant.person,
            aud: grant.client.id,
            email: `${grant.person}@example.test`,
            // OpenID Connect Core §12.2: none on a refresh
            ...(type === 'authorization_code' && grant.parameters.has('nonce')
              ? { nonce: grant.parameters.get('nonce') }
              : {}),
          })
        : undefined,
    };
    return encode(vendor.tokenMembers?.(members, grant, type) ?? members, 200, request);
  };

  const handleTokenRequest = async (request: SiteRequest): Promise<SiteAnswer> => {
    const { form } = request;
    // RFC 6749 §3.2: no parameter twice
    if ([...form.keys()].some((name) => form.getAll(name).length > 1)) {
      throw new Refused('other', 'invalid_request', 'A parameter came twice.');
    }
    const client = authenticate(request, vendor);
    const type = (client.grants ?? vendor.grants).find((each) => each === form.get('grant_type'));
    if (type === undefined || !vendor.grants.includes(type)) {
      const known = vendor.grants.some((each) => each === form.get('grant_type'));
      throw new Refused(
        'other',
        known ? 'unauthorized_client' : 'unsupported_grant_type',
        'This grant type is not for this client.',
      );
    }
    const check = (grant?: Grant): void => {
      const refusal = vendor.checkTokenRequest?.({ request, client, type, grant });
      if (refusal !== undefined) {
        throw new Refused(refusal.reason, refusal.error, refusal.description);
      }
    };
    switch (type) {
      case 'authorization_code': {
        const grant = redeemCode(request, client);
        check(grant);
        const consent = JSON.stringify([client.id, grant.person]);
        const refreshToken = vendor.givesRefreshToken(grant, !consents.has(consent))
          ? newRefreshToken(grant)
          : undefined;
        consents.add(consent);
        return answer(request, type, grant, grant.scopes, refreshToken);
      }
      case 'refresh_token': {
        const [value, used] = redeemRefreshToken(request, client);
        const { grant } = used;
        check(grant);
        const asked = readScopes(form.get('scope'));
        // RFC 6749 §6
        if (asked.some((scope) => !grant.scopes.includes(scope))) {
          throw new Refused('other', 'invalid_scope', 'More scope than was granted.');
        }
        if (vendor.refreshEndsAccessTokens === true) {
          for (const token of [...accessTokens.values()]) {
            if (token.grant === grant) accessTokens.delete(token.value);
          }
        }
        const scopes = asked.length === 0 ? grant.scopes : asked;
        return answer(request, type, grant, scopes, nextRefreshToken(value, used));
      }
      case 'client_credentials':
      case 'account_credentials': {
        if (client.secret === undefined) {
          throw new Refused('other', 'unauthorized_client', 'Not for a public client.');
        }
        check();
        const scopes = readScopes(form.get('scope'));
        const grant: Grant = {
          client,
          type,
          parameters: form,
          redirectUri: '',
          scopes,
          person: undefined,
          issuer: issuerAt(request.url, vendor),
          ended: false,
        };
        return answer(request, type, grant, scopes, undefined);
      }
    }
  };

  return {
    issueCode(grant, challenge) {
      const value = secretText('code', grant);
      codes.set(value, { grant, challenge, issuedAtMs: Date.now() });
      return value;
    },
    async answerTokenRequest(request) {
      if (request.method !== 'POST') return { status: 405, headers: { allow: 'POST' }, body: '' };
      try {
        return await handleTokenRequest(request);
      } catch (cause) {
        if (cause instanceof Refused) return refuse(cause.refusal, request);
        throw cause;
      }
    },
    answerRevocation(request) {
      if (request.method !== 'POST') return { status: 405, headers: { allow: 'POST' }, body: '' };
      try {
        const client = authenticate(request, vendor);
        const value = request.form.get('token') ?? '';
        const grant = refreshTokens.get(value)?.grant ?? accessTokens.get(value)?.grant;
        // RFC 7009 §2.2: an unknown token is a revoked one
        if (grant?.client === client) grant.ended = true;
        return { status: 200, headers: { 'content-type': 'application/json' }, body: {} };
      } catch (cause) {
        if (cause instanceof Refused) return refuse(cause.refusal, request);
        throw cause;
      }
    },
    refuse,
    findAccessToken(value) {
      const token = accessTokens.get(value);
      const dead =
        token === undefined ||
        token.grant.ended ||
        (token.expiresAtMs !== undefined && Date.now() >= token.expiresAtMs);
      return dead ? undefined : token;
    },
    publicKeys: async () => (await idTokens()).publicKeys(),
    canaries: () => [
      ...issued,
      ...vendor.clients.flatMap(({ secret }) => (secret === undefined ? [] : [secret])),
    ],
    endSessions() {
      for (const [value, { grant }] of refreshTokens) {
        if (vendor.outlivesSession?.(grant) !== true) refreshTokens.delete(value);
      }
    },
    reset() {
      for (const kept of [codes, usedCodes, accessTokens, refreshTokens, consents, issued]) {
        kept.clear();
      }
    },
  };
}

export function issuerAt(url: URL, { issuer }: ProviderDescription): string {
  return typeof issuer === 'string' ? issuer : issuer(url);
}
