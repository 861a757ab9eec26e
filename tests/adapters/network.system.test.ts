import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { systemNetwork } from '../../src-main/adapters/network.system.ts';

test('the fingerprint stays while nothing changes, and leaves out what never comes or goes', () => {
  const fingerprint = systemNetwork.fingerprint();
  expect(systemNetwork.fingerprint()).toBe(fingerprint);
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  for (const { address, internal } of addresses) {
    expect(fingerprint.split(/[\n ]/).includes(address)).toBe(!internal);
  }
});
