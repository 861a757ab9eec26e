/**
 * The computer sleeps for eight hours, and every token ends meanwhile: logind tells of the waking or
 * nobody does, and the network is there at once or a while later.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { SourceApp } from '../../harness/app.ts';
import type { BearerTray, SeedTenant } from '../../harness/bearer-tray.ts';
import { exitOf } from '../../harness/desktop-processes.ts';
import { Logind } from '../../harness/logind.ts';
import { withTimeLimit } from '../../harness/waiting.ts';
import { pick, trying, wholeNumber } from '../chapter.ts';
import type { Bench, Chapter } from '../chapter.ts';
import { distribution } from '../measured.ts';
import { makeProfile, signInAll } from '../profile.ts';
import type { Profile } from '../profile.ts';
import { Machine } from './clock-machine.ts';
import { startProviderHosts } from './clock-provider.ts';
import type { ProviderHosts } from './clock-provider.ts';
import { hurryTimers } from './keyring-process.ts';

const ASLEEP_MS = 8 * 3600_000;
const TENANTS = 8;
const HOSTS = 4;
const START_LIMIT_MS = 20_000;
const END_LIMIT_MS = 10_000;
const RENEWALS_LIMIT_MS = 5000;
/** A host that could not be reached is tried again at its next step of the back-off. */
const RENEWALS_AFTER_OUTAGE_LIMIT_MS = 30_000;
const COPY_LIMIT_MS = 5000;
const SETTLED_MS = 2000;
const NOTICED_LIMIT_MS = 45_000;
/** The keeper's longest sleep, and what it is in a form that has seconds only. */
const TICK_MS = 30_000;
const HURRIED_TICK_MS = 1500;
const HURRIED_NOTICED_LIMIT_MS = 5000;

export const sleepChapter: Chapter = {
  name: 'sleep',
  seconds: 150,
  longForm: 'waits for the real tick of 30 s where nobody tells of the waking',
  promises: [
    { id: 'E-12a', text: 'After 8 h asleep all overdue tenants are renewed within 5 s' },
    {
      id: 'E-12b',
      text: 'Asked after waking: a fresh token within 5 s of the network, never a dead',
    },
    { id: 'E-12c', text: 'Nobody tells of the waking (no system bus): noticed within 45 s' },
    { id: 'E-12d', text: 'Asleep right after a look at the clock: the waking is noticed as soon' },
  ],
  async run(bench) {
    const isShort = bench.timeIsUp();
    const nights = await Nights.begin(bench);
    try {
      await nights.told('at-once');
      await nights.told('late');
      await nights.rightAfterALook();
      await nights.untold(isShort);
      while (!bench.timeIsUp()) {
        const night = pick(bench.random, ['at-once', 'late', 'untold'] as const);
        if (night === 'untold') await nights.untold(false);
        else await nights.told(night);
      }
      nights.report();
    } finally {
      await nights.end();
    }
  },
};

class Nights {
  readonly #bench: Bench;
  readonly #hosts: ProviderHosts;
  readonly #machine: Machine;
  readonly #profile: Profile;
  readonly #tenants: readonly SeedTenant[];
  readonly #logind: Logind;
  readonly #copiesMs: number[] = [];
  readonly #noticedMs: number[] = [];
  #app: BearerTray<SourceApp> | undefined;
  #listens = false;

  private constructor(parts: {
    readonly bench: Bench;
    readonly hosts: ProviderHosts;
    readonly profile: Profile;
    readonly tenants: readonly SeedTenant[];
    readonly logind: Logind;
  }) {
    this.#bench = parts.bench;
    this.#hosts = parts.hosts;
    this.#profile = parts.profile;
    this.#tenants = parts.tenants;
    this.#logind = parts.logind;
    this.#machine = new Machine(parts.bench.desktop);
  }

  static async begin(bench: Bench): Promise<Nights> {
    const { desktop } = bench;
    const hosts = await startProviderHosts({ hosts: HOSTS, expiresInSeconds: 3600 });
    const tenants = hosts.tenants(TENANTS, 'Sleeper');
    const profile = await makeProfile(desktop, tenants);
    await profile.withVault((vault) =>
      signInAll(vault, tenants, ({ id }) => hosts.server.signIn(id)),
    );
    return new Nights({ bench, hosts, profile, tenants, logind: await Logind.start(desktop) });
  }

  async end(): Promise<void> {
    await this.#endApp();
    await this.#logind.stop();
    await this.#hosts.stop();
  }

  report(): void {
    const { note } = this.#bench;
    note(`copy right after waking or the network: ${distribution(this.#copiesMs)}`);
    note(`waking that nobody tells of, to the first renewal: ${distribution(this.#noticedMs)}`);
  }

  /** With logind, which says when it begins and when it is over. */
  async told(network: 'at-once' | 'late'): Promise<void> {
    const tray = await this.#running(true);
    const processId = processIdOf(tray);
    await this.#pauseUpTo(500);
    this.#logind.prepareForSleep(true);
    await this.#pauseUpTo(500);
    const asleepMs = this.#machine.state.asleepMs + ASLEEP_MS;
    let wokenAtMs = Date.now();
    if (network === 'late') {
      await this.#hosts.setFault({ kind: 'refuse' });
      await this.#machine.set({ asleepMs, isConnected: false }, processId);
    } else await this.#machine.set({ asleepMs }, processId);
    this.#logind.prepareForSleep(false);
    if (network === 'late') {
      await this.#deadTokensStay();
      await this.#pauseUpTo(6000);
      wokenAtMs = Date.now();
      await this.#hosts.setFault({ kind: 'none' });
      await this.#machine.set({ isConnected: true }, processId);
    }
    await this.#freshCopy(wokenAtMs);
    await trying(this.#bench, ['E-12a'], async () => {
      const limitMs = network === 'late' ? RENEWALS_AFTER_OUTAGE_LIMIT_MS : RENEWALS_LIMIT_MS;
      await this.#hosts.renewed(this.#tenants, wokenAtMs, limitMs);
      this.#demandNoReuse();
    });
  }

  /** There is no system bus: only the app's own tick can find out. */
  async untold(isShort: boolean): Promise<void> {
    const tray = await this.#running(false);
    // What the start has set off is over: only the tick looks
    await pause(SETTLED_MS);
    if (isShort) {
      await hurryTimers(tray.app, TICK_MS, HURRIED_TICK_MS);
      await tray.app.electron.evaluate(({ powerMonitor }) => powerMonitor.emit('resume'));
    }
    await this.#pauseUpTo(isShort ? 500 : 5000);
    const asleepMs = this.#machine.state.asleepMs + ASLEEP_MS;
    const wokenAtMs = Date.now();
    await this.#machine.set({ asleepMs }, processIdOf(tray));
    await trying(this.#bench, ['E-12c'], async () => {
      const limitMs = isShort ? HURRIED_NOTICED_LIMIT_MS : NOTICED_LIMIT_MS;
      await this.#hosts.server.waitFor('the waking to be noticed', limitMs, () =>
        this.#tenants.some(({ id }) => this.#hosts.usesOf(id, wokenAtMs).length > 0),
      );
      this.#noticedMs.push(Date.now() - wokenAtMs);
      await this.#hosts.renewed(this.#tenants, wokenAtMs, RENEWALS_LIMIT_MS);
      this.#demandNoReuse();
    });
  }

  /** The fine clock stands still in a sleep: between two looks a moment has passed for it. */
  async rightAfterALook(): Promise<void> {
    const tray = await this.#running(true);
    await pause(SETTLED_MS);
    await this.#machine.set({ asleepMs: this.#machine.state.asleepMs + ASLEEP_MS });
    const wokenAtMs = Date.now();
    await tray.app.electron.evaluate(({ powerMonitor }) => {
      powerMonitor.emit('resume');
      // As if the signal had come: the computer's state is read
      process.emit('SIGUSR2', 'SIGUSR2');
      powerMonitor.emit('resume');
    });
    await trying(this.#bench, ['E-12d'], async () => {
      await this.#hosts.renewed(this.#tenants, wokenAtMs, RENEWALS_LIMIT_MS);
    });
  }

  /** The app with or without a system bus, all of its tenants fresh. */
  async #running(listens: boolean): Promise<BearerTray<SourceApp>> {
    if (this.#app !== undefined && this.#listens === listens) return this.#app;
    await this.#endApp();
    const startedAtMs = Date.now();
    // Whoever starts has slept as well, or the tokens of before would come out of the future
    const tray = await this.#machine.launch(
      this.#profile.userDataDir,
      listens ? this.#logind.env : {},
    );
    this.#app = tray;
    this.#listens = listens;
    if (listens) await this.#logind.waitForListener();
    // Until then the keychain's answer makes the app look at its clock
    await this.#bench.desktop.trayHost.waitForMenu(
      (menu) =>
        this.#tenants.every(({ name }) =>
          menu
            .find(({ label }) => label === name)
            ?.children.some(({ label }) => label === 'Copy token'),
        ),
      START_LIMIT_MS,
    );
    const wereRenewed = this.#hosts.server.uses.length > 0;
    if (!wereRenewed) await this.#hosts.renewed(this.#tenants, startedAtMs, START_LIMIT_MS);
    return this.#app;
  }

  /** In order; Playwright, whose connection has been cut, would kill it. */
  async #endApp(): Promise<void> {
    const ending = this.#app?.app.process;
    this.#app = undefined;
    if (ending === undefined) return;
    const ended = exitOf(ending);
    ending.kill('SIGTERM');
    await withTimeLimit(ended, END_LIMIT_MS, 'the app to end');
  }

  async #freshCopy(wokenAtMs: number): Promise<void> {
    const tenant = this.#anyTenant();
    await trying(this.#bench, ['E-12b'], async () => {
      const copied = await this.#copy(tenant);
      const tookMs = Date.now() - wokenAtMs;
      this.#copiesMs.push(tookMs);
      const isFresh = this.#hosts
        .usesOf(tenant.id, wokenAtMs)
        .some(({ accessToken }) => accessToken === copied);
      if (!isFresh) throw new Error(`${tenant.name} gave a token of before the night`);
      if (tookMs > COPY_LIMIT_MS) throw new Error(`${tenant.name} took ${tookMs} ms`);
    });
  }

  /** Without a network there is nothing but dead tokens: none is handed out, and that is told. */
  async #deadTokensStay(): Promise<void> {
    const { notifications } = this.#bench.desktop;
    const tenant = this.#anyTenant();
    await trying(this.#bench, ['E-12b'], async () => {
      await notifications.clear();
      const copying = this.#copy(tenant);
      const told = notifications.waitFor(({ summary }) => summary === tenant.name, COPY_LIMIT_MS);
      const copied = await Promise.race([copying, told.then(() => undefined)]);
      await Promise.allSettled([copying, told]);
      if (copied !== undefined) throw new Error(`${tenant.name} gave a token of before the night`);
    });
  }

  /** By the tray's menu: the suspend has cut the connection by which Playwright sees pages. */
  async #copy({ name }: SeedTenant): Promise<string> {
    const { clipboard, trayHost } = this.#bench.desktop;
    await clipboard.writeText('before the copy');
    await trayHost.clickMenu(name, 'Copy token');
    const text = await clipboard.waitForText((now) => now !== 'before the copy', COPY_LIMIT_MS);
    return text ?? '';
  }

  #anyTenant(): SeedTenant {
    return pick(this.#bench.random, this.#tenants as [SeedTenant, ...SeedTenant[]]);
  }

  #demandNoReuse(): void {
    const refused = this.#hosts.server.uses.filter(({ outcome }) => outcome === 'refused');
    if (refused.length > 0) throw new Error(`${refused.length} refresh tokens were used twice`);
  }

  async #pauseUpTo(longestMs: number): Promise<void> {
    await pause(wholeNumber(this.#bench.random, 0, longestMs));
  }
}

function processIdOf({ app }: BearerTray<SourceApp>): number {
  const { pid } = app.process;
  if (pid === undefined) throw new Error('the app has no process');
  return pid;
}
