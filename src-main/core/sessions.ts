/** The use cases around a session: sign in, renew, hand out a token, sign out. One at a time for each tenant. */
import { failure, success } from './errors.ts';
import type { AppError, Result } from './errors.ts';
import { createExclusive } from './exclusive.ts';
import { GRANTS, grantOf } from './grants/all-grants.ts';
import type { Grant, GrantRequest, GrantWorld, Revocation } from './grants/grant.ts';
import { isOutage, isOutcomeUnknown, outageAfter } from './outages.ts';
import type { PageFacts, RenewalJournal, Vault } from './ports.ts';
import type { Provider } from './provider.ts';
import type { Revocations } from './revocations.ts';
import { NO_SECRETS, withoutSecrets } from './secrets.ts';
import type { TenantSecrets } from './secrets.ts';
import { phaseAfterFailedRenewal, phaseAfterFailedSignIn, sessionFrom } from './session-phases.ts';
import { factsOf, sessionOf, tenantOf } from './state.ts';
import type { Phase, SessionState, Store } from './state.ts';
import type { HostOf } from './tenant-host.ts';
import type { Tenant } from './tenant.ts';
import { requiredValidityMs } from './timetable.ts';
import type { TokenSet } from './token.ts';
import { createTurnstile } from './turnstile.ts';

const SIGN_IN_TIME_LIMIT_MS = 10 * 60_000;

export interface Sessions {
  /** Reads what the vault holds into the state: for all tenants after an opening of the keychain, or for some. */
  load(tenantIds?: readonly string[]): Promise<void>;
  /** A second call for a tenant joins the attempt under way and shows its window. */
  signIn(tenantId: string): Promise<Result<null>>;
  cancelSignIn(tenantId: string): void;
  showSignIn(tenantId: string): void;
  /** Whether the next token can be had without a person. */
  canRenew(tenantId: string): boolean;
  /**
   * At most one renewal is under way for a tenant, and a few at once in all; all callers share its outcome.
   * @param seen The token the caller found too old: if another one is stored by now, that one is the answer.
   */
  renew(tenantId: string, seen?: TokenSet): Promise<Result<TokenSet>>;
  /** Whether a renewal that nobody waits for may start now. */
  hasRoom(tenantId: string): boolean;
  /**
   * A token that is valid for at least `minimumMs` (or half its life), renewed first where needed. A token that is still
   * alive is handed out when renewal fails; a dead one never.
   */
  freshToken(
    tenantId: string,
    minimumMs: number,
  ): Promise<Result<{ readonly token: TokenSet; readonly renewed: boolean }>>;
  /** The local secrets go first and in any case; then the provider is told, at once or as soon as it can be. */
  signOut(tenantId: string): Promise<Result<Revocation | 'later' | 'failed'>>;
  /**
   * Runs a task while nothing else is under way for the tenant. A sign-in is cancelled; a renewal is waited for, because
   * one that is cut off may have used up its refresh token, or cut off all the same where the token is to go anyway.
   */
  alone<Value>(
    tenantId: string,
    renewal: 'wait' | 'stop',
    task: () => Promise<Result<Value>>,
  ): Promise<Result<Value>>;
  /** Ends what a tenant has open beside its token (a web app's session): it is removed or goes to another address. */
  forget(tenantId: string): void;
  /** Cancels sign-ins and waits for everything else under way: before the app ends. */
  settle(): Promise<void>;
}

export interface SessionsWorld {
  readonly store: Store;
  readonly vault: Vault;
  readonly providers: readonly Provider[];
  readonly hostOf: HostOf;
  readonly journal: RenewalJournal;
  readonly revocations: Revocations;
}

export function createSessions(
  { store, vault, providers, hostOf, journal, revocations }: SessionsWorld,
  world: GrantWorld,
): Sessions {
  const exclusive = createExclusive();
  const turnstile = createTurnstile();
  const attempts = new Map<
    string,
    { readonly cancel: (code: Cancelled) => void; readonly end: Promise<Result<null>> }
  >();
  const renewals = new Map<
    string,
    { readonly stop: () => void; readonly end: Promise<Result<TokenSet>> }
  >();

  /** What has not begun yet does not begin any more. */
  let leaving = false;

  vault.onSaved(() => {
    store.dispatch({ type: 'problem-solved', code: 'vault-not-saved' });
  });

  const show = (tenantId: string): void => {
    for (const place of [world.loginWindow, world.systemBrowser, world.tokenCapture]) {
      place.show(tenantId);
    }
  };

  /** Calls the tenant's grant. One that throws is a mistake of ours; nobody must wait for ever because of it. */
  const callGrant = async <Value>(
    request: Omit<GrantRequest, 'definition' | 'onPage'> & Partial<Pick<GrantRequest, 'onPage'>>,
    call: (grant: Grant, request: GrantRequest) => Promise<Result<Value>>,
  ): Promise<Result<Value>> => {
    const found = grantOf(request.tenant, providers);
    if (found === undefined) return failure('provider-unknown');
    const { grant, definition } = found;
    try {
      const outcome = await call(grant, { onPage: () => undefined, ...request, definition });
      return withoutSecrets(outcome, request.secrets);
    } catch (cause) {
      return failure('internal', { cause });
    }
  };

  /** What the provider would refuse anyway is not sent. */
  const missingSecret = (tenant: Tenant, { fields }: TenantSecrets): Result<null> => {
    const needed = grantOf(tenant, providers)?.definition.fields.find(
      ({ kind, required, name }) => kind === 'secret' && required && !Object.hasOwn(fields, name),
    );
    return needed === undefined
      ? success(null)
      : failure('secret-missing', { subject: needed.label.toLowerCase() });
  };

  const setPhase = (tenantId: string, phase: Phase): void => {
    store.dispatch({ type: 'phase-changed', tenantId, phase });
  };

  const readSecrets = async (tenantId: string): Promise<Result<TenantSecrets>> => {
    const stored = await vault.read(tenantId);
    return stored.ok ? success(stored.value ?? NO_SECRETS) : stored;
  };

  /** What cannot be saved works from memory and is tried again by the vault; the person is told. */
  const writeSecrets = async (tenant: Tenant, secrets: TenantSecrets): Promise<void> => {
    const written = await vault.write(tenant.id, secrets);
    if (written.ok) return;
    const subject = [tenant.name, written.error.subject].filter(Boolean).join(': ');
    store.dispatch({ type: 'problem-found', problem: { ...written.error, subject } });
  };

  /** Durable first: nobody sees the new token before what renews it is safe. */
  const keep = async (tenant: Tenant, secrets: TenantSecrets, token: TokenSet): Promise<void> => {
    await writeSecrets(tenant, { ...secrets, token });
    journal.end(tenant.id);
    const renewable = GRANTS[tenant.grant].canRenew(token);
    store.dispatch({
      type: 'token-received',
      tenantId: tenant.id,
      token: factsOf(token, renewable),
    });
    setOutage(tenant, null);
  };

  const setOutage = (tenant: Tenant, error: AppError | null): void => {
    const host = hostOf(tenant);
    const before = store.get().outages.get(host);
    if (error === null && before === undefined) return;
    const outage = error === null ? null : outageAfter(before, error, world.clock.now());
    store.dispatch({ type: 'outage-changed', host, outage });
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
      const stored = secrets.ok ? secrets.value : NO_SECRETS;
      const request = {
        tenant,
        secrets: stored,
        signal,
        onPage: (page: PageFacts) => {
          if (!signal.aborted) setPhase(tenant.id, { kind: 'signing-in', page });
        },
      };
      const complete = missingSecret(tenant, stored);
      if (!complete.ok) return fail(tenant, before, complete.error);
      const outcome = await callGrant(request, (grant, full) => grant.signIn(world, full));
      const stopped = why();
      if (stopped !== undefined) return fail(tenant, before, { code: stopped });
      if (!outcome.ok) return fail(tenant, before, outcome.error);
      await keep(tenant, stored, outcome.value);
      endReplaced(tenant, stored, outcome.value, 'sign-in');
      return success(null);
    } finally {
      cancelTimer();
    }
  };

  /** Ends the token of before, where it would be left over. Nobody waits for it, and failing at it is no failure. */
  const endReplaced = (
    tenant: Tenant,
    before: TenantSecrets,
    token: TokenSet,
    occasion: 'sign-in' | 'renewal',
  ): void => {
    if (before.token === undefined || before.token.accessToken === token.accessToken) return;
    const { signal } = new AbortController();
    void callGrant({ tenant, secrets: before, signal }, (grant, request) =>
      grant.endsReplaced(request, occasion)
        ? grant.revoke(world, request)
        : Promise.resolve(success('not-offered')),
    );
  };

  /** A failed attempt leaves what was there before as it was; only the reason is added where no live token hides it. */
  const fail = (tenant: Tenant, before: SessionState, error: AppError): Result<never> => {
    const alive =
      before.token !== undefined &&
      (before.phase.kind === 'idle' || before.phase.kind === 'retrying');
    const phase: Phase = alive ? before.phase : phaseAfterFailedSignIn(before, error);
    store.dispatch({ type: 'phase-changed', tenantId: tenant.id, phase, because: error });
    return { ok: false, error };
  };

  const renewNow = async (
    tenant: Tenant,
    signal: AbortSignal,
    seen: TokenSet | undefined,
  ): Promise<Result<TokenSet>> => {
    const grant = GRANTS[tenant.grant];
    const before = sessionOf(store.get(), tenant.id);
    setPhase(tenant.id, { kind: 'renewing' });
    const secrets = await readSecrets(tenant.id);
    const stored = secrets.ok ? secrets.value.token : undefined;
    if (seen !== undefined && stored !== undefined && stored.accessToken !== seen.accessToken) {
      setPhase(tenant.id, before.phase);
      return success(stored);
    }
    if (
      secrets.ok &&
      stored === undefined &&
      before.token === undefined &&
      before.phase.kind === 'idle'
    ) {
      // Signed out while this waited for its turn: nothing is wrong
      setPhase(tenant.id, before.phase);
      return failure('sign-in-needed');
    }
    const outcome = !secrets.ok
      ? secrets
      : grant.canRenew(secrets.value.token)
        ? await askForNext(tenant, secrets.value, signal)
        : failure('sign-in-needed');
    if (outcome.ok) return outcome;
    if (signal.aborted) {
      setPhase(tenant.id, before.phase);
      return failure('sign-in-cancelled');
    }
    const error = before.outcomeUnknown === true ? asLost(outcome.error) : outcome.error;
    // Before the phase, so that nobody else starts for this host in between
    if (secrets.ok) setOutage(tenant, isOutage(error.code) ? error : null);
    const retrying = before.phase.kind === 'retrying' ? before.phase : undefined;
    setPhase(tenant.id, phaseAfterFailedRenewal(error, retrying, world.clock.now()));
    return { ok: false, error };
  };

  /** Noted before it is sent, so that after a crash nobody takes "unknown" for "never sent". */
  const askForNext = async (
    tenant: Tenant,
    secrets: TenantSecrets,
    signal: AbortSignal,
  ): Promise<Result<TokenSet>> => {
    await journal.begin(tenant.id);
    const outcome = await callGrant({ tenant, secrets, signal }, (own, request) =>
      own.renew(world, request),
    );
    if (outcome.ok) {
      // Kept even when nobody wants it any more: the refresh token of before is used up
      await keep(tenant, secrets, outcome.value);
      endReplaced(tenant, secrets, outcome.value, 'renewal');
    }
    if (!outcome.ok && !isOutcomeUnknown(outcome.error)) journal.end(tenant.id);
    if (outcome.ok || outcome.error.code !== 'grant-refused') return outcome;
    const now = await readSecrets(tenant.id);
    const isOther =
      now.ok &&
      now.value.token !== undefined &&
      now.value.token.refreshToken !== secrets.token?.refreshToken;
    return isOther ? askForNext(tenant, now.value, signal) : outcome;
  };

  const sessions: Sessions = {
    async load(tenantIds) {
      const { tenants } = store.get();
      const wanted = tenants.filter(({ id }) => tenantIds === undefined || tenantIds.includes(id));
      const known = new Map(wanted.map(({ id }) => [id, sessionOf(store.get(), id)]));
      const interrupted = await journal.interrupted();
      const read = await Promise.all(
        wanted.map(async (tenant) => [tenant, await vault.read(tenant.id)] as const),
      );
      const newestMs = Math.max(
        0,
        ...read.map(([, stored]) => (stored.ok ? (stored.value?.token?.issuedAtMs ?? 0) : 0)),
      );
      const loaded = read.map(([{ id, grant }, stored]) => {
        const earlier = { interrupted: interrupted.has(id), newestMs };
        return [id, sessionFrom(stored, grant, world.clock.now(), earlier)] as const;
      });
      // What has changed while the vault was being read knows better
      const unchanged = loaded.filter(([id]) => {
        const { phase, token } = sessionOf(store.get(), id);
        const isBusy = phase.kind === 'renewing' || phase.kind === 'signing-in';
        return !isBusy && phase === known.get(id)?.phase && token === known.get(id)?.token;
      });
      store.dispatch({ type: 'sessions-loaded', sessions: new Map(unchanged) });
    },

    signIn(tenantId) {
      const running = attempts.get(tenantId);
      if (running !== undefined) {
        show(tenantId);
        return running.end;
      }
      const controller = new AbortController();
      let reason: Cancelled | undefined;
      const end = exclusive(tenantId, async () => {
        const tenant = tenantOf(store.get(), tenantId);
        return tenant === undefined
          ? failure('tenant-unknown')
          : attempt(tenant, controller, () => reason);
      }).finally(() => {
        attempts.delete(tenantId);
      });
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

    showSignIn: show,

    canRenew(tenantId) {
      return sessionOf(store.get(), tenantId).token?.renewable === true;
    },

    renew(tenantId, seen) {
      const running = renewals.get(tenantId);
      if (running !== undefined) return running.end;
      // A sign-in may wait for its person for minutes; nobody waits behind it
      if (attempts.has(tenantId)) return Promise.resolve(failure('sign-in-needed'));
      const known = tenantOf(store.get(), tenantId);
      if (known === undefined) return Promise.resolve(failure('tenant-unknown'));
      const controller = new AbortController();
      const inTurn = (): Promise<Result<TokenSet>> =>
        exclusive(tenantId, async () => {
          // As it is when its turn has come: it may have been edited or removed meanwhile
          const tenant = tenantOf(store.get(), tenantId);
          if (tenant === undefined) return failure('tenant-unknown');
          return controller.signal.aborted || leaving
            ? failure('sign-in-cancelled')
            : renewNow(tenant, controller.signal, seen);
        });
      const end = turnstile.pass(hostOf(known), inTurn).finally(() => {
        renewals.delete(tenantId);
      });
      renewals.set(tenantId, {
        end,
        stop: () => {
          controller.abort();
        },
      });
      return end;
    },

    hasRoom(tenantId) {
      const tenant = tenantOf(store.get(), tenantId);
      return tenant !== undefined && turnstile.hasRoomAside(hostOf(tenant));
    },

    async freshToken(tenantId, minimumMs) {
      const tenant = tenantOf(store.get(), tenantId);
      if (tenant === undefined) return failure('tenant-unknown');
      // A renewal under way decides what the token is; everybody waits for it
      if (renewals.has(tenantId)) return afterRenewal(tenantId);
      const secrets = await readSecrets(tenantId);
      if (!secrets.ok) return secrets;
      const { token } = secrets.value;
      const { phase, token: known } = sessionOf(store.get(), tenantId);
      if (token === undefined) {
        return 'error' in phase ? { ok: false, error: phase.error } : failure('sign-in-needed');
      }
      const renewable = GRANTS[tenant.grant].canRenew(token);
      // The state knows when a clock that was set back makes the age of a token unknown
      const facts = known ?? factsOf(token, renewable);
      if (validForMs(facts) >= requiredValidityMs(facts, minimumMs)) {
        return success({ token, renewed: false });
      }
      const mustWait =
        phase.kind === 'retrying' &&
        phase.error.retryAfterMs !== undefined &&
        world.clock.now() < phase.retryAtMs;
      const isStuck = phase.kind === 'sign-in-needed' || phase.kind === 'misconfigured';
      if (isStuck || mustWait || !renewable) {
        if (validForMs(facts) > 0) return success({ token, renewed: false });
        return 'error' in phase ? { ok: false, error: phase.error } : failure('sign-in-needed');
      }
      return afterRenewal(tenantId, token);
    },

    async signOut(tenantId) {
      const tenant = tenantOf(store.get(), tenantId);
      if (tenant === undefined) return failure('tenant-unknown');
      const removed = await sessions.alone(tenantId, 'stop', async () => {
        const before = await readSecrets(tenantId);
        if (!before.ok) return before;
        const { token: _ended, ...kept } = before.value;
        await writeSecrets(tenant, kept);
        journal.end(tenantId);
        store.dispatch({ type: 'signed-out', tenantId });
        return before;
      });
      if (!removed.ok) return removed;
      const told = await revocations.tell(tenantId, (signal) =>
        callGrant({ tenant, secrets: removed.value, signal }, (grant, request) => {
          // At a provider with one grant for both, telling it late would end the sign-in that has come since
          const isSignedIn = sessionOf(store.get(), tenantId).token !== undefined;
          return isSignedIn && !grant.endsReplaced(request, 'sign-in')
            ? Promise.resolve(success('not-offered'))
            : grant.revoke(world, request);
        }),
      );
      return success(told.ok ? told.value : 'failed');
    },

    alone(tenantId, renewal, task) {
      attempts.get(tenantId)?.cancel('sign-in-cancelled');
      if (renewal === 'stop') renewals.get(tenantId)?.stop();
      return exclusive(tenantId, task);
    },

    forget(tenantId) {
      journal.end(tenantId);
      world.tokenCapture.forget(tenantId);
    },

    async settle() {
      leaving = true;
      for (const { cancel } of attempts.values()) cancel('sign-in-cancelled');
      await exclusive.settled();
    },
  };

  const validForMs = ({ expiresAtMs }: Pick<TokenSet, 'expiresAtMs'>): number =>
    (expiresAtMs ?? Infinity) - world.clock.now();

  const afterRenewal = async (
    tenantId: string,
    seen?: TokenSet,
  ): Promise<Result<{ readonly token: TokenSet; readonly renewed: boolean }>> => {
    const renewal = await sessions.renew(tenantId, seen);
    if (renewal.ok && validForMs(renewal.value) > 0) {
      return success({ token: renewal.value, renewed: true });
    }
    const secrets = await readSecrets(tenantId);
    const token = secrets.ok ? secrets.value.token : undefined;
    const facts = sessionOf(store.get(), tenantId).token ?? token;
    return token !== undefined && facts !== undefined && validForMs(facts) > 0
      ? success({ token, renewed: false })
      : renewal.ok
        ? failure('token-answer-invalid', { subject: 'the new token had ended when it arrived' })
        : renewal;
  };

  return sessions;
}

/** Of a renewal before which another one was lost. */
function asLost(error: AppError): AppError {
  return error.code === 'grant-refused' ? { ...error, code: 'renewal-lost' } : error;
}

type Cancelled = 'sign-in-cancelled' | 'sign-in-timed-out';
