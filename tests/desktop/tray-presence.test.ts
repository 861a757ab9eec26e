import { expect, test } from 'vitest';
import { createStore } from '../../src-main/core/state.ts';
import { watchTrayPresence } from '../../src-main/desktop/tray-presence.ts';
import { createManualClock } from '../fakes/clock.manual.ts';

test('no host: an ordinary window, asked again every 10 s; a host that comes later gets a new icon', async () => {
  const store = createStore();
  const clock = createManualClock();
  const done: string[] = [];
  let host = false;
  await watchTrayPresence({
    store,
    hasTrayHost: async () => host,
    setTimer: clock.setTimer,
    remakeTray: () => done.push('remade'),
    showWindow: () => done.push('window'),
  });
  expect(store.get().tray).toBe('no-host');
  await clock.advance(30_000);
  expect(done, 'the window is shown once').toEqual(['window']);
  host = true;
  await clock.advance(10_000);
  expect(store.get().tray).toBe('shown');
  expect(done).toEqual(['window', 'remade']);
  expect(clock.timers()).toBe(0);
});

test('a host from the start: the icon stays the one that was made', async () => {
  const store = createStore();
  const done: string[] = [];
  await watchTrayPresence({
    store,
    hasTrayHost: async () => true,
    setTimer: createManualClock().setTimer,
    remakeTray: () => done.push('remade'),
    showWindow: () => done.push('window'),
  });
  expect([store.get().tray, done]).toEqual(['shown', []]);
});
