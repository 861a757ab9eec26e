/** The answer at the loopback: where is listened, how long, and what ends an attempt and what does not. Real sockets, real time. */
import { createServer, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { poll, withTimeLimit } from '../../harness/waiting.ts';
import {
  CODE,
  connectTo,
  get,
  goodAnswer,
  ownSockets,
  send,
  startAttempt,
  STATE,
  type Attempt,
} from './parts.ts';

const isLinux = process.platform === 'linux';

const attempts: Attempt[] = [];
function start(redirectUri: string): Attempt {
  const attempt = startAttempt({ redirectUri });
  attempts.push(attempt);
  return attempt;
}
afterEach(async () => {
  for (const attempt of attempts.splice(0)) {
    attempt.abort();
    await attempt.outcome;
  }
});

async function answered(attempt: Attempt): Promise<URL> {
  const outcome = await withTimeLimit(attempt.outcome, 5000, 'the attempt to end');
  if (outcome.kind !== 'answered') throw new Error(`it ended as ${JSON.stringify(outcome)}`);
  return outcome.answer;
}

async function squatter(host: string, port = 0): Promise<Server & { readonly port: number }> {
  const server = createServer();
  server.listen({ host, port });
  await once(server, 'listening');
  return Object.assign(server, { port: (server.address() as AddressInfo).port });
}

describe('C-01 the listening socket', () => {
  test.runIf(isLinux)(
    'is on a literal of this computer, at a new port each time, and gone ≤1 s after 200 of 200 attempts',
    { timeout: 120_000 },
    async () => {
      const before = ownSockets('listening');
      const ports = new Set<string>();
      let longestMs = 0;
      for (let round = 0; round < 200; round += 1) {
        const host = ['127.0.0.1', '[::1]', 'localhost'][round % 3] ?? '';
        const attempt = start(`http://${host}/callback`);
        await attempt.opened;
        const uri = attempt.redirectUri();
        const { port } = new URL(uri);
        expect(uri).toBe(`http://${host}:${port}/callback`);
        ports.add(port);
        const mine = ownSockets('listening').filter((each) => !before.includes(each));
        const expected = host === 'localhost' ? ['127.0.0.1', '[::1]'] : [host];
        expect(mine).toEqual(expected.map((address) => `${address}:${port}`));
        // Connections that stay: one without a word, one with half a request
        const idle = connectTo(uri);
        const half = connectTo(uri);
        for (const each of [idle, half]) each.on('error', () => undefined);
        half.write('GET /callback HTTP/1.1\r\n');
        await Promise.all([once(idle, 'connect'), once(half, 'connect')]);
        const ends = Promise.all([once(idle, 'close'), once(half, 'close')]);
        // Every way to end
        if (round % 2 === 0) {
          expect((await get(goodAnswer(uri))).status).toBe(200);
          await answered(attempt);
        } else {
          attempt.abort();
          expect(await attempt.outcome).toEqual({ kind: 'closed' });
        }
        const endedAtMs = Date.now();
        await poll('nothing to be left', 1000, () => {
          return ownSockets('listening').every((each) => before.includes(each));
        });
        // The connections may take until their limit; every fortieth round waits for them
        if (round % 40 === 0) {
          await withTimeLimit(ends, 1000, 'the connections to be closed');
          longestMs = Math.max(longestMs, Date.now() - endedAtMs);
        }
        idle.destroy();
        half.destroy();
      }
      expect(longestMs).toBeLessThanOrEqual(1000);
      expect(ports.size).toBeGreaterThan(150);
      await poll('no connection to be left', 1000, () => ownSockets('open').length === 0);
      expect(ownSockets('listening')).toEqual(before);
    },
  );

  test.runIf(isLinux)(
    'does not stay behind an attempt that is over before it is open',
    async () => {
      const cancelled = startAttempt({
        redirectUri: 'http://127.0.0.1/callback',
        isCancelled: true,
      });
      expect(await cancelled.outcome).toEqual({ kind: 'closed' });
      const attempt = start('http://127.0.0.1/callback');
      attempt.abort();
      expect(await attempt.outcome).toEqual({ kind: 'closed' });
      // By the time that a third one is open, the second would be
      const third = start('http://127.0.0.1/callback');
      await third.opened;
      expect(ownSockets('listening')).toHaveLength(1);
      expect([...cancelled.addresses, ...attempt.addresses]).toEqual([]);
    },
  );

  test('takes exactly the port of the redirect URI, and says when that is taken', async () => {
    const other = await squatter('127.0.0.1');
    const uri = `http://127.0.0.1:${other.port}/callback`;
    const refused = start(uri);
    expect(await refused.outcome).toMatchObject({
      kind: 'failed',
      error: { code: 'port-taken', subject: String(other.port) },
    });
    expect(refused.addresses).toEqual([]);
    other.close();
    await once(other, 'close');
    const attempt = start(uri);
    await attempt.opened;
    expect(attempt.redirectUri()).toBe(uri);
    await get(goodAnswer(uri));
    expect((await answered(attempt)).href).toBe(goodAnswer(uri));
  });

  test.for([
    ['http://127.0.0.1', /^http:\/\/127\.0\.0\.1:\d+$/],
    ['http://localhost/', /^http:\/\/localhost:\d+\/$/],
    ['http://127.0.0.1?app=1', /^http:\/\/127\.0\.0\.1:\d+\?app=1$/],
    ['HTTP://LocalHost/A%2fb//c/?x=1&y=%20', /^HTTP:\/\/LocalHost:\d+\/A%2fb\/\/c\/\?x=1&y=%20$/],
  ] as const)('keeps path and query byte for byte: %s', async ([registered, expected]) => {
    const attempt = start(registered);
    await attempt.opened;
    const uri = attempt.redirectUri();
    expect(uri).toMatch(expected);
    const address = new URL(goodAnswer(uri)).href;
    expect((await get(address)).status).toBe(200);
    expect((await answered(attempt)).href).toBe(address);
  });

  test.for([
    'https://127.0.0.1/callback',
    'https://localhost/callback',
    'http://example.com/callback',
    'http://127.0.0.1.example.com/callback',
    'http://localhost.example.com/callback',
    'http://127.0.0.1@example.com/callback',
    'http://localhost:80@example.com/callback',
    'http://user@127.0.0.1/callback',
    'http://127.0.0.2/callback',
    'http://127.1/callback',
    'http://0.0.0.0/callback',
    'http://[::]/callback',
    'http://2130706433/callback',
    'http://127.0.0.1:0/callback',
    'http://127.0.0.1:99999/callback',
    'http://127.0.0.1/callback#fragment',
    'http://127.0.0.1/call back',
    'http://127.0.0.1\\@example.com/',
    'com.example.app:/callback',
    'not an address',
    '',
  ])('is never opened for %s', async (redirectUri) => {
    const attempt = start(redirectUri);
    expect(await attempt.outcome).toMatchObject({
      kind: 'failed',
      error: { code: 'redirect-not-loopback' },
    });
    expect(attempt.addresses).toEqual([]);
    expect(attempt.redirectUri()).toBe('');
  });
});

/** Everything that comes to the port and is no answer: what is sent, and the status. */
const STRANGERS: Readonly<Record<string, readonly [(uri: string) => Promise<unknown>, unknown]>> = {
  'the icon': [(uri) => statusOf(get(new URL('/favicon.ico', uri).href)), 404],
  'the root': [(uri) => statusOf(get(new URL('/', uri).href)), 404],
  'a wrong path with a good query': [
    (uri) => statusOf(get(goodAnswer(uri.replace('/callback', '/callback-evil')))),
    404,
  ],
  'a path below': [
    (uri) => statusOf(get(goodAnswer(uri.replace('/callback', '/callback/x')))),
    404,
  ],
  'a path by a detour': [
    (uri) =>
      statusOf(get(goodAnswer(uri), { target: `/x/../callback?code=${CODE}&state=${STATE}` })),
    404,
  ],
  'an absolute target': [(uri) => statusOf(get(goodAnswer(uri), { target: goodAnswer(uri) })), 404],
  'a target of another host': [
    (uri) => statusOf(get(goodAnswer(uri), { target: `//evil/callback?state=${STATE}` })),
    404,
  ],
  HEAD: [(uri) => statusOf(get(goodAnswer(uri), { method: 'HEAD' })), 405],
  POST: [(uri) => statusOf(get(goodAnswer(uri), { method: 'POST', body: 'x=1' })), 405],
  'POST from another page': [
    (uri) =>
      statusOf(
        get(uri, {
          method: 'POST',
          headers: 'Origin: https://evil.example\r\n',
          body: `#access_token=x&state=${STATE}`,
        }),
      ),
    405,
  ],
  'PUT, DELETE and OPTIONS': [
    async (uri) =>
      Promise.all(
        ['PUT', 'DELETE', 'OPTIONS'].map((method) => statusOf(get(goodAnswer(uri), { method }))),
      ),
    [405, 405, 405],
  ],
  'a wrong Host': [(uri) => statusOf(get(goodAnswer(uri), { host: 'evil.example' })), 421],
  'a Host by another name': [
    (uri) => statusOf(get(goodAnswer(uri), { host: `localhost:${new URL(uri).port}` })),
    421,
  ],
  'a Host without port': [(uri) => statusOf(get(goodAnswer(uri), { host: '127.0.0.1' })), 421],
  'no Host': [
    (uri) => statusOf(send(uri, `GET /callback?code=1&state=${STATE} HTTP/1.1\r\n\r\n`)),
    400,
  ],
  'a wrong state': [(uri) => statusOf(get(`${uri}?code=${CODE}&state=wrong`)), 400],
  'no state': [(uri) => statusOf(get(`${uri}?code=${CODE}`)), 400],
  'an error without state': [(uri) => statusOf(get(`${uri}?error=access_denied`)), 400],
  'no parameter at all': [(uri) => statusOf(get(uri)), 200],
  'a wrong fragment': [
    (uri) =>
      statusOf(
        get(uri, {
          method: 'POST',
          headers: `Origin: ${new URL(uri).origin}\r\n`,
          body: '#access_token=x&state=wrong',
        }),
      ),
    400,
  ],
  'a fragment without end': [
    (uri) =>
      statusOf(
        get(uri, {
          method: 'POST',
          headers: `Origin: ${new URL(uri).origin}\r\n`,
          body: `#state=${STATE}&access_token=${'x'.repeat(65 * 1024)}`,
        }),
      ),
    400,
  ],
  '10 KB of garbage': [
    (uri) => statusOf(send(uri, Buffer.alloc(10 * 1024, 0xfe).toString('latin1'))),
    400,
  ],
  '10 KB of garbage in the query': [
    (uri) => statusOf(get(`${uri}?state=${'%00'.repeat(3400)}`)),
    400,
  ],
  'a head without end': [
    (uri) => statusOf(get(`${uri}?state=${'x'.repeat(200 * 1024)}`)).catch(() => 431),
    431,
  ],
  'the start of TLS': [
    (uri) => statusOf(send(uri, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03')),
    400,
  ],
  'a connection that goes at once': [
    async (uri) => {
      const socket = connectTo(uri);
      await once(socket, 'connect');
      socket.resetAndDestroy();
    },
    undefined,
  ],
};

async function statusOf(answer: Promise<{ readonly status: number }>): Promise<number> {
  return (await answer).status;
}

describe('C-02 an attempt survives', () => {
  test.for(Object.keys(STRANGERS))('%s, and then completes', async (name) => {
    const attempt = start('http://127.0.0.1/callback');
    await attempt.opened;
    const uri = attempt.redirectUri();
    const [come, expected] = STRANGERS[name] ?? [];
    expect(await come?.(uri)).toEqual(expected);
    expect(attempt.isOver()).toBe(false);
    expect((await get(goodAnswer(uri))).status).toBe(200);
    expect((await answered(attempt)).href).toBe(goodAnswer(uri));
  });

  test('all of them together, 20 times over', async () => {
    const attempt = start('http://127.0.0.1/callback');
    await attempt.opened;
    const uri = attempt.redirectUri();
    for (let round = 0; round < 20; round += 1) {
      await Promise.all(Object.values(STRANGERS).map(([come]) => come(uri)));
    }
    expect(attempt.isOver()).toBe(false);
    await get(goodAnswer(uri));
    expect((await answered(attempt)).href).toBe(goodAnswer(uri));
  });

  test.for([50, 500])(
    '%i connections that never finish, and answers within a second',
    { timeout: 20_000 },
    async (count) => {
      const attempt = start('http://127.0.0.1/callback');
      await attempt.opened;
      const uri = attempt.redirectUri();
      const sockets = Array.from({ length: count }, () => connectTo(uri));
      for (const [index, socket] of sockets.entries()) {
        socket.on('error', () => undefined);
        if (index % 2 === 0) socket.write('GET /callback HTTP/1.1\r\nHost: 127');
      }
      await Promise.all(
        sockets.filter(({ connecting }) => connecting).map((socket) => once(socket, 'connect')),
      );
      // One more byte each, as long as they can
      const drip = setInterval(() => {
        for (const socket of sockets) if (socket.writable) socket.write('.');
      }, 100);
      try {
        const sentAtMs = Date.now();
        expect((await get(goodAnswer(uri))).status).toBe(200);
        expect(Date.now() - sentAtMs).toBeLessThan(1000);
        await answered(attempt);
        await poll('all to be closed', 1000, () => sockets.every(({ closed }) => closed));
      } finally {
        clearInterval(drip);
        for (const socket of sockets) socket.destroy();
      }
    },
  );

  test(
    'connections that never finish do not stay, though the attempt does',
    { timeout: 20_000 },
    async () => {
      const attempt = start('http://127.0.0.1/callback');
      await attempt.opened;
      const slow = connectTo(attempt.redirectUri());
      slow.on('error', () => undefined);
      slow.resume();
      slow.write('GET /callback HTTP/1.1\r\n');
      const silent = connectTo(attempt.redirectUri());
      silent.resume();
      await withTimeLimit(
        Promise.all([once(slow, 'close'), once(silent, 'close')]),
        10_000,
        'the server to hang up',
      );
      expect(attempt.isOver()).toBe(false);
    },
  );
});

describe('C-03 nobody else gets the answer', () => {
  test('another program on [::1] at the same port receives nothing for an IPv4 literal', async () => {
    const attempt = start('http://127.0.0.1/callback');
    await attempt.opened;
    const uri = attempt.redirectUri();
    expect(new URL(uri).hostname).toBe('127.0.0.1');
    const other = await squatter('::1', Number(new URL(uri).port));
    let visits = 0;
    other.on('connection', () => (visits += 1));
    expect((await fetch(goodAnswer(uri))).status).toBe(200);
    await answered(attempt);
    expect(visits).toBe(0);
    other.close();
  });

  test('localhost is held at both addresses, whichever the browser tries', async () => {
    for (const address of ['127.0.0.1', '::1']) {
      const attempt = start('http://localhost/callback');
      await attempt.opened;
      const uri = attempt.redirectUri();
      const port = Number(new URL(uri).port);
      for (const host of ['127.0.0.1', '::1', '0.0.0.0']) {
        await expect(squatter(host, port), host).rejects.toMatchObject({ code: 'EADDRINUSE' });
      }
      const literal = uri.replace('localhost', address === '::1' ? '[::1]' : address);
      const reply = await get(goodAnswer(literal), { host: `localhost:${port}` });
      expect(reply.status).toBe(200);
      // As it was registered, not as it was reached
      expect((await answered(attempt)).href).toBe(goodAnswer(uri));
    }
  });

  test.for(['127.0.0.1', '::1'])('localhost is not used when %s is taken', async (host) => {
    const other = await squatter(host);
    const attempt = start(`http://localhost:${other.port}/callback`);
    expect(await attempt.outcome).toMatchObject({
      kind: 'failed',
      error: { code: 'port-taken', subject: String(other.port) },
    });
    if (isLinux) expect(ownSockets('listening')).toHaveLength(1);
    other.close();
  });
});

describe('C-04 the page', () => {
  test('may not be kept, refers to nobody, needs nothing from elsewhere and echoes nothing', async () => {
    const attempt = start('http://127.0.0.1/callback');
    await attempt.opened;
    const uri = attempt.redirectUri();
    const injected = '"><script>alert(1)</script>&ECHO';
    const replies = [
      await get(
        new URL(`${uri}?error=${encodeURIComponent(injected)}&error_description=ECHO`).href,
      ),
      await get(new URL(`${uri}?ECHO=${encodeURIComponent(injected)}`).href),
      await get(goodAnswer(uri, 'ECHO')),
    ];
    expect(replies.map(({ status }) => status)).toEqual([400, 200, 200]);
    for (const { head, body } of replies) {
      expect(head).toMatch(/^cache-control: no-store$/im);
      expect(head).toMatch(/^referrer-policy: no-referrer$/im);
      expect(head).toMatch(/^x-content-type-options: nosniff$/im);
      expect(head).toMatch(/^connection: close$/im);
      expect(head).toMatch(/^content-security-policy: default-src 'none'; /im);
      expect(head).not.toMatch(/unsafe|\*/);
      expect(head + body).not.toContain('ECHO');
      expect(body).not.toContain('alert');
      // Only the name of SVG's own language
      expect(body.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|src=|@import/);
    }
    expect(replies[2]?.body).toContain('You can close this tab and go back to Bearer Tray');
    await answered(attempt);
  });

  test.for([1, 4096, 64 * 1024 - 200])('S-17 a code of %i bytes arrives whole', async (length) => {
    const attempt = start('http://127.0.0.1/callback');
    await attempt.opened;
    const uri = attempt.redirectUri();
    const code = 'c'.repeat(length);
    expect((await get(goodAnswer(uri, code))).status).toBe(200);
    expect((await answered(attempt)).searchParams.get('code')).toBe(code);
  });

  test('a fragment that the page brings is put back where it was', async () => {
    const attempt = start('http://127.0.0.1/callback?app=1');
    await attempt.opened;
    const uri = attempt.redirectUri();
    expect((await get(uri)).body).toContain('data-state="awaited"');
    const fragment = `#access_token=dal%3Atoken&state=${STATE}&expires_in=28800`;
    const origin = `Origin: ${new URL(uri).origin}\r\n`;
    const reply = await get(uri, { method: 'POST', headers: origin, body: fragment });
    expect(reply.status).toBe(204);
    expect((await answered(attempt)).href).toBe(uri + fragment);
  });

  test('the second of two good answers is not taken', async () => {
    const attempt = start('http://127.0.0.1/callback');
    await attempt.opened;
    const uri = attempt.redirectUri();
    const replies = await Promise.all([
      get(goodAnswer(uri, 'first')),
      get(goodAnswer(uri, 'second')).catch(() => ({ status: 'refused' })),
    ]);
    expect(replies[0].status).toBe(200);
    expect(replies[1].status).not.toBe(200);
    expect((await answered(attempt)).searchParams.get('code')).toBe('first');
  });
});
