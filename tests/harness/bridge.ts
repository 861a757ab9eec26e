/** Calls the commands of the app from its own page, as the page's scripts do: for what a click cannot do, or not fast enough. */
import type { Page } from 'playwright';
import type {
  Answer,
  Bridge,
  CommandName,
  Commands,
  Snapshot,
  TenantDraft,
} from '../../src-main/contract/ipc.ts';
import type { AuthorizationServer } from '../emulators/authorization-server.ts';
import { enterLogin } from './bearer-tray.ts';
import type { BearerTray } from './bearer-tray.ts';
import { poll } from './waiting.ts';

/** The window of a page of ours, as far as it matters here. */
export interface PageWithBridge {
  readonly bridge: Bridge;
}

export function ask<Name extends CommandName>(
  page: Page,
  name: Name,
  ...args: Commands[Name]['args']
): Promise<Answer<Commands[Name]['value']>> {
  return page.evaluate(
    ([command, values]) => {
      const { bridge } = globalThis as unknown as PageWithBridge;
      const call = bridge[command] as (...given: readonly unknown[]) => Promise<unknown>;
      return call(...values);
    },
    [name, args] as const,
  ) as Promise<Answer<Commands[Name]['value']>>;
}

/** The value of the answer; fails with the error that the person would see. */
export async function demand<Name extends CommandName>(
  page: Page,
  name: Name,
  ...args: Commands[Name]['args']
): Promise<Commands[Name]['value']> {
  const answer = await ask(page, name, ...args);
  if (!answer.ok) throw new Error(`${name}: ${JSON.stringify(answer.error)}`);
  return answer.value;
}

/** Waits until the state that pages are told fulfils the condition. */
export function waitForSnapshot(
  page: Page,
  what: string,
  condition: (snapshot: Snapshot) => boolean,
  timeLimitMs = 10_000,
): Promise<Snapshot> {
  return poll(what, timeLimitMs, async () => {
    const snapshot = await demand(page, 'getSnapshot');
    return condition(snapshot) ? snapshot : undefined;
  });
}

/** Signs in at the authorization server with no more clicks than its own pages need. */
export async function signInByBridge(
  tray: BearerTray,
  page: Page,
  tenantId: string,
  server: Pick<AuthorizationServer, 'issuer'>,
  login = 'ada',
): Promise<void> {
  const signedIn = demand(page, 'signIn', tenantId);
  const loginPage = await tray.app.waitForPage((url) => url.startsWith(server.issuer));
  await Promise.all([signedIn, enterLogin(loginPage, login)]);
}

/** A new tenant for `saveTenant`; the rest can be laid over it. */
export function draft(
  change: Partial<TenantDraft> & Pick<TenantDraft, 'name' | 'grant' | 'values'>,
): TenantDraft {
  return {
    providerId: 'oidc',
    colour: '#2563eb',
    secrets: {},
    storedSecrets: [],
    notice: 'default',
    ...change,
  };
}
