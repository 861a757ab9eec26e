/** A settings file in memory. */
import { failure, success } from '../../src-main/core/errors.ts';
import type { Result } from '../../src-main/core/errors.ts';
import type { SettingsStore } from '../../src-main/core/ports.ts';
import type { StoredConfiguration } from '../../src-main/core/stored-configuration.ts';

export interface MemorySettingsStore extends SettingsStore {
  /** What the file holds now. */
  readonly content: () => unknown;
  /** How often it was copied beside itself. */
  readonly copies: () => number;
  failSaves(fails: boolean): void;
}

/** @param initial What the file holds at first: undefined for none, `unreadable` for one that cannot be read at all. */
export function createMemorySettingsStore(
  initial?: unknown,
  initialCopy?: unknown,
): MemorySettingsStore {
  let content = initial;
  let copy = initialCopy;
  let copies = 0;
  let fails = false;
  return {
    content: () => content,
    copies: () => copies,
    failSaves(failing) {
      fails = failing;
    },
    load(): Result<unknown> {
      return content === 'unreadable' ? failure('settings-unreadable') : success(content);
    },
    loadCopy: () => copy,
    keepAside() {
      copies += 1;
      return 'settings.json.unreadable-1';
    },
    save(configuration: StoredConfiguration) {
      if (fails) return failure('settings-not-saved');
      // As through a file: no object is shared with what was saved
      content = JSON.parse(JSON.stringify(configuration));
      copy = content;
      return success(null);
    },
  };
}
