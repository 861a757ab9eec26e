/** What the pages can ask for; App.svelte carries it out. */
import type {
  CopyFormatForm,
  ErrorView,
  SettingsView,
  TenantRow,
} from '../../src-main/contract/ipc.ts';

export interface TenantActions {
  readonly copy: (row: TenantRow) => void;
  /** Copies in this form now, and from then on by `copy`. */
  readonly copyAs: (row: TenantRow, format: CopyFormatForm) => void;
  /** Sends the probe request. */
  readonly call: (row: TenantRow) => void;
  readonly dismissCall: (row: TenantRow) => void;
  /** Answers why that failed. */
  readonly addAnotherAccount: (row: TenantRow, account: string) => Promise<ErrorView | null>;
  readonly signIn: (row: TenantRow) => void;
  readonly cancelSignIn: (row: TenantRow) => void;
  readonly showSignIn: (row: TenantRow) => void;
  readonly signOut: (row: TenantRow) => void;
  readonly renew: (row: TenantRow) => void;
  readonly activate: (row: TenantRow) => void;
  /** Shows what has happened to it. */
  readonly showActivity: (row: TenantRow) => void;
  readonly edit: (row: TenantRow) => void;
  readonly remove: (row: TenantRow) => void;
  /** Does again what ended with this error. */
  readonly tryAgain: (row: TenantRow, error: ErrorView) => void;
  /** Puts the error of the tenant's status on the clipboard; answers whether that worked. */
  readonly copyError: (row: TenantRow) => Promise<boolean>;
  readonly unlock: () => void;
}

export type ChangeSettings = (patch: Partial<SettingsView>) => void;

/** Opens a page of the catalogue: a field's, or (null) the provider's documentation. Answers why that failed. */
export type OpenProviderPage = (grant: string, field: string | null) => Promise<ErrorView | null>;
