/** RFC 6962 §2.1 hashing, and the hashes of C2SP tlog-tiles as they come by in order. */
import { hash } from 'node:crypto';

export const sha256 = (...parts: readonly Uint8Array[]): Buffer =>
  hash('sha256', parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts), 'buffer');

const ZERO = Buffer.of(0);
const ONE = Buffer.of(1);
const EMPTY = sha256(Buffer.alloc(0));

export const hashLeaf = (entry: Uint8Array): Buffer => sha256(ZERO, entry);
const hashChildren = (left: Uint8Array, right: Uint8Array): Buffer => sha256(ONE, left, right);

/** A growing tree as the stack of its perfect subtrees, largest first: like a binary counter, one bit for each. */
export class CompactRange {
  readonly #stack: { readonly height: number; readonly node: Buffer }[] = [];
  /** Called with every perfect subtree as it is completed: height, position at that height, hash. */
  readonly #completed: (height: number, position: number, node: Buffer) => void;
  #size = 0;

  constructor(completed: (height: number, position: number, node: Buffer) => void = () => undefined) {
    this.#completed = completed;
  }

  get size(): number {
    return this.#size;
  }

  push(leaf: Buffer): void {
    let node = leaf;
    let height = 0;
    this.#completed(0, this.#size, node);
    this.#size++;
    for (let top = this.#stack.at(-1); top?.height === height; top = this.#stack.at(-1)) {
      this.#stack.pop();
      node = hashChildren(top.node, node);
      height++;
      this.#completed(height, this.#size / 2 ** height - 1, node);
    }
    this.#stack.push({ height, node });
  }

  root(): Buffer {
    return (
      this.#stack
        .map(({ node }) => node)
        .reduceRight<Buffer | null>((right, left) => (right === null ? left : hashChildren(left, right)), null) ?? EMPTY
    );
  }
}
