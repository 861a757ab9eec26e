/** A report for a bug tracker: what is set up and what happened, without names, hosts, accounts or anything a provider said. */
import type { Deed } from './activity.ts';
import type { Provider } from './provider.ts';
import { sessionOf } from './state.ts';
import type { AppState, Phase } from './state.ts';
import type { HostOf } from './tenant-host.ts';

/** Facts about the installation, each safe to post: name → value. */
export type InstallationFacts = Readonly<Record<string, string>>;

export interface DiagnosticsWorld {
  readonly state: AppState;
  readonly deeds: readonly Deed[];
  readonly providers: readonly Provider[];
  readonly hostOf: HostOf;
  readonly installation: InstallationFacts;
  readonly nowMs: number;
}

/** Tenants described one by one; the others are counted. */
const MOST_TENANTS = 50;
const MOST_DEEDS = 100;

/** @returns Plain text of some lines; tenants and hosts are numbered. */
export function diagnosticsText(world: DiagnosticsWorld): string {
  const { state, deeds, installation, hostOf, nowMs } = world;
  const tenantNumbers = numbers(state.tenants.map(({ id }) => id));
  const hostNumbers = numbers(state.tenants.map(hostOf));
  const number = (known: ReadonlyMap<string, number>, name: string | undefined): string =>
    name === undefined ? '-' : String(known.get(name) ?? '?');
  const troubles = [
    ...(state.keychainTrouble === null ? [] : [state.keychainTrouble.code]),
    ...state.problems.map(({ code }) => code),
  ];
  return [
    'Bearer Tray diagnostics',
    ...Object.entries(installation).map(([name, value]) => `${name}: ${value}`),
    `written: ${new Date(nowMs + state.wallAheadMs).toISOString()}`,
    `clock moved since start: ${String(Math.round(state.wallAheadMs / 1000))} s`,
    `keychain: ${state.keychain}`,
    `tray: ${state.tray}`,
    `problems: ${troubles.join(', ') || 'none'}`,
    `hosts that cannot be reached: ${String(state.outages.size)}`,
    '',
    `tenants: ${String(state.tenants.length)}`,
    ...state.tenants.slice(0, MOST_TENANTS).map((tenant) => {
      const { phase, token, outcomeUnknown } = sessionOf(state, tenant.id);
      return [
        `tenant ${number(tenantNumbers, tenant.id)}`,
        `${providerId(world, tenant.providerId)} ${tenant.grant}`,
        `host ${number(hostNumbers, hostOf(tenant))}`,
        phaseText(phase, nowMs),
        token === undefined ? 'no token' : `token ${spanText(token.issuedAtMs, nowMs)}`,
        `ends ${token?.expiresAtMs === undefined ? 'unknown' : spanText(token.expiresAtMs, nowMs)}`,
        ...(token?.renewable === true ? ['renewable'] : []),
        ...(outcomeUnknown === true ? ['outcome unknown'] : []),
      ].join(', ');
    }),
    '',
    'what happened, newest first:',
    ...deeds
      .slice(0, MOST_DEEDS)
      .map((deed) =>
        [
          spanText(deed.lastAtMs, nowMs),
          deed.kind,
          ...(deed.tenantId === undefined
            ? []
            : [`tenant ${number(tenantNumbers, deed.tenantId)}`]),
          ...(deed.host === undefined ? [] : [`host ${number(hostNumbers, deed.host)}`]),
          ...(deed.error === undefined ? [] : [deed.error.code]),
          ...(deed.durationMs === undefined ? [] : [`${String(deed.durationMs)} ms`]),
          ...(deed.count === 1 ? [] : [`${String(deed.count)} times`]),
        ].join(' '),
      ),
    '',
  ].join('\n');
}

/** What the catalogue does not know may hold anything. */
function providerId({ providers }: DiagnosticsWorld, id: string): string {
  return providers.some((provider) => provider.id === id) ? id : 'unknown provider';
}

function phaseText(phase: Phase, nowMs: number): string {
  if (!('error' in phase)) return phase.kind;
  const tries =
    phase.kind === 'retrying'
      ? ` ${String(phase.failures)} times, again ${spanText(phase.retryAtMs, nowMs)}`
      : '';
  return `${phase.kind} (${phase.error.code}${tries})`;
}

function spanText(atMs: number, nowMs: number): string {
  const seconds = Math.round((atMs - nowMs) / 1000);
  return seconds < 0 ? `${String(-seconds)} s ago` : `in ${String(seconds)} s`;
}

function numbers(names: readonly string[]): ReadonlyMap<string, number> {
  return new Map([...new Set(names)].map((name, at) => [name, at + 1]));
}
