/** Pure: the native context menu as data. It carries the main job on desktops that show menus only. */
import { sessionOf } from '../core/state.ts';
import type { AppState } from '../core/state.ts';
import type { Tenant } from '../core/tenant.ts';

export type MenuItem =
  | { readonly kind: 'action'; readonly label: string; readonly action: MenuAction }
  | { readonly kind: 'label'; readonly label: string }
  | { readonly kind: 'separator' }
  | { readonly kind: 'submenu'; readonly label: string; readonly items: readonly MenuItem[] };

export type MenuAction =
  | { readonly kind: 'copy' | 'sign-in' | 'activate'; readonly tenantId: string }
  | { readonly kind: 'open' | 'quit' };

/** More tenants than this are grouped, so that the menu fits a screen. */
const MOST_IN_ONE_LIST = 20;

const SEPARATOR: MenuItem = { kind: 'separator' };

export function trayMenu(state: AppState): readonly MenuItem[] {
  const active = state.tenants.find(({ id }) => id === state.activeTenantId);
  const first = active === undefined ? [] : [mainAction(state, active), SEPARATOR];
  const tenants = state.tenants.map((tenant) => tenantMenu(state, tenant));
  return [
    ...first,
    ...grouped(tenants),
    ...(tenants.length === 0 ? [] : [SEPARATOR]),
    { kind: 'action', label: 'Open Bearer Tray', action: { kind: 'open' } },
    { kind: 'action', label: 'Quit', action: { kind: 'quit' } },
  ];
}

function mainAction(state: AppState, tenant: Tenant): MenuItem {
  return hasToken(state, tenant)
    ? action(`Copy token of ${plain(tenant.name)}`, 'copy', tenant)
    : action(`Sign in to ${plain(tenant.name)}`, 'sign-in', tenant);
}

function tenantMenu(state: AppState, tenant: Tenant): MenuItem {
  const isActive = tenant.id === state.activeTenantId;
  return {
    kind: 'submenu',
    label: plain(tenant.name),
    items: [
      ...(hasToken(state, tenant) ? [action('Copy token', 'copy', tenant)] : []),
      action(hasToken(state, tenant) ? 'Sign in again' : 'Sign in', 'sign-in', tenant),
      isActive ? { kind: 'label', label: 'Active' } : action('Make active', 'activate', tenant),
    ],
  };
}

function hasToken(state: AppState, { id }: Tenant): boolean {
  const { token, phase } = sessionOf(state, id);
  return token !== undefined && phase.kind !== 'sign-in-needed';
}

function action(label: string, kind: 'copy' | 'sign-in' | 'activate', { id }: Tenant): MenuItem {
  return { kind: 'action', label, action: { kind, tenantId: id } };
}

function grouped(items: readonly MenuItem[]): readonly MenuItem[] {
  if (items.length <= MOST_IN_ONE_LIST) return items;
  const groups: MenuItem[] = [];
  for (let at = 0; at < items.length; at += MOST_IN_ONE_LIST) {
    const group = items.slice(at, at + MOST_IN_ONE_LIST);
    groups.push({
      kind: 'submenu',
      label: `${labelOf(group[0])} – ${labelOf(group.at(-1))}`,
      items: group,
    });
  }
  return grouped(groups);
}

function labelOf(item: MenuItem | undefined): string {
  return item === undefined || item.kind === 'separator' ? '' : item.label;
}

/** A tenant's name on one short line. */
function plain(name: string): string {
  return name.length > 40 ? `${name.slice(0, 39)}…` : name;
}
