/** A sign-in that the app starts, a person approves on a page of the provider, and the app then fetches. */
import { failure, severity, success } from '../errors.ts';
import type { AppError, Result } from '../errors.ts';
import type { ApprovalGrant, RestCall } from '../provider.ts';
import { extrasFrom, memberAt, tokenFrom } from '../rest/answer.ts';
import type { Answer } from '../rest/answer.ts';
import { judgeAnswer, send } from '../rest/call.ts';
import { fillUrl } from '../template.ts';
import type { Variables } from '../template.ts';
import { isSecure } from '../tenant.ts';
import type { TokenSet } from '../token.ts';
import { extraVariables, variablesOf } from '../variables.ts';
import type { GrantOf, GrantRequest, GrantWorld } from './grant.ts';
import { agentOf } from './oauth-person.ts';

type Request = GrantRequest<ApprovalGrant>;

export const approval: GrantOf<'approval'> = {
  interactive: true,
  canRenew: () => false,

  async signIn(world, request) {
    const { definition, tenant } = request;
    const variables = variablesOf(request);
    const host = hostOf(definition.start, variables);
    const started = await ask(world, request, definition.start, variables);
    if (!started.ok) return started;
    const page = memberAt(started.value.json, definition.pagePath);
    const url = typeof page === 'string' && URL.canParse(page) ? new URL(page) : undefined;
    const mayBeHere = fillUrl(definition.start.url, variables)?.protocol === 'http:';
    if (url === undefined || !isSecure(url) || (url.protocol === 'http:' && !mayBeHere)) {
      return failure('endpoint-unsafe', { host, subject: 'sign-in page' });
    }
    const extra = extrasFrom(started.value, definition.extras) ?? {};
    const pollVariables = { ...variables, ...extraVariables(extra) };
    // What proves the approval goes to nobody but the server that asked for it
    if (hostOf(definition.poll, pollVariables) !== host) {
      return failure('endpoint-unsafe', { host, subject: 'address to ask at' });
    }
    // Ends the page when the outcome is there, and the asking when the page has ended
    const done = new AbortController();
    const stop = (): void => {
      done.abort();
    };
    request.signal.addEventListener('abort', stop);
    const shown = agentOf(world, request)
      .authorize({
        tenantId: tenant.id,
        tenantName: tenant.name,
        redirectUri: null,
        begin: () => Promise.resolve(success({ url, isOurs: () => false, isPosted: false })),
        onPage: request.onPage,
        signal: done.signal,
      })
      .then((outcome): AppError => {
        stop();
        if (outcome.kind === 'failed') return outcome.error;
        return outcome.kind === 'page-failed'
          ? { code: 'page-failed', host: outcome.host, subject: outcome.reason }
          : { code: 'sign-in-cancelled' };
      });
    try {
      const answer = await poll(world, request, pollVariables, done.signal);
      return answer === 'ended'
        ? { ok: false, error: await shown }
        : answer.ok
          ? readToken(world, request, answer.value, host)
          : answer;
    } finally {
      stop();
      request.signal.removeEventListener('abort', stop);
    }
  },

  renew: () => Promise.resolve(failure('sign-in-needed')),

  endsReplaced: () => true,
  async revoke(world, request) {
    const { logout } = request.definition;
    if (logout === undefined || request.secrets.token === undefined) return success('not-offered');
    const variables = variablesOf(request);
    const answer = await send(logout, variables, world.http, request.signal);
    if (!answer.ok) return answer;
    // What they do not know any more is over as well
    if (answer.value.status === 401) return success('confirmed');
    const host = hostOf(logout, variables);
    const judged = judgeAnswer(answer.value, host, request.definition, 'grant-refused');
    return judged.ok ? success('confirmed') : judged;
  },

  async test(world, request) {
    const { start } = request.definition;
    const started = await ask(world, request, start, variablesOf(request));
    return started.ok ? success('The server is there and ready for a sign-in.') : started;
  },
};

async function ask(
  { http }: GrantWorld,
  { definition, signal }: Request,
  call: RestCall,
  variables: Variables,
): Promise<Result<Answer>> {
  const answer = await send(call, variables, http, signal);
  if (!answer.ok) return answer;
  const judged = judgeAnswer(answer.value, hostOf(call, variables), definition, 'grant-refused');
  return judged.ok ? answer : judged;
}

/** Asks until the person has approved. What fails on the way may work the next time. */
async function poll(
  world: GrantWorld,
  request: Request,
  variables: Variables,
  ended: AbortSignal,
): Promise<Result<Answer> | 'ended'> {
  const { definition } = request;
  for (;;) {
    await pause(world, definition.everySeconds * 1000, ended);
    if (request.signal.aborted) return 'ended';
    const answer = await send(definition.poll, variables, world.http, request.signal);
    if (!answer.ok && severity(answer.error.code) !== 'transient') return answer;
    if (!answer.ok || answer.value.status === definition.pendingStatus) {
      // Asked once more after the page was closed: its person may have approved just before
      if (ended.aborted) return 'ended';
      continue;
    }
    const judged = judgeAnswer(
      answer.value,
      hostOf(definition.poll, variables),
      definition,
      'grant-refused',
    );
    if (judged.ok) return answer;
    if (judged.error.code === 'grant-refused' || ended.aborted) return judged;
  }
}

function readToken(
  { clock }: GrantWorld,
  { definition }: Request,
  answer: Answer,
  host: string,
): Result<TokenSet> {
  const token = tokenFrom(answer, definition.answer, clock.now());
  return token === undefined
    ? failure('token-answer-invalid', { host, subject: 'it holds no token where one is expected' })
    : success(token);
}

/** Ends early when the signal does. */
function pause({ clock }: GrantWorld, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.setTimer(delayMs, end);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}

function hostOf(call: RestCall, variables: Variables): string {
  return fillUrl(call.url, variables)?.host ?? '';
}
