/** What a command has just done to a tenant, beyond what the snapshot tells: running, copied, failed, signed out. */
import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import type {
  CallReport,
  CopyReport,
  ErrorView,
  SignOutReport,
  TenantRow,
} from '../../src-main/contract/ipc.ts';
import { copiedNote } from './row-view.ts';

const COPIED_SHOWN_MS = 2000;
/** Where there is more to read. */
const NOTED_SHOWN_MS = 5000;

export class RowFeedback {
  /** Tenants whose copy command is running. */
  readonly copying = new SvelteSet<string>();
  readonly copied = new SvelteMap<string, CopyReport>();
  readonly errors = new SvelteMap<string, ErrorView>();
  readonly signOuts = new SvelteMap<string, SignOutReport>();
  /** What the last probe request brought; `running` while it is on its way. */
  readonly calls = new SvelteMap<string, CallReport | 'running'>();
  /** For screen readers; replaced by each announcement. */
  announcement = $state('');
  readonly #copiedTimers: Record<string, number> = {};

  showCopied(tenantId: string, report: CopyReport): void {
    const shownMs = copiedNote(report, Date.now()) === null ? COPIED_SHOWN_MS : NOTED_SHOWN_MS;
    window.clearTimeout(this.#copiedTimers[tenantId]);
    this.copied.set(tenantId, report);
    this.#copiedTimers[tenantId] = window.setTimeout(() => {
      this.copied.delete(tenantId);
      this.announcement = '';
    }, shownMs);
  }

  /** A new command makes the outcome of the last one old news. */
  clear(tenantId: string): void {
    this.errors.delete(tenantId);
    this.signOuts.delete(tenantId);
  }

  /** A new token makes the failure to get one, and what was said about the former one, old news. */
  forgetWhatIsOver(before: readonly TenantRow[], after: readonly TenantRow[]): void {
    const issuedAtMs = (rows: readonly TenantRow[], tenantId: string): number | null =>
      rows.find(({ id }) => id === tenantId)?.issuedAtMs ?? null;
    for (const tenantId of [...this.errors.keys(), ...this.calls.keys()]) {
      if (issuedAtMs(before, tenantId) === issuedAtMs(after, tenantId)) continue;
      this.clear(tenantId);
      if (this.calls.get(tenantId) !== 'running') this.calls.delete(tenantId);
    }
  }

  /** For a tenant that has been removed. */
  forget(tenantId: string): void {
    this.clear(tenantId);
    this.calls.delete(tenantId);
    this.copying.delete(tenantId);
    this.copied.delete(tenantId);
  }
}
