/** What the app writes to standard error ends up in journals that others read. */
import { startHostileServer } from '../emulators/hostile-server.ts';
import { launchBearerTray, seedProfile, tenantOf } from '../harness/bearer-tray.ts';
import { ask } from '../harness/bridge.ts';
import { expect, test } from '../harness/fixtures.ts';

test('B-06 a login page that cannot be loaded leaves no address with state or challenge in the output', async ({
  desktop,
  userDataDir,
}) => {
  const server = await startHostileServer();
  // Nothing listens on the discard port
  const unreachable = 'http://127.0.0.1:1/authorize';
  server.behave({ metadata: { authorization_endpoint: unreachable } });
  const tenant = tenantOf(server, 'Acme');
  seedProfile(userDataDir, [tenant]);
  const tray = await launchBearerTray(desktop, { userDataDir });
  try {
    const popover = await tray.popover();
    const answer = await ask(popover, 'signIn', tenant.id);
    expect(answer).toMatchObject({ ok: false, error: { code: 'page-failed' } });
    expect(tray.app.output()).not.toMatch(/state=|code_challenge|127\.0\.0\.1:1\//);
  } finally {
    await tray.app.close();
    await server.stop();
  }
});
