/** Ends of an attempt in the login window that no answer brings: the beginning failed, the provider's error page, the signal. */
import {
  byHand,
  link,
  page,
  redirectTo,
  scriptButton,
  scriptText,
  stepUrl,
} from '../emulators/hostile-pages.ts';
import type { Answer, ReceivedRequest } from '../emulators/hostile-server.ts';
import { poll } from '../harness/waiting.ts';
import type { AuthorizeWish, PlainOutcome } from './login-window-app.ts';
import { expect, test, type ProbeApp } from './login-window-probe.ts';
import { pressContinue } from './login-driver.ts';

function begin(
  probe: ProbeApp,
  wish: Partial<AuthorizeWish> & Pick<AuthorizeWish, 'url'>,
): Promise<PlainOutcome> {
  const end = probe.ask('authorize', {
    tenantId: 'Acme',
    redirectUri: 'https://localhost/callback',
    state: 'the-state',
    ...wish,
  });
  end.catch(() => {});
  return end;
}

test('what fails before the window opens is told as it is, and no window opens', async ({
  probe,
}) => {
  const error = { code: 'discovery-missing', host: 'login.example.test' } as const;
  expect(await begin(probe, { url: null, error })).toEqual({ kind: 'failed', error });
  expect(await probe.read('begun')).toEqual(['https://localhost/callback']);
  await probe.nothingLeft();
});

test('B-13 an attempt that is cancelled while it begins is closed at once', async ({ probe }) => {
  const end = begin(probe, { url: null });
  await poll('the beginning', 5_000, async () => (await probe.read('begun')).length === 1);
  await probe.ask('cancel', 'Acme');
  expect(await end).toEqual({ kind: 'closed' });
  await probe.nothingLeft();
});

test('without a redirect URI nothing is caught, and the signal ends it', async ({
  probe,
  server,
  listener,
}) => {
  server.behave({
    authorize: (request) =>
      page(byHand(request), link(new URL(`${listener.redirectUri}?code=1&state=the-state`))),
  });
  const end = begin(probe, { url: `${server.issuer}/authorize`, redirectUri: null });
  await pressContinue(await probe.app.waitForPage((url) => url.includes('/authorize')));
  await probe.app.waitForPage((url) => url.startsWith(listener.redirectUri));
  expect(await probe.read('begun')).toEqual(['']);
  expect(await probe.read('judged')).toEqual([]);
  await probe.ask('cancel', 'Acme');
  expect(await end).toEqual({ kind: 'closed' });
  await probe.nothingLeft();
});

const errorPage = (request: ReceivedRequest, step: string): URL => {
  const url = stepUrl(request, step);
  url.pathname = '/ooops';
  url.search = '?why=client_id_not_found';
  return url;
};
const WAYS: Readonly<Record<string, (request: ReceivedRequest) => Answer>> = {
  'a redirect at once': (request) => redirectTo(302, errorPage(request, '')),
  'a redirect after a page': (request) =>
    request.query.get('step') === null
      ? page(request, link(stepUrl(request, 'second')))
      : redirectTo(302, errorPage(request, '')),
  'a script': (request) =>
    page(request, scriptButton(`location.href = ${scriptText(errorPage(request, ''))}`)),
};
for (const [way, authorize] of Object.entries(WAYS)) {
  test(`the provider’s own error page ends the attempt with what it says: ${way}`, async ({
    probe,
    server,
  }) => {
    server.behave({ authorize });
    const end = begin(probe, {
      url: `${server.issuer}/authorize`,
      errorPage: `${server.issuer}/ooops?`,
    });
    expect(await end).toEqual({
      kind: 'failed',
      error: { code: 'sign-in-denied', detail: 'client_id_not_found' },
    });
    await probe.nothingLeft();
  });
}

test('the error page in a frame or in a pop-up ends nothing', async ({ probe, server }) => {
  const answer = 'https://localhost/callback?code=1&state=the-state';
  server.behave({
    authorize: (request) => {
      switch (request.query.get('step')) {
        case null:
          return page(
            byHand(request),
            `${link(new URL(answer))}<iframe src="/authorize?step=frame"></iframe>` +
              `<script>open('/authorize?step=pop-up', '', 'width=300,height=300')</script>`,
          );
        default:
          return redirectTo(302, errorPage(request, ''));
      }
    },
  });
  const end = begin(probe, {
    url: `${server.issuer}/authorize`,
    errorPage: `${server.issuer}/ooops?`,
  });
  const provider = await probe.app.waitForPage((url) => url.endsWith('/authorize'));
  await poll('the frame and the pop-up', 5_000, () => server.requests('/ooops').length === 2);
  await pressContinue(provider);
  expect(await end).toEqual({ kind: 'answered', answer });
  await probe.nothingLeft();
});
