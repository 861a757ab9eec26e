/** A sign-in that the app starts, a person approves on a page of the provider, and the app then fetches. */
import { failure, success } from '../errors.ts';
import type { AppError, Result } from '../errors.ts';
import type { ApprovalGrant, RestCall } from '../provider.ts';
import { extrasFrom, memberAt, tokenFrom } from '../rest/answer.ts';
import type { Answer } from '../rest/answer.ts';
import { judge, send } from '../rest/call.ts';
import { fillUrl } from '../template.ts';
import type { Variables } from '../template.ts';
import { isSecure } from '../tenant.ts';
import type { TokenSet } from '../token.ts';
import { tokenVariables, variablesOf } from './grant.ts';
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
    if (url === undefined || !isSecure(url)) {
      return failure('endpoint-unsafe', { host, subject: 'sign-in page' });
    }
    const extra = extrasFrom(started.value, definition.extras) ?? {};
    const pollVariables = {
      ...variables,
      ...tokenVariables({ accessToken: '', issuedAtMs: 0, extra }),
    };
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
        begin: () => Promise.resolve(success({ url, isOurs: () => false })),
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

  async revoke(world, request) {
    const { logout } = request.definition;
    if (logout === undefined || request.secrets.token === undefined) return success('not-offered');
    const answer = await ask(world, request, logout, variablesOf(request));
    // What they do not know any more is over as well
    return answer.ok || answer.error.code === 'grant-refused' ? success('confirmed') : answer;
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
  const judged = judge(answer.value, hostOf(call, variables), definition, 'grant-refused');
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
    if (ended.aborted) return 'ended';
    const answer = await send(definition.poll, variables, world.http, request.signal);
    if (!answer.ok || answer.value.status === definition.pendingStatus) continue;
    const judged = judge(
      answer.value,
      hostOf(definition.poll, variables),
      definition,
      'grant-refused',
    );
    if (judged.ok) return answer;
    if (judged.error.code === 'grant-refused') return judged;
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
