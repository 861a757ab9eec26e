/** Starts `login-window-app.ts` on the desktop and speaks to it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { launchApp, type SourceApp } from '../harness/app.ts';
import type { Desktop } from '../harness/desktop.ts';
import { poll } from '../harness/waiting.ts';
import type { LoginWindowProbe } from './login-window-app.ts';
import { test as base } from './login-fixtures.ts';

export { expect } from './login-fixtures.ts';

type Method = {
  [Name in keyof LoginWindowProbe]: LoginWindowProbe[Name] extends (...args: never[]) => unknown
    ? Name
    : never;
}[keyof LoginWindowProbe];

type Noted = 'begun' | 'judged' | 'facts' | 'seenCalls';

export interface ProbeApp {
  readonly app: SourceApp;
  ask<Name extends Method>(
    name: Name,
    ...args: Parameters<LoginWindowProbe[Name]>
  ): Promise<Awaited<ReturnType<LoginWindowProbe[Name]>>>;
  read<Name extends Noted>(name: Name): Promise<LoginWindowProbe[Name]>;
  /** Waits until no window and no page is left. */
  nothingLeft(): Promise<void>;
}

export const test = base.extend<{
  readonly probe: ProbeApp;
  /** More arguments for the probe app: `test.use({ probeArguments: … })`. */
  readonly probeArguments: readonly string[];
}>({
  probeArguments: [[], { option: true }],
  probe: async ({ desktop, userDataDir, probeArguments }, use) => {
    const probe = await launchProbe(desktop, userDataDir, probeArguments);
    await use(probe);
    await probe.app.close();
  },
});

async function launchProbe(
  desktop: Desktop,
  userDataDir: string,
  args: readonly string[],
): Promise<ProbeApp> {
  const appPath = join(userDataDir, 'app');
  mkdirSync(appPath);
  writeFileSync(
    join(appPath, 'package.json'),
    JSON.stringify({ name: 'login-windows', type: 'module', main: 'main.js' }),
  );
  const main = new URL('login-window-app.ts', import.meta.url);
  writeFileSync(join(appPath, 'main.js'), `import ${JSON.stringify(main.href)};\n`);
  const app = await launchApp(desktop, { userDataDir, appPath, args });
  await poll('the probe', 10_000, () => app.electron.evaluate(() => 'probe' in globalThis));
  const probe: ProbeApp = {
    app,
    ask: (name, ...args_) =>
      app.electron.evaluate(
        (_electron, [method, given]) => {
          const { probe: it } = globalThis as unknown as { readonly probe: LoginWindowProbe };
          return (it[method] as (...values: readonly unknown[]) => unknown)(...given);
        },
        [name, args_] as const,
      ) as never,
    read: (name) =>
      app.electron.evaluate(
        (_electron, member) =>
          (globalThis as unknown as { readonly probe: LoginWindowProbe }).probe[member],
        name,
      ) as never,
    nothingLeft: async () => {
      await poll('all windows and pages to be gone', 5_000, async () => {
        const { windows, contents } = await probe.ask('census');
        return windows === 0 && contents === 0;
      });
    },
  };
  return probe;
}
