/** User name and password at a REST interface, as its entry in the catalogue describes it; renewed in the interface's own way. */
import { failure, success } from '../errors.ts';
import type { Result } from '../errors.ts';
import { tokenFrom } from '../rest/answer.ts';
import type { Answer } from '../rest/answer.ts';
import { judgeAnswer, send } from '../rest/call.ts';
import type { RestCall, RestLogin, RestLoginGrant } from '../provider.ts';
import { fillUrl } from '../template.ts';
import type { Variables } from '../template.ts';
import { describeToken } from '../token.ts';
import type { TokenSet } from '../token.ts';
import { variablesOf } from '../variables.ts';
import type { GrantOf, GrantRequest, GrantWorld } from './grant.ts';

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
      return logIn(world, request);
    }
    const requestedAtMs = world.clock.now();
    const answer = await ask(world, request, renewal.call, 'grant-refused');
    if (!answer.ok) {
      // The session has ended on their side; the password starts another one
      return answer.error.code === 'grant-refused' ? logIn(world, request) : answer;
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

  /** Sessions of one login after the other would pile up. */
  endsReplaced: (request, occasion) =>
    occasion === 'sign-in' || restOf(request).renewal === undefined,
  async revoke(world, request) {
    const rest = restOf(request);
    const { logout } = rest;
    if (logout === undefined || request.secrets.token === undefined) return success('not-offered');
    const variables = variablesOf(request);
    const answer = await send(logout, variables, world.http, request.signal);
    if (!answer.ok) return answer;
    // A session that they do not know any more is over as well
    if (answer.value.status === 401) return success('confirmed');
    const judged = judgeAnswer(
      answer.value,
      hostOf(logout, variables),
      { ...rest, success: undefined },
      'grant-refused',
    );
    return judged.ok ? success('confirmed') : judged;
  },

  async test(world, request) {
    const rest = restOf(request);
    if (rest.check !== undefined) {
      const checked = await ask(world, request, rest.check, 'credentials-refused');
      return checked.ok ? success('What was entered is right.') : checked;
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
  const token = tokenFrom(answer.value, rest.answer, requestedAtMs);
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
): Promise<Result<Answer>> {
  const variables = variablesOf(request);
  const answer = await send(call, variables, world.http, request.signal);
  if (!answer.ok) return answer;
  const judged = judgeAnswer(answer.value, hostOf(call, variables), restOf(request), refusal);
  return judged.ok ? answer : judged;
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
