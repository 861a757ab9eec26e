/** ID tokens of the hostile server: right ones, and every wrong one that a test asks for. */
import { createHmac, createSign, generateKeyPair } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

export type IdTokenFault =
  | 'none'
  /** Signed by another key under the right key id. */
  | 'wrong-signature'
  /** `alg` none and no signature. */
  | 'unsigned'
  /** HS256 with the public key's text as the secret, the classic confusion. */
  | 'hs256'
  /** Signed by a key that the JWKS does not hold, under a key id of its own. */
  | 'unknown-key'
  /** No key id, and the JWKS holds this key only. */
  | 'no-key-id'
  /** No key id, and the JWKS holds two keys that fit. */
  | 'no-key-id-of-two'
  | 'not-a-jwt';

export interface IdTokens {
  make(wish: {
    readonly claims: Readonly<Record<string, unknown>>;
    readonly changes: Readonly<Record<string, unknown>>;
    readonly header: Readonly<Record<string, unknown>>;
    readonly fault: IdTokenFault;
  }): string;
  /** The JWKS as it has to be for the last token made. */
  publicKeys(): readonly object[];
}

export async function createIdTokens(): Promise<IdTokens> {
  const [own, other] = await Promise.all([rsaKeys(), rsaKeys()]);
  let published = [jwkOf(own.publicKey, 'own')];
  return {
    publicKeys: () => published,
    make({ claims, changes, header, fault }) {
      published = [jwkOf(own.publicKey, 'own')];
      if (fault === 'no-key-id-of-two') published.push(jwkOf(other.publicKey, 'other'));
      const nowSeconds = Math.floor(Date.now() / 1000);
      const payload = encode({
        sub: 'person-1',
        email: 'person@example.test',
        iat: nowSeconds,
        exp: nowSeconds + 3600,
        ...claims,
        ...changes,
      });
      const signed = (alg: string, kid: string | undefined): string =>
        `${encode({ alg, typ: 'JWT', kid, ...header })}.${payload}`;
      switch (fault) {
        case 'none':
          return sign(signed('RS256', 'own'), own.privateKey);
        case 'no-key-id':
        case 'no-key-id-of-two':
          return sign(signed('RS256', undefined), own.privateKey);
        case 'unknown-key':
          return sign(signed('RS256', 'never-seen'), other.privateKey);
        case 'wrong-signature':
          return sign(signed('RS256', 'own'), other.privateKey);
        case 'unsigned':
          return `${signed('none', undefined)}.`;
        case 'hs256': {
          const input = signed('HS256', 'own');
          const secret = own.publicKey.export({ type: 'spki', format: 'pem' });
          return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
        }
        case 'not-a-jwt':
          return 'this.is-not.a-token';
      }
    },
  };
}

function rsaKeys(): Promise<{ readonly publicKey: KeyObject; readonly privateKey: KeyObject }> {
  return promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
}

function jwkOf(key: KeyObject, kid: string): object {
  return { ...key.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function sign(input: string, key: KeyObject): string {
  return `${input}.${createSign('sha256').update(input).sign(key).toString('base64url')}`;
}
