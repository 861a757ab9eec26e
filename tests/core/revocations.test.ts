import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { failure, success } from '../../src-main/core/errors.ts';
import type { ErrorCode } from '../../src-main/core/errors.ts';
import { grantOf } from '../../src-main/core/grants/all-grants.ts';
import { createDiscovery } from '../../src-main/core/oauth/discovery.ts';
import { createRevocations } from '../../src-main/core/revocations.ts';
import type { Revoke } from '../../src-main/core/revocations.ts';
import { PROVIDERS } from '../../src-main/providers/index.ts';
import { jsonAnswer, startHostileServer } from '../emulators/hostile-server.ts';
import type { Answer, HostileServer } from '../emulators/hostile-server.ts';
import { createManualClock } from '../fakes/clock.manual.ts';
import { createWorld, tenantAt } from '../fakes/world.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

let server: HostileServer;

beforeAll(async () => {
  server = await startHostileServer();
});
afterEach(() => {
  server.reset();
});
afterAll(() => server.stop());

const BUSY: Answer = { status: 503, headers: { 'retry-after': '600' } };

/** A tenant that was signed in, and what ends its token at the provider, as signing out does it. */
async function signedOut() {
  const tenant = tenantAt(server.issuer);
  const world = await createWorld([tenant]);
  const { clock, vault } = world;
  expect((await world.sessions.signIn(tenant.id)).ok).toBe(true);
  const secrets = vault.stored.get(tenant.id)!;
  await vault.remove(tenant.id);
  const { grant, definition } = grantOf(tenant, PROVIDERS)!;
  const { http } = world.http;
  const grantWorld = {
    clock,
    http,
    discovery: createDiscovery(http, clock),
    loginWindow: world.userAgent,
    systemBrowser: world.systemBrowser,
    tokenCapture: world.tokenCapture,
  };
  const revoke: Revoke = (signal) =>
    grant.revoke(grantWorld, { tenant, definition, secrets, signal, onPage: () => undefined });
  const before = server.requests('/revoke').length;
  return {
    clock,
    revoke,
    tenantId: tenant.id,
    refreshToken: secrets.token!.refreshToken,
    revocations: createRevocations(clock),
    requests: () => server.requests('/revoke').slice(before),
  };
}

test('A-17 the provider is told at once, and that is all', async () => {
  const { clock, revoke, tenantId, revocations, requests } = await signedOut();
  expect(await revocations.tell(tenantId, revoke)).toEqual(success('confirmed'));
  await clock.advance(25 * HOUR);
  expect(requests()).toHaveLength(1);
  expect(revocations.waiting()).toBe(0);
  expect(clock.timers()).toBe(0);
});

test('A-17 the server is down: tried again, and told once when it is back', async () => {
  const { clock, revoke, tenantId, refreshToken, revocations, requests } = await signedOut();
  server.behave({ revoke: () => ({ cut: 'before' }) });
  expect(await revocations.tell(tenantId, revoke)).toEqual(success('later'));
  await clock.advance(3 * HOUR);
  expect(revocations.waiting()).toBe(1);
  const tries = requests().length;
  expect(tries).toBeGreaterThan(10);
  server.reset();
  await clock.advance(15 * MINUTE);
  expect(requests()).toHaveLength(tries + 1);
  expect(requests().at(-1)!.form.get('token')).toBe(refreshToken);
  expect(revocations.waiting()).toBe(0);
  await clock.advance(25 * HOUR);
  expect(requests()).toHaveLength(tries + 1);
});

test('A-17 after 24 h it is dropped', async () => {
  const { clock, revoke, tenantId, revocations, requests } = await signedOut();
  server.behave({ revoke: () => jsonAnswer({ error: 'temporarily_unavailable' }, 503) });
  const startMs = clock.now();
  const instants: number[] = [];
  await revocations.tell(tenantId, (signal) => {
    instants.push(clock.now() - startMs);
    return revoke(signal);
  });
  await clock.advance(23 * HOUR);
  expect(revocations.waiting()).toBe(1);
  await clock.advance(HOUR);
  expect(revocations.waiting()).toBe(0);
  expect(clock.timers()).toBe(0);
  expect(instants.length).toBe(requests().length);
  expect(instants.at(-1)).toBeLessThanOrEqual(24 * HOUR);
  expect(instants.at(-1)).toBeGreaterThan(23 * HOUR);
  // Growing: a minute holds several of the first ones, an hour only few of the last ones
  expect(instants.filter((atMs) => atMs < MINUTE).length).toBeGreaterThan(2);
  expect(instants.length).toBeLessThan(500);
  const total = instants.length;
  server.reset();
  await clock.advance(24 * HOUR);
  expect(requests()).toHaveLength(total);
});

test('A-17 a computer that slept for a day sends nothing any more', async () => {
  const { clock, revoke, tenantId, revocations, requests } = await signedOut();
  server.behave({ revoke: () => ({ cut: 'before' }) });
  await revocations.tell(tenantId, revoke);
  const tries = requests().length;
  clock.sleep(25 * HOUR);
  server.reset();
  await clock.advance(HOUR);
  expect(requests()).toHaveLength(tries);
  expect(revocations.waiting()).toBe(0);
});

test('A-17 503 with Retry-After: never before that', async () => {
  const { clock, revoke, tenantId, revocations, requests } = await signedOut();
  server.behave({ revoke: () => BUSY });
  expect(await revocations.tell(tenantId, revoke)).toEqual(success('later'));
  await clock.advance(10 * MINUTE - SECOND);
  expect(requests()).toHaveLength(1);
  server.reset();
  await clock.advance(2 * MINUTE + 2 * SECOND);
  expect(requests()).toHaveLength(2);
  expect(revocations.waiting()).toBe(0);
});

test('A-17 quitting sends nothing: what waits is dropped, what is new is not begun', async () => {
  const { clock, revoke, tenantId, revocations, requests } = await signedOut();
  server.behave({ revoke: () => BUSY });
  await revocations.tell(tenantId, revoke);
  const before = requests().length;
  server.reset();
  revocations.stop();
  expect(revocations.waiting()).toBe(0);
  expect(clock.timers()).toBe(0);
  expect((await revocations.tell(tenantId, revoke)).ok).toBe(false);
  await clock.advance(25 * HOUR);
  expect(requests()).toHaveLength(before);
});

test('A-17 a request under way when the app quits has no successor', async () => {
  const { clock, revoke, tenantId, revocations, requests } = await signedOut();
  server.behave({ revoke: () => new Promise(() => undefined) });
  const arrived = server.nextRequest('/revoke');
  const told = revocations.tell(tenantId, revoke);
  await arrived;
  revocations.stop();
  expect((await told).ok).toBe(false);
  await clock.advance(25 * HOUR);
  expect(requests()).toHaveLength(1);
  expect(revocations.waiting()).toBe(0);
});

test.each<[ErrorCode, boolean]>([
  ['network-unreachable', true],
  ['timed-out', true],
  ['certificate-refused', true],
  ['provider-trouble', true],
  ['not-the-provider', true],
  ['client-refused', false],
  ['request-refused', false],
  ['grant-refused', false],
  ['endpoint-missing', false],
  ['internal', false],
])('A-17 %s: tried again: %s', async (code, isTriedAgain) => {
  const clock = createManualClock();
  const revocations = createRevocations(clock);
  let calls = 0;
  const told = await revocations.tell('TENANT', () => {
    calls += 1;
    return Promise.resolve(failure(code));
  });
  expect(told).toEqual(isTriedAgain ? success('later') : failure(code));
  expect(revocations.waiting()).toBe(isTriedAgain ? 1 : 0);
  await clock.advance(HOUR);
  expect(calls > 1).toBe(isTriedAgain);
});

test('A-17 what is refused in the end is not tried again', async () => {
  const clock = createManualClock();
  const revocations = createRevocations(clock);
  const outcomes = [failure('timed-out'), failure('client-refused')];
  await revocations.tell('TENANT', () => Promise.resolve(outcomes.shift()!));
  await clock.advance(HOUR);
  expect(outcomes).toEqual([]);
  expect(revocations.waiting()).toBe(0);
});

test('A-17 one request at a time for a tenant; another tenant does not wait', async () => {
  const clock = createManualClock();
  const revocations = createRevocations(clock);
  let underWay = 0;
  let most = 0;
  let finish = (): void => undefined;
  const revoke: Revoke = async () => {
    underWay += 1;
    most = Math.max(most, underWay);
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    underWay -= 1;
    return failure('timed-out');
  };
  const first = revocations.tell('TENANT', revoke);
  const second = revocations.tell('TENANT', revoke);
  await clock.settle();
  expect(await revocations.tell('OTHER', () => Promise.resolve(success('confirmed')))).toEqual(
    success('confirmed'),
  );
  finish();
  await first;
  await clock.settle();
  finish();
  await second;
  expect(revocations.waiting()).toBe(2);
  for (let round = 0; round < 20; round += 1) {
    await clock.advance(MINUTE);
    finish();
  }
  expect(most).toBe(1);
});
