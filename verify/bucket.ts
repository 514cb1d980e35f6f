/** Reads an S3-compatible bucket: lists versions, and reads the oldest of each object. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { CannotVerify } from './report.ts';
import { encoded, queryText, signedHeaders, type Credentials } from './sigv4.ts';
import { type StoreReader, type StoredObject } from './store.ts';

export interface BucketSettings {
  readonly bucket: string;
  /** Without leading or trailing `/`; may be empty. */
  readonly prefix: string;
  readonly region: string;
  /** https:, or http: on loopback; the address of AWS where absent. */
  readonly endpoint: string | undefined;
  /** Bucket in the path instead of the host name. */
  readonly pathStyle: boolean;
  /** Absent: asked without a signature. */
  readonly credentials: Credentials | undefined;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

const LIST_LIMIT = 16 * 1024 * 1024;
const TIMEOUT = 30_000;
const TRIES = 5;

/** `s3://bucket/prefix`, or null when it is something else. */
export function parseBucketAddress(address: string): { readonly bucket: string; readonly prefix: string } | null {
  const parts = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(address);
  return parts === null ? null : { bucket: parts[1] ?? '', prefix: (parts[2] ?? '').replace(/\/+$/, '') };
}

/** @throws CannotVerify when the endpoint is none that may be asked. */
export function openBucket(settings: BucketSettings): StoreReader {
  const { bucket, prefix } = settings;
  const name = `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}`;
  const below = prefix === '' ? '' : `${prefix}/`;
  const client = createClient(settings, name);
  /** Objects by whether they were locked when they were read. */
  const retention = { locked: 0, unlocked: 0 };
  let versioned: boolean | undefined;

  return {
    name,
    async folders() {
      const found: string[] = [];
      for await (const page of client.pages({ 'list-type': '2', prefix: below, delimiter: '/' }, 'continuation-token'))
        for (const block of blocks(page, 'CommonPrefixes')) found.push(keyIn(block, 'Prefix').slice(below.length, -1));
      return found;
    },
    async *list(of) {
      let newest: Version | undefined;
      for await (const version of client.versions(below + of)) {
        if (version.id !== null && version.id !== 'null') versioned = true;
        versioned ??= false;
        if (newest !== undefined && newest.key !== version.key) yield stored(newest, below);
        newest = newest?.key === version.key ? older(newest, version) : version;
      }
      if (newest !== undefined) yield stored(newest, below);
    },
    async read(key, version, limit) {
      const query: Record<string, string> = version === null ? {} : { versionId: version };
      const { status, headers, body } = await client.get(below + key, query, limit);
      if (status === 404) return null;
      if (!/\/(?:blob|tile)\//.test(key))
        retention[headers['x-amz-object-lock-mode'] === undefined ? 'unlocked' : 'locked']++;
      return body;
    },
    shortcomings() {
      const said: string[] = [];
      if (client.versionsRefused())
        said.push(
          `Versions and delete markers in ${name}: the credentials may not list versions (s3:ListBucketVersions).`,
        );
      else if (versioned === false)
        said.push(`What was overwritten or deleted in ${name}: the bucket keeps no versions.`);
      if (retention.unlocked > 0)
        said.push(
          `That nobody can remove objects from ${name}: of ${retention.locked + retention.unlocked} read, ${retention.unlocked} show no retention (Object Lock), or the credentials may not see it (s3:GetObjectRetention).`,
        );
      return said;
    },
  };
}

interface Version {
  readonly key: string;
  /** Null for a delete marker, and where versions cannot be listed. */
  readonly id: string | null;
  readonly marker: boolean;
  /** Versions and markers laid over the oldest version so far. */
  readonly above: { readonly versions: number; readonly markers: number };
  readonly readable: boolean;
}

/** The versions of a key come newest first. */
const older = (newer: Version, next: Version): Version => ({
  ...next,
  id: next.marker ? newer.id : next.id,
  readable: newer.readable || next.readable,
  above: {
    versions: newer.above.versions + (next.marker || !newer.readable ? 0 : 1),
    markers: newer.above.markers + (next.marker ? 1 : 0),
  },
});

const stored = ({ key, id, above, readable }: Version, below: string): StoredObject => ({
  key: key.slice(below.length),
  version: id,
  overlaid: above.versions,
  hidden: above.markers > 0,
  readable,
});

interface Client {
  get(key: string, query: Readonly<Record<string, string>>, limit: number): Promise<Answer>;
  pages(query: Readonly<Record<string, string>>, continuation: string): AsyncGenerator<string>;
  versions(prefix: string): AsyncGenerator<Version>;
  versionsRefused(): boolean;
}

function createClient(settings: BucketSettings, name: string): Client {
  const { bucket, credentials } = settings;
  let { region } = settings;
  let refused = false;
  const custom = settings.endpoint === undefined ? undefined : parseEndpoint(settings.endpoint);
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });

  const send = (key: string, query: string, limit: number): Promise<Answer> => {
    const base = new URL(custom ?? `https://s3.${region}.amazonaws.com`);
    // A bucket with a dot has no certificate as a host name.
    const asHost = !settings.pathStyle && !bucket.includes('.');
    if (asHost) base.hostname = `${bucket}.${base.hostname}`;
    const path = `${asHost ? '' : `/${bucket}`}/${key.split('/').map(encoded).join('/')}`;
    const headers = signedHeaders({ host: base.host, path, query }, region, credentials, new Date());
    return exchange(base, `${path}${query === '' ? '' : `?${query}`}`, headers, agent, limit);
  };

  const get: Client['get'] = async (key, query, limit) => {
    for (let tries = 1; ; tries++) {
      const answer = await send(key, queryText(query), limit).catch((error: unknown) => {
        if (error instanceof CannotVerify || tries >= TRIES || !isPassing(error)) throw unreachable(name, error);
        return undefined;
      });
      const elsewhere = answer?.headers['x-amz-bucket-region'];
      if (
        answer !== undefined &&
        tries < TRIES &&
        [301, 307, 400].includes(answer.status) &&
        typeof elsewhere === 'string' &&
        elsewhere !== region
      ) {
        region = elsewhere;
        continue;
      }
      if (
        answer !== undefined &&
        (answer.status === 200 || (answer.status === 404 && codeIn(answer) !== 'NoSuchBucket'))
      )
        return answer;
      if (answer !== undefined && (tries >= TRIES || (answer.status < 500 && answer.status !== 429)))
        throw new StoreRefused(name, answer.status, codeIn(answer));
      await sleep(100 * 2 ** tries * (0.5 + Math.random()));
    }
  };

  async function* pages(query: Readonly<Record<string, string>>, continuation: string): AsyncGenerator<string> {
    for (let token: string | undefined; ;) {
      const next: Record<string, string> = token === undefined ? {} : { [continuation]: token };
      const page = (await get('', { ...query, 'encoding-type': 'url', ...next }, LIST_LIMIT)).body.toString();
      yield page;
      const before = token;
      token = textIn(page, 'NextContinuationToken');
      if (textIn(page, 'IsTruncated') !== 'true' || token === undefined) return;
      if (token === before) throw new CannotVerify(`${name} lists its objects without an end.`);
    }
  }

  async function* listed(prefix: string): AsyncGenerator<Version> {
    for await (const page of pages({ 'list-type': '2', prefix }, 'continuation-token'))
      for (const block of blocks(page, 'Contents'))
        yield { key: keyIn(block, 'Key'), id: null, marker: false, above: { versions: 0, markers: 0 }, readable: true };
  }

  async function* versions(prefix: string): AsyncGenerator<Version> {
    let from: Record<string, string> = {};
    for (;;) {
      let page: string;
      try {
        page = (await get('', { versions: '', prefix, 'encoding-type': 'url', ...from }, LIST_LIMIT)).body.toString();
      } catch (error) {
        if (!(error instanceof StoreRefused) || error.status !== 403 || Object.keys(from).length > 0) throw error;
        refused = true;
        yield* listed(prefix);
        return;
      }
      for (const block of blocks(page, 'Version|DeleteMarker')) {
        const marker = block.startsWith('<DeleteMarker');
        const id = marker ? null : (textIn(block, 'VersionId') ?? null);
        yield {
          key: keyIn(block, 'Key'),
          id,
          marker,
          above: { versions: 0, markers: marker ? 1 : 0 },
          readable: !marker,
        };
      }
      const key = textIn(page, 'NextKeyMarker');
      if (textIn(page, 'IsTruncated') !== 'true' || key === undefined) return;
      const version = textIn(page, 'NextVersionIdMarker');
      if (decodeURIComponent(key) === from['key-marker'] && version === from['version-id-marker'])
        throw new CannotVerify(`${name} lists its objects without an end.`);
      from = {
        'key-marker': decodeURIComponent(key),
        ...(version === undefined ? {} : { 'version-id-marker': version }),
      };
    }
  }

  return { get, pages, versions, versionsRefused: () => refused };
}

/** The server answered, and will not give what was asked. */
class StoreRefused extends CannotVerify {
  readonly status: number;
  constructor(store: string, status: number, code: string) {
    const why =
      code === 'NoSuchBucket'
        ? 'there is no such bucket'
        : code === 'RequestTimeTooSkewed'
          ? 'the clock of this machine is wrong'
          : code === 'ExpiredToken'
            ? 'the credentials have expired'
            : status === 401 || status === 403
              ? 'the credentials are wrong, or may not read there (s3:ListBucket, s3:GetObject)'
              : 'the server refuses';
    super(`${store} cannot be read: ${why} (${status}${code === '' ? '' : ` ${code}`}).`);
    this.status = status;
  }
}

function parseEndpoint(endpoint: string): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url?.hostname ?? '');
  if (
    url === undefined ||
    !(url.protocol === 'https:' || (url.protocol === 'http:' && loopback)) ||
    url.pathname !== '/'
  )
    throw new CannotVerify(`The endpoint ${endpoint} is not https://HOST[:PORT] (http: only on this machine).`);
  return url;
}

function exchange(
  base: URL,
  path: string,
  headers: Readonly<Record<string, string>>,
  agent: Agent,
  limit: number,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = {
      hostname: base.hostname.replace(/^\[|\]$/g, ''),
      port: base.port,
      path,
      headers,
      timeout: TIMEOUT,
    };
    const taken = (response: IncomingMessage): void => {
      const parts: Buffer[] = [];
      let length = 0;
      response.on('data', (part: Buffer) => {
        length += part.length;
        if (length > limit)
          response.destroy(new CannotVerify(`${base.host} answers with more than any object of a log holds.`));
        else parts.push(part);
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) }),
      );
    };
    const sent = base.protocol === 'https:' ? httpsRequest({ ...options, agent }, taken) : httpRequest(options, taken);
    sent.on('timeout', () => sent.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })));
    sent.on('error', reject);
    sent.end();
  });
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');

/** Is another try worth it. */
const isPassing = (error: unknown): boolean =>
  ['ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'EAI_AGAIN'].includes(codeOf(error));

function unreachable(store: string, cause: unknown): CannotVerify {
  if (cause instanceof CannotVerify) return cause;
  const code = codeOf(cause);
  return new CannotVerify(
    `${store} cannot be reached (${code === '' ? 'no answer' : code}): check the network, the endpoint and its certificate.`,
    { cause },
  );
}

const codeIn = ({ body }: Answer): string => /<Code>([A-Za-z]+)<\/Code>/.exec(body.toString('latin1'))?.[1] ?? '';

/** The elements of these names in a listing, whole. */
const blocks = (xml: string, names: string): readonly string[] =>
  xml.match(new RegExp(`<(${names})>[\\s\\S]*?</\\1>`, 'g')) ?? [];

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** Text of the first element of that name. */
function textIn(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return text?.replace(/&(lt|gt|amp|quot|apos);/g, (_, entity: string) => ENTITIES[entity] ?? '');
}

/** A key as `encoding-type=url` gives it. */
function keyIn(xml: string, name: string): string {
  try {
    return decodeURIComponent((textIn(xml, name) ?? '').replaceAll('+', ' '));
  } catch {
    return textIn(xml, name) ?? '';
  }
}
