/** Fixtures of the login window's tests: a hostile server, listeners at the redirect URI, and the app, closed after the test. */
import { startHostileServer, type HostileServer } from '../emulators/hostile-server.ts';
import { listenAtRedirect, type RedirectListener } from '../emulators/hostile-pages.ts';
import type { SourceApp } from '../harness/app.ts';
import {
  launchBearerTray,
  seedProfile,
  type BearerTray,
  type SeedTenant,
} from '../harness/bearer-tray.ts';
import { test as base } from '../harness/fixtures.ts';
import { watchContents } from './login-driver.ts';

export { expect } from '../harness/fixtures.ts';

interface LoginFixtures {
  readonly server: HostileServer;
  /** At `http://127.0.0.1:<port>/callback`. */
  readonly listener: RedirectListener;
  /** At `https://localhost:<port>/callback`. */
  readonly secureListener: RedirectListener;
  /** Starts the app with these tenants; without any, as the profile is. All its pages are watched. */
  readonly launch: (
    tenants?: readonly SeedTenant[],
    args?: readonly string[],
  ) => Promise<BearerTray<SourceApp>>;
}

export const test = base.extend<LoginFixtures>({
  server: async ({}, use) => {
    const server = await startHostileServer();
    await use(server);
    await server.stop();
  },
  listener: async ({}, use) => {
    const listener = await listenAtRedirect('http');
    await use(listener);
    await listener.stop();
  },
  secureListener: async ({}, use) => {
    const listener = await listenAtRedirect('https');
    await use(listener);
    await listener.stop();
  },
  launch: async ({ desktop, userDataDir }, use) => {
    const started: BearerTray<SourceApp>[] = [];
    await use(async (tenants, args = []) => {
      if (tenants !== undefined) seedProfile(userDataDir, tenants);
      const tray = await launchBearerTray(desktop, { userDataDir, args });
      started.push(tray);
      await watchContents(tray.app);
      return tray;
    });
    for (const { app } of started) if (app.process.exitCode === null) await app.close();
  },
});
