/** Bad input for the thirteen REST logins, and where their passwords must never be. */
import type { SiteAnswer } from '../emulators/site.ts';
import { HTML_INSTEAD_OF_JSON, redirectTo, WRONG_PASSWORD } from '../emulators/emulator-parts.ts';
import {
  createRestApis,
  FIREBASE_API_KEY,
  KALTURA_PARTNER_ID,
  SUPABASE_API_KEY,
  type Answering,
  type RestApi,
} from '../emulators/rest-apis.ts';
import { ask, demand } from '../harness/bridge.ts';
import { createCanarySearch, processTexts } from '../harness/canary-search.ts';
import { expect } from '../harness/fixtures.ts';
import { enterPassword, waysTest, type Ways } from './ways.ts';
import {
  alertOn,
  beginAt,
  cancelAt,
  expectNothingSentTo,
  expectTrouble,
  LOOK_ALIKE,
  saveTenant,
} from './ways-trouble.ts';

type ApiName = Exclude<keyof ReturnType<typeof createRestApis>, 'nextcloud'>;

interface Api {
  readonly providerId: string;
  /** Beside server address and user. */
  readonly values?: Readonly<Record<string, string>>;
  /** Value of the form that stands for a client, with one that is not known. */
  readonly unknownClient?: Readonly<Record<string, string>>;
  /** Default `login`. */
  readonly loginStep?: string;
  /** The step that a refresh token or the current token goes to; absent: renewed by logging in. */
  readonly renewalStep?: string;
}

const APIS: Readonly<Record<ApiName, Api>> = {
  directus: { providerId: 'directus', renewalStep: 'refresh' },
  thingsBoard: { providerId: 'thingsboard', renewalStep: 'refresh' },
  supabase: {
    providerId: 'supabase',
    values: { apiKey: SUPABASE_API_KEY },
    unknownClient: { apiKey: 'no-such-key' },
    renewalStep: 'refresh',
  },
  firebase: {
    providerId: 'firebase',
    values: { apiKey: FIREBASE_API_KEY },
    unknownClient: { apiKey: 'no-such-key' },
    renewalStep: 'refresh',
  },
  matrix: { providerId: 'matrix', renewalStep: 'refresh' },
  pocketBase: {
    providerId: 'pocketbase',
    values: { collection: 'users' },
    renewalStep: 'refresh',
  },
  jellyfin: { providerId: 'jellyfin', values: { deviceId: 'desk' } },
  magento: { providerId: 'magento' },
  zabbix: { providerId: 'zabbix' },
  proxmox: { providerId: 'proxmox' },
  kaltura: {
    providerId: 'kaltura',
    values: { partnerId: KALTURA_PARTNER_ID, startWith: 'password' },
    unknownClient: { partnerId: '1' },
    loginStep: 'loginByLoginId',
  },
  veeam: {
    providerId: 'veeam',
    values: { apiVersion: '1.3-rev0' },
    renewalStep: 'refresh',
  },
};

const test = waysTest(createRestApis);

function draftOf(
  name: ApiName,
  { origin, account }: RestApi<never>,
  values: Readonly<Record<string, string>> = {},
  password = account.password,
) {
  const { providerId, values: own } = APIS[name];
  const address = name === 'firebase' ? {} : { baseUrl: origin };
  return {
    providerId,
    grant: 'rest-login',
    values: { ...address, username: account.username, ...own, ...values },
    secrets: { password },
  };
}

function answerAlways(api: RestApi<never>, step: string, answer: SiteAnswer | undefined): void {
  const answering: Answering | undefined = answer === undefined ? undefined : () => answer;
  api.behave({
    [step]: answering,
  });
}

for (const [
  name,
  { providerId, unknownClient, loginStep = 'login', renewalStep },
] of Object.entries(APIS) as [ApiName, Api][]) {
  test(`${providerId}: wrong password, unknown client, HTML, trouble, a redirect, a session that has ended`, async ({
    ways,
  }) => {
    const api: RestApi<never> = ways.emulators[name];
    const page = await ways.tray.popover();
    const wrong = await saveTenant(ways, draftOf(name, api, {}, 'not the password'));
    const stored = await demand(page, 'readTenant', wrong.id);
    for (const answer of [
      await ask(page, 'signIn', wrong.id),
      await ask(page, 'testTenant', stored),
    ]) {
      await expectTrouble(ways, wrong, answer, 'credentials-refused');
    }
    if (unknownClient !== undefined) {
      const unknown = await saveTenant(ways, draftOf(name, api, unknownClient));
      const answer = await ask(page, 'signIn', unknown.id);
      await expectTrouble(ways, unknown, answer, 'credentials-refused');
    }

    const tenant = await saveTenant(ways, draftOf(name, api));
    for (const [answer, trouble] of [
      [HTML_INSTEAD_OF_JSON, 'not-the-provider'],
      [{ ...HTML_INSTEAD_OF_JSON, status: 403 }, 'credentials-refused'],
      [{ ...HTML_INSTEAD_OF_JSON, status: 404 }, 'request-refused'],
      [{ ...HTML_INSTEAD_OF_JSON, status: 502 }, 'provider-trouble'],
      [{ ...redirectTo(`https://${LOOK_ALIKE}/login`), status: 307 }, 'redirect-refused'],
    ] as const) {
      answerAlways(api, loginStep, answer);
      await expectTrouble(ways, tenant, await ask(page, 'signIn', tenant.id), trouble);
    }
    expectNothingSentTo(ways, LOOK_ALIKE);

    answerAlways(api, loginStep, undefined);
    await demand(page, 'signIn', tenant.id);
    api.revokeRefreshTokens();
    api.expireTokens();
    // The password starts another session; where it has changed meanwhile, the person is told
    await demand(page, 'renew', tenant.id);
    api.revokeRefreshTokens();
    api.expireTokens();
    answerAlways(api, loginStep, { status: 401, body: { message: 'Wrong' } });
    if (renewalStep !== undefined) {
      answerAlways(api, renewalStep, HTML_INSTEAD_OF_JSON);
      await expectTrouble(ways, tenant, await ask(page, 'renew', tenant.id), 'not-the-provider');
      answerAlways(api, renewalStep, undefined);
    }
    await expectTrouble(ways, tenant, await ask(page, 'renew', tenant.id), 'credentials-refused');
  });
}

test('nextcloud: wrong password, HTML, trouble, a redirect, and a person who gives up', async ({
  ways,
}) => {
  const { nextcloud } = ways.emulators;
  const page = await ways.tray.popover();
  const tenant = await saveTenant(ways, nextcloudDraft(nextcloud.origin));
  const { page: login, end } = await beginAt(ways, tenant.id, `${nextcloud.origin}/login/v2`);
  await login.locator('#username').waitFor();
  await enterPassword(login, nextcloud.account.username, WRONG_PASSWORD);
  await alertOn(login, 'Wrong login or password.');
  await cancelAt(ways, tenant, end, 'nextcloud.test');
  for (const [answer, trouble] of [
    [HTML_INSTEAD_OF_JSON, 'not-the-provider'],
    [{ ...HTML_INSTEAD_OF_JSON, status: 502 }, 'provider-trouble'],
    [{ ...redirectTo(`https://${LOOK_ALIKE}/login`), status: 307 }, 'redirect-refused'],
  ] as const) {
    nextcloud.behave({ login: () => answer });
    await expectTrouble(ways, tenant, await ask(page, 'signIn', tenant.id), trouble);
  }
  expect(nextcloud.liveTokens()).toBe(0);
});

function nextcloudDraft(baseUrl: string) {
  return { providerId: 'nextcloud', grant: 'approval', values: { baseUrl } };
}

test('C-08 no password of a REST login is on disk, in output, arguments, environments or notifications', async ({
  ways,
}) => {
  const page = await ways.tray.popover();
  const texts = new Set<string>();
  const timer = setInterval(() => {
    for (const text of processTexts()) texts.add(text);
  }, 100);
  try {
    for (const name of Object.keys(APIS) as ApiName[]) await useAll(ways, page, name);
  } finally {
    clearInterval(timer);
  }
  const { directory, notifications } = ways.tray.desktop;
  // As JSON and shells write it there is no quote in its first word
  const search = createCanarySearch([
    ...new Set(
      Object.values(ways.emulators).flatMap(({ account }) => [
        account.password,
        account.password.split(' ')[0]!,
      ]),
    ),
    CHANGED_PASSWORD,
  ]);
  search.lookAtFolder(directory);
  search.look('the output of the app', ways.tray.app.output());
  search.look('the notifications', JSON.stringify(notifications.all()));
  search.look('the history of notifications', await notifications.historyText());
  search.look('the page', await page.content());
  for (const text of texts) search.look('arguments or environment of a process', text);
  expect(search.hits()).toEqual([]);
  expect(search.looks()).toBeGreaterThan(200);
});

const CHANGED_PASSWORD = 'changedCanary-91b2 <&>';

/** Everything that takes the password along: a test, a login, a renewal, a wrong one, a copy, a call, a sign-out. */
async function useAll(
  ways: Ways<ReturnType<typeof createRestApis>>,
  page: Parameters<typeof ask>[0],
  name: ApiName,
): Promise<void> {
  const api: RestApi<never> = ways.emulators[name];
  const { id } = await saveTenant(ways, draftOf(name, api));
  const stored = await demand(page, 'readTenant', id);
  await demand(page, 'testTenant', stored);
  await demand(page, 'signIn', id);
  await demand(page, 'copyToken', id);
  api.revokeRefreshTokens();
  api.expireTokens();
  await demand(page, 'renew', id);
  await demand(page, 'saveTenant', { ...stored, secrets: { password: CHANGED_PASSWORD } });
  expect(await ask(page, 'signIn', id)).toMatchObject({ ok: false });
  await demand(page, 'signOut', id);
}
