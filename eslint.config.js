/**
 * The rules the compiler and dependency-cruiser cannot hold: typed lint for everything, the doors
 * (one file a dangerous API), the ports (what core may not call), and imports inside `.svelte`
 * files. Each own restriction says what to do instead and is proved in tests/layers.test.ts.
 */
import svelte from 'eslint-plugin-svelte';
import { defineConfig, globalIgnores } from 'eslint/config';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

/** A rule's options replace those of an earlier block, so blocks share lists from here. */

const NAMED_EXPORTS = [
  {
    selector: 'ExportDefaultDeclaration',
    message: 'Named exports only: a name that is the same everywhere can be searched.',
  },
  {
    selector: 'ExportSpecifier[exported.name="default"]',
    message: 'Named exports only: a name that is the same everywhere can be searched.',
  },
];

const MAIN_SYNTAX = [
  ...NAMED_EXPORTS,
  {
    selector: 'CallExpression[callee.property.name=/Sync$/], CallExpression[callee.name=/Sync$/]',
    message:
      'A synchronous call stops tray, windows and timers. Await the promise form (node:fs/promises), or disable this line with the reason.',
  },
  {
    selector:
      'CallExpression[callee.property.name=/^executeJavaScript(InIsolatedWorld)?$/], MemberExpression[object.name="vm"]',
    message: 'No code from strings: pages get data over the bridge (contract/ipc.ts).',
  },
];

const DOOR_SYNTAX = [
  {
    selector:
      'CallExpression[callee.property.name=/^(send|sendToFrame|postMessage)$/][callee.object.property.name=/^(webContents|mainFrame)$/], MemberExpression[property.name="ipc"][object.property.name=/^(webContents|mainFrame)$/]',
    message: 'Pages are told things through desktop/ipc.ts only: one push, one contract.',
  },
];

const ELECTRON_NAMES = {
  default: {
    name: 'electron',
    importNames: ['default'],
    message: "Import by name, so that a file's doors can be seen: import { app } from 'electron'.",
  },
  ipcMain: {
    name: 'electron',
    importNames: ['ipcMain', 'MessageChannelMain'],
    allowTypeImports: true,
    message:
      'The door to main is desktop/ipc.ts: it checks sender and arguments. Add a command to contract/ipc.ts.',
  },
  ipcRenderer: {
    name: 'electron',
    importNames: ['ipcRenderer', 'contextBridge'],
    allowTypeImports: true,
    message: 'The door of a page is preload.ts: window.bridge. Add a command to contract/ipc.ts.',
  },
  shell: {
    name: 'electron',
    importNames: ['shell'],
    allowTypeImports: true,
    message:
      'The door to other programs is adapters/system-browser/system-browser.ts: it lets only checked https addresses out.',
  },
};

const NO_REQUIRE = {
  name: 'node:module',
  importNames: ['createRequire'],
  message: 'A required module is invisible to the import rules. Import it.',
};

/**
 * @param {(keyof typeof ELECTRON_NAMES)[]} doors of which this file is the keeper
 * @returns {['error', object]}
 */
const mainImports = (...doors) => {
  /** @type {string[]} */
  const open = doors;
  return [
    'error',
    {
      paths: [
        NO_REQUIRE,
        ...Object.entries(ELECTRON_NAMES)
          .filter(([name]) => !open.includes(name))
          .map(([, restriction]) => restriction),
      ],
    },
  ];
};

const MAIN_GLOBALS = [
  {
    name: 'fetch',
    message:
      "Node's fetch knows neither the system's proxy nor its certificates. Use the Http port (adapters/http.electron.ts).",
  },
  {
    name: 'console',
    message:
      'No log that a secret could end up in: return or throw an AppError, and state shows it to the person.',
  },
];

const WHERE_CORE_RUNS = 'Not there in every runtime of core. Add a port to core/ports.ts.';

const CORE_GLOBALS = [
  { name: 'fetch', message: 'Use the Http port.' },
  { name: 'XMLHttpRequest', message: 'Use the Http port.' },
  { name: 'WebSocket', message: 'Use the Http port.' },
  { name: 'EventSource', message: 'Use the Http port.' },
  { name: 'setTimeout', message: 'Use the Clock port: tests and sleep must be able to move time.' },
  { name: 'setInterval', message: 'Use the Clock port: plan the next instant, do not tick.' },
  { name: 'clearTimeout', message: 'Use the Clock port.' },
  { name: 'clearInterval', message: 'Use the Clock port.' },
  { name: 'performance', message: 'Use the Clock port.' },
  { name: 'console', message: 'Core does not log: return or throw an AppError.' },
  ...[
    'globalThis',
    'self',
    'navigator',
    'location',
    'indexedDB',
    'caches',
    'postMessage',
    'addEventListener',
    'Worker',
    'BroadcastChannel',
    'Notification',
  ].map((name) => ({ name, message: WHERE_CORE_RUNS })),
];

const CORE_PROPERTIES = [
  { object: 'Date', property: 'now', message: 'Use the Clock port: clock.now().' },
  {
    object: 'AbortSignal',
    property: 'timeout',
    message: 'A timer in disguise. Use the Clock port, or let the Http adapter limit the time.',
  },
  {
    object: 'Math',
    property: 'random',
    message: 'Can be guessed. Use crypto.getRandomValues, or a port where a test must know it.',
  },
];

const CORE_SYNTAX = [
  {
    selector:
      'NewExpression[callee.name="Date"][arguments.length=0], CallExpression[callee.name="Date"]',
    message: 'Reads the wall clock. Use the Clock port; new Date(ms) with an instant is fine.',
  },
];

const PAGE_SYNTAX = [
  {
    selector:
      'AssignmentExpression > MemberExpression.left[property.name=/^(inner|outer)HTML$/], CallExpression[callee.property.name=/^(insertAdjacentHTML|setHTMLUnsafe)$/], CallExpression[callee.object.name="document"][callee.property.name=/^write(ln)?$/]',
    message: 'No markup from strings: let Svelte render it.',
  },
  {
    selector: 'MemberExpression[object.name="navigator"][property.name="clipboard"]',
    message:
      'Copying happens in main, which never hands a token out. Use copyToken or copyError of the bridge.',
  },
];

const PAGE_GLOBALS = [
  ...['fetch', 'XMLHttpRequest', 'WebSocket', 'EventSource'].map((name) => ({
    name,
    message: 'A page does not talk to the network. Add a command to src-main/contract/ipc.ts.',
  })),
  ...['localStorage', 'sessionStorage', 'indexedDB'].map((name) => ({
    name,
    message: 'A page stores nothing: state lives in main and comes as the Snapshot.',
  })),
];

const NO_BRIDGE =
  'Only App.svelte is wired to the bridge. Take a prop for what you show and a callback for what you do.';

const BRIDGE_SYNTAX = [
  {
    selector:
      'MemberExpression[object.name=/^(window|globalThis|self)$/][property.name="bridge"], MemberExpression[object.name=/^(window|globalThis|self)$/][property.value="bridge"], VariableDeclarator[init.name=/^(window|globalThis|self)$/] > ObjectPattern > Property[key.name="bridge"]',
    message: NO_BRIDGE,
  },
];

/** Imports of a `.svelte` file by their text, because dependency-cruiser misses type-only ones there. */
const SVELTE_IMPORTS = [
  {
    regex: '(^|/)src-main/(?!contract/)',
    message:
      'Our pages see only the contract. What they must know belongs in the Snapshot (src-main/contract/ipc.ts).',
  },
  {
    regex: '(^|/)src-main/contract/',
    allowTypeImports: true,
    message: 'Types only: write `import type`; values arrive over the bridge.',
  },
  {
    regex: '^(?!\\.)(?!svelte(/|$))',
    message: 'Our pages import themselves, svelte and types of src-main/contract.',
  },
  {
    regex: '^\\.\\./(.*/)?(tests|scripts)/',
    message: 'Tests and scripts are not shipped. Move what the page needs to src-renderer/lib.',
  },
  {
    regex: '(^|/)(main\\.ts|App\\.svelte)$',
    message:
      'Only main.ts mounts App.svelte, and nobody imports main.ts. A component takes props and calls callbacks.',
  },
];

const TEST_SYNTAX = [
  {
    selector:
      'MemberExpression[property.name=/^(only|skip|fixme)$/][object.name=/^(test|it|describe|suite)$/], MemberExpression[property.name=/^(only|skip|fixme)$/][object.object.name=/^(test|it|describe|suite)$/]',
    message:
      'The whole suite runs, always: fix the test or delete it. What a machine lacks: runIf or skipIf with the reason.',
  },
  {
    selector: 'CallExpression[callee.object.name="vi"][callee.property.name=/^(mock|doMock)$/]',
    message: 'No mocked modules: use the fake of the port (tests/fakes) or the real thing.',
  },
  {
    selector: 'CallExpression[callee.property.name="waitForTimeout"]',
    message: 'No sleeps: await what the test waits for.',
  },
];

const SVELTE = ['**/*.svelte'];

export default defineConfig(
  globalIgnores(['dist', 'release', 'demo-output', 'assets', 'test-results', 'playwright-report']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },

  ts.configs.strictTypeChecked,
  ts.configs.stylisticTypeChecked,
  svelte.configs.recommended,
  {
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
        // The same for all files, or every switch between .ts and .svelte reloads the projects.
        extraFileExtensions: ['.svelte'],
      },
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
  },

  {
    name: 'everywhere',
    rules: {
      eqeqeq: 'error',
      'no-eval': 'error',
      'no-new-func': 'error',
      'no-self-compare': 'error',
      'no-unsafe-finally': 'error',
      'no-unmodified-loop-condition': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-import-type-side-effects': 'error',
      // A written default is a decision; without one every member of the union is asked for.
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      // Numbers read well in messages; the rule is about objects and null.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // Brackets mark a name that came from outside (an index signature); dots stay allowed.
      '@typescript-eslint/dot-notation': ['error', { allowIndexSignaturePropertyAccess: true }],
      // An empty text or environment variable often means "not set": `||` is right for those.
      '@typescript-eslint/prefer-nullish-coalescing': [
        'error',
        { ignorePrimitives: { string: true } },
      ],
      // `if (!answer.ok) return report(answer.error);` is a guard one can read.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // `while (true)` around an awaited step is the plain form of a loop that ends by return.
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      // Taking names off one's own copy of an answer is the plain way to leave them out.
      '@typescript-eslint/no-dynamic-delete': 'off',
      // A port's method is async though one implementation has nothing to await: its throws must reject.
      '@typescript-eslint/require-await': 'off',
    },
  },

  // ── src-main ────────────────────────────────────────────────────────────────────────────────
  {
    name: 'main',
    files: ['src-main/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...MAIN_GLOBALS],
      'no-restricted-syntax': ['error', ...MAIN_SYNTAX, ...DOOR_SYNTAX],
      '@typescript-eslint/no-restricted-imports': mainImports(),
    },
  },
  {
    name: 'main: the door to main',
    files: ['src-main/desktop/ipc.ts'],
    rules: {
      'no-restricted-syntax': ['error', ...MAIN_SYNTAX],
      '@typescript-eslint/no-restricted-imports': mainImports('ipcMain'),
    },
  },
  {
    name: 'main: the door of a page',
    files: ['src-main/preload.ts'],
    rules: { '@typescript-eslint/no-restricted-imports': mainImports('ipcRenderer') },
  },
  {
    name: 'main: the door to other programs',
    files: ['src-main/adapters/system-browser/system-browser.ts'],
    rules: { '@typescript-eslint/no-restricted-imports': mainImports('shell') },
  },
  {
    name: 'core',
    files: ['src-main/core/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...CORE_GLOBALS],
      'no-restricted-properties': ['error', ...CORE_PROPERTIES],
      'no-restricted-syntax': ['error', ...MAIN_SYNTAX, ...CORE_SYNTAX],
    },
  },

  // ── src-renderer ────────────────────────────────────────────────────────────────────────────
  {
    name: 'page',
    files: ['src-renderer/**/*.ts', 'src-renderer/**/*.svelte'],
    rules: {
      'no-console': 'error',
      'no-restricted-globals': ['error', ...PAGE_GLOBALS],
      'no-restricted-syntax': ['error', ...PAGE_SYNTAX],
    },
  },
  {
    name: 'page: modules',
    files: ['src-renderer/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', ...PAGE_SYNTAX, ...NAMED_EXPORTS] },
  },
  {
    name: 'page: what dependency-cruiser cannot see',
    files: ['src-renderer/**/*.svelte'],
    rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns: SVELTE_IMPORTS }] },
  },
  {
    name: 'page: components',
    files: ['src-renderer/components/**'],
    rules: {
      'no-restricted-globals': ['error', ...PAGE_GLOBALS, { name: 'bridge', message: NO_BRIDGE }],
      'no-restricted-syntax': ['error', ...PAGE_SYNTAX, ...BRIDGE_SYNTAX],
    },
  },
  {
    name: 'svelte',
    files: SVELTE,
    rules: {
      // `let { a, b = $bindable() } = $props()` cannot be const in part, and Svelte checks the rest.
      'prefer-const': 'off',
      // To typescript-eslint the props of a component are any; svelte-check knows their types.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },

  // ── tests and scripts: laxer, with a reason each ────────────────────────────────────────────
  {
    name: 'tests',
    files: ['tests/**/*.ts'],
    rules: {
      'no-restricted-syntax': ['error', ...TEST_SYNTAX, ...NAMED_EXPORTS],
      // A missing element throws, and that is a failed test with a line number.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // expect(object.method) only looks at it.
      '@typescript-eslint/unbound-method': 'off',
      // Fakes have methods that do nothing.
      '@typescript-eslint/no-empty-function': 'off',
    },
  },
  {
    name: 'tests: configuration of a tool, which wants a default export',
    files: ['tests/**/*.config.ts'],
    rules: { 'no-restricted-syntax': ['error', ...TEST_SYNTAX] },
  },
  {
    name: 'tests and scripts',
    files: ['tests/**', 'scripts/**', '*.{js,mjs,ts}', '.*.cjs'],
    rules: {
      // JSON and D-Bus answers and untyped packages arrive as any; the assertion on them is the check.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
);
