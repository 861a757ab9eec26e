/**
 * The keyring is locked, silent, killed or emptied, and the process that asks it crashes. Whatever
 * it does, nothing on disk changes, nothing of the app waits for it, and its return brings all back.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright';
import { ask, demand } from '../../harness/bridge.ts';
import { createCanarySearch } from '../../harness/canary-search.ts';
import type { Desktop } from '../../harness/desktop.ts';
import { startDesktop } from '../../harness/desktop.ts';
import type { Keyring } from '../../harness/keyring.ts';
import { poll, withTimeLimit } from '../../harness/waiting.ts';
import { trying } from '../chapter.ts';
import type { Bench, Chapter } from '../chapter.ts';
import { distribution } from '../measured.ts';
import { helpersOf, hurryTimers, watchMainProcess } from './keyring-process.ts';
import {
  allFresh,
  demandSameFiles,
  demandTokens,
  filesOf,
  lateStart,
  makeKeptProfile,
  settledKeychain,
  shortPath,
  withApp,
} from './kept-tokens.ts';
import type { AskedApp, KeptProfile } from './kept-tokens.ts';

const NAMES = ['Acme', 'Globex', 'Initech'];
const BACK_WITHIN_MS = 5000;
const LONGEST_READ_P99_MS = 50;
const LONGEST_BLOCK_MS = 200;
const WATCHED_MS = 1500;
/** How long a call may wait for a person, and what it is in the short form. */
const CALL_LIMIT_MS = 60_000;
const SHORT_CALL_LIMIT_MS = 1000;
const MARGIN_MS = 2000;

export const keyringChapter: Chapter = {
  name: 'keyring',
  seconds: 120,
  longForm: '--only keyring --duration 40m lets calls to a frozen keyring run into their 60 s',
  promises: [
    {
      id: 'D-03a',
      text: 'Locked at start, nobody answers: there within 3 s, tenants locked, no file changed',
    },
    { id: 'D-03b', text: 'Meanwhile files are read as ever (p99 below 50 ms)' },
    { id: 'D-03c', text: 'Unlocked: every token is back within 5 s, by itself' },
    {
      id: 'D-04',
      text: 'Nothing comes from the keyring (locked, killed, item gone): no new key, same files',
    },
    { id: 'D-05a', text: 'A frozen keyring never blocks the main thread for 200 ms' },
    { id: 'D-05b', text: 'Each call to it ends by its time limit, and its helper is replaced' },
    { id: 'D-06a', text: 'The helper crashes: asked once more, not twice; the app lives' },
    { id: 'D-06b', text: 'The built app holds no call that crashes on foreign items' },
    { id: 'D-01', text: 'After all this no token is in any file, and one item in the keyring' },
  ],
  async run(bench) {
    bench.tried('D-06b', findCallsInBundles());
    do {
      await withKeyring(bench, lockedWithPrompt);
      await withKeyring(bench, async (scene) => {
        await scene.keyring.refusePrompts();
        do {
          await nothingComes(scene);
          await unlockedSoon(scene);
          await frozen(scene);
        } while (!bench.timeIsUp() && bench.random() < 0.8);
        await nothingLeft(scene);
      });
    } while (!bench.timeIsUp());
  },
};

interface Scene {
  readonly bench: Bench;
  readonly desktop: Desktop;
  readonly keyring: Keyring;
  readonly profile: KeptProfile;
  /** What must stay as it is. */
  readonly before: ReadonlyMap<string, string>;
}

/** On a desktop of its own: a keyring's prompt stays open when who asked for it has gone. */
async function withKeyring(bench: Bench, use: (scene: Scene) => Promise<void>): Promise<void> {
  const desktop = await startDesktop();
  try {
    const { keyring } = desktop;
    if (keyring === null) throw new Error('the desktop has no keyring');
    const profile = await makeKeptProfile(desktop, { names: NAMES });
    const before = filesOf(profile.userDataDir);
    await use({ bench, desktop, keyring, profile, before });
  } finally {
    await desktop.stop();
  }
}

async function lockedWithPrompt(scene: Scene): Promise<void> {
  const { bench, keyring, profile } = scene;
  let startMs = 0;
  await keyring.lock();
  await withApp(scene.desktop, profile.userDataDir, async (app) => {
    const { page, tray } = app;
    startMs = app.startMs;
    await trying(bench, ['D-03a'], async () => {
      const providers = await demand(page, 'listProviders');
      if (providers.length === 0) throw new Error('no provider is offered');
      await demandLocked(scene, page);
    });
    const watch = await watchMainProcess(tray.app);
    // For so long it is measured, and nothing else is waited for
    await setTimeout(WATCHED_MS);
    const { readsMs } = await watch.end();
    const p99 = p99Of(readsMs);
    bench.tried('D-03b', p99 < LONGEST_READ_P99_MS ? undefined : `p99 is ${Math.round(p99)} ms`);
    bench.note(`reads of the main process while the keyring is locked: ${distribution(readsMs)}`);
    await trying(bench, ['D-03c'], async () => {
      await keyring.unlock();
      const unlockedAtMs = Date.now();
      await allFresh(page, BACK_WITHIN_MS);
      bench.note(`tokens were back ${Date.now() - unlockedAtMs} ms after the unlocking`);
      await demandTokens(app, profile.tenants);
      demandSameFiles(profile.userDataDir, scene.before);
    });
  });
  const late = await lateStart(scene.desktop, profile, startMs);
  bench.tried('D-03a', late[0]);
}

/** The item is away, the keyring is locked, the daemon is dead: one after the other. */
async function nothingComes(scene: Scene): Promise<void> {
  const { bench, desktop, keyring, profile } = scene;
  const showItems = await keyring.hideItems();
  await withApp(desktop, profile.userDataDir, async (app) => {
    await settledKeychain(app.page);
    await stillNothing(scene, app);
    await keyring.lock();
    await stillNothing(scene, app);
    await keyring.crash();
    await stillNothing(scene, app);
    await keyring.startAgain();
    await showItems();
    await trying(bench, ['D-04'], async () => {
      await demand(app.page, 'retryKeychain');
      await demandAllBack(scene, app);
    });
  });
}

/** As at a login: the app has hardly seen that the keyring is locked when somebody unlocks it. */
async function unlockedSoon(scene: Scene): Promise<void> {
  const { bench, desktop, keyring, profile } = scene;
  await keyring.lock();
  await withApp(desktop, profile.userDataDir, async (app) => {
    await settledKeychain(app.page);
    await stillNothing(scene, app);
    await keyring.unlock();
    await trying(bench, ['D-03c'], () => demandAllBack(scene, app));
  });
}

function stillNothing(scene: Scene, { page }: AskedApp): Promise<void> {
  return trying(scene.bench, ['D-04'], async () => {
    await demand(page, 'retryKeychain');
    await demandLocked(scene, page);
    // A killed one cannot be asked
    const items = (await scene.keyring.items().catch(() => undefined))?.length ?? 1;
    if (items !== 1) throw new Error(`${items} items in the keyring`);
  });
}

/** Nobody answers the helper: its calls end by their limit or with its crash. */
async function frozen(scene: Scene): Promise<void> {
  const { bench, desktop, keyring, profile } = scene;
  const isShort = bench.timeIsUp();
  keyring.freeze();
  try {
    await withApp(desktop, profile.userDataDir, async (app) => {
      const watch = await watchMainProcess(app.tray.app);
      if (isShort) await hurryTimers(app.tray.app, CALL_LIMIT_MS, SHORT_CALL_LIMIT_MS);
      const limitMs = isShort ? SHORT_CALL_LIMIT_MS : CALL_LIMIT_MS;
      for (let call = 0; call < 2; call += 1) {
        await trying(bench, ['D-05b'], () => callEndsByLimit(scene, app, limitMs));
      }
      const { longestBlockMs, readsMs } = await watch.end();
      const isLate = longestBlockMs > LONGEST_BLOCK_MS || p99Of(readsMs) >= LONGEST_READ_P99_MS;
      const facts = `blocked for ${Math.round(longestBlockMs)} ms at most, reads ${distribution(readsMs)}`;
      bench.tried('D-05a', isLate ? facts : undefined);
      bench.note(`main thread while the keyring is frozen: ${facts}`);
      await trying(bench, ['D-06a'], () => crashedTwice(scene, app));
      await trying(bench, ['D-06a'], () => crashedOnce(scene, app));
    });
  } finally {
    keyring.thaw();
  }
}

async function callEndsByLimit(scene: Scene, { page }: AskedApp, limitMs: number): Promise<void> {
  const { profile } = scene;
  const before = helpersOf(profile.userDataDir);
  const askedAtMs = Date.now();
  const ended = ask(page, 'retryKeychain');
  await otherHelper(profile, before);
  await withTimeLimit(ended, limitMs + MARGIN_MS, 'the call to end');
  if (Date.now() - askedAtMs < limitMs) throw new Error('it ended too early');
  await poll('the helper to end', MARGIN_MS, () => noHelper(profile));
  await demandLocked(scene, page);
}

async function crashedTwice(scene: Scene, { page }: AskedApp): Promise<void> {
  const { profile } = scene;
  const ended = ask(page, 'retryKeychain');
  const first = await crashHelper(profile, []);
  await crashHelper(profile, [first]);
  await withTimeLimit(ended, BACK_WITHIN_MS, 'the call to end');
  if (!noHelper(profile)) throw new Error('it is asked a third time');
  await demandLocked(scene, page);
}

/** The call is made once more, and its answer is what the person gets. */
async function crashedOnce(scene: Scene, app: AskedApp): Promise<void> {
  const { keyring, profile } = scene;
  const ended = ask(app.page, 'retryKeychain');
  const first = await crashHelper(profile, []);
  await otherHelper(profile, [first]);
  keyring.thaw();
  await ended;
  await demandAllBack(scene, app);
}

async function demandAllBack({ profile, before }: Scene, app: AskedApp): Promise<void> {
  await allFresh(app.page, BACK_WITHIN_MS);
  await demandTokens(app, profile.tenants);
  demandSameFiles(profile.userDataDir, before);
}

function otherHelper(profile: KeptProfile, known: readonly number[]): Promise<number> {
  return poll('a helper', BACK_WITHIN_MS, () =>
    helpersOf(profile.userDataDir).find((id) => !known.includes(id)),
  );
}

async function crashHelper(profile: KeptProfile, known: readonly number[]): Promise<number> {
  const id = await otherHelper(profile, known);
  process.kill(id, 'SIGSEGV');
  return id;
}

function noHelper({ userDataDir }: KeptProfile): boolean {
  return helpersOf(userDataDir).length === 0;
}

/** Throws unless every tenant is shown as locked and nothing has changed on disk or in the keyring. */
async function demandLocked({ profile, before }: Scene, page: Page): Promise<void> {
  const { tenants, keychain } = await demand(page, 'getSnapshot');
  const kinds = new Set(tenants.map(({ status }) => status.kind));
  if (kinds.size !== 1 || !kinds.has('locked')) {
    throw new Error(`the keychain is ${keychain.state}, tenants are ${[...kinds].join(', ')}`);
  }
  demandSameFiles(profile.userDataDir, before);
}

async function nothingLeft({ bench, desktop, keyring, profile }: Scene): Promise<void> {
  const search = createCanarySearch(profile.tenants.map(({ token }) => token));
  search.lookAtFolder(desktop.directory);
  const found = search.hits().map(shortPath).join(', ');
  const count = (await keyring.items()).length;
  bench.tried('D-01', found || (count === 1 ? undefined : `${count} items in the keyring`));
}

/** keytar’s search ends its process when another program has stored an odd item. */
function findCallsInBundles(): string | undefined {
  const distribution = fileURLToPath(new URL('../../../dist', import.meta.url));
  const bundles = readdirSync(distribution).filter((name) => name.endsWith('.cjs'));
  if (bundles.length === 0) return 'there is no bundle to search';
  const found = bundles.filter((name) =>
    /\bfind(Credentials|Password)\b/.test(readFileSync(join(distribution, name), 'utf8')),
  );
  return found.length === 0 ? undefined : `called in ${found.join(', ')}`;
}

function p99Of(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? Infinity;
}
