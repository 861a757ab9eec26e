/**
 * The only process that loads keytar; main starts it when it needs the keychain and ends it afterwards. A call that
 * waits for the person to unlock the keyring blocks a thread for good, and a main process with such a thread cannot
 * be quit; this one can be killed.
 */
import keytar from 'keytar';
import type { KeychainAnswer, KeychainRequest } from './keychain-messages.ts';

process.parentPort.on('message', ({ data }) => {
  const request = data as KeychainRequest;
  void perform(request).then(
    (value) => {
      answer({ id: request.id, ok: true, value });
    },
    (cause: unknown) => {
      answer({
        id: request.id,
        ok: false,
        reason: cause instanceof Error ? cause.message : 'unknown',
      });
    },
  );
});

function answer(message: KeychainAnswer): void {
  process.parentPort.postMessage(message);
}

async function perform({
  operation,
  service,
  account,
  secret,
}: KeychainRequest): Promise<string | null> {
  switch (operation) {
    case 'get':
      return keytar.getPassword(service, account);
    case 'set':
      await keytar.setPassword(service, account, secret ?? '');
      return null;
    case 'delete':
      await keytar.deletePassword(service, account);
      return null;
  }
}
