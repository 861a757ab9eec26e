import { afterEach, expect, test } from 'vitest';
import { startRotatingServer } from './rotating-server.ts';
import type { RotatingServer, RotatingServerOptions } from './rotating-server.ts';

let server: RotatingServer | undefined;

afterEach(async () => {
  await server?.stop();
});

async function start(options: Partial<RotatingServerOptions> = {}): Promise<RotatingServer> {
  server = await startRotatingServer({ leewayMs: 0, expiresInSeconds: 60, ...options });
  return server;
}

async function refresh({ origins }: RotatingServer, refreshToken: string, clientId = 'acme') {
  const body = new URLSearchParams({ client_id: clientId, refresh_token: refreshToken });
  const response = await fetch(`${origins[0] ?? ''}/token`, { method: 'POST', body });
  const members = (await response.json()) as Readonly<Record<string, unknown>>;
  return { status: response.status, members };
}

test('gives a new refresh token for each one, and writes down when', async () => {
  const rotating = await start();
  const { refreshToken } = rotating.signIn('acme');
  expect(rotating.standing(refreshToken)).toBe('current');
  const beforeMs = Date.now();
  const { status, members } = await refresh(rotating, refreshToken);
  expect(status).toBe(200);
  expect(members).toMatchObject({ token_type: 'Bearer', expires_in: 60 });
  expect(rotating.standing(refreshToken)).toBe('used');
  expect(rotating.standing(String(members['refresh_token']))).toBe('current');
  expect(rotating.standing('another')).toBe('unknown');

  const use = await rotating.waitFor('the end of the answer', 1000, () => {
    return rotating.uses.find(({ endedAtMs }) => endedAtMs !== undefined);
  });
  expect(use).toMatchObject({
    clientId: 'acme',
    refreshToken,
    outcome: 'rotated',
    issued: members['refresh_token'],
  });
  expect(use.committedAtMs).toBeGreaterThanOrEqual(beforeMs);
  expect(use.answeredAtMs).toBeGreaterThanOrEqual(use.committedAtMs);
});

test('strict: a second use ends the sign-in, also for what was issued since', async () => {
  const rotating = await start();
  const { refreshToken } = rotating.signIn('acme');
  const { members } = await refresh(rotating, refreshToken);
  const again = await refresh(rotating, refreshToken);
  expect(again).toEqual({ status: 400, members: { error: 'invalid_grant' } });
  const issued = String(members['refresh_token']);
  expect(rotating.standing(issued)).toBe('ended');
  expect((await refresh(rotating, issued)).status).toBe(400);
});

test('with a leeway: a second use is forgiven in time, and after it ends the sign-in', async () => {
  const rotating = await start({ leewayMs: 200 });
  const { refreshToken } = rotating.signIn('acme');
  await refresh(rotating, refreshToken);
  expect((await refresh(rotating, refreshToken)).status).toBe(200);
  expect(rotating.uses.map(({ outcome }) => outcome)).toEqual(['rotated', 'forgiven']);
  const firstMs = rotating.uses[0]?.committedAtMs ?? 0;
  await expect
    .poll(() => Date.now() - firstMs, { timeout: 1000, interval: 20 })
    .toBeGreaterThan(200);
  expect((await refresh(rotating, refreshToken)).status).toBe(400);
});

test('refuses a token of another client, and counts what one client asks at once', async () => {
  const rotating = await start({ leewayMs: 1000, answerDelayMs: () => 50 });
  const { refreshToken } = rotating.signIn('acme');
  expect((await refresh(rotating, refreshToken, 'globex')).status).toBe(400);
  expect(rotating.mostAtOnce()).toBe(1);
  await Promise.all([refresh(rotating, refreshToken), refresh(rotating, refreshToken)]);
  expect(rotating.mostAtOnce()).toBe(2);
});
