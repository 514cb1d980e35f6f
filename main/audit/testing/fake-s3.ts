/**
 * A server that speaks just enough of S3 to be a bad one: what there is among servers that call themselves compatible, and
 * what a hostile one could do. It looks at no signature and keeps one object for each key. Never a stand-in for a real one.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';

export interface Ways {
  /** Answers 412 where an object is and `If-None-Match: *` was sent; ignores that otherwise. */
  readonly honoursCondition: boolean;
  /**
   * How it answers a list of versions: `null` versions, "not implemented", pages without an end, out of order, or on pages of
   * two names whose marker is encoded as the names are, or is not.
   */
  readonly versions: 'null' | 'unknown' | 'endless' | 'unordered' | 'paged' | 'paged-raw';
  /** Bytes that it says an object has, given how many it has. */
  readonly size?: (bytes: number) => number;
  /** Speaks TLS, with this key and certificate (PEM). */
  readonly tls?: { readonly key: Buffer; readonly cert: Buffer };
}

export interface FakeS3 {
  readonly endpoint: string;
  /** By bucket-less key; a test may put some there. */
  readonly objects: Map<string, Buffer>;
  /** `Authorization` of the requests that had one. */
  readonly signatures: readonly string[];
  close(): Promise<void>;
}

export async function startFakeS3(ways: Ways): Promise<FakeS3> {
  const objects = new Map<string, Buffer>();
  const signatures: string[] = [];
  const listener: RequestListener = (request, response) => {
    signatures.push(...[request.headers.authorization].filter((header) => header !== undefined));
    void bodyOf(request).then((body) => {
      const { status, headers = {}, answer = '' } = answerTo(request, body, objects, ways);
      response.writeHead(status, headers).end(answer);
    });
  };
  const server = ways.tls === undefined ? createServer(listener) : createTlsServer(ways.tls, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    endpoint: `${ways.tls === undefined ? 'http' : 'https'}://127.0.0.1:${String(address.port)}`,
    objects,
    signatures,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly answer?: string | Buffer;
}

const error = (status: number, code: string): Answer => ({ status, answer: `<Error><Code>${code}</Code></Error>` });

function answerTo(request: IncomingMessage, body: Buffer, objects: Map<string, Buffer>, ways: Ways): Answer {
  const url = new URL(request.url ?? '/', 'http://fake');
  const [, bucket = '', ...rest] = url.pathname.split('/');
  const key = decodeURIComponent(rest.join('/'));
  const found = objects.get(key);
  if (url.searchParams.has('versions')) return list(url, bucket, objects, ways);
  if (url.searchParams.has('retention') || url.searchParams.has('object-lock')) return error(501, 'NotImplemented');
  switch (request.method) {
    case 'PUT':
      if (ways.honoursCondition && request.headers['if-none-match'] === '*' && found !== undefined)
        return error(412, 'PreconditionFailed');
      objects.set(key, body);
      return { status: 200, headers: { etag: '"tag"' } };
    case 'DELETE':
      objects.delete(key);
      return { status: 204 };
    default: {
      if (found === undefined) return error(404, 'NoSuchKey');
      return { status: 200, headers: { 'content-length': String(found.length) }, answer: found };
    }
  }
}

function list(
  url: URL,
  bucket: string,
  objects: Map<string, Buffer>,
  { versions, size = (bytes) => bytes }: Ways,
): Answer {
  if (versions === 'unknown') return error(501, 'NotImplemented');
  const prefix = url.searchParams.get('prefix') ?? '';
  const after = versions === 'endless' ? '' : (url.searchParams.get('key-marker') ?? '');
  const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
  if (versions === 'unordered') keys.reverse();
  const page = versions.startsWith('paged') ? keys.slice(0, 2) : keys;
  const marker = page.length < keys.length || versions === 'endless' ? (page.at(-1) ?? 'x') : undefined;
  const entries = page.map(
    (key) =>
      `<Version><Key>${encodeURIComponent(key)}</Key><VersionId>null</VersionId>` +
      `<Size>${String(size(objects.get(key)?.length ?? 0))}</Size></Version>`,
  );
  const next = marker === undefined || versions === 'paged-raw' ? marker : encodeURIComponent(marker);
  const more = next === undefined ? '' : `<NextKeyMarker>${next}</NextKeyMarker>`;
  return {
    status: 200,
    headers: { 'content-type': 'application/xml' },
    answer:
      `<?xml version="1.0"?><ListVersionsResult><Name>${bucket}</Name><IsTruncated>${String(more !== '')}</IsTruncated>` +
      `${more}${entries.join('')}</ListVersionsResult>`,
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  return Buffer.concat(await request.toArray());
}
