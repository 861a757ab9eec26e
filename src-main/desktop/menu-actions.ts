/** What the items of the tray menu, and a click on a notice, do. A failure is told in a notice and shows the popover. */
import type { Copying } from '../core/copying.ts';
import { describe } from '../core/error-texts.ts';
import type { Result } from '../core/errors.ts';
import type { Notifier } from '../core/ports.ts';
import { oneLine } from '../core/safe-text.ts';
import type { Sessions } from '../core/sessions.ts';
import { tenantOf } from '../core/state.ts';
import type { Store } from '../core/state.ts';
import type { Tenants } from '../core/tenants.ts';
import type { MenuAction } from './tray-menu.ts';

export interface MenuActionWorld {
  readonly store: Store;
  readonly sessions: Sessions;
  readonly tenants: Tenants;
  readonly copying: Copying;
  readonly notifier: Notifier;
  readonly showPopover: () => void;
  readonly quit: () => void;
}

export function createMenuActions(world: MenuActionWorld): (action: MenuAction) => void {
  /** Where a menu is all there is, nobody sees a row: the old content of the clipboard would be pasted for the token. */
  const tellFailure = (tenantId: string, outcome: Result<unknown>): void => {
    if (outcome.ok || outcome.error.code === 'sign-in-cancelled') return;
    const name = tenantOf(world.store.get(), tenantId)?.name ?? null;
    const { message, nextStep } = describe(outcome.error, name);
    world.notifier.notify({
      title: oneLine(name ?? 'Bearer Tray'),
      body: `${message} ${nextStep}`,
      onClick: world.showPopover,
    });
    world.showPopover();
  };
  return (action) => {
    switch (action.kind) {
      case 'copy': {
        const { tenantId } = action;
        void world.copying.copyToken(tenantId).then((copied) => {
          tellFailure(tenantId, copied);
        });
        return;
      }
      case 'sign-in': {
        const { tenantId } = action;
        void world.sessions.signIn(tenantId).then((signedIn) => {
          tellFailure(tenantId, signedIn);
        });
        return;
      }
      case 'activate':
        tellFailure(action.tenantId, world.tenants.activate(action.tenantId));
        return;
      case 'open':
        world.showPopover();
        return;
      case 'quit':
        world.quit();
    }
  };
}
