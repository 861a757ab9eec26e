import { request } from 'node:http';
import { connect } from 'node:tls';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startFaultProxy } from './fault-proxy.ts';
import type { CutAt, FaultProxy, FaultProxyOptions } from './fault-proxy.ts';
import { startRotatingServer } from './rotating-server.ts';
import type { RotatingServer } from './rotating-server.ts';

let server: RotatingServer;
let proxy: FaultProxy | undefined;

beforeEach(async () => {
  server = await startRotatingServer({ leewayMs: 60_000, expiresInSeconds: 60 });
});
afterEach(async () => {
  await proxy?.stop();
  await server.stop();
});

async function start(options: Partial<FaultProxyOptions> = {}): Promise<FaultProxy> {
  proxy = await startFaultProxy({ upstream: server.origins[0] ?? '', ...options });
  return proxy;
}

/** Not `fetch`, which tries again by itself. */
function refresh({ address, port }: FaultProxy, refreshToken: string) {
  const body = new URLSearchParams({ client_id: 'acme', refresh_token: refreshToken }).toString();
  return new Promise<{ readonly status: number | undefined; readonly body: string }>(
    (resolve, reject) => {
      request(
        {
          host: address,
          port,
          method: 'POST',
          path: '/token',
          agent: false,
          headers: {
            'content-type': 'application/x-www-form-urlencoded',
            'content-length': Buffer.byteLength(body),
          },
        },
        (response) => {
          text(response).then((all) => resolve({ status: response.statusCode, body: all }), reject);
        },
      )
        .on('error', reject)
        .end(body);
    },
  );
}

test('passes requests and answers on, and writes them down', async () => {
  const clean = await start();
  const { refreshToken } = server.signIn('acme');
  const answer = await refresh(clean, refreshToken);
  expect(answer.status).toBe(200);
  expect(answer.body).toContain(server.uses[0]?.issued);
  const exchange = await clean.waitFor('the end', 1000, () => {
    return clean.exchanges.find(({ endedAtMs }) => endedAtMs !== undefined);
  });
  expect(exchange.form?.get('refresh_token')).toBe(refreshToken);
  expect(exchange.answeredAtMs).toBeGreaterThanOrEqual(exchange.startedAtMs);
  expect(clean.mostAtOnce()).toBe(1);
});

const STAGES: readonly (readonly [at: CutAt, reachesServer: boolean])[] = [
  ['connect', false],
  ['request', false],
  ['answer', true],
  ['headers', true],
  ['body', true],
  ['end', true],
];

test.each(STAGES)('cuts at %s; the server has seen the request: %s', async (at, reachesServer) => {
  const cutting = await start();
  const { refreshToken } = server.signIn('acme');
  await cutting.setFault({ kind: 'cut', at });
  await expect(refresh(cutting, refreshToken)).rejects.toThrow(/ECONNRESET|aborted|hang up/);
  expect(server.uses).toHaveLength(reachesServer ? 1 : 0);
  expect(cutting.exchanges).toHaveLength(1);
  await cutting.waitFor('the end', 1000, () => cutting.exchanges[0]?.endedAtMs !== undefined);

  await cutting.setFault({ kind: 'none' });
  expect((await refresh(cutting, refreshToken)).status).toBe(200);
});

test('refuses connections, and takes them again at the same port', async () => {
  const refusing = await start();
  const { refreshToken } = server.signIn('acme');
  await refusing.setFault({ kind: 'refuse' });
  await expect(refresh(refusing, refreshToken)).rejects.toThrow('ECONNREFUSED');
  await refusing.setFault({ kind: 'none' });
  expect((await refresh(refusing, refreshToken)).status).toBe(200);
});

test('answers for the server, which hears nothing of it', async () => {
  const answering = await start();
  await answering.setFault({
    kind: 'answer',
    answer: { status: 503, headers: { 'retry-after': '3' }, body: 'Later' },
  });
  expect(await refresh(answering, 'any')).toEqual({ status: 503, body: 'Later' });
  expect(server.uses).toEqual([]);
});

test('answers late and in pieces', async () => {
  const slow = await start();
  const { refreshToken } = server.signIn('acme');
  await slow.setFault({ kind: 'slow', delayMs: 160 });
  expect((await refresh(slow, refreshToken)).status).toBe(200);
  const exchange = await slow.waitFor('the end', 1000, () => {
    return slow.exchanges.find(({ endedAtMs }) => endedAtMs !== undefined);
  });
  const tookMs = (exchange.answeredAtMs ?? 0) - exchange.startedAtMs;
  expect(tookMs).toBeGreaterThanOrEqual(300);
});

test('shows the key that it names, or with a bad certificate another one', async () => {
  const secure = await start({ tls: true });
  const keyShown = () =>
    new Promise<string>((resolve, reject) => {
      const { address: host, port } = secure;
      const socket = connect({ host, port, rejectUnauthorized: false }, () => {
        resolve(socket.getPeerCertificate().fingerprint256);
        socket.destroy();
      }).on('error', reject);
    });
  expect(secure.trustedKeyHash).toMatch(/^[A-Za-z0-9+/]{43}=$/);
  const good = await keyShown();
  await secure.setFault({ kind: 'bad-certificate' });
  expect(await keyShown()).not.toBe(good);
  await secure.setFault({ kind: 'none' });
  expect(await keyShown()).toBe(good);
});
