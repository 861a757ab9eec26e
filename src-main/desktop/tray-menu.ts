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
  const tenants = state.tenants.map((tenant) => {
    const name = plain(tenant.name);
    return { first: name, last: name, item: tenantMenu(state, tenant) };
  });
  return [
    ...first,
    ...grouped(tenants),
    ...(tenants.length === 0 ? [] : [SEPARATOR]),
    { kind: 'action', label: 'Open Bearer Tray', action: { kind: 'open' } },
    { kind: 'action', label: 'Quit', action: { kind: 'quit' } },
  ];
}

/** Whether both states have the same menu; asked some times a second, so it makes nothing. */
export function isSameMenu(one: AppState, other: AppState): boolean {
  return (
    one.tenants === other.tenants &&
    one.activeTenantId === other.activeTenantId &&
    one.tenants.every((tenant) => hasToken(one, tenant) === hasToken(other, tenant))
  );
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

/** One that may still be alive: a sign-in that has ended leaves the token of before until its own end. */
function hasToken(state: AppState, { id }: Tenant): boolean {
  const { token, phase } = sessionOf(state, id);
  const hasRunOut = phase.kind === 'sign-in-needed' && phase.error === undefined;
  return token !== undefined && !hasRunOut;
}

function action(label: string, kind: 'copy' | 'sign-in' | 'activate', { id }: Tenant): MenuItem {
  return { kind: 'action', label, action: { kind, tenantId: id } };
}

/** A submenu or a group of them, and the names it reaches from and to. */
interface Entry {
  readonly first: string;
  readonly last: string;
  readonly item: MenuItem;
}

function grouped(entries: readonly Entry[]): readonly MenuItem[] {
  if (entries.length <= MOST_IN_ONE_LIST) return entries.map(({ item }) => item);
  const groups: Entry[] = [];
  for (let at = 0; at < entries.length; at += MOST_IN_ONE_LIST) {
    const group = entries.slice(at, at + MOST_IN_ONE_LIST);
    const first = group[0]?.first ?? '';
    const last = group.at(-1)?.last ?? '';
    const items = group.map(({ item }) => item);
    groups.push({ first, last, item: { kind: 'submenu', label: `${first} – ${last}`, items } });
  }
  return grouped(groups);
}

/** A tenant's name on one short line. */
function plain(name: string): string {
  if (name.length <= 40) return name;
  // The cut may have left half a character
  return `${name.slice(0, 39).replace(/\p{Cs}$/u, '')}…`;
}
