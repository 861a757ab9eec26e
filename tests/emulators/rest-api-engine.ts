/**
 * What the emulated REST APIs share: one account, tokens that end, refresh tokens for single use, and a switch for every step.
 *
 *     const api = directus();
 *     api.behave({ refresh: () => HTML_INSTEAD_OF_JSON, lifetimeSeconds: 30 });
 *     api.behave({ login: async (_request, ordinary) => { await gate; return ordinary(); } });
 *     api.expireTokens();
 *     expect(api.requests('refresh')).toHaveLength(1);
 *     api.reset();
 */
import { createLedger } from './rest-api-tokens.ts';
import type { Ledger, Switches, TokenMakers, Tokens } from './rest-api-tokens.ts';
import type { Emulator, Site, SiteAnswer, SiteRequest } from './site.ts';

export interface Account {
  readonly username: string;
  readonly password: string;
}

/** The account of every API whose user names may be mail addresses. The password holds what each encoding must escape. */
export const ACCOUNT: Account = {
  username: 'ada@example.test',
  password: 'canaryPassword-7f3a &+%=/"§',
};

/**
 * How one step answers. `ordinary` does what the well-behaved API does (refresh tokens are used up) and gives its answer,
 * to be changed or thrown away. A promise delays the answer; one that never ends lets the call hang.
 */
export type Answering = (
  request: SiteRequest,
  ordinary: () => Promise<SiteAnswer>,
) => SiteAnswer | Promise<SiteAnswer>;

export interface World {
  readonly tokens: Tokens;
  readonly nowMs: () => number;
  /** Whether these are the account's user name and password. */
  readonly accepts: (username: unknown, password: unknown) => username is string;
}

export interface Step {
  /** Default: the first of the API's hosts. */
  readonly hosts?: readonly string[];
  /** Default: any. */
  readonly method?: string;
  readonly path: string | RegExp;
  /** Tells steps of one address apart; they are tried in the order of their definition. */
  readonly when?: (request: SiteRequest) => boolean;
  readonly answer: (request: SiteRequest, world: World) => SiteAnswer | Promise<SiteAnswer>;
}

export interface RestApiDefinition<StepName extends string> extends TokenMakers {
  readonly hosts: readonly [string, ...string[]];
  /** Default {@link ACCOUNT}. */
  readonly account?: Account;
  readonly lifetimeSeconds: number;
  /** Default `rotated`. */
  readonly refreshRule?: Switches['refreshRule'];
  readonly steps: Readonly<Record<StepName, Step>>;
  /** State of the definition's own, forgotten at a reset. */
  readonly forget?: () => void;
}

export interface RestApi<StepName extends string = string>
  extends Emulator, Omit<Ledger, keyof Tokens | 'forget'> {
  /** `https://` and the first host. */
  readonly origin: string;
  readonly account: Account;
  /** Replaces the named switches; the others stay. */
  behave(change: Partial<Record<StepName, Answering> & Switches>): void;
  /** Requests that reached a step, oldest first; of one step, if named. */
  requests(step?: StepName): readonly SiteRequest[];
}

/** @param now Milliseconds since 1970; by it tokens end. */
export function createRestApi<StepName extends string>(
  definition: RestApiDefinition<StepName>,
  now: () => number = Date.now,
): RestApi<StepName> {
  const { hosts, account = ACCOUNT } = definition;
  const initial: Switches = {
    lifetimeSeconds: definition.lifetimeSeconds,
    refreshRule: definition.refreshRule ?? 'rotated',
  };
  let switches = initial;
  let answerings: Partial<Record<StepName, Answering>> = {};
  const ledger = createLedger(definition, now, () => switches);
  const log: { readonly step: StepName; readonly request: SiteRequest }[] = [];

  const world: World = {
    tokens: ledger,
    nowMs: now,
    accepts: (username, password): username is string =>
      username === account.username && password === account.password,
  };
  const steps = Object.entries(definition.steps) as [StepName, Step][];

  const site: Site = async (request) => {
    const here = steps.filter(
      ([, { hosts: own = [hosts[0]], path }]) =>
        own.includes(request.url.hostname) &&
        (typeof path === 'string'
          ? path === request.url.pathname
          : path.test(request.url.pathname)),
    );
    if (here.length === 0) return { status: 404, body: { error: 'Not found' } };
    const found = here.find(
      ([, { method = request.method, when = () => true }]) =>
        method === request.method && when(request),
    );
    if (found === undefined) return { status: 405, body: { error: 'Method not allowed' } };
    const [name, step] = found;
    log.push({ step: name, request });
    const ordinary = async (): Promise<SiteAnswer> => step.answer(request, world);
    return answerings[name]?.(request, ordinary) ?? ordinary();
  };

  return {
    hosts,
    origin: `https://${hosts[0]}`,
    account,
    site,
    behave({ lifetimeSeconds, refreshRule, ...change }) {
      switches = {
        lifetimeSeconds: lifetimeSeconds ?? switches.lifetimeSeconds,
        refreshRule: refreshRule ?? switches.refreshRule,
      };
      answerings = { ...answerings, ...(change as Partial<Record<StepName, Answering>>) };
    },
    expireTokens: ledger.expireTokens,
    revokeRefreshTokens: ledger.revokeRefreshTokens,
    liveTokens: ledger.liveTokens,
    reuses: ledger.reuses,
    requests: (step) =>
      log
        .filter((entry) => step === undefined || entry.step === step)
        .map((entry) => entry.request),
    canaries: () => [...ledger.canaries(), account.password],
    reset() {
      switches = initial;
      answerings = {};
      log.length = 0;
      ledger.forget();
      definition.forget?.();
    },
  };
}

/** Members of a JSON object; empty for anything else. */
export function membersOf(json: unknown): Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
    ? (json as Record<string, unknown>)
    : {};
}

/** What stands after `Bearer `, spelled exactly so; undefined without it. */
export function bearerOf({ headers }: SiteRequest): string | undefined {
  return /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1];
}

/** A text that is JSON: a site sends a bare string as HTML. */
export function jsonText(value: unknown, status = 200): SiteAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(value),
  };
}
