import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { ApprovalGrant } from '../../../src-main/core/provider.ts';
import { htmlPage, jsonAnswer } from '../../emulators/hostile-server.ts';
import type { Answer } from '../../emulators/hostile-server.ts';
import { startScriptedServer } from '../../emulators/scripted-server.ts';
import type { ScriptedServer } from '../../emulators/scripted-server.ts';
import { catalogueOf, field, NAMED, tenantOfTest } from '../../fakes/catalogue.ts';
import { undecided } from '../../fakes/user-agent.function.ts';
import { createWorld } from '../../fakes/world.ts';

let server: ScriptedServer;

beforeAll(async () => {
  server = await startScriptedServer();
});
afterEach(() => {
  server.reset();
});
afterAll(() => server.stop());

const GRANT: ApprovalGrant = {
  ...NAMED,
  kind: 'approval',
  fields: [field('base', 'url', true)],
  start: { url: '{base}/start' },
  pagePath: 'login',
  extras: { pollToken: 'poll.token', pollUrl: 'poll.endpoint' },
  poll: { url: '{extra.pollUrl}', encoding: 'form', fields: { token: '{extra.pollToken}' } },
  pendingStatus: 404,
  everySeconds: 2,
  answer: { token: ['appPassword'], basicUser: 'loginName', account: ['loginName'] },
  logout: { method: 'DELETE', url: '{base}/password', headers: { Authorization: 'Basic {token}' } },
};

interface Started {
  readonly page?: string;
  readonly endpoint?: string;
}

/** A sign-in that has been started and whose page is open. */
async function begun(answers: readonly Answer[], { page, endpoint }: Started = {}) {
  let left = [...answers];
  server.answerWith(({ path }) => {
    if (path === '/start') {
      return jsonAnswer({
        login: page ?? 'https://cloud.example/flow?code=1',
        poll: { token: 'canary-poll', endpoint: endpoint ?? `${server.origin}/poll` },
      });
    }
    const [answer, ...others] = left;
    if (path === '/poll') left = others;
    return path === '/poll' ? (answer ?? jsonAnswer({}, 404)) : jsonAnswer({});
  });
  const tenant = tenantOfTest('approval', { base: server.origin });
  const world = await createWorld([tenant], { providers: catalogueOf(GRANT) });
  world.userAgent.answerWith(undecided);
  const opened = world.userAgent.nextAttempt();
  const result = world.sessions.signIn(tenant.id);
  return { world, id: tenant.id, result, opened };
}

const polls = (): number => server.requests('/poll').length;
const PENDING = jsonAnswer({}, 404);
const APPROVED = jsonAnswer({ loginName: 'ada', appPassword: 'canary-password' });

test('asks while it is pending, in the pace of the provider, and takes the outcome once', async () => {
  const { world, id, result, opened } = await begun([PENDING, PENDING, APPROVED]);
  const attempt = await opened;
  expect(attempt).toMatchObject({
    url: new URL('https://cloud.example/flow?code=1'),
    redirectUri: '',
  });
  await world.clock.advance(1999);
  expect(polls()).toBe(0);
  await world.clock.advance(1);
  expect(polls()).toBe(1);
  await world.clock.advance(2000);
  expect(attempt.signal.aborted).toBe(false);
  await world.clock.advance(2000);
  expect(await result).toEqual({ ok: true, value: null });
  // The page is closed for the person
  expect(attempt.signal.aborted).toBe(true);
  expect(Object.fromEntries(new URLSearchParams(server.requests('/poll')[0]!.body))).toEqual({
    token: 'canary-poll',
  });
  expect(world.vault.stored.get(id)!.token).toMatchObject({
    accessToken: Buffer.from('ada:canary-password').toString('base64'),
    account: 'ada',
  });
  await world.clock.advance(60_000);
  expect(polls()).toBe(3);
  expect(world.session(id).token!.renewable).toBe(false);
  expect(world.clock.timers()).toBe(0);
});

test('trouble on the way ends nothing', async () => {
  const answers = [jsonAnswer({}, 503), htmlPage(), htmlPage(401), PENDING, APPROVED];
  const { world, result, opened } = await begun(answers);
  await opened;
  await world.clock.advance(10_000);
  expect(await result).toEqual({ ok: true, value: null });
  expect(polls()).toBe(5);
});

test('a refusal ends it', async () => {
  const { world, result, opened } = await begun([PENDING, jsonAnswer({ message: 'No.' }, 403)]);
  const attempt = await opened;
  await world.clock.advance(60_000);
  expect(await result).toMatchObject({
    error: { code: 'grant-refused', detail: 'No. (HTTP 403)' },
  });
  expect(polls()).toBe(2);
  expect(attempt.signal.aborted).toBe(true);
  expect(world.vault.writes()).toBe(0);
});

test('the person cancels: nobody asks any longer', async () => {
  const { world, id, result, opened } = await begun([PENDING]);
  const attempt = await opened;
  await world.clock.advance(2000);
  world.sessions.cancelSignIn(id);
  expect(await result).toMatchObject({ error: { code: 'sign-in-cancelled' } });
  expect(attempt.signal.aborted).toBe(true);
  await world.clock.advance(60_000);
  expect(polls()).toBe(1);
  expect(world.clock.timers()).toBe(0);
});

test.each([
  ['closed', { kind: 'closed' }, 'sign-in-cancelled'],
  ['not to be loaded', { kind: 'page-failed', host: 'h', reason: 'r' }, 'page-failed'],
  [
    'not to be opened',
    { kind: 'failed', error: { code: 'browser-not-opened' } },
    'browser-not-opened',
  ],
] as const)('the page is %s: %s', async (_name, outcome, code) => {
  const { world, result, opened } = await begun([]);
  world.userAgent.answerWith(() => outcome);
  await opened;
  const tenant = world.store.get().tenants[0]!;
  world.sessions.cancelSignIn(tenant.id);
  await result;
  const before = polls();
  expect(await world.sessions.signIn(tenant.id)).toMatchObject({ error: { code } });
  // Once more, as the person may have approved just before
  expect(polls()).toBe(before + 1);
  await world.clock.advance(60_000);
  expect(polls()).toBe(before + 1);
});

test('approved just before the page was closed: it counts', async () => {
  const { world, id, result, opened } = await begun([APPROVED]);
  world.userAgent.answerWith(() => ({ kind: 'closed' }));
  await opened;
  world.sessions.cancelSignIn(id);
  await result;
  expect(await world.sessions.signIn(id)).toEqual({ ok: true, value: null });
});

test('B-14 after ten minutes it ends, also while an answer is awaited', async () => {
  const { world, result, opened } = await begun([]);
  await opened;
  await world.clock.advance(600_000);
  expect(await result).toMatchObject({ error: { code: 'sign-in-timed-out' } });
  const before = polls();
  expect(before).toBeLessThanOrEqual(300);
  await world.clock.advance(60_000);
  expect(polls()).toBe(before);
});

test.each<[string, Started]>([
  ['a page without https', { page: 'http://cloud.example/flow' }],
  ['a page that is a command', { page: 'javascript:alert(1)' }],
  ['a page of the file system', { page: 'file:///etc/passwd' }],
  ['no page', { page: '' }],
  ['asking at another host', { endpoint: 'https://evil.example/poll' }],
  ['asking at another port', { endpoint: 'http://127.0.0.1:9/poll' }],
])('%s is refused before anything is opened or sent', async (_name, started) => {
  const { world, result } = await begun([APPROVED], started);
  expect(await result).toMatchObject({ error: { code: 'endpoint-unsafe' } });
  expect(world.userAgent.requests).toHaveLength(0);
  expect(world.http.called).toHaveLength(1);
});

test('signing out deletes it at the provider', async () => {
  const { world, id, result, opened } = await begun([APPROVED]);
  await opened;
  await world.clock.advance(2000);
  await result;
  expect(await world.sessions.signOut(id)).toEqual({ ok: true, value: 'confirmed' });
  expect(server.requests('/password')[0]!.headers.authorization).toBe(
    `Basic ${Buffer.from('ada:canary-password').toString('base64')}`,
  );
});
