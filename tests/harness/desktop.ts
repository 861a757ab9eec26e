/**
 * A private Linux desktop for one test worker or the demo: own home, X screen, session bus, keyring,
 * notification daemon and tray, all of it gone after `stop` or when this process ends.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { MessageBus } from 'dbus-next';
import { DesktopClipboard } from './clipboard.ts';
import { connectBus } from './desktop-bus.ts';
import { makeHome, type DesktopEnv, type HomeEnv } from './desktop-env.ts';
import { DesktopProcesses } from './desktop-processes.ts';
import { Keyring, type KeyringItem } from './keyring.ts';
import { DesktopNotifications } from './notifications.ts';
import { TrayHost } from './tray-host.ts';

export interface DesktopOptions {
  /** 'none': no Secret Service and nobody to start one. Default 'unlocked'. */
  readonly keyring?: 'unlocked' | 'locked' | 'none';
  /** 'none': no notification daemon and nobody to start one. Default 'dunst'. */
  readonly notifications?: 'dunst' | 'none';
  /** Whether a tray is there at once; `desktop.trayHost.start()` brings it later. Default true. */
  readonly trayHost?: boolean;
}

export interface Desktop {
  /** The complete environment for programs on this desktop; nothing else is inherited. */
  readonly env: DesktopEnv;
  readonly home: string;
  /** Everything of this desktop, on a path of its own; removed by `stop`. */
  readonly directory: string;
  readonly processes: DesktopProcesses;
  readonly clipboard: DesktopClipboard;
  readonly notifications: DesktopNotifications;
  readonly trayHost: TrayHost;
  /** Null with `keyring: 'none'`. */
  readonly keyring: Keyring | null;
  /** Empty without a keyring. */
  keyringItems(): Promise<readonly KeyringItem[]>;
  lockKeyring(): Promise<void>;
  unlockKeyring(): Promise<void>;
  /** Writes a picture of the whole screen; the file's suffix chooses the format. */
  screenshot(file: string): Promise<void>;
  /** Gives the keyboard to the window with this title. A mouse click does not: no window manager. */
  focusWindow(title: string): Promise<void>;
  /** Whether the X server shows a window of exactly this title; pages under Playwright always say that they are visible. */
  isWindowVisible(title: string): Promise<boolean>;
  stop(): Promise<void>;
}

/** Fails with the log of the program that did not start; leaves nothing behind then. */
export async function startDesktop(options: DesktopOptions = {}): Promise<Desktop> {
  const { keyring = 'unlocked', notifications = 'dunst', trayHost = true } = options;
  // Short, because Unix sockets below it may have 107 bytes at most.
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'tray-desktop-')));
  const processes = new DesktopProcesses(directory);
  try {
    const homeEnv = makeHome(directory);
    const env = await startDisplayAndBus(processes, homeEnv);
    const busAddress = env.DBUS_SESSION_BUS_ADDRESS;
    const bus = await connectBus(busAddress);
    // Independent of each other, so side by side.
    const [openKeyring, watchedNotifications] = await Promise.all([
      keyring === 'none' ? null : Keyring.start(processes, env, bus),
      DesktopNotifications.watch(env, bus),
    ]);
    if (keyring === 'locked') await openKeyring?.lock();
    if (notifications === 'dunst') await watchedNotifications.startDaemon(processes);
    const tray = new TrayHost(busAddress);
    if (trayHost) await tray.start();
    return assemble({ env, processes, bus, tray, openKeyring, watchedNotifications });
  } catch (error) {
    await processes.stop();
    throw error;
  }
}

function assemble(parts: {
  readonly env: DesktopEnv;
  readonly processes: DesktopProcesses;
  readonly bus: MessageBus;
  readonly tray: TrayHost;
  readonly openKeyring: Keyring | null;
  readonly watchedNotifications: DesktopNotifications;
}): Desktop {
  const { env, processes, bus, tray, openKeyring, watchedNotifications } = parts;
  const requireKeyring = (): Keyring => {
    if (openKeyring === null) throw new Error('this desktop was started without a keyring');
    return openKeyring;
  };
  return {
    env,
    home: env.HOME,
    directory: processes.directory,
    processes,
    clipboard: new DesktopClipboard(env),
    notifications: watchedNotifications,
    trayHost: tray,
    keyring: openKeyring,
    keyringItems: async () => (await openKeyring?.items()) ?? [],
    lockKeyring: () => requireKeyring().lock(),
    unlockKeyring: () => requireKeyring().unlock(),
    screenshot: async (file) => {
      await promisify(execFile)('import', ['-window', 'root', file], { env, timeout: 10_000 });
    },
    focusWindow: async (title) => {
      const args = ['search', '--onlyvisible', '--limit', '1', '--name', title, 'windowfocus'];
      await promisify(execFile)('xdotool', args, { env, timeout: 10_000 });
    },
    isWindowVisible: async (title) => {
      const args = ['search', '--onlyvisible', '--name', `^${title}$`];
      // Without a match xdotool ends with 1
      return promisify(execFile)('xdotool', args, { env, timeout: 10_000 }).then(
        ({ stdout }) => stdout.trim() !== '',
        () => false,
      );
    },
    stop: async () => {
      tray.stop();
      watchedNotifications.stop();
      bus.disconnect();
      await processes.stop();
    },
  };
}

async function startDisplayAndBus(
  processes: DesktopProcesses,
  homeEnv: HomeEnv,
): Promise<DesktopEnv> {
  const display = await processes.launch({
    name: 'Xvfb',
    command: 'Xvfb',
    // -noreset: without it the server starts anew, and loses the clipboard, with its last client.
    args: ['-displayfd', '3', '-screen', '0', '1280x800x24', '-nolisten', 'tcp', '-noreset'],
    env: homeEnv,
    readyLine: true,
  });
  const displayEnv = { ...homeEnv, DISPLAY: `:${display.firstLine.trim()}` };
  const bus = await processes.launch({
    name: 'dbus-daemon',
    command: 'dbus-daemon',
    args: ['--nofork', '--nopidfile', '--print-address=3', `--config-file=${busFile(processes)}`],
    env: displayEnv,
    readyLine: true,
  });
  return { ...displayEnv, DBUS_SESSION_BUS_ADDRESS: bus.firstLine.trim() };
}

/**
 * The standard session bus, except that the only program it starts by itself is the one that shows
 * the keyring's password prompt: else "no notification daemon" would start dunst.
 */
function busFile(processes: DesktopProcesses): string {
  const { directory } = processes;
  const services = join(directory, 'services');
  mkdirSync(services);
  writeFileSync(
    join(services, 'org.gnome.keyring.SystemPrompter.service'),
    '[D-BUS Service]\nName=org.gnome.keyring.SystemPrompter\nExec=/usr/libexec/gcr-prompter\n',
  );
  const file = join(directory, 'bus.conf');
  writeFileSync(
    file,
    `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=${join(directory, 'runtime', 'bus')}</listen>
  <auth>EXTERNAL</auth>
  <servicedir>${services}</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`,
  );
  return file;
}
