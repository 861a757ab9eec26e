/**
 * Everything that crosses between main and our own pages: the commands (in), the one push (out).
 * A leaf: imports nothing, so that both sides can use it. No type here can hold a token, a code,
 * a refresh token or a stored secret; secrets travel only inward, in `TenantDraft.secrets`.
 */

/** Every command: its arguments and what it answers. Adding one here makes both sides fail to compile until they know it. */
export interface Commands {
  /** The current state, for a page that has just loaded; later ones arrive by `onSnapshot`. */
  getSnapshot: { args: []; value: Snapshot };
  /** The catalogue: what can be added and what its form asks. Does not change while the app runs. */
  listProviders: { args: []; value: readonly ProviderForm[] };
  /** What the form of an existing tenant shows: everything but its secrets. */
  readTenant: { args: [tenantId: string]; value: TenantDraft };
  /** Adds a tenant (no id) or changes one; answers its id. */
  saveTenant: { args: [draft: TenantDraft]; value: string };
  /** Forgets the tenant and its secrets on this computer; the page has asked for confirmation. */
  removeTenant: { args: [tenantId: string]; value: null };
  activateTenant: { args: [tenantId: string]; value: null };
  /** Ends when the person has signed in, or the attempt has failed or been cancelled. */
  signIn: { args: [tenantId: string]; value: null };
  cancelSignIn: { args: [tenantId: string]; value: null };
  /** Brings the open login window of this tenant to the front. */
  showSignIn: { args: [tenantId: string]; value: null };
  signOut: { args: [tenantId: string]; value: SignOutReport };
  renew: { args: [tenantId: string]; value: null };
  /** Puts a token that is valid for a while on the clipboard, renewing it first where needed. */
  copyToken: { args: [tenantId: string]; value: CopyReport };
  /** Copies in another form (see `listCopyFormats`), which from then on is what `copyToken` does for this tenant. */
  copyTokenAs: { args: [tenantId: string, format: string]; value: CopyReport };
  /** Does not change while the app runs. */
  listCopyFormats: { args: []; value: readonly CopyFormatForm[] };
  /** Sends the tenant's probe request with its token and says what came back. */
  callProbe: { args: [tenantId: string]; value: CallReport };
  /** Makes the cheapest real call with what a form holds, saving nothing. A tenant's stored secrets are used where the form keeps them. */
  testTenant: { args: [draft: TenantDraft]; value: TestReport };
  /** Adds a tenant that differs in its account only, and signs in to it; answers its id. */
  addAnotherAccount: { args: [tenantId: string, account: string]; value: string };
  /** Opens a page of the catalogue in the system browser: a field's, or (null) the provider's documentation. */
  openProviderPage: {
    args: [providerId: string, grant: string, field: string | null];
    value: null;
  };
  /** Puts the tenant's last error, as it is shown, on the clipboard. */
  copyError: { args: [tenantId: string]; value: null };
  /** What has happened since the app started, newest first: to one tenant, or (null) everything. */
  readActivity: { args: [tenantId: string | null]; value: readonly ActivityEntry[] };
  /** Puts a report about this installation on the clipboard that names no tenant, no host and no secret. */
  copyDiagnostics: { args: []; value: null };
  saveSettings: { args: [patch: Partial<SettingsView>]; value: null };
  /** Asks the keychain again after it was locked or away. */
  retryKeychain: { args: []; value: null };
  hidePopover: { args: []; value: null };
  quit: { args: []; value: null };
}

export type CommandName = keyof Commands;

/** A command's answer. Failures are data: an exception thrown across IPC arrives as a bare string. */
export type Answer<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly error: ErrorView };

/** What the preload puts on `window.bridge`: one function a command, and the subscription. */
export type Bridge = {
  readonly [Name in CommandName]: (
    ...args: Commands[Name]['args']
  ) => Promise<Answer<Commands[Name]['value']>>;
} & {
  /** Calls back with every new snapshot until the returned function is called. */
  readonly onSnapshot: (listener: (snapshot: Snapshot) => void) => () => void;
};

/** Channel of the one push from main. */
export const SNAPSHOT_CHANNEL = 'snapshot';

/** The whole of what a page knows, replaced as one on every change. */
export interface Snapshot {
  readonly tenants: readonly TenantRow[];
  readonly activeTenantId: string | null;
  readonly settings: SettingsView;
  readonly keychain: KeychainView;
  /** Whether an icon can be seen: without a tray host the app is an ordinary window. */
  readonly tray: 'pending' | 'shown' | 'no-host';
  /** Things to tell that belong to no tenant, e.g. settings that could not be read. */
  readonly problems: readonly ErrorView[];
  /** A row to open and look at, as after a click on a notice; `count` grows each time. Null until then. */
  readonly spotlight: {
    readonly tenantId: string;
    readonly count: number;
    readonly atMs: number;
  } | null;
}

export interface TenantRow {
  readonly id: string;
  readonly name: string;
  /** A CSS colour of the palette, `#rrggbb`. */
  readonly colour: string;
  readonly providerName: string;
  readonly grantName: string;
  /** Whom the token speaks for (e-mail, user name, client id) where known. */
  readonly account: string | null;
  readonly status: TenantStatus;
  /** End of the current token; null when there is none or its end is unknown. */
  readonly expiresAtMs: number | null;
  /** Start of the current token's life; null when there is none. */
  readonly issuedAtMs: number | null;
  /** True when a sign-in needs a person in a window (false: asked for without one). */
  readonly interactive: boolean;
  /** The app can get the next token by itself. */
  readonly renewable: boolean;
  readonly scope: string | null;
  /** End of the sign-in itself (of what renews the token), where the provider tells it. */
  readonly signInEndsAtMs: number | null;
  /** Id of the form that Copy gives for this tenant; see `listCopyFormats`. */
  readonly copyFormat: string;
  /** A word to show beside the name, e.g. “Read-only”. */
  readonly mark: string | null;
  /** There is a request that can be sent with `callProbe`. */
  readonly callable: boolean;
  /** What to ask for `addAnotherAccount`, e.g. “Account ID”; null where there is no such thing. */
  readonly anotherAccountLabel: string | null;
  /** What to know before removing it; null: nothing special. */
  readonly removalNote: string | null;
  /** What a login window that is open now shows; null when none is. */
  readonly signIn: SignInView | null;
  /** The host that renews it cannot be reached; null when it can, or nothing is renewed. */
  readonly outage: OutageView | null;
}

export interface OutageView {
  readonly sinceMs: number;
  readonly retryAtMs: number;
  readonly error: ErrorView;
}

/** `message` says what happened, `nextStep` what to do; both are safe to show and to copy. */
export type TenantStatus =
  | { readonly kind: 'signed-out' }
  | { readonly kind: 'signing-in' }
  | { readonly kind: 'fresh' }
  | { readonly kind: 'renewing' }
  /** Renewal failed for now; the token may still be good; the app tries again at `retryAtMs`. */
  | {
      readonly kind: 'retrying';
      readonly error: ErrorView;
      readonly retryAtMs: number;
      /** When the first attempt failed. */
      readonly sinceMs: number;
      readonly failures: number;
    }
  /** The token ran out and the app cannot renew it, or the last sign-in did not succeed. */
  | { readonly kind: 'sign-in-needed'; readonly error: ErrorView | null }
  /** Something in the tenant's configuration is wrong. */
  | { readonly kind: 'misconfigured'; readonly error: ErrorView }
  /** The keychain is locked: what is stored cannot be read yet. */
  | { readonly kind: 'locked' };

export interface SignInView {
  /** The person is to go on in the system browser; then `host` is where it was sent to. */
  readonly inBrowser: boolean;
  /** Host that the page is really on, in its ASCII form, with the port where it is not the default. */
  readonly host: string;
  readonly encrypted: boolean;
  readonly loading: boolean;
  /** One sentence about an answer that was ignored; null when there was none. */
  readonly warning: string | null;
}

export interface KeychainView {
  readonly state: 'opening' | 'open' | 'locked' | 'memory-only';
  /** What it means and what to do; null when all is well. */
  readonly message: string | null;
}

export interface SettingsView {
  /** How long before a token's end the notice comes, in minutes: 1 to 60. */
  readonly noticeLeadMinutes: number;
  /** Notify before every expiry, also when the app renews by itself. */
  readonly noticeAlways: boolean;
  /** A copied token is valid for at least this long, in seconds: 5 to 600. */
  readonly minimumValiditySeconds: number;
  /** A copied token is taken off the clipboard after this many seconds; 0: never. */
  readonly clearClipboardAfterSeconds: number;
  readonly theme: 'system' | 'light' | 'dark';
}

export interface SignOutReport {
  /**
   * Whether the provider was told: it confirmed, it has no revocation endpoint, it is told as soon as it can be, or it
   * refused.
   */
  readonly revoked: 'confirmed' | 'not-offered' | 'later' | 'failed';
}

export interface CopyReport {
  readonly expiresAtMs: number | null;
  /** A new token was fetched first. */
  readonly renewed: boolean;
}

export interface CopyFormatForm {
  readonly id: string;
  readonly label: string;
}

/** What a probe request brought. */
export interface CallReport {
  readonly method: string;
  /** Without query and without anything secret. */
  readonly url: string;
  readonly status: number;
  readonly durationMs: number;
  /** The status says that the token was accepted. */
  readonly accepted: boolean;
  /** Shortened; tokens and secrets in it are blotted out. */
  readonly body: string;
}

export interface TestReport {
  /** One sentence: what was tried and what came back. */
  readonly message: string;
}

/** Several equal ones in a row are one entry. */
export interface ActivityEntry {
  readonly kind: ActivityKind;
  /** Null: about the app, not about a tenant. */
  readonly tenantId: string | null;
  readonly tenantName: string | null;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly count: number;
  /** How long the last one took; null where that says nothing. */
  readonly durationMs: number | null;
  /** Host (with port) that it is about; null where it is about none. */
  readonly host: string | null;
  readonly error: ErrorView | null;
}

export type ActivityKind =
  | 'signed-in'
  | 'sign-in-failed'
  | 'renewed'
  | 'renewal-failed'
  | 'signed-out'
  | 'token-ended'
  | 'host-unreachable'
  | 'host-reachable'
  | 'clock-moved'
  | 'keychain-open'
  | 'keychain-closed';

export type Remedy = 'retry-later' | 'sign-in' | 'fix-config' | 'none';

export interface ErrorView {
  /** Stable name of the error, e.g. `network-unreachable`. */
  readonly code: string;
  readonly message: string;
  readonly nextStep: string;
  readonly remedy: Remedy;
  /** What the provider itself said, made safe to show; null when it said nothing. */
  readonly detail: string | null;
  /** For a refused form: field name → what is wrong with it. */
  readonly fields: Readonly<Record<string, string>> | null;
}

/** A tenant as the form edits it. */
export interface TenantDraft {
  /** Absent for a new tenant. */
  readonly id?: string;
  readonly providerId: string;
  readonly grant: string;
  readonly name: string;
  readonly colour: string;
  /** Field name → typed text; see `FieldForm`. */
  readonly values: Readonly<Record<string, string>>;
  /**
   * Field name → secret. Inward: absent keeps the stored one, null deletes it, a text replaces it.
   * Outward (readTenant) it is always empty, and `storedSecrets` names those that exist.
   */
  readonly secrets: Readonly<Record<string, string | null>>;
  readonly storedSecrets: readonly string[];
  /** Per tenant: follow the settings, notify before every expiry, or never. */
  readonly notice: 'default' | 'always' | 'never';
}

/** A catalogue entry as the form needs it. */
export interface ProviderForm {
  readonly id: string;
  readonly name: string;
  readonly summary: string;
  readonly group: 'business' | 'any' | 'identity' | 'rest';
  /** There is a page about getting tokens there; see `openProviderPage`. */
  readonly hasDocumentation: boolean;
  readonly grants: readonly GrantForm[];
}

export interface GrantForm {
  readonly id: string;
  readonly name: string;
  /** One sentence that helps to choose. */
  readonly summary: string;
  readonly fields: readonly FieldForm[];
}

export interface FieldForm {
  readonly name: string;
  readonly label: string;
  /** `label`: one part of a host name; `host`: a host name; `parameters`: one `name=value` a line; `date`: `2026-12-31`. */
  readonly kind:
    'url' | 'host' | 'label' | 'text' | 'secret' | 'scopes' | 'parameters' | 'choice' | 'date';
  readonly required: boolean;
  /** One sentence: what it is and where to find it. */
  readonly hint: string;
  /** There is a page of the provider where it is found; see `openProviderPage`. */
  readonly hasLink: boolean;
  /** For `choice`; empty for any other kind. */
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly placeholder: string;
  readonly initial: string;
  /** Shown only under "More". */
  readonly advanced: boolean;
}
