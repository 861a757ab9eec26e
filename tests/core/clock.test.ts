/** this computer's clock, or that of the provider, is wrong when a person signs in. */
import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { describe as words } from '../../src-main/core/error-texts.ts';
import type { ProviderGrant } from '../../src-main/core/provider.ts';
import { makeJwt } from '../emulators/emulator-parts.ts';
import { createIdTokens } from '../emulators/hostile-server-id-tokens.ts';
import { jsonAnswer, startHostileServer } from '../emulators/hostile-server.ts';
import type { Behaviour, HostileServer } from '../emulators/hostile-server.ts';
import { startScriptedServer } from '../emulators/scripted-server.ts';
import { catalogueOf, field, NAMED, tenantOfTest } from '../fakes/catalogue.ts';
import { createManualClock } from '../fakes/clock.manual.ts';
import { createWorld } from '../fakes/world.ts';
import type { World } from '../fakes/world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

let server: HostileServer;

beforeAll(async () => {
  server = await startHostileServer();
});
afterEach(() => {
  server.reset();
});
afterAll(() => server.stop());

/** How far this computer's clock is ahead of the provider's, and what a person is told of it. */
const OFFSETS = [
  ['5 minutes ahead', 5 * MINUTE],
  ['5 minutes behind', -5 * MINUTE],
  ['1 day ahead', DAY],
  ['1 day behind', -DAY],
  ['10 years ahead', 10 * YEAR],
  ['10 years behind', -10 * YEAR],
] as const;

const FIELDS = ['base', 'clientId', 'redirectUri', 'scopes', 'username'].map((name) => field(name));

function grants(kind: 'authorization-code' | 'implicit', withIssuer: boolean): ProviderGrant {
  const endpoints = { authorizationEndpoint: '{base}/authorize', tokenEndpoint: '{base}/token' };
  return { ...NAMED, kind, fields: FIELDS, server: withIssuer ? { issuer: '{base}' } : endpoints };
}

async function signIn(definition: ProviderGrant, base: string, scopes: string, offsetMs = 0) {
  const tenant = tenantOfTest(definition.kind, {
    base,
    clientId: 'test-client',
    redirectUri: 'https://localhost/callback',
    username: 'ada',
    scopes,
  });
  const clock = createManualClock(Date.now() + offsetMs);
  const world = await createWorld([tenant], { providers: catalogueOf(definition), clock });
  const result = await world.sessions.signIn(tenant.id);
  expectSensible(world, tenant.id);
  return { world, id: tenant.id, result };
}

/** Nothing with an end in 1970, one that has passed, or one that is no number is stored or shown. */
function expectSensible(world: World, id: string): void {
  const token = world.vault.stored.get(id)?.token;
  const nowMs = world.clock.now();
  for (const atMs of [token?.expiresAtMs, world.session(id).token?.expiresAtMs]) {
    if (atMs === undefined) continue;
    expect(atMs).toBeGreaterThan(nowMs);
    expect(atMs).toBeLessThan(nowMs + 100 * YEAR);
  }
  expect(JSON.stringify(token ?? {})).not.toMatch(/:(null|NaN)\b/);
}

const lifeOf = (world: World, id: string): number | undefined => {
  const { expiresAtMs, issuedAtMs } = world.vault.stored.get(id)!.token!;
  return expiresAtMs === undefined ? undefined : expiresAtMs - issuedAtMs;
};

const near = (lifeMs: number | undefined, expectedMs: number): void => {
  expect(Math.abs((lifeMs ?? NaN) - expectedMs)).toBeLessThan(30_000);
};

/** The ID token is checked by the system's clock, so here it is the provider whose clock is set. */
function provider(aheadMs: number, idToken: 'lenient' | 'strict') {
  const nowSeconds = Math.floor((Date.now() + aheadMs) / 1000);
  const lifeSeconds = idToken === 'strict' ? 60 : 3600;
  return {
    date: new Date(Date.now() + aheadMs).toUTCString(),
    claims: {
      iat: nowSeconds,
      exp: nowSeconds + lifeSeconds,
      ...(idToken === 'strict' ? { nbf: nowSeconds } : {}),
    },
  };
}

function dated(date: string): Pick<Behaviour, 'token'> {
  return {
    token: (_request, ordinary) => {
      const answer = ordinary();
      return { ...answer, headers: { ...answer.headers, date } };
    },
  };
}

async function fragmentWith(claims: object): Promise<Partial<Behaviour>> {
  const idTokens = await createIdTokens();
  return {
    jwks: () => jsonAnswer({ keys: idTokens.publicKeys() }),
    authorize: ({ query }) => {
      const atHash = createHash('sha256').update('opaque').digest().subarray(0, 16);
      const answer = new URLSearchParams({
        access_token: 'opaque',
        token_type: 'Bearer',
        expires_in: '3600',
        state: query.get('state')!,
        iss: server.issuer,
        id_token: idTokens.make({
          claims: {
            iss: server.issuer,
            aud: 'test-client',
            nonce: query.get('nonce'),
            at_hash: atHash.toString('base64url'),
          },
          changes: claims as Record<string, unknown>,
          header: {},
          fault: 'none',
        }),
      });
      return { status: 302, headers: { location: `https://localhost/callback#${answer}` } };
    },
  };
}

describe.each(OFFSETS)('A-18 this computer is %s', (name, aheadMs) => {
  test.each(['authorization-code', 'implicit'] as const)(
    '%s with an ID token that counts in minutes: refused, and the message names the offset',
    async (kind) => {
      const { date, claims } = provider(-aheadMs, 'strict');
      server.behave(kind === 'implicit' ? await fragmentWith(claims) : { claims, ...dated(date) });
      const { world, id, result } = await signIn(grants(kind, true), server.issuer, 'openid');
      if (result.ok) throw new Error('accepted');
      expect(result.error.code).toBe('clock-wrong');
      const { message, nextStep } = words(result.error, 'Acme');
      expect(message).toContain(`the clock of this computer is ${name}`);
      expect(nextStep).toContain('Set the clock right');
      expect(world.vault.writes()).toBe(0);
      expect(world.session(id).phase).toMatchObject({ error: { code: 'clock-wrong' } });
    },
  );

  test.each(['authorization-code', 'implicit'] as const)(
    '%s with an ID token of an hour: signed in where it is still valid, else told',
    async (kind) => {
      const { date, claims } = provider(-aheadMs, 'lenient');
      server.behave(kind === 'implicit' ? await fragmentWith(claims) : { claims, ...dated(date) });
      const { world, id, result } = await signIn(grants(kind, true), server.issuer, 'openid');
      if (aheadMs > HOUR) {
        expect(result).toMatchObject({ error: { code: 'clock-wrong', subject: name } });
      } else {
        expect(result).toEqual({ ok: true, value: null });
        near(lifeOf(world, id), HOUR);
      }
    },
  );

  test('code without an ID token: the life counts, also one that only the token itself tells', async () => {
    const plain = await signIn(grants('authorization-code', false), server.issuer, 'read', aheadMs);
    expect(plain.result).toEqual({ ok: true, value: null });
    near(lifeOf(plain.world, plain.id), HOUR);
    const exp = Math.floor((Date.now() + HOUR) / 1000);
    server.behave({ tokenMembers: { expires_in: undefined, access_token: makeJwt({ exp }) } });
    const jwt = await signIn(grants('authorization-code', false), server.issuer, 'read', aheadMs);
    expect(jwt.result).toEqual({ ok: true, value: null });
    near(lifeOf(jwt.world, jwt.id), HOUR);
    // … and makes no storm
    const calls = server.tokenCalls();
    jwt.world.startKeeper();
    await jwt.world.clock.advance(30 * MINUTE);
    expect(server.tokenCalls()).toBe(calls);
  });

  test('implicit without an ID token', async () => {
    server.behave({
      authorize: ({ query }) => ({
        status: 302,
        headers: {
          location: `https://localhost/callback#access_token=a&token_type=Bearer&expires_in=3600&state=${query.get('state')!}`,
        },
      }),
    });
    const { world, id, result } = await signIn(
      grants('implicit', false),
      server.issuer,
      'a',
      aheadMs,
    );
    expect(result).toEqual({ ok: true, value: null });
    near(lifeOf(world, id), HOUR);
  });

  test.each(['iso', 's', 'ms', 'JWT'] as const)('REST with an instant (%s)', async (unit) => {
    const api = await startScriptedServer();
    api.answerWith(() => {
      const atMs = Date.now() + HOUR;
      const at = {
        iso: new Date(atMs).toISOString(),
        s: Math.floor(atMs / 1000),
        ms: atMs,
        JWT: null,
      };
      const token = makeJwt(unit === 'JWT' ? { exp: Math.floor(atMs / 1000) } : {});
      return jsonAnswer({ token, end: at[unit] });
    });
    const definition: ProviderGrant = {
      ...NAMED,
      kind: 'rest-login',
      fields: FIELDS,
      login: {
        login: { url: '{base}/login' },
        answer: {
          token: ['token'],
          expiry: unit === 'JWT' ? [] : [{ at: 'end', unit }],
        },
      },
    };
    const { world, id, result } = await signIn(definition, api.origin, '', aheadMs);
    expect(result).toEqual({ ok: true, value: null });
    near(lifeOf(world, id), HOUR);
    world.startKeeper();
    await world.clock.advance(30 * MINUTE);
    expect(api.requests()).toHaveLength(1);
    await api.stop();
  });
});
