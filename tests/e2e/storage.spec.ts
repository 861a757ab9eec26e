/** What is on disk: modes under any umask, planted links, and secrets of every kind that come back as they were. */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { jsonAnswer, startHostileServer } from '../emulators/hostile-server.ts';
import type { HostileServer } from '../emulators/hostile-server.ts';
import { launchApp } from '../harness/app.ts';
import { BearerTray, launchBearerTray, seedProfile } from '../harness/bearer-tray.ts';
import { demand, draft, waitForSnapshot } from '../harness/bridge.ts';
import type { PageWithBridge } from '../harness/bridge.ts';
import { expect, test } from '../harness/fixtures.ts';
import { poll } from '../harness/waiting.ts';

for (const umask of ['000', '077']) {
  test(`D-02 files are 0600 and folders 0700 under umask ${umask}, temporary ones too`, async ({
    desktop,
    userDataDir,
  }) => {
    const server = await startHostileServer();
    // Made by the app itself, as at the very first start
    const profile = join(userDataDir, 'first start');
    const app = await launchApp(desktop, {
      userDataDir: profile,
      executablePath: underUmask(umask, userDataDir),
    });
    const tray = new BearerTray(app, desktop);
    try {
      await desktop.trayHost.waitForItem();
      const page = await tray.popover();
      await waitForSnapshot(page, 'the keychain', ({ keychain }) => keychain.state === 'open');
      const tenantId = await demand(page, 'saveTenant', personDraft(server, 'Acme'));
      using records = watchModes(join(profile, 'vault', 'records'));
      using settings = watchModes(profile);
      await demand(page, 'signIn', tenantId);
      await poll('a temporary file to be seen', 20_000, async () => {
        await demand(page, 'renew', tenantId);
        await demand(page, 'saveSettings', { theme: 'dark' });
        return records.temporary().length > 0 && settings.temporary().length > 0;
      });
      const vault = join(profile, 'vault');
      for (const folder of [profile, vault, join(vault, 'records')]) {
        expect(modeOf(folder), folder).toBe('700');
      }
      for (const file of [
        join(profile, 'settings.json'),
        join(vault, 'store.json'),
        join(vault, 'records', `${tenantId}.sealed`),
      ]) {
        expect(modeOf(file), file).toBe('600');
      }
      for (const seen of [records, settings]) {
        expect(seen.temporary().filter(({ mode }) => mode !== '600')).toEqual([]);
      }
    } finally {
      await app.close();
      await server.stop();
    }
  });
}

test('D-02 a symbolic link planted in the place of a record is not followed for writing', async ({
  desktop,
  userDataDir,
}) => {
  const server = await startHostileServer();
  seedProfile(userDataDir, []);
  const tray = await launchBearerTray(desktop, { userDataDir });
  try {
    const page = await tray.popover();
    await waitForSnapshot(page, 'the keychain', ({ keychain }) => keychain.state === 'open');
    const target = join(userDataDir, 'of somebody else');
    mkdirSync(target);
    const existing = join(target, 'existing');
    writeFileSync(existing, 'of somebody else');
    for (const victim of [existing, join(target, 'missing')]) {
      const tenantId = await demand(page, 'saveTenant', personDraft(server, 'Acme'));
      const record = join(userDataDir, 'vault', 'records', `${tenantId}.sealed`);
      symlinkSync(victim, record);
      await demand(page, 'signIn', tenantId);
      await demand(page, 'renew', tenantId);
      expect(lstatSync(record).isSymbolicLink()).toBe(false);
      expect(modeOf(record)).toBe('600');
      expect(await demand(page, 'copyToken', tenantId)).toMatchObject({ renewed: false });
    }
    expect(readFileSync(existing, 'utf8')).toBe('of somebody else');
    expect(readdirSync(target)).toEqual(['existing']);
  } finally {
    await tray.app.close();
    await server.stop();
  }
});

/** Written by code points, because a lone surrogate does not survive the way into the page. */
const SECRETS: Readonly<Record<string, readonly (readonly [text: string, times: number])[]>> = {
  'one byte': [['s', 1]],
  '100 KB': [['0123456789', 10_240]],
  NUL: [['before\0after\0', 1]],
  'line ends': [['a\r\nb\nc\r', 1]],
  emoji: [['👩‍👩‍👧‍👦🔑', 20]],
  'four bytes': [['𝒳𐍈', 1]],
  'combining marks, not normalised': [['e\u0301é\uFEFF\u202E', 1]],
  'blanks at both ends': [[' \t secret \u00a0', 1]],
  'of a URL': [['a&b=c;d+e%20f%', 1]],
  'of JSON': [['"\\u0000"}{\\', 1]],
};

test('D-07 secrets and tokens of every kind are the same after a restart', async ({
  desktop,
  userDataDir,
}) => {
  const server = await startHostileServer();
  const received = new Map<string, string>();
  let phase = 'before';
  server.behave({
    // In the body, as no server takes a header of 100 KB
    metadata: { token_endpoint_auth_methods_supported: ['client_secret_post'] },
    token: ({ form }) => {
      const clientId = form.get('client_id') ?? '';
      received.set(`${phase} ${clientId}`, form.get('client_secret') ?? '');
      const secret = secretOf(clientId);
      return jsonAnswer({
        access_token: `token ${secret}`,
        token_type: 'Bearer',
        expires_in: 3600,
      });
    },
  });
  seedProfile(userDataDir, []);
  const first = await launchBearerTray(desktop, { userDataDir });
  const tenants = new Map<string, string>();
  const surrogate = 'a lone surrogate';
  try {
    const page = await first.popover();
    for (const name of Object.keys(SECRETS)) {
      const tenantId = await demand(page, 'saveTenant', serviceDraft(server, name, secretOf(name)));
      await demand(page, 'signIn', tenantId);
      tenants.set(name, tenantId);
    }
    const tenantId = await page.evaluate(
      async (start) => {
        const { bridge } = window as unknown as PageWithBridge;
        const clientSecret = `a${String.fromCharCode(0xd800)}b`;
        const saved = await bridge.saveTenant({ ...start, secrets: { clientSecret } });
        return saved.ok ? saved.value : '';
      },
      serviceDraft(server, surrogate, ''),
    );
    await demand(page, 'signIn', tenantId);
    tenants.set(surrogate, tenantId);
  } finally {
    await first.app.close();
  }

  phase = 'after';
  const second = await launchBearerTray(desktop, { userDataDir });
  try {
    const page = await second.popover();
    for (const [name, tenantId] of tenants) {
      await demand(page, 'copyToken', tenantId);
      const token = `token ${secretOf(name)}`;
      expect(await desktop.clipboard.readText(), name).toBe(token);
      await demand(page, 'renew', tenantId);
    }
    for (const name of Object.keys(SECRETS)) {
      expect(received.get(`before ${name}`), name).toBe(secretOf(name));
      expect(received.get(`after ${name}`), name).toBe(secretOf(name));
    }
    // UTF-8 has no lone surrogates: what is sent is the same mark both times
    expect(received.get(`before ${surrogate}`)).toBe('a\uFFFDb');
    expect(received.get(`after ${surrogate}`)).toBe('a\uFFFDb');
  } finally {
    await second.app.close();
    await server.stop();
  }
});

function secretOf(name: string): string {
  return (SECRETS[name] ?? [['other', 1]]).map(([text, times]) => text.repeat(times)).join('');
}

function personDraft(server: HostileServer, name: string) {
  return draft({
    name,
    grant: 'authorization-code',
    values: {
      issuer: server.issuer,
      clientId: server.clientId,
      redirectUri: 'https://localhost/callback',
      scopes: 'openid offline_access',
    },
  });
}

/** The name is the client id as well, so that the server can tell them apart. */
function serviceDraft(server: HostileServer, name: string, clientSecret: string) {
  return draft({
    name,
    grant: 'client-credentials',
    values: { issuer: server.issuer, clientId: name },
    secrets: clientSecret === '' ? {} : { clientSecret },
  });
}

/** A program that starts Electron under another umask. */
function underUmask(umask: string, folder: string): string {
  const path = join(folder, 'start');
  const electron = createRequire(import.meta.url)('electron') as string;
  writeFileSync(path, `#!/bin/sh\numask ${umask}\nexec '${electron}' "$@"\n`);
  chmodSync(path, 0o700);
  return path;
}

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

interface SeenFile {
  readonly name: string;
  readonly mode: string;
}

/** The modes of files that are there only for a moment, as far as they can be caught. */
function watchModes(folder: string) {
  const seen: SeenFile[] = [];
  const watcher = watch(folder, (_event, name) => {
    if (name === null || !/\.writing-|\.tmp/.test(name)) return;
    try {
      seen.push({ name, mode: modeOf(join(folder, name)) });
    } catch {
      // Gone already
    }
  });
  return {
    temporary: (): readonly SeenFile[] => seen,
    [Symbol.dispose]: () => {
      watcher.close();
    },
  };
}
