/** An app with many tenants whose providers are in this process, and what is counted of it. */
import { createManyProviders } from '../emulators/many-providers.ts';
import type { ManyProviders, ManyProvidersOptions } from '../emulators/many-providers.ts';
import { createManualClock } from '../fakes/clock.manual.ts';
import { createWorld } from '../fakes/world.ts';
import type { World } from '../fakes/world.ts';

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

export interface ManyTenants {
  readonly world: World;
  readonly providers: ManyProviders;
}

export async function manyTenants(options: ManyProvidersOptions): Promise<ManyTenants> {
  const clock = createManualClock();
  const providers = createManyProviders(clock, options);
  const { tenants, vault, http } = providers;
  return { world: await createWorld(tenants, { clock, vault, http }), providers };
}

/** The most of these instants that lie within any span of this length. */
export function mostWithin(atMs: readonly number[], spanMs: number): number {
  const sorted = atMs.toSorted((a, b) => a - b);
  let most = 0;
  let first = 0;
  for (const [last, instantMs] of sorted.entries()) {
    while (sorted[first]! <= instantMs - spanMs) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

/** How many tenants have no living token, or are not at rest. */
export function notFresh({ store, clock }: World): number {
  const nowMs = clock.now();
  return [...store.get().sessions.values()].filter(
    ({ token, phase }) => phase.kind !== 'idle' || !(token!.expiresAtMs! > nowMs),
  ).length;
}
