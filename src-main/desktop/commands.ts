/** Every command of the contract: how its arguments are read, and which use case it calls. */
import type { Answer, CommandName, Commands, CopyReport } from '../contract/ipc.ts';
import type { Activity } from '../core/activity.ts';
import type { CallTenant } from '../core/calling.ts';
import { COPY_FORMATS } from '../core/copy-formats.ts';
import type { Copying } from '../core/copying.ts';
import { diagnosticsText } from '../core/diagnostics.ts';
import type { InstallationFacts } from '../core/diagnostics.ts';
import { failure, success } from '../core/errors.ts';
import type { Result } from '../core/errors.ts';
import type { Clock, OpenPage } from '../core/ports.ts';
import type { Provider } from '../core/provider.ts';
import type { Sessions } from '../core/sessions.ts';
import { readSettingsPatch } from '../core/settings.ts';
import { sessionOf, tenantOf } from '../core/state.ts';
import type { Store } from '../core/state.ts';
import type { HostOf } from '../core/tenant-host.ts';
import { readTenantDraft } from '../core/tenant.ts';
import type { TenantDraft } from '../core/tenant.ts';
import type { Tenants } from '../core/tenants.ts';
import type { TestDraft } from '../core/trial.ts';
import { activityEntry, errorView, providerForms, snapshotOf } from './view.ts';

export interface CommandWorld {
  readonly store: Store;
  readonly providers: readonly Provider[];
  readonly hostOf: HostOf;
  readonly clock: Clock;
  readonly activity: Activity;
  readonly installation: () => InstallationFacts;
  readonly sessions: Sessions;
  readonly tenants: Tenants;
  readonly copying: Copying;
  readonly callTenant: CallTenant;
  readonly testDraft: TestDraft;
  readonly openPage: OpenPage;
  readonly openKeychain: () => Promise<void>;
  readonly showPopover: () => void;
  readonly hidePopover: () => void;
  readonly quit: () => void;
}

/** Takes arguments as they come from a page; answers with data, never by throwing. */
export type RunCommand = (args: readonly unknown[]) => Promise<Answer<unknown>>;

export function createCommands(world: CommandWorld): Readonly<Record<CommandName, RunCommand>> {
  const { store, sessions, tenants, copying } = world;

  const answer = (
    result: Result<unknown>,
    tenantId?: string,
    draftName?: string,
  ): Answer<unknown> => {
    if (result.ok) return result;
    const name =
      draftName ??
      (tenantId === undefined ? null : (tenantOf(store.get(), tenantId)?.name ?? null));
    return { ok: false, error: errorView(result.error, name) };
  };

  /** A command about one tenant: its id is the only argument. */
  const forTenant =
    <Name extends CommandName>(
      run: (
        tenantId: string,
      ) => Result<Commands[Name]['value']> | Promise<Result<Commands[Name]['value']>>,
    ): RunCommand =>
    async ([tenantId]) =>
      typeof tenantId === 'string'
        ? answer(await run(tenantId), tenantId)
        : answer(failure('tenant-unknown'));

  /** A command about what a form holds. */
  const withDraft =
    (run: (draft: TenantDraft) => Promise<Result<unknown>>): RunCommand =>
    async ([data]) => {
      const draft = readTenantDraft(data);
      if (draft === undefined) return answer(failure('input-invalid'));
      const name = draft.name.trim() === '' ? 'New tenant' : draft.name;
      return answer(await run(draft), draft.id, name);
    };

  /** As the computer's clock counts it; see `snapshotOf`. */
  const shown = (copied: Result<CopyReport>): Result<CopyReport> => {
    if (!copied.ok || copied.value.expiresAtMs === null) return copied;
    const expiresAtMs = copied.value.expiresAtMs + store.get().wallAheadMs;
    return success({ ...copied.value, expiresAtMs });
  };

  const done =
    (act: () => void): RunCommand =>
    () => {
      act();
      return Promise.resolve({ ok: true, value: null });
    };

  return {
    getSnapshot: () =>
      Promise.resolve({ ok: true, value: snapshotOf(store.get(), world.providers, world.hostOf) }),
    listProviders: () => Promise.resolve({ ok: true, value: providerForms(world.providers) }),
    readTenant: forTenant<'readTenant'>((tenantId) => tenants.read(tenantId)),
    saveTenant: withDraft((draft) => tenants.save(draft)),
    removeTenant: forTenant<'removeTenant'>((tenantId) => tenants.remove(tenantId)),
    activateTenant: forTenant<'activateTenant'>((tenantId) => tenants.activate(tenantId)),
    signIn: forTenant<'signIn'>(async (tenantId) => {
      const signedIn = await sessions.signIn(tenantId);
      // It was asked for in the popover, which the login window has hidden
      world.showPopover();
      return signedIn;
    }),
    cancelSignIn: forTenant<'cancelSignIn'>((tenantId) => {
      sessions.cancelSignIn(tenantId);
      return success(null);
    }),
    showSignIn: forTenant<'showSignIn'>((tenantId) => {
      sessions.showSignIn(tenantId);
      return success(null);
    }),
    signOut: forTenant<'signOut'>(async (tenantId) => {
      const revoked = await sessions.signOut(tenantId);
      return revoked.ok ? success({ revoked: revoked.value }) : revoked;
    }),
    renew: forTenant<'renew'>(async (tenantId) => {
      const renewed = await sessions.renew(tenantId);
      return renewed.ok ? success(null) : renewed;
    }),
    copyToken: forTenant<'copyToken'>(async (tenantId) => shown(await copying.copyToken(tenantId))),
    copyTokenAs: async ([tenantId, format]) => {
      const known = COPY_FORMATS.find(({ id }) => id === format);
      return typeof tenantId !== 'string' || known === undefined
        ? answer(failure('input-invalid'))
        : answer(shown(await copying.copyToken(tenantId, known.id)), tenantId);
    },
    listCopyFormats: () => Promise.resolve({ ok: true, value: COPY_FORMATS }),
    callProbe: forTenant<'callProbe'>(async (tenantId) => {
      const called = await world.callTenant(tenantId);
      if (!called.ok) return called;
      const { method, url, status, durationMs, accepted, body } = called.value;
      return success({ method, url, status, durationMs, accepted, body });
    }),
    testTenant: withDraft(async (draft) => {
      const tested = await world.testDraft(draft);
      return tested.ok ? success({ message: tested.value }) : tested;
    }),
    addAnotherAccount: async ([tenantId, account]) => {
      if (typeof tenantId !== 'string' || typeof account !== 'string') {
        return answer(failure('input-invalid'));
      }
      const added = await tenants.addAnotherAccount(tenantId, account);
      if (added.ok) void sessions.signIn(added.value);
      return answer(added, tenantId);
    },
    openProviderPage: async ([providerId, grant, field]) => {
      const provider = world.providers.find(({ id }) => id === providerId);
      const fields = provider?.grants.find(({ kind }) => kind === grant)?.fields;
      const page =
        field === null ? provider?.documentation : fields?.find(({ name }) => name === field)?.link;
      return page === undefined
        ? answer(failure('input-invalid'))
        : answer(await world.openPage(new URL(page)));
    },
    copyError: forTenant<'copyError'>((tenantId) => {
      const { phase } = sessionOf(store.get(), tenantId);
      const tenant = tenantOf(store.get(), tenantId);
      const outage =
        tenant === undefined ? undefined : store.get().outages.get(world.hostOf(tenant));
      const error = 'error' in phase ? phase.error : outage?.error;
      if (error === undefined) return success(null);
      const { message, nextStep, detail, code } = errorView(error, tenant?.name ?? null);
      return copying.copyText([message, detail, nextStep, `(${code})`].filter(Boolean).join('\n'));
    }),
    readActivity: ([tenantId]) => {
      const tenant = typeof tenantId === 'string' ? tenantOf(store.get(), tenantId) : undefined;
      if (typeof tenantId === 'string' && tenant === undefined) {
        return Promise.resolve(answer(failure('tenant-unknown')));
      }
      const deeds =
        tenant === undefined
          ? world.activity.read(null)
          : world.activity.read(tenant.id, world.hostOf(tenant));
      return Promise.resolve({
        ok: true,
        value: deeds.map((deed) => activityEntry(store.get(), deed)),
      });
    },
    copyDiagnostics: async () => {
      const text = diagnosticsText({
        state: store.get(),
        deeds: world.activity.read(null),
        providers: world.providers,
        hostOf: world.hostOf,
        installation: world.installation(),
        nowMs: world.clock.now(),
      });
      return answer(await copying.copyText(text));
    },
    saveSettings: ([data]) => {
      const patch = readSettingsPatch(data);
      return Promise.resolve(
        answer(patch === undefined ? failure('input-invalid') : tenants.changeSettings(patch)),
      );
    },
    retryKeychain: async () => {
      await world.openKeychain();
      return { ok: true, value: null };
    },
    hidePopover: done(world.hidePopover),
    quit: done(world.quit),
  };
}
