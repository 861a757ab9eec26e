/** The two apps that are compared, each ready to start: what is on disk, and what is looked for in its page. */
import { join } from 'node:path';
import type { AuthorizationServer } from '../../tests/emulators/authorization-server.ts';
import { launchBearerTray, personTenant, seedProfile } from '../../tests/harness/bearer-tray.ts';
import type { Desktop } from '../../tests/harness/desktop.ts';
import { projectRoot } from '../setup/paths.mjs';
import { BARE_TITLE, writeBareApp } from './bare-app.ts';
import { writeHook, type Hook } from './hook.ts';

export interface Subject {
  readonly appPath: string;
  readonly userDataDir: string;
  readonly windowTitle: string;
  readonly hook: Hook;
  /** Where the app is looked at while it works; absent: when it is at rest. */
  readonly atWork?: {
    /** Before the app is started. */
    readonly prepare: () => Promise<void>;
    /** Resolves when it works. */
    readonly begun: () => Promise<void>;
  };
}

/** Bearer Tray with one tenant, signed in: as it is used. */
export async function bearerTraySubject(
  desktop: Desktop,
  server: AuthorizationServer,
  directory: string,
): Promise<Subject> {
  const userDataDir = join(directory, 'bearer-tray-data');
  const tenant = personTenant(server, 'Acme');
  seedProfile(userDataDir, [tenant]);
  const tray = await launchBearerTray(desktop, { userDataDir });
  await tray.signIn(tenant.name, server);
  await tray.app.close();
  return {
    appPath: projectRoot,
    userDataDir,
    windowTitle: 'Bearer Tray',
    hook: writeHook(directory, {
      content: '[data-row]',
      copy: `[aria-label="Copy token of ${tenant.name}"]`,
    }),
  };
}

export function bareSubject(directory: string): Subject {
  return {
    appPath: writeBareApp(directory),
    userDataDir: join(directory, 'bare-data'),
    windowTitle: BARE_TITLE,
    hook: writeHook(directory, { content: 'button', copy: 'button' }),
  };
}
