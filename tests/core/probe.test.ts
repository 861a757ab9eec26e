import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { callProbe, carry, describeCall, probeOf } from '../../src-main/core/probe.ts';
import type { ProbeSubject } from '../../src-main/core/probe.ts';
import type { Probe, TokenUse } from '../../src-main/core/provider.ts';
import type { TenantSecrets } from '../../src-main/core/secrets.ts';
import { htmlPage, jsonAnswer } from '../emulators/hostile-server.ts';
import type { Answer } from '../emulators/hostile-server.ts';
import { startScriptedServer } from '../emulators/scripted-server.ts';
import type { ScriptedServer } from '../emulators/scripted-server.ts';
import { NAMED, tenantOfTest } from '../fakes/catalogue.ts';
import { createManualClock } from '../fakes/clock.manual.ts';
import { createNodeHttp } from '../fakes/http.node.ts';

let server: ScriptedServer;

beforeAll(async () => {
  server = await startScriptedServer();
});
afterEach(() => {
  server.reset();
});
afterAll(() => server.stop());

const SECRETS: TenantSecrets = {
  fields: { appKey: 'app-key' },
  token: { accessToken: 't', refreshToken: 'r', issuedAtMs: 0, extra: { session: 's' } },
};

interface Way {
  readonly use?: TokenUse;
  readonly probe?: Probe;
  readonly values?: Readonly<Record<string, string>>;
  readonly secrets?: TenantSecrets;
}

function subjectOf({ use, probe, values = {}, secrets = SECRETS }: Way): ProbeSubject {
  return {
    tenant: tenantOfTest('static-key', { base: server.origin, ...values }),
    definition: {
      ...NAMED,
      kind: 'static-key',
      key: { template: '{key}', encoding: 'plain' },
      ...(use === undefined ? {} : { use }),
      ...(probe === undefined ? {} : { probe }),
    },
    secrets,
  };
}

const TWO: TokenUse = {
  headers: { Authorization: 'Bearer {token}', 'X-App': '{appKey}', 'X-None': '{none}' },
};

test.each<[string, Way, readonly (readonly [string, string])[]]>([
  ['by default', {}, [['Authorization', 'Bearer t']]],
  [
    'as the provider wants it',
    { use: { headers: { 'X-Api-Key': '{token}' } } },
    [['X-Api-Key', 't']],
  ],
  [
    'with more from the answer',
    { use: { headers: { A: '{token}:{extra.session}' } } },
    [['A', 't:s']],
  ],
  [
    'several; without a value left out',
    { use: TWO },
    [
      ['Authorization', 'Bearer t'],
      ['X-App', 'app-key'],
    ],
  ],
  ['another name', { values: { headerName: 'Authentication' } }, [['Authentication', 'Bearer t']]],
  [
    'another value',
    { values: { headerValue: 'Token token="{token}"' } },
    [['Authorization', 'Token token="t"']],
  ],
  [
    'another name and value for the credential, the other headers stay',
    { use: TWO, values: { headerName: 'X-Auth', headerValue: '{token}' } },
    [
      ['X-Auth', 't'],
      ['X-App', 'app-key'],
    ],
  ],
  ['none, as it stands in the query', { use: { query: { access_token: '{token}' } } }, []],
  [
    'a header of the person’s own beside the query',
    { use: { query: { k: '{token}' } }, values: { headerName: 'X-Auth' } },
    [['X-Auth', 'Bearer t']],
  ],
  [
    'the name __proto__ is one like any other',
    { values: { headerName: '__proto__' } },
    [['__proto__', 'Bearer t']],
  ],
])('the headers: %s', (_name, way, expected) => {
  expect(carry(subjectOf(way)).headers).toEqual(expected);
});

test.each<[string, Way, string | undefined]>([
  ['of the provider', { probe: { url: 'https://api.example/{token}' } }, 'https://api.example/t'],
  [
    'the person’s own first',
    { probe: { url: 'https://api.example/' }, values: { probeUrl: 'https://own.example/x?y=1' } },
    'https://own.example/x?y=1',
  ],
  [
    'the person’s own is no template',
    { values: { probeUrl: 'https://own.example/{token}' } },
    'https://own.example/%7Btoken%7D',
  ],
  ['none', {}, undefined],
  ['without a value for a name', { probe: { url: 'https://{none}/' } }, undefined],
  ['without https', { values: { probeUrl: 'http://api.example/' } }, undefined],
  ['no web address', { values: { probeUrl: 'file:///etc/passwd' } }, undefined],
])('the probe: %s', (_name, way, expected) => {
  expect(probeOf(subjectOf(way))?.url.href).toBe(expected);
});

async function probed(way: Way, answer: Answer = jsonAnswer({ ok: true })) {
  server.answerWith(() => answer);
  const clock = createManualClock();
  const { http, called } = createNodeHttp(clock);
  const result = await callProbe({ clock, http }, subjectOf(way));
  return { result, called };
}

const PROBE: Probe = { url: '{base}/me' };

test('is sent as described', async () => {
  const { result } = await probed({
    use: { headers: { 'X-Auth': '{token}' }, query: { key: '{token}' } },
    probe: {
      method: 'POST',
      url: '{base}/rpc?a=1',
      headers: { 'Content-Type': 'application/json', 'X-None': '{none}' },
      body: '{"method":"ping"}',
    },
  });
  expect(server.requests()).toMatchObject([
    { method: 'POST', path: '/rpc', body: '{"method":"ping"}' },
  ]);
  const { headers, query } = server.requests()[0]!;
  expect(headers).toMatchObject({ 'x-auth': 't', 'content-type': 'application/json' });
  expect(headers['x-none']).toBeUndefined();
  expect(Object.fromEntries(query)).toEqual({ a: '1', key: 't' });
  // What is shown holds no query, in which the token may stand
  expect(result).toMatchObject({
    value: { method: 'POST', url: `${server.origin}/rpc`, status: 200, accepted: true },
  });
});

test.each<[string, Answer, Probe, boolean]>([
  ['200', jsonAnswer({}), PROBE, true],
  ['204', { status: 204 }, PROBE, true],
  ['401', jsonAnswer({}, 401), PROBE, false],
  ['404', htmlPage(404), PROBE, false],
  ['500', jsonAnswer({}, 500), PROBE, false],
  [
    '200 that says yes',
    jsonAnswer({ ok: true }),
    { ...PROBE, success: { path: 'ok', equals: true } },
    true,
  ],
  [
    '200 that says no',
    jsonAnswer({ ok: false }),
    { ...PROBE, success: { path: 'ok', equals: true } },
    false,
  ],
  [
    '200 without an error',
    jsonAnswer({ error: null }),
    { ...PROBE, success: { path: 'error' } },
    true,
  ],
  ['200 with an error', jsonAnswer({ error: {} }), { ...PROBE, success: { path: 'error' } }, false],
  [
    '200 with a page where JSON belongs',
    htmlPage(),
    { ...PROBE, success: { path: 'error' } },
    false,
  ],
  [
    '401 that says yes',
    jsonAnswer({ ok: true }, 401),
    { ...PROBE, success: { path: 'ok', equals: true } },
    false,
  ],
])('%s: accepted or not', async (_name, answer, probe, accepted) => {
  const { result } = await probed({ probe }, answer);
  if (!result.ok) throw new Error(result.error.code);
  expect(result.value).toMatchObject({ accepted, status: answer.status ?? 200 });
  expect(describeCall(result.value)).toMatch(
    accepted ? /^The token is accepted: GET to 127/ : /^The token is not accepted: GET to 127/,
  );
});

test('nothing to call, and what does not get through', async () => {
  expect((await probed({})).result).toMatchObject({ error: { code: 'probe-unknown' } });
  const insecure = await probed({ values: { probeUrl: 'http://api.example/' } });
  expect(insecure).toMatchObject({ result: { error: { code: 'probe-unknown' } }, called: [] });
  const elsewhere = await startScriptedServer();
  const away = { status: 307, headers: { location: `${elsewhere.origin}/me` } };
  expect((await probed({ probe: PROBE }, away)).result).toMatchObject({
    error: { code: 'redirect-refused' },
  });
  expect(elsewhere.requests()).toHaveLength(0);
  await elsewhere.stop();
});

describe('no secret stands in the body that is shown', () => {
  const secrets: TenantSecrets = {
    fields: { key: 'pass "w\\ö+r/d&' },
    token: {
      accessToken: 'short-token',
      refreshToken: 'refresh-1',
      idToken: 'id.to.ken',
      issuedAtMs: 0,
      extra: { session: 'sess ion' },
    },
  };
  const all = [
    ...Object.values(secrets.fields),
    'short-token',
    'refresh-1',
    'id.to.ken',
    'sess ion',
  ];
  const basic = Buffer.from('short-token:x').toString('base64');
  const forms: readonly (readonly [string, (secret: string) => string])[] = [
    ['as it is', (secret) => secret],
    ['URL-encoded', (secret) => encodeURIComponent(secret)],
    ['form-encoded', (secret) => new URLSearchParams({ a: secret }).toString().slice(2)],
    ['in JSON', (secret) => JSON.stringify(secret).slice(1, -1)],
    ['in Base64', (secret) => Buffer.from(secret).toString('base64')],
  ];

  test.each(forms)('%s, in text and in JSON', async (name, form) => {
    const echo = all.map((secret) => `echo ${form(secret)} end`);
    const text: Answer = { body: echo.join('\n') };
    const texts = name === 'in JSON' ? [text] : [text, jsonAnswer({ echo })];
    for (const answer of texts) {
      const { result } = await probed({ probe: PROBE, secrets }, answer);
      if (!result.ok) throw new Error(result.error.code);
      for (const secret of all) {
        for (const [, other] of forms) expect(result.value.body).not.toContain(other(secret));
      }
      expect(result.value.body.match(/•••/g)?.length).toBeGreaterThanOrEqual(all.length);
      expect(result.value.body).toContain('echo');
    }
  });

  test('nor what the request carried', async () => {
    const use: TokenUse = { headers: { Authorization: `Basic ${basic}` } };
    const answer = jsonAnswer({ headers: [`Basic ${basic}`] });
    const { result } = await probed({ probe: PROBE, secrets, use }, answer);
    expect(JSON.stringify(result)).not.toContain(basic);
  });
});
