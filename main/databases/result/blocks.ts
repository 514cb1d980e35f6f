/**
 * The rows of one result as bytes in blocks of about 1 MiB, with the place of every row. A row is what a DataRow holds
 * behind its column count: per column a big-endian int32 length and the bytes; -1 is NULL and -2 a NULL made by a mask.
 * Past a memory budget blocks go to a private file that has no name any more, so that a crash leaves nothing behind.
 */
import { randomUUID } from 'node:crypto';
import { closeSync, ftruncateSync, mkdirSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { BLOCK, FIRST_BLOCK, giveBlock, takeBlock } from './block-memory.ts';

export const NULL = -1;
export const MASKED_NULL = -2;

/** Blocks read back from the file that are kept at hand. */
const CACHED = 8;

interface Block {
  readonly firstRow: number;
  readonly length: number;
  /** The bytes, or where in the file they are. */
  readonly at: Buffer | number;
}

/** A row's place: its bytes lie in `block` from `start` on, until the result is released. */
export interface RowPlace {
  readonly block: Buffer;
  readonly start: number;
}

/** Type byte of a DataRow message (PostgreSQL protocol 54.7). */
const DATA_ROW = 0x44;
/** Bytes between the cells of two DataRow messages that follow one another: type, length and number of columns. */
const BETWEEN_ROWS = 7;

export interface BlockOptions {
  /** Private directory for the file; made if absent when the first block goes there. */
  readonly directory: string;
  /** Bytes held in memory; more goes to the file. */
  readonly memory: number;
}

export class Blocks {
  readonly #options: BlockOptions;
  readonly #sealed: Block[] = [];
  #open: Buffer = Buffer.alloc(0);
  #openFirstRow = 0;
  #used = 0;
  /** Start of each row within its block. */
  #starts = new Uint32Array(1024);
  #rows = 0;
  #memory = 0;
  #file: number | null = null;
  #fileLength = 0;
  #released = false;
  readonly #cache = new Map<number, Buffer>();
  /** The source from which rows were copied ahead, the place in it of the next one, and of the end of what was copied. */
  #ahead: Buffer | undefined;
  #aheadNext = 0;
  #aheadEnd = 0;

  constructor(options: BlockOptions) {
    this.#options = options;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Bytes held in memory, without the index. */
  get memory(): number {
    return this.#memory + this.#open.length;
  }

  /** The block being filled, with at least `size` bytes free from `used` on. @throws the file's error when it is full */
  reserve(size: number): Buffer {
    this.#ahead = undefined;
    if (this.#used + size > this.#open.length) this.#seal(size);
    return this.#open;
  }

  get used(): number {
    return this.#used;
  }

  /** Makes the bytes written from `used` up to `end` the next row. */
  commit(end: number): void {
    if (this.#rows === this.#starts.length) {
      const larger = new Uint32Array(this.#starts.length * 2);
      larger.set(this.#starts);
      this.#starts = larger;
    }
    this.#starts[this.#rows++] = this.#used;
    this.#used = end;
  }

  /**
   * Makes the cells at `source[start, end)`, which end a DataRow message, the next row. Where more such messages follow at
   * once in `source`, whose bytes must not change meanwhile, one copy takes them along, and the calls that append them find
   * them in place. @throws the file's error when it is full
   */
  append(source: Buffer, start: number, end: number): void {
    if (source === this.#ahead && start === this.#aheadNext && end <= this.#aheadEnd) this.#used += BETWEEN_ROWS;
    else {
      const target = this.reserve(end - start);
      this.#aheadEnd = endOfRun(source, end, start + target.length - this.#used);
      this.#ahead = source;
      source.copy(target, this.#used, start, this.#aheadEnd);
    }
    this.#aheadNext = end + BETWEEN_ROWS;
    this.commit(this.#used + end - start);
  }

  /** Where row `row` is; undefined past the rows committed so far. */
  place(row: number): RowPlace | undefined {
    if (row < 0 || row >= this.#rows) return undefined;
    const start = this.#starts[row] ?? 0;
    if (row >= this.#openFirstRow) return { block: this.#open, start };
    let low = 0;
    let high = this.#sealed.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#sealed[middle]?.firstRow ?? Infinity) <= row) low = middle;
      else high = middle - 1;
    }
    const block = this.#sealed[low];
    return block === undefined ? undefined : { block: this.#bytes(block), start };
  }

  /** True once released: nothing more is stored. */
  get released(): boolean {
    return this.#released;
  }

  release(): void {
    for (const { at } of this.#sealed) if (typeof at !== 'number') giveBlock(at);
    giveBlock(this.#open);
    this.#released = true;
    this.#ahead = undefined;
    this.#sealed.length = 0;
    this.#cache.clear();
    this.#open = Buffer.alloc(0);
    this.#starts = new Uint32Array(0);
    this.#rows = this.#used = this.#memory = this.#openFirstRow = 0;
    if (this.#file !== null) {
      ftruncateSync(this.#file, 0);
      closeSync(this.#file);
    }
    this.#file = null;
  }

  #seal(size: number): void {
    this.#ahead = undefined;
    const { memory, directory } = this.#options;
    let next: Buffer | undefined;
    if (this.#rows > this.#openFirstRow) {
      const full = this.#open.subarray(0, this.#used);
      let at: Buffer | number;
      if (this.#memory + full.length > memory) {
        at = this.#spill(full, directory);
        if (this.#open.length >= size) next = this.#open;
        else giveBlock(this.#open);
      } else {
        // A block that wide rows left half empty gives back what it does not use.
        const isWaste = full.length * 4 < this.#open.length * 3;
        at = isWaste ? Buffer.from(full) : this.#open;
        if (isWaste) giveBlock(this.#open);
        this.#memory += at.length;
      }
      this.#sealed.push({ firstRow: this.#openFirstRow, length: this.#used, at });
    }
    this.#openFirstRow = this.#rows;
    this.#used = 0;
    // Each block is twice as large as the one before it.
    const usual = Math.min(BLOCK, Math.max(FIRST_BLOCK, this.#open.length * 2));
    this.#open = next ?? takeBlock(Math.max(usual, size));
  }

  #spill(bytes: Buffer, directory: string): number {
    this.#file ??= openNameless(directory);
    const at = this.#fileLength;
    let written = 0;
    while (written < bytes.length)
      written += writeSync(this.#file, bytes, written, bytes.length - written, at + written);
    this.#fileLength += bytes.length;
    return at;
  }

  #bytes({ at, length }: Block): Buffer {
    if (typeof at !== 'number') return at;
    const cached = this.#cache.get(at);
    if (cached !== undefined) {
      // Most recently used last.
      this.#cache.delete(at);
      this.#cache.set(at, cached);
      return cached;
    }
    if (this.#file === null) throw new Error('the result has been released');
    const bytes = Buffer.allocUnsafeSlow(length);
    let read = 0;
    while (read < length) {
      const got = readSync(this.#file, bytes, read, length - read, at + read);
      if (got === 0) throw new Error('the file of a result ended too early');
      read += got;
    }
    this.#cache.set(at, bytes);
    const [oldest] = this.#cache.keys();
    if (this.#cache.size > CACHED && oldest !== undefined) this.#cache.delete(oldest);
    return bytes;
  }
}

/** Where the DataRow messages end that follow one another from `end` on and lie whole before `most`. */
function endOfRun(source: Buffer, end: number, most: number): number {
  const view = new DataView(source.buffer, source.byteOffset, source.length);
  const last = Math.min(source.length, most);
  let at = end;
  while (at + BETWEEN_ROWS <= last && source[at] === DATA_ROW) {
    const next = at + 1 + view.getInt32(at + 1);
    if (next < at + BETWEEN_ROWS || next > last) break;
    at = next;
  }
  return at;
}

/** A file only we can open, and after this nobody: its name is gone, its bytes go with the descriptor. */
function openNameless(directory: string): number {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, `${randomUUID()}.rows`);
  const file = openSync(path, 'wx+', 0o600);
  try {
    unlinkSync(path);
  } catch {
    // Windows keeps the name of an open file; main/databases/result/store.ts clears the directory at the next start.
  }
  return file;
}
