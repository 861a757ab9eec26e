import assert from 'node:assert/strict';
import { poll } from '../../../tests/harness/waiting.ts';
import { callApi } from '../companies.ts';
import { openPopover, unfold } from '../person.ts';
import type { Chapter, Stage } from '../stage.ts';
import { NAMES } from '../tenants.ts';

export const leaving: Chapter = { title: 'Leaving and coming back', tell };

async function tell(stage: Stage): Promise<void> {
  const { step, world, panel, desktop } = stage;
  const { acme, globex, weather } = world;

  await step(
    'Sign out of Acme: the server confirms that the session has ended',
    'signed-out',
    async () => {
      const details = await unfold(stage, acme.name);
      await details.getByRole('button', { name: 'Sign out' }).click();
      await details.getByText('Signed out.').waitFor();
      assert.equal(acme.server.revocations(), 1);
    },
  );
  await step(
    'The app is quit and started again: everything is still there',
    'restarted',
    async () => {
      await stage.tray.app.close();
      await desktop.notifications.clear();
      await stage.start();
      const popover = await openPopover(stage);
      await popover.getByRole('button', { name: `Sign in to ${acme.name}` }).waitFor();
      await popover.getByRole('button', { name: `Copy token of ${NAMES.service}` }).waitFor();
      assert.equal((await callApi(globex, await stage.tray.copy(globex.name))).subject, 'grace');
      assert.equal(await stage.tray.copy(NAMES.weather), `X-Api-Key: Key ${weather.key}`);
    },
  );
  await step('Quit from the menu of the tray icon', 'quit', async () => {
    const { process } = stage.tray.app;
    await desktop.trayHost.clickMenu('Quit');
    await poll('the app to end', 10_000, () => process.exitCode !== null);
    assert.equal(process.exitCode, 0);
    await panel.draw();
  });
}
