/**
 * The bytes of a leaf: UTF-8 JSON with a fixed order of keys, written once and hashed as written. Only keys of the table
 * below get in, whatever an event carries.
 */
import { type Commitment } from './blob.ts';
import { type RecordedEvent } from './events.ts';
import { randomSlice } from './random.ts';

/** `true`: a scalar or list of scalars as it is. `secret`: sealed into a blob. `[shape]`: a list of objects. */
type Shape = true | 'secret' | readonly [Shape] | { readonly [key: string]: Shape };

const DEVICE: Shape = { id: true, app: true, version: true, os: true };
const SERVER: Shape = { pid: true, xid: true, lsn: true, end: true, tree: true, mark: true };

const BODY: Shape = {
  actor: {
    user: { iss: true, sub: true, name: true, email: true, groups: true, verified: true },
    agent: { id: true, name: true, instance: true, version: true, model: true, charter: true },
    service: true,
    bind: true,
  },
  dev: DEVICE,
  src: { door: true, address: true, host: true },
  db: { id: true, engine: true, host: true, port: true, database: true, role: true, env: true, tls: true },
  op: {
    class: true,
    title: true,
    fingerprint: true,
    norm: true,
    objects: [{ name: true, access: true, via: true }],
    columns: [{ name: true, place: true, class: true }],
    text: 'secret',
    params: 'secret',
    tag: true,
  },
  pol: {
    hash: true,
    version: true,
    decision: true,
    rules: true,
    obligations: true,
    reasons: [{ code: true, sentence: true }],
    permits: [{ form: true, class: true, columns: true, rules: true, value: true }],
    approvals: true,
    input: 'secret',
  },
  why: { reason: true, ticket: true },
  ref: { i: true, h: true },
  of: { log: true, i: true, h: true },
  out: {
    status: true,
    sqlstate: true,
    code: true,
    rows: true,
    changed: true,
    bytes: true,
    ms: true,
    masked: [{ class: true, cells: true }],
    cut: true,
    server: SERVER,
  },
  role: { weak: true, accepted: true },
  auth: { method: true, iss: true, code: true, acr: true, amr: true },
  bind: {
    alg: true,
    thumbprint: true,
    iss: true,
    sub: true,
    aud: true,
    nonce: true,
    iat: true,
    exp: true,
    acr: true,
    amr: true,
    until: true,
    method: true,
    key: { kty: true, crv: true, x: true },
    token: 'secret',
    jwks: 'secret',
  },
  proof: true,
  view: { first: true, rows: true, columns: true, cells: true, masked: true, format: true },
  export: { format: true, to: true, rows: true, columns: true, masked: true, bytes: true, sha256: true },
  tx: { id: true, mode: true, end: true },
  call: { id: true, tool: true, args: 'secret' },
  approval: {
    id: true,
    kind: true,
    binds: true,
    decision: true,
    expires: true,
    uses: true,
    signed: 'secret',
  },
  grant: { id: true, name: true, connection: true, until: true, alert: true, signed: 'secret' },
  token: { id: true, agent: true, until: true, connections: true },
  review: { what: true, filter: true, events: true, log: true, index: true },
  load: {
    hash: true,
    version: true,
    source: true,
    rules: true,
    policy: 'secret',
    classes: true,
    classification: 'secret',
  },
  upload: { what: true, store: true, uploaded: true, witnessed: true, code: true },
  witness: { name: true, size: true, root: true },
  beat: { every: true },
  clock: { by: true },
  change: { what: true, from: true, to: true },
  report: { good: true, size: true, root: true, events: true, findings: true },
  blob: true,
  log: {
    id: true,
    origin: true,
    key: true,
    place: { machine: true, inode: true, born: true },
    after: { log: true, size: true, root: true, reason: true, copied: true, open: { intents: true, sessions: true } },
  },
  rec: { intents: true, sessions: true, torn: true },
};

/** Above this the long parts of a leaf move into a blob; bytes. */
const SOFT_LIMIT = 16 * 1024;
/** What is longer than this moves, bytes of JSON: so few keys are there that what stays always fits an entry. */
const LONG_PART = 512;

type Seal = (content: Uint8Array) => Commitment;
interface Tree {
  [key: string]: unknown;
}
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A shape as it is walked for every event: looking up the keys of the table anew each time costs more than the hashing. */
type Walked = true | 'secret' | { readonly item: Walked } | { readonly keys: readonly (readonly [string, Walked])[] };

function walked(shape: Shape): Walked {
  if (shape === true || shape === 'secret') return shape;
  if (isList(shape)) return { item: walked(shape[0]) };
  return { keys: Object.entries(shape).map(([key, inner]) => [key, walked(inner)]) };
}
const isList = (shape: Shape): shape is readonly [Shape] => Array.isArray(shape);

const WALKED_BODY = walked(BODY);

function ordered(value: unknown, shape: Walked, seal: Seal): unknown {
  if (value === undefined || shape === true) return value;
  if (shape === 'secret') {
    if (!isTree(value)) return undefined;
    const content = typeof value.text === 'string' ? Buffer.from(value.text) : value.text;
    if (!(content instanceof Uint8Array)) return undefined;
    return typeof value.n === 'number' ? { ...seal(content), n: value.n } : seal(content);
  }
  if ('item' in shape) return Array.isArray(value) ? value.map((item) => ordered(item, shape.item, seal)) : undefined;
  if (!isTree(value)) return undefined;
  const out: Tree = {};
  for (const [key, inner] of shape.keys) {
    const part = ordered(value[key], inner, seal);
    if (part !== undefined) out[key] = part;
  }
  return out;
}

/** Takes every long text and list out of a body, by its dotted path. */
function takeLongParts(body: Tree, path: string, taken: Tree): void {
  for (const [key, value] of Object.entries(body)) {
    if (isTree(value)) takeLongParts(value, `${path}${key}.`, taken);
    else if (value !== undefined && Buffer.byteLength(JSON.stringify(value)) > LONG_PART) {
      taken[path + key] = value;
      body[key] = undefined;
    }
  }
}

/** What the log adds to an event. */
export interface Stamp {
  readonly id: string;
  /** Wall time, µs since 1970 UTC. */
  readonly t: number;
  /** Monotonic time since the log was opened, ns. */
  readonly m: number;
  /** One opening of the log by one process. */
  readonly b: string;
  /** Number within the session. */
  readonly n?: number;
}

/** Encodes an event; `seal` is called once for each part that goes into a blob. */
export function encodeLeaf(event: RecordedEvent, stamp: Stamp, seal: Seal): Buffer {
  const s = 's' in event ? event.s : undefined;
  const head = { v: 1, id: stamp.id, k: event.k, t: stamp.t, m: stamp.m, b: stamp.b, s, n: stamp.n };
  const body = ordered(event, WALKED_BODY, seal) as Tree;
  const whole = Buffer.from(JSON.stringify({ ...head, ...body }));
  if (whole.length <= SOFT_LIMIT) return whole;
  const taken: Tree = {};
  takeLongParts(body, '', taken);
  return Buffer.from(JSON.stringify({ ...head, ...body, long: seal(Buffer.from(JSON.stringify(taken))) }));
}

/** The parts of a leaf that recovery needs. */
export interface LeafKey {
  readonly k: string;
  readonly id?: string;
  readonly t?: number;
  /** Address of the blob that the event erases, and the log it lies in where that is another one. */
  readonly blob?: string;
  readonly of?: { readonly log: string };
  readonly s?: string;
  readonly ref?: { readonly i: number; readonly h: string };
}

/** UUID version 7 (RFC 9562 §5.7): 48 bits of Unix time in ms, then random. */
export function uuid7(ms: number): string {
  const bytes = randomSlice(16);
  bytes.writeUIntBE(ms, 0, 6);
  bytes.writeUInt8(0x70 | (bytes.readUInt8(6) & 0x0f), 6);
  bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** The time in a UUID version 7, ms since 1970 UTC. */
export const timeOf = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
