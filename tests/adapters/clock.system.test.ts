import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { createSystemClock } from '../../src-main/adapters/clock.system.ts';

test('E-13 begins with the wall clock, never goes back, and passes as fast as time does', async () => {
  const clock = createSystemClock();
  expect(Math.abs(clock.now() - Date.now())).toBeLessThan(50);
  const startTickMs = performance.now();
  const startMs = clock.now();
  let beforeMs = startMs;
  let looks = 0;
  while (performance.now() - startTickMs < 300) {
    const nowMs = clock.now();
    if (nowMs < beforeMs || !Number.isInteger(nowMs)) throw new Error('went back');
    beforeMs = nowMs;
    looks += 1;
    if (looks % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(looks).toBeGreaterThan(1000);
  const passedMs = performance.now() - startTickMs;
  expect(Math.abs(clock.now() - startMs - passedMs)).toBeLessThan(20);
});

test('E-13 the wall clock that is set moves wallNow only', () => {
  const realNow = Date.now;
  const clock = createSystemClock();
  const beforeMs = clock.now();
  try {
    for (const aheadMs of [-3_600_000, 3_600_000, 3650 * 86_400_000, -realNow()]) {
      Date.now = () => realNow() + aheadMs;
      expect(Math.abs(clock.wallNow() - realNow() - aheadMs)).toBeLessThan(50);
      expect(clock.now() - beforeMs).toBeGreaterThanOrEqual(0);
      expect(clock.now() - beforeMs).toBeLessThan(2000);
    }
  } finally {
    Date.now = realNow;
  }
});

test('E-11 a timer runs once, can be cancelled, and one for ten years neither runs at once nor warns', async () => {
  const clock = createSystemClock();
  const warnings: string[] = [];
  const listen = ({ name }: Error): void => void warnings.push(name);
  process.on('warning', listen);
  let ran = 0;
  const cancelTenYears = clock.setTimer(3650 * 86_400_000, () => {
    ran += 1;
  });
  clock.setTimer(5, () => {
    ran += 100;
  })();
  await new Promise<void>((resolve) => {
    clock.setTimer(20, resolve);
  });
  expect(ran).toBe(0);
  cancelTenYears();
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', listen);
  expect(warnings).toEqual([]);
});

test('E-12 sleep counts: what the uptime has more is added, once it is more than its coarseness', async () => {
  const script = `
    import os from 'node:os';
    import { syncBuiltinESMExports } from 'node:module';
    let asleepSeconds = 0;
    const uptime = os.uptime;
    os.uptime = () => uptime() + asleepSeconds;
    syncBuiltinESMExports();
    const { createSystemClock } = await import(process.argv[1]);
    const clock = createSystemClock();
    const pass = () => new Promise((resolve) => setTimeout(resolve, 110));
    const startMs = clock.now();
    const told = [];
    const look = async (seconds) => {
      asleepSeconds += seconds;
      await pass();
      told.push(clock.now() - startMs);
    };
    await look(0);
    await look(1);
    await look(28800);
    await look(-2);
    await look(60);
    console.log(JSON.stringify(told));
  `;
  const source = join(import.meta.dirname, '../../src-main/adapters/clock.system.ts');
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--experimental-strip-types', '--no-warnings', '--input-type=module', '-e', script, source],
    { env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' } },
  );
  const [first, coarse, slept, back, again] = JSON.parse(stdout) as readonly number[];
  expect(first).toBeLessThan(1000);
  expect(coarse).toBeLessThan(1500);
  expect(slept! - coarse!).toBeGreaterThan(28_800_000);
  expect(slept! - coarse!).toBeLessThan(28_805_000);
  expect(back! - slept!, 'never back').toBeGreaterThanOrEqual(0);
  expect(back! - slept!).toBeLessThan(2000);
  expect(again! - back!).toBeGreaterThan(55_000);
});
