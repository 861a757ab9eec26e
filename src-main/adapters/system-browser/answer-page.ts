/** The page that the browser shows at the redirect URI. Nothing of what came in is in it. */
import { createHash } from 'node:crypto';

/** `awaited`: the answer may stand in the fragment, which only a script can see (RFC 6749 §4.2.2). */
export type AnswerState = 'taken' | 'ignored' | 'awaited';

/**
 * Takes code and token out of the address, then sends the fragment to where the page came from. What stands in the
 * address goes nowhere but into that request.
 */
const SCRIPT = `
const { origin, pathname, search, hash } = location;
history.replaceState(null, '', origin + pathname);
const { dataset } = document.body;
if (dataset.state === 'awaited') {
  if (hash.length < 2) dataset.state = 'ignored';
  else
    fetch(origin + pathname + search, { method: 'POST', body: hash }).then(
      ({ ok }) => { dataset.state = ok ? 'taken' : 'ignored'; },
      () => { dataset.state = 'ignored'; },
    );
}
`;

const STYLE = `
:root { color-scheme: light dark; --canvas: #fbfbfd; --surface: #fff; --line: #e2e5ec; --text: #1a1d26; --muted: #5a6172; }
@media (prefers-color-scheme: dark) {
  :root { --canvas: #1b1d23; --surface: #23262e; --line: #343945; --text: #eceef4; --muted: #a5acbb; }
}
* { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; padding: 24px; display: grid; place-items: center;
  background: var(--canvas); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, Cantarell, 'Noto Sans', sans-serif;
}
main {
  width: 100%; max-width: 440px; padding: 40px 32px; text-align: center;
  background: var(--surface); border: 1px solid var(--line); border-radius: 14px;
  box-shadow: 0 1px 2px rgb(20 24 40 / 8%), 0 8px 24px rgb(20 24 40 / 6%);
}
svg { display: block; width: 64px; height: 64px; margin: 0 auto 20px; }
h1 { margin: 0 0 8px; font-size: 20px; line-height: 1.3; font-weight: 600; text-wrap: balance; }
p { margin: 0; color: var(--muted); text-wrap: balance; }
section { display: none; }
[data-state='taken'] .taken, [data-state='ignored'] .ignored, [data-state='awaited'] .awaited { display: block; }
`;

const MARK = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 512 512" aria-hidden="true">
<rect x="24" y="24" width="464" height="464" rx="104" fill="#3650cf"/>
<path d="M116 280v62a46 46 0 0 0 46 46h188a46 46 0 0 0 46-46v-62" fill="none" stroke="#a9b8ff" stroke-width="40" stroke-linecap="round"/>
<path d="M256 92a114 114 0 1 0 0 228 114 114 0 0 0 0-228Zm0 56a36 36 0 0 1 17 67.7l11 48.3h-56l11-48.3A36 36 0 0 1 256 148Z" fill="#fff" fill-rule="evenodd"/>
</svg>`;

/** Beside the page's own script and style, only the request back to the same address is allowed. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `script-src '${hashOf(SCRIPT)}'`,
  `style-src '${hashOf(STYLE)}'`,
  'img-src data:',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'Content-Type': 'text/html; charset=utf-8',
  'Cache-Control': 'no-store',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
};

/** @returns HTML that needs nothing from anywhere. */
export function answerPage(state: AnswerState): string {
  // An icon of its own, or the browser would ask the server for one
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Bearer Tray</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(MARK)}">
<style>${STYLE}</style>
</head>
<body data-state="${state}">
<main role="status">
${MARK}
<section class="taken">
<h1>You can close this tab and go back to Bearer Tray</h1>
<p>The sign-in continues there.</p>
</section>
<section class="ignored">
<h1>This is not the answer that Bearer Tray waits for</h1>
<p>It was ignored. You can close this tab; if a sign-in is still waiting in Bearer Tray, open it again from there.</p>
</section>
<section class="awaited">
<h1>One moment …</h1>
<p>Bearer Tray takes in the answer.</p>
<noscript><p>For this, JavaScript has to be allowed on this page.</p></noscript>
</section>
</main>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

/** For a Content-Security-Policy: https://www.w3.org/TR/CSP3/#grammardef-hash-source */
function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
