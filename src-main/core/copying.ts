/** Puts a living token on the clipboard, and takes it off again later if it is still there. */
import { copyText } from './copy-formats.ts';
import type { CopyFormatId } from './copy-formats.ts';
import { failure, success } from './errors.ts';
import type { Result } from './errors.ts';
import { variablesOf } from './variables.ts';
import type { Clipboard, Clock, Vault } from './ports.ts';
import { carry, probeOf } from './probe.ts';
import type { Provider } from './provider.ts';
import { NO_SECRETS } from './secrets.ts';
import type { Sessions } from './sessions.ts';
import { tenantOf } from './state.ts';
import type { Store } from './state.ts';
import { fill, fillAll } from './template.ts';
import { findGrant } from './tenant.ts';
import type { Tenants } from './tenants.ts';
import type { TokenSet } from './token.ts';

export interface Copying {
  /** In the form that was used last for this tenant, or in another one, which is then remembered. */
  copyToken(
    tenantId: string,
    format?: CopyFormatId,
  ): Promise<Result<{ readonly expiresAtMs: number | null; readonly renewed: boolean }>>;
  /** For texts that are no secrets. */
  copyText(text: string): Promise<Result<null>>;
  /** Takes our last token off the clipboard now, if it is still there: before the app ends. */
  clearNow(): Promise<void>;
}

export interface CopyingWorld {
  readonly store: Store;
  readonly vault: Vault;
  readonly sessions: Sessions;
  readonly tenants: Tenants;
  readonly providers: readonly Provider[];
  readonly clipboard: Clipboard;
  readonly clock: Clock;
}

export function createCopying(world: CopyingWorld): Copying {
  const { store, vault, sessions, tenants, providers, clipboard, clock } = world;
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

  /** The token in the words of the place it is pasted into. */
  const textOf = async (
    tenantId: string,
    format: CopyFormatId,
    token: TokenSet,
  ): Promise<Result<string>> => {
    if (format === 'raw') return success(token.accessToken);
    const tenant = tenantOf(store.get(), tenantId);
    if (tenant === undefined) return failure('tenant-unknown');
    const definition = findGrant(providers, tenant.providerId, tenant.grant);
    const provider = providers.find(({ id }) => id === tenant.providerId);
    if (definition === undefined || provider === undefined) return failure('provider-unknown');
    const stored = await vault.read(tenantId);
    if (!stored.ok) return stored;
    const { fields } = stored.value ?? NO_SECRETS;
    const subject = { tenant, definition, secrets: { fields, token } };
    const { headers, query } = carry(subject);
    const probe = probeOf(subject);
    return success(
      copyText(format, {
        ...token,
        tenantName: tenant.name,
        providerName: provider.name,
        nowMs: clock.now(),
        headers,
        query,
        request:
          probe === undefined
            ? undefined
            : {
                method: probe.probe.method ?? 'GET',
                url: probe.url.href,
                headers: fillAll(probe.probe.headers, variablesOf(subject)),
                body: fill(probe.probe.body ?? '', variablesOf(subject)) ?? '',
              },
      }),
    );
  };

  return {
    async copyToken(tenantId, wanted) {
      const { minimumValiditySeconds, clearClipboardAfterSeconds } = store.get().settings;
      const fresh = await sessions.freshToken(tenantId, minimumValiditySeconds * 1000);
      if (!fresh.ok) return fresh;
      const { token, renewed } = fresh.value;
      const format = wanted ?? tenantOf(store.get(), tenantId)?.copyFormat ?? 'raw';
      const text = await textOf(tenantId, format, token);
      if (!text.ok) return text;
      const mark = await fingerprint(text.value);
      // Before writing, or the timer of the last copy might take this one off
      cancelClearing();
      try {
        await clipboard.writeText(text.value);
      } catch (cause) {
        return failure('clipboard-failed', { cause });
      }
      ours = undefined;
      if (clearClipboardAfterSeconds > 0) {
        ours = mark;
        cancelClearing = clock.setTimer(clearClipboardAfterSeconds * 1000, () => void clearNow());
      }
      // Copied it is; that it could not be remembered is told with the next change of settings that fails
      // The refresh token is given only to those who ask for it each time
      if (wanted !== undefined) {
        const next = wanted === 'json-with-refresh-token' ? 'json' : wanted;
        tenants.rememberCopyFormat(tenantId, next);
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
