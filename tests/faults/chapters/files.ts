/**
 * What lies in the profile is damaged while the app is away: each file of ours in each way. The app
 * starts all the same, says whom it concerns, keeps what it cannot read, and nobody else loses a token.
 */
import { cpSync, existsSync, lstatSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { killWhileMigrating, killWhileWriting } from '../../adapters/vault/faults.ts';
import { mutateRecords } from '../../adapters/vault/mutations.ts';
import { ask, demand } from '../../harness/bridge.ts';
import type { Desktop } from '../../harness/desktop.ts';
import { startDesktop } from '../../harness/desktop.ts';
import { poll } from '../../harness/waiting.ts';
import { startApp } from '../app-process.ts';
import { pick, trying } from '../chapter.ts';
import type { Bench, Chapter } from '../chapter.ts';
import { distribution } from '../measured.ts';
import { ALL_DAMAGES, contentOf, DAMAGES } from './files-damage.ts';
import type { DamageName } from './files-damage.ts';
import {
  demandSameFiles,
  demandTokens,
  filesOf,
  lateStart,
  makeKeptProfile,
  rowOf,
  settledKeychain,
  withApp,
} from './kept-tokens.ts';
import type { AskedApp, KeptProfile, KeptTenant } from './kept-tokens.ts';
import { wrapped } from './files-wrapped.ts';

const NAMES = ['Acme', 'Globex', 'Initech'];
/** Settings that are not there at all. */
const LIKE_A_FIRST_START: readonly DamageName[] = ['taken away', 'made a link to nothing'];
const STORE = join('vault', 'store.json');
const SETTINGS = 'settings.json';

/** What the app writes for itself; nothing of a tenant is in it. */
const BOOKKEEPING = [join('vault', 'ledger'), join('vault', 'owner'), 'renewals.journal'] as const;

export const filesChapter: Chapter = {
  name: 'files',
  seconds: 240,
  longForm:
    '--only files --duration 15m meets each file with each damage, and makes 2,000 mutations',
  promises: [
    {
      id: 'D-11a',
      text: 'A damaged record: that tenant is named, its bytes are kept, the others have their token',
    },
    { id: 'D-11b', text: 'A damaged ledger, journal or lock: every tenant has its token' },
    { id: 'D-11c', text: 'A damaged store.json: told, kept; put back, every token is there' },
    { id: 'D-11e', text: 'A damaged store.json: every token is there all the same' },
    { id: 'D-11d', text: 'No mutation of a record is accepted' },
    {
      id: 'D-12',
      text: 'Another key, or none: told apart, no file changed; put back, all is there',
    },
    { id: 'D-13', text: 'Killed while raising the format: the next start completes it' },
    { id: 'D-14a', text: 'Damaged settings: told, kept; put back, every token is there' },
    { id: 'D-14c', text: 'Damaged settings: every tenant is there all the same' },
    { id: 'D-14b', text: 'Settings with __proto__ and constructor change no prototype' },
    { id: 'D-08', text: 'Killed while writing records: none is torn or missing' },
    { id: 'start', text: 'With any of this the icon is there within 3 s, and nothing crashes' },
  ],
  async run(bench) {
    const desktop = await startDesktop();
    try {
      const files = await FileTries.begin(bench, desktop);
      await files.record('flipped');
      await files.bookkeeping(['overwritten', 'overwritten', 'overwritten']);
      await files.store('cut');
      await files.settings('cut');
      await files.prototypes();
      await files.otherKey();
      for (let round = 0; ; round += 1) {
        await vaultAlone(bench);
        const damage = ALL_DAMAGES[round] ?? pick(bench.random, ALL_DAMAGES);
        if (bench.timeIsUp()) break;
        await files.each(damage);
      }
      files.report();
    } finally {
      await desktop.stop();
    }
  },
};

/** What needs no app around it, and so is tried much more often. */
async function vaultAlone(bench: Bench): Promise<void> {
  const isShort = bench.timeIsUp();
  await wrapped(bench, 'D-11d', (seed) => mutateRecords({ tries: isShort ? 80 : 400, seed }));
  await wrapped(bench, 'D-13', (seed) => killWhileMigrating({ kills: isShort ? 1 : 3, seed }));
  await wrapped(bench, 'D-08', (seed) => killWhileWriting({ kills: 3, seed, tenants: 100 }));
}

class FileTries {
  readonly #bench: Bench;
  readonly #desktop: Desktop;
  readonly #profile: KeptProfile;
  /** The profile as the killed run has left it; nothing runs in it. */
  readonly #template: string;
  /** Outside of any profile. */
  readonly #elsewhere: string;
  readonly #startsMs: number[] = [];

  private constructor(bench: Bench, desktop: Desktop, profile: KeptProfile) {
    this.#bench = bench;
    this.#desktop = desktop;
    this.#profile = profile;
    this.#template = mkdtempSync(join(desktop.directory, 'template-'));
    copyProfile(profile.userDataDir, this.#template);
    this.#elsewhere = mkdtempSync(join(desktop.directory, 'elsewhere-'));
  }

  /** Of a killed run, so that lock and journal are there as well. */
  static async begin(bench: Bench, desktop: Desktop): Promise<FileTries> {
    const profile = await makeKeptProfile(desktop, { names: NAMES });
    const { userDataDir, tenants } = profile;
    const app = startApp(desktop, userDataDir);
    await poll('the vault to be taken', 10_000, () => existsSync(join(userDataDir, 'vault/owner')));
    await app.kill();
    const at = Date.now();
    const lines = tenants.map(({ id }) => {
      const entry = { tenant: id, attempt: crypto.randomUUID(), at, what: 'begin' };
      return `${JSON.stringify(entry)}\n${JSON.stringify({ ...entry, what: 'end' })}\n`;
    });
    writeFileSync(join(userDataDir, 'renewals.journal'), lines.join(''), { mode: 0o600 });
    return new FileTries(bench, desktop, profile);
  }

  report(): void {
    this.#bench.note(`starts with damaged files: ${distribution(this.#startsMs)}`);
  }

  async each(damage: DamageName): Promise<void> {
    await this.record(damage);
    for (const [at] of BOOKKEEPING.entries()) {
      await this.bookkeeping(BOOKKEEPING.map((_, index) => (index === at ? damage : undefined)));
    }
    await this.store(damage);
    await this.settings(damage);
  }

  async record(damage: DamageName): Promise<void> {
    const { random } = this.#bench;
    const victim = pick(random, this.#profile.tenants as [KeptTenant, ...KeptTenant[]]);
    const other = this.#profile.tenants.find(({ id }) => id !== victim.id) ?? victim;
    const hit = damage === 'exchanged' ? [victim, other] : [victim];
    const unhurt = this.#profile.tenants.filter((tenant) => !hit.includes(tenant));
    await this.#try('D-11a', `record ${damage}`, async (folder) => {
      const pathOf = ({ id }: KeptTenant) => join(folder, 'vault', 'records', `${id}.sealed`);
      this.#damage(damage, pathOf(victim), pathOf(other));
      const kept = hit.map((tenant) => contentOf(pathOf(tenant)));
      const elsewhere = filesBelow(this.#elsewhere);
      await this.#withApp(folder, async (app) => {
        await demandTokens(app, unhurt);
        for (const tenant of hit) await demandNamed(app.page, tenant, damage);
        demandKept(folder, kept);
        // As a person who types the secret again; the record is written then
        for (const tenant of hit) await demandWritable(app.page, tenant);
        demandKept(folder, kept);
        if (filesBelow(this.#elsewhere) !== elsewhere)
          throw new Error('a link was written through');
        await demandTokens(app, unhurt);
      });
    });
  }

  async bookkeeping(damages: readonly (DamageName | undefined)[]): Promise<void> {
    const named = BOOKKEEPING.flatMap((file, index) => {
      const damage = damages[index];
      return damage === undefined ? [] : [{ file, damage }];
    });
    const what = named.map(({ file, damage }) => `${file} ${damage}`).join(', ');
    await this.#try('D-11b', what, async (folder) => {
      for (const { file, damage } of named) {
        this.#damage(damage, join(folder, file), join(folder, SETTINGS.concat('.other')));
      }
      await this.#withApp(folder, async (app) => {
        await demandTokens(app, this.#profile.tenants);
        for (const tenant of this.#profile.tenants) await demandWritable(app.page, tenant);
      });
      await this.#withApp(folder, (app) => demandTokens(app, this.#profile.tenants));
    });
  }

  async store(damage: DamageName): Promise<void> {
    await this.#try('D-11c', `store.json ${damage}`, async (folder) => {
      const path = join(folder, STORE);
      const good = readFileSync(path);
      this.#damage(damage, path, join(folder, SETTINGS.concat('.other')));
      const kept = contentOf(path);
      const records = filesOf(folder);
      await this.#withApp(folder, async (app) => {
        const { keychain } = await settledKeychain(app.page);
        if (
          keychain.state !== 'open' &&
          !/store\.json|could not be read/.test(keychain.message ?? '')
        ) {
          throw new Error(`told is: ${keychain.message ?? 'nothing'}`);
        }
        demandKept(folder, [kept]);
        const isOpen = keychain.state === 'open';
        if (damage !== 'taken away') {
          this.#bench.tried(
            'D-11e',
            isOpen ? undefined : `store.json ${damage}: nobody has a token`,
          );
        }
        if (isOpen) return demandTokens(app, this.#profile.tenants);
        const changed = changedRecords(records, filesOf(folder));
        if (changed.length > 0) throw new Error(`changed: ${changed.join(', ')}`);
        rmSync(path, { recursive: true, force: true });
        writeFileSync(path, good);
        await demand(app.page, 'retryKeychain');
        await demandTokens(app, this.#profile.tenants);
      });
    });
  }

  async settings(damage: DamageName): Promise<void> {
    await this.#try('D-14a', `settings ${damage}`, async (folder) => {
      const path = join(folder, SETTINGS);
      const good = readFileSync(path);
      this.#damage(damage, path, join(folder, STORE.concat('.other')));
      const kept = contentOf(path);
      const isJson = parses(path);
      const before = filesOf(folder);
      await this.#withApp(folder, async (app) => {
        const { tenants, problems } = await settledKeychain(app.page);
        const isTold = problems.some(({ code }) => code === 'settings-unreadable');
        const isComplete = tenants.length === NAMES.length;
        if (!isComplete && !isTold && !LIKE_A_FIRST_START.includes(damage) && !isJson) {
          throw new Error(`${tenants.length} tenants are left, and nobody is told`);
        }
        demandKept(folder, [kept]);
        const changed = changedRecords(before, filesOf(folder));
        if (changed.length > 0) throw new Error(`changed: ${changed.join(', ')}`);
        const present = this.#profile.tenants.filter(({ id }) =>
          tenants.some((row) => row.id === id),
        );
        await demandTokens(app, present);
        // What is no damage to see, and what may have been meant
        if (isJson || damage === 'taken away') return;
        const lost = NAMES.length - present.length;
        this.#bench.tried(
          'D-14c',
          lost > 0 ? `settings ${damage}: ${lost} tenants are not in the list` : undefined,
        );
      });
      rmSync(path, { recursive: true, force: true });
      writeFileSync(path, good);
      await this.#withApp(folder, (app) => demandTokens(app, this.#profile.tenants));
    });
  }

  async prototypes(): Promise<void> {
    await this.#try('D-14b', 'settings with __proto__', async (folder) => {
      const path = join(folder, SETTINGS);
      const poison =
        '"__proto__":{"polluted":"yes"},"constructor":{"prototype":{"polluted":"yes"}},';
      writeFileSync(
        path,
        readFileSync(path, 'utf8').replaceAll('{', `{${poison}`).replaceAll(',}', '}'),
      );
      await this.#withApp(folder, async (app) => {
        await settledKeychain(app.page);
        const inMain = await app.tray.app.electron.evaluate(() => 'polluted' in {});
        const inPage = await app.page.evaluate(() => 'polluted' in {});
        if (inMain || inPage) throw new Error('a prototype was changed');
        await demandTokens(app, this.#profile.tenants);
      });
    });
  }

  /** The vault of another computer, and one whose key was replaced by another. */
  async otherKey(): Promise<void> {
    const { keyring } = this.#desktop;
    if (keyring === null) throw new Error('the desktop has no keyring');
    await this.#try('D-12', 'no key', async (folder) => {
      const before = filesOf(folder);
      const show = await keyring.hideItems();
      try {
        await this.#withApp(folder, async (app) => {
          const { keychain } = await settledKeychain(app.page);
          if (keychain.state !== 'locked') throw new Error(`the keychain is ${keychain.state}`);
          // It answers as a locked one does; that it is not is looked at a little later
          await poll('the missing key to be told', 10_000, async () => {
            const { message } = (await settledKeychain(app.page)).keychain;
            return message?.includes('its key is not in the keychain') === true;
          });
          demandSameFiles(folder, before);
        });
      } finally {
        await show();
      }
      await this.#withApp(folder, (app) => demandTokens(app, this.#profile.tenants));
    });
    const own = await startDesktop();
    try {
      const profile = await makeKeptProfile(own, { names: NAMES });
      await own.keyring?.overwriteSecrets(Buffer.alloc(32, 1).toString('base64'));
      const before = filesOf(profile.userDataDir);
      await trying(this.#bench, ['D-12'], () =>
        withApp(own, profile.userDataDir, async (app) => {
          const { keychain } = await settledKeychain(app.page);
          if (keychain.message?.includes('another key') !== true) {
            throw new Error(`told is: ${keychain.message ?? 'nothing'}`);
          }
          demandSameFiles(profile.userDataDir, before);
        }),
      );
    } finally {
      await own.stop();
    }
  }

  /** In a copy of the profile that is thrown away afterwards. */
  async #try(id: string, what: string, body: (folder: string) => Promise<void>): Promise<void> {
    const folder = mkdtempSync(join(this.#desktop.directory, 'damaged-'));
    copyProfile(this.#template, folder);
    await trying(this.#bench, [id], async () => {
      await body(folder).catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        throw new Error(`${what}: ${reason}`);
      });
    });
    rmSync(folder, { recursive: true, force: true });
    rmSync(this.#elsewhere, { recursive: true, force: true });
    mkdirSync(this.#elsewhere);
  }

  #damage(damage: DamageName, path: string, other: string): void {
    if (damage === 'exchanged' && !existsSync(other)) writeFileSync(other, 'of somebody else');
    const { random } = this.#bench;
    DAMAGES[damage](path, { random, other, elsewhere: this.#elsewhere });
  }

  async #withApp(folder: string, use: (app: AskedApp) => Promise<void>): Promise<void> {
    const faults: string[] = [];
    await withApp(this.#desktop, folder, async (app) => {
      this.#startsMs.push(app.startMs);
      try {
        await use(app);
      } finally {
        if (app.tray.app.process.exitCode !== null) faults.push('the app has ended');
        else {
          const { problems } = await demand(app.page, 'getSnapshot');
          if (problems.some(({ code }) => code === 'internal')) faults.push('an exception in main');
        }
      }
    }).finally(async () => {
      const late = await lateStart(this.#desktop, this.#profile, this.#startsMs.at(-1) ?? 0);
      this.#bench.tried('start', [...faults, ...late].join(', ') || undefined);
    });
  }
}

/** Without what binds it to a running process. */
function copyProfile(from: string, to: string): void {
  cpSync(from, to, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !/Singleton|DevToolsActivePort/.test(path),
  });
}

async function demandNamed(
  page: Page,
  { id, name }: KeptTenant,
  damage: DamageName,
): Promise<void> {
  const row = rowOf(await demand(page, 'getSnapshot'), id);
  if (row === undefined) throw new Error(`${name} is not in the list`);
  if (damage === 'taken away') {
    if (row.status.kind === 'fresh')
      throw new Error(`${name} has a token of which nothing is left`);
    return;
  }
  const told = row.status.kind === 'sign-in-needed' ? row.status.error : null;
  if (told?.code !== 'vault-unreadable' || !told.message.includes(name)) {
    throw new Error(`${name} is ${row.status.kind}: ${told?.message ?? 'nothing is told'}`);
  }
}

async function demandWritable(page: Page, { id, name }: KeptTenant): Promise<void> {
  const before = await demand(page, 'readTenant', id);
  const answer = await ask(page, 'saveTenant', { ...before, secrets: { clientSecret: 'typed' } });
  if (!answer.ok) throw new Error(`${name} cannot be saved: ${answer.error.message}`);
}

/** Throws when bytes that were there are nowhere in the profile any more. */
function demandKept(folder: string, digests: readonly (string | undefined)[]): void {
  const present = new Set(filesOf(folder).values());
  const lost = digests.filter((digest) => digest !== undefined && !present.has(digest));
  if (lost.length > 0) throw new Error('the bytes that were there are gone');
}

function changedRecords(
  before: ReadonlyMap<string, string>,
  now: ReadonlyMap<string, string>,
): readonly string[] {
  return [...before]
    .filter(([path, digest]) => path.includes('.sealed') && now.get(path) !== digest)
    .map(() => 'a record');
}

function filesBelow(folder: string): string {
  return readdirSync(folder)
    .map((name) => `${name} ${String(contentOf(join(folder, name)))}`)
    .join('\n');
}

function parses(path: string): boolean {
  try {
    if (!lstatSync(path).isFile()) return false;
    JSON.parse(readFileSync(path, 'utf8'));
    return true;
  } catch {
    return false;
  }
}
