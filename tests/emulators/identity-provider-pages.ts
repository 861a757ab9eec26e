/** The pages that an emulated provider shows in a browser. */
import type { SiteAnswer, SiteRequest } from './site.ts';

/** Login, then consent; each posts to the address it came from, so the authorization request stays in the query. */
export function loginPage(vendor: string, request: SiteRequest): SiteAnswer {
  const action = markup(request.url.href);
  return page(
    `Sign in to ${vendor}`,
    `<form method="POST" action="${action}">
<input name="login" placeholder="Enter any login" autofocus required>
<input name="password" type="password" placeholder="and password" required>
<button>Sign-in</button></form>`,
  );
}

export function consentPage(vendor: string, request: SiteRequest, login: string): SiteAnswer {
  return page(
    `${vendor}: allow access?`,
    `<form method="POST" action="${markup(request.url.href)}">
<input type="hidden" name="login" value="${markup(login)}">
<button name="consent" value="yes">Continue</button>
<button name="consent" value="no">Cancel</button></form>`,
  );
}

/** OAuth 2.0 Form Post Response Mode §2: the answer as fields of a form that sends itself. */
export function formPost(target: URL): SiteAnswer {
  const inputs = [...target.searchParams]
    .map(([name, value]) => `<input type="hidden" name="${markup(name)}" value="${markup(value)}">`)
    .join('');
  const action = new URL(target.pathname, target).href;
  return page(
    'One moment',
    `<form method="POST" action="${markup(action)}">${inputs}<button>Continue</button></form>
<script>document.forms[0].submit()</script>`,
  );
}

/** An error that the provider keeps to itself: nothing is sent to the redirect URI (RFC 6749 §4.1.2.1). */
export function errorPage(
  vendor: string,
  error: string,
  description: string,
  status = 400,
): SiteAnswer {
  return page(
    `${vendor}: error`,
    `<p id="error">${markup(error)}</p><p>${markup(description)}</p>`,
    status,
  );
}

/** What a captive portal or a broken proxy sends. */
export function strangePage(status = 200): SiteAnswer {
  return page('Hello', '<p>This is not the page you are looking for.</p>', status);
}

function page(title: string, content: string, status = 200): SiteAnswer {
  return {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' },
    body: `<!doctype html><title>${markup(title)}</title><h1>${markup(title)}</h1>${content}`,
  };
}

function markup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}
