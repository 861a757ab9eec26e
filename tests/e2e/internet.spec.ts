/** The emulated internet and the real app: vendors' host names lead to emulators, and nothing else is trusted for it. */
import { startInternet } from '../emulators/internet.ts';
import type { Emulator } from '../emulators/site.ts';
import {
  launchBearerTray,
  seedProfile,
  tenantOf,
  type SeedTenant,
} from '../harness/bearer-tray.ts';
import { expect, test } from '../harness/fixtures.ts';
import { beginSignIn } from './login-driver.ts';

const ISSUER = 'https://accounts.vendor.example';
const LOGIN = 'https://acme.login.vendor.example';
const TOKEN_ENDPOINT = 'https://api.vendor.example/token';

/** @param start Where the login page's link leads; default: to the end of the sign-in. */
function vendor(start?: string): Emulator {
  return {
    hosts: ['accounts.vendor.example', '*.login.vendor.example', 'api.vendor.example'],
    site: ({ url }) => {
      switch (url.origin + url.pathname) {
        case `${ISSUER}/.well-known/openid-configuration`:
          return {
            body: {
              issuer: ISSUER,
              authorization_endpoint: `${LOGIN}/authorize`,
              token_endpoint: TOKEN_ENDPOINT,
              response_types_supported: ['code'],
              code_challenge_methods_supported: ['S256'],
            },
          };
        case `${LOGIN}/authorize`: {
          const query = new URLSearchParams({
            code: 'the-code',
            state: url.searchParams.get('state') ?? '',
          });
          const end = `${url.searchParams.get('redirect_uri')}?${query}`;
          const target = (start ?? end).replaceAll('&', '&amp;');
          return { body: `<title>Vendor</title><a href="${target}">Continue</a>` };
        }
        case TOKEN_ENDPOINT:
          return { body: { access_token: 'the-token', token_type: 'Bearer', expires_in: 3600 } };
        default:
          return { status: 404 };
      }
    },
    reset: () => undefined,
  };
}

function tenantAt(issuer: string, name: string): SeedTenant {
  const tenant = tenantOf({ issuer, clientId: 'client' }, name);
  return { ...tenant, values: { ...tenant.values, scopes: 'api' } };
}

test('a vendor’s own host names reach its emulator, from main and from the login window', async ({
  desktop,
  userDataDir,
  internet,
}) => {
  await internet.add(vendor());
  seedProfile(userDataDir, [tenantAt(ISSUER, 'Acme')]);
  const tray = await launchBearerTray(desktop, { userDataDir, internet });
  try {
    const page = await tray.startSignIn('Acme', { issuer: LOGIN });
    await page.getByRole('link', { name: 'Continue' }).click();
    await tray.waitForToken('Acme');
    expect(await tray.copy('Acme')).toBe('the-token');
    const exchange = await internet.waitForRequest(TOKEN_ENDPOINT);
    expect(exchange.method).toBe('POST');
    expect(new URLSearchParams(exchange.body).get('code')).toBe('the-code');
  } finally {
    await tray.app.close();
  }
});

test('B-10 another certificate is as untrusted as ever, and localhost stays this computer', async ({
  desktop,
  userDataDir,
  internet,
}) => {
  const site = () => ({ body: 'reached' });
  const stranger = await startInternet([{ hosts: ['localhost'], site, reset: () => undefined }]);
  const strange = `https://localhost:${stranger.port}`;
  await internet.add(vendor(`${strange}/login`));
  const [main, page] = [tenantAt(strange, 'Main'), tenantAt(ISSUER, 'Page')];
  seedProfile(userDataDir, [main, page]);
  const tray = await launchBearerTray(desktop, { userDataDir, internet });
  try {
    const popover = await tray.popover();
    expect(await beginSignIn(popover, main.id)).toMatchObject({
      error: { message: expect.stringContaining(`certificate of localhost:${stranger.port}`) },
    });
    const end = beginSignIn(popover, page.id);
    const provider = await tray.app.waitForPage((url) => url.startsWith(LOGIN));
    await provider.getByRole('link', { name: 'Continue' }).click();
    expect(await end).toMatchObject({
      error: { message: expect.stringContaining('ERR_CERT_AUTHORITY_INVALID') },
    });
    expect(stranger.requests).toEqual([]);
    expect(internet.requests.filter(({ url }) => url.startsWith('https://localhost'))).toEqual([]);
    // It is there for those who trust it
    expect(await (await stranger.fetch(strange)).text()).toBe('reached');
  } finally {
    await tray.app.close();
    await stranger.stop();
  }
});
