// Runs other programs: signals are passed on, nothing is left behind, exit codes come back as numbers.

import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { projectRoot } from './paths.mjs';

/**
 * @typedef {object} RunOptions
 * @property {NodeJS.ProcessEnv} [env] the whole environment; default: ours
 * @property {boolean} [quiet] keep the output instead of showing it
 * @property {number} [timeoutMs] after it the program is ended and `timedOut` is true
 * @property {boolean} [shell] needed on Windows for npm, which is a .cmd file there
 *
 * @typedef {object} RunResult
 * @property {number} code exit code; 128 + number for a signal, 127 when it could not be started
 * @property {string} output standard output and error in order of arrival; empty unless quiet
 * @property {boolean} timedOut
 */

/**
 * Never rejects: a program that cannot be started is code 127 with the reason as output.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<RunResult>}
 */
export function run(command, args, options = {}) {
  const { env = process.env, quiet = false, timeoutMs, shell = false } = options;
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: projectRoot,
      env,
      shell,
      stdio: quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    });
    let output = '';
    let timedOut = false;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (/** @type {string} */ text) => (output += text));
    }
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            child.kill('SIGKILL');
          }, timeoutMs);
    const stopForwarding = forwardSignals((signal) => child.kill(signal));
    /** @param {number} code */
    const finish = (code) => {
      clearTimeout(timer);
      stopForwarding();
      resolve({ code, output, timedOut });
    };
    child.on('error', (error) => {
      output += `${error.message}\n`;
      finish(127);
    });
    child.on('close', (code, signal) => {
      finish(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

/**
 * A terminal's Ctrl-C reaches the child by itself, and a second SIGINT would kill Electron in the
 * middle of its orderly quit; so SIGINT is passed on only where no terminal sent it.
 *
 * @param {(signal: NodeJS.Signals) => void} send
 * @returns {() => void} stops it
 */
function forwardSignals(send) {
  /** @type {readonly NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  /** @param {NodeJS.Signals} signal */
  const listener = (signal) => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) send(signal);
  };
  for (const signal of signals) process.on(signal, listener);
  const watch = watchNpm(() => send('SIGTERM'));
  return () => {
    clearInterval(watch);
    for (const signal of signals) process.off(signal, listener);
  };
}

/**
 * A signal to npm ends the shell between npm and us, which passes nothing on; all we can see of it is
 * a new parent (https://github.com/npm/cli/issues/5776, open).
 *
 * @param {() => void} onGone
 */
function watchNpm(onGone) {
  if (process.env['npm_lifecycle_event'] === undefined) return undefined;
  const shell = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(timer);
    onGone();
  }, 1_000);
  return timer;
}

/**
 * npm as the user started it, so that its version and settings are the same inside.
 *
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 */
export function runNpm(args, options = {}) {
  const cli = process.env['npm_execpath'];
  if (cli !== undefined && /npm-cli\.c?js$/.test(cli)) {
    return run(process.execPath, [cli, ...args], options);
  }
  return run('npm', args, { ...options, shell: process.platform === 'win32' });
}
