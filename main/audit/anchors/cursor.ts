/**
 * A place in a log from which it can be copied on: the tree over everything before, and the entries of the bundle that is
 * not yet full. Tiles are made from the journal itself, so that what is copied is what was hashed.
 */
import { setImmediate } from 'node:timers/promises';
import { join } from 'node:path';
import { CountersignError } from '../../errors.ts';
import { packEntries } from '../journal/frame.ts';
import { nodeIo } from '../journal/io.ts';
import { openJournalReader, type EntryRun } from '../journal/reader.ts';
import { type SegmentState } from '../journal/recover.ts';
import { SEGMENT_NAME, segmentHeader, type SegmentHeader } from '../journal/segment.ts';
import { leafHash, splitHashes, Tree, TILE_WIDTH } from '../merkle.ts';
import { tilePath } from '../paths.ts';
import { names } from './local-log.ts';

/** Bytes of the journal read at a time: the event loop turns in between. */
const RUN_BYTES = 512 * 1024;

/** A full tile or entry bundle, by its C2SP path. */
export interface FullPart {
  readonly path: string;
  readonly bytes: Buffer;
}

export class Cursor {
  readonly #tree: Tree;
  readonly #bundle: Buffer[];

  /** @param bundle entries of the bundle that is not yet full */
  constructor(tree: Tree, bundle: readonly Buffer[] = []) {
    this.#tree = tree;
    this.#bundle = [...bundle];
  }

  /** Entries before this place. */
  get size(): number {
    return this.#tree.size;
  }

  root(): Buffer {
    return this.#tree.root();
  }

  copy(): Cursor {
    return new Cursor(new Tree(this.#tree.levels), this.#bundle);
  }

  /** Goes past one entry; gives the tiles and the bundle that it filled. `entry` is kept until its bundle is full. */
  take(entry: Buffer): readonly FullPart[] {
    this.#bundle.push(entry);
    const tiles = this.#tree.append(leafHash(entry));
    if (tiles.length === 0) return [];
    const bundle = packEntries(this.#bundle.splice(0));
    return [
      { path: tilePath('entries', this.#tree.size / TILE_WIDTH - 1), bytes: bundle },
      ...tiles.map(({ level, index, hashes }) => ({ path: tilePath(level, index), bytes: Buffer.concat(hashes) })),
    ];
  }
}

/** Which events of a log, by index. */
export interface Range {
  readonly from: number;
  /** Before this one. */
  readonly to: number;
  /** Entries that the log has signed: what lies behind may not be durable yet. `to` where absent. */
  readonly signed?: number;
}

/**
 * The events of a log, in pieces between which the event loop turns. Blobs are those of whole commits.
 * @throws CountersignError `audit-unreadable` when the journal does not go that far
 */
export async function* runs(path: string, range: Range, signal: AbortSignal): AsyncGenerator<EntryRun> {
  const { from, to, signed = to } = range;
  const reader = openJournalReader(path, from);
  try {
    for (let at = from; at < to;) {
      signal.throwIfAborted();
      const run = reader.next({ until: signed, bytes: RUN_BYTES });
      if (run === null || run.first !== at)
        throw new CountersignError('audit-unreadable', `The journal of ${path} ends at event ${at}, before ${to}.`, {
          next: 'Run `countersign verify` on the directory of the log to see what is wrong with it.',
        });
      at += run.entries.length;
      yield at > to ? { ...run, entries: run.entries.slice(0, to - at) } : run;
      await setImmediate();
    }
  } finally {
    reader.close();
  }
}

/**
 * The place before entry `size`, from the nearest segment whose header carries the tree.
 * @param signed entries that the log has signed, `size` or more: another log's size need not be where a commit of this ends
 */
export async function cursorAt(path: string, size: number, signed: number, signal: AbortSignal): Promise<Cursor> {
  const header = startBefore(path, size - (size % TILE_WIDTH));
  const state = header === null ? null : (JSON.parse(header.state) as SegmentState);
  const from = header?.first ?? 0;
  // Where that segment begins within a bundle, the bundle ends before `size` and begins afresh: its entries do not matter.
  const cursor = new Cursor(new Tree(state?.tiles.map((joined) => splitHashes(Buffer.from(joined, 'hex'))) ?? []));
  for await (const run of runs(path, { from, to: size, signed }, signal))
    for (const entry of run.entries) cursor.take(Buffer.from(entry));
  return cursor;
}

/** The header of the last segment that begins at or before entry `at`; null for the log's beginning. */
function startBefore(path: string, at: number): SegmentHeader | null {
  const io = nodeIo(path);
  const id = path.slice(-36);
  let low = 0;
  let high = names(join(path, 'journal')).filter((name) => SEGMENT_NAME.test(name)).length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((segmentHeader(io, middle, id)?.first ?? Infinity) <= at) low = middle;
    else high = middle - 1;
  }
  return segmentHeader(io, low, id);
}
