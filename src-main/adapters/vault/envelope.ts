/** One record, sealed with AES-256-GCM (node:crypto) so that it cannot be read, changed, put in another's place or made younger. */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/** Followed by the format's number as a digit. */
const MAGIC = 'BTV';
const FORMAT = 2;
const KEY_ID_BYTES = 8;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const TITLE_BYTES = MAGIC.length + 1;
const HEADER_BYTES = TITLE_BYTES + KEY_ID_BYTES + 8;

/** What a sealed record is bound to; opening it with anything else fails. */
export interface RecordPlace {
  readonly storeId: string;
  readonly recordId: string;
}

export type Unsealed =
  | {
      readonly kind: 'opened';
      readonly content: Buffer;
      readonly format: 1 | 2;
      /** How often the record had been written; 0 in format 1, which did not count. */
      readonly generation: number;
    }
  /** Not a record, changed, cut off, or of another place. */
  | { readonly kind: 'damaged' }
  | { readonly kind: 'other-key' }
  | { readonly kind: 'newer-format' };

/**
 * Format 2: header (`BTV2`, key id, generation as a 64-bit number), nonce, ciphertext, tag. Store id, record id and the
 * whole header are authenticated. A fresh random nonce each time (96 bits, NIST SP 800-38D §8.2.2).
 */
export function seal(
  key: Uint8Array,
  place: RecordPlace,
  generation: number,
  content: Uint8Array,
): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(`${MAGIC}${FORMAT}`, 'latin1');
  header.write(keyIdOf(key, place.storeId), TITLE_BYTES, 'hex');
  header.writeBigUInt64BE(BigInt(generation), TITLE_BYTES + KEY_ID_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.concat([header, placeBytes(place)]));
  const sealed = [cipher.update(content), cipher.final(), cipher.getAuthTag()];
  return Buffer.concat([header, nonce, ...sealed]);
}

export function unseal(key: Uint8Array, place: RecordPlace, bytes: Buffer): Unsealed {
  const title = bytes.toString('latin1', 0, TITLE_BYTES);
  // Format 1: `BTV1`, nonce, ciphertext, tag; bound to its place only
  if (title === `${MAGIC}1`) return open(key, bytes, TITLE_BYTES, placeBytes(place), 1, 0);
  if (title !== `${MAGIC}${FORMAT}`) {
    return { kind: /^BTV[3-9]$/.test(title) ? 'newer-format' : 'damaged' };
  }
  const keyId = bytes.toString('hex', TITLE_BYTES, TITLE_BYTES + KEY_ID_BYTES);
  if (bytes.length < HEADER_BYTES) return { kind: 'damaged' };
  if (keyId !== keyIdOf(key, place.storeId)) return { kind: 'other-key' };
  const generation = Number(bytes.readBigUInt64BE(TITLE_BYTES + KEY_ID_BYTES));
  const bound = Buffer.concat([bytes.subarray(0, HEADER_BYTES), placeBytes(place)]);
  return open(key, bytes, HEADER_BYTES, bound, FORMAT, generation);
}

function open(
  key: Uint8Array,
  bytes: Buffer,
  nonceAt: number,
  bound: Buffer,
  format: 1 | 2,
  generation: number,
): Unsealed {
  const start = nonceAt + NONCE_BYTES;
  if (bytes.length < start + TAG_BYTES) return { kind: 'damaged' };
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(nonceAt, start), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(bound);
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    const clear = [decipher.update(bytes.subarray(start, -TAG_BYTES)), decipher.final()];
    return { kind: 'opened', content: Buffer.concat(clear), format, generation };
  } catch {
    return { kind: 'damaged' };
  }
}

function placeBytes({ storeId, recordId }: RecordPlace): Buffer {
  return Buffer.from(JSON.stringify([storeId, recordId]));
}

/** Tells a wrong key from a damaged store; says nothing about the key itself. */
export function keyCheckOf(key: Uint8Array, storeId: string): string {
  return createHash('sha256')
    .update('bearer-tray key check')
    .update(storeId)
    .update(key)
    .digest('hex');
}

function keyIdOf(key: Uint8Array, storeId: string): string {
  return keyCheckOf(key, storeId).slice(0, 2 * KEY_ID_BYTES);
}
