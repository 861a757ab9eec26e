/** The main job in the real app: sign in once, copy a living token again and again. */
import { BearerTray, launchBearerTray, personTenant, seedProfile } from '../harness/bearer-tray.ts';
import { expect, test } from '../harness/fixtures.ts';

test.use({ authorizationServerOptions: { accessTokenSeconds: 60 } });

test('F-01 F-04 signs in, copies the exact token, touches the primary selection never', async ({
  desktop,
  userDataDir,
  authorizationServer: server,
}) => {
  seedProfile(userDataDir, [personTenant(server, 'Acme')]);
  const tray = await launchBearerTray(desktop, { userDataDir });
  try {
    await desktop.clipboard.writeText('what the user had marked', 'primary');
    await tray.signIn('Acme', server);
    const token = await tray.copy('Acme');
    expect(token).toMatch(/^[A-Za-z0-9_-]{20,}$/);
    expect(server.canaries()).toContain(token);
    const answer = await fetch(server.protectedUrl, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(answer.status).toBe(200);
    expect(await desktop.clipboard.readText('primary')).toBe('what the user had marked');
    expect(tray).toBeInstanceOf(BearerTray);
  } finally {
    await tray.app.close();
  }
});
