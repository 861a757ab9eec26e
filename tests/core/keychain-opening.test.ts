import { expect, test } from 'vitest';
import { createKeychainOpening } from '../../src-main/core/keychain-opening.ts';
import type { AppError } from '../../src-main/core/errors.ts';
import type { Vault } from '../../src-main/core/ports.ts';
import { createMemoryVault } from '../fakes/vault.memory.ts';
import { createWorld, tenantAt } from '../fakes/world.ts';

const TOKEN = { accessToken: 'a', refreshToken: 'r', issuedAtMs: 1, expiresAtMs: 2 };

test('D-03 locked at first: shown as such; unlocked: the tokens are back without a restart', async () => {
  const tenant = tenantAt('https://login.example.com');
  const vault = createMemoryVault();
  vault.put(tenant.id, { fields: {}, token: TOKEN });
  vault.failReads('keychain-locked');
  vault.setKeychain('locked');
  const world = await createWorld([tenant], { vault });
  const { store, sessions, clock } = world;
  const isLocked = () => Promise.resolve(undefined);
  const { open } = createKeychainOpening({ store, vault, sessions, clock, isLocked });
  await open();
  expect(world.store.get()).toMatchObject({
    keychain: 'locked',
    keychainTrouble: { code: 'keychain-locked' },
  });
  expect(world.session(tenant.id).phase.kind).toBe('locked');
  vault.failReads(undefined);
  vault.setKeychain('open');
  await open();
  expect(world.store.get()).toMatchObject({ keychain: 'open', keychainTrouble: null });
  expect(world.session(tenant.id)).toMatchObject({
    phase: { kind: 'idle' },
    token: { expiresAtMs: 2 },
  });
});

test('D-03 a keychain that waits for the person is said to be slow after two seconds', async () => {
  const vault = createMemoryVault();
  let answer = (): void => undefined;
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const slow = { ...vault, open: () => answered.then(() => 'open' as const) };
  const world = await createWorld();
  const { store, sessions, clock } = world;
  const isLocked = () => Promise.resolve(undefined);
  const opening = createKeychainOpening({ store, vault: slow, sessions, clock, isLocked }).open();
  await world.clock.advance(1999);
  expect(world.store.get()).toMatchObject({ keychain: 'opening', keychainIsSlow: false });
  await world.clock.advance(1);
  expect(world.store.get().keychainIsSlow).toBe(true);
  answer();
  await opening;
  expect(world.store.get()).toMatchObject({ keychain: 'open', keychainIsSlow: false });
  expect(world.clock.timers()).toBe(0);
});

test('D-03 a locked one is opened by itself once somebody has unlocked it, and is not asked before', async () => {
  const vault = createMemoryVault();
  vault.setKeychain('locked');
  let opened = 0;
  let locked = true;
  const counted: Vault = {
    ...vault,
    open: () => {
      opened += 1;
      return vault.open();
    },
  };
  const { store, sessions, clock } = await createWorld();
  const isLocked = () => Promise.resolve(locked);
  const opening = createKeychainOpening({ store, vault: counted, sessions, clock, isLocked });
  await opening.open();
  await clock.advance(10 * 60_000);
  expect(opened).toBe(1);
  expect(store.get().keychain).toBe('locked');
  locked = false;
  vault.setKeychain('open');
  await clock.advance(5000);
  expect(opened).toBe(2);
  expect(store.get().keychain).toBe('open');
  await clock.advance(10 * 60_000);
  expect(opened).toBe(2);
  expect(clock.timers()).toBe(0);
});

test('D-03 one that is unlocked before the first look at it is opened once more, and not again and again', async () => {
  const vault = createMemoryVault();
  vault.setKeychain('locked');
  let opened = 0;
  const counted: Vault = {
    ...vault,
    open: () => {
      opened += 1;
      return vault.open();
    },
  };
  const { store, sessions, clock } = await createWorld();
  const isLocked = () => Promise.resolve(false);
  const opening = createKeychainOpening({ store, vault: counted, sessions, clock, isLocked });
  await opening.open();
  await clock.advance(5000);
  expect(opened).toBe(2);
  await clock.advance(10 * 60_000);
  expect(opened).toBe(2);
  vault.setKeychain('open');
  await opening.open();
  expect(opened).toBe(3);
  expect(clock.timers()).toBe(0);
});

const GONE = 'its key is not in the keychain of this computer, as after moving to another one';

test.each([
  [true, { code: 'keychain-locked' }],
  [undefined, { code: 'keychain-locked' }],
  [false, { code: 'vault-unreadable', subject: GONE }],
])('D-12 no key, and the keychain is locked: %s', async (locked, trouble) => {
  const vault = createMemoryVault();
  vault.setKeychain('locked');
  const { store, sessions, clock } = await createWorld();
  const isLocked = () => Promise.resolve(locked);
  const opening = createKeychainOpening({ store, vault, sessions, clock, isLocked });
  await opening.open();
  expect(store.get().keychainTrouble, 'it is not known yet').toEqual({ code: 'keychain-locked' });
  await clock.advance(5000);
  expect(store.get()).toMatchObject({ keychain: 'locked', keychainTrouble: trouble });
  await clock.advance(10 * 60_000);
  expect(store.get(), 'and stays so').toMatchObject({ keychainTrouble: trouble });
  vault.setKeychain('open');
  await opening.open();
  expect(store.get()).toMatchObject({ keychain: 'open', keychainTrouble: null });
  expect(clock.timers()).toBe(0);
});

test.each<AppError>([
  { code: 'vault-unreadable', subject: 'the file store.json is damaged' },
  { code: 'keychain-locked', detail: 'the keychain did not answer' },
])('D-12 $code with its own reason is not taken for a missing key', async (trouble) => {
  const vault: Vault = {
    ...createMemoryVault(),
    open: () => Promise.resolve('locked'),
    trouble: () => ({ ok: false, error: trouble }),
  };
  const { store, sessions, clock } = await createWorld();
  const isLocked = () => Promise.resolve(false);
  const opening = createKeychainOpening({ store, vault, sessions, clock, isLocked });
  await opening.open();
  await clock.advance(10_000);
  expect(store.get()).toMatchObject({ keychain: 'locked' });
  expect(store.get().keychainTrouble).toEqual(trouble);
  opening.stop();
});

test('D-12 an answer about the lock that comes after a later opening changes nothing', async () => {
  const vault = createMemoryVault();
  vault.setKeychain('locked');
  let opened = 0;
  const counted: Vault = {
    ...vault,
    open: () => {
      opened += 1;
      return vault.open();
    },
  };
  const asked = Promise.withResolvers<boolean>();
  const { store, sessions, clock } = await createWorld();
  const isLocked = () => asked.promise;
  const opening = createKeychainOpening({ store, vault: counted, sessions, clock, isLocked });
  await opening.open();
  await clock.advance(5000);
  vault.setKeychain('open');
  await opening.open();
  asked.resolve(false);
  await clock.settle();
  expect(opened).toBe(2);
  expect(store.get()).toMatchObject({ keychain: 'open', keychainTrouble: null });
});
