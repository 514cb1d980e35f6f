/**
 * Where a log and its copy in a store stand to each other. It is asked before the copy is extended: a log that was put
 * back from an older copy, or is written on two machines, is found here and nowhere else.
 */
import { CountersignError } from '../../errors.ts';
import { packEntries } from '../journal/frame.ts';
import { EMPTY_ROOT } from '../merkle.ts';
import { rootAt } from '../proofs.ts';
import { type ObjectStore } from '../store/store.ts';
import { cursorAt, runs, type Cursor } from './cursor.ts';
import { keysOf, numberIn } from './keys.ts';
import { signedCheckpoint, type LocalLog, type Signed } from './local-log.ts';

/** A state of the log by its size and root (hex). */
export interface LogState {
  readonly size: number;
  readonly root: string;
}

export type Standing =
  /** The copy is a beginning of the log. */
  | {
      readonly kind: 'behind';
      /** Entries under the greatest checkpoint in the store. */
      readonly size: number;
      /** Entries in chunks, those behind the checkpoint included. */
      readonly chunks: number;
      /** Stands at `size`. */
      readonly cursor: Cursor;
      /** Is it there what log this is. */
      readonly identified: boolean;
    }
  /** The store holds more of the log than there is here, or something else: this copy of the log must not go on. */
  | {
      readonly kind: 'ahead' | 'forked';
      /** Entries that the store holds. */
      readonly size: number;
      /** The greatest checkpoint in the store that is also one of the log here. */
      readonly agreed: LogState;
    };

/** Somebody who does not have the log's key writes to its place in the store. */
export function foreign(store: ObjectStore, key: string): CountersignError {
  return new CountersignError('upload-foreign', `${key} in ${store.name} was not written by this log.`, {
    next: 'Somebody else writes to this place: find out who may, then give the record a store of its own.',
  });
}

/**
 * @param local the newest checkpoint of the log here
 * @param hint size of a checkpoint that is likely to be in the store: what lies before need not be listed
 * @throws CountersignError `upload-foreign`, `audit-unreadable`, `store-*`
 */
export async function survey(
  log: LocalLog,
  local: Signed,
  store: ObjectStore,
  hint: number,
  signal: AbortSignal,
): Promise<Standing> {
  const keys = keysOf(log.id);
  const identity = await store.read(keys.identity, signal);
  if (identity !== null && !identity.equals(log.identity)) throw foreign(store, keys.identity);

  const size = await greatest(log, store, hint, signal);
  const remote = size === 0 ? null : await remoteCheckpoint(log, store, size, signal);
  const agreed = (): Promise<LogState> => lastAgreed(log, local, store, signal);
  if (size > local.size) return { kind: 'ahead', size, agreed: await agreed() };
  const cursor = await cursorAt(log.path, size, local.size, signal);
  if (remote !== null && !cursor.root().equals(remote.root)) return { kind: 'forked', size, agreed: await agreed() };

  const chunks = await compareChunks(log, local.size, store, size, signal);
  if (typeof chunks !== 'number') return { ...chunks, agreed: await agreed() };
  return { kind: 'behind', size, chunks, cursor, identified: identity !== null };
}

/** Size of the greatest checkpoint in the store, 0 where there is none. */
async function greatest(log: LocalLog, store: ObjectStore, hint: number, signal: AbortSignal): Promise<number> {
  const { checkpoint, checkpoints } = keysOf(log.id);
  let size: number | null = null;
  const after = hint > 0 && Number.isSafeInteger(hint) ? { after: checkpoint(hint - 1) } : {};
  for await (const key of store.list(checkpoints, { ...after, signal })) {
    size = numberIn(key, checkpoints);
    if (size === null) throw foreign(store, key);
  }
  // Nothing from the hint on: it was wrong, or the store lost what it held.
  return size ?? (hint > 0 ? greatest(log, store, 0, signal) : 0);
}

async function remoteCheckpoint(log: LocalLog, store: ObjectStore, size: number, signal: AbortSignal): Promise<Signed> {
  const key = keysOf(log.id).checkpoint(size);
  const note = await store.read(key, signal);
  const signed = note === null ? null : signedCheckpoint(log, note.toString());
  if (signed?.size !== size) throw foreign(store, key);
  return signed;
}

/**
 * Chunks behind the greatest checkpoint come from an upload that was cut off, or from one that is going on elsewhere. Gives
 * how far they go, every byte of them being the log's own.
 */
async function compareChunks(
  log: LocalLog,
  end: number,
  store: ObjectStore,
  from: number,
  signal: AbortSignal,
): Promise<number | { readonly kind: 'ahead' | 'forked'; readonly size: number }> {
  const { chunk, chunks } = keysOf(log.id);
  let at = from;
  const after = from > 0 ? { after: chunk(from - 1) } : {};
  for await (const key of store.list(chunks, { ...after, signal })) {
    if (numberIn(key, chunks) !== at) throw foreign(store, key);
    const bytes = await store.read(key, signal);
    if (bytes === null) throw foreign(store, key);
    let rest = bytes;
    if (at < end) {
      for await (const { entries } of runs(log.path, { from: at, to: end }, signal)) {
        for (const entry of entries) {
          if (rest.length === 0) break;
          const own = packEntries([entry]);
          if (!rest.subarray(0, own.length).equals(own)) {
            if (eventsIn(rest) === null) throw foreign(store, key);
            return { kind: 'forked', size: at };
          }
          rest = rest.subarray(own.length);
          at++;
        }
        if (rest.length === 0) break;
      }
    }
    if (rest.length > 0) {
      const more = eventsIn(rest);
      if (more === null) throw foreign(store, key);
      return { kind: 'ahead', size: at + more };
    }
    if (bytes.length === 0) throw foreign(store, key);
  }
  return at;
}

/** How many events the bytes of a chunk are; null where they are something else, which no writer of a log made. */
function eventsIn(bytes: Buffer): number | null {
  let count = 0;
  for (let at = 0; at < bytes.length; count++) {
    if (at + 2 > bytes.length) return null;
    const end = at + 2 + bytes.readUInt16BE(at);
    if (end > bytes.length || !isLeaf(bytes.subarray(at + 2, end))) return null;
    at = end;
  }
  return count;
}

function isLeaf(entry: Buffer): boolean {
  try {
    const leaf: unknown = JSON.parse(entry.toString());
    return typeof leaf === 'object' && leaf !== null && 'v' in leaf && leaf.v === 1 && 'k' in leaf;
  } catch {
    return false;
  }
}

/** The greatest checkpoint in the store that the log here leads to. What both have is a beginning of both, so halving finds it. */
async function lastAgreed(log: LocalLog, local: Signed, store: ObjectStore, signal: AbortSignal): Promise<LogState> {
  const { checkpoints } = keysOf(log.id);
  const sizes: number[] = [];
  for await (const key of store.list(checkpoints, { signal })) {
    const size = numberIn(key, checkpoints);
    if (size !== null && size <= local.size) sizes.push(size);
  }
  let agreed: LogState = { size: 0, root: EMPTY_ROOT.toString('hex') };
  let low = 0;
  for (let high = sizes.length; low < high;) {
    const middle = Math.floor((low + high) / 2);
    const size = sizes[middle] ?? 0;
    const { root } = await remoteCheckpoint(log, store, size, signal);
    if (rootAt(log.path, size).equals(root)) {
      agreed = { size, root: root.toString('hex') };
      low = middle + 1;
    } else high = middle;
  }
  return agreed;
}
