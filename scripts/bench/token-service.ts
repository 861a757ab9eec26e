/** Starts the token endpoint's process and speaks with it. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import type { Count, Request } from './token-server.ts';

export type { Count };

export interface TokenService {
  readonly endpoints: readonly string[];
  /** Counts from nought again. The first token of each client is renewed some time after `spreadFromMs`. */
  begin(spreadFromMs: number): Promise<Count>;
  count(): Promise<Count>;
  /** Rejects when the time is over. */
  untilClients(clients: number, timeLimitMs: number): Promise<void>;
  stop(): void;
}

const LOOK_MS = 250;

/** @param ports So many hosts, as an app sees it. */
export async function startTokenService(ports: number): Promise<TokenService> {
  const path = fileURLToPath(new URL('token-server.ts', import.meta.url));
  const child = fork(path, [String(ports)]);
  const [endpoints] = (await once(child, 'message')) as [readonly string[]];
  // One question after the other: answers carry no number
  let last: Promise<unknown> = Promise.resolve();
  const ask = (request: Request): Promise<Count> => {
    const answered = last.then(async () => {
      const answer = once(child, 'message');
      child.send(request);
      const [count] = (await answer) as [Count];
      return count;
    });
    last = answered;
    return answered;
  };
  const count = (): Promise<Count> => ask({ kind: 'count' });
  return {
    endpoints,
    begin: (spreadFromMs) => ask({ kind: 'begin', spreadFromMs }),
    count,
    async untilClients(clients, timeLimitMs) {
      const deadlineMs = Date.now() + timeLimitMs;
      for (;;) {
        const now = await count();
        if (now.clients >= clients) return;
        if (Date.now() > deadlineMs) {
          throw new Error(`${String(now.clients)} of ${String(clients)} clients have a token`);
        }
        await delay(LOOK_MS);
      }
    },
    stop: () => {
      child.disconnect();
    },
  };
}
