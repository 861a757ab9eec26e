/** `response_mode=form_post` (OAuth 2.0 Form Post Response Mode §2): the one answer whose address does not hold it. */
import { buffer } from 'node:stream/consumers';
import type { Session, UploadData } from 'electron';
import { isAtRedirectUri, isRedirect } from '../../core/oauth/callback.ts';
import { mayOpen, NOWHERE } from './page-guard.electron.ts';
import type { PageRules } from './page-guard.electron.ts';

/** A posted answer longer than this is none (RFC 6749 names no limit; codes and states are far shorter). */
const LONGEST_POSTED_ANSWER_BYTES = 64 * 1024;

/** @returns Ends it. */
export function catchPostedAnswers(
  own: Session,
  redirectUri: string,
  rules: PageRules,
): () => void {
  const scheme = new URL(redirectUri).protocol.slice(0, -1);
  return scheme === 'http' || scheme === 'https'
    ? catchRequests(own, redirectUri, rules)
    : serveScheme(own, scheme, redirectUri, rules);
}

/**
 * Only here is the body seen. Anything else for the redirect URI has been stopped before; should it come this far, it is
 * cancelled all the same.
 */
function catchRequests(own: Session, redirectUri: string, rules: PageRules): () => void {
  own.webRequest.onBeforeRequest((details, callback) => {
    if (details.resourceType !== 'mainFrame' && details.resourceType !== 'subFrame') {
      callback({});
      return;
    }
    // What is posted anywhere else (a password, for one) is not looked at
    if (!isAtRedirectUri(details.url, redirectUri)) {
      callback({});
      return;
    }
    if (details.method !== 'POST') {
      const cancel = isRedirect(details.url, redirectUri) || !mayOpen(details.url, rules);
      callback(cancel ? { cancel } : {});
      return;
    }
    if (details.resourceType !== 'mainFrame') {
      callback({ cancel: true });
      return;
    }
    callback({ redirectURL: NOWHERE });
    judgePosted(bodyOf(details.uploadData), details.url, rules);
  });
  return () => {
    own.webRequest.onBeforeRequest(null);
  };
}

/** Requests to a scheme of an app never reach `webRequest`; within this session we are who answers it. */
function serveScheme(
  own: Session,
  scheme: string,
  redirectUri: string,
  rules: PageRules,
): () => void {
  // Chromium's own: no provider's page comes there
  if (own.protocol.isProtocolHandled(scheme)) return () => undefined;
  own.protocol.handle(scheme, async ({ method, url, body }) => {
    if (method === 'POST' && isAtRedirectUri(url, redirectUri)) {
      judgePosted(body === null ? Buffer.alloc(0) : await buffer(body), url, rules);
    }
    // The page stays (RFC 9110 §15.3.5)
    return new Response(null, { status: 204 });
  });
  return () => {
    own.protocol.unhandle(scheme);
  };
}

function bodyOf(uploadData: readonly UploadData[] | undefined): Buffer | undefined {
  // An entry for a file has no bytes, whatever its type says
  const parts = (uploadData ?? []).map(({ bytes }) => bytes as Buffer | undefined);
  if (parts.includes(undefined)) return undefined;
  return Buffer.concat(parts.filter((part) => part !== undefined));
}

/** The posted fields become a query, so that every kind of answer is judged in one form. */
function judgePosted(body: Buffer | undefined, target: string, rules: PageRules): void {
  if (body === undefined || body.length > LONGEST_POSTED_ANSWER_BYTES) {
    rules.warn('An unreadable answer was ignored.');
    return;
  }
  const answer = new URL(target);
  for (const [name, value] of new URLSearchParams(body.toString('utf8'))) {
    answer.searchParams.append(name, value);
  }
  rules.judge(answer);
}
