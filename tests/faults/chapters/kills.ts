/**
 * The app is killed, or told to end, again and again while many tenants renew at providers that
 * rotate refresh tokens. After each end the providers' logs, the records on disk and the app's own
 * journal are laid beside each other: they say which sign-ins may be lost, and no other one may.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { failure } from '../../../src-main/core/errors.ts';
import type { Vault } from '../../../src-main/core/ports.ts';
import type { RefreshUse, RotatingServer } from '../../emulators/rotating-server.ts';
import { startRotatingServer } from '../../emulators/rotating-server.ts';
import type { SeedTenant } from '../../harness/bearer-tray.ts';
import { poll } from '../../harness/waiting.ts';
import { startApp } from '../app-process.ts';
import type { Bench, Chapter } from '../chapter.ts';
import { readJournal, unendedTenants } from '../journal.ts';
import { makeProfile, signInAll, tenantAt } from '../profile.ts';
import type { Profile } from '../profile.ts';
import { distribution } from '../measured.ts';

const LEEWAY_MS = 30_000;
/** Long enough for the first renewal of a start on a busy computer. */
const FIRST_RENEWAL_LIMIT_MS = 20_000;
/** An interrupted renewal is tried again at once; this is what a busy computer may add. */
const RETRY_LIMIT_MS = 10_000;
const NOTICE_LIMIT_MS = 5000;
const MOST_SINGLE_NOTICES = 3;
/** Between an answer's last byte and its durable record there may not lie more, on a busy computer. */
const LONGEST_SAVING_MS = 1000;
const LONGEST_GOODBYE_MS = 3000;
/** Starting to leave and the end of the process itself. */
const GOODBYE_MARGIN_MS = 700;
const LATEST_END_MS = 1500;
/** A provider's slowest answer; a goodbye waits longer than that. */
const SLOWEST_ANSWER_MS = 300;

type Way = 'aimed-kill' | 'kill' | 'early-kill' | 'terminate';

export const killsChapter: Chapter = {
  name: 'kills',
  seconds: 240,
  longForm: '--only kills --duration 25m makes over 300 kills and 100 ends by SIGTERM',
  promises: [
    {
      id: 'E-03',
      text: 'Killed at any point, provider with 30 s leeway: no sign-in is lost',
    },
    {
      id: 'E-04a',
      text: 'Killed at any point, strict provider: lost is only what was caught unsaved',
    },
    { id: 'E-04b', text: 'A lost sign-in is told, and told once' },
    { id: 'D-08', text: 'No record is torn or missing after a kill; no temporary file stays' },
    { id: 'E-17', text: 'Told to end while renewing: gone within 3 s, and everything is saved' },
  ],
  async run(bench) {
    const tenantCount = bench.timeIsUp() ? 80 : 240;
    const answerDelayMs = () => Math.floor(bench.random() ** 2 * SLOWEST_ANSWER_MS);
    const common = { expiresInSeconds: 3, answerDelayMs };
    const lenient = await startRotatingServer({
      ...common,
      leewayMs: LEEWAY_MS,
      addresses: ['127.0.0.2', '127.0.0.3', '127.0.0.4'],
    });
    const strict = await startRotatingServer({
      ...common,
      leewayMs: 0,
      addresses: ['127.0.0.5', '127.0.0.6', '127.0.0.7'],
    });
    try {
      const kills = await Kills.begin(bench, { lenient, strict }, tenantCount);
      await kills.round('aimed-kill');
      await kills.round('terminate');
      await kills.round('kill');
      while (!bench.timeIsUp()) {
        const share = bench.random();
        await kills.round(share < 0.25 ? 'terminate' : share < 0.45 ? 'early-kill' : 'kill');
      }
      await kills.round('terminate');
      kills.report();
    } finally {
      await Promise.all([lenient.stop(), strict.stop()]);
    }
  },
};

interface Servers {
  readonly lenient: RotatingServer;
  readonly strict: RotatingServer;
}

type ServerKind = keyof Servers;

/** A tenant with what the bench knows of it. */
interface Subject {
  readonly tenant: SeedTenant;
  readonly at: ServerKind;
  /** The use that the last end of the app has caught: its answer is not on disk. */
  caught: RefreshUse | undefined;
}

/** What one end of the app has shown to be wrong: with whom, and what. */
interface Fault {
  readonly name: string;
  readonly what: string;
}

interface Failures {
  readonly lenient: Fault[];
  readonly strict: Fault[];
  readonly records: Fault[];
}

class Kills {
  readonly #bench: Bench;
  readonly #servers: Servers;
  readonly #profile: Profile;
  /** By tenant id, which is its client id too. */
  readonly #subjects: ReadonlyMap<string, Subject>;
  /** Uses that earlier rounds have looked at. */
  readonly #seen: Record<ServerKind, number> = { lenient: 0, strict: 0 };
  readonly #counts = { kills: 0, inWindow: 0, caught: 0, lost: 0, ends: 0 };
  readonly #savedAfterMs: number[] = [];
  readonly #closedAfterMs: number[] = [];
  readonly #goodbyeMs: number[] = [];
  #temporaryFiles: readonly string[] = [];

  private constructor(
    bench: Bench,
    servers: Servers,
    profile: Profile,
    subjects: readonly Subject[],
  ) {
    this.#bench = bench;
    this.#servers = servers;
    this.#profile = profile;
    this.#subjects = new Map(subjects.map((subject) => [subject.tenant.id, subject]));
  }

  static async begin(bench: Bench, servers: Servers, tenantCount: number): Promise<Kills> {
    const subjects = Array.from({ length: tenantCount }, (_, index): Subject => {
      const at: ServerKind = index % 2 === 0 ? 'lenient' : 'strict';
      const { origins } = servers[at];
      const origin = origins[Math.floor(index / 2) % origins.length] ?? '';
      const name = `${at} ${String(index).padStart(3, '0')}`;
      return { tenant: tenantAt(`${origin}/token`, name), at, caught: undefined };
    });
    const tenants = subjects.map(({ tenant }) => tenant);
    const profile = await makeProfile(bench.desktop, tenants);
    const kills = new Kills(bench, servers, profile, subjects);
    await profile.withVault((vault) =>
      signInAll(vault, tenants, ({ id }) => kills.#serverOf(id).signIn(id)),
    );
    return kills;
  }

  /** One start and one end, and the look at what it has left. */
  async round(way: Way): Promise<void> {
    const { random, desktop } = this.#bench;
    await desktop.notifications.clear();
    const app = startApp(desktop, this.#profile.userDataDir);
    if (way === 'early-kill') await pause(random() * LATEST_END_MS);
    else {
      await this.#firstRenewal();
      const left = this.#temporaryFiles.filter((name) => this.#filesNow().includes(name));
      if (left.length > 0) this.#bench.tried('D-08', `${left.length} temporary files have stayed`);
      await this.#caughtAreTriedAgain();
      await this.#lostAreTold();
      if (way === 'aimed-kill') await this.#unansweredAtStrict();
      else await pause(random() * LATEST_END_MS);
    }
    const endedAtMs = Date.now();
    if (way === 'terminate') {
      app.terminate();
      await Promise.race([app.exited, pause(3 * LONGEST_GOODBYE_MS)]);
    }
    const hung = app.isRunning() && way === 'terminate';
    await app.kill();
    const goodbyeMs = Date.now() - endedAtMs;
    this.#temporaryFiles = this.#filesNow().filter((name) => name.includes('.writing-'));
    await this.#serversAreQuiet();
    const end = way === 'terminate' ? { goodbyeMs, hung } : undefined;
    const lost = await this.#profile.lookInside((vault) => {
      return this.#judge(vault, app.startedAtMs, endedAtMs, end);
    });
    if (lost.length > 0) await this.#signInAgain(lost);
    for (const at of ['lenient', 'strict'] as const) {
      this.#seen[at] = this.#servers[at].uses.length;
    }
  }

  /** Measured numbers, under the table. */
  report(): void {
    const { kills, inWindow, caught, lost, ends } = this.#counts;
    const { note } = this.#bench;
    note(
      `${kills} kills, of which ${inWindow} caught ${caught} renewals between the provider's ` +
        `commit and our durable record; ${lost} sign-ins lost at the strict provider; ` +
        `${ends} ends by SIGTERM in ${distribution(this.#goodbyeMs)}`,
    );
    note(`answer's last byte to renamed record (E-05): ${distribution(this.#savedAfterMs)}`);
    note(`answer's last byte to closed journal entry: ${distribution(this.#closedAfterMs)}`);
  }

  async #firstRenewal(): Promise<void> {
    const { lenient, strict } = this.#servers;
    await poll('the first renewal after a start', FIRST_RENEWAL_LIMIT_MS, () => {
      return lenient.uses.length > this.#seen.lenient || strict.uses.length > this.#seen.strict;
    });
  }

  /** Whoever was caught is asked for again soon, while the provider may still forgive. */
  async #caughtAreTriedAgain(): Promise<void> {
    const waiting = [...this.#subjects.values()].filter(({ caught }) => caught !== undefined);
    await poll('the interrupted renewals', RETRY_LIMIT_MS, () => {
      return waiting.every((subject) => this.#usesSince(subject).length > 0);
    }).catch(() => undefined);
  }

  /** Each strict tenant that has been refused now is told once; those beyond three in a summary that comes later. */
  async #lostAreTold(): Promise<void> {
    const lost = [...this.#subjects.values()].filter((subject) =>
      this.#usesSince(subject).some(({ outcome }) => outcome === 'refused'),
    );
    const timesTold = ({ tenant: { name } }: Subject): number =>
      this.#bench.desktop.notifications
        .all()
        .filter(({ summary, body }) => summary === name || body.includes(name)).length;
    const wanted = Math.min(lost.length, MOST_SINGLE_NOTICES);
    const told = (): number => lost.filter((subject) => timesTold(subject) > 0).length;
    await poll('the notices', NOTICE_LIMIT_MS, () => told() >= wanted).catch(() => undefined);
    for (const subject of lost.filter((each) => timesTold(each) > 0)) {
      const times = timesTold(subject);
      const fault = times === 1 ? undefined : `${subject.tenant.name} was told ${times} times`;
      this.#bench.tried('E-04b', fault);
    }
    for (let missing = told(); missing < wanted; missing += 1) {
      this.#bench.tried('E-04b', 'a lost sign-in was not told');
    }
  }

  async #unansweredAtStrict(): Promise<void> {
    const { strict } = this.#servers;
    await strict.waitFor('a renewal under way', RETRY_LIMIT_MS, () =>
      strict.uses.some(({ endedAtMs }) => endedAtMs === undefined),
    );
  }

  /** What a provider has read is decided, and its connections have gone. */
  async #serversAreQuiet(): Promise<void> {
    for (const server of [this.#servers.lenient, this.#servers.strict]) {
      await server.waitFor('the connections of the killed app to end', 5000, () =>
        server.uses.every(({ endedAtMs }) => endedAtMs !== undefined),
      );
    }
  }

  /** @returns Who has lost the sign-in. */
  async #judge(
    vault: Vault,
    startedAtMs: number,
    endedAtMs: number,
    end: { readonly goodbyeMs: number; readonly hung: boolean } | undefined,
  ): Promise<readonly Subject[]> {
    const failures: Failures = { lenient: [], strict: [], records: [] };
    const lines = readJournal(this.#profile.userDataDir);
    const unended = unendedTenants(lines);
    const lost = this.#refusedOf(failures);
    let caughtCount = 0;
    const all = [...this.#subjects.values()];
    const reads = await Promise.all(all.map(({ tenant }) => vault.read(tenant.id)));
    for (const [index, subject] of all.entries()) {
      const { tenant, at } = subject;
      const read = reads[index] ?? failure('internal');
      if (!read.ok || read.value === undefined) {
        const what = read.ok ? 'the record is missing' : read.error.code;
        failures.records.push({ name: tenant.name, what });
        continue;
      }
      if (lost.has(subject)) continue;
      const stored = read.value.token?.refreshToken ?? '';
      const standing = this.#servers[at].standing(stored);
      if (standing === 'current') {
        subject.caught = undefined;
        this.#measure(subject, stored, startedAtMs);
        continue;
      }
      const use = this.#servers[at].uses.findLast(({ refreshToken }) => refreshToken === stored);
      const fault = judgeCaught(use, standing, endedAtMs, unended.has(tenant.id));
      if (fault !== undefined) failures[at].push({ name: tenant.name, what: fault });
      subject.caught = use;
      caughtCount += 1;
    }
    this.#measureJournal(lines, startedAtMs);
    if (end === undefined) this.#tellKill(failures, caughtCount);
    else this.#tellEnd(failures, caughtCount, end);
    return [...lost];
  }

  #signInAgain(lost: readonly Subject[]): Promise<void> {
    const tenants = lost.map(({ tenant }) => tenant);
    return this.#profile.withVault((vault) =>
      signInAll(vault, tenants, ({ id }) => this.#serverOf(id).signIn(id)),
    );
  }

  /** Whoever was refused since the last look is lost; only who was caught at a strict provider may be. */
  #refusedOf(failures: Failures): ReadonlySet<Subject> {
    const lost = new Set<Subject>();
    for (const subject of this.#subjects.values()) {
      const refused = this.#usesSince(subject).find(({ outcome }) => outcome === 'refused');
      if (refused === undefined) continue;
      lost.add(subject);
      this.#counts.lost += 1;
      const { caught, at, tenant } = subject;
      const isExplained = at === 'strict' && caught?.refreshToken === refused.refreshToken;
      const afterMs = refused.committedAtMs - (caught?.committedAtMs ?? Number.NaN);
      if (!isExplained) {
        const what =
          caught === undefined
            ? 'refused though no end of the app had caught it'
            : `refused ${inSeconds(afterMs)} after its first use`;
        failures[at].push({ name: tenant.name, what });
      }
      subject.caught = undefined;
    }
    return lost;
  }

  #tellKill({ lenient, strict, records }: Failures, caughtCount: number): void {
    this.#counts.kills += 1;
    this.#counts.caught += caughtCount;
    if (caughtCount > 0) this.#counts.inWindow += 1;
    this.#bench.tried('E-03', grouped([...lenient, ...records]));
    this.#bench.tried('E-04a', grouped(strict));
    this.#bench.tried('D-08', grouped(records));
  }

  #tellEnd(
    { lenient, strict, records }: Failures,
    caughtCount: number,
    { goodbyeMs, hung }: { readonly goodbyeMs: number; readonly hung: boolean },
  ): void {
    this.#counts.ends += 1;
    this.#goodbyeMs.push(goodbyeMs);
    const saved = grouped([...lenient, ...strict, ...records]);
    const faults = saved === undefined ? [] : [saved];
    if (hung) faults.push('did not end');
    else if (goodbyeMs > LONGEST_GOODBYE_MS + GOODBYE_MARGIN_MS) {
      faults.push(`took ${String(goodbyeMs)} ms to end`);
    }
    if (caughtCount > 0) faults.push(`${caughtCount} renewals were not saved`);
    this.#bench.tried('E-17', faults.join('; ') || undefined);
  }

  /** From the answer's last byte to the record in its place, by the file's own clock (4 ms fine). */
  #measure({ tenant, at }: Subject, stored: string, startedAtMs: number): void {
    const use = this.#servers[at].uses.findLast(({ issued }) => issued === stored);
    if (use?.answeredAtMs === undefined || use.committedAtMs < startedAtMs) return;
    const path = join(this.#recordsDirectory, `${tenant.id}.sealed`);
    this.#savedAfterMs.push(Math.max(0, statSync(path).ctimeMs - use.answeredAtMs));
  }

  #measureJournal(lines: ReturnType<typeof readJournal>, startedAtMs: number): void {
    for (const { tenant, at: endedAtMs, what } of lines) {
      const subject = this.#subjects.get(tenant);
      if (what !== 'end' || subject === undefined) continue;
      const uses = this.#usesSince(subject).filter((use) => use.committedAtMs >= startedAtMs);
      const [use] = uses;
      if (uses.length !== 1 || use?.answeredAtMs === undefined) continue;
      this.#closedAfterMs.push(Math.max(0, endedAtMs - use.answeredAtMs));
    }
  }

  #usesSince({ tenant, at }: Subject): readonly RefreshUse[] {
    return this.#servers[at].uses
      .slice(this.#seen[at])
      .filter(({ clientId }) => clientId === tenant.id);
  }

  #serverOf(tenantId: string): RotatingServer {
    return this.#servers[this.#subjects.get(tenantId)?.at ?? 'strict'];
  }

  get #recordsDirectory(): string {
    return join(this.#profile.userDataDir, 'vault', 'records');
  }

  #filesNow(): readonly string[] {
    return readdirSync(this.#recordsDirectory);
  }
}

/** @returns What is wrong with a stored refresh token that is not the provider's newest. */
function judgeCaught(
  use: RefreshUse | undefined,
  standing: string,
  endedAtMs: number,
  isInJournal: boolean,
): string | undefined {
  if (use === undefined || standing !== 'used') return `the stored refresh token is ${standing}`;
  const sinceAnswerMs = endedAtMs - (use.answeredAtMs ?? endedAtMs);
  if (sinceAnswerMs > LONGEST_SAVING_MS) {
    return `answered ${sinceAnswerMs} ms before the end and still not saved`;
  }
  return isInJournal ? undefined : 'caught, and the journal does not know that it was under way';
}

/** The same thing said once: `refused 34 s after its first use (lenient 002, lenient 040)`. */
function grouped(faults: readonly Fault[]): string | undefined {
  const parts = [...new Set(faults.map(({ what }) => what))].map((what) => {
    const names = faults.filter((fault) => fault.what === what).map(({ name }) => name);
    return `${what} (${names.join(', ')})`;
  });
  return parts.join('; ') || undefined;
}

function inSeconds(durationMs: number): string {
  return `${String(Math.round(durationMs / 1000))} s`;
}
