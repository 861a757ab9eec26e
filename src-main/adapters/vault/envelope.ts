/** One record, sealed with AES-256-GCM (node:crypto) so that a record cannot be read, changed or put in another's place. */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

const MAGIC = Buffer.from('BTV1');
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What a sealed record is bound to; opening it with anything else fails. */
export interface RecordPlace {
  readonly storeId: string;
  readonly recordId: string;
}

/** Layout: magic, nonce, ciphertext, tag. A fresh random nonce each time (96 bits, NIST SP 800-38D §8.2.2). */
export function seal(key: Uint8Array, place: RecordPlace, content: Uint8Array): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(placeBytes(place));
  return Buffer.concat([MAGIC, nonce, cipher.update(content), cipher.final(), cipher.getAuthTag()]);
}

/** @returns Undefined when the bytes are not a record sealed with this key for this place. */
export function unseal(key: Uint8Array, place: RecordPlace, bytes: Buffer): Buffer | undefined {
  const start = MAGIC.length + NONCE_BYTES;
  if (bytes.length < start + TAG_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    return undefined;
  }
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(MAGIC.length, start), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(placeBytes(place));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(start, -TAG_BYTES)), decipher.final()]);
  } catch {
    return undefined;
  }
}

function placeBytes({ storeId, recordId }: RecordPlace): Buffer {
  return Buffer.from(JSON.stringify([storeId, recordId]));
}

/** Tells a wrong key from a damaged record; says nothing about the key itself. */
export function keyCheckOf(key: Uint8Array, storeId: string): string {
  return createHash('sha256')
    .update('bearer-tray key check')
    .update(storeId)
    .update(key)
    .digest('hex');
}
