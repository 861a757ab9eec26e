/** What every way to get a token offers; one file beside this for each. */
import type { Result } from '../errors.ts';
import type { Clock, Http, PageFacts, UserAgent } from '../ports.ts';
import type { Discovery } from '../oauth/discovery.ts';
import type { TenantSecrets } from '../secrets.ts';
import type { Tenant } from '../tenant.ts';
import type { TokenSet } from '../token.ts';

export interface Grant {
  /** The first token needs a person. */
  readonly interactive: boolean;
  /** Whether the next token can be had without a person. */
  canRenew(token: TokenSet | undefined): boolean;
  signIn(world: GrantWorld, request: GrantRequest): Promise<Result<TokenSet>>;
  /** Called only when `canRenew`. */
  renew(world: GrantWorld, request: GrantRequest): Promise<Result<TokenSet>>;
  /** Ends the token at the provider, where it can. */
  revoke(world: GrantWorld, request: GrantRequest): Promise<Result<'confirmed' | 'not-offered'>>;
}

export interface GrantWorld {
  readonly clock: Clock;
  readonly http: Http;
  readonly discovery: Discovery;
  readonly userAgent: UserAgent;
}

export interface GrantRequest {
  readonly tenant: Tenant;
  readonly secrets: TenantSecrets;
  readonly signal: AbortSignal;
  readonly onPage: (page: PageFacts) => void;
}
