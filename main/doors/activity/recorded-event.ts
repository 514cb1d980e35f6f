/** An event as its log has it: the leaf, and what it keeps sealed. */
import { createSecretKey } from 'node:crypto';
import { z } from 'zod';
import { openBlob } from '../../audit/blob.ts';
import { type EntryRun, logsBelow, openJournalReader } from '../../audit/journal/reader.ts';

/** What became of something sealed: its content, or why there is none. */
export type Opened =
  | { readonly kind: 'text'; readonly text: string }
  /** The event has none. */
  | { readonly kind: 'none' }
  | { readonly kind: 'erased' }
  | { readonly kind: 'missing' };

export interface RecordedEvent {
  /** Directory of its log. */
  readonly directory: string;
  readonly leaf: Buffer;
  readonly parts: LeafParts;
  open(what: 'text' | 'params'): Opened;
}

const commitment = z.object({ ref: z.string() }).optional().catch(undefined);
const texts = z.array(z.string()).catch([]);
const leafParts = z.object({
  actor: z
    .object({ user: z.object({ iss: z.string(), sub: z.string() }), agent: z.unknown().optional() })
    .optional()
    .catch(undefined),
  op: z
    .object({
      text: commitment,
      params: commitment,
      objects: z.array(z.object({ name: z.string(), access: z.string(), via: z.string().optional() })).catch([]),
      columns: z.array(z.object({ name: z.string(), place: z.string(), class: z.string().optional() })).catch([]),
    })
    .optional()
    .catch(undefined),
  pol: z
    .object({
      hash: z.string(),
      rules: texts,
      obligations: texts,
      reasons: z.array(z.object({ sentence: z.string() })).catch([]),
      approvals: z.array(z.number()).catch([]),
    })
    .optional()
    .catch(undefined),
});
type LeafParts = z.infer<typeof leafParts>;

/** Null where the log, or this event of it, is not on this machine. @param directory holds all logs of the profile */
export function recordedEvent(
  directory: string,
  blobKey: Uint8Array,
  log: string,
  index: number,
): RecordedEvent | null {
  const path = logsBelow(directory).find(({ id }) => id === log)?.path;
  const run = path === undefined ? null : readRun(path, index);
  const [leaf] = run?.entries ?? [];
  if (path === undefined || run === null || leaf === undefined || run.first !== index) return null;
  const opened = (ref: string | undefined): Opened => open(ref, run, blobKey, log);
  const parts = leafParts.catch({}).parse(whole(leaf, opened));
  return { directory: path, leaf, parts, open: (what) => opened(parts.op?.[what]?.ref) };
}

function readRun(path: string, index: number): EntryRun | null {
  const reader = openJournalReader(path, index);
  try {
    return reader.next({ bytes: 1 });
  } catch {
    // A log that cannot be read there has nothing to show; `countersign verify` says what is wrong with it.
    return null;
  } finally {
    reader.close();
  }
}

function open(ref: string | undefined, { blobs }: EntryRun, blobKey: Uint8Array, log: string): Opened {
  if (ref === undefined) return { kind: 'none' };
  const blob = blobs.find(({ address }) => address === ref);
  if (blob === undefined) return { kind: 'missing' };
  if (blob.erased) return { kind: 'erased' };
  try {
    return { kind: 'text', text: openBlob(blob.bytes, createSecretKey(blobKey), log).toString() };
  } catch {
    return { kind: 'missing' };
  }
}

type Tree = Record<string, unknown>;
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The leaf with the long parts that it keeps in a blob (docs/log-format.md). */
function whole(leaf: Buffer, opened: (ref: string) => Opened): unknown {
  const tree = parsed(leaf.toString());
  if (!isTree(tree) || !isTree(tree['long']) || typeof tree['long']['ref'] !== 'string') return tree;
  const long = opened(tree['long']['ref']);
  const parts = long.kind === 'text' ? parsed(long.text) : undefined;
  for (const [path, value] of Object.entries(isTree(parts) ? parts : {})) {
    const [room = '', name = '', more] = path.split('.');
    const below = Object.hasOwn(tree, room) ? tree[room] : undefined;
    if (isTree(below) && name !== '__proto__' && more === undefined) below[name] = value;
  }
  return tree;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
