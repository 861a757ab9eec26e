/** Base64 of texts, and the readable part of a JWT. No cryptography: nothing is verified here. */

/** Of the UTF-8 bytes (RFC 7617 §2.1). */
export function base64(text: string): string {
  return btoa(
    Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(''),
  );
}

/**
 * A part of a JWT (RFC 7519 §3): 0 its header, 1 its claims.
 * @returns Undefined for anything else.
 */
export function jwtPart(
  token: string,
  index: 0 | 1,
): Readonly<Record<string, unknown>> | undefined {
  const part = token.split('.')[index] ?? '';
  try {
    const bytes = Uint8Array.from(atob(part.replaceAll('-', '+').replaceAll('_', '/')), (char) =>
      char.charCodeAt(0),
    );
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof json === 'object' && json !== null ? { ...json } : undefined;
  } catch {
    return undefined;
  }
}
