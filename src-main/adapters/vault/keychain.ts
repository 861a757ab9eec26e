/** The keychain as the vault sees it: one call at a time, each with a time limit, in a helper process that can be killed. */
import { utilityProcess } from 'electron';
import type { UtilityProcess } from 'electron';
import type { Clock } from '../../core/ports.ts';
import type { KeychainAnswer, KeychainRequest } from './keychain-messages.ts';

const SERVICE = 'Bearer Tray';

/** A keyring that is locked asks the person for the password; they get this long. */
const TIME_LIMIT_FOR_A_PERSON_MS = 60_000;

/** A keychain that has answered is unlocked: nobody is asked any more. */
const TIME_LIMIT_MS = 5_000;

export type KeychainResult =
  | { readonly ok: true; readonly value: string | null }
  | { readonly ok: false; readonly reason: string };

type Outcome = KeychainResult | 'crashed';

const ENDED: KeychainResult = { ok: false, reason: 'the helper process ended' };

export interface Keychain {
  get(account: string): Promise<KeychainResult>;
  set(account: string, secret: string): Promise<KeychainResult>;
  delete(account: string): Promise<KeychainResult>;
  /** Ends the helper; the next call starts it anew. An idle helper would cost 30 MB for ever. */
  release(): void;
}

/**
 * The first call after a release may wait for the person to unlock the keychain, 60 s; those after one that was answered
 * get 5 s. A call whose helper crashes is made once more.
 * @param helperPath The bundled `keychain-helper`.
 */
export function createKeychain(helperPath: string, clock: Clock): Keychain {
  let helper: UtilityProcess | undefined;
  let hasAnswered = false;
  let lastId = 0;

  const release = (): void => {
    helper?.kill();
    helper = undefined;
    hasAnswered = false;
  };

  const attempt = (request: Omit<KeychainRequest, 'id' | 'service'>): Promise<Outcome> => {
    const child = (helper ??= utilityProcess.fork(helperPath, [], {
      serviceName: 'Keychain',
      stdio: 'ignore',
    }));
    const id = ++lastId;
    return new Promise((resolve) => {
      const end = (outcome: Outcome): void => {
        cancelTimer();
        child.off('message', onMessage);
        child.off('exit', onExit);
        resolve(outcome);
      };
      const onMessage = (message: unknown): void => {
        const answer = message as KeychainAnswer;
        if (answer.id !== id) return;
        hasAnswered ||= answer.ok;
        end(answer);
      };
      const onExit = (): void => {
        // One that was released is no longer the helper
        const isCrash = helper === child;
        if (isCrash) helper = undefined;
        end(isCrash ? 'crashed' : ENDED);
      };
      const limitMs = hasAnswered ? TIME_LIMIT_MS : TIME_LIMIT_FOR_A_PERSON_MS;
      const cancelTimer = clock.setTimer(limitMs, () => {
        if (helper === child) release();
        end({ ok: false, reason: 'the keychain did not answer' });
      });
      child.on('message', onMessage);
      child.on('exit', onExit);
      child.postMessage({ id, service: SERVICE, ...request } satisfies KeychainRequest);
    });
  };

  const call = async (
    request: Omit<KeychainRequest, 'id' | 'service'>,
  ): Promise<KeychainResult> => {
    const first = await attempt(request);
    const outcome = first === 'crashed' ? await attempt(request) : first;
    return outcome === 'crashed' ? ENDED : outcome;
  };

  return {
    get: (account) => call({ operation: 'get', account }),
    set: (account, secret) => call({ operation: 'set', account, secret }),
    delete: (account) => call({ operation: 'delete', account }),
    release,
  };
}
