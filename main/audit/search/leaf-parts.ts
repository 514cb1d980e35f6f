/** What the index reads of a leaf. A leaf may come from another version or from somebody who forged it: what is not as expected is not there. */
import { z } from 'zod';
import { clean } from './terms.ts';

const text = z.string().optional().catch(undefined);
const count = z.number().finite().optional().catch(undefined);
const texts = z.array(z.string()).optional().catch(undefined);

const part = <S extends z.ZodRawShape>(shape: S) => z.object(shape).optional().catch(undefined);
const parts = <S extends z.ZodRawShape>(shape: S) => z.array(z.object(shape)).optional().catch(undefined);

const leafParts = z.object({
  k: z.string().min(1).max(60).catch('unknown'),
  /** µs since 1970 UTC. */
  t: z.number().nonnegative().finite().catch(0),
  s: z.string().max(200).transform(clean).optional().catch(undefined),
  actor: part({
    user: part({ iss: z.string(), sub: z.string(), name: text, email: text }),
    agent: part({ id: z.string(), name: text, model: text }),
    service: text,
  }),
  dev: part({ app: text, version: text, os: text }),
  src: part({ door: text }),
  db: part({ id: z.string(), env: text }),
  op: part({
    title: text,
    norm: text,
    objects: parts({ name: z.string() }),
    columns: parts({ name: z.string(), class: text }),
  }),
  pol: part({
    decision: z.enum(['allow', 'refuse', 'ask']).optional().catch(undefined),
    reasons: parts({ code: text, sentence: text }),
  }),
  why: part({ reason: text, ticket: text }),
  ref: part({ i: z.int().nonnegative() }),
  out: part({
    status: z.enum(['done', 'failed', 'cancelled', 'refused', 'unknown', 'not_started']).optional().catch(undefined),
    code: text,
    sqlstate: text,
    rows: count,
    changed: count,
    ms: count,
    masked: parts({ class: text, cells: z.number().nonnegative().finite() }),
  }),
  role: part({ weak: texts }),
  auth: part({ method: text, code: text }),
  bind: part({ alg: text, thumbprint: text }),
  view: part({ rows: count, cells: count, masked: count, format: text }),
  export: part({ format: text, to: text, rows: count, masked: count }),
  tx: part({ mode: text, end: text }),
  call: part({ tool: text }),
  approval: part({ id: text, kind: text, decision: text }),
  grant: part({ id: z.string(), name: text, connection: z.string(), until: count, alert: texts }),
  token: part({ id: z.string(), agent: z.string(), until: count, connections: texts }),
  review: part({ what: text, filter: text, events: count, log: text, index: count }),
  load: part({ hash: text, source: text, rules: count }),
  upload: part({ what: text, store: text, code: text }),
  witness: part({ name: text, size: count }),
  clock: part({ by: count }),
  change: part({ what: text, from: text, to: text }),
  report: part({ good: z.boolean().optional().catch(undefined), events: count }),
  blob: text,
  log: part({ id: text, after: part({ log: text, reason: text }) }),
  rec: part({ intents: count, sessions: count }),
});

export type LeafParts = z.infer<typeof leafParts>;

const UNREADABLE: LeafParts = { k: 'unreadable', t: 0 };

const isTree = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * @param long the content of the leaf's `long` blob, where it has one and it could be opened: a JSON object of dotted
 * paths (docs/log-format.md), whose parts are put where they came from.
 */
export function leafPartsOf(leaf: Uint8Array, long: Uint8Array | undefined): LeafParts {
  const whole = parsed(leaf);
  if (!isTree(whole)) return UNREADABLE;
  const taken = long === undefined ? undefined : parsed(long);
  if (isTree(taken)) for (const [path, value] of Object.entries(taken)) put(whole, path.split('.'), value);
  const result = leafParts.safeParse(whole);
  return result.success ? result.data : UNREADABLE;
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString());
  } catch {
    return undefined;
  }
}

function put(tree: Record<string, unknown>, [key, ...rest]: readonly string[], value: unknown): void {
  if (key === undefined || key === '__proto__') return;
  const below = Object.hasOwn(tree, key) ? tree[key] : undefined;
  if (rest.length === 0) tree[key] = value;
  else if (isTree(below)) put(below, rest, value);
}
