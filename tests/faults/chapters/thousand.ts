/**
 * A thousand tenants whose tokens have all ended: at a start, after a sleep while somebody copies,
 * and after a while without any network. Providers are strict, and few in number.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { RefreshUse } from '../../emulators/rotating-server.ts';
import type { SourceApp } from '../../harness/app.ts';
import type { BearerTray, SeedTenant } from '../../harness/bearer-tray.ts';
import { ask } from '../../harness/bridge.ts';
import { pick, trying } from '../chapter.ts';
import type { Bench, Chapter } from '../chapter.ts';
import { distribution } from '../measured.ts';
import { makeProfile, signInAll } from '../profile.ts';
import type { Profile } from '../profile.ts';
import { Machine } from './clock-machine.ts';
import { startProviderHosts } from './clock-provider.ts';
import type { ProviderHosts } from './clock-provider.ts';
import { processorMsOf, sampleProcess } from './soak-process.ts';

const ASLEEP_MS = 8 * 3600_000;
const AFTER_A_LOOK_MS = 150;
const HOSTS = 10;
const SLOWEST_ANSWER_MS = 800;
const MOST_AT_ONCE = 8;
const MOST_AT_ONE_HOST = 2;
const MOST_IN_A_SECOND = 20;
const RENEWALS_LIMIT_MS = 5 * 60_000;
const COPY_LIMIT_MS = 3000;
const MOST_OF_A_CORE = 0.5;
const BETWEEN_COPIES_MS = 700;
const RECOVERY_LIMIT_MS = 2 * 60_000;
/** Of 30 s for a thousand tenants. */
const LEAST_SPREAD_OF_ONE_MS = 30;
/** The back-off of a host that cannot be reached: 2 s at first, doubled each time. */
const FIRST_STEP_MS = 2000;
/** Those that are under way as the network goes, and one that nobody had asked before. */
const PROBES_ASIDE = MOST_AT_ONE_HOST + 1;
const MOST_NOTICES = 1;
const MOST_MORE_BYTES = 20 * 2 ** 20;

interface Form {
  readonly tenants: number;
  readonly offlineMs: number;
}

const LONG_FORM: Form = { tenants: 1000, offlineMs: 90_000 };
const SHORT_FORM: Form = { tenants: 60, offlineMs: 5000 };

export const thousandChapter: Chapter = {
  name: 'thousand',
  seconds: 420,
  longForm: '1,000 tenants instead of 60, and minutes without a network',
  promises: [
    { id: 'E-02', text: 'Strict rotation for 1,000 tenants: no refresh token is used twice' },
    {
      id: 'E-14a',
      text: 'All ended at once: ≤8 at once, ≤2 a host, ≤20 in any second, all in 5 min',
    },
    { id: 'E-14b', text: 'Meanwhile a copy for any tenant is answered within 3 s' },
    { id: 'E-14c', text: 'At a start with them the main process takes less than half of a core' },
    { id: 'E-15a', text: 'No network: a host is asked once in each step of the back-off' },
    { id: 'E-15b', text: 'No network: one notice at most, and memory stays flat (±20 MB)' },
    { id: 'E-15c', text: 'The network is back: all are fresh within 2 min, spread over ≥30 s' },
  ],
  async run(bench) {
    const crowd = await Crowd.begin(bench, bench.timeIsUp() ? SHORT_FORM : LONG_FORM);
    try {
      await crowd.start();
      do {
        await crowd.wakeWhileCopying();
        await crowd.loseTheNetwork();
      } while (!bench.timeIsUp());
    } finally {
      await crowd.end();
    }
  },
};

class Crowd {
  readonly #bench: Bench;
  readonly #form: Form;
  readonly #hosts: ProviderHosts;
  readonly #machine: Machine;
  readonly #profile: Profile;
  readonly #tenants: readonly SeedTenant[];
  #tray: BearerTray<SourceApp> | undefined;
  /** A second use of a refresh token is told once. */
  #toldReuses = 0;

  private constructor(parts: {
    readonly bench: Bench;
    readonly form: Form;
    readonly hosts: ProviderHosts;
    readonly profile: Profile;
    readonly tenants: readonly SeedTenant[];
  }) {
    this.#bench = parts.bench;
    this.#form = parts.form;
    this.#hosts = parts.hosts;
    this.#profile = parts.profile;
    this.#tenants = parts.tenants;
    this.#machine = new Machine(parts.bench.desktop);
  }

  static async begin(bench: Bench, form: Form): Promise<Crowd> {
    const hosts = await startProviderHosts({
      hosts: HOSTS,
      expiresInSeconds: 3600,
      // Now and then so slow that the limits are reached
      answerDelayMs: () => Math.floor(bench.random() ** 2 * SLOWEST_ANSWER_MS),
    });
    const tenants = hosts.tenants(form.tenants, 'Tenant');
    const profile = await makeProfile(bench.desktop, tenants);
    await profile.withVault((vault) =>
      signInAll(vault, tenants, ({ id }) => hosts.server.signIn(id)),
    );
    return new Crowd({ bench, form, hosts, profile, tenants });
  }

  async end(): Promise<void> {
    await this.#tray?.app.close().catch(() => undefined);
    await this.#hosts.stop();
  }

  /** All have ended while the app was away. */
  async start(): Promise<void> {
    const startedAtMs = Date.now();
    this.#tray = await this.#machine.launch(this.#profile.userDataDir);
    const share = await this.#renewAll('start', startedAtMs);
    const failure = share < MOST_OF_A_CORE ? undefined : `${Math.round(share * 100)} % of a core`;
    this.#bench.tried('E-14c', failure);
  }

  /** All end during a sleep, and somebody needs token after token. */
  async wakeWhileCopying(): Promise<void> {
    const tray = this.#running();
    const page = await tray.popover();
    const wokenAtMs = Date.now();
    await this.#oversleep();
    const renewing = new AbortController();
    const copiesMs: number[] = [];
    const copying = (async () => {
      while (!renewing.signal.aborted) {
        const tenant = pick(this.#bench.random, this.#tenants as [SeedTenant, ...SeedTenant[]]);
        await trying(this.#bench, ['E-14b'], async () => {
          const askedAtMs = Date.now();
          const answer = await ask(page, 'copyToken', tenant.id);
          const tookMs = Date.now() - askedAtMs;
          copiesMs.push(tookMs);
          if (!answer.ok) throw new Error(`${tenant.name}: ${answer.error.code}`);
          if (tookMs > COPY_LIMIT_MS) throw new Error(`${tenant.name} took ${tookMs} ms`);
        });
        await pause(BETWEEN_COPIES_MS);
      }
    })();
    try {
      await this.#renewAll('waking, with the popover open and copies', wokenAtMs);
    } finally {
      renewing.abort();
      await copying;
    }
    this.#bench.note(`copies meanwhile: ${distribution(copiesMs)}`);
    if (await this.#bench.desktop.isWindowVisible('Bearer Tray')) {
      await this.#bench.desktop.trayHost.activate();
      await tray.popoverHidden();
    }
  }

  /** All end during a sleep, and there is no network for a while. */
  async loseTheNetwork(): Promise<void> {
    const { desktop, note } = this.#bench;
    await desktop.notifications.clear();
    await this.#hosts.setFault({ kind: 'cut', at: 'connect' });
    await this.#machine.set({ isConnected: false }, this.#processId);
    const before = sampleProcess(this.#processId);
    const lostAtMs = Date.now();
    await this.#oversleep();
    await pause(this.#form.offlineMs);
    const after = sampleProcess(this.#processId);
    const notices = desktop.notifications.all();
    const probes = this.#hosts.proxies.map(
      ({ exchanges }) => exchanges.filter(({ startedAtMs }) => startedAtMs >= lostAtMs).length,
    );
    const most = Math.max(...probes);
    const steps = Math.floor(Math.log2(this.#form.offlineMs / FIRST_STEP_MS + 1));
    const allowed = steps + PROBES_ASIDE;
    this.#bench.tried('E-15a', most <= allowed ? undefined : `a host was asked ${most} times`);
    note(`probes of each host in ${this.#form.offlineMs} ms offline: ${probes.join(', ')}`);
    const moreBytes = (after?.residentBytes ?? 0) - (before?.residentBytes ?? 0);
    note(`memory offline: ${(moreBytes / 2 ** 20).toFixed(1)} MB more`);
    const faults = [
      ...(notices.length > MOST_NOTICES
        ? [`${notices.length} notices: ${notices.map(({ summary }) => summary).join(', ')}`]
        : []),
      ...(moreBytes > MOST_MORE_BYTES ? [`${moreBytes} bytes more`] : []),
    ];
    this.#bench.tried('E-15b', faults.join('; ') || undefined);
    await this.#recover();
    const told = desktop.notifications.all();
    note(
      `notices: ${told.map(({ summary, body }) => `${summary}: ${body}`).join(' | ') || 'none'}`,
    );
  }

  async #recover(): Promise<void> {
    const backAtMs = Date.now();
    await this.#hosts.setFault({ kind: 'none' });
    await this.#machine.set({ isConnected: true }, this.#processId);
    await trying(this.#bench, ['E-15c'], async () => {
      await this.#hosts.renewed(this.#tenants, backAtMs, RECOVERY_LIMIT_MS);
      const atMs = this.#usesSince(backAtMs).map(({ committedAtMs }) => committedAtMs);
      const spreadMs = Math.max(...atMs) - Math.min(...atMs);
      this.#bench.note(
        `network back: first renewal after ${Math.min(...atMs) - backAtMs} ms, ` +
          `all ${atMs.length} spread over ${spreadMs} ms`,
      );
      const leastMs = this.#tenants.length * LEAST_SPREAD_OF_ONE_MS;
      if (spreadMs < leastMs) throw new Error(`all within ${spreadMs} ms`);
    });
    this.#judgeReuse();
  }

  /** @returns The main process's share of a core from now until all are renewed. */
  async #renewAll(occasion: string, fromMs: number): Promise<number> {
    const { note } = this.#bench;
    const measuredFromMs = Date.now();
    const processorBeforeMs = processorMsOf(this.#processId);
    await trying(this.#bench, ['E-14a'], async () => {
      await this.#hosts.renewed(this.#tenants, fromMs, RENEWALS_LIMIT_MS);
      const uses = this.#usesSince(fromMs);
      const ofOneHost = this.#hosts.proxies.map(({ exchanges }) =>
        mostAtOnce(
          exchanges
            .filter(({ startedAtMs }) => startedAtMs >= fromMs)
            .map(({ startedAtMs, endedAtMs }) => [startedAtMs, endedAtMs]),
        ),
      );
      const atOneHost = Math.max(...ofOneHost);
      const atOnce = mostAtOnce(uses.map((use) => [use.committedAtMs, use.endedAtMs]));
      const inASecond = mostInASecond(uses.map(({ committedAtMs }) => committedAtMs));
      note(
        `${occasion}: ${uses.length} renewals in ${Date.now() - fromMs} ms, ${atOnce} at once, ` +
          `${atOneHost} at one host, ${inASecond} in a second`,
      );
      if (atOnce > MOST_AT_ONCE) throw new Error(`${atOnce} at once`);
      if (atOneHost > MOST_AT_ONE_HOST) throw new Error(`${atOneHost} at one host`);
      if (inASecond > MOST_IN_A_SECOND) throw new Error(`${inASecond} in a second`);
    });
    this.#judgeReuse();
    const usedMs = processorMsOf(this.#processId) - processorBeforeMs;
    const share = usedMs / (Date.now() - measuredFromMs);
    note(`${occasion}: ${Math.round(share * 100)} % of a core`);
    return share;
  }

  /** All tokens end, and the app is told of the waking. */
  async #oversleep(): Promise<void> {
    const asleepMs = this.#machine.state.asleepMs + ASLEEP_MS;
    await this.#machine.set({ asleepMs }, this.#processId);
    // A look right before the sleep is a matter of the chapter about sleep
    await pause(AFTER_A_LOOK_MS);
    await this.#running().app.electron.evaluate(({ powerMonitor }) => powerMonitor.emit('resume'));
  }

  #judgeReuse(): void {
    const reuses = this.#hosts.server.uses.filter(({ outcome }) => outcome !== 'rotated').length;
    const more = reuses - this.#toldReuses;
    this.#toldReuses = reuses;
    this.#bench.tried('E-02', more === 0 ? undefined : `${more} refresh tokens were used twice`);
  }

  #usesSince(fromMs: number): readonly RefreshUse[] {
    return this.#hosts.server.uses.filter(({ committedAtMs }) => committedAtMs >= fromMs);
  }

  #running(): BearerTray<SourceApp> {
    if (this.#tray === undefined) throw new Error('the app is not running');
    return this.#tray;
  }

  get #processId(): number {
    const { pid } = this.#running().app.process;
    if (pid === undefined) throw new Error('the app has no process');
    return pid;
  }
}

type Span = readonly [fromMs: number, toMs: number | undefined];

function mostAtOnce(spans: readonly Span[]): number {
  const steps = spans
    .flatMap(([fromMs, toMs]) => [[fromMs, 1] as const, [toMs ?? Infinity, -1] as const])
    // Where one ends as another begins they were not at once
    .toSorted(([a, x], [b, y]) => a - b || x - y);
  let now = 0;
  let most = 0;
  for (const [, step] of steps) {
    now += step;
    most = Math.max(most, now);
  }
  return most;
}

function mostInASecond(instantsMs: readonly number[]): number {
  const sorted = instantsMs.toSorted((a, b) => a - b);
  let from = 0;
  let most = 0;
  for (const [index, atMs] of sorted.entries()) {
    while (atMs - (sorted[from] ?? atMs) >= 1000) from += 1;
    most = Math.max(most, index - from + 1);
  }
  return most;
}
