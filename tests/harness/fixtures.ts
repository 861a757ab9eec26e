/**
 * Playwright fixtures of the end-to-end tests: one desktop a worker, and for each test a fresh user
 * data directory and, where it is asked for, a fresh authorization server.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test as base } from 'playwright/test';
import {
  startAuthorizationServer,
  type AuthorizationServer,
  type AuthorizationServerOptions,
} from '../emulators/authorization-server.ts';
import { startInternet, type Internet } from '../emulators/internet.ts';
import { startDesktop, type Desktop, type DesktopOptions } from './desktop.ts';

export { expect } from 'playwright/test';

interface TestFixtures {
  /** Change it with `test.use({ authorizationServerOptions: { … } })`. */
  readonly authorizationServerOptions: AuthorizationServerOptions;
  readonly authorizationServer: AuthorizationServer;
  /** Without anybody on it: `await internet.add(emulator)`, then launch the app with it. */
  readonly internet: Internet;
  /** An empty directory for the app; removed after the test. */
  readonly userDataDir: string;
}

interface WorkerFixtures {
  /** Change it with `test.use({ desktopOptions: { … } })` at the top of a file. */
  readonly desktopOptions: DesktopOptions;
  /** Shared by the tests of a worker: clean up what a test leaves there. */
  readonly desktop: Desktop;
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  desktopOptions: [{}, { option: true, scope: 'worker' }],
  desktop: [
    async ({ desktopOptions }, use) => {
      const desktop = await startDesktop(desktopOptions);
      await use(desktop);
      await desktop.stop();
    },
    { scope: 'worker' },
  ],
  userDataDir: async ({ desktop }, use) => {
    const directory = mkdtempSync(join(desktop.directory, 'user-data-'));
    await use(directory);
    rmSync(directory, { recursive: true, force: true });
  },
  authorizationServerOptions: [{}, { option: true }],
  authorizationServer: async ({ authorizationServerOptions }, use) => {
    const server = await startAuthorizationServer(authorizationServerOptions);
    await use(server);
    await server.stop();
  },
  internet: async ({}, use) => {
    const internet = await startInternet();
    await use(internet);
    await internet.stop();
  },
});
