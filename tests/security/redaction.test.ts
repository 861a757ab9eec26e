/**
 * H-02: secrets of every kind, in every dress in which a provider or a library may hand them back, through every way on
 * which text leaves main. A new way out is one more entry of `WAYS_OUT`, a new dress one more of `DRESSES`.
 */
import * as oauth from 'oauth4webapi';
import { describe, expect, test } from 'vitest';
import { createActivity } from '../../src-main/core/activity.ts';
import { diagnosticsText } from '../../src-main/core/diagnostics.ts';
import { AppFailure } from '../../src-main/core/errors.ts';
import type { AppError, Result } from '../../src-main/core/errors.ts';
import { createReminder } from '../../src-main/core/notices.ts';
import { translate } from '../../src-main/core/oauth/translate.ts';
import { readAnswer } from '../../src-main/core/rest/answer.ts';
import { judgeAnswer } from '../../src-main/core/rest/call.ts';
import { blotOut } from '../../src-main/core/safe-text.ts';
import { withoutSecrets } from '../../src-main/core/secrets.ts';
import { createStore, INITIAL_STATE } from '../../src-main/core/state.ts';
import type { Phase } from '../../src-main/core/state.ts';
import { errorView, snapshotOf } from '../../src-main/desktop/view.ts';
import { PROVIDERS } from '../../src-main/providers/index.ts';
import { createManualClock } from '../fakes/clock.manual.ts';
import { createMemoryNotifier } from '../fakes/notifier.memory.ts';
import { tenantAt } from '../fakes/world.ts';
import { formsOf } from '../harness/canary-search.ts';

/** Long or odd enough to be recognised wherever they stand. Fixed, so that each run is the same. */
const RECOGNISABLE = {
  'authorization code': 'SplxlOBeZQQYbYS6WxSbIA',
  'opaque access token': 'mF_9.B5f-4.1JqM7xk2TzLw0PnVbQ3RcYs8UdHgE6iA',
  'JWT access token':
    'eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiI1YmE1NTJkNjciLCJleHAiOjE2Mzk1Mjg5MTJ9.a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6',
  'refresh token': '1//0gXyZ3kLmN8pQrS7tUvW2xYzA9bCdEfGhIjKlMnOpQrStUvWx',
  'ID token':
    'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL2EuZXhhbXBsZSIsIm5vbmNlIjoibjAifQ.Zm9vYmFyMTIzNDU2Nzg5MGFiY2RlZg',
  'client secret': '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',
  'personal access token': 'glpat-Q7x_9sT2vLm4kB1nZp3R',
  'session id': 'd41d8cd98f00b204e9800998ecf8427e',
  'signed cookie': 's%3Aj5Kd82mPq0Zt.7bX1nR4vW9yLcE3hUgT6oSaFi2MxJkQ8',
  'Basic credentials': 'YWRtaW46czNjcjN0LXBhc3N3b3Jk',
} as const;

/** Nothing tells these from words: known because the app itself sent them, or by the name beside them. */
const ORDINARY = {
  password: 'tr0ub4dor&3"x',
  'short password': 'hunter2',
  'one-time code': '49381726',
  pin: '8841',
} as const;

const PROSE: Readonly<Record<string, (secret: string) => string>> = {
  prose: (secret) => `The value ${secret} was not accepted, please try again.`,
  'the whole text': (secret) => secret,
  'in quotes': (secret) => `Cannot parse "${secret}": unexpected end`,
  'a path': (secret) => `No such resource: /v1/sessions/${secret}/renew`,
  Base64: (secret) => `Malformed value ${Buffer.from(secret).toString('base64')} here`,
  Base64url: (secret) => `Malformed value ${Buffer.from(`u:${secret}`).toString('base64url')} here`,
  hex: (secret) => `Bytes ${Buffer.from(secret).toString('hex')} here`,
  'hex in capitals': (secret) => `Bytes ${Buffer.from(secret).toString('hex').toUpperCase()} here`,
  'every character percent-encoded': (secret) =>
    `Value ${Buffer.from(secret).toString('hex').replaceAll(/../g, '%$&')} here`,
  'UTF-16, read as Latin-1': (secret) =>
    Buffer.from(`value ${secret} here`, 'utf16le').toString('latin1'),
  'UTF-16 of the other order': (secret) =>
    Buffer.from(`value ${secret} here`, 'utf16le').swap16().toString('latin1'),
  'with marks that cannot be seen': (secret) => `value ${Array.from(secret).join('\u200B')} here`,
  'the last of many lines': (secret) => `${'line of an answer\n'.repeat(5)}${secret}`,
  'where a long text is cut': (secret) => `${'word '.repeat(57)}${secret} end`,
  'where a long text is cut, one further': (secret) => `${'word '.repeat(58)}${secret} end`,
  '10 KB': (secret) => `${secret} `.repeat(Math.ceil(10_240 / secret.length)),
  '10 KB without a space': (secret) => secret.repeat(Math.ceil(10_240 / secret.length)),
};

const NAMED: Readonly<Record<string, (secret: string) => string>> = {
  'a JSON body': (secret) => JSON.stringify({ ok: true, access_token: secret, token_type: 'x' }),
  'JSON within JSON': (secret) => JSON.stringify({ body: JSON.stringify({ password: secret }) }),
  'JSON that was cut off': (secret) => `{"ok":true,"refresh_token":${JSON.stringify(secret)},"ne`,
  'a Python dictionary': (secret) => `{'id': 5, 'client_secret': '${secret}'}`,
  'a member with a dash': (secret) => JSON.stringify({ headers: { 'X-Api-Key': secret } }),
  'a member in camel case': (secret) => JSON.stringify({ user: { sessionToken: secret } }),
  'a form body': (secret) =>
    `grant_type=authorization_code&code=${encodeURIComponent(secret)}&client_id=app`,
  'a form body, the secret last': (secret) =>
    new URLSearchParams({ client_id: 'app', client_secret: secret }).toString(),
  'the query of an address': (secret) =>
    `Cannot load https://a.example/cb?code=${encodeURIComponent(secret)}&state=1 now`,
  'the fragment of an address': (secret) =>
    `Cannot load https://a.example/cb#access_token=${encodeURIComponent(secret)} now`,
  'the query of a path': (secret) => `GET /cb?code=${encodeURIComponent(secret)} HTTP/1.1`,
  'the query of an own scheme': (secret) =>
    `Redirected to com.example.app:/cb?code=${encodeURIComponent(secret)}`,
  'the user of an address': (secret) =>
    `Cannot load https://ada:${encodeURIComponent(secret)}@a.example/p now`,
  'an address within JSON of PHP': (secret) =>
    `{"to":"https:\\/\\/ada:${encodeURIComponent(secret)}@a.example\\/cb"}`,
  'an address within an address': (secret) =>
    `https://a.example/login?next=${encodeURIComponent(`https://b.example/?token=${encodeURIComponent(secret)}`)}`,
  'net.fetch as it fails': (secret) =>
    `net::ERR_FAILED at https://a.example/token?client_secret=${encodeURIComponent(secret)}`,
  Authorization: (secret) => `authorization: Bearer ${secret}\naccept: */*`,
  'Authorization, folded': (secret) => `Authorization: Bearer\r\n ${secret}\r\nAccept: */*`,
  'Proxy-Authorization': (secret) => `Proxy-Authorization: Basic ${secret}`,
  'Set-Cookie': (secret) => `HTTP/1.1 200 OK\r\nSet-Cookie: sid=${secret}; Path=/; HttpOnly\r\n`,
  Cookie: (secret) => `cookie: theme=dark; connect.sid=${secret}`,
  'X-Api-Key': (secret) => `x-api-key: ${secret}`,
  'X-Auth-Token': (secret) => `Sent X-Auth-Token:${secret}`,
  'name = value': (secret) => `password = ${secret}`,
  'a variable of the shell': (secret) => `CLIENT_SECRET=${secret} ./run`,
  'a script': (secret) => `window.csrfToken = ${JSON.stringify(secret)};`,
  'an HTML page': (secret) =>
    `<!doctype html><title>Oops</title><form><input type="hidden" name="csrf_token" value="${escaped(secret)}"></form>`,
  'an HTML page, the value first': (secret) =>
    `<html><meta content='${escaped(secret)}' name='session-id'></html>`,
  XML: (secret) => `<?xml version="1.0"?><r><sessionId>${escaped(secret)}</sessionId><n>5</n></r>`,
  'XML with attributes': (secret) => `<r><t:Token Type="a">${escaped(secret)}</t:Token></r>`,
};

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll("'", '&#39;');
}

const DRESSES = { ...PROSE, ...NAMED };

interface Canary {
  readonly name: string;
  readonly secret: string;
  readonly text: string;
  /** What the app itself has sent, and therefore knows. */
  readonly known: readonly string[];
}

function canariesOf(
  secrets: Readonly<Record<string, string>>,
  dresses: Readonly<Record<string, (secret: string) => string>>,
  isKnown: boolean,
): readonly Canary[] {
  return Object.entries(secrets).flatMap(([kind, secret]) =>
    Object.entries(dresses).map(([dress, wear]) => ({
      name: `${isKnown ? 'known ' : ''}${kind}: ${dress}`,
      secret,
      text: wear(secret),
      known: isKnown ? [secret] : [],
    })),
  );
}

const CANARIES = [
  ...canariesOf(RECOGNISABLE, DRESSES, false),
  ...canariesOf(ORDINARY, NAMED, false),
  ...canariesOf({ ...RECOGNISABLE, ...ORDINARY }, DRESSES, true),
];

type WayOut = (text: string, known: readonly string[]) => string | Promise<string>;

const HOST = 'a.example';
const NOW = 1_700_000_000_000;

/** As `sessions.ts` does with everything that a grant answers. */
function kept(outcome: Result<unknown>, known: readonly string[]): AppError {
  const fields = Object.fromEntries(known.map((secret, at) => [String(at), secret]));
  const told = withoutSecrets(outcome, { fields });
  if (told.ok) throw new Error('this was to fail');
  return told.error;
}

function shown(error: AppError): string {
  return JSON.stringify(errorView(error, 'Acme'));
}

/** What a token endpoint answers, as oauth4webapi reads it. */
async function refusedRenewal(members: object): Promise<Result<never>> {
  const server = { issuer: `https://${HOST}`, token_endpoint: `https://${HOST}/token` };
  const answer = new Response(JSON.stringify(members), {
    status: 400,
    headers: { 'content-type': 'application/json' },
  });
  try {
    await oauth.processRefreshTokenResponse(server, { client_id: 'app' }, answer);
  } catch (cause) {
    return translate(cause, HOST);
  }
  throw new Error('this was to be refused');
}

function deniedSignIn(description: string): Result<never> {
  const answer = new URLSearchParams({ error: 'access_denied', error_description: description });
  try {
    oauth.validateAuthResponse({ issuer: `https://${HOST}` }, { client_id: 'app' }, answer);
  } catch (cause) {
    return translate(cause, HOST);
  }
  throw new Error('this was to be denied');
}

async function judged(body: string): Promise<Result<null>> {
  const answer = await readAnswer(new Response(body, { status: 401 }));
  return judgeAnswer(answer, HOST, {}, 'credentials-refused');
}

/** A chain as libraries make it; nothing of it is ever shown. */
function chainOf(text: string): Error {
  return new TypeError(text, { cause: new Error(text, { cause: { body: text } }) });
}

/** A state in which everything that can hold an error holds this one. */
function stateWith(error: AppError) {
  const tenant = tenantAt(`https://${HOST}`, { name: 'Acme' });
  const clock = createManualClock(NOW);
  const store = createStore({ ...INITIAL_STATE, tenants: [tenant] });
  const activity = createActivity(store, clock);
  const phases: readonly Phase[] = [
    { kind: 'renewing' },
    { kind: 'retrying', error, retryAtMs: NOW, failedAtMs: NOW, sinceMs: NOW, failures: 1 },
    { kind: 'renewing' },
    { kind: 'misconfigured', error },
    { kind: 'renewing' },
    { kind: 'sign-in-needed', error },
  ];
  const facts = { issuedAtMs: NOW - 1, expiresAtMs: NOW + 1, renewable: true };
  store.dispatch({ type: 'token-received', tenantId: tenant.id, token: facts });
  store.dispatch({ type: 'problem-found', problem: error });
  return { tenant, clock, store, activity, phases };
}

/** Snapshots, notices, timeline and report of all the states that the error leads to. */
function waysOfState(error: AppError): string {
  const { tenant, clock, store, activity, phases } = stateWith(error);
  const notifier = createMemoryNotifier();
  const clicks = { signIn: () => undefined, show: () => undefined };
  const hostOf = (): string => HOST;
  const texts = phases.map((phase) => {
    store.dispatch({ type: 'phase-changed', tenantId: tenant.id, phase });
    const reminder = createReminder(store, notifier, clock, clicks, hostOf);
    reminder.notify(tenant.id);
    reminder.warn(tenant.id);
    reminder.stop();
    return JSON.stringify([snapshotOf(store.get(), PROVIDERS, hostOf), store.get()]);
  });
  const deeds = activity.read(null);
  const state = store.get();
  const world = { state, deeds, providers: PROVIDERS, hostOf, installation: {}, nowMs: NOW };
  return [
    ...texts,
    JSON.stringify(notifier.shown),
    JSON.stringify(deeds),
    diagnosticsText(world),
  ].join('\n');
}

const WAYS_OUT: Readonly<Record<string, WayOut>> = {
  'the description of a refused renewal': async (text, known) => {
    const outcome = await refusedRenewal({ error: 'invalid_grant', error_description: text });
    return shown(kept(outcome, known));
  },
  'the code of a refused renewal': async (text, known) =>
    shown(kept(await refusedRenewal({ error: text }), known)),
  'a denied sign-in': (text, known) => shown(kept(deniedSignIn(text), known)),
  'the message of a REST interface': async (text, known) =>
    shown(kept(await judged(JSON.stringify({ error: { message: text } })), known)),
  'the body of a REST interface': async (text, known) => shown(kept(await judged(text), known)),
  'a call result': (text, known) => blotOut(text, known),
  'a call result in JSON': (text, known) => blotOut(JSON.stringify({ message: text }), known),
  'an exception of a library': (text, known) => shown(kept(translate(chainOf(text), HOST), known)),
  'an exception of ours': (text, known) => {
    const error = { code: 'network-unreachable', host: HOST, cause: chainOf(text) } as const;
    return shown(kept(translate(new AppFailure(error), HOST), known));
  },
  'state, snapshot, notices, timeline, report': async (text, known) => {
    const { error } = { error: kept(await judged(JSON.stringify({ message: text })), known) };
    return waysOfState({ ...error, cause: chainOf(text) });
  },
};

/** Pieces this long tell too much of a secret. */
const PIECE = 12;

function findIn(output: string, secret: string): string | undefined {
  const squeezed = output.replaceAll(/[\s\p{Cc}\p{Cf}]|\\u0000|\\n/gu, '');
  const pieces = Array.from({ length: Math.max(1, secret.length - PIECE + 1) }, (_each, at) =>
    secret.slice(at, at + PIECE),
  );
  const hex = Buffer.from(secret).toString('hex');
  const json = JSON.stringify(secret).slice(1, -1);
  const forms = [
    ...pieces,
    ...[hex, hex.toUpperCase(), hex.replaceAll(/../g, '%$&')],
    ...[json, JSON.stringify(json).slice(1, -1), escaped(secret)],
    encodeURIComponent(encodeURIComponent(secret)),
    ...(secret.length < 8 ? shortForms(secret) : formsOf(secret).map(String)),
  ];
  return forms.find((form) => output.includes(form) || squeezed.includes(form));
}

function shortForms(secret: string): readonly string[] {
  return ['', 'u:'].map((before) => {
    const text = Buffer.from(`${before}${secret}`).toString('base64url');
    return text.slice(before === '' ? 0 : 3, -1);
  });
}

test('H-02 there are over 100 kinds of canaries', () => {
  expect(new Set(CANARIES.map(({ name }) => name)).size).toBeGreaterThan(100);
});

describe.each(Object.entries(WAYS_OUT))('H-02 nothing leaks by %s', (_way, wayOut) => {
  test('any canary', async () => {
    const leaks: string[] = [];
    for (const { name, secret, text, known } of CANARIES) {
      const output = await wayOut(text, known);
      const found = findIn(output, secret);
      if (found !== undefined) leaks.push(`${name}: ${found} in ${output.slice(0, 200)}`);
    }
    expect(leaks, leaks.join('\n')).toEqual([]);
  }, 60_000);
});

test('H-02 the search itself finds what is there', () => {
  for (const { secret, text } of canariesOf({ ...RECOGNISABLE, ...ORDINARY }, DRESSES, false)) {
    expect(findIn(text, secret), text.slice(0, 100)).toBeDefined();
  }
});
