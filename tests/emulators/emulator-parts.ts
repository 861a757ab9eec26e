/** What the emulated vendors have in common: pages, cookies, checks of RFC 6749 and 7636, and the book of what was asked and issued. */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import type { Site, SiteAnswer, SiteRequest } from './site.ts';

/** The one password that every login page refuses. */
export const WRONG_PASSWORD = 'wrong-password';

/** What a captive portal or a broken proxy sends where JSON belongs. */
export const HTML_INSTEAD_OF_JSON: SiteAnswer = {
  body: '<!doctype html><title>Hello</title><p>This is not the answer you are looking for.',
};

/** What tests may look into and change while an emulator runs. */
export interface Inspection<Switches> {
  /** Every request so far, oldest first; of one path, if named. */
  requests(pathname?: string): readonly SiteRequest[];
  /** Every secret issued so far: none may turn up where it should not. */
  canaries(): readonly string[];
  /** Lays switches over those that are set; `reset()` clears them. */
  behave(change: Partial<Switches>): void;
}

export interface Book<Switches> extends Inspection<Switches> {
  switches(): Readonly<Switches>;
  /** A fresh secret that begins with this prefix; it is a canary from now on. */
  issue(prefix?: string): string;
  canary(value: string): string;
  /** The same site, its requests kept. */
  record(site: Site): Site;
  clear(): void;
}

export function createBook<Switches extends object>(defaults: Switches): Book<Switches> {
  let switches = defaults;
  let log: SiteRequest[] = [];
  const canaries = new Set<string>();
  const canary = (value: string): string => {
    canaries.add(value);
    return value;
  };
  return {
    switches: () => switches,
    behave(change) {
      switches = { ...switches, ...change };
    },
    issue: (prefix = '') => canary(prefix + randomBytes(24).toString('base64url')),
    canary,
    canaries: () => [...canaries],
    requests: (pathname) =>
      log.filter(({ url }) => pathname === undefined || url.pathname === pathname),
    record: (site) => (request) => {
      log.push(request);
      return site(request);
    },
    clear() {
      switches = defaults;
      log = [];
      canaries.clear();
    },
  };
}

/** A JWT (RFC 7519) that nobody can check: signed with a key that is thrown away. Instants in the claims are seconds. */
export function makeJwt(claims: Readonly<Record<string, unknown>>): string {
  const encode = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const unsigned = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${unsigned}.${createHmac('sha256', randomBytes(32)).update(unsigned).digest('base64url')}`;
}

/** JSON that no cache may keep (RFC 6749 §5.1). */
export function jsonAnswer(body: unknown, status = 200): SiteAnswer {
  return { status, headers: { 'cache-control': 'no-store' }, body };
}

export function redirectTo(
  target: string | URL,
  headers: Readonly<Record<string, string>> = {},
): SiteAnswer {
  return { status: 302, headers: { location: String(target), ...headers } };
}

/** The address with these parameters added to its query; undefined ones are left out. */
export function withQuery(
  address: string,
  parameters: Readonly<Record<string, string | undefined>>,
): URL {
  const target = new URL(address);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) target.searchParams.append(name, value);
  }
  return target;
}

/** @param content HTML as it is: escape what a request brought. */
export function htmlPage(title: string, content: string, status = 200): SiteAnswer {
  return {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' },
    body: `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><body><h1>${title}</h1>${content}</body></html>`,
  };
}

export function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  };
  return text.replaceAll(/[&<>"]/g, (character) => entities[character] ?? character);
}

/** A form with the controls #username, #password and #submit, which is posted to the page's own path. */
export function loginPage(
  title: string,
  hidden: Readonly<Record<string, string>>,
  message?: string,
): SiteAnswer {
  const kept = Object.entries(hidden)
    .map(([name, value]) => `<input type="hidden" name="${name}" value="${escapeHtml(value)}">`)
    .join('');
  const alert = message === undefined ? '' : `<p role="alert">${escapeHtml(message)}</p>`;
  return htmlPage(
    title,
    `${alert}<form method="post">${kept}<label>Username <input id="username" name="username" autocomplete="username" required></label><label>Password <input id="password" name="password" type="password" required></label><button id="submit">Sign in</button></form>`,
  );
}

/** @returns The username of a posted login page, or undefined if the password is the wrong one or something is missing. */
export function loggedInAs({ form }: SiteRequest): string | undefined {
  const username = form.get('username') ?? '';
  const password = form.get('password') ?? '';
  return username === '' || password === '' || password === WRONG_PASSWORD ? undefined : username;
}

export function sessionCookie(name: string, value: string): Readonly<Record<string, string>> {
  return {
    'set-cookie': `${name}=${value}; Path=/; Max-Age=43200; Secure; HttpOnly; SameSite=Lax`,
  };
}

export function cookieOf({ headers }: SiteRequest, name: string): string | undefined {
  return (headers.cookie ?? '')
    .split('; ')
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1);
}

/** The credential behind this scheme in an Authorization header (RFC 9110 §11.4), else undefined. */
export function credentialOf(header: unknown, scheme: 'Basic' | 'Bearer'): string | undefined {
  if (typeof header !== 'string') return undefined;
  return new RegExp(`^${scheme} +(\\S+)$`, 'i').exec(header)?.[1];
}

/** User and password of a Basic credential (RFC 7617 §2), not decoded further. */
export function basicPair(credential: string): readonly [user: string, password: string] {
  const text = Buffer.from(credential, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon === -1 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
}

/** The `S256` challenge of a verifier (RFC 7636 §4.2). */
export function s256(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url');
}
