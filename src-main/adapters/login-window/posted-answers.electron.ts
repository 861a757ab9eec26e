/** `response_mode=form_post` (OAuth 2.0 Form Post Response Mode §2): the one answer whose address does not hold it. */
import type { Session, UploadData } from 'electron';
import { isAtRedirectUri, isRedirect } from '../../core/oauth/callback.ts';
import { mayOpen, NOT_OPENED, NOWHERE } from './page-guard.electron.ts';
import type { PageRules } from './page-guard.electron.ts';

/** A posted answer longer than this is none (RFC 6749 names no limit; codes and states are far shorter). */
const LONGEST_POSTED_ANSWER_BYTES = 64 * 1024;

type JudgePosted = (body: Buffer | undefined, target: string) => void;

/**
 * @param isPosted Whether the answer was asked for in this way; if not, what is posted is stopped and is no answer.
 * @returns Ends it.
 */
export function catchPostedAnswers(
  own: Session,
  redirectUri: string,
  rules: PageRules,
  isPosted: boolean,
): () => void {
  const judge: JudgePosted = (body, target) => {
    if (isPosted) judgePosted(body, target, rules);
    else rules.warn('A posted answer was ignored, as none was asked for.');
  };
  const scheme = new URL(redirectUri).protocol.slice(0, -1);
  return scheme === 'http' || scheme === 'https'
    ? catchRequests(own, redirectUri, rules, judge)
    : serveScheme(own, scheme, redirectUri, judge);
}

/**
 * Only here is the body seen. Anything else for the redirect URI has been stopped before; should it come this far, it is
 * cancelled all the same.
 */
function catchRequests(
  own: Session,
  redirectUri: string,
  rules: PageRules,
  judge: JudgePosted,
): () => void {
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
      const isAllowed = details.resourceType !== 'mainFrame' || mayOpen(details.url, rules);
      if (isRedirect(details.url, redirectUri)) callback({ cancel: true });
      else callback(isAllowed ? {} : { redirectURL: NOWHERE });
      if (!isAllowed) rules.warn(NOT_OPENED);
      return;
    }
    if (details.resourceType !== 'mainFrame') {
      callback({ cancel: true });
      return;
    }
    callback({ redirectURL: NOWHERE });
    judge(bodyOf(details.uploadData), details.url);
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
  judge: JudgePosted,
): () => void {
  // Chromium's own: no provider's page comes there
  if (own.protocol.isProtocolHandled(scheme)) return () => undefined;
  own.protocol.handle(scheme, async ({ method, url, body }) => {
    if (method === 'POST' && isAtRedirectUri(url, redirectUri)) {
      judge(await readLimited(body), url);
    }
    // The page stays (RFC 9110 §15.3.5)
    return new Response(null, { status: 204 });
  });
  return () => {
    own.protocol.unhandle(scheme);
  };
}

/** @returns Undefined for a body that is too long to be an answer; the rest of it is not read. */
async function readLimited(body: ReadableStream<Uint8Array> | null): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > LONGEST_POSTED_ANSWER_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
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
