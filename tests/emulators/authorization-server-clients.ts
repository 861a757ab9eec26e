/**
 * The clients that the authorization server knows: one for every way to authenticate.
 */
import type { ClientMetadata } from 'oidc-provider';

/** Nothing listens there; the login window must catch the redirect before anything connects. */
export const CLAIMED_REDIRECT_URI = 'https://localhost/callback';

const CODE_GRANTS = ['authorization_code', 'refresh_token'];

/** `deadPort` is a port of 127.0.0.1 on which nothing listens. */
export function defaultClients(deadPort: number) {
  const redirectUris = [`http://127.0.0.1:${deadPort}/callback`, CLAIMED_REDIRECT_URI];
  const codeClient = {
    redirect_uris: redirectUris,
    grant_types: CODE_GRANTS,
    response_types: ['code'],
  } as const;
  return {
    /** Public; accepts any port of 127.0.0.1, as native clients may (RFC 8252 §7.3). */
    demo: {
      ...codeClient,
      client_id: 'demo-app',
      application_type: 'native',
      token_endpoint_auth_method: 'none',
    },
    confidentialBasic: {
      ...codeClient,
      client_id: 'confidential-basic',
      client_secret: 'confidential-basic-secret',
      token_endpoint_auth_method: 'client_secret_basic',
    },
    confidentialPost: {
      ...codeClient,
      client_id: 'confidential-post',
      client_secret: 'confidential-post-secret',
      token_endpoint_auth_method: 'client_secret_post',
    },
    /**
     * Characters that must be form-encoded before Base64 (RFC 6749 §2.3.1). Nothing beyond ASCII:
     * RFC 6749 appendix A allows %x20-7E only and oidc-provider refuses the rest.
     */
    awkward: {
      ...codeClient,
      client_id: 'awkward:%+ id',
      client_secret: 'awkward:%+ &=/secret',
      grant_types: [...CODE_GRANTS, 'client_credentials'],
      token_endpoint_auth_method: 'client_secret_basic',
    },
    service: {
      client_id: 'service',
      client_secret: 'service-secret',
      redirect_uris: [],
      grant_types: ['client_credentials'],
      response_types: [],
      token_endpoint_auth_method: 'client_secret_basic',
    },
  } as const satisfies Record<string, ClientMetadata>;
}

export type DefaultClients = ReturnType<typeof defaultClients>;
