import { createHash } from 'node:crypto';
import { type Person } from './people.ts';

const STYLE = `
:root { color-scheme: light dark; --ground: #f6f7f8; --panel: #ffffff; --text: #1d2126; --quiet: #59616b; --line: #d5d9de; --field: #8b929b; --accent: #2563c4; --on-accent: #ffffff; --hover: #f0f2f5; --bad: #b3261e; --bad-ground: #fdf1f0; }
@media (prefers-color-scheme: dark) { :root { --ground: #131518; --panel: #1b1e22; --text: #e6e8eb; --quiet: #a3abb5; --line: #33383f; --field: #6e7680; --accent: #7aa7f0; --on-accent: #10151d; --hover: #23272c; --bad: #f2938c; --bad-ground: #2b1d1d; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 24px 12px; background: var(--ground); color: var(--text); font: 13px/18px system-ui, "Segoe UI", sans-serif; }
main { width: 100%; max-width: 372px; padding: 24px; background: var(--panel); border: 1px solid var(--line); border-radius: 3px; }
.organisation { display: flex; align-items: center; gap: 8px; margin: 0 0 16px; color: var(--quiet); font-size: 11px; line-height: 16px; }
.mark { width: 16px; height: 16px; color: var(--accent); flex: none; }
h1 { margin: 0 0 4px; font-size: 16px; line-height: 22px; font-weight: 600; }
p { margin: 0 0 16px; color: var(--quiet); }
label { display: block; margin: 0 0 4px; font-weight: 500; }
input[type="text"], input[type="email"], input[type="password"] { width: 100%; height: 30px; margin: 0 0 12px; padding: 0 8px; border: 1px solid var(--field); border-radius: 3px; background: var(--panel); color: var(--text); font: inherit; }
input[name="user_code"] { text-transform: uppercase; font-family: ui-monospace, monospace; letter-spacing: 1px; }
button { font: inherit; cursor: pointer; }
button.primary { width: 100%; height: 30px; border: 1px solid var(--accent); border-radius: 3px; background: var(--accent); color: var(--on-accent); font-weight: 600; }
button.quiet { width: 100%; height: 30px; margin-top: 8px; border: 1px solid var(--field); border-radius: 3px; background: transparent; color: var(--text); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
.error { margin: 0 0 12px; padding: 8px; border: 1px solid var(--bad); border-radius: 3px; background: var(--bad-ground); color: var(--bad); }
.people { margin: 16px 0 0; padding: 12px 0 0; border-top: 1px solid var(--line); }
.people h2 { margin: 0 0 8px; color: var(--quiet); font-size: 11px; line-height: 16px; font-weight: 600; }
.people ul { margin: 0 -8px; padding: 0; list-style: none; }
.people button { display: grid; grid-template-columns: 1fr auto; gap: 0 12px; width: 100%; padding: 4px 8px; border: 0; border-radius: 3px; background: transparent; color: var(--text); text-align: left; }
.people button:hover { background: var(--hover); }
.people .address, .people .role { color: var(--quiet); font-size: 11px; line-height: 16px; }
.people .role { text-align: right; }
.people code, .code { font-family: ui-monospace, monospace; font-size: 12px; }
.code { display: block; margin: 0 0 16px; font-size: 22px; line-height: 28px; letter-spacing: 2px; }
.note { margin: 12px 0 0; font-size: 11px; line-height: 16px; }`;

/** Fills the form with the person clicked; without scripts the same is typed. */
const SCRIPT = `for (const button of document.querySelectorAll('[data-login]')) button.addEventListener('click', () => {
  document.getElementById('login').value = button.dataset.login;
  const password = document.getElementById('password');
  password.value = button.dataset.password;
  document.getElementById('continue').focus();
});`;

const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Browsers apply form-action to the redirect that follows a form as well, and that leads to the product on loopback. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': `default-src 'none'; style-src ${hash(STYLE)}; script-src ${hash(SCRIPT)}; form-action 'self' http://127.0.0.1:* http://localhost:*; base-uri 'none'; frame-ancestors 'none'`,
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

const MARK = `<svg class="mark" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.5" aria-hidden="true"><path d="M8 1.5 2.5 3.5v4c0 3.3 2.2 5.7 5.5 7 3.3-1.3 5.5-3.7 5.5-7v-4z"/><path d="m5.5 8 1.8 1.8L10.7 6.3"/></svg>`;

function page(title: string, body: string, script = ''): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escaped(title)} - Shop demonstration</title><style>${STYLE}</style></head>
<body><main><div class="organisation">${MARK}<span>Shop demonstration, on this machine only</span></div>${body}</main>${script}</body>
</html>
`;
}

const alert = (message: string | undefined): string =>
  message === undefined ? '' : `<div class="error" role="alert">${escaped(message)}</div>`;

export interface LoginPage {
  readonly action: string;
  readonly client: string;
  readonly people: readonly Person[];
  /** What was typed before, when the page is shown again with a message. */
  readonly login?: string;
  readonly error?: string;
}

export function loginPage({ action, client, people, login = '', error }: LoginPage): string {
  const list = people
    .map(
      (person) =>
        `<li><button type="button" data-login="${escaped(person.email)}" data-password="${escaped(person.password)}"><span>${escaped(person.name)}</span><span class="role">${escaped(person.role)}${person.disabled ? ', disabled' : ''}</span><span class="address">${escaped(person.email)}</span><code class="role">${escaped(person.password)}</code></button></li>`,
    )
    .join('');
  return page(
    'Sign in',
    `<h1>Sign in</h1><p>to continue to ${escaped(client)}</p>${alert(error)}
<form method="post" action="${escaped(action)}">
<label for="login">E-mail</label><input id="login" name="login" type="email" required autocomplete="username" value="${escaped(login)}"${login === '' ? ' autofocus' : ''}>
<label for="password">Password</label><input id="password" name="password" type="password" required autocomplete="current-password"${login === '' ? '' : ' autofocus'}>
<button class="primary" id="continue" type="submit">Sign in</button>
</form>
<section class="people"><h2>Choose a person to fill the form</h2><ul>${list}</ul>
<p class="note">Everybody here is made up and the passwords are published: this provider answers on this machine only and guards nothing but demonstration data.</p></section>`,
    `<script>${SCRIPT}</script>`,
  );
}

export interface CodePage {
  readonly action: string;
  /** What a phone would show. */
  readonly code: string;
  readonly wrong: boolean;
}

export function codePage({ action, code, wrong }: CodePage): string {
  const error = wrong ? 'That is not the code. Compare it with the one below.' : undefined;
  return page(
    'Confirm it is you',
    `<h1>Confirm it is you</h1><p>Countersign asks for your second factor.</p>${alert(error)}
<form method="post" action="${escaped(action)}">
<label for="code">One-time code</label><input id="code" name="code" type="text" inputmode="numeric" required autocomplete="one-time-code" autofocus>
<button class="primary" id="continue" type="submit">Confirm</button>
</form>
<section class="people"><h2>Your phone would show</h2><code class="code" id="shown">${escaped(code)}</code>
<p class="note">Nobody here has a phone. The code is made for this sign-in only and counts once.</p></section>`,
  );
}

/** `form` is made by oidc-provider: it holds the protection against forged requests and the code, escaped. */
export function deviceCodePage(form: string, error: string | undefined): string {
  return page(
    'Connect a device',
    `<h1>Connect a device</h1><p>Enter the code that Countersign shows in the terminal.</p>${alert(error)}${form}<button class="primary" type="submit" form="op.deviceInputForm">Continue</button>`,
  );
}

export function deviceConfirmPage(form: string, client: string, code: string): string {
  return page(
    'Connect a device',
    `<h1>Is this your code?</h1><p>${escaped(client)} wants to sign in on a device. Continue only if you started this and the device shows the same code.</p><span class="code">${escaped(code)}</span>${form}<button class="primary" type="submit" form="op.deviceConfirmForm" autofocus>Continue</button><button class="quiet" type="submit" form="op.deviceConfirmForm" name="abort" value="yes">It is not mine</button>`,
  );
}

export function messagePage(title: string, text: string): string {
  return page(title, `<h1>${escaped(title)}</h1><p>${escaped(text)}</p>`);
}
