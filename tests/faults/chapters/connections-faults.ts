/** What goes wrong between the app and a token endpoint: one entry a fault, each with what is expected of it. */
import { gzipSync } from 'node:zlib';
import type { CutAt, Fault, RawAnswer } from '../../emulators/fault-proxy.ts';

export interface Case {
  readonly name: string;
  readonly fault: Fault;
  /** The proxy speaks TLS. */
  readonly tls?: boolean;
  /** A request before it has come by the same connection. */
  readonly keptConnection?: boolean;
  /** Too slow for the short form. */
  readonly longOnly?: boolean;
}

const html = (status: number): RawAnswer => ({
  status,
  headers: { 'content-type': 'text/html' },
  body: '<!doctype html><title>Hello</title><p>This is not the page you are looking for.',
});

const json = (status: number, members: object): RawAnswer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(members),
});

const answered = (name: string, answer: RawAnswer): Case => ({
  name,
  fault: { kind: 'answer', answer },
});

const STAGES: readonly CutAt[] = ['connect', 'request', 'answer', 'headers', 'body', 'end'];

/** The connection ends or stalls at any stage. */
export const CUTS: readonly Case[] = [
  ...STAGES.map((at): Case => ({ name: `cut: ${at}`, fault: { kind: 'cut', at } })),
  {
    name: 'cut: answer, on a connection kept open',
    fault: { kind: 'cut', at: 'answer' },
    keptConnection: true,
  },
  {
    name: 'cut: answer, after 3 s',
    fault: { kind: 'cut', at: 'answer', afterMs: 3000 },
  },
  { name: 'slow', fault: { kind: 'slow', delayMs: 2000 } },
  { name: 'no answer at all', fault: { kind: 'hold' }, longOnly: true },
];

const BOMB_BYTES = 64 * 1024 * 1024;

/** Nobody is there, somebody else is, or the provider has trouble: nothing that ends a sign-in. */
export const TROUBLES: readonly Case[] = [
  { name: 'refused', fault: { kind: 'refuse' } },
  { name: 'bad certificate', fault: { kind: 'bad-certificate' }, tls: true },
  answered('200 with a web page', html(200)),
  answered('302 to a portal', {
    status: 302,
    headers: { location: 'http://127.0.0.1:9/portal' },
  }),
  answered('400 with a web page', html(400)),
  answered('401 with a web page', html(401)),
  ...[408, 425, 429, 500, 502, 503, 504, 511].map((status) =>
    answered(String(status), html(status)),
  ),
  answered('empty', { status: 200, headers: { 'content-type': 'application/json' } }),
  answered('truncated JSON', {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: '{"access_token":"access-of-nobody","token_ty',
  }),
  answered('gzip bomb', {
    status: 200,
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    body: gzipSync(Buffer.alloc(BOMB_BYTES)),
  }),
];

/** Errors of RFC 6749 §5.2 and §4.1.2.1 that pass by themselves. */
export const PASSING_ERRORS: readonly Case[] = [
  answered('temporarily_unavailable', json(400, { error: 'temporarily_unavailable' })),
  answered('server_error', json(400, { error: 'server_error' })),
];

/** Errors of RFC 6749 §5.2 that say that the tenant is set up wrongly. */
export const CONFIGURATION_ERRORS: readonly Case[] = [
  answered('invalid_client', json(401, { error: 'invalid_client' })),
  answered('unauthorized_client', json(400, { error: 'unauthorized_client' })),
  answered('unsupported_grant_type', json(400, { error: 'unsupported_grant_type' })),
  answered('invalid_scope', json(400, { error: 'invalid_scope' })),
  answered('invalid_request', json(400, { error: 'invalid_request' })),
];

export interface Wish {
  readonly name: string;
  readonly status: number;
  /** The header's text; a date is meant from the answer's own Date. */
  readonly retryAfter: (nowMs: number) => string;
  /** What it asks for; undefined: nothing that can be understood. */
  readonly askedMs: number | undefined;
}

/** Retry-After (RFC 9110 §10.2.3) in every form. */
export const WISHES: readonly Wish[] = [
  { name: 'seconds', status: 429, retryAfter: () => '3', askedMs: 3000 },
  {
    name: 'date',
    status: 503,
    retryAfter: (nowMs) => new Date(nowMs + 4000).toUTCString(),
    askedMs: 4000,
  },
  {
    name: 'past date',
    status: 503,
    retryAfter: (nowMs) => new Date(nowMs - 3600_000).toUTCString(),
    askedMs: undefined,
  },
  { name: 'garbage', status: 429, retryAfter: () => 'soon-ish', askedMs: undefined },
];

/** As far in the future as nobody means it. */
export const ENDLESS_WISH: Wish = {
  name: '10^9',
  status: 429,
  retryAfter: () => '1000000000',
  askedMs: 1e12,
};
