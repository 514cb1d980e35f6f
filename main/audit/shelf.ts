import { type Io } from './journal/io.ts';
import { checkpointPath, numbered } from './paths.ts';

/** Newest checkpoints that stay, whatever they cover. */
const KEPT = 1000;
/** Of the older ones one stays for so many entries. */
const SPAN = 4096;

/**
 * The checkpoints of a log that goes on for years. Each proves the ones before it, so older ones go: they stay one for every
 * 4,096 entries, and where a witness or a time stamp speaks of them. What the tiles are published for stays as well.
 */
export class Shelf {
  readonly #io: Io;
  readonly #kept: number;
  /** Ascending; those before `#looked` have been looked at and stay. */
  readonly #sizes: number[];
  #looked = 0;

  constructor(io: Io, sizes: readonly number[], kept = KEPT) {
    this.#io = io;
    this.#sizes = [...sizes];
    this.#kept = kept;
  }

  /** Greatest size signed, 0 where none was. */
  get newest(): number {
    return this.#sizes.at(-1) ?? 0;
  }

  add(size: number): void {
    this.#sizes.push(size);
  }

  /** Removes what need not stay, once a good number of them has come together. */
  clear(published: number): void {
    if (this.#sizes.length - this.#looked <= this.#kept * 2) return;
    const end = this.#sizes.length - this.#kept;
    let before = this.#sizes[this.#looked - 1] ?? -SPAN;
    const stay: number[] = [];
    for (const size of this.#sizes.slice(this.#looked, end)) {
      if (Math.floor(size / SPAN) === Math.floor(before / SPAN) && size !== published && !this.#isSpokenOf(size))
        this.#io.remove(checkpointPath(size));
      else stay.push((before = size));
    }
    this.#sizes.splice(this.#looked, end - this.#looked, ...stay);
    this.#looked += stay.length;
  }

  #isSpokenOf(size: number): boolean {
    return this.#io.list(`cosig/${numbered(size)}`).length > 0 || this.#io.size(`stamp/${numbered(size)}`) !== null;
  }
}
