/** The keychain as the vault sees it: one call at a time, each with a time limit, in a helper process that can be killed. */
import { utilityProcess } from 'electron';
import type { UtilityProcess } from 'electron';
import type { Clock } from '../../core/ports.ts';
import type { KeychainAnswer, KeychainRequest } from './keychain-messages.ts';

const SERVICE = 'Bearer Tray';

/** A keyring that is locked asks the person for the password; they get this long. */
const TIME_LIMIT_MS = 60_000;

export type KeychainResult =
  | { readonly ok: true; readonly value: string | null }
  | { readonly ok: false; readonly reason: string };

export interface Keychain {
  get(account: string): Promise<KeychainResult>;
  set(account: string, secret: string): Promise<KeychainResult>;
  delete(account: string): Promise<KeychainResult>;
  /** Ends the helper; the next call starts it anew. An idle helper would cost 30 MB for ever. */
  release(): void;
}

/** @param helperPath The bundled `keychain-helper`. */
export function createKeychain(helperPath: string, clock: Clock): Keychain {
  let helper: UtilityProcess | undefined;
  let lastId = 0;

  const release = (): void => {
    helper?.kill();
    helper = undefined;
  };

  const call = (request: Omit<KeychainRequest, 'id' | 'service'>): Promise<KeychainResult> => {
    const child = (helper ??= utilityProcess.fork(helperPath, [], {
      serviceName: 'Keychain',
      stdio: 'ignore',
    }));
    const id = ++lastId;
    return new Promise((resolve) => {
      const end = (result: KeychainResult): void => {
        cancelTimer();
        child.off('message', onMessage);
        child.off('exit', onExit);
        resolve(result);
      };
      const onMessage = (message: unknown): void => {
        const answer = message as KeychainAnswer;
        if (answer.id === id) end(answer);
      };
      const onExit = (): void => {
        if (helper === child) helper = undefined;
        end({ ok: false, reason: 'the helper process ended' });
      };
      const cancelTimer = clock.setTimer(TIME_LIMIT_MS, () => {
        release();
        end({ ok: false, reason: 'the keychain did not answer' });
      });
      child.on('message', onMessage);
      child.on('exit', onExit);
      child.postMessage({ id, service: SERVICE, ...request } satisfies KeychainRequest);
    });
  };

  return {
    get: (account) => call({ operation: 'get', account }),
    set: (account, secret) => call({ operation: 'set', account, secret }),
    delete: (account) => call({ operation: 'delete', account }),
    release,
  };
}
