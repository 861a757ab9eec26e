/**
 * The layers hold: for every import rule, door and port ban a violation is planted in a small copy
 * of the folder layout, checked with the real configuration, and exactly that rule reports it.
 * A rule without a plant fails too, so that no rule can go blind unnoticed.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import extractDepcruiseOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import { ESLint } from 'eslint';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

// Compilers and linters start cold here; on a busy machine the first of each takes seconds.
vi.setConfig({ testTimeout: 60_000 });

const root = join(import.meta.dirname, '..');
const cruiserConfig = join(root, '.dependency-cruiser.cjs');
const eslintConfig = join(root, 'eslint.config.js');
const folders = ['src-main', 'src-renderer', 'tests', 'scripts'];

const configs = [
  'tsconfig.base.json',
  ...['.', 'src-main', 'src-main/contract', 'src-main/core', 'src-main/providers']
    .concat('src-renderer', 'tests', 'scripts')
    .map((folder) => join(folder, 'tsconfig.json')),
];

type Files = Readonly<Record<string, string>>;

/** A tree that breaks no rule: one file a part, each reached from an entry. */
const CLEAN: Files = {
  'src-main/main.ts': `
    import { app } from 'electron';
    import { clock } from './adapters/clock.system.ts';
    import { vault } from './adapters/vault/vault.ts';
    import { settings } from './adapters/settings.electron-store.ts';
    import { keeper } from './core/keeper.ts';
    import { popover } from './desktop/popover.ts';
    import { catalogue } from './providers/index.ts';
    export const all = [app, clock, vault, settings, keeper, popover, catalogue];`,
  'src-main/preload.ts': `
    import { contextBridge, ipcRenderer } from 'electron';
    import { CHANNEL } from './contract/ipc.ts';
    contextBridge.exposeInMainWorld('bridge', { send: () => ipcRenderer.invoke(CHANNEL) });`,
  'src-main/contract/ipc.ts': `
    export const CHANNEL = 'channel';
    export interface Snapshot { readonly kind: 'one' | 'two' }`,
  'src-main/core/ports.ts': `export interface Clock { readonly now: () => number }`,
  'src-main/core/provider.ts': `export interface Provider { readonly id: string }`,
  'src-main/core/keeper.ts': `
    import * as oauth from 'oauth4webapi';
    import * as v from 'valibot';
    import type { Clock } from './ports.ts';
    export const keeper = (clock: Clock) => [oauth, v, new Date(clock.now()), new URL('https://a.example')];`,
  'src-main/providers/index.ts': `
    import { one } from './one.ts';
    export const catalogue = [one];`,
  'src-main/providers/one.ts': `
    import type { Provider } from '../core/provider.ts';
    export const one: Provider = { id: 'one' };`,
  'src-main/adapters/clock.system.ts': `
    import type { Clock } from '../core/ports.ts';
    export const clock: Clock = { now: () => Date.now() };`,
  'src-main/adapters/settings.electron-store.ts': `
    import Store from 'electron-store';
    export const settings = new Store();`,
  'src-main/adapters/vault/vault.ts': `
    import { utilityProcess } from 'electron';
    import { join } from 'node:path';
    import { COMMAND } from './protocol.ts';
    export const vault = () => utilityProcess.fork(join(import.meta.dirname, COMMAND));`,
  'src-main/adapters/vault/protocol.ts': `export const COMMAND = 'read';`,
  'src-main/adapters/vault/keychain-helper.ts': `
    import keytar from 'keytar';
    import { COMMAND } from './protocol.ts';
    void keytar.getPassword(COMMAND, COMMAND);`,
  'src-main/desktop/popover.ts': `
    import { BrowserWindow } from 'electron';
    import { CHANNEL } from '../contract/ipc.ts';
    import type { Clock } from '../core/ports.ts';
    export const popover = (clock: Clock) => [BrowserWindow, CHANNEL, clock];`,
  'src-renderer/main.ts': `
    import { mount } from 'svelte';
    import App from './App.svelte';
    mount(App, { target: document.body });`,
  'src-renderer/App.svelte': `
    <script lang="ts">
      import type { Snapshot } from '../src-main/contract/ipc.ts';
      import Row from './components/Row.svelte';
      import { label } from './lib/label.ts';
      const snapshot: Snapshot = { kind: 'one' };
    </script>
    <Row text={label(snapshot)} />`,
  'src-renderer/lib/label.ts': `
    import type { Snapshot } from '../../src-main/contract/ipc.ts';
    export const label = (snapshot: Snapshot) => snapshot.kind;`,
  'src-renderer/components/Row.svelte': `
    <script lang="ts">
      const { text }: { text: string } = $props();
    </script>
    {text}`,
  'tests/keeper.test.ts': `
    import { keeper } from '../src-main/core/keeper.ts';
    import { fakeClock } from './fakes/clock.ts';
    keeper(fakeClock);`,
  'tests/fakes/clock.ts': `
    import type { Clock } from '../../src-main/core/ports.ts';
    export const fakeClock: Clock = { now: () => 0 };`,
};

let place = '';

/** Writes files into a tree of its own, with our tsconfigs and packages, and answers its folder. */
const plant = (name: string, files: Files): string => {
  const tree = join(place, name);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), text);
  }
  for (const config of configs) cpSync(join(root, config), join(tree, config), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'), 'dir');
  return tree;
};

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'layers-'));
});

afterAll(() => {
  rmSync(place, { recursive: true });
});

describe('imports (dependency-cruiser)', () => {
  /** Rule → files that break it, each by one import of its own. */
  const BAD: Readonly<Record<string, Files>> = {
    'contract-is-a-leaf': {
      'src-main/contract/bad.ts': `import type { Clock } from '../core/ports.ts'; export type Bad = Clock;`,
      'src-main/contract/bad-node.ts': `import { join } from 'node:path'; export const bad = join;`,
    },
    'core-imports-only-core': {
      'src-main/core/bad-adapter.ts': `import { clock } from '../adapters/clock.system.ts'; export const bad = clock;`,
      'src-main/core/bad-type.ts': `import type { Snapshot } from '../contract/ipc.ts'; export type Bad = Snapshot;`,
      'src-main/core/bad-inline-type.ts': `export type Bad = import('../contract/ipc.ts').Snapshot;`,
      'src-main/core/bad-node.ts': `import { readFile } from 'node:fs/promises'; export const bad = readFile;`,
      'src-main/core/bad-package.ts': `import { defineConfig } from 'vite'; export const bad = defineConfig;`,
      'src-main/core/bad-later.ts': `export const bad = () => import('../desktop/popover.ts');`,
    },
    'provider-is-data': {
      'src-main/providers/bad.ts': `import { keeper } from '../core/keeper.ts'; export const bad = keeper;`,
      'src-main/providers/bad-sibling.ts': `import { one } from './one.ts'; export const bad = one;`,
    },
    'catalogue-only-collects': {
      'src-main/providers/index.ts': `
        import { keeper } from '../core/keeper.ts';
        import { one } from './one.ts';
        export const catalogue = [one, keeper];`,
    },
    'adapter-sees-only-core': {
      'src-main/adapters/bad-desktop.ts': `import { popover } from '../desktop/popover.ts'; export const bad = popover;`,
      'src-main/adapters/vault/bad-provider.ts': `import { one } from '../../providers/one.ts'; export const bad = one;`,
    },
    'adapters-are-strangers': {
      'src-main/adapters/bad-sibling.ts': `import { clock } from './clock.system.ts'; export const bad = clock;`,
      'src-main/adapters/bad-folder.ts': `import { COMMAND } from './vault/protocol.ts'; export const bad = COMMAND;`,
      'src-main/adapters/vault/bad-up.ts': `import { clock } from '../clock.system.ts'; export const bad = clock;`,
    },
    'desktop-sees-only-core-and-contract': {
      'src-main/desktop/bad-adapter.ts': `import { clock } from '../adapters/clock.system.ts'; export const bad = clock;`,
      'src-main/desktop/bad-provider.ts': `import type { one } from '../providers/one.ts'; export type Bad = typeof one;`,
      'src-main/desktop/bad-node.ts': `import { readFile } from 'node:fs/promises'; export const bad = readFile;`,
    },
    'preload-only-bridges': {
      'src-main/preload.ts': `import { keeper } from './core/keeper.ts'; keeper({ now: () => 0 });`,
    },
    'renderer-sees-only-the-contract': {
      'src-renderer/lib/bad-core.ts': `import type { Clock } from '../../src-main/core/ports.ts'; export type Bad = Clock;`,
      'src-renderer/lib/bad-package.ts': `import { defineConfig } from 'vite'; export const bad = defineConfig;`,
      'src-renderer/components/Bad.svelte': `<script lang="ts"> import { keeper } from '../../src-main/core/keeper.ts'; keeper({ now: () => 0 }); </script>`,
    },
    'renderer-takes-only-types-of-the-contract': {
      'src-renderer/lib/bad-value.ts': `import { CHANNEL } from '../../src-main/contract/ipc.ts'; export const bad = CHANNEL;`,
      'src-renderer/components/BadValue.svelte': `<script lang="ts"> import { CHANNEL } from '../../src-main/contract/ipc.ts'; </script> {CHANNEL}`,
    },
    'components-only-draw': {
      'src-renderer/components/BadApp.svelte': `<script lang="ts"> import App from '../App.svelte'; </script> <App />`,
    },
    'electron-only-in-the-shell': {
      'src-main/core/bad-electron.ts': `import { app } from 'electron'; export const bad = app;`,
      'src-main/core/bad-electron-type.ts': `import type { App } from 'electron'; export type Bad = App;`,
      'src-main/providers/bad-electron.ts': `import { app } from 'electron'; export const bad = app;`,
      'src-main/contract/bad-electron.ts': `import type { App } from 'electron'; export type Bad = App;`,
      'src-renderer/lib/bad-electron.ts': `import { app } from 'electron'; export const bad = app;`,
    },
    'keytar-only-in-its-helper': {
      'src-main/adapters/vault/bad-keytar.ts': `import keytar from 'keytar'; export const bad = keytar;`,
      'src-main/core/bad-keytar.ts': `import keytar from 'keytar'; export const bad = keytar;`,
    },
    'electron-store-only-in-settings': {
      'src-main/adapters/bad-store.ts': `import Store from 'electron-store'; export const bad = Store;`,
      'src-main/desktop/bad-store.ts': `import Store from 'electron-store'; export const bad = Store;`,
    },
    'protocol-libraries-only-in-core': {
      'src-main/adapters/bad-valibot.ts': `import * as v from 'valibot'; export const bad = v;`,
      'src-main/desktop/bad-valibot.ts': `import * as v from 'valibot'; export const bad = v;`,
      'src-main/desktop/bad-protocol.ts': `import * as oauth from 'oauth4webapi'; export const bad = oauth;`,
    },
    'nobody-imports-an-entry': {
      'src-main/core/bad-main.ts': `import { all } from '../main.ts'; export const bad = all;`,
      'src-main/adapters/vault/bad-helper.ts': `import './keychain-helper.ts'; export const bad = 1;`,
      'src-renderer/lib/bad-main.ts': `import '../main.ts'; export const bad = 1;`,
      'tests/bad-preload.test.ts': `import '../src-main/preload.ts';`,
    },
    'production-never-imports-tests': {
      'src-main/core/bad-test.ts': `import { fakeClock } from '../../tests/fakes/clock.ts'; export const bad = fakeClock;`,
      'src-renderer/lib/bad-test.ts': `import { fakeClock } from '../../tests/fakes/clock.ts'; export const bad = fakeClock;`,
    },
    'only-main-composes': {
      'src-main/bad.ts': `import { keeper } from './core/keeper.ts'; export const bad = keeper;`,
      'src-main/helpers/bad.ts': `import { clock } from '../adapters/clock.system.ts'; export const bad = clock;`,
    },
    'no-cycles': {
      'src-main/core/bad-one.ts': `import { two } from './bad-two.ts'; export const one = () => two;`,
      'src-main/core/bad-two.ts': `import type { one } from './bad-one.ts'; export const two = (bad: typeof one) => bad;`,
    },
    'no-orphans': { 'src-renderer/lib/bad-orphan.ts': `export const bad = 1;` },
    'no-dead-code': {
      'src-main/core/bad-dead.ts': `import { keeper } from './keeper.ts'; export const bad = keeper;`,
    },
    'no-unresolvable': { 'tests/bad-path.test.ts': `import './nowhere.ts';` },
  };

  /** Each file → the rules it breaks. */
  const violations = async (tree: string): Promise<Record<string, string[]>> => {
    const options = await extractDepcruiseOptions(cruiserConfig);
    const { output } = await cruise(folders, { ...options, baseDir: tree });
    const found: Record<string, Set<string>> = {};
    for (const { from, to, rule, cycle } of (output as ICruiseResult).summary.violations) {
      // A cycle is told once for all its files; a dead file is where the way does not lead.
      const blamed = cycle?.map(({ name }) => name) ?? [rule.name === 'no-dead-code' ? to : from];
      for (const path of blamed) (found[path] ??= new Set()).add(rule.name);
    }
    return Object.fromEntries(Object.entries(found).map(([path, names]) => [path, [...names]]));
  };

  test('every rule has a plant, a comment and the severity that fails', async () => {
    const { ruleSet } = await extractDepcruiseOptions(cruiserConfig);
    const rules = ruleSet?.forbidden ?? [];
    expect(rules.map((rule) => rule.name).sort()).toEqual(Object.keys(BAD).sort());
    expect(rules.filter((rule) => !rule.comment || rule.severity !== 'error')).toEqual([]);
  });

  test('each plant breaks exactly its rule', async () => {
    const files = { ...CLEAN };
    const expected: Record<string, string[]> = {};
    for (const [rule, plants] of Object.entries(BAD)) {
      Object.assign(files, plants);
      for (const path of Object.keys(plants)) expected[path] = [rule];
    }
    const found = await violations(plant('imports', files));
    // Nothing imports the plants, so each is dead code as well.
    for (const [path, rules] of Object.entries(found)) {
      if (!(path in BAD['no-dead-code']!))
        found[path] = rules.filter((rule) => rule !== 'no-dead-code');
    }
    expect(found).toEqual(expected);
  });

  test('a clean tree is clean', async () => {
    expect(await violations(plant('clean-imports', CLEAN))).toEqual({});
  });

  test('our tree is clean', async () => {
    expect(await violations(root)).toEqual({});
  });
});

describe('doors, ports and pages (ESLint)', () => {
  const RESTRICTIONS = [
    'no-console',
    'no-eval',
    'no-new-func',
    'no-restricted-globals',
    'no-restricted-properties',
    'no-restricted-syntax',
    '@typescript-eslint/no-require-imports',
    '@typescript-eslint/no-restricted-imports',
    'svelte/no-at-html-tags',
  ];

  const inScript = (code: string) => `<script lang="ts">\n${code}\n</script>\n<p>text</p>`;

  /** File, code and a part of the only message, which tells what to do instead. */
  const BAD: readonly (readonly [path: string, code: string, message: string])[] = [
    [
      'src-main/desktop/tray.ts',
      `import { ipcMain } from 'electron'; export { ipcMain };`,
      'desktop/ipc.ts',
    ],
    [
      'src-main/desktop/tray.ts',
      `import * as e from 'electron'; export { e };`,
      '* import is invalid',
    ],
    ['src-main/desktop/tray.ts', `import e from 'electron'; export { e };`, 'Import by name'],
    [
      'src-main/desktop/tray.ts',
      `import { ipcRenderer } from 'electron'; export { ipcRenderer };`,
      'preload.ts',
    ],
    [
      'src-main/desktop/ipc.ts',
      `import { ipcRenderer } from 'electron'; export { ipcRenderer };`,
      'preload.ts',
    ],
    [
      'src-main/preload.ts',
      `import { ipcMain } from 'electron'; export { ipcMain };`,
      'desktop/ipc.ts',
    ],
    [
      'src-main/desktop/popover.ts',
      `import { shell } from 'electron'; export { shell };`,
      'system-browser/system-browser.ts',
    ],
    [
      'src-main/desktop/popover.ts',
      `export const a = (w: any) => w.webContents.send('x');`,
      'desktop/ipc.ts',
    ],
    [
      'src-main/desktop/popover.ts',
      `export const a = (w: any) => w.webContents.ipc;`,
      'desktop/ipc.ts',
    ],
    [
      'src-main/desktop/popover.ts',
      `export const a = (w: any) => w.executeJavaScript('x');`,
      'No code from strings',
    ],
    [
      'src-main/adapters/vault/vault.ts',
      `import { createRequire } from 'node:module'; export { createRequire };`,
      'Import it',
    ],
    [
      'src-main/adapters/vault/vault.ts',
      `export const a = (fs: any) => fs.readFileSync('x');`,
      'promise form',
    ],
    [
      'src-main/adapters/vault/vault.ts',
      `import { statSync } from 'node:fs'; export const a = () => statSync('x');`,
      'promise form',
    ],
    ['src-main/adapters/vault/vault.ts', `export default 1;`, 'Named exports'],
    [
      'src-main/adapters/vault/vault.ts',
      `export const a = () => fetch('https://a.example');`,
      'Http port',
    ],
    ['src-main/adapters/vault/vault.ts', `console.log('x');`, 'No log'],
    ['src-main/main.ts', `export const a = () => eval('1');`, 'eval'],
    ['src-main/main.ts', `export const a = new Function('return 1');`, 'Function constructor'],
    ['src-main/core/keeper.ts', `export const a = () => fetch('https://a.example');`, 'Http port'],
    ['src-main/core/keeper.ts', `export const a = () => setTimeout(() => 1, 1);`, 'Clock port'],
    ['src-main/core/keeper.ts', `export const a = () => setInterval(() => 1, 1);`, 'Clock port'],
    ['src-main/core/keeper.ts', `export const a = () => Date.now();`, 'Clock port'],
    ['src-main/core/keeper.ts', `export const a = () => new Date();`, 'Clock port'],
    ['src-main/core/keeper.ts', `export const a = () => AbortSignal.timeout(1);`, 'Clock port'],
    ['src-main/core/keeper.ts', `export const a = () => performance.now();`, 'Clock port'],
    ['src-main/core/keeper.ts', `export const a = () => Math.random();`, 'getRandomValues'],
    ['src-main/core/keeper.ts', `export const a = () => globalThis.fetch;`, 'core/ports.ts'],
    ['src-main/core/oauth/a.ts', `console.log('x');`, 'Core does not log'],
    [
      'src-renderer/lib/label.ts',
      `export const a = () => fetch('x');`,
      'does not talk to the network',
    ],
    ['src-renderer/lib/label.ts', `export const a = () => localStorage.length;`, 'stores nothing'],
    ['src-renderer/lib/label.ts', `export const a = () => navigator.clipboard;`, 'happens in main'],
    ['src-renderer/lib/label.ts', `document.body.innerHTML = 'x';`, 'let Svelte render'],
    ['src-renderer/lib/label.ts', `export default 1;`, 'Named exports'],
    ['src-renderer/App.svelte', `{@html '<b></b>'}`, '{@html}'],
    [
      'src-renderer/App.svelte',
      inScript(`import type { Clock } from '../src-main/core/ports.ts'; export type A = Clock;`),
      'only the contract',
    ],
    [
      'src-renderer/App.svelte',
      inScript(`import { CHANNEL } from '../src-main/contract/ipc.ts'; export const a = CHANNEL;`),
      'import type',
    ],
    [
      'src-renderer/App.svelte',
      inScript(`import type { App } from 'electron'; export type A = App;`),
      'themselves, svelte',
    ],
    [
      'src-renderer/App.svelte',
      inScript(`import type { Clock } from '../tests/fakes/clock.ts'; export type A = Clock;`),
      'not shipped',
    ],
    [
      'src-renderer/components/Row.svelte',
      inScript(
        `import type { Vault } from '../../src-main/adapters/vault/vault.ts'; export type A = Vault;`,
      ),
      'only the contract',
    ],
    [
      'src-renderer/components/Row.svelte',
      inScript(`import type App from '../App.svelte'; export type A = App;`),
      'props and calls callbacks',
    ],
    [
      'src-renderer/components/Row.svelte',
      inScript(`export const a = window.bridge;`),
      'wired to the bridge',
    ],
    [
      'src-renderer/components/Row.svelte',
      inScript(`export const a = globalThis['bridge'];`),
      'wired to the bridge',
    ],
    [
      'src-renderer/components/Row.svelte',
      inScript(`const { bridge: a } = window; export { a };`),
      'wired to the bridge',
    ],
    [
      'src-renderer/components/Row.svelte',
      `<button onclick={() => bridge.quit()}>text</button>`,
      'wired to the bridge',
    ],
    [
      'src-renderer/components/Row.svelte',
      `<button onclick={() => window.bridge.quit()}>text</button>`,
      'wired to the bridge',
    ],
    // Planted for the linter as text: nothing here is switched off or alone
    ['tests/a.test.ts', `test.only('x', () => 1);`, 'whole suite'],
    ['tests/a.test.ts', `describe.skip('x', () => 1);`, 'whole suite'],
    ['tests/a.test.ts', `test.describe.only('x', () => 1);`, 'whole suite'],
    ['tests/a.test.ts', `test.skip.each([1])('x', () => 1);`, 'whole suite'],
    ['tests/a.test.ts', `vi.mock('electron');`, 'fake of the port'],
  ];

  const GOOD: readonly (readonly [path: string, code: string])[] = [
    ['src-main/desktop/ipc.ts', `import { ipcMain } from 'electron'; export { ipcMain };`],
    ['src-main/desktop/ipc.ts', `export const push = (w: any) => w.webContents.send('x');`],
    [
      'src-main/desktop/tray.ts',
      `import type { IpcMainInvokeEvent } from 'electron'; export type A = IpcMainInvokeEvent;`,
    ],
    [
      'src-main/preload.ts',
      `import { contextBridge, ipcRenderer } from 'electron'; export { contextBridge, ipcRenderer };`,
    ],
    [
      'src-main/adapters/system-browser/system-browser.ts',
      `import { shell } from 'electron'; export { shell };`,
    ],
    [
      'src-main/adapters/clock.system.ts',
      `export const a = () => [Date.now(), setTimeout(() => 1, 1)];`,
    ],
    [
      'src-main/core/keeper.ts',
      `export const a = (ms: number) => [new Date(ms), new URL('https://a.example'), crypto.randomUUID(), new TextEncoder()];`,
    ],
    [
      'src-renderer/App.svelte',
      inScript(
        `import type { Snapshot } from '../src-main/contract/ipc.ts'; import { onMount } from 'svelte'; import Row from './components/Row.svelte'; export const a: [Snapshot?] = [window.bridge, onMount, Row];`,
      ),
    ],
    [
      'src-renderer/components/Row.svelte',
      inScript(
        `import type { TenantRow } from '../../src-main/contract/ipc.ts'; import { label } from '../lib/label.ts'; export const a: TenantRow = label();`,
      ),
    ],
    [
      'tests/a.test.ts',
      `test.skipIf(true)('x', () => 1); setTimeout(() => 1, 1); console.log('x');`,
    ],
  ];

  /** Only the restrictions, and without types, which they do not need: a file takes milliseconds. */
  const eslint = new ESLint({
    cwd: root,
    overrideConfigFile: eslintConfig,
    overrideConfig: { languageOptions: { parserOptions: { projectService: false } } },
    ruleFilter: ({ ruleId }) => RESTRICTIONS.includes(ruleId),
  });

  const problems = async (path: string, code: string) => {
    const [result] = await eslint.lintText(code, { filePath: join(root, path) });
    return result?.messages.map(({ message }) => message) ?? [];
  };

  test.each(BAD)('%s: %s', async (path, code, message) => {
    const found = await problems(path, code);
    expect(found).not.toEqual([]);
    expect(found.filter((text) => !text.includes(message))).toEqual([]);
  });

  test.each(GOOD)('%s may: %s', async (path, code) => {
    expect(await problems(path, code)).toEqual([]);
  });

  test('our tree is clean, and every exception gives its reason', async () => {
    const results = await eslint.lintFiles(folders);
    const found = results.flatMap(({ filePath, messages, suppressedMessages }) => [
      ...messages
        // With most rules filtered out, exceptions to those look unused.
        .filter(({ ruleId }) => ruleId !== null && RESTRICTIONS.includes(ruleId))
        .map(({ line, message }) => `${relative(root, filePath)}:${line} ${message}`),
      ...suppressedMessages
        .filter(({ suppressions }) => suppressions.some(({ justification }) => !justification))
        .map(({ line }) => `${relative(root, filePath)}:${line} exception without "-- reason"`),
    ]);
    expect(found).toEqual([]);
  });

  test('rules that need types see them, in .ts and in .svelte', async () => {
    const tree = plant('typed', {
      ...CLEAN,
      'src-main/core/keeper.ts': `export const bad = () => { Promise.resolve(); };`,
      'src-main/desktop/popover.ts': `
        import type { Snapshot } from '../contract/ipc.ts';
        export const bad = (snapshot: Snapshot) => { switch (snapshot.kind) { case 'one': return 1; } };`,
      'src-renderer/App.svelte': inScript(`Promise.resolve();`),
    });
    const typed = new ESLint({
      cwd: tree,
      overrideConfigFile: eslintConfig,
      overrideConfig: { languageOptions: { parserOptions: { tsconfigRootDir: tree } } },
      ruleFilter: ({ ruleId }) => /no-floating-promises|exhaustiveness/.test(ruleId),
    });
    const results = await typed.lintFiles(['src-main', 'src-renderer']);
    expect(
      results.flatMap(({ filePath, messages }) =>
        messages.map(({ ruleId, message }) => `${relative(tree, filePath)} ${ruleId ?? message}`),
      ),
    ).toEqual([
      'src-main/core/keeper.ts @typescript-eslint/no-floating-promises',
      'src-main/desktop/popover.ts @typescript-eslint/switch-exhaustiveness-check',
      'src-renderer/App.svelte @typescript-eslint/no-floating-promises',
    ]);
  });
});

describe('ambient types (tsconfig)', () => {
  const NODE = ['process', 'Buffer', 'require', 'setImmediate', '__dirname'];
  const DOM = ['document', 'window', 'HTMLElement', 'alert'];
  const RUNTIME = ['URL', 'Response', 'crypto', 'TextEncoder', 'AbortController'];

  /** What each part must not see, and what it must. */
  const PARTS = {
    'src-main/contract': { unseen: [...NODE, ...DOM, ...RUNTIME, 'console'], seen: ['Map'] },
    'src-main/providers': { unseen: [...NODE, ...DOM, ...RUNTIME, 'console'], seen: ['Map'] },
    'src-main/core': { unseen: [...NODE, ...DOM], seen: RUNTIME },
    'src-main': { unseen: DOM, seen: ['process', 'Buffer', ...RUNTIME] },
    'src-renderer': { unseen: NODE, seen: [...DOM, ...RUNTIME] },
  };

  /** The names that do not compile in this part, with what the part itself imports around them. */
  const unseenIn = (tree: string, part: string, names: readonly string[]): string[] => {
    const config = ts.getParsedCommandLineOfConfigFile(
      join(tree, part, 'tsconfig.json'),
      {},
      {
        ...ts.sys,
        onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
          throw new Error(ts.flattenDiagnosticMessageText(messageText, ' '));
        },
      },
    );
    if (!config) throw new Error(`no tsconfig in ${part}`);
    const probe = config.fileNames.find((file) => file.endsWith('/probe.ts'));
    if (!probe) throw new Error(`${part} does not include its own files`);
    const program = ts.createProgram(config.fileNames, config.options);
    const broken = program
      .getSemanticDiagnostics(program.getSourceFile(probe))
      .map(({ file, start, length }) => file?.text.slice(start, (start ?? 0) + (length ?? 0)));
    return names.filter((name) => broken.includes(name));
  };

  test.each(Object.entries(PARTS))('%s', (part, { unseen, seen }) => {
    const names = [...unseen, ...seen];
    const tree = plant(`types-${part.replace('/', '-')}`, {
      ...CLEAN,
      [`${part}/probe.ts`]: `export const probe = [${names.join(', ')}];`,
    });
    expect(unseenIn(tree, part, names)).toEqual(unseen);
  });
});
