/**
 * RFC 6962 §2.1 hashing, and the hashes of C2SP tlog-tiles as they come by in order. Digests are kept as strings of 32
 * characters, one for each byte (latin1): Node makes and compares these several times faster than buffers.
 */
import { hash } from 'node:crypto';

/** 32 bytes of SHA-256 as a latin1 string, which Node also calls binary. */
export type Digest = string;

export const digest = (bytes: Uint8Array): Digest => hash('sha256', bytes, 'binary');
export const digestBytes = (value: Digest): Buffer => Buffer.from(value, 'latin1');
export const digestHex = (value: Digest): string => digestBytes(value).toString('hex');

export const sha256 = (...parts: readonly Uint8Array[]): Buffer =>
  hash('sha256', parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts), 'buffer');

const EMPTY = digest(Buffer.alloc(0));
/** An entry is at most 65,535 bytes; the first byte of the room stays the prefix of a leaf. */
const leafRoom = Buffer.alloc(1 + 65_535);
const nodeRoom = Buffer.alloc(65, 1);

/** The leaf hash of an entry of at most 65,535 bytes. */
export function hashLeaf(entry: Uint8Array): Digest {
  leafRoom.set(entry, 1);
  return digest(leafRoom.subarray(0, 1 + entry.length));
}

function hashChildren(left: Digest, right: Digest): Digest {
  nodeRoom.write(left, 1, 'latin1');
  nodeRoom.write(right, 33, 'latin1');
  return digest(nodeRoom);
}

/** Hashes of perfect subtrees that somebody has made already, in the order in which they are completed. */
export interface MadeNodes {
  /** Index of the first leaf: subtrees that begin before it are not among them. */
  readonly first: number;
  next(): Digest;
}

/**
 * A growing tree as the stack of its perfect subtrees, largest first: like a binary counter, one bit for each. One that
 * does not begin at leaf 0 gives the subtrees that lie behind its first leaf.
 */
export class CompactRange {
  readonly #stack: Digest[] = [];
  /** Called with every perfect subtree as it is completed: height, position at that height, hash. */
  readonly #completed: (height: number, position: number, node: Digest) => void;
  #size: number;

  constructor(completed: (height: number, position: number, node: Digest) => void = () => undefined, first = 0) {
    this.#completed = completed;
    this.#size = first;
  }

  get size(): number {
    return this.#size;
  }

  push(leaf: Digest, made?: MadeNodes): void {
    let node = leaf;
    let height = 0;
    let position = this.#size++;
    this.#completed(0, position, node);
    for (; position % 2 === 1; this.#completed(height, position, node)) {
      const left = this.#stack.pop();
      if (left === undefined) return; // It is a part of a subtree that begins before the first leaf.
      height++;
      position = (position - 1) / 2;
      node = made !== undefined && position * 2 ** height >= made.first ? made.next() : hashChildren(left, node);
    }
    this.#stack.push(node);
  }

  root(): Digest {
    return (
      this.#stack.reduceRight<Digest | null>(
        (right, left) => (right === null ? left : hashChildren(left, right)),
        null,
      ) ?? EMPTY
    );
  }
}
