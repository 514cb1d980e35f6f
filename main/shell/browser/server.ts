import { once } from 'node:events';
import { createServer, STATUS_CODES } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { LINK_PROTOCOL } from '../../../shared/browser-shell.ts';
import { MAX_FRAME_BYTES, webSocketLink, type Link } from '../../../shared/rpc/index.ts';
import { listRendererFiles } from '../renderer-files.ts';
import { judgeRequest, judgeUpgrade, type Refusal, type Site } from './request-guard.ts';
import { fileResponder, redeemTicket, refuse } from './responses.ts';
import { fingerprint, type TabKeys } from './tab-keys.ts';
import { type Tabs } from './tabs.ts';

const MAX_HEADER_BYTES = 8 * 1024;
const REQUEST_MS = 10_000;
const UNSUPPORTED_DATA = 1003;
/** How long a tab has to answer a close before its connection is cut, milliseconds. */
const CLOSE_MS = 500;

export interface LoopbackServer {
  readonly site: Site;
  close(): Promise<void>;
}

/**
 * The page and its WebSocket on 127.0.0.1, on a free port, under the name `hostname`. Every request is judged before
 * anything else happens to it (request-guard.ts).
 * @throws CountersignError `renderer_missing`.
 */
export async function startLoopbackServer(options: {
  readonly hostname: string;
  readonly rendererDirectory: string;
  readonly keys: TabKeys;
  readonly tabs: Tabs;
  onRedeemed(): void;
  /** `place` is the same for every connection of one tab, and says nothing of its key. */
  serveLink(link: Link, place: string): void;
}): Promise<LoopbackServer> {
  const { keys, tabs } = options;
  const respondWithFile = fileResponder(listRendererFiles(options.rendererDirectory));
  const http = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    requestTimeout: REQUEST_MS,
    headersTimeout: REQUEST_MS,
  });
  http.listen({ host: '127.0.0.1', port: 0, exclusive: true });
  await once(http, 'listening');
  const host = `${options.hostname}:${(http.address() as AddressInfo).port}`;
  const site: Site = { host, origin: `http://${host}` };

  http.on('request', (request, response) => {
    const judgement = judgeRequest(request, site);
    if ('status' in judgement) return refuse(response, judgement);
    const answered =
      judgement.kind === 'file'
        ? respondWithFile(request, response, judgement.path)
        : redeemTicket(request, response, keys).then((done) => {
            if (done) options.onRedeemed();
          });
    // A client that hangs up, or a file that has gone: there is nobody, or nothing, to answer with.
    answered.catch(() => response.destroy());
  });

  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_FRAME_BYTES,
    perMessageDeflate: false,
    clientTracking: true,
    handleProtocols: () => LINK_PROTOCOL,
  });
  http.on('upgrade', (request, stream, head) => {
    stream.on('error', () => stream.destroy());
    const judgement = judgeUpgrade(request, site);
    if ('status' in judgement) return refuseUpgrade(stream, judgement);
    const { key } = judgement;
    const admitted = keys.admit(key);
    if (admitted === null) return refuseUpgrade(stream, { status: 401, reason: 'The key is not one of this process.' });
    if (!tabs.hasRoom(key)) return refuseUpgrade(stream, { status: 403, reason: 'Too many tabs are open.' });
    sockets.handleUpgrade(request, stream, head, (socket) => {
      // ws tells of frames it refuses (too large, malformed) by 'error' and then closes the socket itself.
      socket.on('error', () => undefined);
      socket.on('message', (_data, isBinary) => {
        if (!isBinary) socket.close(UNSUPPORTED_DATA);
      });
      tabs.add(key, socket);
      socket.send(Buffer.from(admitted.welcome, 'utf8'));
      options.serveLink(webSocketLink(socket), fingerprint(key));
    });
  });

  return {
    site,
    async close() {
      const done = once(http, 'close');
      http.close();
      http.closeIdleConnections();
      tabs.close();
      const cut = setTimeout(() => {
        for (const socket of sockets.clients) socket.terminate();
        http.closeAllConnections();
      }, CLOSE_MS);
      await done;
      clearTimeout(cut);
    },
  };
}

function refuseUpgrade(stream: Duplex, { status, reason }: Refusal): void {
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'connection: close',
    'content-type: text/plain; charset=utf-8',
  ];
  stream.end(`${[...head, `content-length: ${Buffer.byteLength(reason)}`].join('\r\n')}\r\n\r\n${reason}`);
}
