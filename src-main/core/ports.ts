/** What the core needs from the world around it; `adapters/` has one implementation for each. */
import type { AppError, Result } from './errors.ts';
import type { StoredConfiguration } from './stored-configuration.ts';
import type { TenantSecrets } from './secrets.ts';

/** The only source of time. Instants are epoch milliseconds. */
export interface Clock {
  /**
   * The wall clock as it was when the app started, and what has passed since, suspend included: nobody can set it, so no
   * token seems to live longer or shorter because somebody sets the computer's clock.
   */
  readonly now: () => number;
  /** What the computer's clock says at the moment: for showing instants. */
  readonly wallNow: () => number;
  /** Runs once after `delayMs`, which may stand still during suspend; the returned function cancels. */
  readonly setTimer: (delayMs: number, run: () => void) => () => void;
}

/**
 * One HTTP request with the meaning of `fetch`; redirects are never followed, no cookies are sent or kept.
 * Rejects with an `AppFailure` (network-unreachable, certificate-refused, timed-out, redirect-refused).
 */
export type Http = (url: string, init: HttpInit) => Promise<Response>;

export interface HttpInit {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: URLSearchParams | FormData | string | null | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type KeychainState = 'opening' | 'open' | 'locked' | 'memory-only';

/** @returns Whether the keychain is locked, without asking the person for anything; undefined where nobody can tell. */
export type IsKeychainLocked = () => Promise<boolean | undefined>;

/** Secrets of tenants, at rest only encrypted. Reading never deletes; a failed read says why. */
export interface Vault {
  /** Opens the keychain; settles when the state is known. Call again to retry after `locked` or `memory-only`. */
  open(): Promise<KeychainState>;
  /** Why the state is not `open`; undefined when it is. */
  readonly trouble: () => Result<null>;
  /** Undefined: nothing is stored for this tenant. */
  read(tenantId: string): Promise<Result<TenantSecrets | undefined>>;
  /**
   * Durable on disk once it resolves with success. After a failure the secrets are kept in memory,
   * `read` gives them, and the next write tries again.
   */
  write(tenantId: string, secrets: TenantSecrets): Promise<Result<null>>;
  remove(tenantId: string): Promise<Result<null>>;
  /** Calls back whenever nothing waits to be brought to disk any more. */
  onSaved(listener: () => void): void;
}

/**
 * Tells after a crash which renewals were under way, because their outcome is unknown then. Holds no secret. What cannot
 * be written is left out: a renewal never waits for more than its line, and never fails for it.
 */
export interface RenewalJournal {
  /** Tenants whose renewal was begun by an earlier run of the app and has not ended since. */
  interrupted(): Promise<ReadonlySet<string>>;
  /** Survives a kill of the app once it resolves. */
  begin(tenantId: string): Promise<void>;
  /** The outcome is known and kept, or of no interest any more. Without a beginning it does nothing. */
  end(tenantId: string): void;
}

/** What the computer is connected to. */
export interface Network {
  /** A text that changes when an interface or an address comes or goes: a reason to try again. */
  readonly fingerprint: () => string;
}

/** What is not secret, kept between starts. */
export interface SettingsStore {
  /** Undefined: first start. Unparsed: `readStoredConfiguration` makes sense of it. */
  load(): Result<unknown>;
  /** What was last saved, from a second file, for when the first is damaged or gone; undefined: there is none of use. */
  loadCopy(): unknown;
  /**
   * Copies the present file beside itself before it is written over.
   * @returns The copy's file name; undefined when there is none, and then `save` refuses from now on.
   */
  keepAside(): string | undefined;
  save(configuration: StoredConfiguration): Result<null>;
}

/**
 * Who shows tray icons. `no-watcher`: nobody could have taken an icon in; `no-host`: a watcher has, but nobody draws it
 * yet; `unknown`: could not be found out.
 */
export type TrayHostState = 'shown' | 'no-host' | 'no-watcher' | 'unknown';

export interface Clipboard {
  writeText(text: string): Promise<void>;
  readText(): Promise<string>;
}

export interface Notifier {
  /** Shows a notice; both texts are plain. Never throws. `onClick` runs when the person chooses it. */
  notify(notice: {
    readonly title: string;
    readonly body: string;
    readonly onClick: () => void;
  }): void;
}

/** Where a person signs in: an embedded window or the system browser. */
export interface UserAgent {
  /** Opens what `begin` gives and resolves once, when the attempt has an end. Never rejects. */
  authorize(request: AuthorizationRequest): Promise<AuthorizationOutcome>;
  /** Brings the attempt's window to the front, if there is one. */
  show(tenantId: string): void;
}

export interface AuthorizationRequest {
  readonly tenantId: string;
  readonly tenantName: string;
  /** As registered, byte for byte (RFC 6749 §4.1.3). Null: no answer comes back; the attempt ends by its signal. */
  readonly redirectUri: string | null;
  /**
   * Called once, with the redirect URI as it will be: in the system browser one without a port gets a free one
   * (RFC 8252 §7.3).
   */
  readonly begin: (redirectUri: string) => Promise<Result<AuthorizationStart>>;
  /** The provider's own error page, where it has one: what it says ends the attempt. */
  readonly readErrorPage?: (page: URL) => AppError | undefined;
  /** Told what the page shows, for the person to see. */
  readonly onPage: (page: PageFacts) => void;
  /** Ends the attempt (cancelled or timed out). */
  readonly signal: AbortSignal;
}

export interface AuthorizationStart {
  readonly url: URL;
  /** Whether an answer that arrived at the redirect URI belongs to this attempt; if not, the attempt goes on. */
  readonly isOurs: (answer: URL) => boolean;
  /** The answer was asked for as a POST (OAuth 2.0 Form Post Response Mode §2); otherwise one that is posted is none. */
  readonly isPosted: boolean;
}

/** Takes the token from a web app's own calls. Its web session lives in memory only, as long as the app runs. */
export interface TokenCapture {
  /** Shows the web app in a window until one of its calls carries a token. Never rejects. */
  capture(request: CaptureRequest): Promise<CaptureOutcome>;
  /** The same without a window; `closed` when there is no web session or it waits for a person. */
  captureSilently(request: CaptureRequest): Promise<SilentCaptureOutcome>;
  /** Ends the web session. */
  forget(tenantId: string): void;
  show(tenantId: string): void;
}

export interface CaptureRequest {
  readonly tenantId: string;
  readonly tenantName: string;
  /** Calls to this very host (and port), made by its own pages, are looked at; no other header is ever seen. */
  readonly startUrl: URL;
  /** Only calls whose path holds this. */
  readonly pathPart: string;
  /** Whether a token is of use; with another one the watching goes on. */
  readonly isWanted: (token: string) => boolean;
  readonly onPage: (page: PageFacts) => void;
  readonly signal: AbortSignal;
}

export type CaptureOutcome =
  /** Without the word Bearer. */
  | { readonly kind: 'captured'; readonly token: string }
  | { readonly kind: 'closed' }
  | { readonly kind: 'page-failed'; readonly host: string; readonly reason: string };

/** `nothing-new`: no call with a wanted token came in time. */
export type SilentCaptureOutcome = CaptureOutcome | { readonly kind: 'nothing-new' };

/** Shows an https address in the system browser. */
export type OpenPage = (url: URL) => Promise<Result<null>>;

export interface PageFacts {
  /** The page is in the system browser, where nobody sees what it shows. */
  readonly inBrowser?: true;
  readonly host: string;
  readonly encrypted: boolean;
  readonly loading: boolean;
  readonly warning: string | null;
}

export type AuthorizationOutcome =
  | { readonly kind: 'answered'; readonly answer: URL }
  /** `begin` failed, or the user agent could not do its part. */
  | { readonly kind: 'failed'; readonly error: AppError }
  | { readonly kind: 'closed' }
  | { readonly kind: 'page-failed'; readonly host: string; readonly reason: string };
