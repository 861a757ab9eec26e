import { describe, expect, test } from 'vitest';
import { INITIAL_STATE } from '../../src-main/core/state.ts';
import type { AppState, SessionState } from '../../src-main/core/state.ts';
import { trayMenu } from '../../src-main/desktop/tray-menu.ts';
import type { MenuAction, MenuItem } from '../../src-main/desktop/tray-menu.ts';
import { tenantAt } from '../fakes/world.ts';

const FRESH: SessionState = {
  phase: { kind: 'idle' },
  noticed: false,
  token: { issuedAtMs: 1, expiresAtMs: 2, renewable: true },
};

function stateOf(names: readonly string[], session: SessionState = FRESH): AppState {
  const tenants = names.map((name) => tenantAt('https://login.example.com', { name }));
  return {
    ...INITIAL_STATE,
    tenants,
    activeTenantId: tenants[0]?.id ?? null,
    sessions: new Map(tenants.map(({ id }) => [id, session])),
  };
}

function actionsOf(items: readonly MenuItem[]): readonly MenuAction[] {
  return items.flatMap((item) => {
    if (item.kind === 'action') return [item.action];
    return item.kind === 'submenu' ? actionsOf(item.items) : [];
  });
}

function labelsOf(items: readonly MenuItem[]): readonly string[] {
  return items.flatMap((item) => {
    if (item.kind === 'separator') return [];
    return item.kind === 'submenu' ? [item.label, ...labelsOf(item.items)] : [item.label];
  });
}

const numbered = (count: number): readonly string[] =>
  Array.from({ length: count }, (_each, index) => `Tenant ${String(index + 1)}`);

test('no tenants: open and quit', () => {
  expect(actionsOf(trayMenu(stateOf([])))).toEqual([{ kind: 'open' }, { kind: 'quit' }]);
});

test('the active tenant comes first', () => {
  const state = stateOf(['Acme', 'Beta']);
  expect(trayMenu(state)[0]).toEqual({
    kind: 'action',
    label: 'Copy token of Acme',
    action: { kind: 'copy', tenantId: state.activeTenantId },
  });
  const signedOut = stateOf(['Acme'], { phase: { kind: 'idle' }, noticed: false });
  expect(trayMenu(signedOut)[0]).toMatchObject({ label: 'Sign in to Acme' });
});

test.each([1, 2, 20, 21, 400, 1000])(
  '%i tenants: each can be copied, signed in and activated, at most 20 in a list',
  (count) => {
    const state = stateOf(numbered(count));
    const menu = trayMenu(state);
    const offered = new Set(actionsOf(menu).map((action) => JSON.stringify(action)));
    for (const { id } of state.tenants) {
      for (const kind of ['copy', 'sign-in', 'activate']) {
        if (kind === 'activate' && id === state.activeTenantId) continue;
        expect(offered).toContain(JSON.stringify({ kind, tenantId: id }));
      }
    }
    const longest = (items: readonly MenuItem[]): number =>
      Math.max(
        items.filter(({ kind }) => kind === 'submenu').length,
        ...items.map((item) => (item.kind === 'submenu' ? longest(item.items) : 0)),
      );
    expect(longest(menu)).toBeLessThanOrEqual(20);
  },
);

test('a group is named by its first and its last tenant, also a group of groups', () => {
  const top = trayMenu(stateOf(numbered(1000))).filter(({ kind }) => kind === 'submenu');
  expect(labelsOf(top).slice(0, 3)).toEqual([
    'Tenant 1 – Tenant 400',
    'Tenant 1 – Tenant 20',
    'Tenant 1',
  ]);
  expect(top.at(-1)).toMatchObject({ label: 'Tenant 801 – Tenant 1000' });
});

describe('names', () => {
  test('& and _ arrive as they are', () => {
    const labels = labelsOf(trayMenu(stateOf(['R&D_prod & co__x'])));
    expect(labels.filter((label) => label.includes('R&D_prod & co__x'))).toHaveLength(2);
  });

  test('long ones are cut between characters', () => {
    for (const name of ['x'.repeat(200), '🎉'.repeat(100), `x${'🎉'.repeat(100)}`]) {
      for (const label of labelsOf(trayMenu(stateOf([name])))) {
        expect(label.length).toBeLessThan(100);
        expect(label.isWellFormed()).toBe(true);
      }
    }
  });
});

test('where the session has ended, signing in is offered and copying is not', () => {
  const state = stateOf(['Acme'], { ...FRESH, phase: { kind: 'sign-in-needed' } });
  const kinds = actionsOf(trayMenu(state)).map(({ kind }) => kind);
  expect(kinds).toContain('sign-in');
  expect(kinds).not.toContain('copy');
});

test('while retrying the token that is still there can be copied', () => {
  const state = stateOf(['Acme'], {
    ...FRESH,
    phase: {
      kind: 'retrying',
      error: { code: 'timed-out' },
      retryAtMs: 1,
      failedAtMs: 1,
      sinceMs: 1,
      failures: 1,
    },
  });
  expect(actionsOf(trayMenu(state)).map(({ kind }) => kind)).toContain('copy');
});
