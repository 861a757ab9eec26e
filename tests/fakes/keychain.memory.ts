/** A keychain in memory that can be locked, away, failing or stuck. */
import type { Keychain, KeychainResult } from '../../src-main/adapters/vault/keychain.ts';

export type KeychainMood =
  | 'unlocked'
  /** Answers null to every reading, as keytar does when the keyring is locked; refuses to write. */
  | 'locked'
  /** There is no secret service at all. */
  | 'absent'
  /** Takes what is written and gives nothing back. */
  | 'forgetful'
  /** Never answers. */
  | 'hanging';

export interface MemoryKeychain extends Keychain {
  /** Account → secret. */
  readonly items: Map<string, string>;
  /** Operations asked for so far, e.g. `set`. */
  readonly calls: readonly string[];
  setMood(mood: KeychainMood): void;
  /** Answers what has been waiting, in the mood of now. */
  answerWaiting(): void;
}

export function createMemoryKeychain(initialMood: KeychainMood = 'unlocked'): MemoryKeychain {
  const items = new Map<string, string>();
  const calls: string[] = [];
  let mood = initialMood;
  let waiting: (() => void)[] = [];

  const isHanging = (): boolean => mood === 'hanging';

  const call = async (operation: string, perform: () => string | null): Promise<KeychainResult> => {
    calls.push(operation);
    while (isHanging()) {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
      });
    }
    switch (mood) {
      case 'absent':
        return { ok: false, reason: 'no secret service' };
      case 'locked':
        return operation === 'get'
          ? { ok: true, value: null }
          : { ok: false, reason: 'Cannot create an item in a locked collection' };
      case 'forgetful':
        return { ok: true, value: null };
      case 'unlocked':
      case 'hanging':
        return { ok: true, value: perform() };
    }
  };

  return {
    items,
    calls,
    setMood(next) {
      mood = next;
    },
    answerWaiting() {
      const released = waiting;
      waiting = [];
      for (const release of released) release();
    },
    get: (account) => call('get', () => items.get(account) ?? null),
    set: (account, secret) =>
      call('set', () => {
        items.set(account, secret);
        return null;
      }),
    delete: (account) =>
      call('delete', () => {
        items.delete(account);
        return null;
      }),
    release() {},
  };
}
