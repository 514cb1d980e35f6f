import { createHash } from 'node:crypto';

const STYLE = `
:root { color-scheme: light dark; --ground: #fbfbfc; --text: #1d2126; --quiet: #5a626c; --line: #d9dde2; --good: #1f7a45; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ground: #17191c; --text: #e6e8eb; --quiet: #a0a7b0; --line: #33383f; --good: #6cc792; --bad: #f2938c; } }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--ground); color: var(--text); font: 13px/18px system-ui, sans-serif; }
main { max-width: 380px; padding: 24px; border: 1px solid var(--line); border-radius: 3px; }
h1 { margin: 0 0 8px; font-size: 15px; line-height: 20px; font-weight: 600; }
h1::before { content: "\\2713"; margin-right: 8px; color: var(--good); }
main.failed h1::before { content: "\\00d7"; color: var(--bad); }
p { margin: 0; color: var(--quiet); }`;

/** Headers of every answer: nothing is loaded, run, framed, stored or told to another site. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cross-origin-opener-policy': 'same-origin',
  connection: 'close',
};

export interface PageText {
  readonly ok: boolean;
  readonly title: string;
  readonly text: string;
}

/** The page that the browser is left with after the redirect. */
export function redirectPage(page: PageText): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(page.title)} - Countersign</title><style>${STYLE}</style></head>
<body><main${page.ok ? '' : ' class="failed"'} role="${page.ok ? 'status' : 'alert'}"><h1>${escapeHtml(page.title)}</h1><p>${escapeHtml(page.text)}</p></main></body>
</html>
`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
