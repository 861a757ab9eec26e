/** The client's own log of renewals: what it had begun and not ended when it was killed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface JournalLine {
  readonly tenant: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly what: 'begin' | 'end';
}

/** Lines that were torn by the kill are left out. */
export function readJournal(userDataDir: string): readonly JournalLine[] {
  let content: string;
  try {
    content = readFileSync(join(userDataDir, 'renewals.journal'), 'utf8');
  } catch {
    return [];
  }
  return content.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as JournalLine];
    } catch {
      return [];
    }
  });
}

/** Ids of tenants with a renewal that was begun and not ended. */
export function unendedTenants(lines: readonly JournalLine[]): ReadonlySet<string> {
  const open = new Set<string>();
  for (const { tenant, what } of lines) {
    if (what === 'begin') open.add(tenant);
    else open.delete(tenant);
  }
  return open;
}
