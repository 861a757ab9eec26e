import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { callApi, isToken } from '../companies.ts';
import { copyAs, openPopover, unfold } from '../person.ts';
import type { Chapter, Stage } from '../stage.ts';
import { NAMES } from '../tenants.ts';

export const copying: Chapter = { title: 'Copying', tell };

async function tell(stage: Stage): Promise<void> {
  const { step, world, tray, panel, desktop } = stage;
  const { acme } = world;

  await step('With many tenants, a few letters find the one that is meant', 'search', async () => {
    const popover = await openPopover(stage);
    await popover.getByRole('searchbox').fill('acme');
    await popover
      .getByRole('button', { name: NAMES.okta, exact: true })
      .waitFor({ state: 'detached' });
  });
  await step('“Copy as” knows the places that a token is pasted into', 'copy-as', async () => {
    const details = await unfold(stage, acme.name);
    await details.getByRole('button', { name: 'Copy as' }).click();
    await details.getByRole('menuitemradio', { name: 'cURL', exact: true }).waitFor();
  });
  await step('Copied as cURL it runs in a shell as it is', 'curl', async () => {
    const popover = await openPopover(stage);
    await popover.keyboard.press('Escape');
    const command = await copyAs(stage, acme.name, 'cURL');
    const output = await runInShell(command);
    if (output === undefined) assert.ok(command.includes(acme.server.protectedUrl));
    else assert.equal((JSON.parse(output) as { subject: string }).subject, 'ada');
    // From now on one click would give that
    assert.equal(await tray.copy(acme.name), command);
  });
  await step('The bare token again; that choice is remembered too', 'token-again', async () => {
    assert.ok(isToken(await copyAs(stage, acme.name, 'Token'), acme));
    const popover = await openPopover(stage);
    await popover.getByRole('searchbox').fill('');
  });
  await step('Copying works from the menu of the tray icon too', 'tray-menu', async () => {
    await desktop.trayHost.activate();
    await tray.popoverHidden();
    await panel.draw('menu-open');
    await desktop.clipboard.writeText('before the copy');
    await desktop.trayHost.clickMenu(`Copy token of ${NAMES.service}`);
    const copied = await desktop.clipboard.waitForText((text) => isToken(text, acme));
    const { clientId } = await callApi(acme, copied ?? '');
    assert.equal(clientId, acme.server.clients.service.client_id);
  });
}

/** What the command prints; undefined where its program is not installed. */
async function runInShell(command: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('sh', ['-c', command], { timeout: 10_000 });
    return stdout;
  } catch (cause) {
    if ((cause as { readonly code?: unknown }).code === COMMAND_NOT_FOUND) return undefined;
    throw cause;
  }
}

/** https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html, Exit Status for Commands */
const COMMAND_NOT_FOUND = 127;
