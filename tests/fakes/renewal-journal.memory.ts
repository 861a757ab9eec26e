/** A journal in memory that a test can read and fill. */
import type { RenewalJournal } from '../../src-main/core/ports.ts';

export interface MemoryRenewalJournal extends RenewalJournal {
  /** Tenants whose renewal is under way, or was left so. */
  readonly open: () => readonly string[];
}

/** @param left Tenants whose renewal an earlier run has left open. */
export function createMemoryRenewalJournal(left: readonly string[] = []): MemoryRenewalJournal {
  const interrupted = new Set(left);
  const underWay = new Set<string>();
  return {
    interrupted: () => Promise.resolve(interrupted),
    begin(tenantId) {
      underWay.add(tenantId);
      return Promise.resolve();
    },
    end(tenantId) {
      underWay.delete(tenantId);
      interrupted.delete(tenantId);
    },
    open: () => [...underWay, ...interrupted],
  };
}
