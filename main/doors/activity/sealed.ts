/** What events keep sealed beside their leaf (docs/log-format.md). */
import { createSecretKey } from 'node:crypto';
import { openBlob } from '../../audit/blob.ts';
import { type EntryRun } from '../../audit/journal/reader.ts';

/** What became of something sealed: its content, or why there is none. */
export type Opened =
  | { readonly kind: 'text'; readonly text: string }
  /** The event has none. */
  | { readonly kind: 'none' }
  | { readonly kind: 'erased' }
  | { readonly kind: 'missing' };

/** The sealed parts of what was read together, by address. */
export type Blobs = ReadonlyMap<string, EntryRun['blobs'][number]>;

export const blobsOf = ({ blobs }: EntryRun): Blobs => new Map(blobs.map((blob) => [blob.address, blob]));

export function openSealed(ref: string | undefined, blobs: Blobs, blobKey: Uint8Array, log: string): Opened {
  if (ref === undefined) return { kind: 'none' };
  const blob = blobs.get(ref);
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
export function wholeLeaf(leaf: Buffer, opened: (ref: string) => Opened): unknown {
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
