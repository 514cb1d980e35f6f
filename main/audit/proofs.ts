/**
 * Proofs about a log from its directory, whoever writes it: inclusion (RFC 6962 §2.1.1) and consistency (§2.1.2). Hashes
 * come from the tiles; what has no tile yet is hashed from the journal. Nothing here is trusted by those who check a
 * proof, so nothing is checked here.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CountersignError } from '../errors.ts';
import { errorCode } from './journal/io.ts';
import { openJournalReader } from './journal/reader.ts';
import { EMPTY_ROOT, leafHash, nodeHash, perfectRoot, splitHashes, TILE_WIDTH } from './merkle.ts';
import { checkpointPath, NUMBERED, tilePath } from './paths.ts';
import { type SignedTree } from './publish.ts';

const HASH = 32;

/** Hashes that prove that the entry at `index` is under the root over `size` entries, lowest first. */
export function inclusionProof(logDirectory: string, index: number, size: number): readonly Buffer[] {
  if (index < 0 || index >= size) throw outside(logDirectory, size);
  return path(hashesOf(logDirectory, size), index, 0, size);
}

/** Hashes that prove that the tree over `to` entries has the one over `from` as its beginning; none where they are equal. */
export function consistencyProof(logDirectory: string, from: number, to: number): readonly Buffer[] {
  if (from < 0 || from > to) throw outside(logDirectory, from);
  return from === 0 || from === to ? [] : subProof(hashesOf(logDirectory, to), from, 0, to, true);
}

/** Merkle tree hash over the first `size` entries. */
export function rootAt(logDirectory: string, size: number): Buffer {
  return size === 0 ? EMPTY_ROOT : treeHash(hashesOf(logDirectory, size), 0, size);
}

/** The greatest checkpoint that the log has signed; null where it has signed none. */
export function newestCheckpoint(logDirectory: string): SignedTree | null {
  return firstThere(logDirectory, checkpointSizes(logDirectory).toReversed());
}

/** The smallest signed checkpoint that covers the entry at `index`; null where none does yet. */
export function checkpointCovering(logDirectory: string, index: number): SignedTree | null {
  return firstThere(
    logDirectory,
    checkpointSizes(logDirectory).filter((size) => size > index),
  );
}

function checkpointSizes(logDirectory: string): readonly number[] {
  return absentIsEmpty(() => readdirSync(join(logDirectory, 'checkpoints')))
    .filter((name) => NUMBERED.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

/** The first of these that is still there: the writer clears old ones away. */
function firstThere(logDirectory: string, sizes: readonly number[]): SignedTree | null {
  for (const size of sizes) {
    try {
      const note = readFileSync(join(logDirectory, checkpointPath(size)), 'utf8');
      return { size, root: Buffer.from(note.split('\n')[2] ?? '', 'base64').toString('hex'), note };
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
    }
  }
  return null;
}

function absentIsEmpty(read: () => string[]): string[] {
  try {
    return read();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Hashes of the perfect subtrees of 256^level entries. */
interface Hashes {
  /** The `count` hashes of a level from `first` on, all in one tile. */
  range(level: number, first: number, count: number): readonly Buffer[];
}

function hashesOf(logDirectory: string, size: number): Hashes {
  const tiles = new Map<string, readonly Buffer[]>();
  const file = (name: string, width: number): readonly Buffer[] | null => {
    try {
      const bytes = readFileSync(join(logDirectory, name));
      return bytes.length === width * HASH ? splitHashes(bytes) : null;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return null;
      throw error;
    }
  };

  /** What the widest partial tile has: a beginning of the tile that is never wrong, only short. */
  const partial = (level: number, index: number, most: number): readonly Buffer[] => {
    const widths = absentIsEmpty(() => readdirSync(join(logDirectory, `${tilePath(level, index)}.p`)));
    const width = Math.max(0, ...widths.map(Number).filter(Number.isInteger));
    return width === 0 ? [] : (file(tilePath(level, index, width), width) ?? []).slice(0, most);
  };

  const fromJournal = (first: number, count: number): readonly Buffer[] => {
    const reader = openJournalReader(logDirectory, first);
    const leaves: Buffer[] = [];
    while (leaves.length < count) {
      const run = reader.next({ bytes: 256 * 1024 });
      if (run === null) throw outside(logDirectory, size);
      for (const entry of run.entries.slice(0, count - leaves.length)) leaves.push(leafHash(entry));
    }
    reader.close();
    return leaves;
  };

  const tile = (level: number, index: number): readonly Buffer[] => {
    const width = Math.min(TILE_WIDTH, Math.floor(size / TILE_WIDTH ** level) - index * TILE_WIDTH);
    const name = tilePath(level, index, width);
    const known = tiles.get(name);
    if (known !== undefined) return known;
    let hashes = file(tilePath(level, index), TILE_WIDTH)?.slice(0, width);
    if (hashes === undefined) {
      const begun = partial(level, index, width);
      const first = index * TILE_WIDTH + begun.length;
      const missing = width - begun.length;
      const rest =
        level === 0
          ? fromJournal(first, missing)
          : Array.from({ length: missing }, (_, i) => perfectRoot(tile(level - 1, first + i)));
      hashes = [...begun, ...rest];
    }
    tiles.set(name, hashes);
    return hashes;
  };

  return {
    range: (level, first, count) =>
      tile(level, Math.floor(first / TILE_WIDTH)).slice(first % TILE_WIDTH, (first % TILE_WIDTH) + count),
  };
}

/** The largest power of two below `n`. */
function splitOf(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/** MTH over the entries from `begin` to before `end` (RFC 6962 §2.1); perfect subtrees come from the tiles. */
function treeHash(hashes: Hashes, begin: number, end: number): Buffer {
  const n = end - begin;
  if (Number.isInteger(Math.log2(n)) && begin % n === 0) {
    const level = Math.floor(Math.log2(n) / 8);
    const span = TILE_WIDTH ** level;
    return perfectRoot(hashes.range(level, begin / span, n / span));
  }
  const k = splitOf(n);
  return nodeHash(treeHash(hashes, begin, begin + k), treeHash(hashes, begin + k, end));
}

/** PATH(m, D[begin:end]) of RFC 6962 §2.1.1; `index` counts from the beginning of the log. */
function path(hashes: Hashes, index: number, begin: number, end: number): Buffer[] {
  if (end - begin === 1) return [];
  const middle = begin + splitOf(end - begin);
  return index < middle
    ? [...path(hashes, index, begin, middle), treeHash(hashes, middle, end)]
    : [...path(hashes, index, middle, end), treeHash(hashes, begin, middle)];
}

/** SUBPROOF(m, D[begin:end], whole) of RFC 6962 §2.1.2; `m` counts from the beginning of the log. */
function subProof(hashes: Hashes, m: number, begin: number, end: number, whole: boolean): Buffer[] {
  if (m === end) return whole ? [] : [treeHash(hashes, begin, end)];
  const middle = begin + splitOf(end - begin);
  return m <= middle
    ? [...subProof(hashes, m, begin, middle, whole), treeHash(hashes, middle, end)]
    : [...subProof(hashes, m, middle, end, false), treeHash(hashes, begin, middle)];
}

const outside = (logDirectory: string, size: number): CountersignError =>
  new CountersignError(
    'audit-no-event',
    `The log in ${logDirectory} does not have ${size} events, or not in this order.`,
    {
      next: 'Look at its size with `countersign record status`.',
    },
  );
