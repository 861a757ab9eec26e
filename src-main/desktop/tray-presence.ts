/** Finds out whether the icon can be seen; where it cannot, the app is an ordinary window until a tray host comes. */
import type { TrayHostState } from '../core/ports.ts';
import type { Store } from '../core/state.ts';

/** How often a desktop without a tray host is asked again. */
const ASK_AGAIN_AFTER_MS = 10_000;

export interface TrayPresenceWorld {
  readonly store: Store;
  readonly findTrayHost: () => Promise<TrayHostState>;
  readonly setTimer: (delayMs: number, run: () => void) => () => void;
  readonly remakeTray: () => void;
  readonly showWindow: () => void;
}

/** Ends once the icon is shown. */
export function watchTrayPresence(world: TrayPresenceWorld): void {
  const { store } = world;
  let wasNeverTakenIn = false;
  const look = async (): Promise<void> => {
    const found = await world.findTrayHost();
    const before = store.get().tray;
    if (found === 'shown') {
      // An icon that a watcher has taken in must not be made again: it breaks for the rest of the process
      if (wasNeverTakenIn) world.remakeTray();
      store.dispatch({ type: 'tray-changed', tray: 'shown' });
      return;
    }
    if (before === 'pending') wasNeverTakenIn = found === 'no-watcher';
    store.dispatch({ type: 'tray-changed', tray: 'no-host' });
    if (before === 'pending') world.showWindow();
    world.setTimer(ASK_AGAIN_AFTER_MS, () => void look());
  };
  void look();
}
