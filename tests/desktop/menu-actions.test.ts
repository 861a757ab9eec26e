import { expect, test } from 'vitest';
import { createMenuActions } from '../../src-main/desktop/menu-actions.ts';
import { createWorld, tenantAt } from '../fakes/world.ts';

test('a failed copy or sign-in says so in a notice and shows the popover; a good one does neither', async () => {
  const tenant = tenantAt('https://login.example.com');
  const world = await createWorld([tenant]);
  const done: string[] = [];
  let shown = (): void => undefined;
  const act = createMenuActions({
    store: world.store,
    notifier: world.notifier,
    sessions: world.sessions,
    tenants: world.tenants,
    copying: world.copying,
    showPopover: () => {
      done.push('show');
      shown();
    },
    quit: () => done.push('quit'),
  });
  const untilShown = (): Promise<void> =>
    new Promise((resolve) => {
      shown = resolve;
    });
  const first = untilShown();
  act({ kind: 'copy', tenantId: tenant.id });
  await first;
  const second = untilShown();
  act({ kind: 'sign-in', tenantId: crypto.randomUUID() });
  await second;
  act({ kind: 'activate', tenantId: tenant.id });
  act({ kind: 'open' });
  act({ kind: 'quit' });
  expect(done).toEqual(['show', 'show', 'show', 'quit']);
  const [copyNotice, signInNotice] = world.notifier.shown;
  expect(copyNotice?.title).toBe(tenant.name);
  expect(copyNotice?.body).toMatch(/no token.*Sign in\.$/);
  expect(signInNotice?.title).toBe('Bearer Tray');
});
