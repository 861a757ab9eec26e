/** Tells the provider that a token is not needed any more (RFC 7009). */
import * as oauth from 'oauth4webapi';
import { callOptions } from './provider-connection.ts';
import type { ProviderConnection } from './provider-connection.ts';
import { translate } from './translate.ts';
import { success } from '../errors.ts';
import type { Result } from '../errors.ts';
import type { TokenSet } from '../token.ts';

/**
 * Revokes the refresh token, which ends its access tokens at most providers (RFC 7009 §2.1), or the access token where
 * there is no other.
 * @returns `not-offered` when the provider names no revocation endpoint.
 */
export async function revoke(
  connection: ProviderConnection,
  token: TokenSet,
  signal?: AbortSignal,
): Promise<Result<'confirmed' | 'not-offered'>> {
  const { server, client, authentication, http } = connection;
  if (server.revocation_endpoint === undefined) return success('not-offered');
  const hint = token.refreshToken === undefined ? 'access_token' : 'refresh_token';
  try {
    const response = await oauth.revocationRequest(
      server,
      client,
      authentication,
      token.refreshToken ?? token.accessToken,
      {
        ...callOptions(http, new URL(server.issuer), signal),
        additionalParameters: { token_type_hint: hint },
      },
    );
    await oauth.processRevocationResponse(response);
    return success('confirmed');
  } catch (cause) {
    return translate(cause, new URL(server.revocation_endpoint).host);
  }
}
