/** What main and the keychain helper say to each other. Never `find…`: keytar crashes in it on foreign items (atom/node-keytar#477). */

export interface KeychainRequest {
  readonly id: number;
  readonly operation: 'get' | 'set' | 'delete';
  readonly service: string;
  readonly account: string;
  readonly secret?: string;
}

export type KeychainAnswer =
  /** `null` from `get` means "no such item" and also "locked": it is never a reason to make a new key. */
  | { readonly id: number; readonly ok: true; readonly value: string | null }
  | { readonly id: number; readonly ok: false; readonly reason: string };
