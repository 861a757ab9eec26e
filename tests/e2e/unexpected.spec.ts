/** A mistake of ours: the person is told in a sentence, and everything goes on. */
import { startHostileServer } from '../emulators/hostile-server.ts';
import { launchBearerTray, seedProfile, tenantOf } from '../harness/bearer-tray.ts';
import { demand } from '../harness/bridge.ts';
import { expect, test } from '../harness/fixtures.ts';

test('H-06 an exception that nobody catches shows no stack and stops nothing', async ({
  desktop,
  userDataDir,
}) => {
  const server = await startHostileServer();
  const tenant = tenantOf(server, 'Acme');
  seedProfile(userDataDir, [tenant]);
  const tray = await launchBearerTray(desktop, { userDataDir });
  try {
    const popover = await tray.popover();
    await tray.app.electron.evaluate(() => {
      setImmediate(() => {
        throw new Error('planted-mistake');
      });
    });
    await popover.getByText('something went wrong inside the app').waitFor();
    expect(await popover.locator('body').innerText()).not.toMatch(/planted-mistake|\bat .*:\d+/);
    expect(tray.app.output()).not.toContain('planted-mistake');
    await demand(popover, 'signIn', tenant.id);
    expect(server.canaries()).toContain(await tray.copy('Acme'));
  } finally {
    await tray.app.close();
    await server.stop();
  }
});
