/**
 * A profile with tenants that are signed in: configured, and their secrets put into the vault that
 * the app itself has made, by the app's own code and with the key that lies in the keyring.
 */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import dbus from 'dbus-next';
import type { Keychain } from '../../src-main/adapters/vault/keychain.ts';
import { createVault } from '../../src-main/adapters/vault/vault.ts';
import type { VaultOnDisk } from '../../src-main/adapters/vault/vault.ts';
import type { Clock, Vault } from '../../src-main/core/ports.ts';
import type { TokenSet } from '../../src-main/core/token.ts';
import type { SignIn } from '../emulators/rotating-server.ts';
import { seedProfile } from '../harness/bearer-tray.ts';
import type { SeedTenant } from '../harness/bearer-tray.ts';
import { callBus, connectBus } from '../harness/desktop-bus.ts';
import type { Desktop } from '../harness/desktop.ts';
import { poll } from '../harness/waiting.ts';
import { startApp } from './app-process.ts';

/** The bench lives for minutes and sleeps never. */
const CLOCK: Clock = {
  now: () => Date.now(),
  wallNow: () => Date.now(),
  setTimer: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

const HOUR_MS = 3600_000;
const START_LIMIT_MS = 20_000;

/** A tenant that renews at this token endpoint; its client id is its id. */
export function tenantAt(tokenEndpoint: string, name: string): SeedTenant {
  const id = crypto.randomUUID();
  return {
    id,
    providerId: 'oauth2',
    grant: 'authorization-code',
    name,
    colour: '#2563eb',
    values: {
      authorizationEndpoint: `${tokenEndpoint}/authorize`,
      tokenEndpoint,
      clientId: id,
      redirectUri: 'https://localhost/callback',
      scopes: 'offline_access',
    },
    notice: 'default',
  };
}

/** A token that ended a while ago and can be renewed. */
export function endedToken({ accessToken, refreshToken }: SignIn): TokenSet {
  const nowMs = Date.now();
  return {
    accessToken,
    refreshToken,
    scope: 'offline_access',
    issuedAtMs: nowMs - HOUR_MS,
    expiresAtMs: nowMs - HOUR_MS / 2,
  };
}

export interface Profile {
  readonly userDataDir: string;
  /** The vault, opened anew. The app must not be running; before it is started, `release`. */
  openVault(): Promise<VaultOnDisk>;
  /** A copy of the vault, for the time of one task: what a kill has left stays as it is. */
  lookInside<Value>(task: (vault: Vault) => Promise<Value>): Promise<Value>;
  /** The vault itself for the time of one task. */
  withVault<Value>(task: (vault: Vault) => Promise<Value>): Promise<Value>;
}

/** Lets the app make the profile with its vault, and ends it again. */
export async function makeProfile(
  desktop: Desktop,
  tenants: readonly SeedTenant[],
): Promise<Profile> {
  const userDataDir = mkdtempSync(join(desktop.directory, 'faults-'));
  seedProfile(userDataDir, tenants);
  const directory = join(userDataDir, 'vault');
  const storeFile = join(directory, 'store.json');
  const app = startApp(desktop, userDataDir);
  await poll('the app to make its vault', START_LIMIT_MS, () => existsSync(storeFile));
  app.terminate();
  await app.exited;
  const { storeId } = JSON.parse(readFileSync(storeFile, 'utf8')) as { readonly storeId: string };
  const key = await keyInKeyring(desktop, storeId);
  const keychain: Keychain = {
    get: async () => ({ ok: true, value: key }),
    set: async () => ({ ok: false, reason: 'the fault bench changes no keyring' }),
    delete: async () => ({ ok: false, reason: 'the fault bench changes no keyring' }),
    release: () => undefined,
  };
  const openVault = async (at = directory) => {
    const vault = createVault(at, keychain, CLOCK);
    const state = await vault.open();
    if (state !== 'open')
      throw new Error(`the vault is ${state}: ${JSON.stringify(vault.trouble())}`);
    return vault;
  };
  return {
    userDataDir,
    openVault: () => openVault(),
    async lookInside(task) {
      const copy = join(userDataDir, 'vault-copy');
      cpSync(directory, copy, { recursive: true });
      try {
        return await task(await openVault(copy));
      } finally {
        rmSync(copy, { recursive: true });
      }
    },
    async withVault(task) {
      const vault = await openVault();
      try {
        return await task(vault);
      } finally {
        await vault.release();
      }
    },
  };
}

/** Signs tenants in as if each had a token that has ended. The app must not be running. */
export async function signInAll(
  vault: Vault,
  tenants: readonly SeedTenant[],
  signIn: (tenant: SeedTenant) => SignIn,
): Promise<void> {
  for (const tenant of tenants) {
    const token = endedToken(signIn(tenant));
    const written = await vault.write(tenant.id, { fields: {}, token });
    if (!written.ok) throw new Error(`${tenant.name} could not be signed in`);
  }
}

/** https://specifications.freedesktop.org/secret-service-spec/latest/ */
async function keyInKeyring(desktop: Desktop, account: string): Promise<string> {
  const bus = await connectBus(desktop.env.DBUS_SESSION_BUS_ADDRESS);
  const ask = (member: string, signature: string, body: readonly unknown[]) =>
    callBus(bus, {
      destination: 'org.freedesktop.secrets',
      path: '/org/freedesktop/secrets',
      interface: 'org.freedesktop.Secret.Service',
      member,
      signature,
      body,
    });
  try {
    const [items] = await ask('SearchItems', 'a{ss}', [{ account }]);
    const [path = ''] = items as readonly string[];
    const [, session] = await ask('OpenSession', 'sv', ['plain', new dbus.Variant('s', '')]);
    const [secrets] = await ask('GetSecrets', 'aoo', [[path], session]);
    const secret = (secrets as Readonly<Record<string, readonly unknown[]>>)[path];
    return (secret?.[2] as Buffer).toString('utf8');
  } finally {
    bus.disconnect();
  }
}
