/** A user agent without a person: a function says how each attempt ends. */
import { isRedirect } from '../../src-main/core/oauth/callback.ts';
import type {
  AuthorizationOutcome,
  AuthorizationRequest,
  UserAgent,
} from '../../src-main/core/ports.ts';

export interface FunctionUserAgent extends UserAgent {
  /** Every attempt so far. */
  readonly requests: readonly AuthorizationRequest[];
  /** Tenants whose window was brought to the front. */
  readonly shown: readonly string[];
  /** Answers at the redirect URI that the attempt did not take for its own. */
  readonly ignored: () => number;
  /** Resolves when the next attempt has been opened. */
  nextAttempt(): Promise<AuthorizationRequest>;
  /** How the next attempts end. */
  answerWith(answer: AnswerAttempt): void;
}

export type AnswerAttempt = (
  request: AuthorizationRequest,
) => AuthorizationOutcome | Promise<AuthorizationOutcome>;

/** @param answer By default a browser that follows the provider's redirects. */
export function createUserAgent(answer?: AnswerAttempt): FunctionUserAgent {
  const requests: AuthorizationRequest[] = [];
  const shown: string[] = [];
  let ignored = 0;
  const browse: AnswerAttempt = (request) =>
    followRedirects(request, () => {
      ignored += 1;
    });
  let respond = answer ?? browse;
  let onOpened: ((request: AuthorizationRequest) => void)[] = [];
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
      requests.push(request);
      const waiting = onOpened;
      onOpened = [];
      for (const tell of waiting) tell(request);
      const aborted = new Promise<AuthorizationOutcome>((resolve) => {
        const close = (): void => {
          resolve({ kind: 'closed' });
        };
        request.signal.addEventListener('abort', close);
        if (request.signal.aborted) close();
      });
      return Promise.race([aborted, Promise.resolve(respond(request))]);
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
  request: AuthorizationRequest,
  onIgnored: () => void = () => undefined,
): Promise<AuthorizationOutcome> {
  let target = request.url.href;
  for (let visit = 0; visit < MOST_VISITS; visit += 1) {
    const response = await fetch(target, { redirect: 'manual' });
    await response.arrayBuffer();
    const location = response.headers.get('location');
    const next = location === null ? request.url.href : new URL(location, target).href;
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
