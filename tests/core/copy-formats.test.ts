import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseEnv } from 'node:util';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { COPY_FORMATS, copyText } from '../../src-main/core/copy-formats.ts';
import type { CopyFacts, CopyFormatId } from '../../src-main/core/copy-formats.ts';

interface Call {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

let server: Server;
let origin: string;
let calls: Call[];

beforeAll(async () => {
  server = createServer((request, response) => {
    calls.push({ method: request.method!, url: request.url!, headers: request.headers });
    response.setHeader('Content-Length', 2).end('ok');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  calls = [];
});
afterAll(() => server.close());

const NAME = `a'; rm -rf ~ #`;
const NOW_MS = Date.UTC(2026, 0, 2);

function factsOf(changes: Partial<CopyFacts> = {}): CopyFacts {
  const accessToken = changes.accessToken ?? 'abc.DEF-1';
  return {
    tenantName: 'Acme Staging',
    providerName: 'OpenID Connect',
    accessToken,
    nowMs: NOW_MS,
    headers: [['Authorization', `Bearer ${accessToken}`]],
    query: [],
    request: { method: 'GET', url: 'https://api.acme.example/me' },
    ...changes,
  };
}

const PIECES = [
  ...[`'`, `''`, `"`, '`', '\\', '\\\\', "\\'", '\\"', '\\n', '\\u0041', '$', '$HOME', '$(echo x)'],
  ...['${HOME}', '`echo x`', '%', '%41', '%PATH%', '\n', '#', ' # ', '!', '!!', '~', '*', '?', ';'],
  ...[
    '&&',
    '|',
    '>x',
    '<',
    '(',
    ')',
    '[1-3]',
    '{a,b}',
    '=',
    ':',
    '@',
    ':=',
    '@-',
    ',',
    '</script>',
  ],
  ...[
    'é',
    '日本',
    '🎉',
    '‘',
    '’',
    '‚',
    '‛',
    '“',
    '”',
    '\u2028',
    '{{x}}',
    '-',
    '--',
    '/',
    'a',
    'Zz9',
  ],
];

/** 200 texts, always the same; each piece comes alone too, and none begins or ends with a blank. */
const NASTY: readonly string[] = (() => {
  let state = 20_260_102;
  const next = (limit: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const mixed = Array.from({ length: 200 - PIECES.length - 1 }, () =>
    Array.from({ length: 1 + next(8) }, () => PIECES[next(PIECES.length)]).join(''),
  );
  return [NAME, ...PIECES, ...mixed].map((text) => `t${text}t`);
})();

const onOneLine = (text: string): string => text.replaceAll('\n', ' ');

/** Runs a script as people do who paste it; answers what it printed, split at NUL. */
async function printed(script: string, shell = 'sh'): Promise<readonly string[]> {
  const child = spawn(shell, { stdio: ['pipe', 'pipe', 'pipe'], env: { PATH: process.env.PATH } });
  const chunks: Buffer[] = [];
  const complaints: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk));
  child.stdin.end(script);
  await once(child, 'close');
  expect(Buffer.concat(complaints).toString()).toBe('');
  return Buffer.concat(chunks).toString().split('\0').slice(0, -1);
}

/** The words that a shell hands to a program for each of these lines. */
async function argumentsOf(program: string, lines: readonly string[]): Promise<string[][]> {
  const words = await printed(`${program}() { printf '%s\\0' "$#" "$@"; }\n${lines.join('\n')}\n`);
  const result: string[][] = [];
  for (let at = 0; at < words.length; at += 1 + Number(words[at])) {
    result.push(words.slice(at + 1, at + 1 + Number(words[at])));
  }
  return result;
}

const runSnippet = (snippet: string, globals: object): Promise<unknown> =>
  runInNewContext(`(async () => {${snippet}\n})()`, globals) as Promise<unknown>;

const quiet = { log: () => undefined };

test('200 nasty texts', () => {
  expect(NASTY).toHaveLength(200);
});

test.each<[CopyFormatId, string]>([
  ['raw', 'abc.DEF-1'],
  ['header', 'Authorization: Bearer abc.DEF-1'],
  ['curl', "curl 'https://api.acme.example/me' \\\n  --header 'Authorization: Bearer abc.DEF-1'"],
  ['httpie', "http GET 'https://api.acme.example/me' \\\n  'Authorization:Bearer abc.DEF-1'"],
  [
    'powershell',
    "Invoke-RestMethod -Method 'GET' -Uri 'https://api.acme.example/me' -Headers @{\n  'Authorization' = 'Bearer abc.DEF-1'\n}",
  ],
  ['export', "export ACME_STAGING_TOKEN='abc.DEF-1'"],
  ['dotenv', "ACME_STAGING_TOKEN='abc.DEF-1'"],
])('%s of an ordinary token', (format, text) => {
  expect(copyText(format, factsOf())).toBe(text);
});

test('every format is offered once, and gives one text without a newline at the end', () => {
  expect(new Set(COPY_FORMATS.map(({ id }) => id)).size).toBe(12);
  for (const { id } of COPY_FORMATS) {
    const text = copyText(id, factsOf());
    expect(text).toContain('abc.DEF-1');
    expect(text).not.toMatch(/\s$/);
  }
});

test('raw is the token to the last character', () => {
  for (const token of NASTY) expect(copyText('raw', factsOf({ accessToken: token }))).toBe(token);
});

test('header: a line for each, and a line break in a value begins none', () => {
  const headers = [
    ['Authorization', 'Bearer a\r\nX-Forged: 1'],
    ['api\nkey', 'k'],
  ] as const;
  expect(copyText('header', factsOf({ headers }))).toBe(
    'Authorization: Bearer a  X-Forged: 1\napi key: k',
  );
});

test('curl, httpie: what a shell hands on is what was meant', async () => {
  const url = 'https://api.acme.example/me';
  const facts = NASTY.map((token) => factsOf({ accessToken: token }));
  const curls = await argumentsOf(
    'curl',
    facts.map((each) => copyText('curl', each)),
  );
  expect(curls).toEqual(
    NASTY.map((token) => [url, '--header', `Authorization: Bearer ${onOneLine(token)}`]),
  );
  const https = await argumentsOf(
    'http',
    facts.map((each) => copyText('httpie', each)),
  );
  expect(https).toEqual(
    NASTY.map((token) => ['GET', url, `Authorization:Bearer ${onOneLine(token)}`]),
  );
});

test('httpie: a bare key that begins with = or @ stays a header', async () => {
  const lines = ['=k', '@k', 'k='].map((key) =>
    copyText('httpie', factsOf({ headers: [['X-Key', key]] })),
  );
  const items = (await argumentsOf('http', lines)).map((words) => words[2]);
  expect(items).toEqual(['X-Key:\\=k', 'X-Key:\\@k', 'X-Key:k=']);
});

const hasCurl = spawnSync('curl', ['--version']).status === 0;

test.skipIf(!hasCurl)('curl sends it', async () => {
  const script = NASTY.map((token, index) =>
    copyText(
      'curl',
      factsOf({
        tenantName: NAME,
        accessToken: token,
        query: [[`k'${index}`, token]],
        request: {
          method: index % 2 ? 'GET' : 'post',
          url: `${origin}/o'x/$(id)/[1-3]{a,b}?q='a%20b'&flag`,
        },
      }),
    ).replace(/^curl/, 'curl --silent --show-error --output /dev/null'),
  ).join('\n');
  await printed(script);
  expect(calls).toHaveLength(NASTY.length);
  calls.forEach(({ method, url, headers }, index) => {
    const token = NASTY[index]!;
    const { pathname, search, searchParams } = new URL(url, origin);
    expect(method).toBe(index % 2 ? 'GET' : 'POST');
    expect(Buffer.from(headers.authorization!, 'latin1').toString()).toBe(
      `Bearer ${onOneLine(token)}`,
    );
    expect(pathname).toBe("/o'x/$(id)/[1-3]%7Ba,b%7D");
    expect(search).toMatch(/^\?q=%27a%20b%27&flag&/);
    expect(search).not.toContain('+');
    expect(searchParams.get(`k'${index}`)).toBe(token);
  });
});

test.skipIf(!hasCurl)('curl asks for HEAD without waiting for a body', async () => {
  const facts = factsOf({ request: { method: 'HEAD', url: `${origin}/` } });
  await printed(
    copyText('curl', facts).replace(/^curl/, 'curl --silent --show-error --output /dev/null'),
  );
  expect(calls).toMatchObject([{ method: 'HEAD' }]);
});

test('fetch sends it', async () => {
  const sendable = NASTY.filter((token) => /^[\n\x20-\xFF]*$/.test(token));
  expect(sendable.length).toBeGreaterThan(80);
  for (const token of sendable) {
    const request = { method: 'POST', url: `${origin}/o'x/\`?q=\${1}` };
    const facts = factsOf({ accessToken: token, query: [['key', token]], request });
    await runSnippet(copyText('fetch', facts), { fetch, console: quiet });
  }
  expect(calls.map(({ method }) => method)).toEqual(sendable.map(() => 'POST'));
  expect(calls.map(({ headers }) => headers.authorization)).toEqual(
    sendable.map((token) => `Bearer ${onOneLine(token)}`),
  );
  expect(calls.map(({ url }) => new URL(url, origin).searchParams.get('key'))).toEqual(sendable);
  expect(calls.map(({ url }) => new URL(url, origin).searchParams.get('q'))).toEqual(
    sendable.map(() => '${1}'),
  );
});

test('fetch: the literals are the texts, also those that HTTP cannot carry', async () => {
  for (const token of NASTY) {
    let options: RequestInit | undefined;
    const fetch = (_url: string, given: RequestInit): Response => {
      options = given;
      return new Response();
    };
    await runSnippet(copyText('fetch', factsOf({ accessToken: token })), { fetch, console: quiet });
    expect(options?.headers).toEqual({ Authorization: `Bearer ${onOneLine(token)}` });
  }
});

/** PowerShell's verbatim strings: any two of its single quotes stand for the second (about_Quoting_Rules). */
function powershellStrings(text: string): { strings: string[]; rest: string } {
  const strings: string[] = [];
  const rest = text.replaceAll(
    /['‘’‚‛]((?:[^'‘’‚‛]|['‘’‚‛]{2})*)['‘’‚‛]/g,
    (_whole, content: string) => {
      strings.push(content.replaceAll(/['‘’‚‛](['‘’‚‛])/g, '$1'));
      return '_';
    },
  );
  return { strings, rest };
}

test('powershell: everything from outside stands in verbatim strings', () => {
  for (const token of NASTY) {
    const facts = factsOf({ headers: [['X-Key', token]] });
    expect(powershellStrings(copyText('powershell', facts))).toEqual({
      strings: ['GET', 'https://api.acme.example/me', 'X-Key', onOneLine(token)],
      rest: 'Invoke-RestMethod -Method _ -Uri _ -Headers @{\n  _ = _\n}',
    });
  }
});

test.each([
  ['Bearer dal:a.b-c_d', false],
  ['Basic YTpi+/==', false],
  ['barekey', false],
  ['barekey==', true],
  ['MediaBrowser Token="a", Client="b"', true],
])('powershell: Authorization: %s', (value, isUnchecked) => {
  const text = copyText('powershell', factsOf({ headers: [['authorization', value]] }));
  expect(text.includes(' -SkipHeaderValidation ')).toBe(isUnchecked);
});

test.each(['sh', 'bash'])('export in %s', async (shell) => {
  const script = NASTY.map((token) => {
    const line = copyText('export', factsOf({ accessToken: token, tenantName: NAME }));
    return `${line}\n${shell} -c 'printf "%s\\0" "$A_RM_RF_TOKEN"' </dev/null\n`;
  });
  expect(await printed(script.join(''), shell)).toEqual(NASTY);
});

test('dotenv: sourced in a shell', async () => {
  const script = NASTY.map(
    (token) =>
      `${copyText('dotenv', factsOf({ accessToken: token }))}\nprintf '%s\\0' "$ACME_STAGING_TOKEN"\n`,
  );
  expect(await printed(script.join(''))).toEqual(NASTY);
});

test('dotenv: loaded by Node', () => {
  const loadable = NASTY.filter((token) => !(token.includes("'") && /["$`\\]/.test(token)));
  expect(loadable.length).toBeGreaterThan(120);
  for (const token of loadable) {
    const line = copyText('dotenv', factsOf({ accessToken: token }));
    expect(parseEnv(`BEFORE=1\n${line}\nAFTER=2\n`)).toEqual({
      BEFORE: '1',
      ACME_STAGING_TOKEN: token,
      AFTER: '2',
    });
  }
});

test('json: the names of RFC 6749, without the refresh token unless asked', () => {
  for (const token of NASTY) {
    const facts = factsOf({
      accessToken: token,
      refreshToken: `r${token}`,
      idToken: 'i',
      scope: 'a b',
      expiresAtMs: NOW_MS + 90_900,
    });
    const answer = {
      access_token: token,
      token_type: 'Bearer',
      expires_in: 90,
      scope: 'a b',
      id_token: 'i',
    };
    expect(JSON.parse(copyText('json', facts))).toEqual(answer);
    expect(JSON.parse(copyText('json-with-refresh-token', facts))).toEqual({
      ...answer,
      refresh_token: `r${token}`,
    });
  }
});

test('json: what is unknown is left out, and a dead token has no time left', () => {
  const bare = factsOf({ headers: [['X-Key', 'abc.DEF-1']] });
  expect(JSON.parse(copyText('json-with-refresh-token', bare))).toEqual({
    access_token: 'abc.DEF-1',
  });
  const dead = factsOf({ expiresAtMs: NOW_MS - 1 });
  expect(JSON.parse(copyText('json', dead))).toMatchObject({ expires_in: 0 });
});

test('postman, bruno: an environment with the token', () => {
  for (const text of NASTY) {
    const facts = factsOf({ tenantName: text, providerName: 'P', accessToken: text });
    expect(JSON.parse(copyText('postman', facts))).toEqual({
      name: text,
      values: [
        {
          key: expect.stringMatching(/^[A-Z_][A-Z0-9_]*$/),
          value: text,
          type: 'secret',
          enabled: true,
        },
      ],
      _postman_variable_scope: 'environment',
    });
    expect(JSON.parse(copyText('bruno', facts))).toEqual({
      name: text,
      variables: [
        {
          name: expect.stringMatching(/^[A-Z_][A-Z0-9_]*$/),
          value: text,
          type: 'text',
          enabled: true,
          secret: false,
        },
      ],
      info: { type: 'bruno-environment' },
    });
  }
});

test('only the format that says so, and no other, holds the refresh token', () => {
  const facts = factsOf({ refreshToken: 'canary-of-refresh' });
  const holders = COPY_FORMATS.filter(({ id }) => copyText(id, facts).includes('canary'));
  expect(holders.map(({ id }) => id)).toEqual(['json-with-refresh-token']);
});

test.each([
  ['Acme Staging', 'ACME_STAGING_TOKEN'],
  [NAME, 'A_RM_RF_TOKEN'],
  ['Müller & Söhne – Straße', 'MULLER_SOHNE_STRASSE_TOKEN'],
  ['365', '_365_TOKEN'],
  ['my api token', 'MY_API_TOKEN'],
  ['path', 'PATH_TOKEN'],
  ['日本 🎉', 'OPENID_CONNECT_TOKEN'],
  ['x'.repeat(500), `${'X'.repeat(60)}_TOKEN`],
])('variable of %s', (tenantName, variable) => {
  expect(copyText('export', factsOf({ tenantName }))).toBe(`export ${variable}='abc.DEF-1'`);
});

test('variable where no name has an ASCII letter', () => {
  const facts = factsOf({ tenantName: '日本', providerName: '' });
  expect(copyText('dotenv', facts)).toBe("ACCESS_TOKEN='abc.DEF-1'");
});

test.each([undefined, { method: 'POST', url: 'not a url' }])('placeholder for %j', (request) => {
  for (const id of ['curl', 'httpie', 'powershell', 'fetch'] as const) {
    expect(copyText(id, factsOf({ request }))).toContain('https://api.example.com/');
    expect(copyText(id, factsOf({ request }))).not.toContain('POST');
  }
});

test('a token that travels in the query only', () => {
  const facts = factsOf({ headers: [], query: [['access token', 'a&b']] });
  const url = 'https://api.acme.example/me?access%20token=a%26b';
  expect(copyText('curl', facts)).toBe(`curl '${url}'`);
  expect(copyText('httpie', facts)).toBe(`http GET '${url}'`);
  expect(copyText('powershell', facts)).toBe(`Invoke-RestMethod -Method 'GET' -Uri '${url}'`);
  expect(copyText('header', facts)).toBe('');
});
