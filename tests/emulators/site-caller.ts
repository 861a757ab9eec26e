/** A browser and an HTTP client in one, for emulators that nobody serves: calls `site` itself, keeps cookies, follows redirects. */
import type { Emulator, SiteAnswer, SiteRequest } from './site.ts';

export interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly body?: string;
}

export interface SiteCaller {
  ask(url: string, call?: Call): Promise<SiteAnswer>;
  /** Follows redirects as long as the emulator answers for them. */
  visit(url: string, call?: Call): Promise<Stop>;
  /** Visits, fills in the login page that this leads to, and goes on. */
  signIn(url: string, username?: string, password?: string): Promise<Stop>;
}

/** Where a visit ended. */
export interface Stop {
  readonly url: URL;
  /** Undefined: the emulator does not answer for this address. */
  readonly answer: SiteAnswer | undefined;
}

export function createSiteCaller(emulator: Emulator): SiteCaller {
  const cookies = new Map<string, string>();

  const answersFor = (host: string): boolean =>
    emulator.hosts.some((each) => each === host || each === host.replace(/^[^.]+/, '*'));

  const ask = async (address: string, call: Call = {}): Promise<SiteAnswer> => {
    const { form, json } = call;
    const url = new URL(address);
    const cookie = cookies.get(url.host);
    const fields = new URLSearchParams(form);
    const request: SiteRequest = {
      method: call.method ?? (form === undefined && json === undefined ? 'GET' : 'POST'),
      url,
      headers: { ...(cookie !== undefined && { cookie }), ...call.headers },
      body: call.body ?? (json === undefined ? String(fields) : JSON.stringify(json)),
      form: fields,
      json,
    };
    const answer = await emulator.site(request);
    const set = answer.headers?.['set-cookie'];
    if (typeof set === 'string') cookies.set(url.host, set.split(';')[0] ?? '');
    return answer;
  };

  const visit = async (address: string, call?: Call): Promise<Stop> => {
    const url = new URL(address);
    if (!answersFor(url.host)) return { url, answer: undefined };
    const answer = await ask(address, call);
    const location = answer.headers?.location;
    if (typeof location !== 'string') return { url, answer };
    return visit(new URL(location, url).href);
  };

  return {
    ask,
    visit,
    async signIn(address, username = 'ada', password = 'a password') {
      const { url, answer } = await visit(address);
      const page = String(answer?.body);
      if (!page.includes('id="password"')) throw new Error(`no login page at ${url.href}`);
      const hidden = [...page.matchAll(/type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(
        ([, name = '', value = '']) => [name, value] as const,
      );
      return visit(url.href, { form: { ...Object.fromEntries(hidden), username, password } });
    },
  };
}
