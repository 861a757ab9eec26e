/**
 * The shape of a catalogue entry: data only. What differs between providers stands in `providers/`, nowhere else.
 *
 * Texts marked as templates hold `{name}` for a field of the tenant (also a secret one) and, where there is a token,
 * `{token}`, `{refreshToken}`, `{lastingToken}` (the refresh token, or the token where there is none) and `{extra.name}`; a part in square brackets is left out when a name in it has no value:
 * `https://{domain}[/oauth2/{authorizationServer}]`. See `template.ts`.
 */

export type GrantKind = ProviderGrant['kind'];

export interface Provider {
  readonly id: string;
  readonly name: string;
  /** One sentence: for whom this entry is. */
  readonly summary: string;
  readonly group: ProviderGroup;
  /** The provider's own page about getting tokens. */
  readonly documentation?: string;
  /** Ways to get a token here, the usual one first; at most one of a kind. */
  readonly grants: readonly ProviderGrant[];
}

export type ProviderGroup = 'business' | 'any' | 'identity' | 'rest';

export type ProviderGrant =
  | AuthorizationCodeGrant
  | ImplicitGrant
  | ClientCredentialsGrant
  | RestLoginGrant
  | ApprovalGrant
  | CaptureGrant
  | StaticKeyGrant;

interface AnyGrant {
  readonly name: string;
  /** One sentence that helps to choose. */
  readonly summary: string;
  readonly fields: readonly Field[];
  /** How a request carries the token; default `Authorization: Bearer {token}`. */
  readonly use?: TokenUse;
  /** The cheapest request that says whether a token is good. A field `probeUrl` of the tenant goes before it. */
  readonly probe?: Probe;
  /** A word to show beside the tenant, e.g. “Read-only”. */
  readonly mark?: string;
  /** What to know before a tenant is removed. */
  readonly removalNote?: string;
  /** The provider gives no more than this many for one value of a field. */
  readonly limit?: { readonly field: string; readonly most: number; readonly reason: string };
  /** The same person's other accounts: a new tenant differs in this field only. */
  readonly anotherAccount?: { readonly field: string; readonly label: string };
}

export interface AuthorizationCodeGrant extends AnyGrant {
  readonly kind: 'authorization-code';
  readonly server: OAuthServer;
}

export interface ImplicitGrant extends AnyGrant {
  readonly kind: 'implicit';
  readonly server: OAuthServer;
}

export interface ClientCredentialsGrant extends AnyGrant {
  readonly kind: 'client-credentials';
  readonly server: OAuthServer;
  /** Where the provider gave the grant a name of its own; default `client_credentials`. */
  readonly grantType?: string;
}

export interface RestLoginGrant extends AnyGrant {
  readonly kind: 'rest-login';
  /** A function where the tenant's own fields describe the interface. */
  readonly login: RestLogin | ((values: Values) => RestLogin);
}

/**
 * The app asks for a sign-in, a person approves it on a page of the provider, and the app fetches the outcome, which is
 * given once.
 */
export interface ApprovalGrant extends AnyGrant {
  readonly kind: 'approval';
  readonly start: RestCall;
  /** Path of the page to open in the answer to `start`. */
  readonly pagePath: string;
  /** Paths in that answer that `poll` can use as `{extra.name}`. */
  readonly extras: Readonly<Record<string, string>>;
  /** Must go to the host of `start`. */
  readonly poll: RestCall;
  readonly pendingStatus: number;
  readonly everySeconds: number;
  readonly answer: RestAnswer;
  readonly logout?: RestCall;
  readonly errorPaths?: readonly string[];
}

/** The token of a web app, taken from the calls it makes itself after a person has signed in to it. */
export interface CaptureGrant extends AnyGrant {
  readonly kind: 'capture';
  /** Template: address of the web app. Only calls to its host are looked at. */
  readonly startUrl: string;
  /** Only calls whose path holds this. */
  readonly pathPart: string;
  /** How long a token lives that does not say so itself. */
  readonly lifeSeconds: number;
}

/** A key or token that a person pastes. */
export interface StaticKeyGrant extends AnyGrant {
  readonly kind: 'static-key';
  /** Template; `basic` is Base64 of it (RFC 7617 §2), to be used with `Basic {token}`. */
  readonly key: { readonly template: string; readonly encoding: 'plain' | 'basic' };
}

/** What the token and authorization endpoints of an OAuth 2.0 provider want beyond RFC 6749. */
export interface OAuthServer {
  /** Template of the issuer whose metadata is read; without it the endpoints are what is known. */
  readonly issuer?: string;
  /** Pattern of issuers that the metadata may state although another was asked for (one host, many names of a tenant). */
  readonly issuerPattern?: string;
  /** Templates; they go before what metadata says. */
  readonly authorizationEndpoint?: string;
  readonly tokenEndpoint?: string;
  /** RFC 7009. A field `revocationEndpoint` of the tenant goes before it. */
  readonly revocationEndpoint?: string;
  /** A way of revoking that is not RFC 7009. */
  readonly revocation?: RestCall & Pick<RestLogin, 'success'>;
  /** A new sign-in ends the token of the one before, because the provider allows only so many. */
  readonly revokesReplaced?: boolean;
  /** `post-then-basic`: Basic once on `invalid_client`, remembered. Default: what metadata says, and without metadata Basic. */
  readonly clientAuthentication?: 'basic' | 'post' | 'post-then-basic';
  /** Default S256. A field `pkce` of the tenant goes before it, so that its `initial` is enough where there is one. */
  readonly pkce?: Pkce;
  /** Default a space (RFC 6749 §3.3). */
  readonly scopeSeparator?: ',';
  /** Default `scope`. */
  readonly scopeParameter?: string;
  /** Values are templates; one without a value is left out. */
  readonly authorizationParameters?: Readonly<Record<string, string>>;
  readonly tokenParameters?: Readonly<Record<string, string>>;
  readonly refreshParameters?: Readonly<Record<string, string>>;
  /**
   * Names by which the answer tells more, kept with the token as `extra`: name → path in the answer. Where metadata name a
   * userinfo endpoint (OpenID Connect Core §5.3), `{extra.userinfoEndpoint}` is there too.
   */
  readonly extras?: Readonly<Record<string, string>>;
  /** Puts an unusual token answer (good or bad) into the form of RFC 6749 §5. */
  readonly readAnswer?: (
    answer: Readonly<Record<string, unknown>>,
    isRenewal: boolean,
  ) => Readonly<Record<string, unknown>>;
  /** The provider refuses embedded windows; sign-in goes through the system browser. */
  readonly browserOnly?: boolean;
  /** The provider's own page for errors that never come back to the redirect URI. */
  readonly errorPage?: ErrorPage;
}

export type Pkce = 'S256' | 'plain' | 'off';

export interface ErrorPage {
  readonly host: string;
  readonly path: string;
  /** Parameters of its query that hold error codes, the most telling first. */
  readonly parameters: readonly string[];
  /** Code → what it means and what to do. */
  readonly explanations: Readonly<Record<string, string>>;
}

/** One call of a REST interface. */
export interface RestCall {
  /** Default POST. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Template. */
  readonly url: string;
  /** How the fields are sent; default json. `basic`: fields `username` and `password` in the header (RFC 7617). */
  readonly encoding?: 'json' | 'form' | 'query' | 'multipart' | 'basic';
  /** Name (dots make objects, in JSON) → template, or what is always the same. One without a value is left out. */
  readonly fields?: Readonly<Record<string, string | number | boolean | readonly []>>;
  /** Values are templates. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface RestLogin {
  readonly login: RestCall;
  readonly answer: RestAnswer;
  /** Checks the password without making a session. */
  readonly check?: RestCall;
  /** Default: log in again. */
  readonly renewal?: {
    readonly by: 'refresh-token' | 'current-token';
    readonly call: RestCall;
    /** Default: as that of the login. */
    readonly answer?: RestAnswer;
  };
  readonly logout?: RestCall;
  /** Statuses that say that credentials, token or session are not accepted; default 400, 401, 403, 409, 422, 423. */
  readonly refusedStatuses?: readonly number[];
  /** A member of the body that tells success: with this value, or (no value) when it is absent or null. */
  readonly success?: { readonly path: string; readonly equals?: string | number | boolean };
  /** Where errors are told, tried in order. */
  readonly errorPaths?: readonly string[];
}

/**
 * A place in an answer: a path in its JSON (`data.access_token`, `errors.0.code`), `*` for the whole body as text or as a
 * JSON string, `header:Name`, or `cookie:Name`.
 */
export type Source = string;

export interface RestAnswer {
  /** The first one that holds a text. */
  readonly token: readonly Source[];
  /** The token is then Base64 of this, a colon and that (RFC 7617 §2). */
  readonly basicUser?: Source;
  readonly refreshToken?: readonly Source[];
  /** Tried in order; then the `exp` of a JWT; then `lifeSeconds`; else the end is unknown. */
  readonly expiry?: readonly Expiry[];
  readonly lifeSeconds?: number;
  readonly refreshTokenExpiry?: readonly Expiry[];
  readonly account?: readonly Source[];
  readonly extras?: Readonly<Record<string, Source>>;
}

/** `in`: a span from now. `at`: an instant; `iso` is a date as text. Numbers may come as texts. */
export type Expiry =
  | { readonly in: Source; readonly unit: 's' | 'ms' }
  | { readonly at: Source; readonly unit: 's' | 'ms' | 'iso' };

export interface TokenUse {
  /** Name and value are templates. The first one is the credential, which the tenant's own header replaces. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
}

export interface Probe {
  /** Default GET. */
  readonly method?: 'GET' | 'POST';
  /** Template. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Template. */
  readonly body?: string;
  /** For interfaces that answer 200 in any case; as in `RestLogin`. */
  readonly success?: { readonly path: string; readonly equals?: string | number | boolean };
}

/** What a tenant's fields hold, by name; secrets are not among them. */
export type Values = Readonly<Partial<Record<KnownField, string>>> &
  Readonly<Record<string, string>>;

/** Names that the app itself understands; a provider may add others for its templates. */
export type KnownField =
  | 'issuer'
  | 'authorizationEndpoint'
  | 'tokenEndpoint'
  | 'revocationEndpoint'
  | 'clientId'
  | 'clientAuthentication'
  | 'scopes'
  | 'scopeSeparator'
  | 'redirectUri'
  | 'parameters'
  | 'pkce'
  /** `window` or `browser`. */
  | 'signInWith'
  | 'probeUrl'
  | 'headerName'
  /** Template, e.g. `Token {token}`. */
  | 'headerValue'
  /** A day, `2026-12-31`: the end of a pasted key. */
  | 'expiresOn'
  | 'username';

export interface Field {
  readonly name: string;
  readonly label: string;
  readonly kind: FieldKind;
  readonly required: boolean;
  /** One sentence: what it is and where to find it. */
  readonly hint: string;
  /** The provider's page where it is found or made. */
  readonly link?: string;
  readonly placeholder?: string;
  readonly initial?: string;
  /** For `choice`. */
  readonly options?: readonly { readonly value: string; readonly label: string }[];
  /** Hidden under “More” until asked for. */
  readonly advanced?: boolean;
}

/**
 * `secret` goes to the vault, everything else to the settings file. `label`: one part of a host name; `host`: a host name
 * with or without a port; `parameters`: one `name=value` a line; `date`: a day.
 */
export type FieldKind =
  'url' | 'host' | 'label' | 'text' | 'secret' | 'scopes' | 'parameters' | 'choice' | 'date';
