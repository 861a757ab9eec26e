/** What may be handed to the system's browser. Anything else could start another program with it (CVE-2025-6514). */
import { isLoopback } from '../../core/tenant.ts';

export type AddressRule = 'https' | 'https-or-loopback';

/** @returns The address as it may be opened; undefined: never. */
export function browserAddress(url: URL, rule: AddressRule): string | undefined {
  const { href, protocol, hostname, username, password } = url;
  const isAllowed =
    protocol === 'https:' ||
    (protocol === 'http:' && rule === 'https-or-loopback' && isLoopback(hostname));
  // The parser takes these out; a program that is handed them as an argument may not be as careful
  if (!isAllowed || username !== '' || password !== '' || /[\s\p{Cc}]/u.test(href))
    return undefined;
  return href;
}
