/** The embedded login window: an attempt has a session of its own and ends with the answer that is stopped at the redirect URI. */
import { session } from 'electron';
import { failure } from '../../core/errors.ts';
import type { AuthorizationOutcome, AuthorizationRequest } from '../../core/ports.ts';
import { catchPostedAnswers } from './posted-answers.electron.ts';
import { openPageWindow } from './page-window.electron.ts';
import type { Attempts, WindowOptions } from './page-window.electron.ts';

/** As `UserAgent.authorize` promises; without a redirect URI nothing is caught and `begin` is told an empty one. */
export async function authorize(
  request: AuthorizationRequest,
  options: WindowOptions,
  attempts: Attempts,
): Promise<AuthorizationOutcome> {
  const { tenantId, redirectUri, signal } = request;
  const aborted = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
  const beginning = request
    .begin(redirectUri ?? '')
    .catch((cause: unknown) => failure('internal', { cause }));
  const begun = await Promise.race([beginning, aborted]);
  if (begun === undefined || signal.aborted) return { kind: 'closed' };
  if (!begun.ok) return { kind: 'failed', error: begun.error };
  const { url, isOurs, isPosted } = begun.value;

  // In memory only and without a cache: a redirect's Location would stand in a cache on disk, code and all
  const own = session.fromPartition(`sign-in-${crypto.randomUUID()}`, { cache: false });
  return new Promise((resolve) => {
    const onAnswer = (answer: URL): void => {
      if (isOurs(answer)) window.end({ kind: 'answered', answer });
      else window.rules.warn('An answer for another sign-in was ignored.');
    };
    const window = openPageWindow<AuthorizationOutcome>(
      { ...request, url, session: own, onAnswer },
      options,
      (outcome) => {
        stopCatching();
        void own.clearStorageData();
        void own.closeAllConnections();
        attempts.delete(tenantId);
        resolve(outcome);
      },
    );
    attempts.set(tenantId, window);
    const stopCatching =
      redirectUri === null
        ? (): void => undefined
        : catchPostedAnswers(own, redirectUri, window.rules, isPosted);

    /** @returns Whether it is the provider's own error page, which has ended the attempt. */
    const isErrorPage = (target: string): boolean => {
      const error = URL.canParse(target) ? request.readErrorPage?.(new URL(target)) : undefined;
      if (error !== undefined) window.end({ kind: 'failed', error });
      return error !== undefined;
    };
    window.page.on('will-redirect', (event) => {
      if (event.isMainFrame && isErrorPage(event.url)) event.preventDefault();
    });
    window.page.on('did-navigate', (_event, target) => {
      isErrorPage(target);
    });
    window.load();
  });
}
