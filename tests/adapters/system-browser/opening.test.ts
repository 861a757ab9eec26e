/** What is handed to the system's browser, and what happens when nobody takes it. */
import { describe, expect, test } from 'vitest';
import { browserAddress } from '../../../src-main/adapters/system-browser/browser-address.ts';
import { createBrowserSignIn } from '../../../src-main/adapters/system-browser/browser-sign-in.ts';
import { failure, success, type Result } from '../../../src-main/core/errors.ts';
import type { AuthorizationStart } from '../../../src-main/core/ports.ts';
import { createManualClock } from '../../fakes/clock.manual.ts';
import { get, goodAnswer, startAttempt } from './parts.ts';

const CALLBACK = 'http://127.0.0.1/callback';

/** Schemes that a system starts programs for, or that a browser treats as more than a page. */
const SCHEMES = [
  'file', 'javascript', 'data', 'blob', 'about', 'chrome', 'view-source', 'ftp', 'ftps', 'sftp',
  'smb', 'nfs', 'afp', 'dav', 'ssh', 'telnet', 'ldap', 'gopher', 'mailto', 'tel', 'sms', 'callto',
  'skype', 'zoommtg', 'msteams', 'slack', 'vscode', 'vscode-insiders', 'jetbrains', 'steam',
  'ms-msdt', 'ms-search', 'search-ms', 'ms-officecmd', 'ms-word', 'ms-excel', 'ms-settings',
  'ms-appinstaller', 'shell', 'res', 'vbscript', 'jar', 'wyciwyg', 'x-apple.systempreferences',
  'itms-services', 'apt', 'snap', 'appstream', 'man', 'info', 'ghelp', 'help', 'magnet', 'irc',
  'git', 'svn', 'app', 'devtools', 'filesystem', 'intent', 'market', 'ws', 'wss', 'httpss', 'https1',
]; // prettier-ignore

const HOSTS = ['example.com/', '//example.com/a', '//localhost/a'];

const ODD = [
  '\\\\server\\share', '//server/share', '\\\\?\\C:\\Windows', 'C:\\Windows\\System32\\calc.exe',
  '/usr/bin/xcalc', './a', '../a', '-a', '--help', '%windir%', '$(id)', '`id`', '| id', '; id', '& calc',
  '', ' ', '\n', '\0', 'https', 'https:', 'https://', 'https:///', 'https://%', 'https://[', 'https://a b/',
  'https://exa\u0000mple.com/', 'https://user:pass@example.com/', 'https://user@example.com/',
  'https://https@evil.example/', 'https://:@x@example.com/', 'http://example.com/',
  'http://127.0.0.1.example.com/', 'http://localhost.example.com/', 'http://0.0.0.0/',
  'http://10.0.0.1/', 'http://[::2]/', 'http:\\\\example.com', 'http://127.0.0.1@example.com/',
]; // prettier-ignore

/** What remains is https without blanks, whatever it was written like. */
const FINE = [
  ' https://example.com/', 'https://example.com/ ', 'ht\ntps://example.com/', '\thttps://example.com/\r\n',
  'https://example.com/a b', 'https://example.com/?a=b c&d="e"', 'https://example.com/#a b\u0007',
  'https:example.com', 'https:\\\\example.com\\a', 'HTTPS://EXAMPLE.COM/', 'https://example.com:8443/',
  'https://bücher.example/', 'https://аррӏе.example/', 'https://xn--80ak6aa92e.example/', 'https://例え.example/',
  'https://example.com/%0d%0aX: y', 'https://example.com/\u202Egnp.exe', 'https://example.com/\u00a0x\u2028y',
]; // prettier-ignore

describe('B-09 only https leaves, and http to this computer for a development provider', () => {
  const corpus = [...SCHEMES.flatMap((scheme) => HOSTS.map((rest) => `${scheme}:${rest}`)), ...ODD];

  test(`${corpus.length + FINE.length} addresses`, () => {
    expect(corpus.length + FINE.length).toBeGreaterThanOrEqual(200);
    for (const rule of ['https', 'https-or-loopback'] as const) {
      for (const raw of corpus) {
        const address = URL.canParse(raw) ? browserAddress(new URL(raw), rule) : undefined;
        expect(address, JSON.stringify(raw)).toBeUndefined();
      }
      for (const raw of FINE) {
        const address = browserAddress(new URL(raw), rule);
        expect(address, JSON.stringify(raw)).toMatch(/^https:\/\/[a-z0-9.:-]+\/[!-~]*$/);
      }
    }
    for (const raw of ['http://127.0.0.1:8080/a', 'http://localhost/a', 'http://[::1]:1/']) {
      expect(browserAddress(new URL(raw), 'https'), raw).toBeUndefined();
      expect(browserAddress(new URL(raw), 'https-or-loopback'), raw).toBe(raw);
    }
  });

  test('an attempt with any other address opens nothing and ends', async () => {
    for (const url of ['http://example.com/', 'file:///etc/passwd', 'ms-msdt:/id']) {
      const attempt = startAttempt({ redirectUri: CALLBACK, url });
      expect(await attempt.outcome, url).toMatchObject({
        kind: 'failed',
        error: { code: 'endpoint-unsafe' },
      });
      expect(attempt.addresses, url).toEqual([]);
    }
  });

  test('a page is opened with https only', async () => {
    const opened: string[] = [];
    const { openPage } = createBrowserSignIn({
      clock: createManualClock(),
      open: async (address) => {
        opened.push(address);
      },
    });
    expect(await openPage(new URL('https://example.com/docs'))).toEqual({ ok: true, value: null });
    expect(await openPage(new URL('http://127.0.0.1/docs'))).toMatchObject({ ok: false });
    expect(opened).toEqual(['https://example.com/docs']);
  });
});

describe('C-07 a browser that does not come', () => {
  test('an attempt ends when the system says that it could not open one', async () => {
    const attempt = startAttempt({
      redirectUri: CALLBACK,
      open: () => Promise.reject(new Error('no browser')),
    });
    expect(await attempt.outcome).toMatchObject({
      kind: 'failed',
      error: { code: 'browser-not-opened', host: 'login.example.com' },
    });
  });

  test('an attempt ends after 60 s without a word, not before', async () => {
    const clock = createManualClock();
    const attempt = startAttempt({
      redirectUri: CALLBACK,
      clock,
      open: () => new Promise(() => undefined),
    });
    await attempt.opened;
    await clock.advance(59_000);
    expect(attempt.isOver()).toBe(false);
    await clock.advance(1000);
    expect(await attempt.outcome).toMatchObject({
      kind: 'failed',
      error: { code: 'browser-not-opened' },
    });
  });

  test('an attempt whose browser never says a word can be cancelled, and answered', async () => {
    const hanging = { redirectUri: CALLBACK, open: () => new Promise<void>(() => undefined) };
    const cancelled = startAttempt(hanging);
    await cancelled.opened;
    cancelled.abort();
    expect(await cancelled.outcome).toEqual({ kind: 'closed' });
    const attempt = startAttempt(hanging);
    await attempt.opened;
    await get(goodAnswer(attempt.redirectUri()));
    expect((await attempt.outcome).kind).toBe('answered');
  });

  test('an attempt can be cancelled while it is being prepared, and then opens nothing', async () => {
    let isPrepared = (_result: Result<AuthorizationStart>): void => undefined;
    const prepared = new Promise<Result<AuthorizationStart>>((resolve) => {
      isPrepared = resolve;
    });
    const attempt = startAttempt({ redirectUri: CALLBACK, begin: () => prepared });
    await attempt.begun;
    attempt.abort();
    expect(await attempt.outcome).toEqual({ kind: 'closed' });
    isPrepared(
      success({ url: new URL('https://login.example.com/'), isOurs: () => true, isPosted: false }),
    );
    await createManualClock().settle();
    expect(attempt.addresses).toEqual([]);
  });
});

describe('an attempt', () => {
  test('tells where the person signs in, and opens the page again when asked', async () => {
    const attempt = startAttempt({ redirectUri: CALLBACK, url: 'http://localhost:8080/authorize' });
    attempt.show();
    await attempt.opened;
    expect(attempt.pages).toEqual([
      {
        host: 'localhost:8080',
        encrypted: false,
        loading: false,
        warning: null,
        inBrowser: true,
      },
    ]);
    attempt.show();
    expect(attempt.addresses).toEqual(Array(2).fill('http://localhost:8080/authorize'));
    attempt.abort();
    await attempt.outcome;
    attempt.show();
    expect(attempt.addresses).toHaveLength(2);
  });

  test('passes on why it could not begin', async () => {
    const attempt = startAttempt({
      redirectUri: CALLBACK,
      begin: () => Promise.resolve(failure('pkce-unsupported')),
    });
    expect(await attempt.outcome).toMatchObject({
      kind: 'failed',
      error: { code: 'pkce-unsupported' },
    });
    const broken = startAttempt({
      redirectUri: CALLBACK,
      begin: () => Promise.reject(new Error('a mistake')),
    });
    expect(await broken.outcome).toMatchObject({ kind: 'failed', error: { code: 'internal' } });
  });

  test('without a redirect URI opens the page and waits for its signal', async () => {
    const attempt = startAttempt({ redirectUri: null });
    expect(await attempt.opened).toBe('https://login.example.com/authorize');
    expect(attempt.isOver()).toBe(false);
    attempt.abort();
    expect(await attempt.outcome).toEqual({ kind: 'closed' });
  });
});
