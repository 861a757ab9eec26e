import { expect, test } from 'vitest';
import type { TrayHostState } from '../../src-main/core/ports.ts';
import { createStore } from '../../src-main/core/state.ts';
import { watchTrayPresence } from '../../src-main/desktop/tray-presence.ts';
import { createManualClock } from '../fakes/clock.manual.ts';

/** A desktop whose answer changes, and what the app did about it. */
async function watch(first: TrayHostState) {
  const store = createStore();
  const clock = createManualClock();
  const done: string[] = [];
  let state = first;
  watchTrayPresence({
    store,
    findTrayHost: async () => state,
    setTimer: clock.setTimer,
    remakeTray: () => done.push('remade'),
    showWindow: () => done.push('window'),
  });
  await clock.advance(0);
  return {
    store,
    clock,
    done,
    become: async (next: TrayHostState) => {
      state = next;
      await clock.advance(10_000);
    },
  };
}

test('no watcher: an ordinary window, asked again every 10 s; a host that comes later gets a new icon', async () => {
  const desktop = await watch('no-watcher');
  expect(desktop.store.get().tray).toBe('no-host');
  await desktop.clock.advance(30_000);
  expect(desktop.done, 'the window is shown once').toEqual(['window']);
  await desktop.become('shown');
  expect(desktop.store.get().tray).toBe('shown');
  expect(desktop.done).toEqual(['window', 'remade']);
  expect(desktop.clock.timers()).toBe(0);
});

test.each(['no-host', 'unknown'] as const)(
  '%s at the start: a watcher may have taken the icon in, so it is never made again',
  async (first) => {
    const desktop = await watch(first);
    expect(desktop.done).toEqual(['window']);
    await desktop.become('shown');
    expect([desktop.store.get().tray, desktop.done]).toEqual(['shown', ['window']]);
  },
);

test('a host from the start: the icon stays the one that was made', async () => {
  const desktop = await watch('shown');
  expect([desktop.store.get().tray, desktop.done]).toEqual(['shown', []]);
  expect(desktop.clock.timers()).toBe(0);
});
