import assert from 'node:assert/strict';
import type { Page } from 'playwright';
import { TELETRACKER_HOST } from '../../../tests/emulators/teletracker.ts';
import { demand, waitForSnapshot } from '../../../tests/harness/bridge.ts';
import { poll } from '../../../tests/harness/waiting.ts';
import { addTenant, assertAccepted, bearer, fillForm, getToken, unfold } from '../person.ts';
import type { Chapter, Stage } from '../stage.ts';
import { NAMES } from '../tenants.ts';

export const teleTracker: Chapter = { title: 'TeleTracker', tell };

const API = `https://${TELETRACKER_HOST}`;

async function tell(stage: Stage): Promise<void> {
  const { step, world, tray } = stage;
  const emulator = world.teleTracker;
  const { username, password, accountIds } = emulator;
  const usual = String(accountIds[0]);
  const other = String(accountIds[1]);

  let popover!: Page;
  await step(
    'Username and password; “Test” checks them without making a session',
    'teletracker-test',
    async () => {
      popover = await fillForm(stage, {
        provider: 'TeleTracker',
        name: NAMES.teleTracker,
        fields: { Username: username, Password: password, 'Account ID': usual },
      });
      await popover.getByRole('button', { name: 'Test', exact: true }).click();
      await popover.getByRole('button', { name: 'Dismiss', exact: true }).waitFor();
      assert.equal(await popover.getByRole('alert').count(), 0);
      assert.equal(emulator.requests('/auth/login').length, 1);
      assert.equal(emulator.sessionsMade(), 0);
    },
  );
  let token = '';
  await step(
    'Its token is there, and also told: when the sign-in itself will end',
    'teletracker-token',
    async () => {
      await addTenant(popover, NAMES.teleTracker);
      await getToken(stage, NAMES.teleTracker);
      token = await tray.copy(NAMES.teleTracker);
      await assertAccepted(stage, callData(usual), bearer(token));
      const details = await unfold(stage, NAMES.teleTracker);
      await details.getByText('Sign-in ends').waitFor();
    },
  );
  await step('Renewed by its refresh token, now and by itself', 'teletracker-renewed', async () => {
    const details = await unfold(stage, NAMES.teleTracker);
    await details.getByRole('button', { name: 'Renew now' }).click();
    await poll('the refresh', 10_000, () => emulator.requests('/auth/refresh').length === 1);
    const renewed = await poll('another token', 10_000, async () => {
      const copied = await tray.copy(NAMES.teleTracker);
      return copied === token ? null : copied;
    });
    await assertAccepted(stage, callData(usual), bearer(renewed));
  });
  await step(
    'Another account of the same user takes only its number',
    'another-account',
    async () => {
      const details = await unfold(stage, NAMES.teleTracker);
      await details.getByRole('button', { name: 'Another account…' }).click();
      await popover.getByLabel('Account ID').fill(other);
    },
  );
  await step('It is a tenant of its own, with its own token', 'two-accounts', async () => {
    const before = await demand(popover, 'getSnapshot');
    await popover.getByRole('button', { name: 'Add and sign in' }).click();
    const { tenants } = await waitForSnapshot(popover, 'the other account', (snapshot) =>
      snapshot.tenants.some((row) => !known(before.tenants, row) && row.status.kind === 'fresh'),
    );
    const added = tenants.find((row) => !known(before.tenants, row));
    assert.ok(added !== undefined);
    await assertAccepted(stage, callData(other), bearer(await tray.copy(added.name)));
    await unfold(stage, added.name);
  });
}

const callData = (accountId: string): string =>
  `${API}/reports/call-data?start_date=2024-01-01&end_date=2024-01-01&account_id=${accountId}`;

interface Identified {
  readonly id: string;
}

const known = (rows: readonly Identified[], { id }: Identified): boolean =>
  rows.some((row) => row.id === id);
