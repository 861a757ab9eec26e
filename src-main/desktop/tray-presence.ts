/** Finds out whether the icon can be seen; where it cannot, the app is an ordinary window until a tray host comes. */
import type { Store } from '../core/state.ts';

/** How often a desktop without a tray host is asked again. */
const ASK_AGAIN_AFTER_MS = 10_000;

export interface TrayPresenceWorld {
  readonly store: Store;
  readonly hasTrayHost: () => Promise<boolean>;
  readonly setTimer: (delayMs: number, run: () => void) => () => void;
  readonly remakeTray: () => void;
  readonly showWindow: () => void;
}

export async function watchTrayPresence(world: TrayPresenceWorld): Promise<void> {
  const { store } = world;
  const before = store.get().tray;
  if (await world.hasTrayHost()) {
    if (before === 'no-host') world.remakeTray();
    store.dispatch({ type: 'tray-changed', tray: 'shown' });
    return;
  }
  store.dispatch({ type: 'tray-changed', tray: 'no-host' });
  if (before === 'pending') world.showWindow();
  world.setTimer(ASK_AGAIN_AFTER_MS, () => void watchTrayPresence(world));
}
