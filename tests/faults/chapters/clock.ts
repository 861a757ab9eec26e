/**
 * Somebody sets the computer's clock, or its time zone, while the app runs and between two starts.
 * The provider knows by real time which tokens are alive.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { SeedTenant } from '../../harness/bearer-tray.ts';
import { demand } from '../../harness/bridge.ts';
import { pick, trying, wholeNumber } from '../chapter.ts';
import type { Bench, Chapter } from '../chapter.ts';
import { makeProfile, signInAll } from '../profile.ts';
import type { Profile } from '../profile.ts';
import { Machine } from './clock-machine.ts';
import type { MachineState } from './clock-machine.ts';
import { startProviderHosts } from './clock-provider.ts';
import type { ProviderHosts } from './clock-provider.ts';
import { copiedToken, rowOf } from './kept-tokens.ts';
import type { AskedApp } from './kept-tokens.ts';

const HOUR_MS = 3600_000;
const LONG_LIFE_MS = HOUR_MS;
/** Dead before the app would renew it by itself: at the earliest half a minute after its issue. */
const SHORT_LIFE_MS = 3000;
const LONG_TENANTS = 8;
const SHORT_TENANTS = 4;
const START_LIMIT_MS = 20_000;
const STORM_SPAN_MS = 5 * 60_000;
const MOST_CALLS_IN_SPAN = 2;
/** The row of a tenant says when its token ends by the computer's clock; so far it may be off. */
const SHOWN_TOLERANCE_MS = 3000;
const SHOWN_LIMIT_MS = 45_000;

interface Setting {
  readonly name: string;
  change(): Partial<MachineState>;
}

const SETTINGS: readonly [Setting, ...Setting[]] = [
  { name: '−1 h', change: () => ({ wallAheadMs: -HOUR_MS }) },
  { name: '+1 h', change: () => ({ wallAheadMs: HOUR_MS }) },
  { name: '+10 years', change: () => ({ wallAheadMs: 10 * 365.25 * 24 * HOUR_MS }) },
  { name: '1970', change: () => ({ wallAheadMs: -Date.now() }) },
  { name: 'summer time', change: () => ({ timeZone: 'Etc/GMT-2' }) },
];

const RIGHT: Partial<MachineState> = { wallAheadMs: 0, timeZone: 'Etc/GMT-1' };

export const clockChapter: Chapter = {
  name: 'clock',
  seconds: 240,
  longForm: '--only clock --duration 30m waits for the app to notice each setting by itself',
  promises: [
    {
      id: 'E-13a',
      text: 'Clock −1 h, +1 h, +10 y, 1970, DST while running: no dead token is copied',
    },
    { id: 'E-13b', text: 'The same between two starts: no dead token is copied' },
    { id: 'E-13c', text: 'However the clock is set: at most 2 token calls a tenant in 5 min' },
    {
      id: 'E-13d',
      text: 'The clock is right again: so are the times shown, and nothing is renewed',
    },
  ],
  async run(bench) {
    const isShort = bench.timeIsUp();
    const clocks = await Clocks.begin(bench);
    try {
      await clocks.start();
      for (const setting of SETTINGS) await clocks.whileRunning(setting, isShort);
      // The first one makes ended tokens look alive
      const some = isShort ? SETTINGS.slice(0, 1) : SETTINGS;
      for (const setting of some) await clocks.betweenStarts(setting, isShort);
      while (!bench.timeIsUp()) {
        const setting = pick(bench.random, SETTINGS);
        if (bench.random() < 0.7) await clocks.whileRunning(setting, false);
        else await clocks.betweenStarts(setting, false);
      }
      clocks.report();
    } finally {
      await clocks.end();
    }
  },
};

class Clocks {
  readonly #bench: Bench;
  readonly #machine: Machine;
  readonly #long: ProviderHosts;
  readonly #short: ProviderHosts;
  readonly #profile: Profile;
  readonly #longTenants: readonly SeedTenant[];
  readonly #shortTenants: readonly SeedTenant[];
  #app: AskedApp | undefined;
  /** The first look at a clock that was set renews what it must; calls are counted from there. */
  #startedAtMs = 0;
  #isFirstStart = true;
  #copies = 0;

  private constructor(parts: {
    readonly bench: Bench;
    readonly long: ProviderHosts;
    readonly short: ProviderHosts;
    readonly profile: Profile;
    readonly longTenants: readonly SeedTenant[];
    readonly shortTenants: readonly SeedTenant[];
  }) {
    this.#bench = parts.bench;
    this.#machine = new Machine(parts.bench.desktop);
    this.#long = parts.long;
    this.#short = parts.short;
    this.#profile = parts.profile;
    this.#longTenants = parts.longTenants;
    this.#shortTenants = parts.shortTenants;
  }

  static async begin(bench: Bench): Promise<Clocks> {
    const long = await startProviderHosts({ hosts: 4, expiresInSeconds: LONG_LIFE_MS / 1000 });
    const short = await startProviderHosts({ hosts: 1, expiresInSeconds: SHORT_LIFE_MS / 1000 });
    const longTenants = long.tenants(LONG_TENANTS, 'Long');
    const shortTenants = short.tenants(SHORT_TENANTS, 'Short');
    const profile = await makeProfile(bench.desktop, [...longTenants, ...shortTenants]);
    await profile.withVault(async (vault) => {
      await signInAll(vault, longTenants, ({ id }) => long.server.signIn(id));
      await signInAll(vault, shortTenants, ({ id }) => short.server.signIn(id));
    });
    const clocks = new Clocks({ bench, long, short, profile, longTenants, shortTenants });
    await clocks.#machine.set(RIGHT);
    return clocks;
  }

  async start(): Promise<void> {
    this.#startedAtMs = Date.now();
    const tray = await this.#machine.launch(this.#profile.userDataDir);
    const page = await tray.popover();
    this.#app = { tray, page, startMs: 0 };
    // The first time all tokens have ended
    if (!this.#isFirstStart) return;
    this.#isFirstStart = false;
    await this.#long.renewed(this.#longTenants, this.#startedAtMs, START_LIMIT_MS);
  }

  async end(): Promise<void> {
    await this.#app?.tray.app.close().catch(() => undefined);
    await Promise.all([this.#long.stop(), this.#short.stop()]);
  }

  report(): void {
    const calls = this.#long.server.uses.length;
    this.#bench.note(`${this.#copies} copies; ${calls} token calls for ${LONG_TENANTS} tenants`);
  }

  async whileRunning(setting: Setting, isShort: boolean): Promise<void> {
    const app = this.#running();
    const renewalsBefore = this.#long.server.uses.length;
    await this.#machine.set(setting.change(), app.tray.app.process.pid);
    await this.#lookOrWait(app, isShort);
    await trying(this.#bench, ['E-13a'], () => this.#copyAlive(app, setting));
    this.#bench.tried('E-13c', this.#storm(setting));
    await this.#machine.set(RIGHT, app.tray.app.process.pid);
    await this.#lookOrWait(app, isShort);
    await trying(this.#bench, ['E-13d'], async () => {
      await this.#copyAlive(app, setting);
      await this.#shownAsItIs(app);
      const renewals = this.#long.server.uses.slice(renewalsBefore).map((use) => {
        const before = this.#long.server.uses.findLast((each) => each.issued === use.refreshToken);
        const ageMs = use.committedAtMs - (before?.committedAtMs ?? Number.NaN);
        return `${setting.name}: ${use.outcome} a token of ${String(ageMs)} ms`;
      });
      // In an hour each of them is due
      if (isShort && renewals.length > 0) throw new Error(renewals.join(', '));
    });
  }

  async betweenStarts(setting: Setting, isShort: boolean): Promise<void> {
    await this.#running().tray.app.close();
    // What the app holds of these is dead now, whatever the clock says
    await pause(SHORT_LIFE_MS);
    await this.#machine.set(setting.change());
    await this.start();
    await trying(this.#bench, ['E-13b'], () => this.#copyAlive(this.#running(), setting));
    this.#bench.tried('E-13c', this.#storm(setting));
    await this.#running().tray.app.close();
    await this.#machine.set(RIGHT);
    await this.start();
    await trying(this.#bench, ['E-13b', 'E-13d'], async () => {
      await this.#copyAlive(this.#running(), setting);
      if (!isShort) await this.#shownInTime(this.#running());
    });
    this.#bench.tried('E-13c', this.#storm(setting));
  }

  /** Of each kind of token, each of the tenants in its turn; waited for, and with its end shown. */
  async #copyAlive(app: AskedApp, { name }: Setting): Promise<void> {
    for (const [hosts, tenants] of [
      [this.#short, this.#shortTenants],
      [this.#long, this.#longTenants],
    ] as const) {
      const tenant = tenants[this.#copies % tenants.length];
      if (tenant === undefined) throw new Error('no tenants');
      const askedAtMs = Date.now();
      const copied = await copiedToken(app, tenant.id);
      this.#copies += 1;
      try {
        hosts.demandAlive(tenant, copied, askedAtMs);
      } catch (error) {
        throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }

  /** A token that comes out of the future is renewed half a minute after the start. */
  async #shownInTime(app: AskedApp): Promise<void> {
    const startedAtMs = Date.now();
    for (;;) {
      try {
        await this.#shownAsItIs(app);
        return;
      } catch (error) {
        if (Date.now() - startedAtMs > SHOWN_LIMIT_MS) throw error;
      }
      await pause(500);
    }
  }

  /** By the computer's own clock, which is right now. */
  async #shownAsItIs({ page }: AskedApp): Promise<void> {
    const snapshot = await demand(page, 'getSnapshot');
    for (const { id, name } of this.#longTenants) {
      const row = rowOf(snapshot, id);
      if (row?.status.kind !== 'fresh' && row?.status.kind !== 'renewing') {
        throw new Error(`${name} is ${row?.status.kind ?? 'gone'}`);
      }
      const issuedAtMs = this.#long.usesOf(id, 0).at(-1)?.committedAtMs ?? Number.NaN;
      const offMs = (row.expiresAtMs ?? 0) - (issuedAtMs + LONG_LIFE_MS);
      if (row.status.kind === 'fresh' && !(Math.abs(offMs) <= SHOWN_TOLERANCE_MS)) {
        throw new Error(`${name} shows an end that is off by ${Math.round(offMs / 1000)} s`);
      }
    }
  }

  /** @returns Who made too many calls since the start, in any five minutes. */
  #storm({ name }: Setting): string | undefined {
    const stormy = this.#longTenants.flatMap((tenant) => {
      const atMs = this.#long.server.uses
        .filter((use) => use.clientId === tenant.id && use.committedAtMs >= this.#startedAtMs)
        .map(({ committedAtMs }) => committedAtMs);
      const most = Math.max(
        0,
        ...atMs.map(
          (fromMs) => atMs.filter((at) => at >= fromMs && at < fromMs + STORM_SPAN_MS).length,
        ),
      );
      return most > MOST_CALLS_IN_SPAN ? [`${tenant.name} ${String(most)} calls`] : [];
    });
    return stormy.length === 0 ? undefined : `${name}: ${stormy.join(', ')}`;
  }

  /** Either somebody comes back to the computer, or the app finds out by its own tick. */
  async #lookOrWait({ tray }: AskedApp, isShort: boolean): Promise<void> {
    if (!isShort && this.#bench.random() < 0.3) {
      await pause(wholeNumber(this.#bench.random, 30_000, 35_000));
      return;
    }
    await tray.app.electron.evaluate(({ powerMonitor }) => powerMonitor.emit('unlock-screen'));
    await pause(wholeNumber(this.#bench.random, 200, 400));
  }

  #running(): AskedApp {
    if (this.#app === undefined) throw new Error('the app is not running');
    return this.#app;
  }
}
