/** What tells one identity provider from another, and what a test may ask of it. */
import type { Emulator, SiteAnswer, SiteRequest } from './site.ts';

export type GrantType =
  | 'authorization_code'
  | 'refresh_token'
  | 'client_credentials'
  /** Zoom's own. */
  | 'account_credentials';

/** What becomes of a refresh token that is used. */
export type Rotation =
  /** It stays, and the answer names none. */
  | 'omitted'
  /** It stays, and the answer repeats it. */
  | 'repeated'
  /** A new one comes, the old one stays valid. */
  | 'renewed'
  /** A new one comes, the old one is refused from now on. */
  | 'single-use'
  /** As single-use, and an old one that turns up again ends everything of its grant (RFC 9700 §4.14.2). */
  | 'reuse-ends-all';

export interface Client {
  readonly id: string;
  /** Absent: a public client (RFC 6749 §2.1), which needs PKCE and must not send a secret. */
  readonly secret?: string;
  readonly redirectUris: readonly string[];
  /** Default: all that the provider knows. */
  readonly grants?: readonly GrantType[];
  /** Default: the provider's. */
  readonly rotation?: Rotation;
}

/** What a person (or the client itself) allowed once; every token stands for one. */
export interface Grant {
  readonly client: Client;
  readonly type: GrantType;
  /** Of the authorization request, or of the token request where there was none. */
  readonly parameters: URLSearchParams;
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  /** The login that was typed; undefined where no person takes part. */
  readonly person: string | undefined;
  readonly issuer: string;
  ended: boolean;
}

export interface AccessToken {
  readonly value: string;
  readonly grant: Grant;
  readonly scopes: readonly string[];
  /** Undefined: never. */
  readonly expiresAtMs: number | undefined;
}

export type Members = Readonly<Record<string, unknown>>;

/** Why a token request is refused; a description may give it the vendor's own words. */
export type RefusalReason =
  | 'wrong client'
  | 'wrong code'
  | 'wrong redirect'
  | 'wrong verifier'
  | 'wrong refresh token'
  | 'other';

export interface Refusal {
  readonly reason: RefusalReason;
  readonly error: string;
  readonly description: string;
  readonly status: number;
}

export interface Endpoints {
  readonly authorize: readonly string[];
  readonly token: readonly string[];
  readonly revoke?: readonly string[];
  readonly jwks?: readonly string[];
  readonly userinfo?: readonly string[];
}

export interface TokenRequest {
  readonly request: SiteRequest;
  readonly client: Client;
  readonly type: GrantType;
  /** Of the code or refresh token; undefined for a grant without. */
  readonly grant: Grant | undefined;
}

/** A vendor: its addresses, its rules, and hooks for what no rule says. Addresses are whole URLs without a query. */
export interface ProviderDescription {
  readonly name: string;
  /** Of ID tokens and metadata; where it depends on the address asked, one emulator stands for several servers. */
  readonly issuer: string | ((url: URL) => string);
  /** Codes and tokens of one issuer mean nothing to another. */
  readonly separateIssuers?: true;
  readonly endpoints: Endpoints;
  /** Metadata by address: members laid over the ordinary ones, `undefined` takes one out. None: no discovery. */
  readonly metadata: Readonly<Record<string, Members>>;
  readonly clients: readonly Client[];
  readonly grants: readonly GrantType[];
  readonly clientAuthentication: readonly ('basic' | 'post' | 'none')[];
  /** Whether a code challenge is looked at; one that is has to be S256 (RFC 7636). */
  readonly pkce: boolean;
  readonly redirectRule: (asked: string, registered: readonly string[]) => boolean;
  readonly rotation: Rotation;
  /** How long a used refresh token still works; for clients that lost the answer. */
  readonly reuseLeewaySeconds: number;
  /** Life of access tokens; undefined: they do not end. */
  readonly expiresInSeconds: number | undefined | ((grant: Grant) => number | undefined);
  /** Default a blank. */
  readonly scopeSeparator?: ',';
  /** The authorization request's parameter with the scopes. Default `scope`. */
  readonly scopeParameter?: string;
  /** Scopes that exist, others are `invalid_scope`. Absent: any. */
  readonly knownScopes?: RegExp;
  readonly opaquePrefix?: (kind: 'code' | 'access' | 'refresh', grant: Grant) => string;
  /** The audience of a JWT access token; undefined or absent: an opaque one. */
  readonly audience?: (grant: Grant) => string | undefined;
  /** @param isFirst Whether this person never allowed this client anything before. */
  readonly givesRefreshToken: (grant: Grant, isFirst: boolean) => boolean;
  /** Refuses what the RFC does not. Before the client is looked at, so an own page is possible. */
  readonly checkAuthorization?: (
    request: SiteRequest,
  ) => SiteAnswer | AuthorizationRefusal | undefined;
  readonly checkTokenRequest?: (request: TokenRequest) => Omit<Refusal, 'status'> | undefined;
  /** Changes the members of a good token answer; `undefined` takes one out. */
  readonly tokenMembers?: (members: Members, grant: Grant, type: GrantType) => Members;
  /** Vendor's own error, status or words. */
  readonly refusal?: (refusal: Refusal) => Refusal;
  /** Default: JSON. */
  readonly encode?: (members: Members, status: number, request: SiteRequest) => SiteAnswer;
  /** A refresh ends the access tokens before it. */
  readonly refreshEndsAccessTokens?: true;
  /** Grants that outlive the person's web session. Default: none, `endSessions` ends all. */
  readonly outlivesSession?: (grant: Grant) => boolean;
  /** Calls that take an access token, by address. */
  readonly resources: Readonly<
    Record<string, (token: AccessToken, request: SiteRequest) => unknown>
  >;
  /** What a resource says without a good token. Default 401. */
  readonly unauthorized?: SiteAnswer;
  /** Anything else the vendor answers, by address. */
  readonly other?: Readonly<Record<string, (request: SiteRequest) => SiteAnswer>>;
}

/** Sent to the redirect URI (RFC 6749 §4.1.2.1). */
export interface AuthorizationRefusal {
  readonly error: string;
  readonly description: string;
}

export type EndpointName = 'metadata' | 'authorize' | 'token' | 'revoke' | 'jwks' | 'resource';

/**
 * A web page with status 200, an HTTP status, an error of RFC 6749 §5.2, a redirect to the same path on another origin
 * (307: a client that follows it sends its secrets there), or anything that a test makes of the ordinary answer.
 */
export type Misbehaviour =
  | 'html'
  | 'invalid_client'
  | 'invalid_grant'
  | number
  | URL
  | ((
      request: SiteRequest,
      ordinary: () => Promise<SiteAnswer>,
    ) => SiteAnswer | Promise<SiteAnswer>);

export interface IdentityProviderBehaviour extends Partial<
  Record<EndpointName, Misbehaviour | undefined>
> {
  /** Default `immediate`: the person is signed in already. A page has the fields that `enterLogin` fills in. */
  readonly login?: 'immediate' | 'page' | 'denied' | undefined;
  /** Life of the access tokens issued from now on. */
  readonly expiresInSeconds?: number | undefined;
  readonly reuseLeewaySeconds?: number | undefined;
}

export interface LoggedRequest {
  readonly endpoint: EndpointName | 'unknown';
  readonly request: SiteRequest;
}

export interface IdentityProvider extends Emulator {
  readonly name: string;
  /** As its metadata and ID tokens state it. */
  readonly issuer: string;
  /** The first address of each kind; resources in the order of the description. */
  readonly addresses: {
    readonly authorize: string;
    readonly token: string;
    readonly revoke: string | undefined;
    readonly userinfo: string | undefined;
    readonly resources: readonly string[];
  };
  readonly clients: readonly Client[];
  /** Replaces the named switches; the others stay. */
  behave(change: IdentityProviderBehaviour): void;
  /** Requests so far, oldest first; of one endpoint, if named. */
  requests(endpoint?: LoggedRequest['endpoint']): readonly SiteRequest[];
  /** Token requests so far; of one grant type, if named. */
  tokenCalls(grantType?: GrantType): number;
  /** Every code and token issued so far and every client secret: none may turn up where it should not. */
  canaries(): readonly string[];
  /** Whether the token opens a resource now. */
  isAlive(accessToken: string): boolean;
  /** The person's web sessions end, and with them the refresh tokens that hang on one. */
  endSessions(): void;
}
