/** User name and password at a REST interface, as its entry in the catalogue describes it; renewed in the interface's own way. */
import { failure, success } from '../errors.ts';
import type { AppError, Result } from '../errors.ts';
import { memberAt, extrasFrom, tokenFrom } from '../rest/answer.ts';
import type { Answer } from '../rest/answer.ts';
import { judge, send } from '../rest/call.ts';
import type { RestApproval, RestCall, RestLogin, RestLoginGrant } from '../provider.ts';
import { fillUrl } from '../template.ts';
import type { Variables } from '../template.ts';
import { isSecure } from '../tenant.ts';
import { describeToken } from '../token.ts';
import type { TokenSet } from '../token.ts';
import { tokenVariables, variablesOf } from './grant.ts';
import type { GrantOf, GrantRequest, GrantWorld } from './grant.ts';
import { agentOf } from './oauth-person.ts';

type Request = GrantRequest<RestLoginGrant>;

export const restLogin: GrantOf<'rest-login'> = {
  interactive: false,
  canRenew: (token) => token !== undefined,

  signIn: logIn,

  async renew(world, request) {
    const rest = restOf(request);
    const { renewal } = rest;
    const { token } = request.secrets;
    const hasCredential =
      renewal?.by === 'refresh-token' ? token?.refreshToken !== undefined : token !== undefined;
    if (renewal === undefined || token === undefined || !hasCredential) {
      return rest.approval === undefined ? logIn(world, request) : failure('sign-in-needed');
    }
    const requestedAtMs = world.clock.now();
    const answer = await ask(world, request, renewal.call, 'grant-refused');
    if (!answer.ok) {
      // The session has ended on their side; the password starts another one
      const mayLogIn = answer.error.code === 'grant-refused' && rest.approval === undefined;
      return mayLogIn ? logIn(world, request) : answer;
    }
    const renewed = tokenFrom(answer.value, renewal.answer ?? rest.answer, requestedAtMs);
    if (renewed === undefined) return noToken(request, renewal.call);
    const { refreshToken, refreshExpiresAtMs, account, extra } = token;
    const keepsRefreshToken = renewed.refreshToken === undefined && refreshToken !== undefined;
    return success({
      ...(account === undefined ? {} : { account }),
      ...(keepsRefreshToken ? { refreshToken } : {}),
      ...(keepsRefreshToken && refreshExpiresAtMs !== undefined ? { refreshExpiresAtMs } : {}),
      ...renewed,
      ...(extra === undefined ? {} : { extra: { ...extra, ...renewed.extra } }),
    });
  },

  async revoke(world, request) {
    const { logout } = restOf(request);
    if (logout === undefined || request.secrets.token === undefined) return success('not-offered');
    const answer = await ask(world, request, logout, 'grant-refused');
    // A session that they do not know any more is over as well
    const isOver = answer.ok || answer.error.code === 'grant-refused';
    return isOver ? success('confirmed') : answer;
  },

  async test(world, request) {
    const rest = restOf(request);
    if (rest.check !== undefined) {
      const checked = await ask(world, request, rest.check, 'credentials-refused');
      return checked.ok ? success('User name and password are right.') : checked;
    }
    if (rest.approval !== undefined) {
      const started = await ask(world, request, rest.login, 'credentials-refused');
      return started.ok ? success('The server is there and ready for a sign-in.') : started;
    }
    const token = await logIn(world, request);
    if (!token.ok) return token;
    await restLogin.revoke(world, {
      ...request,
      secrets: { ...request.secrets, token: token.value },
    });
    return success(`It works: ${describeToken(token.value, world.clock.now())}`);
  },
};

function restOf({ definition, tenant }: Request): RestLogin {
  return typeof definition.login === 'function'
    ? definition.login(tenant.values)
    : definition.login;
}

async function logIn(world: GrantWorld, request: Request): Promise<Result<TokenSet>> {
  const rest = restOf(request);
  const { token: _before, ...fieldsOnly } = request.secrets;
  const fresh: Request = { ...request, secrets: fieldsOnly };
  const requestedAtMs = world.clock.now();
  const answer = await ask(world, fresh, rest.login, 'credentials-refused');
  if (!answer.ok) return answer;
  const { approval } = rest;
  const final =
    approval === undefined ? answer : await approve(world, fresh, approval, answer.value);
  if (!final.ok) return final;
  const token = tokenFrom(
    final.value,
    rest.answer,
    approval === undefined ? requestedAtMs : world.clock.now(),
  );
  if (token === undefined) return noToken(request, rest.login);
  const { username } = request.tenant.values;
  return success(
    token.account === undefined && username !== undefined ? { ...token, account: username } : token,
  );
}

async function ask(
  world: GrantWorld,
  request: Request,
  call: RestCall,
  refusal: 'credentials-refused' | 'grant-refused',
  more: Variables = {},
): Promise<Result<Answer>> {
  const variables = { ...variablesOf(request), ...more };
  const answer = await send(call, variables, world.http, request.signal);
  if (!answer.ok) return answer;
  const judged = judge(answer.value, hostOf(call, variables), restOf(request), refusal);
  return judged.ok ? answer : judged;
}

/** Shows the page on which the person approves, and asks until it is done (once: the answer is given only once). */
async function approve(
  world: GrantWorld,
  request: Request,
  approval: RestApproval,
  started: Answer,
): Promise<Result<Answer>> {
  const host = hostOf(restOf(request).login, variablesOf(request));
  const page = memberAt(started.json, approval.pagePath);
  const url = typeof page === 'string' && URL.canParse(page) ? new URL(page) : undefined;
  if (url === undefined || !isSecure(url)) {
    return failure('endpoint-unsafe', { host, subject: 'sign-in page' });
  }
  const more = tokenVariables({
    accessToken: '',
    issuedAtMs: 0,
    extra: extrasFrom(started, approval.extras) ?? {},
  });
  const done = new AbortController();
  const stop = (): void => {
    done.abort();
  };
  request.signal.addEventListener('abort', stop);
  const closed = agentOf(world, request)
    .authorize({
      tenantId: request.tenant.id,
      tenantName: request.tenant.name,
      redirectUri: null,
      begin: () => Promise.resolve(success({ url, isOurs: () => false })),
      onPage: request.onPage,
      signal: done.signal,
    })
    .then((outcome): AppError => {
      // Whatever ended it, nobody waits for an answer any longer
      done.abort();
      if (outcome.kind === 'failed') return outcome.error;
      return outcome.kind === 'page-failed'
        ? { code: 'page-failed', host: outcome.host, subject: outcome.reason }
        : { code: 'sign-in-cancelled' };
    });
  try {
    for (;;) {
      await pause(world, approval.everySeconds * 1000, done.signal);
      if (done.signal.aborted) return { ok: false, error: await closed };
      const answer = await send(
        approval.poll,
        { ...variablesOf(request), ...more },
        world.http,
        request.signal,
      );
      if (!answer.ok) {
        if (answer.error.code === 'input-invalid') return answer;
        continue;
      }
      if (answer.value.status === approval.pendingStatus) continue;
      const judged = judge(answer.value, host, restOf(request), 'credentials-refused');
      return judged.ok ? answer : judged;
    }
  } finally {
    stop();
    request.signal.removeEventListener('abort', stop);
  }
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

function noToken(request: Request, call: RestCall): Result<never> {
  return failure('token-answer-invalid', {
    host: hostOf(call, variablesOf(request)),
    subject: 'it holds no token where one is expected',
  });
}

function hostOf(call: RestCall, variables: Variables): string {
  return fillUrl(call.url, variables)?.host ?? '';
}
