/**
 * The Merkle tree of RFC 6962 §2.1 with SHA-256, kept as C2SP tlog-tiles keeps it: every level holds the hashes of its
 * newest, not yet full tile (fewer than 256). These are the whole state needed to append and to tell the root.
 */
import { hash } from 'node:crypto';

export const TILE_WIDTH = 256;
const LEAF = Buffer.from([0]);
const NODE = Buffer.from([1]);

export const sha256 = (bytes: Uint8Array): Buffer => hash('sha256', bytes, 'buffer');
export const EMPTY_ROOT = sha256(Buffer.alloc(0));
export const leafHash = (entry: Uint8Array): Buffer => sha256(Buffer.concat([LEAF, entry]));
export const nodeHash = (left: Uint8Array, right: Uint8Array): Buffer => sha256(Buffer.concat([NODE, left, right]));

/** Hashes that stand one behind the other, as in a tile. */
export const splitHashes = (joined: Buffer): Buffer[] =>
  Array.from({ length: joined.length / 32 }, (_, i) => joined.subarray(i * 32, i * 32 + 32));

/** Root over 2^k hashes of one level. */
export function perfectRoot(hashes: readonly Buffer[]): Buffer {
  let level = hashes;
  while (level.length > 1) {
    const above: Buffer[] = [];
    for (let i = 0; i + 1 < level.length; i += 2)
      above.push(nodeHash(level[i] ?? EMPTY_ROOT, level[i + 1] ?? EMPTY_ROOT));
    level = above;
  }
  return level[0] ?? EMPTY_ROOT;
}

/** A tile that has just become full: 256 hashes of level 8 × `level`. */
export interface FullTile {
  readonly level: number;
  readonly index: number;
  readonly hashes: readonly Buffer[];
}

export class Tree {
  readonly #levels: Buffer[][];
  #size: number;

  /** Continues from the newest tiles of each level, lowest first. */
  constructor(levels: readonly (readonly Buffer[])[] = []) {
    this.#levels = levels.map((level) => [...level]);
    this.#size = this.#levels.reduce((size, level, i) => size + level.length * TILE_WIDTH ** i, 0);
  }

  /** Number of entries. */
  get size(): number {
    return this.#size;
  }

  /** The newest, not yet full tile of each level. */
  get levels(): readonly (readonly Buffer[])[] {
    return this.#levels;
  }

  /** Adds one leaf hash and gives the tiles it filled. */
  append(leaf: Buffer): readonly FullTile[] {
    const full: FullTile[] = [];
    this.#size++;
    let carry: Buffer | undefined = leaf;
    for (let level = 0; carry !== undefined; level++) {
      const tile: Buffer[] = (this.#levels[level] ??= []);
      tile.push(carry);
      carry = undefined;
      if (tile.length === TILE_WIDTH) {
        full.push({ level, index: this.#size / TILE_WIDTH ** (level + 1) - 1, hashes: tile });
        carry = perfectRoot(tile);
        this.#levels[level] = [];
      }
    }
    return full;
  }

  /** Merkle tree hash over all entries: the perfect subtrees of the binary form of the size, folded from the right. */
  root(): Buffer {
    let root: Buffer | undefined;
    for (const level of this.#levels) {
      let end = level.length;
      for (let width = 1; width <= end; width *= 2) {
        if ((end & width) === 0) continue;
        const subtree = perfectRoot(level.slice(end - width, end));
        root = root === undefined ? subtree : nodeHash(subtree, root);
        end -= width;
      }
    }
    return root ?? EMPTY_ROOT;
  }
}
