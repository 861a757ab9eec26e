/**
 * 1,000 tenants after a long sleep, without a network, and when all have ended at once. As in `many-tenants.test.ts` the
 * Http answers within this process.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { HOUR, manyTenants, MINUTE, mostWithin, notFresh, SECOND } from './many-tenants.ts';
import type { ManyTenants } from './many-tenants.ts';

describe('E-14 a start with 1,000 tokens that have ended', () => {
  test.each([
    ['50 hosts', 50, 200],
    ['one host', 1, 200],
  ])(
    '%s: few at once, and whoever asks meanwhile is answered',
    async (_name, hosts, answerMs) => {
      const { world, providers } = await manyTenants({
        tenants: 1000,
        hosts,
        answerMs,
        ageMs: 2 * HOUR,
      });
      const startMs = world.clock.now();
      world.startKeeper();
      const waitedMs: number[] = [];
      let refused = 0;
      let doneMs: number | undefined;
      for (let second = 0; second < 300 && doneMs === undefined; second += 1) {
        const askedAtMs = world.clock.now();
        const { id } = providers.tenants[(second * 7919) % 1000]!;
        void world.sessions.freshToken(id, 30 * SECOND).then((answer) => {
          waitedMs.push(world.clock.now() - askedAtMs);
          if (!answer.ok || answer.value.token.expiresAtMs! <= world.clock.now()) refused += 1;
        });
        await world.clock.advance(SECOND);
        if (notFresh(world) === 0) doneMs = world.clock.now();
      }
      expect(doneMs! - startMs).toBeLessThanOrEqual(5 * MINUTE);
      expect(providers.mostAtOnce().inAll).toBeLessThanOrEqual(8);
      expect(providers.mostAtOnce().atOneHost).toBeLessThanOrEqual(2);
      const startedAtMs = providers.renewals.map(({ atMs }) => atMs);
      expect(mostWithin(startedAtMs, SECOND)).toBeLessThanOrEqual(20);
      expect(refused).toBe(0);
      expect(Math.max(...waitedMs)).toBeLessThanOrEqual(3 * SECOND);
      expect(providers.reuses()).toBe(0);
    },
    30_000,
  );
});

describe('E-15 a day without a network', () => {
  const collectGarbage = (): number => {
    setFlagsFromString('--expose-gc');
    (runInNewContext('gc') as () => void)();
    return process.memoryUsage().heapUsed;
  };

  async function withoutNetwork(tenants: number, hours: number): Promise<ManyTenants> {
    const many = await manyTenants({ tenants, hosts: 20, answerMs: 100 });
    const { world, providers } = many;
    world.startKeeper();
    await world.clock.advance(30 * MINUTE);
    providers.failWith('network-unreachable');
    await world.clock.advance(90 * MINUTE);
    const settledAtMs = world.clock.now();
    const heapBytes = collectGarbage();
    await world.clock.advance((hours - 1.5) * HOUR);
    expect(collectGarbage() - heapBytes).toBeLessThan(20 * 1024 * 1024);
    expect(world.store.get().outages.size).toBe(20);
    for (const host of world.store.get().outages.keys()) {
      const probedAtMs = providers.renewals
        .filter((renewal) => renewal.host === host && !renewal.answered)
        .map(({ atMs }) => atMs);
      expect(mostWithin(probedAtMs, MINUTE)).toBeLessThanOrEqual(6);
      const later = probedAtMs.filter((atMs) => atMs > settledAtMs);
      expect(mostWithin(later, 15 * MINUTE)).toBe(1);
      expect(later.length).toBeGreaterThanOrEqual(Math.floor((hours - 1.5) * 3));
    }
    return many;
  }

  const startsAfter = ({ providers }: ManyTenants, fromMs: number): readonly number[] =>
    providers.renewals.map(({ atMs }) => atMs).filter((atMs) => atMs > fromMs);

  test('1,000 tenants at 20 hosts, 2 h: one asks for all of a host; then the network comes back: all are back within 2 min, spread over 30 s', async () => {
    const many = await withoutNetwork(1000, 2);
    const { world, providers } = many;
    providers.failWith(undefined);
    world.changeNetwork();
    const backAtMs = world.clock.now();
    await world.clock.advance(2 * MINUTE);
    expect(notFresh(world)).toBe(0);
    const after = startsAfter(many, backAtMs);
    expect(Math.max(...after) - Math.min(...after)).toBeGreaterThanOrEqual(30 * SECOND);
    expect(mostWithin(after, SECOND)).toBeLessThanOrEqual(20);
    expect(world.store.get().outages.size).toBe(0);
    expect(providers.reuses()).toBe(0);
  }, 60_000);

  test('24 h, and nothing tells that it is over: found out with the next probe', async () => {
    const many = await withoutNetwork(100, 24);
    const { world, providers } = many;
    providers.failWith(undefined);
    const backAtMs = world.clock.now();
    await world.clock.advance(18 * MINUTE + 10 * SECOND);
    expect(notFresh(world)).toBe(0);
    expect(world.store.get().outages.size).toBe(0);
    for (let host = 0; host < 20; host += 1) {
      const name = `login-${String(host)}.example.com`;
      const atMs = providers.renewals
        .filter((renewal) => renewal.host === name && renewal.atMs > backAtMs)
        .map((renewal) => renewal.atMs);
      expect(atMs).toHaveLength(5);
      expect(Math.max(...atMs) - Math.min(...atMs)).toBeLessThanOrEqual(10 * SECOND);
    }
  }, 60_000);

  test('the network is there before it works: the probes begin anew, so that nobody waits a quarter of an hour', async () => {
    const { world, providers } = await withoutNetwork(100, 2);
    world.changeNetwork();
    await world.clock.advance(20 * SECOND);
    providers.failWith(undefined);
    await world.clock.advance(2 * MINUTE);
    expect(notFresh(world)).toBe(0);
  }, 60_000);
});

describe('E-12 200 tenants wake up after a night', () => {
  test.each([
    ['with an event', true],
    ['without any event', false],
  ])('%s: all are renewed, and whoever asks has a token within 5 s', async (_name, isTold) => {
    const { world, providers } = await manyTenants({ tenants: 200, hosts: 20, answerMs: 300 });
    const keeper = world.startKeeper();
    await world.clock.advance(10 * SECOND);
    world.clock.sleep(8 * HOUR);
    const wokeAtMs = world.clock.now();
    if (isTold) keeper.hurry();
    const asked = providers.tenants[150]!.id;
    let servedAtMs: number | undefined;
    void world.sessions.freshToken(asked, 30 * SECOND).then((answer) => {
      if (answer.ok && answer.value.token.expiresAtMs! > world.clock.now())
        servedAtMs = world.clock.now();
    });
    await world.clock.advance(5 * SECOND);
    expect(servedAtMs! - wokeAtMs).toBeLessThanOrEqual(5 * SECOND);
    if (isTold) expect(providers.renewals.length).toBeGreaterThan(20);
    await world.clock.advance(45 * SECOND);
    expect(notFresh(world)).toBe(0);
    expect(providers.mostAtOnce().inAll).toBeLessThanOrEqual(8);
  });
});
