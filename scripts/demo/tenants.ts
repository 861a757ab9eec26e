/** The demo's tenants as the settings file holds them, and what a person types into the form of those that need a secret. */
import { LIVECHAT_WEB_APP } from '../../tests/emulators/livechat.ts';
import { DESKTOP_CLIENT } from '../../tests/emulators/presets.ts';
import { personTenant, type SeedTenant } from '../../tests/harness/bearer-tray.ts';
import type { Company, World } from './world.ts';

export const NAMES = {
  limio: 'Limio shop',
  limioWebApp: 'Limio web app',
  liveChat: 'LiveChat',
  teleTracker: 'TeleTracker',
  rest: 'Warehouse',
  oauth2: 'Forum',
  okta: 'Okta',
  google: 'Google',
  weather: 'Weather',
  service: 'Nightly build',
} as const;

const CLAIMED_REDIRECT_URI = 'https://localhost/callback';

/** Those that need no secret; Acme is active. */
export function openTenants(world: World): readonly SeedTenant[] {
  const { acme, globex, oauth2, okta } = world;
  return [
    companyTenant(acme, '#2563eb'),
    companyTenant(globex, '#c2410c'),
    seed(NAMES.limioWebApp, 'limio', 'capture', '#7c3aed', { tenant: 'acme', region: 'prod-us' }),
    seed(NAMES.liveChat, 'livechat', 'implicit', '#b45309', {
      clientId: LIVECHAT_WEB_APP.clientId,
      redirectUri: 'https://localhost',
      scopes: 'accounts--my:ro agents--all:ro',
    }),
    seed(NAMES.oauth2, 'oauth2', 'authorization-code', '#0f766e', {
      authorizationEndpoint: oauth2.addresses.authorize,
      tokenEndpoint: oauth2.addresses.token,
      clientId: DESKTOP_CLIENT.id,
      redirectUri: CLAIMED_REDIRECT_URI,
      scopes: 'read write',
      scopeSeparator: ',',
      probeUrl: 'https://api.plain.example/me',
    }),
    seed(NAMES.okta, 'okta', 'authorization-code', '#1d4ed8', {
      domain: new URL(okta.issuer).host,
      authorizationServer: 'default',
      clientId: DESKTOP_CLIENT.id,
      redirectUri: CLAIMED_REDIRECT_URI,
      scopes: 'openid profile email offline_access',
    }),
  ];
}

/** Signs in through the browser. */
export function googleTenant(): SeedTenant {
  return seed(NAMES.google, 'google', 'authorization-code', '#be123c', {
    clientId: DESKTOP_CLIENT.id,
    redirectUri: 'http://127.0.0.1',
    scopes: 'openid email profile',
  });
}

/** Signs in through the browser at a server that the person's own browser can reach. */
export function companyInBrowser(company: Company): SeedTenant {
  const tenant = companyTenant(company, '#be123c');
  return {
    ...tenant,
    name: `${company.name} in the browser`,
    values: { ...tenant.values, redirectUri: 'http://127.0.0.1/callback', signInWith: 'browser' },
  };
}

/** Those whose secret is still to be typed. */
export function secretTenants({ limio, teleTracker, rest }: World): readonly SeedTenant[] {
  return [
    seed(NAMES.limio, 'limio', 'authorization-code', '#7c3aed', {
      tenant: 'acme',
      region: 'prod',
      clientId: limio.clientId,
      redirectUri: CLAIMED_REDIRECT_URI,
      scopes: 'openid',
    }),
    seed(NAMES.teleTracker, 'teletracker', 'rest-login', '#15803d', {
      username: teleTracker.username,
      headerName: 'Authorization',
    }),
    seed(NAMES.rest, 'rest', 'rest-login', '#a16207', {
      loginUrl: `${rest.origin}/login`,
      username: rest.account.username,
      probeUrl: `${rest.origin}/whoami`,
      tokenPlace: 'data.session.token',
      refreshTokenPlace: 'data.session.refreshToken',
      expiryPlace: 'data.session.expires',
      expiryUnit: 'in-ms',
      renewBy: 'refresh-token',
      renewUrl: `${rest.origin}/renew`,
      headerName: 'X-Session-Token',
      headerValue: '{token}',
    }),
    seed(NAMES.weather, 'api-key', 'static-key', '#0369a1', {
      probeUrl: 'https://api.weather.example/now',
      headerName: 'X-Api-Key',
      headerValue: 'Key {token}',
    }),
  ];
}

function companyTenant({ server, name }: Company, colour: string): SeedTenant {
  const tenant = personTenant(server, name, colour);
  return { ...tenant, values: { ...tenant.values, probeUrl: server.protectedUrl } };
}

function seed(
  name: string,
  providerId: string,
  grant: SeedTenant['grant'],
  colour: string,
  values: SeedTenant['values'],
): SeedTenant {
  return { id: crypto.randomUUID(), providerId, grant, name, colour, values, notice: 'default' };
}
