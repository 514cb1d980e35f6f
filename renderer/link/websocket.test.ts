import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket as NodeSocket, WebSocketServer, type WebSocket as Accepted } from 'ws';
import { CLOSE_REPLACED, CLOSE_STOPPED } from '../../shared/browser-shell.ts';
import { LinkRefused } from './dial.ts';
import { admitTab, webSocketDial, type Browser } from './websocket.ts';

const key = { key: 'tab-key', welcome: 'the-welcome' };

interface FakeBrowser extends Browser {
  readonly seen: string[];
}

/** A tab at `hash`; `answer` is what the exchange of a ticket gives. */
function tab(
  hash: string,
  answer: { ok: boolean; body?: unknown },
  host = 'cs-1.localhost:1',
  stored?: string,
): FakeBrowser {
  const seen: string[] = [];
  const storage = new Map(stored === undefined ? [] : [['countersign.tab', stored]]);
  return {
    seen,
    location: { hash, host, pathname: '/' },
    history: { replaceState: (_state, _title, url) => void seen.push(`address is ${String(url)}`) },
    sessionStorage: {
      getItem: (name) => storage.get(name) ?? null,
      setItem: (name, value) => void storage.set(name, value),
    },
    fetch(url, init) {
      seen.push(`${init.method} ${url} ${String(init.body)}`);
      return Promise.resolve({ ok: answer.ok, json: () => Promise.resolve(answer.body) });
    },
    openSocket: (url, protocols) => new NodeSocket(url, protocols) as unknown as WebSocket,
  };
}

describe('admission of a tab', () => {
  it('takes the ticket out of the address before it sends it', async () => {
    const browser = tab('#ticket=once', { ok: true, body: key });
    expect(await admitTab(browser)).toEqual(key);
    expect(browser.seen).toEqual(['address is /', 'POST /ticket {"ticket":"once"}']);
  });

  it('keeps the key for a reload', async () => {
    const browser = tab('#ticket=once', { ok: true, body: key });
    await admitTab(browser);
    expect(JSON.parse(browser.sessionStorage.getItem('countersign.tab') ?? '')).toEqual(key);
    expect(await admitTab({ ...browser, location: { hash: '', host: '', pathname: '/' } })).toEqual(key);
  });

  it('goes on with its key when its own used address is opened again', async () => {
    expect(await admitTab(tab('#ticket=used', { ok: false }, 'h', JSON.stringify(key)))).toEqual(key);
  });

  it.each(['#ticket=used', ''])('tells another tab at "/%s" what to do', async (hash) => {
    const refused = await admitTab(tab(hash, { ok: false })).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(LinkRefused);
    expect((refused as Error).message).toContain('new address');
  });

  it('takes no key of another shape', async () => {
    await expect(admitTab(tab('#ticket=once', { ok: true, body: { key: 1 } }))).rejects.toThrow();
  });
});

describe('a dialled WebSocket', () => {
  let server: WebSocketServer;
  let host: string;
  beforeEach(async () => {
    server = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => 'countersign.v1' });
    await once(server, 'listening');
    host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });

  const accept = (then: (socket: Accepted) => void): void => void server.on('connection', then);

  it('is a link once the process has proved itself', async () => {
    accept((socket) => socket.send(Buffer.from(key.welcome)));
    const { link, refusal } = await webSocketDial(tab('', { ok: false }, host), key)();
    link.close();
    expect(refusal()).toBeNull();
  });

  it.each<[string, string | Buffer]>([
    ['another welcome', Buffer.from('the-Welcome')],
    ['a welcome as text', key.welcome],
    ['nothing', Buffer.alloc(0)],
  ])('is refused by the tab when the process greets it with %s', async (_name, greeting) => {
    accept((socket) => socket.send(greeting));
    await expect(webSocketDial(tab('', { ok: false }, host), key)()).rejects.toBeInstanceOf(LinkRefused);
  });

  it('may be dialled again when it was closed before the welcome', async () => {
    accept((socket) => socket.close());
    const error: unknown = await webSocketDial(tab('', { ok: false }, host), key)().catch((reason: unknown) => reason);
    expect(error).not.toBeInstanceOf(LinkRefused);
  });

  it.each([
    ['another tab has taken over', CLOSE_REPLACED, 'another tab'],
    ['the process has stopped', CLOSE_STOPPED, 'has stopped'],
  ])('says that there is no use in dialling again when %s', async (_name, code, heading) => {
    accept((socket) => socket.send(Buffer.from(key.welcome)));
    const { link, refusal } = await webSocketDial(tab('', { ok: false }, host), key)();
    const closed = new Promise<void>((resolve) => link.onClose(resolve));
    for (const client of server.clients) client.close(code);
    await closed;
    expect(refusal()?.heading).toContain(heading);
  });
});
