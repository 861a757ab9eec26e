/**
 * What 1,000 tenants ask of their providers. The Http answers within this process (`many-providers.ts`): real HTTP could
 * not carry a day of them in seconds. With real HTTP the same is seen for a few tenants in `renewal.test.ts`.
 */
import { describe, expect, test } from 'vitest';
import { HOUR, manyTenants, MINUTE, mostWithin, notFresh, SECOND } from './many-tenants.ts';
import type { ManyTenants } from './many-tenants.ts';

describe('E-02 a strict provider', () => {
  async function rotate({ world, providers }: ManyTenants, rounds: number): Promise<void> {
    for (let round = 0; round < rounds; round += 1) {
      const asked = providers.tenants.map(({ id }) => world.sessions.renew(id));
      expect((await Promise.all(asked)).every(({ ok }) => ok)).toBe(true);
    }
    expect(providers.renewals).toHaveLength(providers.tenants.length * rounds);
    expect(providers.reuses()).toBe(0);
    expect(providers.mostAtOnce().inAll).toBe(8);
    expect(providers.mostAtOnce().atOneHost).toBeLessThanOrEqual(2);
    expect(world.journal.open()).toEqual([]);
  }

  test('1,000 tenants in one app, 5 rotations each', async () => {
    await rotate(await manyTenants({ tenants: 1000, hosts: 100 }), 5);
  }, 30_000);

  test('20 tenants, 50 rotations each', async () => {
    await rotate(await manyTenants({ tenants: 20, hosts: 4 }), 50);
  }, 30_000);

  test('a day of the clock: 30 tenants, each renewed in time, nothing is used twice', async () => {
    const { world, providers } = await manyTenants({ tenants: 30, hosts: 7 });
    world.startKeeper();
    for (let hour = 0; hour < 24; hour += 1) {
      await world.clock.advance(HOUR);
      expect(notFresh(world)).toBe(0);
    }
    expect(providers.reuses()).toBe(0);
    expect(providers.renewals.length).toBeGreaterThanOrEqual(750);
    expect(providers.renewals.length).toBeLessThanOrEqual(870);
  }, 30_000);
});

test('E-16 1,000 tokens of the same instant: no second has more than 2 in 100 of the renewals', async () => {
  const { world, providers } = await manyTenants({ tenants: 1000, hosts: 100 });
  world.startKeeper();
  await world.clock.advance(55 * MINUTE);
  expect(providers.renewals).toHaveLength(1000);
  expect(notFresh(world)).toBe(0);
  const startedAtMs = providers.renewals.map(({ atMs }) => atMs);
  expect(mostWithin(startedAtMs, SECOND)).toBeLessThanOrEqual(20);
  expect(Math.max(...startedAtMs) - Math.min(...startedAtMs)).toBeGreaterThan(4 * MINUTE);
}, 30_000);
