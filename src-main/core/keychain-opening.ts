/** Opens the keychain, at start and whenever the person asks again, and tells the state what came of it. */
import type { Clock, Vault } from './ports.ts';
import type { Sessions } from './sessions.ts';
import type { Store } from './state.ts';

/** A keychain that takes longer than this is most likely waiting for the person. */
const SLOW_AFTER_MS = 2000;

export function createKeychainOpening(
  store: Store,
  vault: Vault,
  sessions: Sessions,
  clock: Clock,
): () => Promise<void> {
  let latest = 0;
  return async () => {
    latest += 1;
    const mine = latest;
    const cancelTimer = clock.setTimer(SLOW_AFTER_MS, () => {
      store.dispatch({ type: 'keychain-slow' });
    });
    store.dispatch({ type: 'keychain-changed', keychain: 'opening', trouble: null });
    const keychain = await vault.open();
    cancelTimer();
    await sessions.load();
    // What came of the earlier one is old news
    if (mine !== latest) return;
    const trouble = vault.trouble();
    store.dispatch({
      type: 'keychain-changed',
      keychain,
      trouble: trouble.ok ? null : trouble.error,
    });
  };
}
