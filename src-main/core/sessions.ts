/** The use cases around a session: sign in, renew, hand out a token, sign out. One at a time for each tenant. */
import { failure, severity, success } from './errors.ts';
import type { AppError, Result } from './errors.ts';
import { createExclusive } from './exclusive.ts';
import { GRANTS } from './grants/all-grants.ts';
import type { GrantRequest, GrantWorld } from './grants/grant.ts';
import type { Vault } from './ports.ts';
import { NO_SECRETS } from './secrets.ts';
import type { TenantSecrets } from './secrets.ts';
import { factsOf, sessionOf, tenantOf } from './state.ts';
import type { Phase, SessionState, Store } from './state.ts';
import type { Tenant } from './tenant.ts';
import { requiredValidityMs } from './timetable.ts';
import type { TokenSet } from './token.ts';

const SIGN_IN_TIME_LIMIT_MS = 10 * 60_000;

export interface Sessions {
  /** Reads what the vault holds into the state: for all tenants after an opening of the keychain, or for some. */
  load(tenantIds?: readonly string[]): Promise<void>;
  /** A second call for a tenant joins the attempt under way and shows its window. */
  signIn(tenantId: string): Promise<Result<null>>;
  cancelSignIn(tenantId: string): void;
  showSignIn(tenantId: string): void;
  /**
   * At most one renewal is under way for a tenant; all callers share its outcome.
   * @param seen The token the caller found too old: if another one is stored by now, that one is the answer.
   */
  renew(tenantId: string, seen?: TokenSet): Promise<Result<TokenSet>>;
  /**
   * A token that is valid for at least `minimumMs` (or half its life), renewed first where needed. A token that is still
   * alive is handed out when renewal fails; a dead one never.
   */
  freshToken(
    tenantId: string,
    minimumMs: number,
  ): Promise<Result<{ readonly token: TokenSet; readonly renewed: boolean }>>;
  /** The local secrets go first and in any case; then the provider is told, where it can be. */
  signOut(tenantId: string): Promise<Result<'confirmed' | 'not-offered' | 'failed'>>;
  /** Ends whatever is under way for a tenant, and waits until it has ended. */
  interrupt(tenantId: string): Promise<void>;
  /** Cancels sign-ins and waits for the renewals under way: before the app ends. */
  settle(): Promise<void>;
}

export function createSessions(store: Store, vault: Vault, world: GrantWorld): Sessions {
  const exclusive = createExclusive();
  const attempts = new Map<
    string,
    { readonly cancel: (code: Cancelled) => void; readonly end: Promise<Result<null>> }
  >();
  const renewals = new Map<
    string,
    { readonly stop: () => void; readonly end: Promise<Result<TokenSet>> }
  >();

  const setPhase = (tenantId: string, phase: Phase): void => {
    store.dispatch({ type: 'phase-changed', tenantId, phase });
  };

  const readSecrets = async (tenantId: string): Promise<Result<TenantSecrets>> => {
    const stored = await vault.read(tenantId);
    return stored.ok ? success(stored.value ?? NO_SECRETS) : stored;
  };

  /** Durable first: nobody sees the new token before what renews it is safe. */
  const keep = async (tenant: Tenant, secrets: TenantSecrets, token: TokenSet): Promise<void> => {
    const written = await vault.write(tenant.id, { ...secrets, token });
    if (!written.ok && written.error.code === 'vault-not-saved') {
      store.dispatch({ type: 'problem-found', problem: written.error });
    }
    const renewable = GRANTS[tenant.grant].canRenew(token);
    store.dispatch({
      type: 'token-received',
      tenantId: tenant.id,
      token: factsOf(token, renewable),
    });
  };

  const attempt = async (
    tenant: Tenant,
    controller: AbortController,
    why: () => Cancelled | undefined,
  ): Promise<Result<null>> => {
    const { signal } = controller;
    const before = sessionOf(store.get(), tenant.id);
    setPhase(tenant.id, { kind: 'signing-in' });
    const cancelTimer = world.clock.setTimer(SIGN_IN_TIME_LIMIT_MS, () => {
      attempts.get(tenant.id)?.cancel('sign-in-timed-out');
    });
    try {
      const secrets = await readSecrets(tenant.id);
      if (!secrets.ok && secrets.error.code !== 'vault-unreadable')
        return fail(tenant, before, secrets.error);
      const request: GrantRequest = {
        tenant,
        secrets: secrets.ok ? secrets.value : NO_SECRETS,
        signal,
        onPage: (page) => {
          if (!signal.aborted) setPhase(tenant.id, { kind: 'signing-in', page });
        },
      };
      const outcome = await GRANTS[tenant.grant].signIn(world, request);
      const stopped = why();
      if (stopped !== undefined) return fail(tenant, before, { code: stopped });
      if (!outcome.ok) return fail(tenant, before, outcome.error);
      await keep(tenant, request.secrets, outcome.value);
      return success(null);
    } finally {
      cancelTimer();
    }
  };

  /** A failed attempt leaves what was there before as it was; only the reason is added where no live token hides it. */
  const fail = (tenant: Tenant, before: SessionState, error: AppError): Result<never> => {
    const alive =
      before.token !== undefined &&
      (before.phase.kind === 'idle' || before.phase.kind === 'retrying');
    const phase: Phase = alive ? before.phase : phaseAfterFailedSignIn(before, error);
    setPhase(tenant.id, phase);
    return { ok: false, error };
  };

  const renewNow = async (
    tenant: Tenant,
    signal: AbortSignal,
    seen: TokenSet | undefined,
  ): Promise<Result<TokenSet>> => {
    const grant = GRANTS[tenant.grant];
    const before = sessionOf(store.get(), tenant.id);
    const failures = before.phase.kind === 'retrying' ? before.phase.failures : 0;
    setPhase(tenant.id, { kind: 'renewing' });
    const secrets = await readSecrets(tenant.id);
    const stored = secrets.ok ? secrets.value.token : undefined;
    if (seen !== undefined && stored !== undefined && stored.accessToken !== seen.accessToken) {
      setPhase(tenant.id, before.phase);
      return success(stored);
    }
    const outcome = !secrets.ok
      ? secrets
      : grant.canRenew(secrets.value.token)
        ? await grant.renew(world, {
            tenant,
            secrets: secrets.value,
            signal,
            onPage: () => undefined,
          })
        : failure('sign-in-needed');
    if (signal.aborted) {
      setPhase(tenant.id, before.phase);
      return failure('sign-in-cancelled');
    }
    if (secrets.ok && outcome.ok) {
      await keep(tenant, secrets.value, outcome.value);
      return outcome;
    }
    const { error } = outcome as { readonly error: AppError };
    setPhase(tenant.id, phaseAfterFailedRenewal(error, failures + 1, world.clock.now()));
    return { ok: false, error };
  };

  const sessions: Sessions = {
    async load(tenantIds) {
      const { tenants } = store.get();
      const wanted = tenants.filter(({ id }) => tenantIds === undefined || tenantIds.includes(id));
      const loaded = await Promise.all(
        wanted.map(
          async ({ id, grant }) =>
            [id, sessionFrom(await vault.read(id), grant, world.clock.now())] as const,
        ),
      );
      // What began while the vault was being read knows better
      const idle = loaded.filter(([id]) => !attempts.has(id) && !renewals.has(id));
      store.dispatch({ type: 'sessions-loaded', sessions: new Map(idle) });
    },

    signIn(tenantId) {
      const running = attempts.get(tenantId);
      if (running !== undefined) {
        world.userAgent.show(tenantId);
        return running.end;
      }
      const tenant = tenantOf(store.get(), tenantId);
      if (tenant === undefined) return Promise.resolve(failure('tenant-unknown'));
      const controller = new AbortController();
      let reason: Cancelled | undefined;
      const end = exclusive(tenantId, () => attempt(tenant, controller, () => reason)).finally(
        () => {
          attempts.delete(tenantId);
        },
      );
      attempts.set(tenantId, {
        end,
        cancel: (code) => {
          reason ??= code;
          controller.abort();
        },
      });
      return end;
    },

    cancelSignIn(tenantId) {
      attempts.get(tenantId)?.cancel('sign-in-cancelled');
    },

    showSignIn(tenantId) {
      world.userAgent.show(tenantId);
    },

    renew(tenantId, seen) {
      const running = renewals.get(tenantId);
      if (running !== undefined) return running.end;
      // A sign-in may wait for its person for minutes; nobody waits behind it
      if (attempts.has(tenantId)) return Promise.resolve(failure('sign-in-needed'));
      const tenant = tenantOf(store.get(), tenantId);
      if (tenant === undefined) return Promise.resolve(failure('tenant-unknown'));
      const controller = new AbortController();
      const end = exclusive(tenantId, () => renewNow(tenant, controller.signal, seen)).finally(
        () => {
          renewals.delete(tenantId);
        },
      );
      renewals.set(tenantId, {
        end,
        stop: () => {
          controller.abort();
        },
      });
      return end;
    },

    async freshToken(tenantId, minimumMs) {
      const { phase, token: facts } = sessionOf(store.get(), tenantId);
      if (tenantOf(store.get(), tenantId) === undefined) return failure('tenant-unknown');
      // A renewal under way decides what the token is; everybody waits for it
      if (renewals.has(tenantId)) return afterRenewal(tenantId);
      const secrets = await readSecrets(tenantId);
      if (!secrets.ok) return secrets;
      const { token } = secrets.value;
      if (token === undefined) {
        return 'error' in phase ? { ok: false, error: phase.error } : failure('sign-in-needed');
      }
      const renewable = facts?.renewable === true;
      if (validForMs(token) >= requiredValidityMs(factsOf(token, renewable), minimumMs)) {
        return success({ token, renewed: false });
      }
      if (phase.kind === 'sign-in-needed' || phase.kind === 'misconfigured' || !renewable) {
        if (validForMs(token) > 0) return success({ token, renewed: false });
        return 'error' in phase ? { ok: false, error: phase.error } : failure('sign-in-needed');
      }
      return afterRenewal(tenantId, token);
    },

    async signOut(tenantId) {
      const tenant = tenantOf(store.get(), tenantId);
      if (tenant === undefined) return failure('tenant-unknown');
      await sessions.interrupt(tenantId);
      const secrets = await readSecrets(tenantId);
      if (!secrets.ok) return secrets;
      const { token: _ended, ...kept } = secrets.value;
      const written = await exclusive(tenantId, () => vault.write(tenantId, kept));
      if (!written.ok) return written;
      store.dispatch({ type: 'signed-out', tenantId });
      const told = await GRANTS[tenant.grant].revoke(world, {
        tenant,
        secrets: secrets.value,
        signal: new AbortController().signal,
        onPage: () => undefined,
      });
      return success(told.ok ? told.value : 'failed');
    },

    async interrupt(tenantId) {
      attempts.get(tenantId)?.cancel('sign-in-cancelled');
      renewals.get(tenantId)?.stop();
      await exclusive(tenantId, () => Promise.resolve());
    },

    async settle() {
      for (const { cancel } of attempts.values()) cancel('sign-in-cancelled');
      await Promise.allSettled([...renewals.values()].map(({ end }) => end));
    },
  };

  const validForMs = (token: TokenSet): number =>
    (token.expiresAtMs ?? Infinity) - world.clock.now();

  const afterRenewal = async (
    tenantId: string,
    seen?: TokenSet,
  ): Promise<Result<{ readonly token: TokenSet; readonly renewed: boolean }>> => {
    const renewal = await sessions.renew(tenantId, seen);
    if (renewal.ok) return success({ token: renewal.value, renewed: true });
    const secrets = await readSecrets(tenantId);
    const token = secrets.ok ? secrets.value.token : undefined;
    return token !== undefined && validForMs(token) > 0
      ? success({ token, renewed: false })
      : renewal;
  };

  return sessions;
}

type Cancelled = 'sign-in-cancelled' | 'sign-in-timed-out';

function sessionFrom(
  stored: Result<TenantSecrets | undefined>,
  grant: Tenant['grant'],
  nowMs: number,
): SessionState {
  if (!stored.ok) {
    return stored.error.code === 'vault-unreadable'
      ? { phase: { kind: 'sign-in-needed', error: stored.error }, noticed: true }
      : { phase: { kind: 'locked' }, noticed: true };
  }
  const token = stored.value?.token;
  if (token === undefined) return { phase: { kind: 'idle' }, noticed: false };
  const facts = factsOf(token, GRANTS[grant].canRenew(token));
  // What ended while the app was away is seen in the list; a notice for each at every start would be a nuisance
  const endedBefore = !facts.renewable && (facts.expiresAtMs ?? Infinity) <= nowMs;
  return { token: facts, phase: { kind: 'idle' }, noticed: endedBefore };
}

function phaseAfterFailedSignIn(before: SessionState, error: AppError): Phase {
  if (error.code === 'sign-in-cancelled')
    return before.phase.kind === 'signing-in' ? { kind: 'idle' } : before.phase;
  if (error.code === 'keychain-locked') return { kind: 'locked' };
  return severity(error.code) === 'configuration'
    ? { kind: 'misconfigured', error }
    : { kind: 'sign-in-needed', error };
}

function phaseAfterFailedRenewal(error: AppError, failures: number, nowMs: number): Phase {
  if (error.code === 'keychain-locked') return { kind: 'locked' };
  switch (severity(error.code)) {
    case 'terminal':
      return { kind: 'sign-in-needed', error };
    case 'configuration':
      return { kind: 'misconfigured', error };
    case 'transient':
      return {
        kind: 'retrying',
        error,
        failures,
        retryAtMs: nowMs + backOffMs(failures, error.retryAfterMs),
      };
  }
}

const LONGEST_BACK_OFF_MS = 15 * 60_000;

/** Exponential with full jitter, 1 s to 15 min, never earlier than the provider asked for. */
function backOffMs(failures: number, askedMs: number | undefined): number {
  const ceilingMs = Math.min(LONGEST_BACK_OFF_MS, 1000 * 2 ** Math.min(failures, 20));
  const share = (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32;
  return Math.max(1000, Math.round(ceilingMs * share), askedMs ?? 0);
}
