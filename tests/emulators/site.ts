/** What an emulated vendor is made of: one function from a request to an answer, reached under the vendor's real host names. */
import type { IncomingHttpHeaders } from 'node:http';

export interface SiteRequest {
  readonly method: string;
  /** As the caller meant it: `https://accounts.livechat.com/v2/token?…`. */
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Fields of a form-encoded body; empty for any other. */
  readonly form: URLSearchParams;
  /** The parsed JSON body; undefined for any other. */
  readonly json: unknown;
}

export interface SiteAnswer {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** A text is sent as it is (as `text/html` unless a header says otherwise), anything else as JSON. */
  readonly body?: unknown;
  /** The connection is closed instead of answering. */
  readonly cut?: true;
}

export type Site = (request: SiteRequest) => SiteAnswer | Promise<SiteAnswer>;

/** One vendor: true to its documents by default; its own file adds switches to misbehave. */
export interface Emulator {
  /** Host names it answers for; `*.` in front stands for any one label. */
  readonly hosts: readonly string[];
  readonly site: Site;
  /** Forgets what was issued and every switch. */
  reset(): void;
}
