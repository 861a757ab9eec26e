/** Drives Bearer Tray as a person does: through the tray, the popover, the login window. For tests, demo and benchmark. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Page } from 'playwright';
import { DEFAULT_SETTINGS, type Settings } from '../../src-main/core/settings.ts';
import type { Tenant } from '../../src-main/core/tenant.ts';
import type { AuthorizationServer } from '../emulators/authorization-server.ts';
import type { Internet } from '../emulators/internet.ts';
import { launchApp, launchPackaged } from './app.ts';
import type { LaunchOptions, RunningApp, SourceApp } from './app.ts';
import type { Desktop } from './desktop.ts';
import { poll } from './waiting.ts';

export const POPOVER_URL = 'app://bearer-tray/index.html';
const POPOVER_TITLE = 'Bearer Tray';
const SAME_CLICK_MS = 250;

export type SeedTenant = Tenant;
export type SeedSettings = Settings;

const SEED_SETTINGS: SeedSettings = { ...DEFAULT_SETTINGS, theme: 'light' };

/** A tenant of a public client whose redirect URI nobody listens at. */
export function tenantOf(
  { issuer, clientId }: { readonly issuer: string; readonly clientId: string },
  name: string,
  colour = '#2563eb',
): SeedTenant {
  return {
    id: crypto.randomUUID(),
    providerId: 'oidc',
    grant: 'authorization-code',
    name,
    colour,
    values: {
      issuer,
      clientId,
      redirectUri: 'https://localhost/callback',
      scopes: 'openid profile email offline_access',
    },
    notice: 'default',
  };
}

/** A tenant of the given authorization server's public client. */
export function personTenant(
  { issuer, clients }: AuthorizationServer,
  name: string,
  colour?: string,
): SeedTenant {
  return tenantOf({ issuer, clientId: clients.demo.client_id }, name, colour);
}

/** Writes a profile in which the tenants are configured already. */
export function seedProfile(
  userDataDir: string,
  tenants: readonly SeedTenant[],
  settings: Partial<SeedSettings> = {},
): void {
  mkdirSync(userDataDir, { recursive: true });
  const configuration = {
    schemaVersion: 1,
    tenants,
    activeTenantId: tenants[0]?.id ?? null,
    settings: { ...SEED_SETTINGS, ...settings },
  };
  writeFileSync(join(userDataDir, 'settings.json'), JSON.stringify(configuration), { mode: 0o600 });
}

/** What of a running app only depends on its windows; the same for the packaged one. */
export class BearerTray<App extends RunningApp = RunningApp> {
  readonly app: App;
  readonly desktop: Desktop;

  constructor(app: App, desktop: Desktop) {
    this.app = app;
    this.desktop = desktop;
  }

  /** Opens the popover by a click on the tray icon, unless it is open. */
  async popover(): Promise<Page> {
    if (!(await this.desktop.isWindowVisible(POPOVER_TITLE))) {
      // Hidden a moment ago, it takes a click for the one that has hidden it; nobody clicks that fast
      if (this.app.pages().some((page) => isPopover(page.url()))) await setTimeout(SAME_CLICK_MS);
      await this.desktop.trayHost.activate();
      await this.popoverShown();
    }
    const page = await this.app.waitForPage(isPopover);
    await page.getByRole('button', { name: 'Settings' }).waitFor();
    return page;
  }

  /** Waits until the popover can be seen, whoever opens it. */
  async popoverShown(): Promise<void> {
    await poll('the popover to be shown', 10_000, () =>
      this.desktop.isWindowVisible(POPOVER_TITLE),
    );
  }

  async popoverHidden(): Promise<void> {
    await poll(
      'the popover to be hidden',
      10_000,
      async () => !(await this.desktop.isWindowVisible(POPOVER_TITLE)),
    );
  }

  /** Starts the sign-in of a tenant and returns the provider's page in the login window. */
  async startSignIn(tenantName: string, server: { readonly issuer: string }): Promise<Page> {
    const popover = await this.popover();
    await popover.getByRole('button', { name: `Sign in to ${tenantName}` }).click();
    return this.app.waitForPage((url) => url.startsWith(server.issuer));
  }

  /** The bar of ours above the provider's page. */
  loginBar(): Promise<Page> {
    return this.app.waitForPage((url) => url.includes('#login-bar='));
  }

  /** Signs in by typing into the login window, and waits for the token. */
  async signIn(tenantName: string, server: AuthorizationServer, login = 'ada'): Promise<void> {
    const page = await this.startSignIn(tenantName, server);
    await this.popoverHidden();
    await enterLogin(page, login);
    await this.waitForToken(tenantName);
    await this.popoverShown();
  }

  async waitForToken(tenantName: string): Promise<void> {
    const popover = await this.app.waitForPage(isPopover);
    await popover.getByRole('button', { name: `Copy token of ${tenantName}` }).waitFor();
  }

  /** Clicks Copy and returns what another program then finds on the clipboard. */
  async copy(tenantName: string): Promise<string> {
    await this.desktop.clipboard.writeText('before the copy');
    const popover = await this.popover();
    await popover.getByRole('button', { name: `Copy token of ${tenantName}` }).click();
    return poll('a token on the clipboard', 10_000, async () => {
      const text = await this.desktop.clipboard.readText();
      return text === 'before the copy' || text === null || text === '' ? undefined : text;
    });
  }
}

/** Fills in the login and consent pages of the authorization server. */
export async function enterLogin(page: Page, login: string): Promise<void> {
  await page.getByPlaceholder('Enter any login').fill(login);
  await page.getByPlaceholder('and password').fill('a password');
  await page.getByRole('button', { name: 'Sign-in' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
}

export interface BearerTrayOptions extends LaunchOptions {
  /** Answers for every host name but those of loopback. Default: names mean what they mean to this computer. */
  readonly internet?: Internet;
}

export async function launchBearerTray(
  desktop: Desktop,
  options: BearerTrayOptions,
): Promise<BearerTray<SourceApp>> {
  const app = await launchApp(desktop, withInternet(options));
  await desktop.trayHost.waitForItem();
  return new BearerTray(app, desktop);
}

export async function launchPackagedBearerTray(
  desktop: Desktop,
  executablePath: string,
  options: BearerTrayOptions,
): Promise<BearerTray> {
  const app = await launchPackaged(desktop, executablePath, withInternet(options));
  await desktop.trayHost.waitForItem();
  return new BearerTray(app, desktop);
}

function withInternet({ internet, ...options }: BearerTrayOptions): LaunchOptions {
  return { ...options, args: [...(options.args ?? []), ...(internet?.launchArguments ?? [])] };
}

function isPopover(url: string): boolean {
  return url.split('#')[0] === POPOVER_URL && !url.includes('#login-bar=');
}
