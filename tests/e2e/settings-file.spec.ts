/** A settings file that cannot be read whole: nothing in it may be lost by starting the app. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launchApp } from '../harness/app.ts';
import { BearerTray, launchBearerTray, tenantOf } from '../harness/bearer-tray.ts';
import { ask } from '../harness/bridge.ts';
import { expect, test } from '../harness/fixtures.ts';

const SERVER = { issuer: 'https://login.example.com', clientId: 'client' };
const BROKEN_ENTRY = { id: 'from another version', secretOfTheirs: 'kept-entry' };

function partlyReadable(): string {
  return JSON.stringify({
    schemaVersion: 1,
    tenants: [tenantOf(SERVER, 'Acme'), BROKEN_ENTRY],
    activeTenantId: null,
    settings: {},
  });
}

test('D-14 what cannot be read is kept in a copy, and the good tenants are there', async ({
  desktop,
  userDataDir,
}) => {
  const content = partlyReadable();
  writeFileSync(join(userDataDir, 'settings.json'), content);
  const tray = await launchBearerTray(desktop, { userDataDir });
  try {
    const popover = await tray.popover();
    await popover.getByRole('button', { name: 'Sign in to Acme' }).waitFor();
    const [copy] = copiesIn(userDataDir);
    expect(readFileSync(join(userDataDir, copy!), 'utf8')).toBe(content);
    await popover.getByText(`The old file was kept as ${copy}`).waitFor();
  } finally {
    await tray.app.close();
  }
});

test('D-14 where no copy can be made, the file is not written over, and the person is told', async ({
  desktop,
  userDataDir,
}) => {
  const content = partlyReadable();
  writeFileSync(join(userDataDir, 'settings.json'), content);
  const appPath = appWithoutCopies(userDataDir);
  const tray = new BearerTray(await launchApp(desktop, { userDataDir, appPath }), desktop);
  await desktop.trayHost.waitForItem();
  try {
    const popover = await tray.popover();
    await popover.getByText('It was left as it is.').waitFor();
    const answer = await ask(popover, 'saveSettings', { theme: 'dark' });
    expect(answer).toMatchObject({ ok: false, error: { code: 'settings-not-saved' } });
    expect(copiesIn(userDataDir)).toEqual([]);
    expect(readFileSync(join(userDataDir, 'settings.json'), 'utf8')).toBe(content);
  } finally {
    await tray.app.close();
  }
});

test('D-13 a file of a newer version is shown, refused to be changed, and left untouched for good', async ({
  desktop,
  userDataDir,
}) => {
  const content = JSON.stringify({
    schemaVersion: 2,
    tenants: [tenantOf(SERVER, 'Acme'), BROKEN_ENTRY],
    settings: {},
    more: 'of a newer version',
  });
  writeFileSync(join(userDataDir, 'settings.json'), content);
  const tray = await launchBearerTray(desktop, { userDataDir });
  try {
    const popover = await tray.popover();
    await popover.getByRole('button', { name: 'Sign in to Acme' }).waitFor();
    await popover.getByText('was written by a newer version of Bearer Tray').waitFor();
    const answer = await ask(popover, 'saveSettings', { theme: 'dark' });
    expect(answer).toMatchObject({ ok: false, error: { code: 'settings-not-saved' } });
  } finally {
    await tray.app.close();
  }
  expect(copiesIn(userDataDir)).toEqual([]);
  expect(readFileSync(join(userDataDir, 'settings.json'), 'utf8')).toBe(content);
});

test('D-14 with 50 MB of noise it starts within 3 s and keeps the file', async ({
  desktop,
  userDataDir,
}) => {
  const content = Buffer.alloc(50e6, 'noise');
  writeFileSync(join(userDataDir, 'settings.json'), content);
  const startedAtMs = Date.now();
  const tray = await launchBearerTray(desktop, { userDataDir });
  try {
    expect(Date.now() - startedAtMs).toBeLessThan(3000);
    const [copy] = copiesIn(userDataDir);
    expect(readFileSync(join(userDataDir, copy!)).equals(content)).toBe(true);
    await (await tray.popover()).getByText(`The old file was kept as ${copy}`).waitFor();
  } finally {
    await tray.app.close();
  }
});

function copiesIn(directory: string): readonly string[] {
  return readdirSync(directory).filter((name) => name.startsWith('settings.json.unreadable-'));
}

/** The app on a disk that is full when it comes to the copy. */
function appWithoutCopies(directory: string): string {
  const folder = join(directory, 'app');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ main: 'main.cjs' }));
  const built = fileURLToPath(new URL('../../dist/main.cjs', import.meta.url));
  writeFileSync(
    join(folder, 'main.cjs'),
    `require('node:fs').copyFileSync = () => { throw Object.assign(new Error('full'), { code: 'ENOSPC' }); };
     require(${JSON.stringify(built)});`,
  );
  return folder;
}
