import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request, type IncomingHttpHeaders } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { CLOSE_REPLACED, CLOSE_STOPPED } from '../../../shared/browser-shell.ts';
import { connect, MAX_FRAME_BYTES, serve, unary, webSocketLink } from '../../../shared/rpc/index.ts';
import { writeRedirectFile } from './redirect-file.ts';
import { startBrowserShell, type BrowserShell, type BrowserShellOptions } from './shell.ts';
import { type TabKey } from './tab-keys.ts';

const contract = { echo: unary<string>()(z.string()) } as const;
const script = `export const text = ${JSON.stringify('countersign '.repeat(500))};\n`;

let directory: string;
let shell: BrowserShell;
let now: number;
let printed: string[];
let served: number;
let lastTabGone: Promise<void>;

async function start(options: Partial<BrowserShellOptions> = {}): Promise<BrowserShell> {
  let gone: () => void = () => undefined;
  lastTabGone = new Promise((resolve) => {
    gone = resolve;
  });
  return startBrowserShell({
    serveLink(link) {
      served++;
      serve(link, contract, { echo: (text) => text });
    },
    rendererDirectory: join(directory, 'renderer'),
    profileDirectory: join(directory, 'profile'),
    openWith: 'none',
    onLastTabGone: gone,
    print: (line) => printed.push(line),
    now: () => now,
    maxTabs: 2,
    lastTabGraceMs: 1,
    ...options,
  });
}

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'countersign-shell-'));
  mkdirSync(join(directory, 'renderer/assets'), { recursive: true });
  writeFileSync(join(directory, 'renderer/index.html'), '<!doctype html><title>Countersign</title>');
  writeFileSync(join(directory, 'renderer/assets/app.js'), script);
  writeFileSync(join(directory, 'secret.html'), 'secret');
  now = 1_000_000;
  printed = [];
  served = 0;
  shell = await start();
});
afterEach(async () => {
  await shell.close();
  rmSync(directory, { recursive: true });
});

const site = (): URL => new URL(shell.origin);
const pageHeaders = (): Record<string, string> => ({
  host: site().host,
  'sec-fetch-site': 'none',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
});
const ownHeaders = (): Record<string, string> => ({ host: site().host, 'sec-fetch-site': 'same-origin' });

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

function ask(method: string, path: string, headers: Record<string, string>, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port: site().port, method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

const ticketOf = (address: string): string => new URLSearchParams(new URL(address).hash.slice(1)).get('ticket') ?? '';

function redeem(ticket: string, headers: Record<string, string> = {}): Promise<Answer> {
  const all = { ...ownHeaders(), origin: shell.origin, 'content-type': 'application/json', ...headers };
  return ask('POST', '/ticket', all, JSON.stringify({ ticket }));
}

async function newKey(): Promise<TabKey> {
  const { body } = await redeem(ticketOf(shell.address()));
  return JSON.parse(body.toString()) as TabKey;
}

interface Dial {
  readonly key: string;
  readonly host?: string;
  readonly origin?: string | undefined;
}

function dial({ key, host = site().host, origin = shell.origin }: Dial): WebSocket {
  const headers: Record<string, string> = { host };
  if (origin !== '') headers.origin = origin;
  const socket = new WebSocket(`ws://127.0.0.1:${site().port}/link`, ['countersign.v1', `key.${key}`], { headers });
  socket.on('error', () => undefined);
  return socket;
}

/** The status that an upgrade was refused with. */
async function refusalOf(socket: WebSocket): Promise<number | undefined> {
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode?: number }];
  return response.statusCode;
}

/** An open tab: its socket after the server's welcome. */
async function openTab(key: TabKey): Promise<WebSocket> {
  const socket = dial(key);
  const [welcome] = (await once(socket, 'message')) as [Buffer];
  expect(welcome.toString()).toBe(key.welcome);
  return socket;
}

const closeCode = async (socket: WebSocket): Promise<number> => ((await once(socket, 'close')) as [number])[0];

describe('the page on loopback', () => {
  it('is served under a name of its own, with headers that keep everybody else out', async () => {
    expect(shell.origin).toMatch(/^http:\/\/cs-[0-9a-f]{16}\.localhost:\d+$/);
    const { status, headers, body } = await ask('GET', '/', pageHeaders());
    expect(status).toBe(200);
    expect(body.toString()).toContain('<title>Countersign</title>');
    expect(headers).toMatchObject({
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
      'cross-origin-resource-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers).not.toHaveProperty('set-cookie');
    expect(headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('sends assets compressed to who takes that, and plain to who does not', async () => {
    const zipped = await ask('GET', '/assets/app.js', { ...ownHeaders(), 'accept-encoding': 'gzip, br' });
    expect(zipped.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(zipped.body).toString()).toBe(script);
    const plain = await ask('GET', '/assets/app.js', ownHeaders());
    expect(plain.body.toString()).toBe(script);
    const head = await ask('HEAD', '/assets/app.js', ownHeaders());
    expect([head.status, head.body.length]).toEqual([200, 0]);
  });

  it.each([
    ['another Host', 421, '/', () => ({ ...pageHeaders(), host: 'evil.test' })],
    [
      'a cross-site fetch',
      403,
      '/',
      () => ({ ...pageHeaders(), 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }),
    ],
    ['a cross-site script element', 403, '/assets/app.js', () => ({ ...ownHeaders(), 'sec-fetch-site': 'cross-site' })],
    ['a path upwards', 404, '/../secret.html', ownHeaders],
    ['an encoded path upwards', 404, '/%2e%2e/secret.html', ownHeaders],
    ['a path upwards from the assets', 404, '/assets/../../secret.html', ownHeaders],
    ['a path with NUL', 404, '/assets/app.js%00.html', ownHeaders],
    ['a name every object has', 404, '/__proto__', ownHeaders],
  ])('refuses %s', async (_name, status, path, headers) => {
    const answer = await ask('GET', path, headers());
    expect(answer.status).toBe(status);
    expect(answer.body.toString()).not.toContain('secret');
    expect(answer.headers['content-security-policy']).toBeDefined();
  });

  it('refuses a header of more than 8 KiB', async () => {
    expect((await ask('GET', '/', { ...pageHeaders(), 'x-long': 'x'.repeat(9000) })).status).toBe(431);
  });

  it('refuses two Host headers', async () => {
    const socket = connectTcp(Number(site().port), '127.0.0.1');
    socket.end(`GET / HTTP/1.1\r\nHost: ${site().host}\r\nHost: evil.test\r\nConnection: close\r\n\r\n`);
    const [head] = (await once(socket, 'data')) as [Buffer];
    expect(head.toString()).toMatch(/^HTTP\/1.1 4\d\d /);
    socket.destroy();
  });

  it('listens on the loopback address only', () => {
    expect(site().hostname).toMatch(/\.localhost$/);
    const elsewhere = connectTcp(Number(site().port), '127.0.0.2');
    return once(elsewhere, 'error');
  });
});

describe('the exchange of a ticket', () => {
  it('gives a key, once', async () => {
    const ticket = ticketOf(shell.address());
    const first = await redeem(ticket);
    expect(first.status).toBe(200);
    expect(JSON.parse(first.body.toString())).toEqual({
      key: expect.any(String) as string,
      welcome: expect.any(String) as string,
    });
    expect((await redeem(ticket)).status).toBe(403);
  });

  it('gives nothing after the ticket’s time', async () => {
    const ticket = ticketOf(shell.address());
    now += 60_000;
    expect((await redeem(ticket)).status).toBe(403);
  });

  it.each([
    ['a foreign Origin', 403, { origin: 'http://evil.test' }],
    ['the origin null', 403, { origin: 'null' }],
    ['a form’s content type', 415, { 'content-type': 'text/plain' }],
    ['a cross-site request', 403, { 'sec-fetch-site': 'cross-site' }],
    ['another Host', 421, { host: '127.0.0.1' }],
  ])('is refused with %s, and does not use the ticket up', async (_name, status, headers) => {
    const ticket = ticketOf(shell.address());
    expect((await redeem(ticket, headers)).status).toBe(status);
    expect((await redeem(ticket)).status).toBe(200);
  });

  it.each([
    ['no JSON', '{', 400],
    ['more than a ticket', '{"ticket":"x","admin":true}', 400],
    ['a ticket that is no text', '{"ticket":["x"]}', 400],
    ['a kilobyte and more', JSON.stringify({ ticket: 'x'.repeat(2000) }), 413],
  ])('is refused with a body of %s', async (_name, body, status) => {
    const headers = { ...ownHeaders(), origin: shell.origin, 'content-type': 'application/json' };
    expect((await ask('POST', '/ticket', headers, body)).status).toBe(status);
  });
});

describe('a tab', () => {
  it('speaks to the gate over its WebSocket', async () => {
    const client = connect(webSocketLink(await openTab(await newKey())), contract);
    expect(await client.echo('hello')).toBe('hello');
  });

  it('comes back with its key after a reload', async () => {
    const key = await newKey();
    (await openTab(key)).close();
    const client = connect(webSocketLink(await openTab(key)), contract);
    expect(await client.echo('again')).toBe('again');
  });

  it('gives way to a newer connection with the same key', async () => {
    const key = await newKey();
    const replaced = closeCode(await openTab(key));
    await openTab(key);
    expect(await replaced).toBe(CLOSE_REPLACED);
  });

  it.each<[string, number, (key: string) => Dial]>([
    ['with a wrong key', 401, () => ({ key: 'A'.repeat(43) })],
    ['with its ticket for a key', 401, () => ({ key: ticketOf(shell.address()) })],
    ['from a foreign Origin', 403, (key) => ({ key, origin: 'http://evil.test' })],
    ['without an Origin', 403, (key) => ({ key, origin: '' })],
    ['under another Host', 421, (key) => ({ key, host: 'evil.test' })],
  ])('is refused %s', async (_name, status, how) => {
    const { key } = await newKey();
    expect(await refusalOf(dial(how(key)))).toBe(status);
    expect(served).toBe(0);
  });

  it('is refused when too many are open', async () => {
    await openTab(await newKey());
    await openTab(await newKey());
    expect(await refusalOf(dial(await newKey()))).toBe(403);
  });

  it.each<[string, number, string | Buffer]>([
    ['text', 1003, '{"t":"call","id":1,"method":"echo"}'],
    ['more than a frame may hold', 1009, Buffer.alloc(MAX_FRAME_BYTES + 1)],
  ])('is cut off when it sends %s, and others are not', async (_name, code, message) => {
    const [bad, good] = [await openTab(await newKey()), await openTab(await newKey())];
    const cut = closeCode(bad);
    bad.send(message);
    expect(await cut).toBe(code);
    expect(await connect(webSocketLink(good), contract).echo('still here')).toBe('still here');
  });

  it('is missed when it was the last one', async () => {
    const tab = await openTab(await newKey());
    tab.close();
    await lastTabGone;
  });

  it('is told when the program stops', async () => {
    const stopped = closeCode(await openTab(await newKey()));
    await shell.close();
    expect(await stopped).toBe(CLOSE_STOPPED);
    shell = await start();
  });
});

describe('opening the window', () => {
  it('prints an address that works once, and another each time', async () => {
    await shell.close();
    shell = await start({ openWith: 'print' });
    shell.printAddress();
    const addresses = printed.map((line) => /http:\/\/\S+/.exec(line)?.[0] ?? '');
    expect(new Set(addresses).size).toBe(2);
    for (const address of addresses) {
      expect(new URL(address).origin).toBe(shell.origin);
      expect((await redeem(ticketOf(address))).status).toBe(200);
    }
  });

  it('keeps the ticket of a redirect in a file only its owner reads, and takes the file away', () => {
    const run = join(directory, 'profile/run');
    const file = writeRedirectFile(run, shell.address());
    expect(statSync(run).mode & 0o777).toBe(0o700);
    expect(statSync(file.path).mode & 0o777).toBe(0o600);
    expect(readFileSync(file.path, 'utf8')).toContain(`url=${shell.origin}/#ticket=`);
    file.remove();
    expect(readdirSync(run)).toEqual([]);
  });
});
