import { type Digest } from './merkle.ts';

/** Of each leaf hash this many bytes are kept: nobody finds another event with the same 128 bits. */
const KEPT = 16;
const IN_ROOM = 1 << 16;

/** The leaf hashes of a log by index, in 16 bytes an event: what references and the comparison of two copies need. */
export class LeafHashes {
  readonly #rooms: Buffer[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(hash: Digest): void {
    const at = this.#size % IN_ROOM;
    if (at === 0) this.#rooms.push(Buffer.allocUnsafe(KEPT * IN_ROOM));
    this.#rooms.at(-1)?.write(hash, at * KEPT, KEPT, 'latin1');
    this.#size++;
  }

  /** Has the event at `index` this leaf hash (hex). */
  has(index: unknown, hash: unknown): boolean {
    return (
      typeof index === 'number' &&
      Number.isInteger(index) &&
      index >= 0 &&
      index < this.#size &&
      typeof hash === 'string' &&
      hash.length === 64 &&
      this.#at(index).toString('hex') === hash.slice(0, 2 * KEPT)
    );
  }

  /** Index of the first event that the two do not have alike as far as both go, or null. */
  firstDifference(other: LeafHashes): number | null {
    const both = Math.min(this.#size, other.#size);
    for (let index = 0; index < both; index++) if (!this.#at(index).equals(other.#at(index))) return index;
    return null;
  }

  #at(index: number): Buffer {
    const at = (index % IN_ROOM) * KEPT;
    return (this.#rooms[Math.floor(index / IN_ROOM)] ?? Buffer.alloc(0)).subarray(at, at + KEPT);
  }
}
