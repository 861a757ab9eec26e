/**
 * TeleTracker: a REST login without OAuth. Facts: https://www.teletracker.net/developer-documentation/rest-api/auth/login/ and
 * …/authentication/bearer-tokens/refresh-your-bearer-token/. Its error bodies are not published: here `success`, `message`
 * and, for missing fields, `missing` with their names.
 */
import { createBook, jsonAnswer, type Inspection } from './emulator-parts.ts';
import type { Emulator, SiteAnswer, SiteRequest } from './site.ts';

export const TELETRACKER_HOST = 'api.teletracker.net';

export interface TeleTrackerOptions {
  readonly username?: string;
  readonly password?: string;
  /** Accounts of the user; the first is the usual one. */
  readonly accountIds?: readonly number[];
  /** Milliseconds. Default `Date.now`. */
  readonly now?: () => number;
}

export interface TeleTrackerSwitches {
  readonly wrongPasswordStatus: 401 | 403;
  /** For tokens and refresh tokens that are expired, used or unknown. */
  readonly expiredStatus: 401 | 403;
  /** Where the Bearer token is read from: the documents write both, in different places. */
  readonly tokenHeader: 'authorization' | 'authentication';
  /** Failures come with 200; only `success` tells. */
  readonly failsWithStatus200: boolean;
  /** Lies between the server's clock, by which it writes dates, and the true one. */
  readonly clockSkewSeconds: number;
  /** Life of a token. */
  readonly tokenSeconds: number;
  /** Instead of any answer of /auth/login, /auth/refresh or the reports. */
  readonly loginAnswer: SiteAnswer | undefined;
  readonly refreshAnswer: SiteAnswer | undefined;
  readonly apiAnswer: SiteAnswer | undefined;
}

export interface TeleTracker extends Emulator, Inspection<TeleTrackerSwitches> {
  readonly username: string;
  readonly password: string;
  readonly accountIds: readonly number[];
  /** Sessions made by a login; a check with `auth_only` makes none. */
  sessionsMade(): number;
  /** All tokens and refresh tokens are refused from now on. */
  endSessions(): void;
}

interface Session {
  readonly accountId: number;
  readonly expiresAtMs: number;
}

/** About 30 days in the example. */
const REFRESH_TOKEN_LIFE_MS = 30 * 24 * 60 * 60_000;

const WELL_BEHAVED: TeleTrackerSwitches = {
  wrongPasswordStatus: 401,
  expiredStatus: 401,
  tokenHeader: 'authorization',
  failsWithStatus200: false,
  clockSkewSeconds: 0,
  tokenSeconds: 3600,
  loginAnswer: undefined,
  refreshAnswer: undefined,
  apiAnswer: undefined,
};

export function createTeleTracker(options: TeleTrackerOptions = {}): TeleTracker {
  const {
    username = 'ada',
    password = 'teletracker-password',
    accountIds = [1001, 1002],
    now = Date.now,
  } = options;
  const book = createBook(WELL_BEHAVED);
  const tokens = new Map<string, Session>();
  const refreshTokens = new Map<string, Session>();
  let sessionsMade = 0;

  const failure = (
    status: number,
    message: string,
    more: Readonly<Record<string, unknown>> = {},
  ): SiteAnswer =>
    jsonAnswer(
      { success: false, message, ...more },
      book.switches().failsWithStatus200 ? 200 : status,
    );

  /** @returns The answer that names what is missing, or undefined if nothing is. */
  const missing = (
    fields: ReadonlyMap<string, string>,
    names: readonly string[],
  ): SiteAnswer | undefined => {
    const absent = names.filter((name) => (fields.get(name) ?? '') === '');
    return absent.length === 0
      ? undefined
      : failure(400, 'Required fields are missing', { missing: absent });
  };

  const dateOf = (atMs: number): string => {
    const writtenMs = atMs + book.switches().clockSkewSeconds * 1000;
    return new Date(writtenMs).toISOString().replace(/\.\d+Z$/, '+00:00');
  };

  const startSession = (accountId: number): SiteAnswer => {
    const { tokenSeconds } = book.switches();
    const token = book.canary(crypto.randomUUID());
    const refreshToken = book.canary(crypto.randomUUID());
    const expiresAtMs = now() + tokenSeconds * 1000;
    const refreshExpiresAtMs = now() + REFRESH_TOKEN_LIFE_MS;
    tokens.set(token, { accountId, expiresAtMs });
    refreshTokens.set(refreshToken, { accountId, expiresAtMs: refreshExpiresAtMs });
    return jsonAnswer({
      success: true,
      guid: crypto.randomUUID(),
      token,
      tokenExpiration: dateOf(expiresAtMs),
      tokenLifetime: tokenSeconds,
      refreshToken,
      refreshTokenExpiration: dateOf(refreshExpiresAtMs),
    });
  };

  const login = (fields: ReadonlyMap<string, string>): SiteAnswer => {
    const incomplete = missing(fields, ['username', 'password']);
    if (incomplete !== undefined) return incomplete;
    if (fields.get('username') !== username || fields.get('password') !== password) {
      return failure(book.switches().wrongPasswordStatus, 'Invalid username or password');
    }
    const wanted = fields.get('account_id') ?? '';
    const accountId = accountIds.find((each) => wanted === '' || String(each) === wanted);
    if (accountId === undefined) return failure(403, 'No access to this account');
    if (fields.get('auth_only') === '1') return jsonAnswer({ success: true });
    sessionsMade += 1;
    return startSession(accountId);
  };

  const refresh = (fields: ReadonlyMap<string, string>): SiteAnswer => {
    const incomplete = missing(fields, ['refresh_token']);
    if (incomplete !== undefined) return incomplete;
    const value = fields.get('refresh_token') ?? '';
    const session = refreshTokens.get(value);
    refreshTokens.delete(value);
    if (session === undefined || session.expiresAtMs <= now()) {
      return failure(book.switches().expiredStatus, 'Invalid refresh token');
    }
    return startSession(session.accountId);
  };

  const callData = ({ headers }: SiteRequest, fields: ReadonlyMap<string, string>): SiteAnswer => {
    const { tokenHeader, expiredStatus } = book.switches();
    const value = /^Bearer (\S+)$/.exec(String(headers[tokenHeader] ?? ''))?.[1] ?? '';
    const session = tokens.get(value);
    if (session === undefined || session.expiresAtMs <= now()) {
      return failure(expiredStatus, 'Not authenticated');
    }
    const incomplete = missing(fields, ['start_date', 'end_date']);
    if (incomplete !== undefined) return incomplete;
    const wanted = fields.get('account_id') ?? String(session.accountId);
    if (wanted !== String(session.accountId)) return failure(403, 'No access to this account');
    return jsonAnswer({ success: true, accountId: session.accountId, calls: [] });
  };

  const site = async (request: SiteRequest): Promise<SiteAnswer> => {
    const { loginAnswer, refreshAnswer, apiAnswer } = book.switches();
    const fields = await fieldsOf(request);
    switch (`${request.method} ${request.url.pathname}`) {
      case 'POST /auth/login':
        return loginAnswer ?? login(fields);
      case 'POST /auth/refresh':
        return refreshAnswer ?? refresh(fields);
      case 'GET /reports/call-data':
        return apiAnswer ?? callData(request, fields);
      default:
        return failure(404, 'Not found');
    }
  };

  return {
    ...book,
    hosts: [TELETRACKER_HOST],
    site: book.record(site),
    username,
    password,
    accountIds,
    sessionsMade: () => sessionsMade,
    endSessions() {
      tokens.clear();
      refreshTokens.clear();
    },
    reset() {
      book.clear();
      tokens.clear();
      refreshTokens.clear();
      sessionsMade = 0;
    },
  };
}

/** Of a form, a multipart or a JSON body; GET and DELETE take the query too. */
async function fieldsOf(request: SiteRequest): Promise<ReadonlyMap<string, string>> {
  const { method, url, headers, body, form, json } = request;
  const contentType = headers['content-type'] ?? '';
  const entries: (readonly [string, unknown])[] =
    method === 'GET' || method === 'DELETE' ? [...url.searchParams] : [];
  if (contentType.startsWith('multipart/form-data')) {
    const parts = await new Response(body, { headers: { 'content-type': contentType } }).formData();
    entries.push(...parts);
  } else if (typeof json === 'object' && json !== null) {
    entries.push(...Object.entries(json));
  } else {
    entries.push(...form);
  }
  return new Map(entries.map(([name, value]) => [name, String(value)]));
}
