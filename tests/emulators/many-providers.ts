/**
 * OpenID providers inside this process, for more tenants and calls than real HTTP can carry: an Http that answers by
 * itself. Refresh tokens rotate, and one that comes a second time ends its sign-in, as strict providers do. Time, also the
 * time that an answer takes, is that of the manual clock.
 */
import { AppFailure } from '../../src-main/core/errors.ts';
import type { ErrorCode } from '../../src-main/core/errors.ts';
import type { HttpInit } from '../../src-main/core/ports.ts';
import type { Tenant } from '../../src-main/core/tenant.ts';
import type { ManualClock } from '../fakes/clock.manual.ts';
import type { NodeHttp } from '../fakes/http.node.ts';
import { createMemoryVault } from '../fakes/vault.memory.ts';
import type { MemoryVault } from '../fakes/vault.memory.ts';
import { tenantAt } from '../fakes/world.ts';

export interface ManyProviders {
  readonly tenants: readonly Tenant[];
  /** Holds a token for each tenant. */
  readonly vault: MemoryVault;
  readonly http: NodeHttp;
  /** Every request for a token so far, oldest first. */
  readonly renewals: readonly Renewal[];
  /** Every request so far, for metadata as well: when it came. */
  readonly requestsAtMs: readonly number[];
  /** How often a refresh token came a second time. */
  readonly reuses: () => number;
  /** Requests for tokens that were under way at the same time, in all and at one host. */
  readonly mostAtOnce: () => { readonly inAll: number; readonly atOneHost: number };
  /** From now on every call fails so; undefined: all is well again. */
  failWith(code: ErrorCode | undefined): void;
}

export interface Renewal {
  readonly host: string;
  readonly atMs: number;
  readonly answered: boolean;
}

export interface ManyProvidersOptions {
  readonly tenants: number;
  readonly hosts: number;
  /** Life of the tokens; default 3600. */
  readonly lifeSeconds?: number;
  /** Age of the tokens at the start; default 0. */
  readonly ageMs?: number;
  /** What an answer takes; default 0: it comes while the clock stands still. */
  readonly answerMs?: number;
}

export function createManyProviders(
  clock: ManualClock,
  options: ManyProvidersOptions,
): ManyProviders {
  const { lifeSeconds = 3600, ageMs = 0, answerMs = 0 } = options;
  const hostOf = (index: number): string => `login-${String(index % options.hosts)}.example.com`;
  const tenants = Array.from({ length: options.tenants }, (_each, index) =>
    tenantAt(`https://${hostOf(index)}`, {
      name: `Tenant ${String(index)}`,
      values: { scopes: 'read offline_access' },
    }),
  );
  const vault = createMemoryVault();
  const current = new Map<string, string>();
  const used = new Set<string>();
  const renewals: Renewal[] = [];
  const requestsAtMs: number[] = [];
  const inside = new Map<string, number>();
  let inAll = 0;
  let most = { inAll: 0, atOneHost: 0 };
  let failing: ErrorCode | undefined;
  let reuses = 0;
  let issued = 0;
  let computing = 0;

  const issue = (tenantId: string): string => {
    issued += 1;
    const refreshToken = `refresh-${String(issued)}`;
    current.set(refreshToken, tenantId);
    return refreshToken;
  };

  for (const { id } of tenants) {
    const issuedAtMs = clock.now() - ageMs;
    const expiresAtMs = issuedAtMs + lifeSeconds * 1000;
    const refreshToken = issue(id);
    const token = { accessToken: `access-of-${refreshToken}`, refreshToken };
    vault.put(id, { fields: {}, token: { ...token, issuedAtMs, expiresAtMs } });
  }

  const json = (body: object, status = 200): Response =>
    new Response(JSON.stringify(body), {
      status,
      headers: { 'content-type': 'application/json' },
    });

  const renew = (form: URLSearchParams): Response => {
    const value = form.get('refresh_token') ?? '';
    if (used.has(value)) reuses += 1;
    const tenantId = current.get(value);
    if (tenantId === undefined) return json({ error: 'invalid_grant' }, 400);
    current.delete(value);
    used.add(value);
    const refreshToken = issue(tenantId);
    return json({
      access_token: `access-of-${refreshToken}`,
      refresh_token: refreshToken,
      token_type: 'Bearer',
      expires_in: lifeSeconds,
    });
  };

  const count = (host: string, change: 1 | -1): void => {
    inAll += change;
    inside.set(host, (inside.get(host) ?? 0) + change);
    most = {
      inAll: Math.max(most.inAll, inAll),
      atOneHost: Math.max(most.atOneHost, inside.get(host) ?? 0),
    };
  };

  const answer = (url: URL, init: HttpInit): Response => {
    if (failing !== undefined) throw new AppFailure({ code: failing, host: url.host });
    if (url.pathname === '/token') return renew(init.body as URLSearchParams);
    return json({
      issuer: url.origin,
      authorization_endpoint: `${url.origin}/authorize`,
      token_endpoint: `${url.origin}/token`,
    });
  };

  const pass = (): Promise<void> =>
    new Promise((resolve) => {
      clock.setTimer(answerMs, resolve);
    });

  return {
    tenants,
    vault,
    renewals,
    requestsAtMs,
    reuses: () => reuses,
    mostAtOnce: () => most,
    failWith(code) {
      failing = code;
    },
    http: {
      called: [],
      underWay: () => computing,
      async http(address, init) {
        const url = new URL(address);
        const isForToken = url.pathname === '/token';
        requestsAtMs.push(clock.now());
        if (isForToken || failing !== undefined) {
          const answered = failing === undefined;
          renewals.push({ host: url.host, atMs: clock.now(), answered });
        }
        if (isForToken) count(url.host, 1);
        if (answerMs > 0) await pass();
        computing += 1;
        try {
          // A turn of the event loop, as any real answer takes
          await new Promise((resolve) => setImmediate(resolve));
          return answer(url, init);
        } finally {
          computing -= 1;
          if (isForToken) count(url.host, -1);
        }
      },
    },
  };
}
