/**
 * What is loaded into an app (`electron --require`) to ask its main process from inside: how late its event loop is, and
 * what it spends its time on. The product itself knows nothing of it.
 */
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Hook } from './hook.ts';

/** Of the timer whose lateness is measured; what Node measures contains it. */
const RESOLUTION_MS = 10;

export interface LoopDelay {
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** As the DevTools protocol tells it: https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      /** From nought. */
      readonly lineNumber: number;
    };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface Answers {
  readonly 'loop-begin': null;
  readonly 'loop-end': LoopDelay;
  readonly 'profile-begin': null;
  readonly 'profile-end': CpuProfile;
}

/** @param socketPath Where the app listens then; below 108 bytes. */
export function writeInsideHook(directory: string, socketPath: string): Hook {
  const path = join(directory, 'inside-hook.cjs');
  writeFileSync(path, SOURCE);
  return { path, env: { BENCH_SOCKET: socketPath } };
}

/** Asks the running app; one question for each connection. */
export async function askInside<Command extends keyof Answers>(
  socketPath: string,
  command: Command,
): Promise<Answers[Command]> {
  const socket = connect(socketPath);
  socket.write(`${command}\n`);
  return JSON.parse(await text(socket)) as Answers[Command];
}

const SOURCE = `
const { monitorEventLoopDelay } = require('node:perf_hooks');
const { createServer } = require('node:net');
const { rmSync } = require('node:fs');
const { Session } = require('node:inspector/promises');
let histogram, session;
const milliseconds = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - ${String(RESOLUTION_MS)});
const commands = {
  async 'loop-begin'() {
    histogram = monitorEventLoopDelay({ resolution: ${String(RESOLUTION_MS)} });
    histogram.enable();
    return null;
  },
  async 'loop-end'() {
    histogram.disable();
    return { p99Ms: milliseconds(histogram.percentile(99)), maxMs: milliseconds(histogram.max) };
  },
  async 'profile-begin'() {
    session = new Session();
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: 250 });
    await session.post('Profiler.start');
    return null;
  },
  async 'profile-end'() {
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    return profile;
  },
};
const server = createServer((socket) => {
  socket.once('data', (data) => {
    commands[data.toString().trim()]().then((answer) => socket.end(JSON.stringify(answer)));
  });
});
rmSync(process.env.BENCH_SOCKET, { force: true });
server.listen(process.env.BENCH_SOCKET);
`;
