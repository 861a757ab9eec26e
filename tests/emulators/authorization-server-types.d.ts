/**
 * The part of oidc-provider (which ships no types) that the authorization server uses.
 * Reference: https://github.com/panva/node-oidc-provider/blob/v9.x/docs/README.md
 */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  export interface StoredToken {
    /** The token itself, as tokens are opaque here. */
    readonly jti: string;
    readonly kind: string;
    readonly clientId: string;
    /** Absent in tokens of client_credentials. */
    readonly accountId?: string;
    /** Seconds since 1970. */
    readonly exp: number;
    destroy(): Promise<void>;
  }

  export interface TokenModel {
    /** Undefined also when it has expired. */
    find(value: string): Promise<StoredToken | undefined>;
  }

  export interface Context {
    type: string;
    body: unknown;
    readonly oidc: { readonly params?: Readonly<Record<string, string | undefined>> };
  }

  export interface ClientMetadata {
    readonly client_id: string;
    readonly client_secret?: string;
    readonly application_type?: 'native' | 'web';
    readonly token_endpoint_auth_method: 'none' | 'client_secret_basic' | 'client_secret_post';
    readonly redirect_uris: readonly string[];
    readonly grant_types: readonly string[];
    readonly response_types: readonly string[];
  }

  export class Provider {
    constructor(issuer: string, configuration: Readonly<Record<string, unknown>>);
    readonly AccessToken: TokenModel;
    readonly ClientCredentials: TokenModel;
    readonly RefreshToken: TokenModel;
    readonly Client: {
      readonly Schema: {
        readonly prototype: { invalidate(this: unknown, message: string, code?: string): void };
      };
    };
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
    use(middleware: (context: Context, next: () => Promise<void>) => Promise<void>): void;
    on(event: 'grant.success', listener: (context: Context) => void): this;
    on(event: 'grant.error', listener: (context: Context, error: Error) => void): this;
    on(
      event: 'authorization.success',
      listener: (context: Context, answer: Readonly<Record<string, string | undefined>>) => void,
    ): this;
    on(event: 'grant.revoked', listener: (context: Context, grantId: string) => void): this;
    on(event: 'refresh_token.saved', listener: (token: StoredToken) => void): this;
  }
}
