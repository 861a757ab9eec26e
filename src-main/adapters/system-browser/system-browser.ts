/** The door to the system browser: the only place that hands an address to another program. */
import { shell } from 'electron';
import { spawn } from 'node:child_process';
import type { Clock } from '../../core/ports.ts';
import { createBrowserSignIn } from './browser-sign-in.ts';
import type { SystemBrowser } from './browser-sign-in.ts';

/** After this long xdg-open has become the browser itself, as it does where no desktop starts it. */
const BECOMES_BROWSER_MS = 30_000;

export interface SystemBrowserOptions {
  readonly clock: Clock;
  /** Whether the desktop is X11. */
  readonly isX11: boolean;
}

export function createSystemBrowser({ clock, isX11 }: SystemBrowserOptions): SystemBrowser {
  return createBrowserSignIn({
    clock,
    open: isX11
      ? (address) => runXdgOpen(address, clock)
      : (address) => shell.openExternal(address),
  });
}

/**
 * On Linux `openExternal` resolves once it has tried to start xdg-open, also when there is none or no browser
 * (platform_util_linux.cc of Electron). On Wayland it is used all the same, because only it passes the token on with
 * which the browser may come to the front.
 */
function runXdgOpen(address: string, clock: Clock): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('xdg-open', [address], { stdio: 'ignore', detached: true });
    const cancelTimer = clock.setTimer(BECOMES_BROWSER_MS, resolve);
    child.once('error', (cause) => {
      cancelTimer();
      reject(cause);
    });
    child.once('exit', (code) => {
      cancelTimer();
      if (code === 0) resolve();
      else reject(new Error(`xdg-open ended with ${String(code)}`));
    });
    child.unref();
  });
}
