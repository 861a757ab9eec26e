/**
 * A profile whose tenants hold tokens that live for hours, and the running app as it is asked for
 * them: what keyring, disk and files may do to it, none of these tokens may get lost.
 */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Page } from 'playwright';
import type { Snapshot, TenantRow } from '../../../src-main/contract/ipc.ts';
import type { SignIn } from '../../emulators/rotating-server.ts';
import type { SourceApp } from '../../harness/app.ts';
import { launchBearerTray } from '../../harness/bearer-tray.ts';
import type { BearerTray, SeedTenant } from '../../harness/bearer-tray.ts';
import { ask, demand, waitForSnapshot } from '../../harness/bridge.ts';
import type { Desktop } from '../../harness/desktop.ts';
import { poll } from '../../harness/waiting.ts';
import { makeProfile, tenantAt } from '../profile.ts';
import type { Profile } from '../profile.ts';

const LIFE_MS = 12 * 3600_000;

/** Nobody listens there. */
const NOWHERE = 'http://127.0.0.1:9/token';

export interface KeptTenant {
  readonly id: string;
  readonly name: string;
  /** Its access token as it was when the profile was made. */
  readonly token: string;
}

export interface KeptProfile extends Profile {
  readonly tenants: readonly KeptTenant[];
}

export interface KeptProfileOptions {
  readonly names: readonly string[];
  /** Where the tokens are renewed. Default: nowhere. */
  readonly tokenEndpoint?: string;
  readonly signIn?: (tenantId: string) => SignIn;
}

/** The app is not running when it resolves. */
export async function makeKeptProfile(
  desktop: Desktop,
  { names, tokenEndpoint = NOWHERE, signIn = madeUp }: KeptProfileOptions,
): Promise<KeptProfile> {
  const tenants = names.map((name) => tenantAt(tokenEndpoint, name));
  const profile = await makeProfile(desktop, tenants);
  return { ...profile, tenants: await fill(profile, tenants, signIn) };
}

function fill(
  profile: Profile,
  tenants: readonly SeedTenant[],
  signIn: (tenantId: string) => SignIn,
): Promise<readonly KeptTenant[]> {
  return profile.withVault(async (vault) => {
    const kept: KeptTenant[] = [];
    for (const { id, name } of tenants) {
      const { accessToken, refreshToken } = signIn(id);
      const issuedAtMs = Date.now() - 60_000;
      const token = { accessToken, refreshToken, issuedAtMs, expiresAtMs: issuedAtMs + LIFE_MS };
      const written = await vault.write(id, { fields: {}, token });
      if (!written.ok) throw new Error(`${name} could not be signed in`);
      kept.push({ id, name, token: accessToken });
    }
    return kept;
  });
}

function madeUp(): SignIn {
  return {
    accessToken: `access-${crypto.randomUUID()}`,
    refreshToken: `refresh-${crypto.randomUUID()}`,
  };
}

/** The app under a fault, with the page of its popover. */
export interface AskedApp {
  readonly tray: BearerTray<SourceApp>;
  readonly page: Page;
  /** From the start of the process to its icon in the tray. */
  readonly startMs: number;
}

/** Starts the app, hands it over, and ends it whatever comes. */
export async function withApp<Value>(
  desktop: Desktop,
  userDataDir: string,
  use: (app: AskedApp) => Promise<Value>,
): Promise<Value> {
  const startedAtMs = Date.now();
  const tray = await launchBearerTray(desktop, { userDataDir });
  const startMs = Date.now() - startedAtMs;
  try {
    return await use({ tray, page: await tray.popover(), startMs });
  } finally {
    await tray.app.close().catch(() => undefined);
  }
}

const START_WITHIN_MS = 3000;

/**
 * What is wrong with a start that took so long: more than 3 s, on a busy computer more than twice as
 * long as one that nothing disturbs takes there now.
 */
export async function lateStart(
  desktop: Desktop,
  { userDataDir }: KeptProfile,
  startMs: number,
): Promise<readonly string[]> {
  if (startMs <= START_WITHIN_MS) return [];
  const ordinaryMs = await withApp(desktop, userDataDir, async (app) => app.startMs);
  const isLate = startMs > Math.max(START_WITHIN_MS, 2 * ordinaryMs);
  return isLate ? [`the icon came after ${startMs} ms, undisturbed after ${ordinaryMs} ms`] : [];
}

export function rowOf({ tenants }: Snapshot, tenantId: string): TenantRow | undefined {
  return tenants.find(({ id }) => id === tenantId);
}

/** What Copy puts on the clipboard for the tenant; undefined when it refuses. */
export async function copiedToken(
  { tray, page }: AskedApp,
  tenantId: string,
): Promise<string | undefined> {
  const { clipboard } = tray.desktop;
  await clipboard.writeText('before the copy');
  const answer = await ask(page, 'copyToken', tenantId);
  if (!answer.ok) return undefined;
  return poll('a token on the clipboard', 5000, async () => {
    const text = await clipboard.readText();
    return text !== 'before the copy' && text;
  });
}

/** Throws with the names of those whose token is not what it was. */
export async function demandTokens(app: AskedApp, tenants: readonly KeptTenant[]): Promise<void> {
  const lost: string[] = [];
  for (const { id, name, token } of tenants) {
    const copied = await copiedToken(app, id);
    if (copied !== token) lost.push(`${name} gives ${copied === undefined ? 'none' : 'another'}`);
  }
  if (lost.length > 0) throw new Error(`token: ${lost.join(', ')}`);
}

/** Waits until the vault is known to be open or closed. */
export function settledKeychain(page: Page, timeLimitMs = 10_000): Promise<Snapshot> {
  return waitForSnapshot(
    page,
    'the keychain to answer',
    ({ keychain }) => keychain.state !== 'opening',
    timeLimitMs,
  );
}

/** Waits until every tenant has its token again, by itself. */
export async function allFresh(page: Page, timeLimitMs: number): Promise<void> {
  await waitForSnapshot(
    page,
    'all tenants to have their token',
    ({ tenants }) => tenants.every(({ status }) => status.kind === 'fresh'),
    timeLimitMs,
  ).catch(async () => {
    const { keychain, tenants } = await demand(page, 'getSnapshot');
    const kinds = tenants.map(({ status }) => status.kind).join(', ');
    throw new Error(
      `after ${timeLimitMs} ms the keychain is ${keychain.state} and tenants are ${kinds}`,
    );
  });
}

/** Path → digest of what is ours in a profile; a link or a folder by its kind. */
export function filesOf(userDataDir: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const look = (path: string): void => {
    const facts = lstatSync(path, { throwIfNoEntry: false });
    if (facts === undefined) return;
    const name = relative(userDataDir, path);
    if (facts.isDirectory()) {
      for (const entry of readdirSync(path)) look(join(path, entry));
    } else found.set(name, facts.isFile() ? digestOf(readFileSync(path)) : 'no file');
  };
  for (const name of readdirSync(userDataDir)) {
    if (/^(settings\.json|renewals\.journal|vault)/.test(name)) look(join(userDataDir, name));
  }
  return found;
}

export function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Which process holds the vault's folder: changes with each start. */
const OF_THE_RUN = join('vault', 'owner');

/** Throws with the names of files that are not as they were. */
export function demandSameFiles(userDataDir: string, before: ReadonlyMap<string, string>): void {
  const now = filesOf(userDataDir);
  const changed = [...new Set([...before.keys(), ...now.keys()])].filter(
    (path) => path !== OF_THE_RUN && before.get(path) !== now.get(path),
  );
  if (changed.length > 0) throw new Error(`changed: ${changed.map(shortPath).join(', ')}`);
}

/** Without the random part of a record's name, so that equal failures are told once. */
export function shortPath(path: string): string {
  return path.replace(/[\da-f]{8}-[\da-f-]{27}/g, '…').replace(/\d{10,}/g, '…');
}
