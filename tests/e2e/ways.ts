/**
 * What the tests of the ways to a token share: one app and one internet a file, and what a person does with a tenant. Tenants,
 * and what emulators know, are gone after each test, and no secret may be left where it can be seen.
 */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright';
import type { Answer, FieldForm, GrantForm, TenantRow } from '../../src-main/contract/ipc.ts';
import { startInternet, type Internet } from '../emulators/internet.ts';
import type { Emulator } from '../emulators/site.ts';
import type { SourceApp } from '../harness/app.ts';
import { enterLogin, launchBearerTray, type BearerTray } from '../harness/bearer-tray.ts';
import { ask, demand, waitForSnapshot } from '../harness/bridge.ts';
import { stubBrowser, type StubBrowser } from '../harness/browser.ts';
import { createCanarySearch } from '../harness/canary-search.ts';
import { expect, test as base } from '../harness/fixtures.ts';
import { poll } from '../harness/waiting.ts';
import { pressContinue } from './login-driver.ts';

export interface InspectedEmulator extends Emulator {
  canaries(): readonly string[];
}

export interface Ways<Emulators = unknown> {
  readonly tray: BearerTray<SourceApp>;
  readonly internet: Internet;
  /** What the system browser is asked to open. */
  readonly browser: StubBrowser;
  readonly emulators: Emulators;
  /** Secrets that were typed; no shorter than eight characters, as shorter ones could stand somewhere by chance. */
  readonly typedSecrets: Set<string>;
}

/** The test function of a file with one app and these emulators. */
export function waysTest<Emulators extends Readonly<Record<string, InspectedEmulator>>>(
  create: () => Emulators,
) {
  return base.extend<{ readonly tidy: undefined }, { readonly ways: Ways<Emulators> }>({
    ways: [
      async ({ desktop }, use) => {
        const emulators = create();
        const internet = await startInternet(Object.values(emulators));
        const browser = stubBrowser(desktop);
        const tray = await launchBearerTray(desktop, {
          userDataDir: mkdtempSync(join(desktop.directory, 'user-data-')),
          internet,
          env: browser.env,
        });
        await use({ tray, internet, browser, emulators, typedSecrets: new Set() });
        await tray.app.close();
        browser.remove();
        await internet.stop();
      },
      { scope: 'worker' },
    ],
    tidy: [
      async ({ ways }, use) => {
        await use(undefined);
        const page = await ways.tray.popover();
        await expectNoSecret(ways, page);
        const { tenants } = await demand(page, 'getSnapshot');
        for (const { id } of tenants) await demand(page, 'removeTenant', id);
        await ways.tray.desktop.notifications.clear();
        for (const emulator of Object.values(ways.emulators)) emulator.reset();
        ways.typedSecrets.clear();
      },
      { auto: true },
    ],
  });
}

/** Every secret of this test so far. */
export function secretsOf({ emulators, typedSecrets }: Ways): readonly string[] {
  const known = Object.values(emulators as Readonly<Record<string, InspectedEmulator>>);
  return [...known.flatMap((each) => each.canaries()), ...typedSecrets];
}

/** D-01: in the popover, in notifications, in the output and in any file of the app there is none of the secrets. */
export async function expectNoSecret(ways: Ways, page: Page): Promise<void> {
  const { app, desktop } = ways.tray;
  const search = createCanarySearch(secretsOf(ways));
  search.look('the page', await page.content());
  search.look('the snapshot', JSON.stringify(await demand(page, 'getSnapshot')));
  search.look('the output of the app', app.output());
  search.look('a notification', JSON.stringify(desktop.notifications.all()));
  search.lookAtFolder(app.userDataDir);
  expect(search.hits()).toEqual([]);
}

/** What a person enters into a form, by its labels; of a choice, the words of the option. */
export interface Entries {
  readonly name: string;
  readonly provider: string;
  /** Where there are several: the words at the radio button. */
  readonly way?: string;
  readonly fields?: Readonly<Record<string, string>>;
}

/** Fills in the form that adds a tenant, and leaves it open. */
export async function fillForm(ways: Ways, entries: Entries): Promise<Page> {
  const page = await ways.tray.popover();
  await page
    .getByRole('button', { name: /^Add (your first )?tenant$/ })
    .first()
    .click();
  await page.getByRole('searchbox', { name: 'Search providers' }).fill(entries.provider);
  await page.getByRole('button', { name: entries.provider, exact: true }).click();
  await page.getByLabel('Name', { exact: true }).fill(entries.name);
  if (entries.way !== undefined) {
    await page.getByRole('radio', { name: entries.way, exact: true }).check();
  }
  const grant = await grantOf(page, entries);
  for (const [label, text] of Object.entries(entries.fields ?? {})) {
    const field = grant.fields.find((each) => each.label === label);
    if (field === undefined) throw new Error(`the form of ${entries.provider} asks no ${label}`);
    if (field.kind === 'secret' && text.length >= 8) ways.typedSecrets.add(text);
    await enter(page, field, text);
  }
  return page;
}

/** Adds a tenant by its form; answers its id. */
export async function addTenant(ways: Ways, entries: Entries): Promise<string> {
  const page = await fillForm(ways, entries);
  await page.getByRole('button', { name: 'Add tenant' }).click();
  await rowOf(page, entries.name).waitFor();
  return (await snapshotOf(page, entries.name)).id;
}

async function grantOf(page: Page, { provider, way }: Entries): Promise<GrantForm> {
  const { grants } = (await demand(page, 'listProviders')).find(({ name }) => name === provider)!;
  return grants.find(({ name }) => way === undefined || name === way)!;
}

async function enter(page: Page, field: FieldForm, text: string): Promise<void> {
  const more = page.getByRole('button', { name: 'More', exact: true });
  if (field.advanced && (await more.getAttribute('aria-expanded')) === 'false') await more.click();
  const words = field.label.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const control = page.getByLabel(new RegExp(String.raw`^\s*${words}(\s· optional)?\s*$`));
  if (field.kind !== 'choice') await control.fill(text);
  else if (await control.evaluate((element) => element instanceof HTMLSelectElement)) {
    await control.selectOption({ label: text });
  } else {
    await control.getByRole('radio', { name: text, exact: true }).check({ force: true });
  }
}

function rowOf(page: Page, name: string): Locator {
  return page.getByRole('button', { name, exact: true });
}

/** The tenant as pages are told about it. */
export async function snapshotOf(page: Page, name: string): Promise<TenantRow> {
  const { tenants } = await demand(page, 'getSnapshot');
  return tenants.find((tenant) => tenant.name === name)!;
}

/** The unfolded part of a tenant's row. */
export async function detailsOf({ tray }: Ways, name: string): Promise<Locator> {
  const page = await tray.popover();
  const row = rowOf(page, name);
  if ((await row.getAttribute('aria-expanded')) !== 'true') await row.click();
  return page.getByRole('group', { name: `Details of ${name}` });
}

/** Waits for the token and the popover; fails with what the row says instead. */
async function arrived(tray: BearerTray, page: Page, name: string): Promise<void> {
  const { status } = await poll(`the token of ${name}`, 10_000, async () => {
    const row = await snapshotOf(page, name);
    return row.status.kind !== 'signing-in' && row.status.kind !== 'signed-out' && row;
  });
  expect(status).toEqual({ kind: 'fresh' });
  await tray.popoverShown();
}

/** Gets a token where no person is needed. */
export async function getToken({ tray }: Ways, name: string): Promise<void> {
  const page = await tray.popover();
  await page.getByRole('button', { name: `Get token of ${name}` }).click();
  await arrived(tray, page, name);
}

/** Types into an emulator's own login page. */
export async function enterPassword(
  page: Page,
  username: string,
  password = 'a password',
): Promise<void> {
  await page.locator('#username').fill(username);
  await page.locator('#password').fill(password);
  await pressContinue(page, 'submit');
}

/** Signs in by typing into the login window. @param start Beginning of the login page's address. */
export async function signInAt(
  ways: Ways,
  name: string,
  start: string,
  username = 'ada',
  password?: string,
): Promise<void> {
  const popover = await ways.tray.popover();
  const page = await ways.tray.startSignIn(name, { issuer: start });
  await page.locator('#username').waitFor();
  await enterPassword(page, username, password);
  await arrived(ways.tray, popover, name);
}

/** The same at the pages of the presets' emulators, whose person is asked for consent too. */
export async function signInAtPage(ways: Ways, name: string, start: string): Promise<void> {
  const popover = await ways.tray.popover();
  await enterLogin(await ways.tray.startSignIn(name, { issuer: start }), 'ada');
  await arrived(ways.tray, popover, name);
}

/** Is the system browser: follows the provider's redirect to the app's own port, whose page ends the sign-in. */
async function browse({ browser, internet }: Ways, count: number): Promise<void> {
  const answer = await internet.fetch(await browser.waitForAddress(count));
  const redirect = answer.headers.get('location') ?? '';
  expect(redirect).toMatch(/^http:\/\/127\.0\.0\.1:\d+\//);
  await fetch(redirect);
}

export async function signInByBrowser(ways: Ways, name: string): Promise<void> {
  const popover = await ways.tray.popover();
  const count = ways.browser.addresses().length + 1;
  await popover.getByRole('button', { name: `Sign in to ${name}` }).click();
  await browse(ways, count);
  await arrived(ways.tray, popover, name);
}

/** The same by the bridge. */
export async function followByBrowser(ways: Ways, tenantId: string): Promise<Answer<null>> {
  const count = ways.browser.addresses().length + 1;
  const end = ask(await ways.tray.popover(), 'signIn', tenantId);
  // A test that fails before it awaits this is not to be covered by its rejection
  end.catch(() => undefined);
  await browse(ways, count);
  return end;
}

/** @param says What the person is told then. */
export async function signOut(ways: Ways, name: string, says: string): Promise<void> {
  const details = await detailsOf(ways, name);
  await details.getByRole('button', { name: 'Sign out' }).click();
  await details.getByText(says).waitFor();
}

/** Copies in another form; answers what another program then finds on the clipboard. */
export async function copyAs(ways: Ways, name: string, form: string): Promise<string> {
  const { tray } = ways;
  await tray.desktop.clipboard.writeText('before the copy');
  const details = await detailsOf(ways, name);
  await details.getByRole('button', { name: 'Copy as' }).click();
  await details.getByRole('menuitemradio', { name: form, exact: true }).click();
  return poll('the copy', 10_000, async () => {
    const text = await tray.desktop.clipboard.readText();
    return text === 'before the copy' || text === null || text === '' ? undefined : text;
  });
}

/** Clicks “Renew now” and answers the next token. */
export async function renew(ways: Ways, name: string): Promise<string> {
  const page = await ways.tray.popover();
  const before = await snapshotOf(page, name);
  await (await detailsOf(ways, name)).getByRole('button', { name: 'Renew now' }).click();
  await waitForSnapshot(page, 'the renewal', ({ tenants }) =>
    tenants.some(
      ({ id, issuedAtMs, status }) =>
        id === before.id && status.kind === 'fresh' && issuedAtMs !== before.issuedAtMs,
    ),
  );
  return ways.tray.copy(name);
}

/** Clicks “Call” and answers the verdict, e.g. `200 · accepted · 12 ms`. */
export async function call(ways: Ways, name: string): Promise<string> {
  const details = await detailsOf(ways, name);
  const result = details.getByRole('group', { name: 'Result of the call' });
  await details.getByRole('button', { name: 'Call', exact: true }).click();
  const verdict = await result.getByText(/^\d+ · /).innerText();
  await result.getByRole('button', { name: 'Dismiss the result' }).click();
  return verdict;
}

export async function expectAccepted(ways: Ways, name: string): Promise<void> {
  expect(await call(ways, name)).toMatch(/^200 · accepted · \d+ ms$/);
}
