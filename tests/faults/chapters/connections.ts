/**
 * One running app, one tenant a fault: everything that a network, a captive portal or a provider in
 * trouble can do to a renewal is done to all of them at once, ends, and nobody has lost a sign-in.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Page } from 'playwright';
import type { TenantRow } from '../../../src-main/contract/ipc.ts';
import type { Vault } from '../../../src-main/core/ports.ts';
import { startFaultProxy } from '../../emulators/fault-proxy.ts';
import type { Exchange, FaultProxy } from '../../emulators/fault-proxy.ts';
import { startRotatingServer } from '../../emulators/rotating-server.ts';
import type { RotatingServer } from '../../emulators/rotating-server.ts';
import { launchBearerTray } from '../../harness/bearer-tray.ts';
import type { SeedTenant } from '../../harness/bearer-tray.ts';
import { ask, demand } from '../../harness/bridge.ts';
import { Changes } from '../../harness/waiting.ts';
import { trying, wholeNumber } from '../chapter.ts';
import type { Bench, Chapter } from '../chapter.ts';
import { distribution } from '../measured.ts';
import { makeProfile, signInAll, tenantAt } from '../profile.ts';
import type { Profile } from '../profile.ts';
import {
  CONFIGURATION_ERRORS,
  CUTS,
  ENDLESS_WISH,
  PASSING_ERRORS,
  TROUBLES,
  WISHES,
} from './connections-faults.ts';
import type { Case, Wish } from './connections-faults.ts';

const LEEWAY_MS = 30_000;
const FIRST_TOKENS_LIMIT_MS = 30_000;
/** The app itself gives up on an answer after 30 s at the latest. */
const TROUBLE_LIMIT_MS = 45_000;
const RECOVERY_LIMIT_MS = 60_000;
const LONGEST_TROUBLE_MS = 6000;
/** The least back-off is a second, by another clock than ours. */
const LEAST_BACK_OFF_MS = 950;
/** The first one is at most two seconds, and a fifth more. */
const LONGEST_FIRST_BACK_OFF_MS = 2400;
/** The app may have read an answer before the proxy knows that it is out, and its clock counts by itself. */
const CLOCKS_DIFFER_MS = 50;
const LONGEST_WAIT_MS = 3600_000;
const SILENCE_MS = 5000;
const LOOK_EVERY_MS = 100;

const TLS_HOST = 'tls.faults.test';
const UNKNOWN_HOST = 'unknown.faults.test';

export const connectionsChapter: Chapter = {
  name: 'connections',
  seconds: 120,
  longForm: '--only connections --duration 10m goes through all faults some 15 times',
  promises: [
    { id: 'E-06', text: 'Cut at any stage: tried again, one at a time, recovered within 60 s' },
    { id: 'E-08', text: 'Whatever is no answer of the provider: no sign-in is lost, it recovers' },
    { id: 'E-09', text: 'Retry-After is waited for: not less, at most a fifth more, 1 h at most' },
    { id: 'E-10', text: 'A wrong set-up is asked about once and keeps its tokens; trouble passes' },
  ],
  async run(bench) {
    const server = await startRotatingServer({ leewayMs: LEEWAY_MS, expiresInSeconds: 3600 });
    const connections = await Connections.begin(bench, server);
    try {
      await connections.run();
    } finally {
      await connections.stop();
      await server.stop();
    }
  },
};

/** A tenant behind a proxy of its own, on a loopback address of its own: no outage is another's. */
interface Subject {
  readonly name: string;
  readonly tenant: SeedTenant;
  readonly proxy: FaultProxy;
}

class Connections {
  readonly #bench: Bench;
  readonly #server: RotatingServer;
  readonly #isShort: boolean;
  readonly #subjects = new Map<string, Subject>();
  readonly #recoveriesMs: number[] = [];
  #profile: Profile | undefined;
  #rows: readonly TenantRow[] = [];
  readonly #changes = new Changes();

  private constructor(bench: Bench, server: RotatingServer) {
    this.#bench = bench;
    this.#server = server;
    this.#isShort = bench.timeIsUp();
  }

  static async begin(bench: Bench, server: RotatingServer): Promise<Connections> {
    const connections = new Connections(bench, server);
    for (const each of connections.#cases()) await connections.#add(each);
    for (const wish of [...WISHES, ENDLESS_WISH]) {
      await connections.#add({ name: `Retry-After: ${wish.name}`, fault: { kind: 'none' } });
    }
    await connections.#add({ name: 'unknown host', fault: { kind: 'none' }, tls: true });
    const subjects = [...connections.#subjects.values()];
    const tenants = subjects.map(({ tenant }) => tenant);
    connections.#profile = await makeProfile(bench.desktop, tenants);
    await connections.#profile.withVault((vault) =>
      signInAll(vault, tenants, ({ id }) => server.signIn(id)),
    );
    return connections;
  }

  async run(): Promise<void> {
    await this.#withApp('~NOTFOUND', async (page) => {
      const known = [...this.#subjects.values()].filter(({ name }) => name !== 'unknown host');
      for (const subject of known) await this.#waitForRow(subject, isFresh, FIRST_TOKENS_LIMIT_MS);
      const endless = this.#tryEndlessWish(page);
      do {
        await this.#round(page);
      } while (!this.#bench.timeIsUp());
      await endless;
    });
    await this.#restart();
    this.#bench.note(`from a fault's end to a new token: ${distribution(this.#recoveriesMs)}`);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#subjects.values()].map(({ proxy }) => proxy.stop()));
  }

  /** Each fault once, all of them at the same time. */
  async #round(page: Page): Promise<void> {
    const cutsAndTroubles = (cases: readonly Case[], id: string) =>
      this.#present(cases).map((each) =>
        trying(this.#bench, [id], () => this.#rideOut(page, each)),
      );
    await Promise.all([
      ...cutsAndTroubles(CUTS, 'E-06'),
      ...cutsAndTroubles(TROUBLES, 'E-08'),
      ...cutsAndTroubles(PASSING_ERRORS, 'E-10'),
      ...CONFIGURATION_ERRORS.map((each) =>
        trying(this.#bench, ['E-10'], () => this.#stopAfterOne(page, each)),
      ),
      ...WISHES.map((wish) => trying(this.#bench, ['E-09'], () => this.#waitAsAsked(page, wish))),
    ]);
  }

  /** The fault comes, the app tries again and again, the fault goes, and the next token is there. */
  async #rideOut(page: Page, each: Case): Promise<void> {
    const { name, fault } = each;
    const subject = this.#subject(name);
    const { proxy, tenant } = subject;
    const extraMs = this.#isShort ? 0 : wholeNumber(this.#bench.random, 0, LONGEST_TROUBLE_MS);
    const before = this.#row(subject)?.issuedAtMs;
    const exchangesBefore = proxy.exchanges.length;
    const usesBefore = this.#server.uses.length;
    await proxy.setFault(fault);
    const asked = ask(page, 'renew', tenant.id);
    const isNew = (row: TenantRow) => isFresh(row) && row.issuedAtMs !== before;
    const isOver = (row: TenantRow) => isNew(row) || row.status.kind === 'retrying';
    await this.#waitForRow(subject, isOver, TROUBLE_LIMIT_MS);
    await pause(extraMs);
    await proxy.setFault({ kind: 'none' });
    const endedAtMs = Date.now();
    await asked;
    await this.#waitForRow(subject, isNew, RECOVERY_LIMIT_MS);
    this.#recoveriesMs.push(Math.max(0, Date.now() - endedAtMs));
    checkExchanges(each, proxy.exchanges.slice(exchangesBefore));
    if (proxy.mostAtOnce() > 1) throw new Error(`${name}: two requests were under way at once`);
    const uses = this.#server.uses.slice(usesBefore).filter((use) => use.clientId === tenant.id);
    if (uses.some(({ outcome }) => outcome === 'refused')) {
      throw new Error(`${name}: the provider has ended the sign-in`);
    }
  }

  async #stopAfterOne(page: Page, { name, fault }: Case): Promise<void> {
    const subject = this.#subject(name);
    const { proxy, tenant } = subject;
    const before = this.#row(subject)?.issuedAtMs;
    const exchangesBefore = proxy.exchanges.length;
    await proxy.setFault(fault);
    await ask(page, 'renew', tenant.id);
    await this.#waitForRow(subject, ({ status }) => status.kind !== 'renewing', TROUBLE_LIMIT_MS);
    await pause(SILENCE_MS);
    const row = this.#row(subject);
    const calls = proxy.exchanges.length - exchangesBefore;
    if (calls !== 1) throw new Error(`${name}: ${String(calls)} calls`);
    if (row?.status.kind !== 'misconfigured') {
      throw new Error(`${name}: shown as ${String(row?.status.kind)}`);
    }
    await proxy.setFault({ kind: 'none' });
    await ask(page, 'renew', tenant.id);
    await this.#waitForRow(
      subject,
      (now) => isFresh(now) && now.issuedAtMs !== before,
      RECOVERY_LIMIT_MS,
    );
  }

  /**
   * Not earlier is seen at the provider; not later by what the app has set itself, because a busy computer may be late.
   */
  async #waitAsAsked(page: Page, wish: Wish): Promise<void> {
    const subject = this.#wished(wish);
    const { exchanges, asked } = await this.#answerWith(page, wish);
    const isAnswered = ({ status }: TenantRow) => status.kind !== 'renewing';
    const { status } = await this.#waitForRow(subject, isAnswered, TROUBLE_LIMIT_MS);
    const leftMs = status.kind === 'retrying' ? status.retryAtMs - Date.now() : 0;
    const [first, second] = await subject.proxy.waitFor('the next try', RECOVERY_LIMIT_MS, () => {
      const [one, two] = exchanges();
      return two === undefined ? undefined : ([one, two] as const);
    });
    await asked;
    const waitedMs = second.startedAtMs - (first?.answeredAtMs ?? 0);
    const [least, most] =
      wish.askedMs === undefined
        ? [LEAST_BACK_OFF_MS, LONGEST_FIRST_BACK_OFF_MS]
        : [wish.askedMs, wish.askedMs * 1.2];
    if (waitedMs < least - CLOCKS_DIFFER_MS || leftMs > most + CLOCKS_DIFFER_MS) {
      const seen = `waited ${String(waitedMs)} ms, with ${String(leftMs)} ms left at first`;
      throw new Error(`${wish.name}: ${seen}, and not ${least} to ${most} ms`);
    }
    await this.#waitForRow(subject, isFresh, RECOVERY_LIMIT_MS);
  }

  /** Nobody can wait for its end: the row says when it is tried again, and until the chapter's end nothing is. */
  #tryEndlessWish(page: Page): Promise<void> {
    return trying(this.#bench, ['E-09'], async () => {
      const { exchanges, asked } = await this.#answerWith(page, ENDLESS_WISH);
      await asked;
      const isRetrying = ({ status }: TenantRow) => status.kind === 'retrying';
      const subject = this.#wished(ENDLESS_WISH);
      const { status } = await this.#waitForRow(subject, isRetrying, TROUBLE_LIMIT_MS);
      const retryAtMs = status.kind === 'retrying' ? status.retryAtMs : 0;
      const leftMs = retryAtMs - Date.now();
      const waitMs = retryAtMs - (exchanges()[0]?.answeredAtMs ?? 0);
      const [least, most] = [
        LONGEST_WAIT_MS - CLOCKS_DIFFER_MS,
        LONGEST_WAIT_MS + CLOCKS_DIFFER_MS,
      ];
      if (leftMs > most || waitMs < least) {
        throw new Error(`10^9: a wait of ${String(Math.round(waitMs / 1000))} s`);
      }
      while (!this.#bench.timeIsUp()) await pause(LOOK_EVERY_MS);
      if (exchanges().length !== 1) throw new Error('10^9: was asked again');
    });
  }

  /** One answer with the wish; from then on the provider answers as ever. */
  async #answerWith(page: Page, wish: Wish) {
    const { proxy, tenant } = this.#wished(wish);
    const exchangesBefore = proxy.exchanges.length;
    const exchanges = (): readonly Exchange[] => proxy.exchanges.slice(exchangesBefore);
    const nowMs = Date.now();
    const headers = {
      date: new Date(nowMs).toUTCString(),
      'retry-after': wish.retryAfter(nowMs),
    };
    await proxy.setFault({ kind: 'answer', answer: { status: wish.status, headers } });
    const asked = ask(page, 'renew', tenant.id);
    await proxy.waitFor(`the answer with ${wish.name}`, TROUBLE_LIMIT_MS, () => {
      return exchanges()[0]?.answeredAtMs !== undefined;
    });
    await proxy.setFault({ kind: 'none' });
    return { exchanges, asked };
  }

  /** The unknown name is known now, and all the others are still signed in. */
  async #restart(): Promise<void> {
    const unknown = this.#subject('unknown host');
    await trying(this.#bench, ['E-08'], () =>
      this.#withApp(`${unknown.proxy.address}:${String(unknown.proxy.port)}`, async () => {
        await this.#waitForRow(unknown, isFresh, RECOVERY_LIMIT_MS);
      }),
    );
    await trying(this.#bench, ['E-08'], async () => {
      const lost = await this.#profile?.withVault((vault) => this.#lostIn(vault));
      if (lost === undefined || lost.length > 0) {
        throw new Error(`lost at the end: ${lost?.join(', ') ?? 'the profile'}`);
      }
    });
  }

  /** Whose stored refresh token is worth nothing any more. */
  async #lostIn(vault: Vault): Promise<readonly string[]> {
    const lost: string[] = [];
    for (const { name, tenant } of this.#subjects.values()) {
      const stored = await vault.read(tenant.id);
      const token = stored.ok ? (stored.value?.token?.refreshToken ?? '') : '';
      if (this.#server.standing(token) !== 'current') lost.push(name);
    }
    return lost;
  }

  /** @param unknownHost What the name leads to that nobody knew. */
  async #withApp(unknownHost: string, task: (page: Page) => Promise<void>): Promise<void> {
    const { desktop } = this.#bench;
    const tls = [...this.#subjects.values()].filter(({ proxy }) => proxy.trustedKeyHash);
    const rules = tls.map(({ name, proxy }) =>
      name === 'unknown host'
        ? `MAP ${UNKNOWN_HOST} ${unknownHost}`
        : `MAP ${TLS_HOST} ${proxy.address}:${String(proxy.port)}`,
    );
    const keys = tls.map(({ proxy }) => proxy.trustedKeyHash);
    const tray = await launchBearerTray(desktop, {
      userDataDir: this.#profile?.userDataDir ?? '',
      args: [
        `--host-resolver-rules=${rules.join(', ')}`,
        `--ignore-certificate-errors-spki-list=${keys.join(',')}`,
      ],
    });
    try {
      const page = await tray.popover();
      const looking = new AbortController();
      const looks = this.#look(page, looking.signal);
      try {
        await task(page);
      } finally {
        looking.abort();
        await looks;
      }
    } finally {
      await tray.app.close();
    }
  }

  async #look(page: Page, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { tenants } = await demand(page, 'getSnapshot');
      this.#rows = tenants;
      this.#changes.notify();
      await pause(LOOK_EVERY_MS);
    }
  }

  #row({ tenant }: Subject): TenantRow | undefined {
    return this.#rows.find(({ id }) => id === tenant.id);
  }

  /** Fails at once when the tenant asks for a sign-in, which is what must never be. */
  async #waitForRow(
    subject: Subject,
    isWanted: (row: TenantRow) => boolean,
    timeLimitMs: number,
  ): Promise<TenantRow> {
    const row = await this.#changes
      .waitFor(`${subject.name} to go on`, timeLimitMs, () => {
        const now = this.#row(subject);
        return now !== undefined && (isWanted(now) || isLost(now)) && now;
      })
      .catch(() => {
        const status = this.#row(subject)?.status.kind ?? 'not in the list';
        throw new Error(`${subject.name}: still ${status} after ${String(timeLimitMs)} ms`);
      });
    if (isLost(row)) throw new Error(`${subject.name}: asks for a sign-in`);
    return row;
  }

  #cases(): readonly Case[] {
    return [
      ...this.#present(CUTS),
      ...this.#present(TROUBLES),
      ...PASSING_ERRORS,
      ...CONFIGURATION_ERRORS,
    ];
  }

  #present(cases: readonly Case[]): readonly Case[] {
    return cases.filter(({ longOnly }) => longOnly !== true || !this.#isShort);
  }

  #wished({ name }: Wish): Subject {
    return this.#subject(`Retry-After: ${name}`);
  }

  #subject(name: string): Subject {
    const subject = this.#subjects.get(name);
    if (subject === undefined) throw new Error(`there is no tenant for ${name}`);
    return subject;
  }

  async #add({ name, tls = false, keptConnection = false }: Case): Promise<void> {
    const [upstream = ''] = this.#server.origins;
    const proxy = await startFaultProxy({
      upstream,
      address: `127.0.1.${String(this.#subjects.size + 1)}`,
      tls,
      keepAlive: keptConnection,
    });
    const host = name === 'unknown host' ? UNKNOWN_HOST : TLS_HOST;
    const origin = tls ? `https://${host}` : `http://${proxy.address}:${String(proxy.port)}`;
    this.#subjects.set(name, { name, proxy, tenant: tenantAt(`${origin}/token`, name) });
  }
}

function isFresh({ status }: TenantRow): boolean {
  return status.kind === 'fresh';
}

function isLost({ status }: TenantRow): boolean {
  return status.kind === 'sign-in-needed' || status.kind === 'signed-out';
}

/**
 * The same refresh token each time until one comes through, and a pause between two tries. Only on a connection that was
 * used before does Chromium itself send again at once what got no answer; nobody above it can tell it not to.
 * https://source.chromium.org/chromium/chromium/src/+/main:net/http/http_network_transaction.cc ShouldResendRequest
 */
function checkExchanges({ name, keptConnection }: Case, exchanges: readonly Exchange[]): void {
  const sent = exchanges.filter(({ form }) => form !== undefined);
  const tokens = new Set(sent.map(({ form }) => form?.get('refresh_token')));
  if (tokens.size > 1) throw new Error(`${name}: another refresh token was tried`);
  for (const [index, { startedAtMs }] of sent.entries()) {
    if (keptConnection === true && index === 1) continue;
    const before = sent[index - 1]?.endedAtMs;
    if (before !== undefined && startedAtMs - before < LEAST_BACK_OFF_MS) {
      throw new Error(`${name}: tried again after ${String(startedAtMs - before)} ms`);
    }
  }
}
