/** The composition root: builds adapters, store, use cases and desktop, and joins them. Reads as a list. */
import { app, nativeTheme, powerMonitor } from 'electron';
import { join } from 'node:path';
import { createSystemClock } from './adapters/clock.system.ts';
import { createClipboard } from './adapters/clipboard.electron.ts';
import { createHttp } from './adapters/http.electron.ts';
import { isKeychainLocked } from './adapters/keychain-lock.dbus.ts';
import { createLoginWindows } from './adapters/login-window/login-window.electron.ts';
import { systemNetwork } from './adapters/network.system.ts';
import { createNotifier } from './adapters/notifier.electron.ts';
import { createRenewalJournal } from './adapters/renewal-journal.ts';
import { createSettingsStore } from './adapters/settings.electron-store.ts';
import { createSystemBrowser } from './adapters/system-browser/system-browser.ts';
import { findTrayHost } from './adapters/tray-host.dbus.ts';
import { createKeychain } from './adapters/vault/keychain.ts';
import { createVault } from './adapters/vault/vault.ts';
import { createActivity } from './core/activity.ts';
import { createCalling } from './core/calling.ts';
import { createCopying } from './core/copying.ts';
import { startKeeper } from './core/keeper.ts';
import { createKeychainOpening } from './core/keychain-opening.ts';
import { createReminder } from './core/notices.ts';
import { createDiscovery } from './core/oauth/discovery.ts';
import { createRevocations } from './core/revocations.ts';
import { createSessions } from './core/sessions.ts';
import { createStore } from './core/state.ts';
import { createHostOf } from './core/tenant-host.ts';
import { createTenants } from './core/tenants.ts';
import { createTrial } from './core/trial.ts';
import { setAppMenu } from './desktop/app-menu.ts';
import { createCommands } from './desktop/commands.ts';
import { openIpc, pushSnapshot } from './desktop/ipc.ts';
import { leaveInOrder } from './desktop/leaving.ts';
import { installationFacts } from './desktop/installation.ts';
import { createMenuActions } from './desktop/menu-actions.ts';
import { declareOwnScheme, loginBarUrl, serveOwnPages } from './desktop/own-pages.ts';
import { paced } from './desktop/pace.ts';
import { createPanelColour } from './desktop/panel-colour.ts';
import { createPopover } from './desktop/popover.ts';
import { enforceSecurity } from './desktop/security.ts';
import { watchTrayPresence } from './desktop/tray-presence.ts';
import { createTray } from './desktop/tray.ts';
import { snapshotOf } from './desktop/view.ts';
import { PROVIDERS } from './providers/index.ts';

/** A person sees no difference; with 1,000 tenants there are many changes a second. */
const SNAPSHOT_EVERY_MS = 100;

// Chromium itself must not open the keyring at start; our vault does not use it
app.commandLine.appendSwitch('password-store', 'basic');
declareOwnScheme();
enforceSecurity();
setAppMenu();
// What the installer's shortcut carries; without it Windows shows no notification
if (process.platform === 'win32') app.setAppUserModelId('io.github.bearer-tray');

if (app.requestSingleInstanceLock()) void app.whenReady().then(start);
else app.quit();

function start(): void {
  const distribution = import.meta.dirname;
  const assetsPath = join(distribution, 'assets');
  const preloadPath = join(distribution, 'preload.cjs');
  const iconPath = join(assetsPath, 'icon.png');
  const profile = app.getPath('userData');
  const isX11 = process.platform === 'linux' && process.env['WAYLAND_DISPLAY'] === undefined;
  const quit = (): void => {
    app.quit();
  };

  // A mistake of ours must neither stop the renewals nor show its stack, as Electron's own dialog would
  process.on('uncaughtException', () => {
    store.dispatch({ type: 'problem-found', problem: { code: 'internal' } });
  });

  // Adapters
  const clock = createSystemClock();
  const { setTimer } = clock;
  const settingsStore = createSettingsStore(profile, clock);
  const keychain = createKeychain(join(distribution, 'keychain-helper.cjs'), clock);
  const vault = createVault(join(profile, 'vault'), keychain, clock);
  const journal = createRenewalJournal(profile, clock);
  const http = createHttp(clock);
  const windows = createLoginWindows({ barUrl: loginBarUrl, preloadPath, iconPath, clock });
  const browser = createSystemBrowser({ clock, isX11 });
  const notifier = createNotifier();
  const clipboard = createClipboard(isX11);

  // Use cases
  const store = createStore();
  const providers = PROVIDERS;
  const hostOf = createHostOf(providers);
  const activity = createActivity(store, clock);
  const grantWorld = {
    clock,
    http,
    discovery: createDiscovery(http, clock),
    loginWindow: windows.userAgent,
    systemBrowser: browser.userAgent,
    tokenCapture: windows.capture,
  };
  const revocations = createRevocations(clock);
  const sessions = createSessions(
    { store, vault, providers, hostOf, journal, revocations },
    grantWorld,
  );
  const tenants = createTenants(store, settingsStore, vault, sessions, providers);
  const copying = createCopying({ store, vault, sessions, tenants, providers, clipboard, clock });
  const callTenant = createCalling({ store, vault, sessions, providers, clock, http });
  const testDraft = createTrial({ store, vault, providers }, grantWorld);
  const keychainOpening = createKeychainOpening({
    store,
    vault,
    sessions,
    clock,
    isLocked: isKeychainLocked,
  });

  // Desktop
  const popover = createPopover({
    preloadPath,
    iconPath,
    isOrdinaryWindow: () => store.get().tray === 'no-host',
    onOrdinaryWindowClosed: quit,
    setTimer,
  });
  const showPopover = (): void => {
    popover.show(tray.bounds());
    keeper.hurry();
  };
  /** After a click on a notice. */
  const showTenant = (tenantId: string | null): void => {
    if (tenantId !== null) store.dispatch({ type: 'pointed-at', tenantId, nowMs: clock.now() });
    showPopover();
  };
  const act = createMenuActions({
    store,
    sessions,
    tenants,
    copying,
    notifier,
    showPopover,
    quit,
  });
  const tray = createTray({
    assetsPath,
    isPanelDark: createPanelColour(),
    onAction: act,
    setTimer,
    onClick: () => {
      popover.toggle(tray.bounds());
      keeper.hurry();
    },
  });

  // The icon first: it is what a start is waited for
  tenants.load();
  nativeTheme.themeSource = store.get().settings.theme;
  tray.render(store.get());
  const push = paced(
    () => {
      pushSnapshot(() => snapshotOf(store.get(), providers, hostOf));
    },
    SNAPSHOT_EVERY_MS,
    setTimer,
  );
  store.subscribe((state) => {
    const { theme } = state.settings;
    if (nativeTheme.themeSource !== theme) nativeTheme.themeSource = theme;
    tray.render(state);
    push();
  });
  void keychainOpening.open();

  serveOwnPages(join(distribution, 'renderer'));
  openIpc(
    createCommands({
      store,
      providers,
      hostOf,
      clock,
      activity,
      installation: installationFacts,
      sessions,
      tenants,
      copying,
      callTenant,
      testDraft,
      openPage: browser.openPage,
      openKeychain: () => keychainOpening.open(),
      showPopover: () => {
        popover.show();
      },
      hidePopover: () => {
        popover.hide();
      },
      quit,
    }),
  );
  watchTrayPresence({
    store,
    findTrayHost,
    setTimer,
    remakeTray: () => {
      tray.remake();
    },
    showWindow: () => {
      popover.show();
    },
  });

  const reminder = createReminder(
    store,
    notifier,
    clock,
    {
      signIn: (tenantId) => {
        act({ kind: 'sign-in', tenantId });
      },
      show: showTenant,
    },
    hostOf,
  );
  const keeper = startKeeper(
    { store, clock, network: systemNetwork, hostOf },
    {
      renew: (tenantId) => void sessions.renew(tenantId),
      hasRoom: (tenantId) => sessions.hasRoom(tenantId),
      ...reminder,
    },
  );
  const hurry = (): void => {
    keeper.hurry();
  };
  powerMonitor.on('resume', hurry);
  powerMonitor.on('unlock-screen', hurry);

  app.on('second-instance', showPopover);
  app.on('activate', showPopover);
  // Without a listener Electron ends the app with its last window
  app.on('window-all-closed', () => undefined);
  leaveInOrder(async () => {
    keeper.stop();
    keychainOpening.stop();
    reminder.stop();
    revocations.stop();
    await Promise.all([copying.clearNow(), sessions.settle()]);
    await vault.release();
    keychain.release();
  }, setTimer);
}
