/** Client authentication at the endpoints of an emulated provider. */
import type { Client, ProviderDescription, Refusal } from './identity-provider-types.ts';
import type { SiteRequest } from './site.ts';

/** Ends the handling of a token request; never leaves the token desk. */
export class Refused extends Error {
  readonly refusal: Omit<Refusal, 'status'>;

  constructor(reason: Refusal['reason'], error: string, description: string) {
    super(description);
    this.refusal = { reason, error, description };
  }
}

/**
 * Who asks (RFC 6749 §2.3, §3.2.1): Basic, form fields, or a public client's id alone, as far as the vendor takes it.
 * @throws Refused
 */
export function authenticate(
  { headers, form }: SiteRequest,
  vendor: Pick<ProviderDescription, 'clients' | 'clientAuthentication'>,
): Client {
  const wrong = (description: string): Refused =>
    new Refused('wrong client', 'invalid_client', description);
  const basic = readBasic(headers.authorization);
  const posted = form.get('client_secret');
  if (basic !== undefined && posted !== null) {
    throw new Refused('other', 'invalid_request', 'Two ways of client authentication at once.');
  }
  const client = vendor.clients.find(({ id }) => id === (basic?.id ?? form.get('client_id')));
  if (client === undefined) throw wrong('Unknown client.');
  const method = basic !== undefined ? 'basic' : posted !== null ? 'post' : 'none';
  if (!vendor.clientAuthentication.includes(method)) {
    throw wrong(`Client authentication by ${method} is not accepted.`);
  }
  if (client.secret !== (basic?.secret ?? posted ?? undefined)) {
    throw wrong(
      client.secret === undefined ? 'A public client must not send a secret.' : 'Wrong secret.',
    );
  }
  return client;
}

/** RFC 6749 §2.3.1: id and secret are form-encoded before Base64. */
function readBasic(
  authorization: string | undefined,
): { readonly id: string; readonly secret: string } | undefined {
  const encoded = /^Basic (\S+)$/.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('latin1');
  const colon = text.indexOf(':');
  const decode = (part: string): string =>
    new URLSearchParams(`part=${part.replaceAll('&', '%26')}`).get('part') ?? '';
  return { id: decode(text.slice(0, colon)), secret: decode(text.slice(colon + 1)) };
}
