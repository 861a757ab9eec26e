/** Puts a living token on the clipboard, and takes it off again later if it is still there. */
import { failure, success } from './errors.ts';
import type { Result } from './errors.ts';
import type { Clipboard, Clock } from './ports.ts';
import type { Sessions } from './sessions.ts';
import type { Store } from './state.ts';

export interface Copying {
  copyToken(
    tenantId: string,
  ): Promise<Result<{ readonly expiresAtMs: number | null; readonly renewed: boolean }>>;
  /** For texts that are no secrets. */
  copyText(text: string): Promise<Result<null>>;
  /** Takes our last token off the clipboard now, if it is still there: before the app ends. */
  clearNow(): Promise<void>;
}

export function createCopying(
  store: Store,
  sessions: Sessions,
  clipboard: Clipboard,
  clock: Clock,
): Copying {
  const fingerprint = createFingerprint();
  let cancelClearing = (): void => undefined;
  /** Fingerprint of the token that we put there last; the token itself is not kept. */
  let ours: string | undefined;

  const clearNow = async (): Promise<void> => {
    cancelClearing();
    const expected = ours;
    ours = undefined;
    if (expected === undefined) return;
    try {
      const content = await clipboard.readText();
      if (content !== '' && (await fingerprint(content)) === expected)
        await clipboard.writeText('');
    } catch {
      // A clipboard that cannot be read is somebody else's by now
    }
  };

  return {
    async copyToken(tenantId) {
      const { minimumValiditySeconds, clearClipboardAfterSeconds } = store.get().settings;
      const fresh = await sessions.freshToken(tenantId, minimumValiditySeconds * 1000);
      if (!fresh.ok) return fresh;
      const { token, renewed } = fresh.value;
      const mark = await fingerprint(token.accessToken);
      // Before writing, or the timer of the last copy might take this one off
      cancelClearing();
      try {
        await clipboard.writeText(token.accessToken);
      } catch (cause) {
        return failure('clipboard-failed', { cause });
      }
      ours = undefined;
      if (clearClipboardAfterSeconds > 0) {
        ours = mark;
        cancelClearing = clock.setTimer(clearClipboardAfterSeconds * 1000, () => void clearNow());
      }
      return success({ expiresAtMs: token.expiresAtMs ?? null, renewed });
    },

    async copyText(text) {
      try {
        await clipboard.writeText(text);
        return success(null);
      } catch (cause) {
        return failure('clipboard-failed', { cause });
      }
    },

    clearNow,
  };
}

/** Keyed digest with a key that lives as long as the app: says "the same" and nothing else. */
function createFingerprint(): (text: string) => Promise<string> {
  const key = crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return async (text) => {
    const digest = await crypto.subtle.sign('HMAC', await key, new TextEncoder().encode(text));
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join(
      '',
    );
  };
}
