/** What the items of the tray menu, and a click on a notice, do. A failure is shown in the popover, in its tenant's row. */
import type { Copying } from '../core/copying.ts';
import type { Result } from '../core/errors.ts';
import type { Sessions } from '../core/sessions.ts';
import type { Tenants } from '../core/tenants.ts';
import type { MenuAction } from './tray-menu.ts';

export interface MenuActionWorld {
  readonly sessions: Sessions;
  readonly tenants: Tenants;
  readonly copying: Copying;
  readonly showPopover: () => void;
  readonly quit: () => void;
}

export function createMenuActions(world: MenuActionWorld): (action: MenuAction) => void {
  const showFailure = async (outcome: Promise<Result<unknown>>): Promise<void> => {
    if (!(await outcome).ok) world.showPopover();
  };
  return (action) => {
    switch (action.kind) {
      case 'copy':
        void showFailure(world.copying.copyToken(action.tenantId));
        return;
      case 'sign-in':
        void showFailure(world.sessions.signIn(action.tenantId));
        return;
      case 'activate':
        if (!world.tenants.activate(action.tenantId).ok) world.showPopover();
        return;
      case 'open':
        world.showPopover();
        return;
      case 'quit':
        world.quit();
    }
  };
}
