/** The emulated OpenID Connect vendors against a client that follows the standard to the letter: oauth4webapi. */
import * as oauth from 'oauth4webapi';
import { describe, expect, test } from 'vitest';
import { DESKTOP_CLIENT, PRESETS } from './presets.ts';
import type { Site } from './site.ts';

const OLD_KEYCLOAK = 'https://old-sso.acme.example/auth/realms/acme';

describe.each([
  ['auth0', undefined, 'https://localhost/callback'],
  ['okta', undefined, 'https://localhost/callback'],
  ['okta', 'https://acme.okta.com', 'https://localhost/callback'],
  ['entra', undefined, 'http://localhost:49152/callback'],
  ['keycloak', undefined, 'https://localhost/callback'],
  ['keycloak', OLD_KEYCLOAK, 'https://localhost/callback'],
  ['cognito', undefined, 'https://localhost/callback'],
  ['google', undefined, 'http://127.0.0.1:49152/callback'],
  ['gitlab', undefined, 'https://localhost/callback'],
  ['salesforce', undefined, 'https://localhost/callback'],
  ['salesforce', 'https://login.salesforce.com', 'https://localhost/callback'],
] as const)('%s %s', (name, otherIssuer, redirectUri) => {
  test('metadata, code, ID token with its signature, userinfo', async () => {
    const provider = PRESETS[name]();
    const options = { [oauth.customFetch]: fetchFrom(provider.site) };
    const issuer = new URL(otherIssuer ?? provider.issuer);
    const server = await oauth.processDiscoveryResponse(
      issuer,
      await oauth.discoveryRequest(issuer, options),
    );
    const client = { client_id: DESKTOP_CLIENT.id };
    const verifier = oauth.generateRandomCodeVerifier();
    const url = new URL(server.authorization_endpoint ?? '');
    url.search = new URLSearchParams({
      response_type: 'code',
      client_id: client.client_id,
      redirect_uri: redirectUri,
      scope: 'openid',
      nonce: 'a nonce',
      state: 'a-state',
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }).toString();
    const redirect = await fetchFrom(provider.site)(url.href, { method: 'GET' });
    const answer = oauth.validateAuthResponse(
      server,
      client,
      new URL(redirect.headers.get('location') ?? ''),
      'a-state',
    );
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      oauth.None(),
      answer,
      redirectUri,
      verifier,
      options,
    );
    const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
      expectedNonce: 'a nonce',
      requireIdToken: true,
    });
    await oauth.validateApplicationLevelSignature(server, response, options);
    const userinfo = await oauth.processUserInfoResponse(
      server,
      client,
      'ada',
      await oauth.userInfoRequest(server, client, tokens.access_token, options),
    );
    expect(userinfo.email).toBe('ada@example.test');
  });
});

/** What stands between a client and a site when there is no network. */
function fetchFrom(
  site: Site,
): (
  url: string,
  init: { readonly method: string; readonly headers?: HeadersInit; readonly body?: unknown },
) => Promise<Response> {
  return async (url, { method, headers, body }) => {
    const fields = body instanceof URLSearchParams ? body : new URLSearchParams();
    const answer = await site({
      method,
      url: new URL(url),
      headers: Object.fromEntries(new Headers(headers)),
      body: fields.toString(),
      form: fields,
      json: undefined,
    });
    const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
    return new Response(text, {
      status: answer.status ?? 200,
      headers: answer.headers as Record<string, string>,
    });
  };
}
