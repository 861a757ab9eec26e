/** Profiles with any number of tenants whose tokens have ended, so that all of them are renewed at start. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeProfile } from '../../tests/faults/profile.ts';
import type { SeedTenant } from '../../tests/harness/bearer-tray.ts';
import type { Desktop } from '../../tests/harness/desktop.ts';
import { projectRoot } from '../setup/paths.mjs';
import { writeHook } from './hook.ts';
import type { Subject } from './subjects.ts';
import type { TokenService } from './token-service.ts';

const MINUTE_MS = 60_000;

/** What the app itself keeps in a profile. */
const OWN_FILES = ['settings.json', 'renewals.journal', 'vault'];

/** Renewals after which the rest of them counts as under way. */
const UNDER_WAY = 20;
const RENEWAL_LIMIT_MS = 30_000;

export interface Crowd {
  readonly size: number;
  /** Puts the profile back to where all tokens have ended. The app must not be running. */
  restore(): void;
  /** To be shown and copied from while all renew. */
  readonly subject: Subject;
}

/** @param directory Gets the profile. */
export async function makeCrowd(
  desktop: Desktop,
  service: TokenService,
  size: number,
  directory: string,
): Promise<Crowd> {
  const tenants = Array.from({ length: size }, (_, at) => clientTenant(service.endpoints, at));
  const profile = await makeProfile(desktop, tenants);
  await profile.withVault(async (vault) => {
    for (const [at, { id, name }] of tenants.entries()) {
      // The first one ended last, so that it is renewed last and its copy is asked for before
      const expiresAtMs = Date.now() - MINUTE_MS - at * 1000;
      const token = {
        accessToken: `ended-${crypto.randomUUID()}`,
        issuedAtMs: expiresAtMs - 5 * MINUTE_MS,
        expiresAtMs,
      };
      const fields = { clientSecret: crypto.randomUUID() };
      const written = await vault.write(id, { fields, token });
      if (!written.ok) throw new Error(`${name} could not be signed in`);
    }
  });
  const userDataDir = join(directory, `crowd-${String(size)}`);
  const restore = (): void => {
    // What Chromium has made of its own there stays, as in a profile that is used
    const names = existsSync(userDataDir) ? OWN_FILES : readdirSync(profile.userDataDir);
    for (const name of names) {
      rmSync(join(userDataDir, name), { recursive: true, force: true });
      const from = join(profile.userDataDir, name);
      // A link is one to the process that has ended
      if (existsSync(from)) cpSync(from, join(userDataDir, name), { recursive: true });
    }
    // Else the start that follows would be slowed down by the copying
    execFileSync('sync', ['--file-system', userDataDir]);
  };
  const hook = writeHook(directory, {
    content: '[data-row]',
    copy: `[aria-label="Copy token of ${nameOf(0)}"]`,
  });
  const prepare = async (): Promise<void> => {
    restore();
    await service.begin(Date.now() + MINUTE_MS);
  };
  const begun = (): Promise<void> => {
    return service.untilClients(Math.min(size, UNDER_WAY), RENEWAL_LIMIT_MS);
  };
  return {
    size,
    restore,
    subject: {
      appPath: projectRoot,
      userDataDir,
      windowTitle: 'Bearer Tray',
      hook,
      atWork: { prepare, begun },
    },
  };
}

function clientTenant(endpoints: readonly string[], at: number): SeedTenant {
  return {
    id: crypto.randomUUID(),
    providerId: 'oauth2',
    grant: 'client-credentials',
    name: nameOf(at),
    colour: '#2563eb',
    values: {
      tokenEndpoint: endpoints[at % endpoints.length] ?? '',
      clientId: crypto.randomUUID(),
      scopes: 'api',
    },
    notice: 'default',
  };
}

function nameOf(at: number): string {
  return `Tenant ${String(at + 1).padStart(4, '0')}`;
}
