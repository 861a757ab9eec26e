// One door for every npm script: `node scripts/run.mjs TASK [args]` sets up what the task needs,
// runs it with the arguments, and ends with its exit code. Needs nothing but Node.

import { packageApp } from './dist/dist.mjs';
import { checkParts } from './setup/check-parts.mjs';
import { run } from './setup/child.mjs';
import { say, SetupError } from './setup/console.mjs';
import { electronBinary } from './setup/electron-install.mjs';
import { runParts, summarize, wasInterrupted } from './setup/parts.mjs';
import { setUp } from './setup/setup.mjs';
import { endToEndTests, unitTests } from './setup/test-parts.mjs';

/** @typedef {readonly string[]} Args */

/** @type {Readonly<Record<string, (args: Args) => Promise<number>>>} */
const tasks = {
  async build(args) {
    await setUp({});
    return runNode(['scripts/build.mjs', ...args]);
  },

  async start(args) {
    await setUp({ electron: 'official-only', system: ['run'] });
    return afterBuild(async () => {
      const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
      if (isRoot) say('As root Electron starts only with --no-sandbox; prefer a normal user.');
      const { ELECTRON_RUN_AS_NODE: _, ...env } = process.env;
      const sandbox = isRoot ? ['--no-sandbox'] : [];
      const { code } = await run(electronBinary(), [...sandbox, '.', ...args], { env });
      return code;
    });
  },

  async demo(args) {
    const hasScreen = Boolean(process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY']);
    const ownDesktop = !hasScreen || args.includes('--auto');
    await setUp({ electron: 'any', system: ownDesktop ? ['run', 'desktop'] : ['run'] });
    return afterBuild(() => runNode(['--import', 'tsx', 'scripts/demo.ts', ...args]));
  },

  async bench(args) {
    await setUp({ electron: 'any', system: ['run', 'desktop'] });
    return afterBuild(() => runNode(['--import', 'tsx', 'scripts/bench.ts', ...args]));
  },

  async 'test:faults'(args) {
    await setUp({ electron: 'any', system: ['run', 'desktop'] });
    return afterBuild(() => runNode(['--import', 'tsx', 'tests/faults/run.ts', ...args]));
  },

  async check(args) {
    await setUp({});
    return summarize(await runParts(checkParts({ fix: args.includes('--fix') })));
  },

  /** `unit`, `e2e` or `check` as first argument runs that part alone; the rest goes to its runner. */
  async test([only, ...args]) {
    await setUp({ electron: 'any', system: ['run', 'desktop'] });
    const build = await runParts([{ name: 'build', args: ['scripts/build.mjs'] }]);
    if (build.some(({ code }) => code !== 0)) return summarize(build);
    switch (only) {
      case undefined: {
        const first = await runParts([unitTests([]), ...checkParts({ fix: false })]);
        const last = wasInterrupted(first) ? [] : await runParts([endToEndTests([])]);
        return summarize([...build, ...first, ...last]);
      }
      case 'unit':
        return summarize(await runParts([unitTests(args)]));
      case 'e2e':
        return summarize(await runParts([endToEndTests(args)]));
      case 'check':
        return summarize(await runParts(checkParts({ fix: false })));
      default:
        throw new SetupError(`npm test knows unit, e2e and check, not ${only}.`);
    }
  },

  async dist(args) {
    const isFolderOnly = args[0] === 'dir';
    await setUp({
      electron: isFolderOnly ? 'any' : 'official-first',
      system: isFolderOnly ? [] : ['packages'],
    });
    return afterBuild(() => packageApp(args));
  },
};

/** @param {() => Promise<number>} next */
async function afterBuild(next) {
  const code = await runNode(['scripts/build.mjs']);
  return code === 0 ? next() : code;
}

/** @param {Args} args */
async function runNode(args) {
  const { code } = await run(process.execPath, args);
  return code;
}

/** @param {Args} argv */
async function main([name = '', ...args]) {
  const task = Object.hasOwn(tasks, name) ? tasks[name] : undefined;
  if (task === undefined) {
    throw new SetupError(`Unknown task "${name}". Known: ${Object.keys(tasks).join(', ')}.`);
  }
  return task(args);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
