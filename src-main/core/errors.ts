/**
 * Every failure of the app as a value: a code of a closed set, the facts that its text needs, and its cause.
 * Texts are made in one place, `error-texts.ts`; nothing here is shown as it is.
 */

/** What the person can do: wait (the app tries again), sign in, correct the tenant, or nothing. */
export type Remedy = 'retry-later' | 'sign-in' | 'fix-config' | 'none';

export type ErrorCode =
  // Reaching the provider
  | 'network-unreachable'
  | 'certificate-refused'
  | 'timed-out'
  | 'redirect-refused'
  | 'provider-trouble'
  | 'not-the-provider'
  // Discovery (OpenID Connect Discovery 1.0, RFC 8414)
  | 'discovery-missing'
  | 'issuer-mismatch'
  | 'endpoint-missing'
  | 'endpoint-unsafe'
  | 'pkce-unsupported'
  // The login window
  | 'sign-in-cancelled'
  | 'sign-in-timed-out'
  | 'sign-in-denied'
  | 'page-failed'
  | 'answer-invalid'
  // The system browser (RFC 8252)
  | 'browser-not-opened'
  | 'redirect-not-loopback'
  | 'port-taken'
  // A token taken from a web app
  | 'capture-ended'
  | 'capture-nothing-new'
  // The token endpoint (RFC 6749 §5.2) and its answer
  | 'grant-refused'
  | 'renewal-lost'
  | 'client-refused'
  | 'request-refused'
  | 'token-answer-invalid'
  | 'token-type-unsupported'
  | 'id-token-invalid'
  | 'clock-wrong'
  // A REST login
  | 'credentials-refused'
  | 'secret-missing'
  // Calling with a token
  | 'key-refused'
  | 'probe-unknown'
  // What is stored
  | 'keychain-locked'
  | 'keychain-unavailable'
  | 'vault-unreadable'
  | 'vault-not-saved'
  | 'settings-unreadable'
  | 'settings-restored'
  | 'settings-not-saved'
  // The app itself
  | 'sign-in-needed'
  | 'clipboard-failed'
  | 'tenant-unknown'
  | 'provider-unknown'
  | 'input-invalid'
  | 'internal';

export interface AppError {
  readonly code: ErrorCode;
  /** Host (with port) the failure is about. */
  readonly host?: string;
  /** The issuer that the provider states for itself. */
  readonly issuer?: string;
  /** What exactly was missing or wrong: an endpoint's name, a claim, a file's name. */
  readonly subject?: string;
  /** What the provider itself said; already made safe to show by `safeText`. */
  readonly detail?: string;
  /** What to do, where the catalogue knows better than the general text. */
  readonly advice?: string;
  /** How long the provider asked us to wait (Retry-After, RFC 9110 §10.2.3). */
  readonly retryAfterMs?: number;
  /** The request has certainly not reached anybody, so what it carried is unused. */
  readonly neverSent?: true;
  /** Form field → what is wrong with it, for `input-invalid`. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Kept for the debugger; never shown, logged or sent to a page. */
  readonly cause?: unknown;
}

export type Result<Value> = { readonly ok: true; readonly value: Value } | Failure;

export function success<Value>(value: Value): Result<Value> {
  return { ok: true, value };
}

export interface Failure {
  readonly ok: false;
  readonly error: AppError;
}

export function failure(code: ErrorCode, facts: Omit<AppError, 'code'> = {}): Failure {
  return { ok: false, error: { code, ...facts } };
}

/** For keeping an error in the state: a cause may hold what a provider answered. */
export function withoutCause(error: AppError): AppError {
  const { cause: _cause, ...rest } = error;
  return rest;
}

/** Wraps an AppError for code that must throw through a library's callback; `caught` unwraps it. */
export class AppFailure extends Error {
  readonly error: AppError;
  constructor(error: AppError) {
    super(error.code, { cause: error.cause });
    this.name = 'AppFailure';
    this.error = error;
  }
}

/** How a failed renewal is to be taken: the sign-in is over, the tenant is set up wrongly, or it may work later. */
export function severity(code: ErrorCode): 'terminal' | 'configuration' | 'transient' {
  switch (code) {
    case 'grant-refused':
    case 'renewal-lost':
    case 'sign-in-needed':
    case 'id-token-invalid':
    case 'capture-ended':
      return 'terminal';
    case 'client-refused':
    case 'request-refused':
    case 'issuer-mismatch':
    case 'endpoint-missing':
    case 'endpoint-unsafe':
    case 'pkce-unsupported':
    case 'token-type-unsupported':
    case 'redirect-not-loopback':
    case 'credentials-refused':
    case 'secret-missing':
    case 'key-refused':
    case 'probe-unknown':
    case 'provider-unknown':
    case 'input-invalid':
      return 'configuration';
    default:
      return 'transient';
  }
}
