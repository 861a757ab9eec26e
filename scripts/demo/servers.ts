/** The two companies of the demo: each an authorization server on loopback, and a tenant of it. */

import {
  startAuthorizationServer,
  type AuthorizationServer,
} from '../../tests/emulators/authorization-server.ts';
import { personTenant, type SeedTenant } from '../../tests/harness/bearer-tray.ts';

/** Short, so that a renewal can be watched: it comes after half of it. */
export const ACCESS_TOKEN_SECONDS = 60;

export interface Company {
  readonly name: string;
  readonly server: AuthorizationServer;
}

export interface Companies {
  readonly acme: Company;
  readonly globex: Company;
  /** Both, as the settings file holds them; Acme is active. */
  readonly tenants: readonly SeedTenant[];
  stop(): Promise<void>;
}

export async function startCompanies(): Promise<Companies> {
  const options = { accessTokenSeconds: ACCESS_TOKEN_SECONDS };
  // One after the other: each silences and restores console.warn while it loads.
  const acme = { name: 'Acme', server: await startAuthorizationServer(options) };
  const globex = { name: 'Globex', server: await startAuthorizationServer(options) };
  return {
    acme,
    globex,
    tenants: [
      personTenant(acme.server, acme.name, '#2563eb'),
      personTenant(globex.server, globex.name, '#c2410c'),
    ],
    stop: async () => {
      await Promise.all([acme.server.stop(), globex.server.stop()]);
    },
  };
}
