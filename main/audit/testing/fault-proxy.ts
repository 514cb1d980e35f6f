/**
 * An HTTP proxy that does to a request what a test says: what networks and servers do now and then, at a place of the test's
 * choosing and the same each time. Requests that nothing is said about pass as they are (a signature still fits: the
 * header Host goes on unchanged).
 */
import { once } from 'node:events';
import { createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http';

export type Fault =
  | { readonly kind: 'pass' }
  /** Nothing reaches the server, and no answer comes: the connection breaks. */
  | { readonly kind: 'drop-request' }
  /** The server does what it is asked; its answer is lost with the connection. */
  | { readonly kind: 'drop-answer' }
  /** The proxy answers in the server's place, in the words of S3 where `code` is given. */
  | { readonly kind: 'answer'; readonly status: number; readonly code?: string }
  /** The request goes on when `until` resolves; one that does not answers never. */
  | { readonly kind: 'hold'; readonly until: Promise<unknown> }
  /** The server gets this many bytes of the request's body, then the connection breaks on both sides. */
  | { readonly kind: 'cut-request'; readonly after: number }
  /** The caller gets this many bytes of the answer's body, then the connection breaks. */
  | { readonly kind: 'cut-answer'; readonly after: number }
  /** Bytes that are not HTTP. */
  | { readonly kind: 'garbage' }
  /** What a network that wants a sign-in gives for whatever is asked: a page, and all is well. */
  | { readonly kind: 'page' };

/** What the proxy saw of one request. */
export interface Seen {
  /** From 1 in the order in which requests came. */
  readonly number: number;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly fault: Fault['kind'];
  /** Status that the server answered; undefined where it was not asked or has not answered. */
  status: number | undefined;
}

export interface FaultProxy {
  readonly endpoint: string;
  readonly seen: readonly Seen[];
  /** Says what happens to the requests from now on; undefined lets one pass. */
  plan(decide: (request: Pick<Seen, 'number' | 'method' | 'path'>) => Fault | undefined): void;
  close(): Promise<void>;
}

/** Does these in turn to the requests that match, and then lets all pass. */
export function inTurn(
  faults: readonly Fault[],
  matches: (request: Pick<Seen, 'method' | 'path'>) => boolean = () => true,
): Parameters<FaultProxy['plan']>[0] {
  const left = [...faults];
  return (request) => (matches(request) ? left.shift() : undefined);
}

/** @param target `http://127.0.0.1:PORT` of the server behind */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const seen: Seen[] = [];
  let decide: Parameters<FaultProxy['plan']>[0] = () => undefined;

  const server = createServer((incoming, outgoing) => {
    const { method = '', url: path = '', headers } = incoming;
    const number = seen.length + 1;
    const fault = decide({ number, method, path }) ?? { kind: 'pass' };
    const entry: Seen = { number, method, path, headers, fault: fault.kind, status: undefined };
    seen.push(entry);
    for (const stream of [incoming, outgoing]) stream.on('error', () => undefined);
    void meet(fault, { target, incoming, outgoing, entry });
  });
  // Large bodies wait for this; the server behind decides, not the proxy.
  server.on('checkContinue', (incoming, outgoing: ServerResponse) => {
    outgoing.writeContinue();
    server.emit('request', incoming, outgoing);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    endpoint: `http://127.0.0.1:${String(address.port)}`,
    seen,
    plan: (next) => (decide = next),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Exchange {
  readonly target: string;
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly entry: Seen;
}

async function meet(fault: Fault, exchange: Exchange): Promise<void> {
  const { incoming, outgoing } = exchange;
  switch (fault.kind) {
    case 'pass':
      return forward(exchange, {});
    case 'hold':
      await fault.until;
      return forward(exchange, {});
    case 'drop-request':
      return void incoming.socket.destroy();
    case 'drop-answer':
      return forward(exchange, { answerBytes: 'none' });
    case 'cut-request':
      return forward(exchange, { requestBytes: fault.after });
    case 'cut-answer':
      return forward(exchange, { answerBytes: fault.after });
    case 'garbage':
      await drained(incoming);
      return void incoming.socket.end('\u0000\u0001 this is no answer to anything\r\n');
    case 'page':
      await drained(incoming);
      outgoing.writeHead(200, { 'content-type': 'text/html' });
      return void outgoing.end(
        '<!doctype html><html><body>Welcome to our guest network. Please sign in.</body></html>',
      );
    case 'answer':
      await drained(incoming);
      outgoing.writeHead(fault.status, { 'content-type': 'application/xml' });
      return void outgoing.end(
        fault.code === undefined || incoming.method === 'HEAD'
          ? ''
          : `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${fault.code}</Code><RequestId>proxy</RequestId></Error>`,
      );
  }
}

async function drained(incoming: IncomingMessage): Promise<void> {
  for await (const _ of incoming);
}

/** Sends the request on, as much of it as is allowed, and brings back as much of the answer. */
function forward(
  { target, incoming, outgoing, entry }: Exchange,
  { requestBytes, answerBytes }: { readonly requestBytes?: number; readonly answerBytes?: number | 'none' },
): void {
  const { method, url: path, headers } = incoming;
  const { hostname, port } = new URL(target);
  // It was answered already where the caller waited for it.
  const { expect: _, ...passed } = headers;
  const upstream = send({ hostname, port, method, path, headers: passed, agent: false });
  const breakOff = (): void => {
    upstream.destroy();
    incoming.socket.destroy();
  };
  upstream.on('error', () => incoming.socket.destroy());
  outgoing.on('close', () => {
    if (!outgoing.writableFinished && answerBytes === undefined) upstream.destroy();
  });
  upstream.on('response', (answer) => {
    entry.status = answer.statusCode;
    answer.on('error', () => incoming.socket.destroy());
    if (answerBytes === 'none') return void answer.resume().on('end', breakOff);
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    if (answerBytes === undefined) return void answer.pipe(outgoing);
    const parts: Buffer[] = [];
    answer
      .on('data', (part: Buffer) => parts.push(part))
      // What was let through leaves before the connection breaks.
      .on('end', () => outgoing.write(Buffer.concat(parts).subarray(0, answerBytes), breakOff));
  });
  if (requestBytes === undefined) return void incoming.pipe(upstream);
  let left = requestBytes;
  incoming.on('data', (part: Buffer) => {
    upstream.write(part.subarray(0, left));
    left -= Math.min(left, part.length);
    if (left === 0) setImmediate(breakOff);
  });
  incoming.on('end', () => setImmediate(breakOff));
}
