/** What is not secret, in one JSON file that only the user can read. */
/* eslint-disable no-restricted-syntax -- electron-store is synchronous, and the calls here run once at start, for a file that cannot be read */
import { copyFileSync, renameSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import ElectronStore from 'electron-store';
import { failure, success } from '../core/errors.ts';
import type { Clock, SettingsStore } from '../core/ports.ts';
import { isNewerConfiguration, NEWER_CONFIGURATION } from '../core/stored-configuration.ts';

const FILE_NAME = 'settings';

/** 1,000 tenants take about a megabyte; what is larger is noise and is not read. */
const LARGEST_BYTES = 16 * 1024 * 1024;

/** @param directory The profile's folder; the file is `settings.json` in it. */
export function createSettingsStore(directory: string, clock: Clock): SettingsStore {
  const path = join(directory, `${FILE_NAME}.json`);
  const asidePath = (): string => `${path}.unreadable-${String(clock.now())}`;

  // No schema and no migrations of its own: `readStoredConfiguration` does both on plain data
  const open = (): ElectronStore =>
    new ElectronStore({
      cwd: directory,
      name: FILE_NAME,
      clearInvalidConfig: false,
      configFileMode: 0o600,
      accessPropertiesByDotNotation: false,
    });

  let store: ElectronStore | undefined;
  let movedAside: string | undefined;
  /** A file that could be neither read whole nor kept aside (rights, a full disk) is not to be written over. */
  let isUntouchable = false;
  /** Of a later version of the app: never written over and not copied either, for that version goes on with it. */
  let isNewer = false;

  const sizeBytes = (): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

  return {
    load() {
      try {
        if (sizeBytes() > LARGEST_BYTES) throw new SyntaxError('Far too large for settings');
        store = open();
        const content = { ...store.store };
        isNewer = isNewerConfiguration(content);
        return success(store.size === 0 ? undefined : content);
      } catch (cause) {
        if (cause instanceof SyntaxError) movedAside = attempt(() => moveTo(asidePath()));
        isUntouchable = movedAside === undefined;
        return failure('settings-unreadable', { cause });
      }
    },
    keepAside() {
      if (isNewer) return undefined;
      if (!isUntouchable) movedAside ??= attempt(() => copyTo(asidePath()));
      isUntouchable = movedAside === undefined;
      return movedAside === undefined ? undefined : basename(movedAside);
    },
    save(configuration) {
      if (isNewer) return { ok: false, error: NEWER_CONFIGURATION };
      if (isUntouchable) return failure('settings-not-saved');
      try {
        store ??= open();
        store.store = { ...configuration };
        return success(null);
      } catch (cause) {
        return failure('settings-not-saved', { cause });
      }
    },
  };

  function moveTo(target: string): string {
    renameSync(path, target);
    return target;
  }

  function copyTo(target: string): string {
    copyFileSync(path, target);
    return target;
  }
}

/** @returns Undefined when it fails: the app must start all the same. */
function attempt(run: () => string): string | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
