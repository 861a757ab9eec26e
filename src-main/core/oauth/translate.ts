/** The one place where errors of oauth4webapi and of a provider become ours. */
import * as oauth from 'oauth4webapi';
import { AppFailure, failure } from '../errors.ts';
import type { ErrorCode, Failure } from '../errors.ts';
import { retryAfter } from '../retry-after.ts';
import { safeText } from '../safe-text.ts';

/** @param host Whom the call went to. */
export function translate(cause: unknown, host: string): Failure {
  if (cause instanceof AppFailure) return { ok: false, error: cause.error };
  if (cause instanceof oauth.ResponseBodyError) {
    return failure(codeOfTokenError(cause.error, cause.status), {
      host,
      cause,
      detail: providerWords(cause.error, cause.error_description),
      ...retryAfter(cause.response),
    });
  }
  if (cause instanceof oauth.AuthorizationResponseError) {
    return failure('sign-in-denied', {
      host,
      cause,
      detail: providerWords(cause.error, cause.error_description),
    });
  }
  if (cause instanceof oauth.WWWAuthenticateChallengeError) {
    return failure('client-refused', { host, cause, detail: `HTTP ${String(cause.status)}` });
  }
  if (cause instanceof oauth.UnsupportedOperationError) {
    // An answer can ask two things of us that we do not do: another token type, an unusual ID token
    return cause.message.includes('token_type')
      ? failure('token-type-unsupported', { host, cause })
      : failure('id-token-invalid', { host, cause, subject: safeText(cause.message) });
  }
  if (cause instanceof oauth.OperationProcessingError) return fromProcessing(cause, host);
  if (cause instanceof Error && (cause.name === 'AbortError' || cause.name === 'TimeoutError')) {
    return failure('timed-out', { host, cause });
  }
  return failure('internal', { host, cause });
}

/** @returns What the provider said, e.g. `access_denied: The user said no`, safe to show. */
function providerWords(error: string, description: string | undefined): string {
  return safeText(description === undefined ? error : `${error}: ${description}`);
}

/** RFC 6749 §5.2 and OpenID Connect Core §3.1.2.6. What is not known here may pass, so it counts as trouble. */
function codeOfTokenError(error: string, status: number): ErrorCode {
  if (isTrouble(status)) return 'provider-trouble';
  switch (error) {
    case 'invalid_grant':
    case 'interaction_required':
    case 'login_required':
    case 'consent_required':
      return 'grant-refused';
    case 'invalid_client':
    case 'unauthorized_client':
      return 'client-refused';
    case 'unsupported_grant_type':
    case 'invalid_scope':
    case 'invalid_request':
    case 'invalid_target':
    case 'unsupported_token_type':
      return 'request-refused';
    default:
      return 'provider-trouble';
  }
}

/** Too busy or broken: says nothing about us (RFC 9110 §15.5.9 and §15.6, RFC 6585 §4, RFC 8470 §5.2). */
function isTrouble(status: number): boolean {
  return status >= 500 || status === 408 || status === 425 || status === 429;
}

function fromProcessing(cause: oauth.OperationProcessingError, host: string): Failure {
  const response = responseOf(cause);
  if (response !== undefined && isTrouble(response.status)) {
    return failure('provider-trouble', {
      host,
      cause,
      detail: `HTTP ${String(response.status)}`,
      ...retryAfter(response),
    });
  }
  switch (cause.code) {
    case oauth.RESPONSE_IS_NOT_CONFORM:
      return failure('not-the-provider', {
        host,
        cause,
        ...(response === undefined ? {} : { detail: `HTTP ${String(response.status)}` }),
      });
    case oauth.RESPONSE_IS_NOT_JSON:
    case oauth.PARSE_ERROR:
      return failure('not-the-provider', { host, cause });
    case oauth.HTTP_REQUEST_FORBIDDEN:
    case oauth.REQUEST_PROTOCOL_FORBIDDEN:
      return failure('endpoint-unsafe', { host, cause });
    case oauth.JSON_ATTRIBUTE_COMPARISON:
    case oauth.JWT_CLAIM_COMPARISON:
    case oauth.JWT_TIMESTAMP_CHECK:
    case oauth.KEY_SELECTION:
      return failure('id-token-invalid', { host, cause, subject: safeText(cause.message) });
    default:
      return failure('token-answer-invalid', { host, cause, subject: safeText(cause.message) });
  }
}

function responseOf(cause: oauth.OperationProcessingError): Response | undefined {
  const inner: unknown = cause.cause;
  return inner instanceof Response ? inner : undefined;
}
