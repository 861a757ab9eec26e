/** What the entries of the presets have in common. */
import { createIdentityProvider } from './identity-provider.ts';
import type { Client, IdentityProvider, ProviderDescription } from './identity-provider-types.ts';

/** Where nobody listens, and loopback addresses, whose port is free (RFC 8252 §7.3). */
export const REDIRECT_URIS: readonly string[] = [
  'https://localhost/callback',
  'http://127.0.0.1/callback',
  'http://127.0.0.1/',
  'http://[::1]/callback',
  'http://localhost/callback',
  'http://localhost/',
];

/** A public client: PKCE and no secret. */
export const DESKTOP_CLIENT = {
  id: 'bearer-tray-desktop',
  redirectUris: REDIRECT_URIS,
} satisfies Client;

export const SERVICE_CLIENT = {
  id: 'bearer-tray-service',
  // Holds what form-encoding changes (RFC 6749 §2.3.1)
  secret: 'service-secret+5Jw/9:Q%',
  redirectUris: REDIRECT_URIS,
} satisfies Client;

export interface PresetOptions {
  /** In place of the vendor's usual two. */
  readonly clients?: readonly Client[];
  /** Laid over the vendor's description, for what its administrators can switch. */
  readonly change?: Partial<ProviderDescription>;
}

/** What most vendors agree on. */
export const USUAL = {
  clients: [DESKTOP_CLIENT, SERVICE_CLIENT],
  grants: ['authorization_code', 'refresh_token', 'client_credentials'],
  clientAuthentication: ['basic', 'post', 'none'],
  pkce: true,
  redirectRule: loopbackOnAnyPort,
  rotation: 'single-use',
  reuseLeewaySeconds: 0,
  expiresInSeconds: 3600,
  givesRefreshToken: (grant) => grant.scopes.includes('offline_access'),
} satisfies Partial<ProviderDescription>;

/** An emulator of the description with what a test asks laid over it. */
export function preset(
  description: ProviderDescription,
  { clients = description.clients, change }: PresetOptions,
): IdentityProvider {
  return createIdentityProvider({ ...description, clients, ...change });
}

/** Character for character (RFC 9700 §2.1). */
export function exactly(asked: string, registered: readonly string[]): boolean {
  return registered.includes(asked);
}

/** As registered, but any port on 127.0.0.1 and [::1] (RFC 8252 §7.3). */
export function loopbackOnAnyPort(asked: string, registered: readonly string[]): boolean {
  return exactly(asked, registered) || registered.includes(withoutPort(asked, IP_LITERALS));
}

/** Microsoft's rule: any port on `http://localhost`, and nothing at all on 127.0.0.1 or [::1]. */
export function localhostOnAnyPort(asked: string, registered: readonly string[]): boolean {
  if (!URL.canParse(asked) || IP_LITERALS.includes(new URL(asked).hostname)) return false;
  return exactly(asked, registered) || registered.includes(withoutPort(asked, ['localhost']));
}

/** Google's Desktop clients: any loopback address with any port and path, and nothing else. */
export function loopbackOnly(asked: string): boolean {
  if (!URL.canParse(asked)) return false;
  const { protocol, hostname } = new URL(asked);
  return protocol === 'http:' && [...IP_LITERALS, 'localhost'].includes(hostname);
}

const IP_LITERALS = ['127.0.0.1', '[::1]'];

function withoutPort(asked: string, hostnames: readonly string[]): string {
  if (!URL.canParse(asked)) return '';
  const url = new URL(asked);
  if (url.protocol !== 'http:' || !hostnames.includes(url.hostname)) return '';
  url.port = '';
  return url.href;
}
