/** What the computer is connected to, by its interfaces: the only thing every platform tells without a window. */
import { networkInterfaces } from 'node:os';
import type { Network } from '../core/ports.ts';

export const systemNetwork: Network = {
  fingerprint: () =>
    Object.entries(networkInterfaces())
      .flatMap(([name, addresses = []]) =>
        addresses.filter(({ internal }) => !internal).map(({ address }) => `${name} ${address}`),
      )
      .sort()
      .join('\n'),
};
