/**
 * Providers for many tenants: one that knows of every token whether it is alive, behind several
 * hosts that can be made to fail.
 */
import type { Fault, FaultProxy } from '../../emulators/fault-proxy.ts';
import { startFaultProxy } from '../../emulators/fault-proxy.ts';
import type { RefreshUse, RotatingServer } from '../../emulators/rotating-server.ts';
import { startRotatingServer } from '../../emulators/rotating-server.ts';
import type { SeedTenant } from '../../harness/bearer-tray.ts';
import { tenantAt } from '../profile.ts';

export interface ProviderHostsOptions {
  readonly hosts: number;
  readonly expiresInSeconds: number;
  /** Default 0: a refresh token that is used twice ends the sign-in. */
  readonly leewayMs?: number;
  readonly answerDelayMs?: () => number;
}

export interface ProviderHosts {
  readonly server: RotatingServer;
  readonly proxies: readonly FaultProxy[];
  /** As many tenants, one host after the other; names begin with `name`. */
  tenants(count: number, name: string): readonly SeedTenant[];
  /** All hosts fail so from now on. */
  setFault(fault: Fault): Promise<void>;
  /** Uses of this tenant since then that were answered with a token, oldest first. */
  usesOf(tenantId: string, sinceMs: number): readonly RefreshUse[];
  /** Waits until each of these tenants has been given a new token since then. */
  renewed(tenants: readonly SeedTenant[], sinceMs: number, timeLimitMs: number): Promise<void>;
  /** Throws when the token is none of this tenant's, or was dead at that instant of real time. */
  demandAlive(tenant: SeedTenant, accessToken: string | undefined, atMs: number): void;
  stop(): Promise<void>;
}

export async function startProviderHosts(options: ProviderHostsOptions): Promise<ProviderHosts> {
  const { hosts, expiresInSeconds, leewayMs = 0, answerDelayMs } = options;
  const server = await startRotatingServer({
    leewayMs,
    expiresInSeconds,
    ...(answerDelayMs === undefined ? {} : { answerDelayMs }),
  });
  const [upstream = ''] = server.origins;
  const proxies = await Promise.all(
    Array.from({ length: hosts }, (_, index) =>
      startFaultProxy({ upstream, address: `127.0.1.${String(index + 1)}` }),
    ),
  );
  const usesOf = (tenantId: string, sinceMs: number): readonly RefreshUse[] =>
    server.uses.filter(
      (use) => use.clientId === tenantId && use.committedAtMs >= sinceMs && hasGiven(use),
    );
  return {
    server,
    proxies,
    tenants: (count, name) =>
      Array.from({ length: count }, (_, index) => {
        const proxy = proxies[index % hosts];
        const origin = `http://${proxy?.address ?? ''}:${String(proxy?.port)}`;
        return tenantAt(`${origin}/token`, `${name} ${String(index).padStart(4, '0')}`);
      }),
    async setFault(fault) {
      await Promise.all(proxies.map((proxy) => proxy.setFault(fault)));
    },
    usesOf,
    async renewed(tenants, sinceMs, timeLimitMs) {
      const without = (): readonly SeedTenant[] => {
        const done = new Set(
          server.uses
            .filter((use) => use.committedAtMs >= sinceMs && hasGiven(use))
            .map(({ clientId }) => clientId),
        );
        return tenants.filter(({ id }) => !done.has(id));
      };
      await server
        .waitFor('all renewals', timeLimitMs, () => without().length === 0)
        .catch(() => {
          const left = without().length;
          throw new Error(`${left} of ${tenants.length} not renewed in ${timeLimitMs} ms`);
        });
    },
    demandAlive({ id, name }, accessToken, atMs) {
      if (accessToken === undefined) throw new Error(`${name} gave no token`);
      const use = server.uses.find((each) => each.accessToken === accessToken);
      if (use?.clientId !== id) throw new Error(`${name} gave a strange token`);
      const deadMs = atMs - (use.committedAtMs + expiresInSeconds * 1000);
      if (deadMs > 0) throw new Error(`${name} gave a token that was dead for ${deadMs} ms`);
    },
    async stop() {
      await Promise.all(proxies.map((proxy) => proxy.stop()));
      await server.stop();
    },
  };
}

function hasGiven({ answeredAtMs, outcome }: RefreshUse): boolean {
  return answeredAtMs !== undefined && outcome !== 'refused';
}
