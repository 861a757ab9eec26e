/** A user agent without a person: a function says how each attempt ends. */
import { isRedirect } from '../../src-main/core/oauth/callback.ts';
import type {
  AuthorizationOutcome,
  AuthorizationRequest,
  AuthorizationStart,
  UserAgent,
} from '../../src-main/core/ports.ts';

export interface FunctionUserAgent extends UserAgent {
  /** Every attempt so far. */
  readonly requests: readonly OpenedAttempt[];
  /** Tenants whose window was brought to the front. */
  readonly shown: readonly string[];
  /** Answers at the redirect URI that the attempt did not take for its own. */
  readonly ignored: () => number;
  /** Resolves when the next attempt has been opened. */
  nextAttempt(): Promise<OpenedAttempt>;
  /** How the next attempts end. */
  answerWith(answer: AnswerAttempt): void;
}

/** An attempt whose page is open. */
export type OpenedAttempt = Omit<AuthorizationRequest, 'redirectUri'> &
  AuthorizationStart & {
    /** Empty when no answer is to come. */
    readonly redirectUri: string;
  };

export type FetchPage = (url: string, init: { readonly redirect: 'manual' }) => Promise<Response>;

export type AnswerAttempt = (
  request: OpenedAttempt,
) => AuthorizationOutcome | Promise<AuthorizationOutcome>;

/**
 * @param answer By default a browser that follows the provider's redirects.
 * @param fetchPage With which that browser fetches.
 */
export function createUserAgent(
  answer?: AnswerAttempt,
  fetchPage: FetchPage = fetch,
): FunctionUserAgent {
  const requests: OpenedAttempt[] = [];
  const shown: string[] = [];
  let ignored = 0;
  const browse: AnswerAttempt = (request) =>
    followRedirects(
      request,
      () => {
        ignored += 1;
      },
      fetchPage,
    );
  let respond = answer ?? browse;
  let onOpened: ((request: OpenedAttempt) => void)[] = [];
  return {
    requests,
    shown,
    ignored: () => ignored,
    nextAttempt: () =>
      new Promise((resolve) => {
        onOpened.push(resolve);
      }),
    answerWith(next) {
      respond = next;
    },
    show(tenantId) {
      shown.push(tenantId);
    },
    async authorize(request) {
      const redirectUri = request.redirectUri ?? '';
      const started = await request.begin(redirectUri);
      if (!started.ok) return { kind: 'failed', error: started.error };
      const opened: OpenedAttempt = { ...request, ...started.value, redirectUri };
      requests.push(opened);
      const waiting = onOpened;
      onOpened = [];
      for (const tell of waiting) tell(opened);
      const aborted = new Promise<AuthorizationOutcome>((resolve) => {
        const close = (): void => {
          resolve({ kind: 'closed' });
        };
        request.signal.addEventListener('abort', close);
        if (request.signal.aborted) close();
      });
      return Promise.race([aborted, Promise.resolve(respond(opened))]);
    },
  };
}

/** More visits than any test needs: an attempt that never ends must not hang the test run. */
const MOST_VISITS = 200;

/**
 * Opens the authorization URL and follows redirects, as a window would. After an answer that is not this attempt's, and
 * after a page without a redirect, the person is imagined to go on: the authorization URL is opened again.
 */
export async function followRedirects(
  request: OpenedAttempt,
  onIgnored: () => void = () => undefined,
  fetchPage: FetchPage = fetch,
): Promise<AuthorizationOutcome> {
  let target = request.url.href;
  for (let visit = 0; visit < MOST_VISITS; visit += 1) {
    if (request.signal.aborted) break;
    const response = await fetchPage(target, { redirect: 'manual' });
    await response.arrayBuffer();
    const location = response.headers.get('location');
    const next = location === null ? request.url.href : new URL(location, target).href;
    const error = request.readErrorPage?.(new URL(next));
    if (error !== undefined) return { kind: 'failed', error };
    if (!isRedirect(next, request.redirectUri)) {
      target = next;
      continue;
    }
    if (request.isOurs(new URL(next))) return { kind: 'answered', answer: new URL(next) };
    onIgnored();
    target = request.url.href;
  }
  return { kind: 'closed' };
}

/** A person who never comes to an end. */
export const undecided: AnswerAttempt = () => new Promise(() => undefined);
