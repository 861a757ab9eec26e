/** The token of a web app, taken from its own calls after a person has signed in to it; taken again while it stays signed in. */
import { jwtPart } from '../base64.ts';
import { failure, success } from '../errors.ts';
import type { Result } from '../errors.ts';
import type { CaptureOutcome, CaptureRequest } from '../ports.ts';
import type { CaptureGrant } from '../provider.ts';
import { fillUrl } from '../template.ts';
import { isSecure } from '../tenant.ts';
import { jwtExpiryMs } from '../token.ts';
import type { TokenSet } from '../token.ts';
import type { GrantOf, GrantRequest, GrantWorld } from './grant.ts';
import { variablesOf } from '../variables.ts';
import { testPage } from './oauth-client.ts';

export const capture: GrantOf<'capture'> = {
  interactive: true,
  canRenew: (token) => token !== undefined,

  async signIn(world, request) {
    const prepared = captureRequest(request, (token) => isAlive(token, world.clock.now()));
    if (!prepared.ok) return prepared;
    const outcome = await world.tokenCapture.capture(prepared.value);
    switch (outcome.kind) {
      case 'captured':
        return success(tokenOf(world, request.definition, outcome.token));
      case 'closed':
        return failure('sign-in-cancelled');
      case 'page-failed':
        return pageFailed(outcome);
    }
  },

  async renew(world, request) {
    const before = request.secrets.token?.accessToken;
    // A web app goes on with its token until shortly before the end: the same one is nothing new
    const prepared = captureRequest(
      request,
      (token) => token !== before && isAlive(token, world.clock.now()),
    );
    if (!prepared.ok) return prepared;
    const { host } = prepared.value.startUrl;
    const outcome = await world.tokenCapture.captureSilently(prepared.value);
    switch (outcome.kind) {
      case 'nothing-new':
        return failure('capture-nothing-new', { host });
      case 'captured':
        return success(tokenOf(world, request.definition, outcome.token));
      case 'closed':
        return failure('capture-ended');
      case 'page-failed':
        return failure('network-unreachable', { host: outcome.host });
    }
  },

  endsReplaced: () => false,
  revoke(world, { tenant }) {
    world.tokenCapture.forget(tenant.id);
    return Promise.resolve(success('not-offered'));
  },

  async test(world, request) {
    const prepared = captureRequest(request, () => false);
    return prepared.ok ? testPage(world, prepared.value.startUrl, request.signal) : prepared;
  },
};

/** One that tells its own end and has passed it is of no use; of any other nobody knows. */
function isAlive(token: string, nowMs: number): boolean {
  return jwtPart(token, 1)?.['exp'] === undefined || jwtExpiryMs(token, nowMs, 0) !== undefined;
}

function captureRequest(
  { tenant, definition, secrets, onPage, signal }: GrantRequest<CaptureGrant>,
  isWanted: (token: string) => boolean,
): Result<CaptureRequest> {
  const startUrl = fillUrl(definition.startUrl, variablesOf({ tenant, secrets }));
  if (startUrl === undefined || !isSecure(startUrl)) {
    return failure('input-invalid', { subject: 'address of the web app' });
  }
  const { pathPart } = definition;
  return success({
    tenantId: tenant.id,
    tenantName: tenant.name,
    startUrl,
    pathPart,
    isWanted,
    onPage,
    signal,
  });
}

function tokenOf(
  { clock }: GrantWorld,
  { lifeSeconds }: CaptureGrant,
  accessToken: string,
): TokenSet {
  const nowMs = clock.now();
  return {
    accessToken,
    issuedAtMs: nowMs,
    expiresAtMs: jwtExpiryMs(accessToken, nowMs, 0) ?? nowMs + lifeSeconds * 1000,
  };
}

function pageFailed({
  host,
  reason,
}: Extract<CaptureOutcome, { kind: 'page-failed' }>): Result<never> {
  return failure('page-failed', { host, subject: reason });
}
