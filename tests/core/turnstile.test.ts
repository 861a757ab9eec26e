import { expect, test } from 'vitest';
import { createTurnstile, MOST_AT_ONCE, MOST_AT_ONE_HOST } from '../../src-main/core/turnstile.ts';

/** Tasks that end when they are told to. */
function visitors() {
  const turnstile = createTurnstile();
  const inside = new Map<string, () => void>();
  const entered: string[] = [];
  const ended: Promise<unknown>[] = [];
  const come = (host: string, name: string): void => {
    const task = (): Promise<string> =>
      new Promise((resolve) => {
        entered.push(name);
        inside.set(name, () => {
          inside.delete(name);
          resolve(name);
        });
      });
    ended.push(turnstile.pass(host, task));
  };
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const leave = async (name: string): Promise<void> => {
    inside.get(name)!();
    await settle();
  };
  return { turnstile, inside, entered, ended, come, leave, settle };
}

test('E-14 at most 8 at once, at most 2 to a host, and everybody has a turn', async () => {
  const { inside, entered, come, leave, settle, ended } = visitors();
  for (let index = 0; index < 60; index += 1) {
    come(`host ${String(index % 20)}`, String(index));
  }
  await settle();
  let most = 0;
  while (inside.size > 0) {
    most = Math.max(most, inside.size);
    const hosts = [...inside.keys()].map((name) => Number(name) % 20);
    for (const host of hosts) {
      expect(hosts.filter((each) => each === host).length).toBeLessThanOrEqual(MOST_AT_ONE_HOST);
    }
    await leave([...inside.keys()].at(most % inside.size)!);
  }
  expect(most).toBe(MOST_AT_ONCE);
  expect(entered).toHaveLength(60);
  expect(await Promise.all(ended)).toHaveLength(60);
});

test('one that waits for a busy host does not hold up those behind it; at a host the first comes first', async () => {
  const { entered, come, leave, settle } = visitors();
  for (const name of ['a1', 'a2', 'a3', 'a4', 'b1']) come(name.slice(0, 1), name);
  await settle();
  expect(entered).toEqual(['a1', 'a2', 'b1']);
  await leave('b1');
  expect(entered).toEqual(['a1', 'a2', 'b1']);
  await leave('a2');
  await leave('a1');
  expect(entered).toEqual(['a1', 'a2', 'b1', 'a3', 'a4']);
});

test('two places stay free for those whom somebody waits for', async () => {
  const { turnstile, come, settle, entered, leave } = visitors();
  for (let index = 0; index < 6; index += 1) {
    expect(turnstile.hasRoomAside(`h${String(index)}`)).toBe(true);
    come(`h${String(index)}`, `background ${String(index)}`);
  }
  await settle();
  expect(turnstile.hasRoomAside('another')).toBe(false);
  come('p1', 'person 1');
  come('p2', 'person 2');
  await settle();
  expect(entered).toHaveLength(8);
  await leave('background 0');
  expect(turnstile.hasRoomAside('another'), 'the freed place is kept').toBe(false);
  await leave('background 1');
  await leave('background 2');
  expect(turnstile.hasRoomAside('another')).toBe(true);
});

test('while somebody waits, nobody starts beside', async () => {
  const { turnstile, come, settle, leave } = visitors();
  for (const name of ['1', '2', '3']) come('busy', name);
  await settle();
  expect(turnstile.hasRoomAside('busy')).toBe(false);
  expect(turnstile.hasRoomAside('other')).toBe(false);
  await leave('1');
  expect(turnstile.hasRoomAside('other')).toBe(true);
  expect(turnstile.hasRoomAside('busy')).toBe(false);
});

test('a task that fails gives its place back, and its error to whoever came', async () => {
  const turnstile = createTurnstile();
  const failing = (): Promise<never> => Promise.reject(new Error('a mistake'));
  const outcomes = await Promise.allSettled(
    Array.from({ length: 50 }, () => turnstile.pass('host', failing)),
  );
  expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
  expect(turnstile.hasRoomAside('host')).toBe(true);
  expect(await turnstile.pass('host', () => Promise.resolve('passed'))).toBe('passed');
});
