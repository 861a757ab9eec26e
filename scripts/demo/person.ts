/** What the person of the story does in the app, by the words on its buttons. */
import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright';
import { poll } from '../../tests/harness/waiting.ts';
import type { Stage } from './stage.ts';

/** As a person does: the pointer on the icon first, so that the popover opens beside it. */
export async function openPopover({ tray, panel }: Stage): Promise<Page> {
  await panel.pointAtIcon();
  return tray.popover();
}

/** Unfolds a tenant's row; answers its details. */
export async function unfold(stage: Stage, name: string): Promise<Locator> {
  const popover = await openPopover(stage);
  const row = popover.getByRole('button', { name, exact: true });
  // A tenant that was just added is unfolded already.
  if ((await row.getAttribute('aria-expanded')) !== 'true') await row.click();
  const details = popover.getByRole('group', { name: `Details of ${name}` });
  await details.waitFor();
  // For the pictures: all of it, where the list is long
  await row.evaluate((element) => element.closest('li')?.scrollIntoView());
  return details;
}

export interface Entries {
  readonly provider: string;
  readonly name: string;
  /** Words at the radio button, where there are several ways to a token. */
  readonly way?: string;
  /** By their labels; of a choice, the words of the option. */
  readonly fields: Readonly<Record<string, string>>;
}

/** Finds the provider by the first letters of its name. */
export async function chooseProvider(stage: Stage, provider: string, typed: string): Promise<Page> {
  const popover = await openPopover(stage);
  await popover.getByRole('button', { name: 'Add tenant' }).click();
  await popover.getByRole('searchbox', { name: 'Search providers' }).fill(typed);
  await popover.getByRole('button', { name: provider, exact: true }).waitFor();
  return popover;
}

/** Fills in the form of a new tenant, and leaves it open. */
export async function fillForm(stage: Stage, entries: Entries): Promise<Page> {
  const popover = await chooseProvider(stage, entries.provider, entries.provider);
  await popover.getByRole('button', { name: entries.provider, exact: true }).click();
  await fillFields(popover, entries);
  return popover;
}

export async function fillFields(popover: Page, { name, way, fields }: Entries): Promise<void> {
  await popover.getByLabel('Name', { exact: true }).fill(name);
  if (way !== undefined) await popover.getByRole('radio', { name: way, exact: true }).check();
  const more = popover.getByRole('button', { name: 'More', exact: true });
  for (const [label, text] of Object.entries(fields)) {
    const words = label.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
    const control = popover.getByLabel(new RegExp(String.raw`^\s*${words}(\s· optional)?\s*$`));
    if (!(await control.isVisible())) await more.click();
    const isList = await control.evaluate((element) => element.tagName === 'SELECT');
    if (isList) await control.selectOption({ label: text });
    else await control.fill(text);
  }
}

/** Saves the form; the tenant's row is then there, unfolded. */
export async function addTenant(popover: Page, name: string): Promise<void> {
  await popover.getByRole('button', { name: 'Add tenant' }).click();
  await popover.getByRole('button', { name, exact: true }).waitFor();
}

/** For a tenant that needs nobody. */
export async function getToken(stage: Stage, name: string): Promise<void> {
  const popover = await openPopover(stage);
  await popover.getByRole('button', { name: `Get token of ${name}` }).click();
  await stage.tray.waitForToken(name);
  await unfold(stage, name);
}

/**
 * Starts a sign-in and fills in the provider's login page.
 * @param start Beginning of the page's address; the bar above it names its host.
 */
export async function enterLogin(stage: Stage, name: string, start: string): Promise<Page> {
  const page = await stage.tray.startSignIn(name, { issuer: start });
  await page.locator('#username').fill('ada');
  await page.locator('#password').fill('a password');
  const bar = await stage.tray.loginBar();
  await bar.getByText(new URL(start).host).first().waitFor();
  return page;
}

/** Presses the login page's last button and waits for the token. */
export async function finishLogin(
  stage: Stage,
  name: string,
  page: Page,
  button = 'Sign in',
): Promise<void> {
  await page
    .getByRole('button', { name: button })
    .click()
    .catch((cause: unknown) => {
      // That the page is gone before the click has ended is the point of it
      if (!page.isClosed()) throw cause;
    });
  await stage.tray.waitForToken(name);
  await stage.tray.popoverShown();
  await unfold(stage, name);
}

/** Clicks “Call”: the provider accepts the token. */
export async function call(stage: Stage, name: string): Promise<void> {
  const details = await unfold(stage, name);
  await details.getByRole('button', { name: 'Call', exact: true }).click();
  await details.getByText(/^200 · accepted · \d+ ms$/).waitFor();
  await details.evaluate((element) => element.scrollIntoView({ block: 'nearest' }));
}

/** Copies in another form; answers what another program then finds on the clipboard. */
export async function copyAs(stage: Stage, name: string, form: string): Promise<string> {
  const { clipboard } = stage.desktop;
  await clipboard.writeText('before the copy');
  const details = await unfold(stage, name);
  await details.getByRole('button', { name: 'Copy as' }).click();
  await details.getByRole('menuitemradio', { name: form, exact: true }).click();
  return poll('the copy', 10_000, async () => {
    const text = await clipboard.readText();
    return text === 'before the copy' || text === '' ? null : text;
  });
}

/** The vendor's own API accepts what was copied, in the header that it wants. */
export async function assertAccepted(
  { world }: Stage,
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  const { status } = await world.internet.fetch(url, { headers });
  assert.equal(status, 200, `${new URL(url).host} refused the token`);
}

export const bearer = (token: string): Readonly<Record<string, string>> => ({
  authorization: `Bearer ${token}`,
});
