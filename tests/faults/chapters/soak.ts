/**
 * Days of an app with many tenants in little time: tokens of minutes, and about once a minute
 * something goes wrong. At the end every tenant must still be signed in, and the process must be as
 * small as it was.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { RefreshUse } from '../../emulators/rotating-server.ts';
import type { SeedTenant } from '../../harness/bearer-tray.ts';
import { Logind } from '../../harness/logind.ts';
import type { AppProcess } from '../app-process.ts';
import { pick, wholeNumber } from '../chapter.ts';
import type { Bench, Chapter } from '../chapter.ts';
import { distribution } from '../measured.ts';
import { makeProfile, signInAll } from '../profile.ts';
import type { Profile } from '../profile.ts';
import { Machine } from './clock-machine.ts';
import { startProviderHosts } from './clock-provider.ts';
import type { ProviderHosts } from './clock-provider.ts';
import { floorsOf, groupedBy, growthAnHour, sampleProcess } from './soak-process.ts';
import type { ProcessSample } from './soak-process.ts';

const MINUTE_MS = 60_000;
const LEEWAY_MS = 30_000;
const START_LIMIT_MS = 30_000;
const END_LIMIT_MS = 10_000;
const SAMPLED_EVERY_MS = 5000;

/** A process is measured after so long, and only if it then runs on for a while. */
const WARM_UP_MS = 10 * MINUTE_MS;
const LEAST_MEASURED_MS = 15 * MINUTE_MS;
/** At first the app is often killed; later only one that has been measured long enough. */
const KILLS_AT_FIRST_MS = 4 * MINUTE_MS;
const LIFE_BEFORE_A_KILL_MS = 60 * MINUTE_MS;

const MOST_GROWTH_BYTES = 2 ** 20;
const MOST_MORE_FILES = 20;
const MOST_MORE_THREADS = 10;
const LEAST_SUCCESS = 0.999;

interface Form {
  readonly tenants: number;
  readonly hosts: number;
  readonly expiresInSeconds: number;
  readonly longestFaultMs: number;
  readonly betweenFaultsMs: number;
  /** How many of the faults are done right after a sleep. */
  readonly shareAfterWaking: number;
  /** After a fault or a sleep everybody must have a living token again. */
  readonly recoveryMs: number;
}

const LONG_FORM: Form = {
  tenants: 200,
  hosts: 10,
  expiresInSeconds: 300,
  longestFaultMs: 20_000,
  betweenFaultsMs: 48_000,
  shareAfterWaking: 0.2,
  recoveryMs: 60_000,
};

const SHORT_FORM: Form = {
  tenants: 20,
  hosts: 5,
  expiresInSeconds: 60,
  longestFaultMs: 1500,
  betweenFaultsMs: 500,
  shareAfterWaking: 1,
  recoveryMs: 10_000,
};

type FaultKind = 'down' | 'errors' | 'kill' | 'keyring' | 'clock' | 'sleep' | 'stop';

const KINDS: readonly FaultKind[] = ['down', 'errors', 'kill', 'keyring', 'clock', 'sleep', 'stop'];

export const soakChapter: Chapter = {
  name: 'soak',
  seconds: 1800,
  longForm: '--only soak --duration 72h is the whole check; memory is judged from 30 min on',
  promises: [
    { id: 'H-05a', text: 'Many faults, short tokens: no tenant loses its sign-in' },
    { id: 'H-05b', text: 'Many faults: the app does not end by itself' },
    { id: 'H-05c', text: 'Renewals succeed (≥99.9 %) where no fault is done to them' },
    { id: 'H-05d', text: 'Memory (<1 MB/h), open files and threads stay flat' },
  ],
  async run(bench) {
    const form = bench.timeIsUp() ? SHORT_FORM : LONG_FORM;
    const soak = await Soak.begin(bench, form);
    try {
      for (const kind of shuffled(bench.random, KINDS)) await soak.fault(kind);
      while (!bench.timeIsUp()) await soak.fault(soak.nextKind());
      await soak.judge();
    } finally {
      await soak.end();
    }
  },
};

interface Window {
  readonly kind: FaultKind;
  readonly fromMs: number;
  toMs: number;
}

class Soak {
  readonly #bench: Bench;
  readonly #form: Form;
  readonly #hosts: ProviderHosts;
  readonly #machine: Machine;
  readonly #profile: Profile;
  readonly #tenants: readonly SeedTenant[];
  readonly #startedAtMs = Date.now();
  /** When a fault was done, and until when it may be felt. */
  readonly #windows: Window[] = [];
  readonly #samples: ProcessSample[] = [];
  /** How long the computer has slept, and when. */
  readonly #sleeps: { readonly atMs: number; readonly sleptMs: number }[] = [];
  readonly #faults = new Map<FaultKind, number>();
  readonly #sampler: NodeJS.Timeout;
  readonly #logind: Logind;
  #app: AppProcess;

  private constructor(parts: {
    readonly bench: Bench;
    readonly form: Form;
    readonly hosts: ProviderHosts;
    readonly machine: Machine;
    readonly profile: Profile;
    readonly tenants: readonly SeedTenant[];
    readonly logind: Logind;
    readonly app: AppProcess;
  }) {
    this.#bench = parts.bench;
    this.#form = parts.form;
    this.#hosts = parts.hosts;
    this.#machine = parts.machine;
    this.#profile = parts.profile;
    this.#tenants = parts.tenants;
    this.#logind = parts.logind;
    this.#app = parts.app;
    this.#sampler = setInterval(() => {
      const sample = sampleProcess(this.#app.pid);
      if (sample !== undefined) this.#samples.push(sample);
    }, SAMPLED_EVERY_MS);
  }

  static async begin(bench: Bench, form: Form): Promise<Soak> {
    const { hosts: hostCount, expiresInSeconds } = form;
    const hosts = await startProviderHosts({
      hosts: hostCount,
      expiresInSeconds,
      leewayMs: LEEWAY_MS,
      answerDelayMs: () => Math.floor(bench.random() ** 2 * 300),
    });
    const tenants = hosts.tenants(form.tenants, 'Soaked');
    const profile = await makeProfile(bench.desktop, tenants);
    await profile.withVault((vault) =>
      signInAll(vault, tenants, ({ id }) => hosts.server.signIn(id)),
    );
    const machine = new Machine(bench.desktop);
    const logind = await Logind.start(bench.desktop);
    const app = await machine.start(profile.userDataDir, logind.env);
    const soak = new Soak({ bench, form, hosts, machine, profile, tenants, logind, app });
    await hosts.renewed(tenants, app.startedAtMs, START_LIMIT_MS + form.tenants * 100);
    return soak;
  }

  /** One fault from its beginning to its end, and the calm after it. */
  async fault(kind: FaultKind): Promise<void> {
    const { random } = this.#bench;
    const window: Window = { kind, fromMs: Date.now(), toMs: Infinity };
    this.#windows.push(window);
    this.#faults.set(kind, (this.#faults.get(kind) ?? 0) + 1);
    // Best while many renewals are under way
    if (random() < this.#form.shareAfterWaking) await this.#sleep();
    await this.#do(kind);
    window.toMs = Date.now() + this.#form.recoveryMs;
    this.#bench.tried('H-05b', this.#app.isRunning() ? undefined : `ended after ${kind}`);
    if (!this.#app.isRunning()) this.#app = await this.#start();
    const { betweenFaultsMs } = this.#form;
    await pause(wholeNumber(random, betweenFaultsMs / 2, (betweenFaultsMs * 3) / 2));
  }

  nextKind(): FaultKind {
    const { random } = this.#bench;
    const kind = pick(random, KINDS as [FaultKind, ...FaultKind[]]);
    const nowMs = Date.now();
    const mayKill =
      nowMs - this.#startedAtMs < KILLS_AT_FIRST_MS ||
      nowMs - this.#app.startedAtMs > LIFE_BEFORE_A_KILL_MS;
    return kind === 'kill' && !mayKill ? this.nextKind() : kind;
  }

  async judge(): Promise<void> {
    await pause(this.#form.recoveryMs);
    clearInterval(this.#sampler);
    const aliveAtMs = Date.now();
    const unrenewed = this.#tenants.filter(({ id }) => !this.#isAlive(id, aliveAtMs));
    await this.#endApp();
    await this.#judgeSignIns(unrenewed);
    this.#judgeRenewals();
    this.#judgeProcess();
    const faults = [...this.#faults].map(([kind, count]) => `${count} ${kind}`).join(', ');
    this.#bench.note(`faults: ${faults}`);
  }

  async end(): Promise<void> {
    clearInterval(this.#sampler);
    await this.#app.kill();
    await this.#logind.stop();
    await this.#hosts.stop();
  }

  #start(): Promise<AppProcess> {
    return this.#machine.start(this.#profile.userDataDir, this.#logind.env);
  }

  async #do(kind: FaultKind): Promise<void> {
    const { random, desktop } = this.#bench;
    const { longestFaultMs } = this.#form;
    const lastsMs = wholeNumber(random, longestFaultMs / 4, longestFaultMs);
    const { pid } = this.#app;
    switch (kind) {
      case 'down':
        await this.#someHosts({ kind: random() < 0.5 ? 'refuse' : 'hold' }, lastsMs);
        return;
      case 'errors': {
        const status = pick(random, [500, 502, 503, 504] as const);
        await this.#someHosts({ kind: 'answer', answer: { status } }, lastsMs);
        return;
      }
      case 'kill':
        await this.#app.kill();
        this.#app = await this.#start();
        return;
      case 'keyring':
        await desktop.keyring?.crash();
        await pause(lastsMs / 4);
        await desktop.keyring?.startAgain();
        return;
      case 'clock':
        await this.#machine.set({ wallAheadMs: pick(random, [-1, 1, 87_600]) * 3600_000 }, pid);
        await pause(lastsMs);
        await this.#machine.set({ wallAheadMs: 0 }, pid);
        return;
      case 'sleep':
        await this.#sleep();
        return;
      case 'stop':
        process.kill(pid, 'SIGSTOP');
        await pause(lastsMs);
        process.kill(pid, 'SIGCONT');
    }
  }

  /** Logind tells of it more often than not. */
  async #sleep(): Promise<void> {
    const { random } = this.#bench;
    const isTold = this.#form === SHORT_FORM || random() < 0.7;
    const sleptMs = wholeNumber(random, 500, 2000) * this.#form.expiresInSeconds;
    if (isTold) this.#logind.prepareForSleep(true);
    this.#sleeps.push({ atMs: Date.now(), sleptMs });
    const asleepMs = this.#machine.state.asleepMs + sleptMs;
    await this.#machine.set({ asleepMs }, this.#app.pid);
    if (isTold) this.#logind.prepareForSleep(false);
  }

  async #someHosts(
    fault: Parameters<ProviderHosts['setFault']>[0],
    lastsMs: number,
  ): Promise<void> {
    const { random } = this.#bench;
    const all = random() < 0.5;
    const some = this.#hosts.proxies.filter(() => all || random() < 0.5);
    for (const proxy of some) await proxy.setFault(fault);
    await pause(lastsMs);
    for (const proxy of some) {
      // Ends what is held: a second fault could come to it before the app gives up waiting
      await proxy.setFault({ kind: 'refuse' });
      await proxy.setFault({ kind: 'none' });
    }
  }

  async #endApp(): Promise<void> {
    this.#app.terminate();
    await Promise.race([this.#app.exited, pause(END_LIMIT_MS)]);
    const hangs = this.#app.isRunning();
    this.#bench.tried('H-05b', hangs ? 'did not end when it was told to' : undefined);
    await this.#app.kill();
  }

  /** Lost is whose stored refresh token is not the newest, or who was refused. */
  async #judgeSignIns(unrenewed: readonly SeedTenant[]): Promise<void> {
    const { server } = this.#hosts;
    const refused = new Map(
      server.uses
        .filter(({ outcome }) => outcome === 'refused')
        .map((use) => [use.clientId, this.#storyOf(use)]),
    );
    await this.#profile.lookInside(async (vault) => {
      for (const { id, name } of this.#tenants) {
        const stored = await vault.read(id);
        const token = stored.ok ? (stored.value?.token?.refreshToken ?? '') : '';
        const standing = server.standing(token);
        const failure =
          refused.get(id) ??
          (standing === 'current' ? undefined : `holds a refresh token that is ${standing}`);
        this.#bench.tried('H-05a', failure === undefined ? undefined : `${name} ${failure}`);
      }
    });
    const dead = unrenewed.map(({ name }) => name);
    if (dead.length > 0) this.#bench.tried('H-05c', `dead at the end: ${dead.join(', ')}`);
  }

  /** When the refused refresh token had been used before, and what was done to the app then. */
  #storyOf({ refreshToken, committedAtMs }: RefreshUse): string {
    const before = this.#hosts.server.uses.find((use) => use.refreshToken === refreshToken);
    const firstAtMs = before?.committedAtMs ?? committedAtMs;
    const fault = this.#windows.findLast(({ fromMs }) => fromMs <= firstAtMs);
    const slept = this.#sleeps.some(({ atMs }) => Math.abs(atMs - firstAtMs) < 1000);
    return (
      `was refused ${committedAtMs - firstAtMs} ms after its first use, which came ` +
      `${firstAtMs - (fault?.fromMs ?? firstAtMs)} ms after the fault ${fault?.kind ?? 'none'}` +
      (slept ? ', as the computer went to sleep' : '')
    );
  }

  /** By real time alone: a sleep makes tokens end earlier, and is a fault of which the window tells. */
  #judgeRenewals(): void {
    const calm = this.#hosts.server.uses.filter(({ committedAtMs }) => this.#isCalm(committedAtMs));
    const failed = calm.filter(
      ({ outcome, answeredAtMs }) => outcome === 'refused' || answeredAtMs === undefined,
    );
    const late = this.#lateRenewals();
    const success = 1 - (failed.length + late.length) / Math.max(1, calm.length);
    const isGood = success >= LEAST_SUCCESS;
    const text =
      `${failed.length} failed and ${late.length} late of ${calm.length} renewals ` +
      `outside of faults, ${this.#hosts.server.uses.length} in all`;
    this.#bench.tried('H-05c', isGood ? undefined : [text, ...late.slice(0, 3)].join('; '));
    this.#bench.note(text);
  }

  /** Those whose token had ended, with nothing in the way, before there was the next one. */
  #lateRenewals(): readonly string[] {
    const lifeMs = this.#form.expiresInSeconds * 1000;
    return this.#tenants.flatMap(({ id, name }) => {
      const uses = this.#hosts.usesOf(id, 0);
      return uses.flatMap(({ committedAtMs }, index) => {
        const next = uses[index + 1];
        const lateMs = (next?.committedAtMs ?? 0) - (committedAtMs + lifeMs);
        const inCalm = this.#isCalm(committedAtMs + lifeMs);
        return lateMs > 0 && inCalm ? [`${name} was without a token for ${lateMs} ms`] : [];
      });
    });
  }

  /** Only a process that has lived long enough is judged; what was measured is told of each. */
  #judgeProcess(): void {
    const [longest = []] = groupedBy(this.#samples, ({ processId }) => processId).toSorted(
      (a, b) => b.length - a.length,
    );
    const [first] = longest;
    const warm = longest.filter(({ atMs }) => atMs - (first?.atMs ?? 0) >= WARM_UP_MS);
    const isWarm = spanMs(warm) >= LEAST_MEASURED_MS;
    const judged = isWarm ? warm : longest;
    const floors = floorsOf(judged, MINUTE_MS);
    const growthBytes = growthAnHour(floors, ({ residentBytes }) => residentBytes);
    const moreFiles = growth(judged, ({ openFiles }) => openFiles);
    const moreThreads = growth(judged, ({ threads }) => threads);
    const minutes = Math.round(spanMs(judged) / MINUTE_MS);
    const faults: string[] = [];
    if (isWarm && growthBytes > MOST_GROWTH_BYTES) {
      faults.push(`memory grows by ${inMegabytes(growthBytes)} an hour`);
    }
    if (moreFiles > MOST_MORE_FILES) faults.push(`${moreFiles} more open files`);
    if (moreThreads > MOST_MORE_THREADS) faults.push(`${moreThreads} more threads`);
    this.#bench.tried('H-05d', faults.join('; ') || undefined);
    const { note } = this.#bench;
    const megabytes = judged.map(({ residentBytes }) => residentBytes / 2 ** 20);
    note(
      `the longest run, ${minutes} min ${isWarm ? 'after the warm-up' : 'with its warm-up'}: ` +
        `memory ${distribution(megabytes, 'MB')}` +
        (floors.length < 3 ? '' : `, its floor grows by ${inMegabytes(growthBytes)} an hour`),
    );
    note(`open files ${fromTo(judged, ({ openFiles }) => openFiles)}`);
    note(`threads ${fromTo(judged, ({ threads }) => threads)}`);
    note(`wake-ups a second ${fromTo(rates(judged, 'sleeps', 1000), (rate) => rate)}`);
    note(`processor, share ${fromTo(rates(judged, 'processorMs', 1), (rate) => rate)}`);
  }

  #isCalm(atMs: number): boolean {
    return !this.#windows.some(({ fromMs, toMs }) => atMs >= fromMs - 1000 && atMs <= toMs);
  }

  #isAlive(tenantId: string, atMs: number): boolean {
    const issuedAtMs = this.#hosts.usesOf(tenantId, 0).at(-1)?.committedAtMs ?? 0;
    const sleptMs = this.#sleeps
      .filter((sleep) => sleep.atMs >= issuedAtMs)
      .reduce((sum, sleep) => sum + sleep.sleptMs, 0);
    return issuedAtMs + this.#form.expiresInSeconds * 1000 > atMs + sleptMs;
  }
}

function shuffled<Value>(random: () => number, values: readonly Value[]): readonly Value[] {
  return values
    .map((value) => [random(), value] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, value]) => value);
}

function spanMs(samples: readonly ProcessSample[]): number {
  return (samples.at(-1)?.atMs ?? 0) - (samples[0]?.atMs ?? 0);
}

/** From the mean of the first fifth to the mean of the last. */
function growth<Item>(items: readonly Item[], valueOf: (item: Item) => number): number {
  const [from, to] = ends(items, valueOf);
  return Math.round(to - from);
}

function fromTo<Item>(items: readonly Item[], valueOf: (item: Item) => number): string {
  const [from, to] = ends(items, valueOf);
  return `${from.toFixed(2)} → ${to.toFixed(2)} (most ${Math.max(...items.map(valueOf)).toFixed(2)})`;
}

function ends<Item>(items: readonly Item[], valueOf: (item: Item) => number): [number, number] {
  const size = Math.max(1, Math.floor(items.length / 5));
  const mean = (some: readonly Item[]) =>
    some.reduce((sum, item) => sum + valueOf(item), 0) / Math.max(1, some.length);
  return [mean(items.slice(0, size)), mean(items.slice(-size))];
}

/** How much more of it there was in each `perMs` between two samples. */
function rates(
  samples: readonly ProcessSample[],
  name: 'sleeps' | 'processorMs',
  perMs: number,
): readonly number[] {
  return samples.slice(1).map((sample, index) => {
    const before = samples[index] ?? sample;
    return ((sample[name] - before[name]) / (sample.atMs - before.atMs)) * perMs;
  });
}

function inMegabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`;
}
