/**
 * Who may import whom. Every folder has one rule that lists what it may see, and what a rule of
 * its own guards (electron, keytar …) is left to that rule, so that one bad import is one message.
 * Type-only imports count too, except in `.svelte` files, where they are invisible from here:
 * eslint.config.js holds those. Each rule is proved in tests/layers.test.ts.
 */

const ELECTRON = '(^|/)node_modules/electron/';
const KEYTAR = '(^|/)node_modules/keytar/';
const ELECTRON_STORE = '(^|/)node_modules/electron-store/';
const PROTOCOL_LIBRARIES = '(^|/)node_modules/(oauth4webapi|valibot)/';
const SVELTE = '(^|/)node_modules/svelte/';

const CONTRACT = '^src-main/contract/';
const CORE = '^src-main/core/';
const PROVIDERS = '^src-main/providers/';
const ADAPTERS = '^src-main/adapters/';
const DESKTOP = '^src-main/desktop/';
const PRELOAD = '^src-main/preload\\.ts$';
const MAIN = '^src-main/main\\.ts$';
const KEYCHAIN_HELPER = '^src-main/adapters/vault/keychain-helper\\.ts$';
const RENDERER = '^src-renderer/';
const RENDERER_MAIN = '^src-renderer/main\\.ts$';
const APP = '^src-renderer/App\\.svelte$';
const PRODUCTION = '^src-(main|renderer)/';
const TESTS_AND_SCRIPTS = '^(tests|scripts)/';

/** Where execution starts: nothing imports these, and all else must be reached from them. */
const ENTRIES = [MAIN, PRELOAD, KEYCHAIN_HELPER, RENDERER_MAIN];

/** Guarded by a rule of their own, from every folder. */
const GUARDED = [ELECTRON, KEYTAR, ELECTRON_STORE, TESTS_AND_SCRIPTS, ...ENTRIES];

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    // ── One rule a folder: what it may see ──────────────────────────────────────────────────
    {
      name: 'contract-is-a-leaf',
      comment:
        'Both sides of the bridge read the contract, so it imports nothing. Define the type in it, or let desktop/view.ts translate.',
      severity: 'error',
      from: { path: CONTRACT },
      to: { pathNot: GUARDED },
    },
    {
      name: 'core-imports-only-core',
      comment:
        'Core runs in plain Node and in a browser alike. Add what it needs to core/ports.ts and implement it in adapters/; packages: oauth4webapi and valibot only.',
      severity: 'error',
      from: { path: CORE },
      to: { pathNot: [CORE, PROTOCOL_LIBRARIES, ...GUARDED] },
    },
    {
      name: 'provider-is-data',
      comment:
        'A catalogue entry describes and does nothing: it imports core/provider.ts and the fields that several entries share. A new ability belongs in core/grants/, and its switch in core/provider.ts.',
      severity: 'error',
      from: { path: PROVIDERS, pathNot: '^src-main/providers/index\\.ts$' },
      to: {
        pathNot: [
          '^src-main/core/provider\\.ts$',
          '^src-main/providers/[a-z]+-fields\\.ts$',
          ...GUARDED,
        ],
      },
    },
    {
      name: 'catalogue-only-collects',
      comment:
        'providers/index.ts lists the entries beside it and nothing else. Logic belongs in core/.',
      severity: 'error',
      from: { path: '^src-main/providers/index\\.ts$' },
      to: { pathNot: [PROVIDERS, '^src-main/core/provider\\.ts$', ...GUARDED] },
    },
    {
      name: 'adapter-sees-only-core',
      comment:
        'An adapter implements a port with a technology: core/ and packages. What desktop or a provider knows must arrive through the port.',
      severity: 'error',
      from: { path: ADAPTERS },
      to: { path: PRODUCTION, pathNot: [CORE, ADAPTERS, ...GUARDED] },
    },
    {
      name: 'adapters-are-strangers',
      comment:
        'An adapter never imports a sibling (files of one adapter folder may import each other). Move what they share to core/, or let main.ts hand one to the other as a port.',
      severity: 'error',
      from: { path: '^src-main/adapters/([^/]+)(/|$)' },
      to: { path: ADAPTERS, pathNot: ['^src-main/adapters/$1(/|$)', ...GUARDED] },
    },
    {
      name: 'desktop-sees-only-core-and-contract',
      comment:
        'Desktop shows state and passes commands on: core/, contract/, electron, and node:path and node:url for names. Files, network and secrets are adapters behind a port; main.ts hands them in.',
      severity: 'error',
      from: { path: DESKTOP },
      to: {
        pathNot: [DESKTOP, CORE, CONTRACT, PROTOCOL_LIBRARIES, '^(node:)?(path|url)$', ...GUARDED],
      },
    },
    {
      name: 'preload-only-bridges',
      comment:
        'The preload turns the contract into window.bridge: contract/ and electron. Anything else belongs behind a command in main.',
      severity: 'error',
      from: { path: PRELOAD },
      to: { pathNot: [CONTRACT, ...GUARDED] },
    },
    {
      name: 'renderer-sees-only-the-contract',
      comment:
        'Our pages import themselves, svelte and types of src-main/contract. Ask main through a command instead; what the page must know belongs in the Snapshot.',
      severity: 'error',
      from: { path: RENDERER },
      to: { pathNot: [RENDERER, SVELTE, CONTRACT, ...GUARDED] },
    },
    {
      name: 'renderer-takes-only-types-of-the-contract',
      comment:
        'Code of main in the page would be bundled twice and drift. Write `import type`; values arrive over the bridge.',
      severity: 'error',
      from: { path: RENDERER },
      to: { path: CONTRACT, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'components-only-draw',
      comment:
        'Only App.svelte is wired to the bridge, and only main.ts mounts it. A component takes props and calls callbacks.',
      severity: 'error',
      from: { path: RENDERER, pathNot: RENDERER_MAIN },
      to: { path: APP },
    },

    // ── One rule a guarded thing: who may see it ────────────────────────────────────────────
    {
      name: 'electron-only-in-the-shell',
      comment:
        'Electron is known to adapters, desktop, preload and main. Elsewhere use a port of core/ports.ts.',
      severity: 'error',
      from: { path: PRODUCTION, pathNot: [ADAPTERS, DESKTOP, PRELOAD, MAIN] },
      to: { path: ELECTRON },
    },
    {
      name: 'keytar-only-in-its-helper',
      comment:
        'A waiting keyring prompt makes a process impossible to quit, so keytar is loaded only by adapters/vault/keychain-helper.ts, in a process that can be killed. Use the Vault port.',
      severity: 'error',
      from: { path: PRODUCTION, pathNot: KEYCHAIN_HELPER },
      to: { path: KEYTAR },
    },
    {
      name: 'electron-store-only-in-settings',
      comment:
        'What is stored in the clear is decided in one place: adapters/settings.electron-store.ts. Use the Settings port; secrets go to the Vault.',
      severity: 'error',
      from: { path: PRODUCTION, pathNot: '^src-main/adapters/settings\\.electron-store\\.ts$' },
      to: { path: ELECTRON_STORE },
    },
    {
      name: 'protocol-libraries-only-in-core',
      comment:
        'oauth4webapi and valibot are used by core only, so that protocol and parsing have one home. Export a function of core/ and call that.',
      severity: 'error',
      from: { path: '^src-main/', pathNot: [CONTRACT, CORE, PROVIDERS, PRELOAD] },
      to: { path: PROTOCOL_LIBRARIES },
    },
    {
      name: 'nobody-imports-an-entry',
      comment:
        'main, preload, the keychain helper and the page start by themselves and act when loaded. Move what is shared into a file of its part; start a helper by its path.',
      severity: 'error',
      from: {},
      to: { path: ENTRIES },
    },
    {
      name: 'production-never-imports-tests',
      comment:
        'Tests and scripts are not shipped. Move what production needs to src-main or src-renderer.',
      severity: 'error',
      from: { path: PRODUCTION },
      to: { path: TESTS_AND_SCRIPTS },
    },
    {
      name: 'only-main-composes',
      comment:
        'Beside main.ts and preload.ts every file of src-main belongs to a part: core, contract, providers, adapters or desktop. The folder is its permission.',
      severity: 'error',
      from: {
        path: '^src-main/',
        pathNot: [CORE, CONTRACT, PROVIDERS, ADAPTERS, DESKTOP, PRELOAD, MAIN],
      },
      to: { pathNot: GUARDED },
    },

    // ── The graph as a whole ────────────────────────────────────────────────────────────────
    {
      name: 'no-cycles',
      comment:
        'Two files that need each other are one file, or share a third. Types count: move the shared type down.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment:
        'Nothing imports this file and it imports nothing: delete it, or import it where it belongs.',
      severity: 'error',
      from: { orphan: true, path: [PRODUCTION, '^tests/'], pathNot: ['\\.d\\.ts$', ...ENTRIES] },
      to: {},
    },
    {
      name: 'no-dead-code',
      comment:
        'The app never reaches this file from main, preload or the keychain helper: wire it up in main.ts or delete it. Code for tests only belongs in tests/.',
      severity: 'error',
      from: { path: [MAIN, PRELOAD, KEYCHAIN_HELPER] },
      to: {
        path: '^src-main/',
        pathNot: ['\\.d\\.ts$', '\\.json$', ...ENTRIES],
        reachable: false,
      },
    },
    {
      name: 'no-unresolvable',
      comment:
        'This import leads nowhere, and no other rule can judge it. Fix the path (with its .ts ending) or install the package.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)tsconfig\\.json$' },
    // 'specify' keeps type-only imports in the graph and marks them.
    tsPreCompilationDeps: 'specify',
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['svelte', 'browser', 'import', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};
