/** C2SP tlog-witness over HTTP: `POST /add-checkpoint`, `GET /<origin hash>/checkpoint`. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { CountersignError } from '../../errors.ts';
import { MAX_REQUEST_BYTES } from './add-checkpoint.ts';
import { type LogList } from './log-list.ts';
import { addCheckpoint, type Answer, type WitnessOptions } from './witness.ts';

export interface WitnessHandlerOptions extends Omit<WitnessOptions, 'logs'> {
  /** The logs to cosign, asked for at every request: a revocation holds from then on. May throw a CountersignError. */
  readonly logs: () => LogList | Promise<LogList>;
  /** Path in front of both calls, such as `/witness`; none where absent. */
  readonly prefix?: string;
  /** How long a request body may take, ms. */
  readonly bodyTimeout?: number;
}

/** Answers one request; never rejects. */
export type WitnessHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

const BODY_TIMEOUT_MS = 10_000;

const plain = (status: number, sentence: string): Answer => ({
  status,
  type: 'text/plain; charset=utf-8',
  body: `${sentence}\n`,
});

/** The witness as part of an HTTP server that somebody else runs. */
export function createWitnessHandler(options: WitnessHandlerOptions): WitnessHandler {
  const prefix = options.prefix ?? '';
  const checkpointPath = /^\/([0-9a-f]{64})\/checkpoint$/;

  async function answerTo(request: IncomingMessage): Promise<Answer> {
    const path = request.url ?? '';
    const below = path.startsWith(prefix) ? path.slice(prefix.length) : '';
    if (below === '/add-checkpoint') {
      if (request.method !== 'POST') return plain(405, 'Send the checkpoint with POST.');
      const body = await readBody(request, options.bodyTimeout ?? BODY_TIMEOUT_MS);
      if (typeof body === 'number') return plain(body, REFUSED_BODY[body]);
      const logs = await options.logs();
      return addCheckpoint({ ...options, logs: () => logs }, body);
    }
    const [, hash] = checkpointPath.exec(below) ?? [];
    if (hash === undefined) return plain(404, 'There is nothing here.');
    if (request.method !== 'GET') return plain(405, 'Ask for the checkpoint with GET.');
    const note = options.state.byOriginHash(hash);
    return note === null
      ? plain(404, 'No checkpoint of that log was cosigned.')
      : { status: 200, type: 'text/plain; charset=utf-8', body: note };
  }

  return async (request, response) => {
    let answer: Answer;
    try {
      answer = await answerTo(request);
    } catch (error) {
      options.report({ kind: 'trouble', error });
      // Where its files are is nobody's affair: only the code goes out.
      answer = plain(
        503,
        `The witness cannot answer now (${error instanceof CountersignError ? error.code : 'internal'}).`,
      );
    }
    send(request, response, answer);
  };
}

const REFUSED_BODY = {
  400: 'The request ended before it was whole.',
  408: 'The request took too long.',
  413: 'The request is too large.',
} as const;

/** The body, or the status that refuses it. */
async function readBody(request: IncomingMessage, timeout: number): Promise<Buffer | keyof typeof REFUSED_BODY> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_REQUEST_BYTES) return 413;
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let length = 0;
    const timer = setTimeout(() => finish(408), timeout);
    const onData = (part: Buffer): void => {
      length += part.length;
      parts.push(part);
      if (length > MAX_REQUEST_BYTES) finish(413);
    };
    const finish = (result: Buffer | keyof typeof REFUSED_BODY): void => {
      clearTimeout(timer);
      request.off('data', onData);
      request.pause();
      resolve(result);
    };
    request.on('data', onData);
    request.once('end', () => finish(Buffer.concat(parts)));
    request.once('error', () => finish(400));
    request.once('close', () => finish(400));
  });
}

function send(request: IncomingMessage, response: ServerResponse, { status, type, body }: Answer): void {
  if (response.destroyed) return;
  const whole = request.complete;
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    // What is left of a request that was not read to its end cannot be told from the next one.
    ...(whole ? {} : { connection: 'close' }),
  });
  response.end(body, () => {
    if (!whole) request.destroy();
  });
}

export interface WitnessServer {
  readonly host: string;
  readonly port: number;
  /** Prefix of submission and monitoring. */
  readonly url: string;
  /** Answers what it has begun and ends. */
  close(): Promise<void>;
}

const MAX_CONNECTIONS = 512;

/**
 * A server that is nothing but a witness.
 * @param listen `port` 0 takes a free one
 * @throws CountersignError `witness-not-listening`
 */
export async function serveWitness(
  options: WitnessHandlerOptions,
  listen: { readonly host: string; readonly port: number },
): Promise<WitnessServer> {
  const handler = createWitnessHandler(options);
  const server = createServer(
    {
      requestTimeout: options.bodyTimeout ?? BODY_TIMEOUT_MS,
      headersTimeout: options.bodyTimeout ?? BODY_TIMEOUT_MS,
      connectionsCheckingInterval: 1_000,
      keepAliveTimeout: 60_000,
      maxHeaderSize: 8 * 1024,
    },
    (request, response) => void handler(request, response),
  );
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new CountersignError('witness-not-listening', `The witness cannot listen on ${listen.host}:${listen.port}.`, {
          next: 'Choose another address with --listen, or end what listens there.',
          cause,
        }),
      ),
    );
    server.listen(listen.port, listen.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
  return {
    host: listen.host,
    port,
    url: `http://${host}:${port}${options.prefix ?? ''}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}
