/** The composition root: builds adapters, store, use cases and desktop, and joins them. Reads as a list. */
import { app, BaseWindow, nativeTheme, powerMonitor } from 'electron';
import { join } from 'node:path';
import { systemClock } from './adapters/clock.system.ts';
import { createClipboard } from './adapters/clipboard.electron.ts';
import { createHttp } from './adapters/http.electron.ts';
import { createLoginWindows } from './adapters/login-window.electron.ts';
import { createNotifier } from './adapters/notifier.electron.ts';
import { createSettingsStore } from './adapters/settings.electron-store.ts';
import { hasTrayHost } from './adapters/tray-host.dbus.ts';
import { createKeychain } from './adapters/vault/keychain.ts';
import { createVault } from './adapters/vault/vault.ts';
import { createCopying } from './core/copying.ts';
import { startKeeper } from './core/keeper.ts';
import { noticeFor } from './core/notices.ts';
import { createDiscovery } from './core/oauth/discovery.ts';
import { createSessions } from './core/sessions.ts';
import { createStore, tenantOf } from './core/state.ts';
import { createTenants } from './core/tenants.ts';
import { createCommands } from './desktop/commands.ts';
import { createSnapshotPush, openIpc } from './desktop/ipc.ts';
import { declareOwnScheme, loginBarUrl, serveOwnPages } from './desktop/own-pages.ts';
import { createPopover } from './desktop/popover.ts';
import { enforceSecurity } from './desktop/security.ts';
import { createTray } from './desktop/tray.ts';
import type { MenuAction } from './desktop/tray-menu.ts';
import { snapshotOf } from './desktop/view.ts';
import { PROVIDERS } from './providers/index.ts';

/** A keychain that takes longer than this is waiting for the person. */
const KEYCHAIN_IS_SLOW_AFTER_MS = 2000;

/** How often a desktop without a tray host is asked again. */
const TRAY_HOST_CHECK_MS = 10_000;

/** Renewals under way get this long to become durable when the app ends. */
const LAST_CHANCE_MS = 3000;

// Chromium itself must not open the keyring at start; our vault does not use it
app.commandLine.appendSwitch('password-store', 'basic');
declareOwnScheme();
enforceSecurity();

if (app.requestSingleInstanceLock()) void app.whenReady().then(start);
else app.quit();

function start(): void {
  const distribution = import.meta.dirname;
  const assetsPath = join(distribution, 'assets');
  const preloadPath = join(distribution, 'preload.cjs');
  const iconPath = join(assetsPath, 'icon.png');
  const profile = app.getPath('userData');
  const clock = systemClock;

  const store = createStore();
  const settingsStore = createSettingsStore(profile, clock);
  const keychain = createKeychain(join(distribution, 'keychain-helper.cjs'), clock);
  const vault = createVault(join(profile, 'vault'), keychain, clock);
  const http = createHttp(clock);
  const userAgent = createLoginWindows({ barUrl: loginBarUrl, preloadPath, iconPath });
  const notifier = createNotifier();

  const discovery = createDiscovery(http, clock);
  const sessions = createSessions(store, vault, { clock, http, discovery, userAgent });
  const tenants = createTenants(store, settingsStore, vault, sessions, PROVIDERS);
  const isX11 = process.platform === 'linux' && process.env['WAYLAND_DISPLAY'] === undefined;
  const copying = createCopying(store, sessions, createClipboard(isX11), clock);

  const popover = createPopover({
    preloadPath,
    iconPath,
    isOrdinaryWindow: () => store.get().tray === 'no-host',
    onOrdinaryWindowClosed: () => {
      app.quit();
    },
    setTimer: (delayMs, run) => clock.setTimer(delayMs, run),
  });
  const tray = createTray({
    assetsPath,
    onClick: () => {
      popover.toggle(tray.bounds());
    },
    onAction: (action) => {
      perform(action);
    },
  });
  const perform = (action: MenuAction): void => {
    switch (action.kind) {
      case 'copy':
        void copying.copyToken(action.tenantId).then((copied) => {
          if (!copied.ok) popover.show(tray.bounds());
        });
        return;
      case 'sign-in':
        void sessions.signIn(action.tenantId).then((signedIn) => {
          if (!signedIn.ok) popover.show(tray.bounds());
        });
        return;
      case 'activate':
        tenants.activate(action.tenantId);
        return;
      case 'open':
        popover.show(tray.bounds());
        return;
      case 'quit':
        app.quit();
    }
  };

  const openKeychain = async (): Promise<void> => {
    const cancelTimer = clock.setTimer(KEYCHAIN_IS_SLOW_AFTER_MS, () => {
      store.dispatch({ type: 'keychain-slow' });
    });
    store.dispatch({ type: 'keychain-changed', keychain: 'opening', trouble: null });
    const state = await vault.open();
    cancelTimer();
    const trouble = vault.trouble();
    await sessions.load();
    store.dispatch({
      type: 'keychain-changed',
      keychain: state,
      trouble: trouble.ok ? null : trouble.error,
    });
  };

  tenants.load();
  tray.render(store.get());

  serveOwnPages(join(distribution, 'renderer'));
  openIpc(
    createCommands({
      store,
      providers: PROVIDERS,
      sessions,
      tenants,
      copying,
      openKeychain,
      showPopover: () => {
        popover.show();
      },
      hidePopover: () => {
        popover.hide();
      },
      quit: () => {
        app.quit();
      },
    }),
  );
  const pushSnapshot = createSnapshotPush(() => snapshotOf(store.get(), PROVIDERS));
  store.subscribe((state) => {
    tray.render(state);
    pushSnapshot();
    nativeTheme.themeSource = state.settings.theme;
  });
  nativeTheme.themeSource = store.get().settings.theme;

  const keeper = startKeeper(store, clock, {
    renew: (tenantId) => void sessions.renew(tenantId),
    notify: (tenantId) => {
      const tenant = tenantOf(store.get(), tenantId);
      if (tenant === undefined) return;
      const { title, body, signsIn } = noticeFor(store.get(), tenant, clock.now());
      notifier.notify({
        title,
        body,
        onClick: () => {
          if (signsIn) perform({ kind: 'sign-in', tenantId });
          else popover.show(tray.bounds());
        },
      });
    },
  });
  const look = (): void => {
    keeper.replan();
  };
  powerMonitor.on('resume', look);
  powerMonitor.on('unlock-screen', look);

  const lookForTrayHost = async (): Promise<void> => {
    const before = store.get().tray;
    if (await hasTrayHost()) {
      if (before === 'no-host') tray.remake();
      store.dispatch({ type: 'tray-changed', tray: 'shown' });
      return;
    }
    store.dispatch({ type: 'tray-changed', tray: 'no-host' });
    if (before === 'pending') popover.show();
    clock.setTimer(TRAY_HOST_CHECK_MS, () => void lookForTrayHost());
  };
  void lookForTrayHost();
  void openKeychain();

  app.on('second-instance', () => {
    popover.show(tray.bounds());
  });
  app.on('activate', () => {
    popover.show(tray.bounds());
  });
  // Without a listener Electron ends the app with its last window
  app.on('window-all-closed', () => undefined);

  let leaving = false;
  app.on('will-quit', (event) => {
    keeper.stop();
    if (leaving) return;
    leaving = true;
    event.preventDefault();
    for (const window of BaseWindow.getAllWindows()) window.destroy();
    const settled = Promise.all([copying.clearNow(), sessions.settle()]);
    const cancelTimer = clock.setTimer(LAST_CHANCE_MS, () => {
      app.exit(0);
    });
    void settled.finally(() => {
      cancelTimer();
      keychain.release();
      app.exit(0);
    });
  });
}
