/** The emulated internet itself: whose emulator gets a request, as what, and who trusts its certificate. */
import { request as requestOverTls } from 'node:https';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createManualClock } from '../fakes/clock.manual.ts';
import { createNodeHttp } from '../fakes/http.node.ts';
import { startHostileServer } from './hostile-server.ts';
import { startInternet, type Internet } from './internet.ts';
import type { Emulator, Site, SiteRequest } from './site.ts';

let internet: Internet;

beforeEach(async () => {
  internet = await startInternet();
});

afterEach(async () => {
  await internet.stop();
});

function emulator(hosts: readonly string[], site: Site): Emulator {
  return { hosts, site, reset: () => undefined };
}

function named(name: string, ...hosts: readonly string[]): Emulator {
  return emulator(hosts, () => ({ body: name }));
}

async function textAt(url: string): Promise<string> {
  return (await internet.fetch(url)).text();
}

/** What a client without a look at the certificate gets for a Host header: a status, or the code of its error. */
function statusAt(host: string): Promise<number | string | undefined> {
  return new Promise((resolve) => {
    requestOverTls(
      { host: '127.0.0.1', port: internet.port, headers: { host }, rejectUnauthorized: false },
      (response) => {
        response.resume();
        resolve(response.statusCode);
      },
    )
      .on('error', (error: NodeJS.ErrnoException) => {
        resolve(error.code);
      })
      .end();
  });
}

test('each host name leads to its own emulator', async () => {
  await internet.add(named('tenants', '*.vendor.example', 'Vendor.Example'));
  await internet.add(named('api', 'api.vendor.example'));
  expect(await textAt('https://acme.vendor.example/')).toBe('tenants');
  expect(await textAt('https://VENDOR.example/')).toBe('tenants');
  expect(await textAt('https://vendor.example:8443/')).toBe('tenants');
  expect(await textAt('https://api.vendor.example/')).toBe('api');
});

test('nobody answers for other names, and a wildcard is one label', async () => {
  await internet.add(named('tenants', '*.vendor.example'));
  expect(await statusAt('acme.vendor.example')).toBe(200);
  for (const host of ['vendor.example', 'a.b.vendor.example', 'vendor.example.evil.test']) {
    expect(await statusAt(host), host).toBe('ECONNRESET');
  }
  expect(internet.requests.at(-1)?.url).toBe('https://vendor.example.evil.test/');
});

test('a site sees what the caller meant, and the log keeps it', async () => {
  const seen: SiteRequest[] = [];
  await internet.add(
    emulator(['api.vendor.example'], (request) => {
      seen.push(request);
      return {};
    }),
  );
  const url = 'https://api.vendor.example/v2/token?a=1&b=%20';
  await internet.fetch(url, { headers: { authorization: 'Bearer x' } });
  await internet.fetch(url, { method: 'POST', body: new URLSearchParams({ grant: 'a b' }) });
  await internet.fetch(url, {
    method: 'PUT',
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: '{"deep":["ü"]}',
  });
  await internet.fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{',
  });
  await internet.fetch(url, { method: 'POST', body: '{}' });
  const [plain, form, json, broken, other] = seen;
  expect(plain?.url.href).toBe(url);
  expect(plain).toMatchObject({ method: 'GET', body: '', json: undefined });
  expect(plain?.headers).toMatchObject({ host: 'api.vendor.example', authorization: 'Bearer x' });
  expect([...(form?.form ?? [])]).toEqual([['grant', 'a b']]);
  expect(form?.json).toBeUndefined();
  expect(json).toMatchObject({ method: 'PUT', body: '{"deep":["ü"]}', json: { deep: ['ü'] } });
  expect([...(json?.form ?? [])]).toEqual([]);
  expect(broken?.json).toBeUndefined();
  expect(other).toMatchObject({ body: '{}', json: undefined });
  expect(internet.requests.map(({ method, url: asked, body }) => [method, asked, body])).toEqual([
    ['GET', url, ''],
    ['POST', url, 'grant=a+b'],
    ['PUT', url, '{"deep":["ü"]}'],
    ['POST', url, '{'],
    ['POST', url, '{}'],
  ]);
});

test('answers arrive as the site gave them', async () => {
  await internet.add(
    emulator(['vendor.example'], ({ url }) => {
      switch (url.pathname) {
        case '/page':
          return { body: '<p>ü' };
        case '/plain':
          return { headers: { 'Content-Type': 'text/plain' }, body: 'plain' };
        case '/json':
          return { status: 401, body: { error: 'ü' } };
        case '/cookies':
          return { status: 302, headers: { location: '/', 'set-cookie': ['a=1', 'b=2'] } };
        case '/cut':
          return { cut: true };
        default:
          throw new Error('a slip of the test');
      }
    }),
  );
  const page = await internet.fetch('https://vendor.example/page');
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(await page.text()).toBe('<p>ü');
  const plain = await internet.fetch('https://vendor.example/plain');
  expect(plain.headers.get('content-type')).toBe('text/plain');
  const json = await internet.fetch('https://vendor.example/json');
  expect([json.status, json.headers.get('content-type')]).toEqual([401, 'application/json']);
  expect(await json.json()).toEqual({ error: 'ü' });
  const cookies = await internet.fetch('https://vendor.example/cookies');
  expect([cookies.status, cookies.headers.getSetCookie()]).toEqual([302, ['a=1', 'b=2']]);
  await expect(internet.fetch('https://vendor.example/cut')).rejects.toThrow('socket hang up');
  const slip = await internet.fetch('https://vendor.example/slip');
  expect([slip.status, await slip.text()]).toEqual([500, 'Error: a slip of the test']);
});

test('waits for a request that is still to come', async () => {
  await internet.add(named('api', 'api.vendor.example'));
  const awaited = internet.waitForRequest('https://api.vendor.example/b');
  await internet.fetch('https://api.vendor.example/a');
  await internet.fetch('https://api.vendor.example/b?c', { method: 'DELETE' });
  expect(await awaited).toMatchObject({
    method: 'DELETE',
    url: 'https://api.vendor.example/b?c',
  });
});

test('its certificate names its hosts only, and no other internet is trusted', async () => {
  await internet.add(named('api', 'api.vendor.example'));
  await expect(internet.fetch('https://other.example/')).rejects.toMatchObject({
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
  await expect(fetch(`https://127.0.0.1:${internet.port}/`)).rejects.toMatchObject({
    cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
  });
  await expect(internet.fetch('http://api.vendor.example/')).rejects.toThrow(TypeError);
  expect(internet.requests).toEqual([]);
});

test('the Http port reaches vendors through it and loopback without it', async () => {
  const server = await startHostileServer();
  try {
    await internet.add(
      emulator(['api.vendor.example'], ({ url, body }) =>
        url.pathname === '/moved'
          ? { status: 302, headers: { location: '/' } }
          : { body: { got: body } },
      ),
    );
    const { http, called } = createNodeHttp(createManualClock(), internet);
    const vendor = 'https://api.vendor.example/login';
    const form = new FormData();
    form.append('login', 'ada');
    const answer = await http(vendor, { method: 'POST', headers: {}, body: form });
    expect(await answer.text()).toContain('name=\\"login\\"');
    await expect(
      http('https://api.vendor.example/moved', { method: 'GET', headers: {} }),
    ).rejects.toMatchObject({ error: { code: 'redirect-refused' } });
    await expect(
      http('https://unknown.example/', { method: 'GET', headers: {} }),
    ).rejects.toMatchObject({ error: { code: 'network-unreachable' } });
    const loopback = `${server.issuer}/.well-known/openid-configuration`;
    expect((await http(loopback, { method: 'GET', headers: {} })).status).toBe(200);
    expect(called).toEqual([
      vendor,
      'https://api.vendor.example/moved',
      'https://unknown.example/',
      loopback,
    ]);
    expect(internet.requests).toHaveLength(2);
  } finally {
    await server.stop();
  }
});
