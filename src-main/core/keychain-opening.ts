/** Opens the keychain, at start, whenever the person asks again, and when it was unlocked; tells the state what came of it. */
import type { AppError } from './errors.ts';
import type { Clock, IsKeychainLocked, Vault } from './ports.ts';
import type { Sessions } from './sessions.ts';
import type { Store } from './state.ts';

/** A keychain that takes longer than this is most likely waiting for the person. */
const SLOW_AFTER_MS = 2000;

/** How often a locked one is asked whether it still is. */
const WATCHED_EVERY_MS = 3000;

const KEY_GONE: AppError = {
  code: 'vault-unreadable',
  subject: 'its key is not in the keychain of this computer, as after moving to another one',
  advice:
    'Nothing was changed. Bring the keychain of before back and choose “Try again”, or move the folder “vault” away to begin anew.',
};

export interface KeychainOpening {
  open(): Promise<void>;
  /** Ends the watching: before the app ends. */
  stop(): void;
}

export interface KeychainOpeningWorld {
  readonly store: Store;
  readonly vault: Vault;
  readonly sessions: Sessions;
  readonly clock: Clock;
  readonly isLocked: IsKeychainLocked;
}

export function createKeychainOpening({
  store,
  vault,
  sessions,
  clock,
  isLocked,
}: KeychainOpeningWorld): KeychainOpening {
  let latest = 0;
  /** Locked when it was last asked, as far as is known: once it is not, one more try is worth it. */
  let wasLocked = false;
  let cancelWatching = (): void => undefined;

  /** Opening a locked one again would only ask the person again, so it is left alone until somebody has unlocked it. */
  const watch = (): void => {
    cancelWatching();
    cancelWatching = clock.setTimer(WATCHED_EVERY_MS, () => {
      const mine = latest;
      void isLocked().then((locked) => {
        if (mine !== latest) return;
        const wasUnlocked = wasLocked && locked === false;
        wasLocked = locked ?? wasLocked;
        if (wasUnlocked) void attempt(false);
        else watch();
      });
    });
  };

  /** @param mayBeLocked False where it was seen unlocked just now: then a refusal has another reason. */
  const attempt = async (mayBeLocked: boolean): Promise<void> => {
    wasLocked = mayBeLocked;
    latest += 1;
    const mine = latest;
    cancelWatching();
    const cancelTimer = clock.setTimer(SLOW_AFTER_MS, () => {
      store.dispatch({ type: 'keychain-slow' });
      watch();
    });
    store.dispatch({ type: 'keychain-changed', keychain: 'opening', trouble: null });
    const keychain = await vault.open();
    cancelTimer();
    await sessions.load();
    // What came of the earlier one is old news
    if (mine !== latest) return;
    cancelWatching();
    const trouble = vault.trouble();
    store.dispatch({
      type: 'keychain-changed',
      keychain,
      trouble: trouble.ok ? null : mayBeLocked ? trouble.error : seenUnlocked(trouble.error),
    });
    if (keychain !== 'open') watch();
  };

  return {
    open: () => attempt(true),
    stop() {
      latest += 1;
      cancelWatching();
    },
  };
}

/** A locked keychain and one without the key both answer "nothing there", without a reason; unlocked, it is the second. */
function seenUnlocked(error: AppError): AppError {
  return error.code === 'keychain-locked' && error.detail === undefined ? KEY_GONE : error;
}
