import { createHash, timingSafeEqual } from 'node:crypto';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import type Provider from 'oidc-provider';
import { DESKTOP_CLIENT_NAME, PASSWORD_ACR, SECOND_FACTOR_ACR } from './configuration.ts';
import { createOneTimeCodes } from './one-time-codes.ts';
import { codePage, loginPage, messagePage, SECURITY_HEADERS } from './pages.ts';
import { type Directory, type Person } from './people.ts';

/** Largest form that is read, bytes. */
const MAX_FORM_BYTES = 4_096;

/**
 * The provider's own sign-in pages: GET shows the first, POST takes `login` (an e-mail address) and `password` as
 * application/x-www-form-urlencoded and redirects on, so that a script with a cookie jar signs in as a browser does. Where
 * the program asks for a second factor (acr_values), a page that takes `code` stands between.
 */
export function createInteractions(
  provider: Provider,
  directory: Directory,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const codes = createOneTimeCodes();
  return async (request, response) => {
    const found = await provider.interactionDetails(request, response).catch(() => undefined);
    const action = new URL(request.url ?? '/', provider.issuer).pathname;
    if (found?.prompt.name !== 'login' || action !== `/interaction/${found.uid}`) {
      return send(response, 400, messagePage('This sign-in is over', 'Return to Countersign and sign in again.'));
    }
    const people = await directory.all();
    const page = { action, client: DESKTOP_CLIENT_NAME, people };
    // Who is asked to prove it once more finds their name there (OpenID Connect Core 3.1.2.1, login_hint).
    const hint = String(found.params['login_hint'] ?? '');
    if (request.method !== 'POST') return send(response, 200, loginPage({ ...page, login: hint }));
    if (request.headers['sec-fetch-site'] === 'cross-site')
      return send(response, 403, messagePage('Refused', 'Another site sent this form.'));

    const form = await readForm(request);
    if (form === undefined) return send(response, 413, messagePage('Refused', 'The form is not one of this page.'));
    const signedIn = async (accountId: string, acr: string, amr: string[]): Promise<void> => {
      await forgetEarlierPerson(provider, found);
      const result = { login: { accountId, acr, amr } };
      await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
    };
    const askCode = (status: number, accountId: string, wrong = false): void =>
      send(response, status, codePage({ action, code: codes.show(found.uid, accountId), wrong }));

    const code = form.get('code');
    if (code !== null) {
      const taken = codes.take(found.uid, code);
      if (taken === 'over') {
        const again = 'No code is waited for: there were too many wrong ones, or none was asked for. Sign in again.';
        return send(response, 401, loginPage({ ...page, error: again }));
      }
      if (taken === 'wrong') return askCode(401, codes.waits(found.uid) ?? '', true);
      // Whoever was disabled between the two pages does not come in by the second.
      if ((await directory.active(taken.accountId)) === undefined)
        return send(response, 401, loginPage({ ...page, error: WRONG }));
      return signedIn(taken.accountId, SECOND_FACTOR_ACR, ['pwd', 'otp', 'mfa']);
    }
    const login = (form.get('login') ?? '').trim();
    const person = people.find((candidate) => candidate.email.toLowerCase() === login.toLowerCase());
    const error = whyNot(person, form.get('password') ?? '');
    if (person === undefined || error !== undefined)
      return send(response, 401, loginPage({ ...page, login, error: error ?? WRONG }));
    const wanted = String(found.params['acr_values'] ?? '').split(' ');
    if (wanted.includes(SECOND_FACTOR_ACR)) return askCode(200, person.id);
    await signedIn(person.id, PASSWORD_ACR, ['pwd']);
  };
}

/** The browser may still be somebody else here; oidc-provider would first ask that person, by a script, to sign out. */
async function forgetEarlierPerson(
  provider: Provider,
  interaction: Awaited<ReturnType<Provider['interactionDetails']>>,
): Promise<void> {
  if (interaction.session === undefined) return;
  await (await provider.Session.findByUid(interaction.session.uid))?.destroy();
  delete interaction.session;
  await interaction.save(interaction.exp - Math.floor(Date.now() / 1000));
}

const WRONG = 'E-mail or password is wrong. Choose a person below to fill both.';

function whyNot(person: Person | undefined, password: string): string | undefined {
  if (person === undefined || !same(password, person.password)) return WRONG;
  return person.disabled ? `The account of ${person.name} is disabled.` : undefined;
}

function same(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  if (!/^application\/x-www-form-urlencoded\b/i.test(request.headers['content-type'] ?? '')) return undefined;
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > MAX_FORM_BYTES) return undefined;
    parts.push(part);
  }
  return new URLSearchParams(Buffer.concat(parts).toString('utf8'));
}

export function send(response: ServerResponse, status: number, html: string): void {
  response.writeHead(status, { ...SECURITY_HEADERS, 'content-type': 'text/html; charset=utf-8' }).end(html);
}
