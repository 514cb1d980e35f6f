import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importJWK, type JWK, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningIdp, startIdp } from './index.ts';
import { createVisitor } from './visitor.ts';

let directory: string;
let idp: RunningIdp;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'countersign-idp-'));
  idp = await startIdp({ directory });
});
afterEach(async () => {
  await idp.stop();
  await rm(directory, { recursive: true, force: true });
});

function authorize(change: Record<string, string> = {}): string {
  const parameters = new URLSearchParams({
    ...{
      client_id: idp.clientId,
      response_type: 'code',
      scope: 'openid',
      redirect_uri: 'http://127.0.0.1:5/callback',
      state: 's',
      nonce: 'n',
    },
    ...{ code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' },
    ...change,
  });
  for (const [name, value] of [...parameters]) if (value === '') parameters.delete(name);
  return `${idp.issuer}/auth?${parameters.toString()}`;
}

describe('the sign-in page', () => {
  it('shows the people with their roles and says that the passwords are published', async () => {
    const page = await createVisitor().open(authorize());
    for (const text of [
      'Ana Ruiz',
      'Analyst',
      'Eli Park',
      'Engineer',
      'Sam Okafor',
      'Security',
      'ana-demo',
      'on this machine only',
    ]) {
      expect(page.html).toContain(text);
    }
  });

  it.each([
    ['ana@shop.example', 'eli-demo'],
    ['ana@shop.example', ''],
    ['nobody@shop.example', 'ana-demo'],
    ['', ''],
  ])('refuses %j with password %j and keeps what was typed, but not the password', async (login, password) => {
    const visitor = createVisitor();
    const page = await visitor.submit(await visitor.open(authorize()), { login, password });
    expect(page.status).toBe(401);
    expect(page.html).toContain('E-mail or password is wrong');
    expect(page.html).toContain(`autocomplete="username" value="${login}"`);
    expect(page.html).toMatch(/name="password" type="password"(?![^>]* value=)/);
    const again = await visitor.submit(page, { login: 'Ana@Shop.Example ', password: 'ana-demo' });
    expect(again.left).toMatch(/^http:\/\/127\.0\.0\.1:5\/callback\?code=/);
  });

  it('has the name there of whoever is asked to prove it once more', async () => {
    const page = await createVisitor().open(`${authorize()}&login_hint=eli%40shop.example`);
    expect(page.html).toContain('autocomplete="username" value="eli@shop.example"');
    expect(page.html).toMatch(/name="password"[^>]* autofocus/);
  });

  it('says that a disabled account is disabled, to whoever knows its password', async () => {
    const path = join(directory, 'people.json');
    const people = JSON.parse(await readFile(path, 'utf8')) as { id: string }[];
    await writeFile(path, JSON.stringify(people.map((person) => ({ ...person, disabled: true }))));
    const visitor = createVisitor();
    const page = await visitor.submit(await visitor.open(authorize()), {
      login: 'ana@shop.example',
      password: 'ana-demo',
    });
    expect(page.html).toContain('The account of Ana Ruiz is disabled.');
    expect((await visitor.submit(page, { login: 'ana@shop.example', password: 'x' })).html).not.toContain(
      'is disabled.',
    );
  });

  it('shows what was typed as text', async () => {
    const visitor = createVisitor();
    const page = await visitor.submit(await visitor.open(authorize()), {
      login: '"><script>alert(1)</script>',
      password: 'x',
    });
    expect(page.html).not.toContain('<script>alert');
  });

  it('allows no script but its own, and no frame around it', async () => {
    const visitor = createVisitor();
    const { url } = await visitor.open(authorize());
    const response = await fetch(url);
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(response.status).toBe(400);
  });

  it('belongs to the browser that began the sign-in', async () => {
    const { url } = await createVisitor().open(authorize());
    const stranger = await createVisitor().submit(
      { url, status: 200, html: `<form action="${url}">`, left: undefined },
      { login: 'ana@shop.example', password: 'ana-demo' },
    );
    expect(stranger.status).toBe(400);
    expect(stranger.left).toBeUndefined();
  });

  it('does not read a form that is too large or of another kind', async () => {
    const visitor = createVisitor();
    const page = await visitor.open(authorize());
    expect((await visitor.submit(page, { login: 'x'.repeat(5_000), password: 'x' })).status).toBe(413);
  });
});

describe('the provider', () => {
  it.each<readonly [string, Record<string, string>]>([
    ['without PKCE', { code_challenge: '', code_challenge_method: '' }],
    ['with the plain PKCE method', { code_challenge_method: 'plain' }],
  ])('sends a sign-in %s back with an error', async (_what, change) => {
    expect((await createVisitor().open(authorize(change))).left).toContain('error=invalid_request');
  });

  it.each<readonly [string, Record<string, string>]>([
    ['to another site', { redirect_uri: 'https://evil.example/callback' }],
    ['to another path', { redirect_uri: 'http://127.0.0.1:5/other' }],
    ['to a name that only begins like loopback', { redirect_uri: 'http://127.0.0.1.evil.example:5/callback' }],
    ['of an unknown client', { client_id: 'somebody' }],
  ])('does not redirect a sign-in %s', async (_what, change) => {
    const page = await createVisitor().open(authorize(change));
    expect(page.left).toBeUndefined();
    expect(page.html).toContain('The sign-in cannot go on');
  });

  it('answers only by its own name on loopback', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const request = httpRequest(
        `${idp.issuer}/.well-known/openid-configuration`,
        { headers: { host: 'evil.example' } },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      );
      request.on('error', reject);
      request.end();
    });
    expect(status).toBe(421);
  });

  it('keeps its keys between starts, in files for its owner only', async () => {
    const keys = async (): Promise<unknown> => (await fetch(`${idp.issuer}/jwks`)).json();
    const before = await keys();
    await idp.stop();
    idp = await startIdp({ directory });
    expect(await keys()).toEqual(before);
    expect(JSON.stringify(before)).not.toContain('"d"');
    for (const file of ['keys.json', 'nightly-report.jwk', 'people.json'])
      expect((await stat(join(directory, file))).mode & 0o077).toBe(0);
  });

  it('moves to another port where the one it had is taken, and says which', async () => {
    const { issuer } = idp;
    await idp.stop();
    const other = createServer();
    await new Promise<void>((resolve) =>
      other.listen({ host: '127.0.0.1', port: Number(new URL(issuer).port) }, resolve),
    );
    try {
      idp = await startIdp({ directory });
      expect(idp.issuer).not.toBe(issuer);
      expect(await (await fetch(`${idp.issuer}/.well-known/openid-configuration`)).json()).toMatchObject({
        issuer: idp.issuer,
      });
    } finally {
      other.close();
    }
  });

  it('gives the agent a token for its own key, and nobody else', async () => {
    const ask = async (key: JWK): Promise<Response> => {
      const assertion = await new SignJWT({ jti: crypto.randomUUID() })
        .setProtectedHeader({ alg: 'ES256' })
        .setIssuer(idp.service.clientId)
        .setSubject(idp.service.clientId)
        .setAudience(idp.issuer)
        .setIssuedAt()
        .setExpirationTime('1m')
        .sign(await importJWK(key, 'ES256'));
      return fetch(`${idp.issuer}/token`, {
        method: 'POST',
        body: new URLSearchParams({
          ...{ grant_type: 'client_credentials', client_id: idp.service.clientId, client_assertion: assertion },
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        }),
      });
    };
    const key = JSON.parse(await readFile(idp.service.privateKeyFile, 'utf8')) as JWK;
    expect((await ask(key)).status).toBe(200);
    const stranger = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
    expect((await ask((await crypto.subtle.exportKey('jwk', stranger.privateKey)) as JWK)).status).toBe(401);
  });

  it('says which file is damaged when people.json is', async () => {
    await idp.stop();
    await writeFile(join(directory, 'people.json'), '[{]');
    await expect(startIdp({ directory })).rejects.toMatchObject({ code: 'demonstration-people-invalid' });
    await rm(join(directory, 'people.json'));
    idp = await startIdp({ directory });
  });
});

describe('the second factor', () => {
  const strong = (): string => authorize({ acr_values: idp.secondFactorAcr });
  const password = { login: 'ana@shop.example', password: 'ana-demo' };
  const shown = (html: string): string => /id="shown">(\d{6})</.exec(html)?.[1] ?? '';

  it('is asked for only where the program wants it, after the password', async () => {
    const visitor = createVisitor();
    const wrong = await visitor.submit(await visitor.open(strong()), { ...password, password: 'x' });
    expect(wrong.status).toBe(401);
    const page = await visitor.submit(wrong, password);
    expect(page.html).toContain('Your phone would show');
    const done = await visitor.submit(page, { code: shown(page.html) });
    expect(done.left).toMatch(/[?&]code=/);
    expect((await visitor.submit(await visitor.open(authorize()), password)).left).toMatch(/[?&]code=/);
  });

  it('is another code each time, and one that was used counts no more', async () => {
    const visitor = createVisitor();
    const first = await visitor.submit(await visitor.open(strong()), password);
    await visitor.submit(first, { code: shown(first.html) });
    const second = await visitor.submit(await visitor.open(strong()), password);
    expect((await visitor.submit(second, { code: shown(first.html) })).status).toBe(
      shown(first.html) === shown(second.html) ? 200 : 401,
    );
  });

  it('is waited for three times, then the sign-in begins anew', async () => {
    const visitor = createVisitor();
    const page = await visitor.submit(await visitor.open(strong()), password);
    const wrong = shown(page.html) === '000000' ? '000001' : '000000';
    for (const _try of [1, 2]) expect((await visitor.submit(page, { code: wrong })).html).toContain('not the code');
    const over = await visitor.submit(page, { code: wrong });
    expect(over.html).toContain('too many wrong ones');
    expect((await visitor.submit(page, { code: shown(page.html) })).left).toBeUndefined();
  });

  it('is nothing without the password: a code for a sign-in that waits for none leads nowhere', async () => {
    const visitor = createVisitor();
    const page = await visitor.open(strong());
    for (const code of ['000000', '', 'undefined']) expect((await visitor.submit(page, { code })).left).toBeUndefined();
  });

  it('does not let in somebody who was disabled after the password', async () => {
    const visitor = createVisitor();
    const page = await visitor.submit(await visitor.open(strong()), password);
    const path = join(directory, 'people.json');
    const people = JSON.parse(await readFile(path, 'utf8')) as { id: string }[];
    await writeFile(path, JSON.stringify(people.map((person) => ({ ...person, disabled: true }))));
    expect((await visitor.submit(page, { code: shown(page.html) })).left).toBeUndefined();
  });
});
