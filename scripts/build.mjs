/**
 * Builds dist/: main, preload and keychain helper as one CommonJS file each (a sandboxed preload can load nothing else,
 * and one bundle starts fastest), the pages, and a copy of the pictures. Does nothing when dist/ is newer than every source.
 */
import { cp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const distribution = join(root, 'dist');
const stamp = join(distribution, '.built');
const SOURCES = [
  'src-main',
  'src-renderer',
  'assets',
  'scripts/build.mjs',
  'vite.renderer.config.mjs',
  'package-lock.json',
];

/**
 * @param {string} path
 * @returns {Promise<number>} Time of the latest change at or below the path, in milliseconds.
 */
async function lastChangeMs(path) {
  const facts = await stat(path);
  if (!facts.isDirectory()) return facts.mtimeMs;
  const names = await readdir(path);
  const below = await Promise.all(names.map((name) => lastChangeMs(join(path, name))));
  return Math.max(facts.mtimeMs, ...below);
}

async function isUpToDate() {
  try {
    const builtAtMs = (await stat(stamp)).mtimeMs;
    const changes = await Promise.all(SOURCES.map((path) => lastChangeMs(join(root, path))));
    return changes.every((changeMs) => changeMs <= builtAtMs);
  } catch {
    return false;
  }
}

/**
 * @param {string} entry Source file.
 * @param {string} fileName Bundle in dist/.
 */
async function bundle(entry, fileName) {
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    define: { 'import.meta.dirname': '__dirname' },
    resolve: { conditions: ['node'], mainFields: ['module', 'main'] },
    build: {
      target: 'node24',
      outDir: 'dist',
      emptyOutDir: false,
      minify: false,
      reportCompressedSize: false,
      lib: { entry: join(root, entry), formats: ['cjs'], fileName: () => fileName },
      rolldownOptions: {
        external: ['electron', 'keytar', ...builtinModules, /^node:/],
        output: { codeSplitting: false },
      },
    },
  });
}

if (!process.argv.includes('--force') && (await isUpToDate())) process.exit(0);
const startedAtMs = Date.now();
await rm(distribution, { recursive: true, force: true });
await build({ configFile: join(root, 'vite.renderer.config.mjs'), logLevel: 'warn' });
await bundle('src-main/main.ts', 'main.cjs');
await bundle('src-main/preload.ts', 'preload.cjs');
await bundle('src-main/adapters/vault/keychain-helper.ts', 'keychain-helper.cjs');
await cp(join(root, 'assets'), join(distribution, 'assets'), { recursive: true });
await writeFile(stamp, '');
console.log(`Built in ${((Date.now() - startedAtMs) / 1000).toFixed(1)} s`);
