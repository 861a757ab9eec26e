import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { TenantSecrets } from '../../src-main/core/secrets.ts';
import type { Tenant } from '../../src-main/core/tenant.ts';
import {
  htmlPage,
  jsonAnswer,
  redirectWith,
  startHostileServer,
} from '../emulators/hostile-server.ts';
import type { HostileServer, ReceivedRequest } from '../emulators/hostile-server.ts';
import { createManualClock } from '../fakes/clock.manual.ts';
import { undecided } from '../fakes/user-agent.function.ts';
import { createMemoryVault } from '../fakes/vault.memory.ts';
import { createWorld, tenantAt } from '../fakes/world.ts';
import type { World } from '../fakes/world.ts';

const MINUTE = 60_000;

let server: HostileServer;

beforeAll(async () => {
  server = await startHostileServer();
});
afterEach(() => {
  server.reset();
});
afterAll(() => server.stop());

async function signedIn(tenant: Tenant = tenantAt(server.issuer)): Promise<{
  readonly world: World;
  readonly id: string;
  readonly calls: () => number;
}> {
  const world = await createWorld([tenant]);
  expect(await world.sessions.signIn(tenant.id)).toEqual({ ok: true, value: null });
  const before = server.tokenCalls();
  return { world, id: tenant.id, calls: () => server.tokenCalls() - before };
}

const tokenOf = (world: World, id: string) => world.vault.stored.get(id)?.token;

describe('signing in', () => {
  test('a person signs in: the token is stored, the state knows its times only', async () => {
    const { world, id } = await signedIn();
    const token = tokenOf(world, id)!;
    expect(token.accessToken).toMatch(/^access-/);
    expect(token.refreshToken).toMatch(/^refresh-/);
    expect(token.expiresAtMs! - token.issuedAtMs).toBe(3_600_000);
    expect(token.account).toBe('person@example.test');
    const shown = JSON.stringify([...world.store.get().sessions]);
    for (const canary of server.canaries()) expect(shown).not.toContain(canary);
    expect(world.session(id)).toMatchObject({
      phase: { kind: 'idle' },
      token: { renewable: true },
    });
  });

  test('S-06 redirect_uri of the exchange equals that of the request byte for byte', async () => {
    const redirectUri = 'https://localhost/Call%62ack?a=%2F&b=1+2';
    await signedIn(tenantAt(server.issuer, { values: { redirectUri } }));
    expect(server.requests('/authorize').at(-1)!.query.get('redirect_uri')).toBe(redirectUri);
    expect(server.requests('/token').at(-1)!.form.get('redirect_uri')).toBe(redirectUri);
  });

  test('A-03 wrong, missing, doubled, stale and used states: 0 token calls, and the real attempt completes, 50 of 50', async () => {
    const tenant = tenantAt(server.issuer);
    const world = await createWorld([tenant]);
    let usedState = '';
    for (let round = 0; round < 50; round += 1) {
      let visit = 0;
      const callsBefore = server.tokenCalls();
      const staleState = usedState;
      server.behave({
        authorize: (request, ordinary) => {
          const state = request.query.get('state')!;
          const code = server.codeFor(request);
          const forged: readonly (readonly [string, string])[][] = [
            [
              ['code', code],
              ['state', 'wrong'],
            ],
            [['code', code]],
            [
              ['code', code],
              ['state', state],
              ['state', state],
            ],
            [
              ['code', code],
              ['state', state],
              ['state', 'other'],
            ],
            [
              ['code', code],
              ['state', staleState],
            ],
            [
              ['code', code],
              ['state', ''],
            ],
            [
              ['error', 'access_denied'],
              ['state', 'wrong'],
            ],
            [['error', 'access_denied']],
          ];
          const answer = forged[visit];
          visit += 1;
          if (answer !== undefined) {
            expect(server.tokenCalls()).toBe(callsBefore);
            return redirectWith(request, answer);
          }
          usedState = state;
          return ordinary();
        },
      });
      const ignoredBefore = world.userAgent.ignored();
      expect(await world.sessions.signIn(tenant.id)).toEqual({ ok: true, value: null });
      expect(world.userAgent.ignored() - ignoredBefore).toBe(8);
      expect(server.tokenCalls() - callsBefore).toBe(1);
    }
  }, 20_000);

  test('A-03 an answer that comes a second time redeems nothing', async () => {
    const tenant = tenantAt(server.issuer);
    const world = await createWorld([tenant]);
    let answers: URL[] = [];
    server.behave({
      authorize: (request, ordinary) => {
        const answer = ordinary();
        answers = [...answers, new URL(answer.headers!['location']!)];
        return answer;
      },
    });
    await world.sessions.signIn(tenant.id);
    const calls = server.tokenCalls();
    const [first] = answers;
    const next = world.userAgent.requests.length;
    world.userAgent.answerWith((request) =>
      request.isOurs(first!) ? { kind: 'answered', answer: first! } : { kind: 'closed' },
    );
    expect(await world.sessions.signIn(tenant.id)).toMatchObject({
      error: { code: 'sign-in-cancelled' },
    });
    expect(world.userAgent.requests).toHaveLength(next + 1);
    expect(server.tokenCalls()).toBe(calls);
  });

  test('A-04 an error with the right state ends the attempt, and what is kept of it is fit to show', async () => {
    const tenant = tenantAt(server.issuer);
    const world = await createWorld([tenant]);
    server.behave({
      authorize: (request) =>
        redirectWith(request, [
          ['error', 'access_denied'],
          ['error_description', `<script>1</script>\u202E ${'word '.repeat(2000)}`],
          ['state', request.query.get('state')!],
          ['iss', server.issuer],
        ]),
    });
    const calls = server.tokenCalls();
    const result = await world.sessions.signIn(tenant.id);
    if (result.ok) throw new Error('accepted');
    expect(result.error.code).toBe('sign-in-denied');
    expect(result.error.detail).toHaveLength(300);
    expect(result.error.detail).not.toContain('\u202E');
    expect(server.tokenCalls()).toBe(calls);
    expect(world.session(tenant.id).phase).toMatchObject({ kind: 'sign-in-needed' });
  });

  test.each([
    ['wrong', 'https://evil.example'],
    ['missing though announced', undefined],
  ])('A-05 iss %s: 0 token calls, nothing stored', async (_name, iss) => {
    const tenant = tenantAt(server.issuer);
    const world = await createWorld([tenant]);
    server.behave({
      authorize: (request) =>
        redirectWith(request, [
          ['code', server.codeFor(request)],
          ['state', request.query.get('state')!],
          ...(iss === undefined ? [] : ([['iss', iss]] as const)),
        ]),
    });
    const calls = server.tokenCalls();
    expect(await world.sessions.signIn(tenant.id)).toMatchObject({
      error: { code: 'answer-invalid' },
    });
    expect(server.tokenCalls()).toBe(calls);
    expect(world.vault.writes()).toBe(0);
  });

  test('A-05 A-06 two tenants at once whose answers are swapped: no code reaches the other provider', async () => {
    const other = await startHostileServer();
    const tenants = [tenantAt(server.issuer), tenantAt(other.issuer)] as const;
    const world = await createWorld(tenants);
    const answers = new Map<string, URL>();
    for (const each of [server, other]) {
      each.behave({
        authorize: (_request, ordinary) => {
          const answer = ordinary();
          answers.set(each.issuer, new URL(answer.headers!['location']!));
          return answer;
        },
      });
    }
    const callsBefore = server.tokenCalls() + other.tokenCalls();
    let opened = 0;
    let bothOpened = (): void => undefined;
    const both = new Promise<void>((resolve) => {
      bothOpened = resolve;
    });
    world.userAgent.answerWith(async (request) => {
      await (await fetch(request.url, { redirect: 'manual' })).arrayBuffer();
      opened += 1;
      if (opened === 2) bothOpened();
      await both;
      const foreign = [...answers].find(([issuer]) => issuer !== request.url.origin)![1];
      return request.isOurs(foreign) ? { kind: 'answered', answer: foreign } : { kind: 'closed' };
    });
    await Promise.all(tenants.map(({ id }) => world.sessions.signIn(id)));
    expect(server.tokenCalls() + other.tokenCalls()).toBe(callsBefore);
    await other.stop();
  });

  test('B-14 after ten minutes the attempt ends', async () => {
    const tenant = tenantAt(server.issuer);
    const world = await createWorld([tenant]);
    world.userAgent.answerWith(undecided);
    const opened = world.userAgent.nextAttempt();
    const result = world.sessions.signIn(tenant.id);
    await opened;
    await world.clock.advance(10 * MINUTE - 1);
    expect(world.session(tenant.id).phase.kind).toBe('signing-in');
    await world.clock.advance(1);
    expect(await result).toMatchObject({ error: { code: 'sign-in-timed-out' } });
    expect(world.userAgent.requests.at(-1)!.signal.aborted).toBe(true);
    expect(world.clock.timers()).toBe(0);
  });

  test('cancelling ends the attempt, leaves what was before and no timer', async () => {
    const { world, id } = await signedIn();
    const before = tokenOf(world, id);
    world.userAgent.answerWith(undecided);
    const opened = world.userAgent.nextAttempt();
    const result = world.sessions.signIn(id);
    await opened;
    expect(world.session(id).phase.kind).toBe('signing-in');
    world.sessions.cancelSignIn(id);
    expect(await result).toMatchObject({ error: { code: 'sign-in-cancelled' } });
    expect(world.session(id)).toMatchObject({ phase: { kind: 'idle' }, token: {} });
    expect(tokenOf(world, id)).toBe(before);
    expect(world.clock.timers()).toBe(0);
  });

  test('cancelling while the code is being swapped stores nothing', async () => {
    const tenant = tenantAt(server.issuer);
    const world = await createWorld([tenant]);
    server.behave({ token: () => new Promise(() => undefined) });
    const arrived = server.nextRequest('/token');
    const result = world.sessions.signIn(tenant.id);
    await arrived;
    world.sessions.cancelSignIn(tenant.id);
    expect(await result).toMatchObject({ error: { code: 'sign-in-cancelled' } });
    expect(world.vault.writes()).toBe(0);
  });

  test('B-15 a second sign-in joins the first and shows its window', async () => {
    const tenant = tenantAt(server.issuer);
    const world = await createWorld([tenant]);
    world.userAgent.answerWith(undecided);
    const opened = world.userAgent.nextAttempt();
    const first = world.sessions.signIn(tenant.id);
    await opened;
    const second = world.sessions.signIn(tenant.id);
    expect(world.userAgent.shown).toEqual([tenant.id]);
    expect(world.userAgent.requests).toHaveLength(1);
    world.sessions.cancelSignIn(tenant.id);
    expect(await second).toEqual(await first);
  });

  test('a page that cannot be loaded says where and why', async () => {
    const tenant = tenantAt(server.issuer);
    const world = await createWorld([tenant]);
    world.userAgent.answerWith(() => ({
      kind: 'page-failed',
      host: 'login.example.com',
      reason: 'ERR_CERT_AUTHORITY_INVALID',
    }));
    expect(await world.sessions.signIn(tenant.id)).toMatchObject({
      error: { code: 'page-failed', host: 'login.example.com' },
    });
    expect(world.session(tenant.id).phase.kind).toBe('sign-in-needed');
  });

  test('a user agent that throws leaves nobody “signing in” for ever', async () => {
    const tenant = tenantAt(server.issuer);
    const world = await createWorld([tenant]);
    world.userAgent.answerWith(() => Promise.reject(new Error('a mistake')));
    expect(await world.sessions.signIn(tenant.id)).toMatchObject({ error: { code: 'internal' } });
    expect(world.session(tenant.id).phase.kind).toBe('sign-in-needed');
  });

  test('a failed sign-in leaves a living token as it is', async () => {
    const { world, id } = await signedIn();
    world.userAgent.answerWith(() => ({ kind: 'page-failed', host: 'h', reason: 'x' }));
    expect((await world.sessions.signIn(id)).ok).toBe(false);
    expect(world.session(id)).toMatchObject({ phase: { kind: 'idle' } });
    expect((await world.sessions.freshToken(id, 30_000)).ok).toBe(true);
  });
});

describe('one renewal for all', () => {
  async function expired() {
    const session = await signedIn();
    await session.world.clock.advance(2 * 60 * MINUTE);
    return session;
  }

  test('E-01 1,000 callers at once: one call, one token', async () => {
    const { world, id, calls } = await expired();
    const answers = await Promise.all(
      Array.from({ length: 1000 }, () => world.sessions.freshToken(id, 30_000)),
    );
    expect(calls()).toBe(1);
    const tokens = new Set(answers.map((answer) => answer.ok && answer.value.token.accessToken));
    expect([...tokens]).toEqual([tokenOf(world, id)!.accessToken]);
    expect(server.reuses()).toBe(0);
  });

  test('E-01 1,000 copies at once', async () => {
    const { world, id, calls } = await expired();
    const copies = await Promise.all(
      Array.from({ length: 1000 }, () => world.copying.copyToken(id)),
    );
    expect(copies.every(({ ok }) => ok)).toBe(true);
    expect(calls()).toBe(1);
    expect(world.clipboard.content()).toBe(tokenOf(world, id)!.accessToken);
  });

  test('E-01 callers that come during the call and right after it get the same token', async () => {
    const { world, id, calls } = await expired();
    let answer = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    server.behave({
      token: async (_request, ordinary) => {
        await held;
        return ordinary();
      },
    });
    const arrived = server.nextRequest('/token');
    const before = world.sessions.freshToken(id, 30_000);
    await arrived;
    const during = Array.from({ length: 100 }, () => world.sessions.freshToken(id, 30_000));
    const asked = world.sessions.renew(id);
    const releaseWrites = world.vault.holdWrites();
    answer();
    const writing = Array.from({ length: 100 }, () => world.sessions.freshToken(id, 30_000));
    releaseWrites();
    const first = await before;
    const after = Array.from({ length: 100 }, () => world.sessions.freshToken(id, 30_000));
    const all = await Promise.all([...during, ...writing, ...after]);
    expect((await asked).ok).toBe(true);
    const { accessToken } = tokenOf(world, id)!;
    for (const each of [first, ...all]) {
      expect(each.ok && each.value.token.accessToken).toBe(accessToken);
    }
    expect(calls()).toBe(1);
  });

  test('a caller with an old token in hand gets the one that is stored by now', async () => {
    const { world, id, calls } = await expired();
    const old = tokenOf(world, id)!;
    const [first, second] = await Promise.all([
      world.sessions.renew(id, old),
      world.sessions.renew(id, old),
    ]);
    const third = await world.sessions.renew(id, old);
    expect(calls()).toBe(1);
    expect(second).toEqual(first);
    expect(third).toEqual(first);
    expect(world.session(id).phase.kind).toBe('idle');
  });

  test('E-02 50 rotations in a row: nothing is used twice', async () => {
    const { world, id, calls } = await signedIn();
    const reusesBefore = server.reuses();
    for (let round = 0; round < 50; round += 1) {
      expect((await world.sessions.renew(id)).ok).toBe(true);
    }
    expect(calls()).toBe(50);
    expect(server.reuses()).toBe(reusesBefore);
  });

  test('right after the start, before the sessions are known, an expired token is renewed and not refused', async () => {
    const { world, id } = await expired();
    const tenant = world.store.get().tenants[0]!;
    const vault = createMemoryVault();
    vault.put(id, world.vault.stored.get(id)!);
    const clock = createManualClock(world.clock.now());
    const restarted = await createWorld([tenant], { vault, clock });
    restarted.store.dispatch({ type: 'signed-out', tenantId: id });
    expect(await restarted.sessions.freshToken(id, 30_000)).toMatchObject({
      ok: true,
      value: { renewed: true },
    });
  });
});

describe('what a renewal may answer', () => {
  async function due() {
    const session = await signedIn();
    await session.world.clock.advance(56 * MINUTE);
    return session;
  }

  test('E-07 invalid_grant: one call, then none for 24 h; one notice; the others are untouched', async () => {
    const { world, id, calls } = await due();
    world.startKeeper();
    server.behave({ token: () => jsonAnswer({ error: 'invalid_grant' }, 400) });
    await world.clock.advance(24 * 60 * MINUTE);
    expect(calls()).toBe(1);
    expect(world.session(id).phase).toMatchObject({
      kind: 'sign-in-needed',
      error: { code: 'grant-refused' },
    });
    expect(world.notifier.shown).toHaveLength(1);
    expect(await world.sessions.freshToken(id, 30_000)).toMatchObject({
      error: { code: 'grant-refused' },
    });
    expect(calls()).toBe(1);
    expect(tokenOf(world, id)).toBeDefined();
  });

  test.each(['interaction_required', 'login_required', 'consent_required'])(
    'E-07 %s ends the session too',
    async (error) => {
      const { world, id } = await due();
      server.behave({ token: () => jsonAnswer({ error }, 400) });
      expect(await world.sessions.renew(id)).toMatchObject({ error: { code: 'grant-refused' } });
    },
  );

  test.each([
    ['invalid_client', 401, 'client-refused'],
    ['unauthorized_client', 400, 'client-refused'],
    ['unsupported_grant_type', 400, 'request-refused'],
    ['invalid_scope', 400, 'request-refused'],
    ['invalid_request', 400, 'request-refused'],
  ])('E-10 %s (%i) stops after one call and keeps the token', async (error, status, code) => {
    const { world, id, calls } = await due();
    const before = tokenOf(world, id);
    world.startKeeper();
    server.behave({
      token: () => jsonAnswer({ error }, status, { 'www-authenticate': 'Basic realm="x"' }),
    });
    await world.clock.advance(24 * 60 * MINUTE);
    expect(calls()).toBe(1);
    expect(world.session(id).phase).toMatchObject({ kind: 'misconfigured', error: { code } });
    expect(tokenOf(world, id)).toBe(before);
  });

  const json = { 'content-type': 'application/json' };
  test.each([
    ['200 with a web page', htmlPage(), 'not-the-provider'],
    [
      '302 to a portal',
      { status: 302, headers: { location: 'http://portal.example/' } },
      'redirect-refused',
    ],
    ['400 web page', htmlPage(400), 'not-the-provider'],
    ['401 web page', htmlPage(401), 'not-the-provider'],
    [
      '401 web page of a proxy that asks for a password',
      {
        ...htmlPage(401),
        headers: { 'content-type': 'text/html', 'www-authenticate': 'Negotiate' },
      },
      'not-the-provider',
    ],
    ['408', { status: 408 }, 'provider-trouble'],
    ['425', { status: 425 }, 'provider-trouble'],
    ['429', { status: 429 }, 'provider-trouble'],
    [
      '429 with an error of its own',
      jsonAnswer({ error: 'invalid_request' }, 429),
      'provider-trouble',
    ],
    ['429 web page', htmlPage(429), 'provider-trouble'],
    ['500', { status: 500 }, 'provider-trouble'],
    ['500 invalid_grant', jsonAnswer({ error: 'invalid_grant' }, 500), 'provider-trouble'],
    ['502', htmlPage(502), 'provider-trouble'],
    ['503', htmlPage(503), 'provider-trouble'],
    ['504', htmlPage(504), 'provider-trouble'],
    ['511', htmlPage(511), 'provider-trouble'],
    ['204', { status: 204 }, 'not-the-provider'],
    ['an empty body', { headers: json }, 'not-the-provider'],
    ['half a JSON', { headers: json, body: '{"access_token":"a' }, 'not-the-provider'],
    ['a list', { headers: json, body: '[]' }, 'token-answer-invalid'],
    ['no access token', { headers: json, body: '{"token_type":"bearer"}' }, 'token-answer-invalid'],
    [
      'temporarily_unavailable',
      jsonAnswer({ error: 'temporarily_unavailable' }, 400),
      'provider-trouble',
    ],
    ['server_error', jsonAnswer({ error: 'server_error' }, 400), 'provider-trouble'],
    ['an error nobody knows', jsonAnswer({ error: 'strange' }, 400), 'provider-trouble'],
    ['a cut before the answer', { cut: 'before' as const }, 'network-unreachable'],
    ['a cut in the headers', { cut: 'in-headers' as const }, 'network-unreachable'],
    [
      'a cut in the body',
      { headers: json, body: '{"a":', cut: 'in-body' as const },
      'network-unreachable',
    ],
  ])('E-08 %s: the token is kept and the app tries again', async (_name, answer, code) => {
    const { world, id } = await due();
    const before = tokenOf(world, id);
    server.behave({ token: () => answer });
    expect(await world.sessions.renew(id)).toMatchObject({ ok: false, error: { code } });
    const { phase } = world.session(id);
    expect(phase).toMatchObject({ kind: 'retrying', failures: 1 });
    expect(tokenOf(world, id)).toBe(before);
    // Still alive: it is handed out though the renewal fails
    expect(await world.sessions.freshToken(id, 10 * MINUTE)).toMatchObject({
      ok: true,
      value: { renewed: false, token: { accessToken: before!.accessToken } },
    });
    server.reset();
    expect((await world.sessions.renew(id)).ok).toBe(true);
  });

  test('E-08 a provider that does not answer: given up after 30 s, the token is kept', async () => {
    const { world, id } = await due();
    server.behave({ token: () => new Promise(() => undefined) });
    const arrived = server.nextRequest('/token');
    const renewal = world.sessions.renew(id);
    await arrived;
    world.clock.jump(30_000);
    expect(await renewal).toMatchObject({ error: { code: 'timed-out' } });
    expect(world.session(id).phase.kind).toBe('retrying');
    expect(tokenOf(world, id)?.refreshToken).toBeDefined();
  });

  test('E-08 the provider cannot be reached: DNS and refused connections keep the token', async () => {
    const gone = await startHostileServer();
    const { world, id } = await signedIn(tenantAt(gone.issuer));
    await gone.stop();
    expect(await world.sessions.renew(id)).toMatchObject({
      error: { code: 'network-unreachable' },
    });
    expect(world.session(id).phase.kind).toBe('retrying');
  });

  test('a dead token is never handed out', async () => {
    const { world, id } = await due();
    server.behave({ token: () => htmlPage(503) });
    await world.clock.advance(5 * MINUTE);
    expect(await world.sessions.freshToken(id, 30_000)).toMatchObject({
      ok: false,
      error: { code: 'provider-trouble' },
    });
    expect(await world.copying.copyToken(id)).toMatchObject({ ok: false });
    expect(world.clipboard.content()).toBe('');
  });

  test('back-off: between 1 s and a ceiling that doubles, at most 15 min', async () => {
    const { world, id } = await due();
    server.behave({ token: () => htmlPage(503) });
    for (let failures = 1; failures <= 14; failures += 1) {
      await world.sessions.renew(id);
      const { phase } = world.session(id);
      if (phase.kind !== 'retrying') throw new Error(phase.kind);
      const waitMs = phase.retryAtMs - world.clock.now();
      expect(phase.failures).toBe(failures);
      expect(waitMs).toBeGreaterThanOrEqual(1000);
      expect(waitMs).toBeLessThanOrEqual(Math.min(15 * MINUTE, 1000 * 2 ** failures));
    }
  });

  test('back-off is spread: 40 tenants do not come back at the same instant', async () => {
    const tenants = Array.from({ length: 40 }, () => tenantAt(server.issuer));
    const world = await createWorld(tenants);
    await Promise.all(tenants.map(({ id }) => world.sessions.signIn(id)));
    server.behave({ token: () => htmlPage(503) });
    for (let round = 0; round < 4; round += 1) {
      await Promise.all(tenants.map(({ id }) => world.sessions.renew(id)));
    }
    const instants = tenants.map(({ id }) => {
      const { phase } = world.session(id);
      return phase.kind === 'retrying' ? phase.retryAtMs : 0;
    });
    expect(new Set(instants).size).toBeGreaterThan(20);
  }, 20_000);

  const nowHeader = 'Sun, 06 Nov 2039 08:49:37 GMT';
  test.each([
    ['seconds', { 'retry-after': '120' }, 120_000],
    ['a date', { 'retry-after': 'Sun, 06 Nov 2039 08:51:37 GMT', date: nowHeader }, 120_000],
    ['10^9 seconds: an hour', { 'retry-after': '1000000000' }, 3_600_000],
    ['many digits: an hour', { 'retry-after': '9'.repeat(400) }, 3_600_000],
    [
      'a far date: an hour',
      { 'retry-after': 'Tue, 06 Nov 2040 08:49:37 GMT', date: nowHeader },
      3_600_000,
    ],
  ])(
    'E-09 Retry-After as %s: never earlier, at most a fifth later',
    async (_name, headers, askedMs) => {
      const { world, id, calls } = await due();
      for (const answer of [htmlPage(503), jsonAnswer({ error: 'slow_down' }, 429)]) {
        server.behave({
          token: () => ({ ...answer, headers: { ...answer.headers, ...headers } }),
        });
        await world.sessions.renew(id);
        const { phase } = world.session(id);
        if (phase.kind !== 'retrying') throw new Error(phase.kind);
        const waitMs = phase.retryAtMs - world.clock.now();
        expect(waitMs).toBeGreaterThanOrEqual(askedMs);
        expect(waitMs).toBeLessThanOrEqual(Math.min(askedMs * 1.2, 3_600_000));
      }
      const before = calls();
      await world.sessions.freshToken(id, 10 * MINUTE);
      expect(calls(), 'a copy does not come earlier either').toBe(before);
    },
  );

  test.each([
    ['a past date', { 'retry-after': 'Sun, 06 Nov 1994 08:49:37 GMT', date: nowHeader }],
    ['zero', { 'retry-after': '0' }],
    ['garbage', { 'retry-after': 'soon' }],
    ['a negative number', { 'retry-after': '-5' }],
  ])('E-09 Retry-After as %s: the ordinary back-off', async (_name, headers) => {
    const { world, id } = await due();
    server.behave({ token: () => ({ status: 503, headers }) });
    await world.sessions.renew(id);
    const { phase } = world.session(id);
    if (phase.kind !== 'retrying') throw new Error(phase.kind);
    const waitMs = phase.retryAtMs - world.clock.now();
    expect(waitMs).toBeGreaterThanOrEqual(1000);
    expect(waitMs).toBeLessThanOrEqual(2000);
  });
});

describe('durable before visible', () => {
  test('E-05 nobody sees the new token before it is written', async () => {
    const { world, id } = await signedIn();
    await world.clock.advance(56 * MINUTE);
    const before = world.session(id).token;
    const release = world.vault.holdWrites();
    const renewal = world.sessions.renew(id);
    while (world.vault.writes() < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(world.session(id).token).toBe(before);
    expect(world.session(id).phase.kind).toBe('renewing');
    let copied = false;
    const copy = world.copying.copyToken(id).then(() => {
      copied = true;
    });
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(copied).toBe(false);
    expect(world.clipboard.content()).toBe('');
    release();
    const renewed = await renewal;
    await copy;
    expect(renewed.ok && world.vault.stored.get(id)!.token).toEqual(renewed.ok && renewed.value);
    expect(world.session(id).token).not.toBe(before);
  });

  test('D-10 a write that fails: the token works, the person is told for which tenant, nothing is lost', async () => {
    const { world, id } = await signedIn();
    world.vault.failWrites('vault-not-saved');
    const renewed = await world.sessions.renew(id);
    expect(renewed.ok).toBe(true);
    expect(world.session(id).phase.kind).toBe('idle');
    expect(world.store.get().problems).toMatchObject([
      { code: 'vault-not-saved', subject: 'Acme production: ENOSPC' },
    ]);
    const again = await world.sessions.renew(id);
    expect(again.ok, 'the rotated refresh token was used, not the stored one').toBe(true);
    world.vault.failWrites(undefined);
    expect((await world.sessions.renew(id)).ok).toBe(true);
    expect(world.vault.stored.get(id)!.token!.accessToken).toBe(tokenOf(world, id)!.accessToken);
  });

  test('secrets that cannot be read at the moment are not taken for gone', async () => {
    const { world, id, calls } = await signedIn();
    const before: TenantSecrets = world.vault.stored.get(id)!;
    world.vault.failReads('keychain-locked');
    expect(await world.sessions.renew(id)).toMatchObject({ error: { code: 'keychain-locked' } });
    expect(world.session(id).phase.kind).toBe('locked');
    expect(await world.sessions.freshToken(id, 1)).toMatchObject({
      error: { code: 'keychain-locked' },
    });
    expect(await world.sessions.signIn(id)).toMatchObject({ error: { code: 'keychain-locked' } });
    expect(await world.sessions.signOut(id)).toMatchObject({ error: { code: 'keychain-locked' } });
    world.vault.failReads(undefined);
    await world.sessions.load();
    expect(world.session(id).phase.kind).toBe('idle');
    expect(world.vault.stored.get(id)).toBe(before);
    expect(calls()).toBe(0);
  });
});

describe('signing out', () => {
  test('A-17 local first, then the refresh token is revoked, once', async () => {
    const { world, id } = await signedIn();
    const { refreshToken } = tokenOf(world, id)!;
    const before = server.requests('/revoke').length;
    expect(await world.sessions.signOut(id)).toEqual({ ok: true, value: 'confirmed' });
    expect(tokenOf(world, id)).toBeUndefined();
    expect(world.session(id)).toEqual({ phase: { kind: 'idle' }, noticed: false });
    const revocations = server.requests('/revoke').slice(before);
    expect(revocations.map(({ form }) => [form.get('token'), form.get('token_type_hint')])).toEqual(
      [[refreshToken, 'refresh_token']],
    );
    expect(await world.sessions.freshToken(id, 1)).toMatchObject({
      error: { code: 'sign-in-needed' },
    });
  });

  test('A-17 the provider is down: gone here all the same, and said', async () => {
    const { world, id } = await signedIn();
    server.behave({ revoke: () => ({ cut: 'before' }) });
    expect(await world.sessions.signOut(id)).toEqual({ ok: true, value: 'later' });
    expect(tokenOf(world, id)).toBeUndefined();
  });

  test('A-17 a provider that does not answer keeps nothing here', async () => {
    const { world, id } = await signedIn();
    server.behave({ revoke: () => new Promise(() => undefined) });
    const arrived = server.nextRequest('/revoke');
    const signOut = world.sessions.signOut(id);
    await arrived;
    expect(tokenOf(world, id)).toBeUndefined();
    expect(world.session(id).token).toBeUndefined();
    world.clock.jump(30_000);
    expect(await signOut).toEqual({ ok: true, value: 'later' });
  });

  test('a provider without a revocation endpoint', async () => {
    server.behave({ metadata: { revocation_endpoint: undefined } });
    const { world, id } = await signedIn();
    expect(await world.sessions.signOut(id)).toEqual({ ok: true, value: 'not-offered' });
  });

  test('secrets of the form stay', async () => {
    const { world, id } = await signedIn();
    world.vault.put(id, { ...world.vault.stored.get(id)!, fields: { clientSecret: 'typed' } });
    server.behave({ revoke: () => ({ status: 200 }) });
    await world.sessions.signOut(id);
    expect(world.vault.stored.get(id)).toEqual({ fields: { clientSecret: 'typed' } });
  });

  test('during a renewal: ended at once, no token comes back afterwards, the keeper leaves it alone', async () => {
    const { world, id } = await signedIn();
    await world.clock.advance(54 * MINUTE);
    world.startKeeper();
    server.behave({ token: () => new Promise(() => undefined) });
    const arrived = server.nextRequest('/token');
    world.clock.jump(2 * MINUTE);
    await arrived;
    const calls = server.tokenCalls();
    expect(await world.sessions.signOut(id)).toEqual({ ok: true, value: 'confirmed' });
    server.reset();
    await world.clock.advance(60 * MINUTE);
    expect(server.tokenCalls()).toBe(calls);
    expect(tokenOf(world, id)).toBeUndefined();
    expect(world.session(id).phase.kind).toBe('idle');
  });

  test('during a renewal that has been answered: the new refresh token is the one revoked', async () => {
    const { world, id } = await signedIn();
    const release = world.vault.holdWrites();
    const writes = world.vault.writes();
    const renewal = world.sessions.renew(id);
    while (world.vault.writes() === writes) await new Promise((resolve) => setImmediate(resolve));
    const signOut = world.sessions.signOut(id);
    release();
    const renewed = await renewal;
    if (!renewed.ok) throw new Error(renewed.error.code);
    expect(await signOut).toEqual({ ok: true, value: 'confirmed' });
    expect(server.requests('/revoke').at(-1)!.form.get('token')).toBe(renewed.value.refreshToken);
    expect(tokenOf(world, id)).toBeUndefined();
  });

  test('E-17 settling cancels sign-ins and waits for renewals', async () => {
    const { world, id } = await signedIn();
    const other = tenantAt(server.issuer);
    world.store.dispatch({ type: 'tenant-saved', tenant: other });
    world.userAgent.answerWith(undecided);
    const signIn = world.sessions.signIn(other.id);
    const arrived = server.nextRequest('/token');
    const renewal = world.sessions.renew(id);
    await arrived;
    const revocations = server.requests('/revoke').length;
    await world.sessions.settle();
    expect((await renewal).ok).toBe(true);
    expect(await signIn).toMatchObject({ error: { code: 'sign-in-cancelled' } });
    expect(server.requests('/revoke'), 'S-36 quitting revokes nothing').toHaveLength(revocations);
  });
});

describe('client credentials', () => {
  const appTenant = ({ issuer } = server): Tenant =>
    tenantAt(issuer, { grant: 'client-credentials', values: { scopes: 'read write' } });

  test('without its secret nothing is sent, and what is missing is named', async () => {
    const tenant = appTenant();
    const world = await createWorld([tenant]);
    const before = server.tokenCalls();
    expect(await world.sessions.signIn(tenant.id)).toMatchObject({
      error: { code: 'secret-missing', subject: 'client secret' },
    });
    expect(world.session(tenant.id).phase.kind).toBe('misconfigured');
    expect(server.tokenCalls()).toBe(before);
  });

  test('S-16 asks for itself, keeps no refresh token, renews by asking again', async () => {
    const confidential = await startHostileServer({ clientSecret: 'its-secret' });
    onTestFinished(() => confidential.stop());
    confidential.behave({ tokenMembers: { refresh_token: 'not-expected' } });
    const tenant = appTenant(confidential);
    const { id } = tenant;
    const world = await createWorld([tenant]);
    world.vault.put(id, { fields: { clientSecret: 'its-secret' } });
    expect(await world.sessions.signIn(id)).toEqual({ ok: true, value: null });
    const before = confidential.tokenCalls();
    expect(world.userAgent.requests).toHaveLength(0);
    expect(tokenOf(world, id)!.refreshToken).toBeUndefined();
    expect(world.session(id).token).toMatchObject({ renewable: true, account: 'test-client' });
    const asked: ReceivedRequest = confidential.requests('/token').at(-1)!;
    expect(Object.fromEntries(asked.form)).toMatchObject({
      grant_type: 'client_credentials',
      scope: 'read write',
    });
    await world.clock.advance(2 * 60 * MINUTE);
    expect(await world.sessions.freshToken(id, 30_000)).toMatchObject({
      ok: true,
      value: { renewed: true },
    });
    expect(confidential.tokenCalls() - before).toBe(1);
  });
});
