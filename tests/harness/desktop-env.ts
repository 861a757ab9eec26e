/**
 * The home of a desktop and the environment of its programs, built from nothing: what the person who
 * runs the tests has set does not reach them.
 */
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** What is set before there is a display. */
export interface HomeEnv {
  readonly [name: string]: string;
  readonly HOME: string;
  readonly XDG_RUNTIME_DIR: string;
  readonly TMPDIR: string;
}

export interface DesktopEnv extends HomeEnv {
  readonly DISPLAY: string;
  readonly DBUS_SESSION_BUS_ADDRESS: string;
}

/** Directories as a login session has them, and the variables that lead programs there. */
export function makeHome(directory: string): HomeEnv {
  const home = join(directory, 'home');
  const variables = {
    HOME: home,
    XDG_CONFIG_HOME: join(home, '.config'),
    XDG_DATA_HOME: join(home, '.local', 'share'),
    XDG_STATE_HOME: join(home, '.local', 'state'),
    XDG_CACHE_HOME: join(home, '.cache'),
    XDG_RUNTIME_DIR: join(directory, 'runtime'),
    TMPDIR: join(directory, 'tmp'),
  };
  for (const path of Object.values(variables)) {
    mkdirSync(path, { recursive: true });
    // Apart from mkdir, whose mode the umask narrows and which gives parents another.
    chmodSync(path, 0o700);
  }
  return {
    ...variables,
    PATH: process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    LANG: 'C.UTF-8',
    XDG_SESSION_TYPE: 'x11',
    // Nobody is there: neither a real logind nor a real network manager can be reached by a test.
    DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${join(directory, 'no-system-bus')}`,
    // GTK programs otherwise look for an accessibility bus first and wait for it.
    NO_AT_BRIDGE: '1',
    GTK_A11Y: 'none',
    ...inherited('ELECTRON_OVERRIDE_DIST_PATH', 'TZ'),
  };
}

function inherited(...names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
