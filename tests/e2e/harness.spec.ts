/**
 * The harness tested on itself: what the other tests take for granted about desktop and server.
 */
import { createHash, randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { AuthorizationServer } from '../emulators/authorization-server.ts';
import { launchApp, launchPackaged, type RunningApp } from '../harness/app.ts';
import { startDesktop, type Desktop } from '../harness/desktop.ts';
import { nameHasOwner, connectBus } from '../harness/desktop-bus.ts';
import { expect, test } from '../harness/fixtures.ts';
import { writeProbeApp } from '../harness/probe-app.ts';
import { poll } from '../harness/waiting.ts';

test.describe('desktop', () => {
  test('has a clipboard that other programs can write', async ({ desktop }) => {
    await desktop.clipboard.writeText('héllo\nworld');
    expect(await desktop.clipboard.readText()).toBe('héllo\nworld');
    expect(await desktop.clipboard.targets()).toContain('UTF8_STRING');
    expect(await desktop.clipboard.readText('primary')).toBeNull();
  });

  test('has a keyring that can be locked and unlocked', async ({ desktop }) => {
    expect(await desktop.keyringItems()).toEqual([]);
    await desktop.lockKeyring();
    expect(await desktop.keyring?.isLocked()).toBe(true);
    await desktop.unlockKeyring();
    expect(await desktop.keyring?.isLocked()).toBe(false);
  });

  test('keeps its files to its owner and can be photographed', async ({ desktop }, testInfo) => {
    for (const path of [desktop.directory, desktop.home, desktop.env.XDG_RUNTIME_DIR]) {
      expect(statSync(path).mode & 0o777, path).toBe(0o700);
    }
    const file = testInfo.outputPath('desktop.png');
    await desktop.screenshot(file);
    expect(statSync(file).size).toBeGreaterThan(100);
  });

  test('does without keyring, notifications and tray', async () => {
    const bare = await startDesktop({ keyring: 'none', notifications: 'none', trayHost: false });
    try {
      const bus = await connectBus(bare.env.DBUS_SESSION_BUS_ADDRESS);
      for (const name of [
        'org.freedesktop.secrets',
        'org.freedesktop.Notifications',
        'org.kde.StatusNotifierWatcher',
      ]) {
        expect(await nameHasOwner(bus, name), name).toBe(false);
      }
      bus.disconnect();
    } finally {
      await bare.stop();
    }
    expect(existsSync(bare.directory)).toBe(false);
  });

  test('starts with a locked keyring', async () => {
    const locked = await startDesktop({
      keyring: 'locked',
      notifications: 'none',
      trayHost: false,
    });
    try {
      expect(await locked.keyring?.isLocked()).toBe(true);
    } finally {
      await locked.stop();
    }
  });

  test('ends with its owner, even when that is killed', async ({ userDataDir }) => {
    const script = join(userDataDir, 'owner.mts');
    const desktopModule = new URL('../harness/desktop.ts', import.meta.url).href;
    writeFileSync(
      script,
      `import { startDesktop } from '${desktopModule}';
       const { directory } = await startDesktop();
       console.log(directory);`,
    );
    const tsx = createRequire(import.meta.url).resolve('tsx');
    const owner = spawn(process.execPath, ['--import', tsx, script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const directory = await firstLineOf(owner.stdout);
    expect(programsOf(directory)).toEqual(
      expect.arrayContaining(['Xvfb', 'dbus-daemon', 'dunst', 'gnome-keyring-d']),
    );
    owner.kill('SIGKILL');
    await poll('the desktop to be gone', 5_000, () => {
      return !existsSync(directory) && programsOf(directory).length === 0;
    });
  });
});

test.describe('app', () => {
  test('that has only a tray starts, shows its menu and quits', async ({
    desktop,
    userDataDir,
  }) => {
    const app = await launchProbe(desktop, userDataDir);
    const item = await desktop.trayHost.waitForItem();
    expect(item.status).toBe('Active');
    expect(item.icon.sizes).toEqual([{ width: 22, height: 22 }]);
    expect(app.pages()).toEqual([]);
    const menu = await desktop.trayHost.waitForMenu((items) => items.length === 7);
    expect(menu.map(({ label }) => label).slice(0, 3)).toEqual(['Notify', 'Open_window', 'Red']);
    expect(menu[2]?.toggle).toBe('off');
    expect(menu[3]?.separator).toBe(true);
    expect(menu[4]?.children.map(({ label }) => label)).toEqual(['Quit']);

    await desktop.trayHost.clickMenu('Red');
    await desktop.trayHost.waitForMenu((items) => items[2]?.toggle === 'on');
    const red = await desktop.trayHost.waitForIcon(({ hash }) => hash !== item.icon.hash);
    await desktop.trayHost.clickMenu('Red');
    const back = await desktop.trayHost.waitForIcon(({ hash }) => hash !== red.hash);
    expect(back.hash).toBe(item.icon.hash);

    await desktop.trayHost.activate();
    await desktop.trayHost.waitForMenu((items) => items[5]?.label === 'Clicks 1');

    expect(app.output()).toContain('probe says hello on stdout');
    expect(app.output()).toContain('probe says hello on stderr');
    await app.close();
    expect(app.process.exitCode).toBe(0);
    await poll('the tray icon to go', 2_000, () => desktop.trayHost.itemCount === 0);
  });

  test('registers again when the tray host comes back', async ({ desktop, userDataDir }) => {
    const app = await launchProbe(desktop, userDataDir);
    await desktop.trayHost.waitForItem();
    desktop.trayHost.stop();
    await desktop.trayHost.start();
    await desktop.trayHost.waitForItem();
    await app.close();
  });

  test('gets the click on its notification', async ({ desktop, userDataDir }) => {
    const app = await launchProbe(desktop, userDataDir);
    await desktop.trayHost.waitForItem();
    for (let count = 0; count < 3; count += 1) await desktop.trayHost.clickMenu('Notify');
    await poll('three notifications', 5_000, () => desktop.notifications.all().length === 3);
    const [, second] = desktop.notifications.displayed();
    if (second === undefined) throw new Error('the second notification is not there');
    expect(second).toMatchObject({ summary: 'Probe_title', body: 'a &lt;b&gt; c' });
    await desktop.notifications.invokeDefaultAction(second);
    await desktop.trayHost.waitForMenu((items) => items[5]?.label === 'Clicks 1');
    expect(desktop.notifications.displayed()).toHaveLength(2);
    expect(await desktop.notifications.historyText()).toContain('Probe_title');
    await desktop.notifications.clear();
    await app.close();
  });

  for (const mode of ['source', 'packaged'] as const) {
    test(`shows bar and page of a window as pages (${mode})`, async ({
      desktop,
      userDataDir,
      authorizationServer,
    }, testInfo) => {
      const { url } = authorizationRequest(authorizationServer);
      const app = await launchProbe(desktop, userDataDir, mode, { PROBE_URL: url });
      await desktop.trayHost.waitForItem();
      await desktop.trayHost.clickMenu('Open_window');

      const bar = await app.waitForPage((pageUrl) => pageUrl.startsWith('data:'));
      await bar.locator('#name').fill('typed in the bar');
      expect(await bar.locator('#name').inputValue()).toBe('typed in the bar');
      // A view is a page before it has a size
      await bar.waitForFunction(() => innerWidth > 0 && innerHeight > 0);
      await bar.screenshot({ path: testInfo.outputPath('bar.png') });

      const page = await app.waitForPage((pageUrl) => pageUrl.includes('/interaction/'));
      await page.getByPlaceholder('Enter any login').fill('ann@example.test');
      await page.getByPlaceholder('and password').fill('any');
      await page.screenshot({ path: testInfo.outputPath('page.png') });
      await desktop.screenshot(testInfo.outputPath('desktop.png'));
      await page.getByRole('button', { name: 'Sign-in' }).click();
      await page.getByRole('button', { name: 'Continue' }).click();

      const menu = await desktop.trayHost.waitForMenu((items) => {
        return items[6]?.label.startsWith('Caught https://localhost/callback?code=') ?? false;
      });
      const [code] = authorizationServer.canaries();
      expect(menu[6]?.label).toContain(code);
      await app.close();
      expect(app.process.exitCode).toBe(0);
    });
  }

  test('can be killed', async ({ desktop, userDataDir }) => {
    const app = await launchProbe(desktop, userDataDir);
    await desktop.trayHost.waitForItem();
    await app.kill();
    expect(app.process.signalCode).toBe('SIGKILL');
  });
});

test.describe('authorization server', () => {
  test.use({ authorizationServerOptions: { accessTokenSeconds: 1 } });

  test('rotates refresh tokens and ends the grant on reuse', async ({
    desktop,
    userDataDir,
    authorizationServer: server,
  }) => {
    const first = await signIn(desktop, userDataDir, server);
    expect(first.expires_in).toBe(1);
    expect(claimsOf(first.id_token)).toMatchObject({
      sub: 'ann',
      email: 'ann@example.test',
      aud: 'demo-app',
    });

    const second = await refresh(server, first.refresh_token);
    expect(second.status).toBe(200);
    expect(second.answer.refresh_token).not.toBe(first.refresh_token);
    expect(await protectedStatus(server, second.answer.access_token)).toBe(200);
    await poll('the token to expire', 3_000, async () => {
      return (await protectedStatus(server, second.answer.access_token)) === 401;
    });

    const reused = await refresh(server, first.refresh_token);
    expect(reused).toMatchObject({ status: 400, answer: { error: 'invalid_grant' } });
    const afterReuse = await refresh(server, second.answer.refresh_token);
    expect(afterReuse).toMatchObject({ status: 400, answer: { error: 'invalid_grant' } });
    expect(server.revocations()).toBe(1);
    expect(server.refreshTokensIssued()).toBe(2);
    expect(server.tokenRequests('authorization_code')).toEqual({ succeeded: 1, failed: 0 });
    expect(server.tokenRequests('refresh_token')).toEqual({ succeeded: 1, failed: 2 });
    for (const issued of [first, second.answer]) {
      expect(server.canaries()).toEqual(
        expect.arrayContaining([issued.access_token, issued.refresh_token, issued.id_token]),
      );
    }
    expect(JSON.stringify(server.requests())).not.toContain(server.canaries()[0]);
  });

  test('takes revocations and can end all sessions', async ({
    desktop,
    userDataDir,
    authorizationServer: server,
  }) => {
    const tokens = await signIn(desktop, userDataDir, server);
    await server.endSessions();
    expect((await refresh(server, tokens.refresh_token)).answer.error).toBe('invalid_grant');

    const again = await post(`${server.issuer}/token/revocation`, {
      client_id: 'demo-app',
      token: tokens.access_token as string,
    });
    expect(again.status).toBe(200);
    expect(await protectedStatus(server, tokens.access_token)).toBe(401);
  });

  test('knows confidential clients, also with awkward characters', async ({
    authorizationServer: server,
  }) => {
    const { awkward, service } = server.clients;
    for (const client of [awkward, service]) {
      const { status, answer } = await post(
        `${server.issuer}/token`,
        { grant_type: 'client_credentials' },
        { authorization: basic(client.client_id, client.client_secret) },
      );
      expect(status).toBe(200);
      expect(answer.refresh_token).toBeUndefined();
      expect(await protectedStatus(server, answer.access_token)).toBe(200);
    }
    const refused = await post(
      `${server.issuer}/token`,
      { grant_type: 'client_credentials' },
      { authorization: basic('service', 'wrong') },
    );
    expect(refused).toMatchObject({ status: 401, answer: { error: 'invalid_client' } });
  });
});

type TokenAnswer = Readonly<Record<string, string | number | undefined>>;

function launchProbe(
  desktop: Desktop,
  userDataDir: string,
  mode: 'source' | 'packaged' = 'source',
  env: Readonly<Record<string, string>> = {},
): Promise<RunningApp> {
  const appPath = writeProbeApp(userDataDir);
  const profile = join(userDataDir, 'profile');
  if (mode === 'source') return launchApp(desktop, { appPath, userDataDir: profile, env });
  // A packaged app differs in where its code lies; over the DevTools protocol that is all the same.
  const electron = createRequire(import.meta.url)('electron') as string;
  return launchPackaged(desktop, electron, { userDataDir: profile, args: [appPath], env });
}

function authorizationRequest(server: AuthorizationServer) {
  const verifier = randomBytes(32).toString('base64url');
  const url = `${server.issuer}/auth?${new URLSearchParams({
    client_id: server.clients.demo.client_id,
    response_type: 'code',
    scope: 'openid email',
    redirect_uri: 'https://localhost/callback',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    state: 'state',
  }).toString()}`;
  return { url, verifier };
}

async function signIn(
  desktop: Desktop,
  userDataDir: string,
  server: AuthorizationServer,
): Promise<TokenAnswer> {
  const { url, verifier } = authorizationRequest(server);
  const app = await launchProbe(desktop, userDataDir, 'source', { PROBE_URL: url });
  await desktop.trayHost.waitForItem();
  await desktop.trayHost.clickMenu('Open_window');
  const page = await app.waitForPage((pageUrl) => pageUrl.includes('/interaction/'));
  await page.getByPlaceholder('Enter any login').fill('ann');
  await page.getByPlaceholder('and password').fill('any');
  await page.getByRole('button', { name: 'Sign-in' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
  await desktop.trayHost.waitForMenu((items) => items[6]?.label.includes('code=') ?? false);
  await app.close();
  const { answer } = await post(`${server.issuer}/token`, {
    grant_type: 'authorization_code',
    client_id: 'demo-app',
    code: server.canaries()[0] ?? 'no code',
    code_verifier: verifier,
    redirect_uri: 'https://localhost/callback',
  });
  return answer;
}

function refresh(server: AuthorizationServer, refreshToken: unknown) {
  return post(`${server.issuer}/token`, {
    grant_type: 'refresh_token',
    client_id: 'demo-app',
    refresh_token: refreshToken as string,
  });
}

async function post(
  url: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly answer: TokenAnswer }> {
  const response = await fetch(url, { method: 'POST', headers, body: new URLSearchParams(fields) });
  const text = await response.text();
  return { status: response.status, answer: text === '' ? {} : (JSON.parse(text) as TokenAnswer) };
}

function claimsOf(idToken: unknown): unknown {
  const payload = (idToken as string).split('.')[1] ?? '';
  return JSON.parse(Buffer.from(payload, 'base64url').toString());
}

async function protectedStatus(server: AuthorizationServer, token: unknown): Promise<number> {
  const headers = { authorization: `Bearer ${token as string}` };
  return (await fetch(server.protectedUrl, { headers })).status;
}

function basic(clientId: string, clientSecret: string): string {
  const encode = (text: string) => new URLSearchParams({ '': text }).toString().slice(1);
  const pair = `${encode(clientId)}:${encode(clientSecret)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

async function firstLineOf(stream: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: stream })) return line;
  throw new Error('there was no line');
}

/** Short names of the running programs that have this desktop's environment. */
function programsOf(directory: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((processId) => {
      try {
        const environment = readFileSync(`/proc/${processId}/environ`, 'utf8');
        const name = readFileSync(`/proc/${processId}/comm`, 'utf8').trim();
        return environment.includes(directory) ? [name] : [];
      } catch {
        // It ended meanwhile.
        return [];
      }
    });
}
