import { createServer, request as httpRequest } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { listenForRedirect, type RedirectListener } from './redirect-listener.ts';

const listeners: RedirectListener[] = [];
async function listen(redirect: Partial<Parameters<typeof listenForRedirect>[0]> = {}): Promise<RedirectListener> {
  const listener = await listenForRedirect({ host: '127.0.0.1', ports: 'any', path: '/callback', ...redirect });
  listeners.push(listener);
  return listener;
}
afterEach(async () => {
  for (const listener of listeners.splice(0)) await listener.close();
});

const never = new AbortController().signal;

/** fetch may not set Host; this may. */
function get(
  url: string,
  options: { readonly host?: string; readonly method?: string } = {},
): Promise<{ status: number; body: string; headers: NodeJS.Dict<string | string[]> }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      url,
      { method: options.method ?? 'GET', headers: options.host === undefined ? {} : { host: options.host } },
      (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }));
      },
    );
    request.on('error', reject);
    request.end();
  });
}

describe('the redirect listener', () => {
  it('delivers the redirect that carries the state, and answers it with a page that ends the tab', async () => {
    const listener = await listen();
    const next = listener.next('s-1', never);
    const browser = get(`${listener.redirectUri}?code=c&state=s-1`);
    const { url, finish } = await next;
    expect(url.searchParams.get('code')).toBe('c');
    finish({ ok: true, title: 'You are signed in', text: 'You can close this tab.' });
    const page = await browser;
    expect(page.status).toBe(200);
    expect(page.body).toContain('You can close this tab.');
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    expect(page.headers['cache-control']).toBe('no-store');
    expect(page.body).not.toContain('<script');
  });

  it('shows names as text, whatever they hold', async () => {
    const listener = await listen();
    const next = listener.next('s-1', never);
    const browser = get(`${listener.redirectUri}?state=s-1`);
    (await next).finish({ ok: true, title: '<b>', text: `<script>alert("1")</script>'` });
    const { body } = await browser;
    expect(body).not.toContain('<script>');
    expect(body).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;');
  });

  it.each<readonly [string, string, number]>([
    ['another state', '/callback?code=evil&state=s-2', 400],
    ['no state', '/callback?code=evil', 400],
    ['two states', '/callback?code=evil&state=s-2&state=s-1', 400],
    ['another path', '/other?code=evil&state=s-1', 404],
    ['a path below', '/callback/x?code=evil&state=s-1', 404],
    ['the icon of the page', '/favicon.ico', 404],
  ])('answers %s and goes on waiting for the right one', async (_what, path, status) => {
    const listener = await listen();
    const next = listener.next('s-1', never);
    expect((await get(new URL(path, listener.redirectUri).href)).status).toBe(status);
    const browser = get(`${listener.redirectUri}?code=good&state=s-1`);
    const { url, finish } = await next;
    expect(url.searchParams.get('code')).toBe('good');
    finish({ ok: true, title: '', text: '' });
    await browser;
  });

  it('refuses a second redirect with the same state', async () => {
    const listener = await listen();
    const next = listener.next('s-1', never);
    const first = get(`${listener.redirectUri}?code=one&state=s-1`);
    const { finish } = await next;
    const replay = await get(`${listener.redirectUri}?code=two&state=s-1`);
    expect(replay.status).toBe(400);
    expect(replay.body).toContain('already used');
    finish({ ok: true, title: '', text: '' });
    expect((await first).status).toBe(200);
  });

  it('refuses a page of another site whose name was rebound to this machine, and methods other than GET', async () => {
    const listener = await listen();
    void listener.next('s-1', never).catch(() => undefined);
    expect((await get(`${listener.redirectUri}?code=c&state=s-1`, { host: 'evil.example' })).status).toBe(421);
    expect((await get(`${listener.redirectUri}?code=c&state=s-1`, { method: 'POST' })).status).toBe(405);
  });

  it('answers localhost on IPv4 and IPv6, so that no other program can sit on the other one', async () => {
    const listener = await listen({ host: 'localhost' });
    const { port } = new URL(listener.redirectUri);
    void listener.next('s-1', never).catch(() => undefined);
    for (const address of ['127.0.0.1', '[::1]']) {
      const answer = await get(`http://${address}:${port}/callback?state=x`, { host: `localhost:${port}` }).catch(
        (error: unknown) => error,
      );
      // A machine without IPv6 refuses the connection; whoever answers is this listener.
      if (!(answer instanceof Error)) expect(answer).toMatchObject({ status: 400 });
    }
    expect(listener.redirectUri).toBe(`http://localhost:${port}/callback`);
  });

  it('takes the next of the listed ports where one is taken, and says so where all are', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen({ host: '127.0.0.1', port: 0 }, resolve));
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      await expect(listen({ ports: [port] })).rejects.toMatchObject({ code: 'identity-redirect-taken' });
      const listener = await listen({ ports: [port, 0] });
      expect(new URL(listener.redirectUri).port).not.toBe(String(port));
    } finally {
      taken.close();
    }
  });

  it.each([
    { host: '0.0.0.0' },
    { host: 'example.com' },
    { host: '' },
    { path: '' },
    { path: 'callback' },
    { path: '/<script>' },
  ])('is not opened on %j', async (redirect) => {
    await expect(listen(redirect)).rejects.toMatchObject({ code: 'identity-redirect-invalid' });
  });

  it('no longer answers after it is closed', async () => {
    const listener = await listen();
    await listener.close();
    await expect(get(listener.redirectUri)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
