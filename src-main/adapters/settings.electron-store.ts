/** What is not secret, in one JSON file that only the user can read, and a copy of it. */
/* eslint-disable no-restricted-syntax -- electron-store is synchronous, and the calls here run once at start, for a file that cannot be read */
import { constants, copyFileSync, renameSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import ElectronStore from 'electron-store';
import { failure, success } from '../core/errors.ts';
import type { Clock, SettingsStore } from '../core/ports.ts';
import { isNewerConfiguration, NEWER_CONFIGURATION } from '../core/stored-configuration.ts';
import type { StoredConfiguration } from '../core/stored-configuration.ts';

const FILE_NAME = 'settings';
const COPY_NAME = 'settings.copy';

/** 1,000 tenants take about a megabyte; what is larger is noise and is not read. */
const LARGEST_BYTES = 16 * 1024 * 1024;

/** @param directory The profile's folder; the files are `settings.json` and `settings.copy.json` in it. */
export function createSettingsStore(directory: string, clock: Clock): SettingsStore {
  const path = join(directory, `${FILE_NAME}.json`);
  const copyPath = join(directory, `${COPY_NAME}.json`);
  const asidePath = (): string => `${path}.unreadable-${String(clock.now())}`;

  // No schema and no migrations of its own: `readStoredConfiguration` does both on plain data
  const open = (name: string): ElectronStore =>
    new ElectronStore({
      cwd: directory,
      name,
      clearInvalidConfig: false,
      configFileMode: 0o600,
      accessPropertiesByDotNotation: false,
    });

  let store: ElectronStore | undefined;
  let copy: ElectronStore | undefined;
  let movedAside: string | undefined;
  /** A file that could be neither read whole nor kept aside (rights, a full disk) is not to be written over. */
  let isUntouchable = false;
  /** Of a later version of the app: never written over and not copied either, for that version goes on with it. */
  let isNewer = false;

  const sizeBytes = (of = path): number => statSync(of, { throwIfNoEntry: false })?.size ?? 0;

  /** The change itself is saved already. */
  const saveCopy = (configuration: StoredConfiguration): void => {
    try {
      copy ??= open(COPY_NAME);
      copy.store = { ...configuration };
    } catch {
      // One that is damaged itself is of no use, and what it held is in the first file
      attempt(() => renameAside(copyPath));
    }
  };

  return {
    load() {
      try {
        if (sizeBytes() > LARGEST_BYTES) throw new SyntaxError('Far too large for settings');
        store = open(FILE_NAME);
        const content = { ...store.store };
        isNewer = isNewerConfiguration(content);
        // Of a profile from before there were copies
        if (store.size > 0 && !isNewer)
          attempt(() => copyFileSync(path, copyPath, constants.COPYFILE_EXCL));
        return success(store.size === 0 ? undefined : content);
      } catch (cause) {
        if (cause instanceof SyntaxError) movedAside = attempt(() => moveTo(asidePath()));
        isUntouchable = movedAside === undefined;
        return failure('settings-unreadable', { cause });
      }
    },
    loadCopy() {
      return attempt(() => {
        if (sizeBytes(copyPath) === 0 || sizeBytes(copyPath) > LARGEST_BYTES) return undefined;
        copy = open(COPY_NAME);
        return { ...copy.store };
      });
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
        store ??= open(FILE_NAME);
        store.store = { ...configuration };
        saveCopy(configuration);
        return success(null);
      } catch (cause) {
        return failure('settings-not-saved', { cause });
      }
    },
  };

  function renameAside(of: string): void {
    renameSync(of, `${of}.unreadable-${String(clock.now())}`);
  }

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
function attempt<Value>(run: () => Value): Value | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
