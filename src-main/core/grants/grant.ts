/** What every way to get a token offers; one file beside this for each. */
import type { Result } from '../errors.ts';
import type { Clock, Http, PageFacts, TokenCapture, UserAgent } from '../ports.ts';
import type { Discovery } from '../oauth/discovery.ts';
import type { GrantKind, ProviderGrant } from '../provider.ts';
import type { TenantSecrets } from '../secrets.ts';
import type { Tenant } from '../tenant.ts';
import type { TokenSet } from '../token.ts';

export interface Grant<Definition extends ProviderGrant = ProviderGrant> {
  /** The first token needs a person. */
  readonly interactive: boolean;
  /** Whether the next token can be had without a person. */
  canRenew(token: TokenSet | undefined): boolean;
  signIn(world: GrantWorld, request: GrantRequest<Definition>): Promise<Result<TokenSet>>;
  /** Called only when `canRenew`. */
  renew(world: GrantWorld, request: GrantRequest<Definition>): Promise<Result<TokenSet>>;
  /** Ends the token at the provider, where it can. */
  revoke(world: GrantWorld, request: GrantRequest<Definition>): Promise<Result<Revocation>>;
  /**
   * Whether the token of before is revoked once a new one is safe. Never where both belong to one session, which would end
   * with it.
   */
  endsReplaced(request: GrantRequest<Definition>, occasion: 'sign-in' | 'renewal'): boolean;
  /** The cheapest real call that says whether the tenant is set up rightly; keeps nothing. Answers what came back. */
  test(world: GrantWorld, request: GrantRequest<Definition>): Promise<Result<string>>;
}

export type Revocation = 'confirmed' | 'not-offered';

export interface GrantWorld {
  readonly clock: Clock;
  readonly http: Http;
  readonly discovery: Discovery;
  readonly loginWindow: UserAgent;
  readonly systemBrowser: UserAgent;
  readonly tokenCapture: TokenCapture;
}

export interface GrantRequest<Definition extends ProviderGrant = ProviderGrant> {
  readonly tenant: Tenant;
  /** How the tenant's provider does it. */
  readonly definition: Definition;
  readonly secrets: TenantSecrets;
  readonly signal: AbortSignal;
  readonly onPage: (page: PageFacts) => void;
}

export type GrantOf<Kind extends GrantKind> = Grant<Extract<ProviderGrant, { kind: Kind }>>;
