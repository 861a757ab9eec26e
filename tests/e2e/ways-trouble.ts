/** What the tests of bad input share: tenants by the bridge, attempts that go wrong, and what an error has to say and must not. */
import type { Page } from 'playwright';
import type { Answer, ErrorView, TenantDraft } from '../../src-main/contract/ipc.ts';
import { ask, demand, draft } from '../harness/bridge.ts';
import { createCanarySearch } from '../harness/canary-search.ts';
import { expect } from '../harness/fixtures.ts';
import { poll } from '../harness/waiting.ts';
import { barOf } from './login-driver.ts';
import { detailsOf, enterPassword, expectNoSecret, secretsOf, type Ways } from './ways.ts';

/** A host that nobody answers at; what goes there is seen all the same. */
export const LOOK_ALIKE = 'localhost.evil.example';

/** Error code → what it has to say of the cause, and of the next step. */
const WORDS = {
  'capture-ended': ['its own sign-in has ended', 'Sign in again.'],
  'client-refused': ['does not accept the client id or its secret', 'Correct the client id'],
  'credentials-refused': ['does not accept what was entered', 'Correct what was entered'],
  'discovery-missing': ['publishes no OpenID Connect', 'Check the issuer address'],
  'grant-refused': ['no longer accepts this sign-in', 'Sign in again.'],
  'issuer-mismatch': ['belongs to another issuer', 'If you trust that issuer'],
  'key-refused': ['does not accept this key', 'pasted whole'],
  'not-the-provider': ['is not an answer of this provider', 'Check the address'],
  'page-failed': ['could not be loaded', 'then sign in again'],
  'provider-trouble': ['has trouble at the moment', 'Try again'],
  'redirect-refused': ['was not followed because it carries secrets', 'Check'],
  'request-refused': ['refused the request', 'redirect URI and extra parameters in the tenant'],
  'sign-in-cancelled': ['the sign-in was cancelled', 'Sign in again'],
  'sign-in-denied': ['refused the sign-in', ''],
  'token-answer-invalid': ['holds no token where one is expected', ''],
} as const satisfies Readonly<Record<string, readonly [cause: string, nextStep: string]>>;

export type Trouble = keyof typeof WORDS;

let count = 0;

/** Saves a tenant with a name of its own; answers both. */
export async function saveTenant(
  ways: Ways,
  change: Pick<TenantDraft, 'providerId' | 'grant' | 'values'> &
    Partial<Pick<TenantDraft, 'secrets'>>,
): Promise<{ readonly id: string; readonly name: string }> {
  count += 1;
  const name = `Tenant ${String(count)}`;
  for (const secret of Object.values(change.secrets ?? {})) {
    if (secret !== null && secret.length >= 8) ways.typedSecrets.add(secret);
  }
  const id = await demand(await ways.tray.popover(), 'saveTenant', draft({ name, ...change }));
  return { id, name };
}

/** The error names the tenant, the cause and the next step, and no secret; so does the unfolded row. */
export async function expectTrouble(
  ways: Ways,
  tenant: { readonly name: string },
  answer: Answer<unknown>,
  trouble: Trouble,
): Promise<ErrorView> {
  if (answer.ok) throw new Error(`${trouble} was expected: ${JSON.stringify(answer)}`);
  const { error } = answer;
  const [cause, nextStep] = WORDS[trouble];
  expect(error).toMatchObject({
    code: trouble,
    message: expect.stringContaining(cause),
    nextStep: expect.stringMatching(/\S/),
  });
  expect(error.message.startsWith(`${tenant.name}: `)).toBe(true);
  expect(error.nextStep).toContain(nextStep);
  const text = JSON.stringify(error);
  expect(text).not.toMatch(/[a-z]+:\/\/[^\s"]*[?#]/i);
  expect(text).not.toMatch(/<\w|undefined|\[object|\bat \S+ \(/);
  const search = createCanarySearch(secretsOf(ways));
  search.look('the error', text);
  expect(search.hits()).toEqual([]);
  // A login window has hidden it
  await ways.tray.popoverShown();
  await detailsOf(ways, tenant.name);
  await expectNoSecret(ways, await ways.tray.popover());
  return error;
}

/** An attempt of a sign-in by the bridge, and the page of the login window that begins so. */
export async function beginAt(
  ways: Ways,
  tenantId: string,
  start: string,
): Promise<{ readonly page: Page; readonly end: Promise<Answer<null>> }> {
  const popover = await ways.tray.popover();
  const end = ask(popover, 'signIn', tenantId);
  // A test that fails before it awaits this is not to be covered by its rejection
  end.catch(() => undefined);
  return { page: await ways.tray.app.waitForPage((url) => url.startsWith(start)), end };
}

/** Signs in at an emulator's own login page. */
export async function signInBy(
  ways: Ways,
  tenantId: string,
  start: string,
  password?: string,
): Promise<Answer<null>> {
  const { page, end } = await beginAt(ways, tenantId, start);
  await page.locator('#username').waitFor();
  await enterPassword(page, 'ada', password);
  return end;
}

/** The window stays at a page of this host, with nothing taken, until the person gives up. */
export async function cancelAt(
  ways: Ways,
  tenant: { readonly id: string; readonly name: string },
  end: Promise<Answer<null>>,
  host: string,
): Promise<void> {
  const bar = await barOf(ways.tray, tenant.id);
  await bar.getByText(host, { exact: true }).first().waitFor();
  try {
    await bar.getByRole('button', { name: 'Cancel' }).click();
  } catch (cause) {
    // That the bar is gone before the click has ended is the point of it
    if (!bar.isClosed()) throw cause;
  }
  await expectTrouble(ways, tenant, await end, 'sign-in-cancelled');
}

/** No request of the app's own (with what is secret in its body or header) has gone to this host. */
export function expectNothingSentTo({ internet }: Ways, host: string): void {
  const sent = internet.requests.filter(({ url }) => new URL(url).host === host);
  expect(
    sent.filter(({ method, headers }) => method !== 'GET' || 'authorization' in headers),
  ).toEqual([]);
}

/** Waits for an alert of the vendor's own page. */
export async function alertOn(page: Page, words: string): Promise<void> {
  await poll(`“${words}” on the page`, 5_000, async () =>
    (await page.getByRole('alert').textContent())?.includes(words),
  );
}
