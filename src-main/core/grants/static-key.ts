/** A key or token that a person pastes: kept, copied and called with, never renewed. */
import { failure, success } from '../errors.ts';
import { callProbe, describeCall } from '../probe.ts';
import { base64 } from '../base64.ts';
import { fill } from '../template.ts';
import { jwtExpiryMs } from '../token.ts';
import type { GrantOf } from './grant.ts';
import { variablesOf } from '../variables.ts';

const take: GrantOf<'static-key'>['signIn'] = ({ clock }, { tenant, definition, secrets }) => {
  const { template, encoding } = definition.key;
  const { token: _before, ...fieldsOnly } = secrets;
  const filled = fill(template, variablesOf({ tenant, secrets: fieldsOnly }))?.trim();
  if (filled === undefined || filled === '') {
    return Promise.resolve(failure('input-invalid', { subject: 'key' }));
  }
  const accessToken = encoding === 'basic' ? base64(filled) : filled;
  const nowMs = clock.now();
  const expiresAtMs = endOfDay(tenant.values.expiresOn) ?? jwtExpiryMs(accessToken, nowMs, 0);
  return Promise.resolve(
    success({
      accessToken,
      issuedAtMs: nowMs,
      ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    }),
  );
};

export const staticKey: GrantOf<'static-key'> = {
  interactive: false,
  canRenew: () => false,
  signIn: take,
  renew: () => Promise.resolve(failure('sign-in-needed')),
  endsReplaced: () => false,
  revoke: () => Promise.resolve(success('not-offered')),

  async test(world, request) {
    const token = await take(world, request);
    if (!token.ok) return token;
    const { tenant, definition } = request;
    const called = await callProbe(world, {
      tenant,
      definition,
      secrets: { ...request.secrets, token: token.value },
    });
    if (!called.ok) {
      return called.error.code === 'probe-unknown'
        ? success('Nothing to try: this tenant has no address to call.')
        : called;
    }
    return called.value.accepted
      ? success(describeCall(called.value))
      : failure('key-refused', {
          host: called.value.host,
          detail: `HTTP ${String(called.value.status)}`,
        });
  },
};

/** The key works through the whole of that day, by the calendar of this computer. */
function endOfDay(day: string | undefined): number | undefined {
  if (day === undefined) return undefined;
  const atMs = new Date(`${day}T23:59:59.999`).getTime();
  return Number.isNaN(atMs) ? undefined : atMs;
}
