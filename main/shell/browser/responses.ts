import { type IncomingMessage, type ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { z } from 'zod';
import { PAGE_HEADERS } from '../page-headers.ts';
import { type RendererFile } from '../renderer-files.ts';
import { type Refusal } from './request-guard.ts';
import { type TabKeys } from './tab-keys.ts';

const MAX_TICKET_BODY = 1024;
const WORTH_COMPRESSING = 1024;
const compressible = /^(text\/|application\/(json|wasm)|image\/svg)/;
const compress = promisify(gzip);
const ticketBody = z.strictObject({ ticket: z.string().max(100) });

function reply(response: ServerResponse, status: number, contentType: string, body: string | Buffer): void {
  response.writeHead(status, {
    ...PAGE_HEADERS,
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

export function refuse(response: ServerResponse, refusal: { readonly status: number; readonly reason: string }): void {
  const { status, reason } = refusal;
  // The rest of a body nobody wants is not worth reading.
  response.setHeader('connection', 'close');
  reply(response, status, 'text/plain; charset=utf-8', `${reason}\n`);
}

/** Serves renderer files; each is compressed once and kept, so that a reload costs no reading. */
export function fileResponder(files: ReadonlyMap<string, RendererFile>) {
  interface Ready {
    readonly plain: Buffer;
    readonly gzip: Buffer | null;
  }
  const ready = new Map<string, Promise<Ready>>();

  async function prepare(file: RendererFile): Promise<Ready> {
    const plain = await file.read();
    const worth = compressible.test(file.contentType) && plain.length > WORTH_COMPRESSING;
    return { plain, gzip: worth ? await compress(plain) : null };
  }

  return async (request: IncomingMessage, response: ServerResponse, path: string): Promise<void> => {
    const file = files.get(path);
    if (file === undefined) return refuse(response, { status: 404, reason: 'There is nothing at this address.' });
    const pending = ready.get(path) ?? prepare(file);
    ready.set(path, pending);
    const { plain, gzip } = await pending;
    const zipped = gzip !== null && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
    if (zipped) response.setHeader('content-encoding', 'gzip');
    response.setHeader('vary', 'accept-encoding');
    reply(response, 200, file.contentType, zipped ? gzip : plain);
  };
}

/** Exchanges a ticket: `{ ticket }` in, `{ key, welcome }` out, or 403. Answers whether it was exchanged. */
export async function redeemTicket(
  request: IncomingMessage,
  response: ServerResponse,
  keys: TabKeys,
): Promise<boolean> {
  const refused = (status: Refusal['status'] | 413, reason: string): false => {
    refuse(response, { status, reason });
    return false;
  };
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_TICKET_BODY) return refused(413, 'This is too long to be a ticket.');
    chunks.push(chunk);
  }
  const parsed = ticketBody.safeParse(parseJson(Buffer.concat(chunks).toString('utf8')));
  if (!parsed.success) return refused(400, 'This is not a ticket.');
  const key = keys.redeem(parsed.data.ticket);
  if (key === null) return refused(403, 'The ticket was used before or has expired.');
  reply(response, 200, 'application/json; charset=utf-8', JSON.stringify(key));
  return true;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
