/** An OpenID Connect server that knows the implicit flow only (Core §3.2, RFC 6749 §4.2). The person is signed in already. */
import { createHash } from 'node:crypto';
import { createBook, credentialOf, htmlPage, jsonAnswer, redirectTo } from './emulator-parts.ts';
import type { Inspection } from './emulator-parts.ts';
import { createIdTokens } from './hostile-server-id-tokens.ts';
import type { Emulator, SiteAnswer, SiteRequest } from './site.ts';

export const IMPLICIT_ISSUER = 'https://implicit.example';
export const IMPLICIT_CLIENT_ID = 'implicit-app';
const REDIRECT_URI = 'https://localhost/callback';
const LIFE_SECONDS = 1200;

export interface ImplicitSwitches {
  /** Where the answer goes instead of the redirect URI. */
  readonly redirectTo: string | undefined;
  readonly metadata: SiteAnswer | undefined;
}

export type ImplicitServer = Emulator & Inspection<ImplicitSwitches>;

export function createImplicitServer(): ImplicitServer {
  const book = createBook<ImplicitSwitches>({ redirectTo: undefined, metadata: undefined });
  const idTokens = createIdTokens();

  const authorize = async ({ searchParams }: URL): Promise<SiteAnswer> => {
    if (searchParams.get('client_id') !== IMPLICIT_CLIENT_ID) {
      return htmlPage('Unknown client', '', 400);
    }
    if (searchParams.get('redirect_uri') !== REDIRECT_URI) {
      return htmlPage('Unknown redirect URI', '', 400);
    }
    const wanted = (searchParams.get('response_type') ?? '').split(' ');
    // Core §3.2.2.1: the nonce is required
    const needsNonce = wanted.includes('id_token') && !searchParams.has('nonce');
    if (!wanted.includes('token') || wanted.includes('code') || needsNonce) {
      return htmlPage('Invalid request', '', 400);
    }
    const accessToken = book.issue('implicit/+:');
    const answer = new URLSearchParams({
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: String(LIFE_SECONDS),
      state: searchParams.get('state') ?? '',
    });
    if (wanted.includes('id_token')) {
      const digest = createHash('sha256').update(accessToken).digest();
      const claims = {
        iss: IMPLICIT_ISSUER,
        sub: 'ada',
        email: 'ada@example.test',
        aud: IMPLICIT_CLIENT_ID,
        nonce: searchParams.get('nonce'),
        at_hash: digest.subarray(0, digest.length / 2).toString('base64url'),
      };
      const idToken = (await idTokens).make({ claims, changes: {}, header: {}, fault: 'none' });
      answer.set('id_token', book.canary(idToken));
    }
    const target = book.switches().redirectTo ?? REDIRECT_URI;
    return redirectTo(`${target}#${String(answer)}`);
  };

  const site = async (request: SiteRequest): Promise<SiteAnswer> => {
    switch (request.url.pathname) {
      case '/.well-known/openid-configuration':
        return (
          book.switches().metadata ??
          jsonAnswer({
            issuer: IMPLICIT_ISSUER,
            authorization_endpoint: `${IMPLICIT_ISSUER}/authorize`,
            jwks_uri: `${IMPLICIT_ISSUER}/keys`,
            response_types_supported: ['token', 'id_token token'],
            subject_types_supported: ['public'],
            id_token_signing_alg_values_supported: ['RS256'],
          })
        );
      case '/keys':
        return jsonAnswer({ keys: (await idTokens).publicKeys() });
      case '/authorize':
        return authorize(request.url);
      case '/me':
        return book.canaries().includes(credentialOf(request.headers.authorization, 'Bearer') ?? '')
          ? jsonAnswer({ name: 'ada' })
          : jsonAnswer({ error: 'invalid_token' }, 401);
      default:
        return htmlPage('Page not found', '', 404);
    }
  };

  return {
    ...book,
    hosts: [new URL(IMPLICIT_ISSUER).host],
    site: book.record(site),
    reset: () => {
      book.clear();
    },
  };
}
