/**
 * Nothing can be written while tokens are renewed at a provider that rotates refresh tokens: what is
 * new lives in memory, is told, and is on disk as soon as there is room.
 */
import { cpSync, mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ALL_ERRORS, failSyscalls, shortWrites } from '../../adapters/vault/syscalls.ts';
import { startRotatingServer } from '../../emulators/rotating-server.ts';
import type { RotatingServer } from '../../emulators/rotating-server.ts';
import { ask, demand } from '../../harness/bridge.ts';
import type { Desktop } from '../../harness/desktop.ts';
import { poll } from '../../harness/waiting.ts';
import { trying } from '../chapter.ts';
import type { Bench, Chapter } from '../chapter.ts';
import { allowGrowth, forbidGrowth, mountSmallDisk } from './disk-full.ts';
import { hurryTimers } from './keyring-process.ts';
import { allFresh, copiedToken, filesOf, makeKeptProfile, withApp } from './kept-tokens.ts';
import type { AskedApp, KeptProfile } from './kept-tokens.ts';
import { wrapped } from './files-wrapped.ts';

const SHORT_NAMES = ['Acme', 'Globex', 'Initech'];
const MANY_TENANTS = 10;
/** The vault tries again what could not be written after so long; in the short form after the other. */
const RETRY_AFTER_MS = 30_000;
const SHORT_RETRY_AFTER_MS = 500;
const MARGIN_MS = 5000;

export const diskChapter: Chapter = {
  name: 'disk',
  seconds: 120,
  longForm: '--only disk --duration 30m makes 20 renewals on each of many full disks',
  promises: [
    { id: 'D-10a', text: 'Disk full: renewals give working tokens, and the person is told' },
    { id: 'D-10b', text: 'With room again all is saved by itself; killed then, nobody is lost' },
    { id: 'D-10e', text: 'With room again the person is told of no trouble any more' },
    { id: 'D-10c', text: 'Told to end when there is room again: saved before the end' },
    {
      id: 'D-10d',
      text: 'Disk full: a change of the settings is refused, and the file stays whole',
    },
    { id: 'D-09a', text: 'Any system call of a save fails: old or new on disk, new in memory' },
    { id: 'D-09b', text: 'A short write: old or new on disk, new in memory' },
  ],
  async run(bench) {
    for (let round = 0; ; round += 1) {
      await fullDisk(bench, 'killed');
      await fullDisk(bench, 'ended');
      const error = ALL_ERRORS[round % ALL_ERRORS.length] ?? 'EIO';
      const calls = bench.timeIsUp() ? { calls: ['fsync'] } : {};
      await wrapped(bench, 'D-09a', () => failSyscalls({ errors: [error], ...calls }));
      await wrapped(bench, 'D-09b', () => shortWrites({ tries: bench.timeIsUp() ? 2 : 20 }));
      if (bench.timeIsUp()) break;
    }
  },
};

/** A disk, or what can be done to a process that comes near to it. */
interface Fullness {
  readonly folder: string;
  begin(app: AskedApp): void;
  end(app: AskedApp): void;
  dispose(): void;
}

function fullnessOf(desktop: Desktop): Fullness {
  const disk = mountSmallDisk(desktop);
  if (disk !== undefined) {
    return { folder: disk.folder, begin: disk.fill, end: disk.free, dispose: disk.unmount };
  }
  return {
    folder: mkdtempSync(join(desktop.directory, 'disk-')),
    begin: ({ tray }) => forbidGrowth(tray.app.process.pid ?? 0),
    end: ({ tray }) => allowGrowth(tray.app.process.pid ?? 0),
    dispose: () => undefined,
  };
}

async function fullDisk(bench: Bench, end: 'killed' | 'ended'): Promise<void> {
  const { desktop } = bench;
  const isShort = bench.timeIsUp();
  const names = isShort
    ? SHORT_NAMES
    : Array.from({ length: MANY_TENANTS }, (_, index) => `Tenant ${index}`);
  const server = await startRotatingServer({ leewayMs: 0, expiresInSeconds: 3600 });
  const fullness = fullnessOf(desktop);
  try {
    const made = await makeKeptProfile(desktop, {
      names,
      tokenEndpoint: `${server.origins[0] ?? ''}/token`,
      signIn: (tenantId) => server.signIn(tenantId),
    });
    const userDataDir = join(fullness.folder, 'profile');
    cpSync(made.userDataDir, userDataDir, {
      recursive: true,
      filter: (path) => !path.includes('Singleton'),
    });
    const scene: Scene = { bench, server, fullness, profile: { ...made, userDataDir }, isShort };
    const latest = await renewWhileFull(scene, end);
    await nobodyLost(scene, latest, end === 'killed' ? 'D-10b' : 'D-10c');
  } finally {
    fullness.dispose();
    await server.stop();
  }
}

interface Scene {
  readonly bench: Bench;
  readonly server: RotatingServer;
  readonly fullness: Fullness;
  readonly profile: KeptProfile;
  readonly isShort: boolean;
}

/** @returns Tenant id → the token that it gave last. */
async function renewWhileFull(
  { bench, fullness, profile, isShort }: Scene,
  end: 'killed' | 'ended',
): Promise<ReadonlyMap<string, string>> {
  const { userDataDir, tenants } = profile;
  const latest = new Map<string, string>();
  await withApp(bench.desktop, userDataDir, async (app) => {
    const { page, tray } = app;
    await allFresh(page, MARGIN_MS);
    // Not when the app ends at once: what is left then must not wait for a timer
    if (end === 'killed' && isShort) {
      await hurryTimers(tray.app, RETRY_AFTER_MS, SHORT_RETRY_AFTER_MS);
    }
    const before = filesOf(userDataDir);
    fullness.begin(app);
    try {
      for (const { id, name, token } of tenants) {
        await trying(bench, ['D-10a'], async () => {
          // Twice: the second one is renewed with what is in memory only
          for (let count = 0; count < 2; count += 1) await demand(page, 'renew', id);
          const copied = await copiedToken(app, id);
          if (copied === undefined || copied === token) throw new Error(`${name} has no new token`);
          latest.set(id, copied);
          const { problems } = await demand(page, 'getSnapshot');
          if (!problems.some(({ code }) => code === 'vault-not-saved')) {
            throw new Error(`${name} was not saved, and nobody is told`);
          }
        });
      }
      await trying(bench, ['D-10d'], async () => {
        const answer = await ask(page, 'saveSettings', { theme: 'dark' });
        if (answer.ok) throw new Error('the settings are said to be saved');
        if (filesOf(userDataDir).get('settings.json') !== before.get('settings.json')) {
          throw new Error('the settings file was changed');
        }
      });
    } finally {
      fullness.end(app);
    }
    if (end === 'ended') return;
    await trying(bench, ['D-10b'], async () => {
      const limitMs = MARGIN_MS + (isShort ? SHORT_RETRY_AFTER_MS : RETRY_AFTER_MS);
      await poll('all records to be written', limitMs, () => {
        const now = filesOf(userDataDir);
        return tenants.every(({ id }) => now.get(recordOf(id)) !== before.get(recordOf(id)));
      });
    });
    await trying(bench, ['D-10e'], async () => {
      await poll('the trouble to be over', MARGIN_MS, async () => {
        const { problems } = await demand(page, 'getSnapshot');
        return !problems.some(({ code }) => code === 'vault-not-saved');
      });
    });
    await tray.app.kill();
  });
  return latest;
}

async function nobodyLost(
  { bench, server, profile }: Scene,
  latest: ReadonlyMap<string, string>,
  promise: string,
): Promise<void> {
  const { userDataDir, tenants } = profile;
  await withApp(bench.desktop, userDataDir, async (app) => {
    await allFresh(app.page, MARGIN_MS).catch(() => undefined);
    for (const { id, name } of tenants) {
      await trying(bench, [promise], async () => {
        if ((await copiedToken(app, id)) !== latest.get(id)) throw new Error('not the last token');
        await demand(app.page, 'renew', id).catch(() => {
          throw new Error(`${name.replace(/ \d+/, '')} cannot be renewed any more`);
        });
      });
    }
  });
  const refused = server.uses.filter(({ outcome }) => outcome === 'refused').length;
  const left = readdirSync(userDataDir, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /\.writing-|settings\.json\.tmp/.test(path),
  );
  const faults = [
    ...(refused > 0 ? [`${refused} renewals were refused`] : []),
    ...(left.length > 0 ? [`${left.length} temporary files are left`] : []),
  ];
  bench.tried(promise, faults.join(', ') || undefined);
}

function recordOf(tenantId: string): string {
  return join('vault', 'records', `${tenantId}.sealed`);
}
