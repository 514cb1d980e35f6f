import { type Blocks, MASKED_NULL, NULL } from './blocks.ts';

/**
 * Turns the value at `source[start, end)` into what may be seen, written at `target[at]`. Returns its length in bytes, at
 * most MASKED_LIMIT, or -1 where only NULL is valid. Never called for NULL. Byte-level, so that masking a million rows
 * makes no JavaScript values.
 */
export type CellTransform = (source: Uint8Array, start: number, end: number, target: Uint8Array, at: number) => number;

/** Room that a transform has for its answer, bytes. */
export const MASKED_LIMIT = 256;

/** Why a result is not whole: a bound of the verdict, or no room left for it on this machine. */
export type Cut = 'rows' | 'bytes' | 'disk';

export interface WriterLimits {
  readonly rows: number;
  readonly bytes: number;
}

/** Copies below this many bytes are quicker as a loop than as a call out of JavaScript. */
const LOOP = 48;
const HEADER = 4;

/** A row whose lengths do not add up. */
export class MalformedRow extends Error {
  override readonly name = 'MalformedRow';
}

/** Takes the bodies of DataRow messages and stores them masked; nothing unmasked is ever in a block. */
export class ResultWriter {
  readonly #blocks: Blocks;
  readonly #transforms: readonly (CellTransform | undefined)[];
  readonly #limits: WriterLimits;
  /** Indexes of masked columns, ascending. */
  readonly #masked: Int32Array;
  readonly #onFull: (error: unknown) => void;
  #cut: Cut | undefined;
  #bytes = 0;
  #maskedCells = 0;

  constructor(
    blocks: Blocks,
    transforms: readonly (CellTransform | undefined)[],
    limits: WriterLimits,
    onFull: (error: unknown) => void = () => undefined,
  ) {
    this.#blocks = blocks;
    this.#transforms = transforms;
    this.#limits = limits;
    this.#masked = Int32Array.from(
      transforms.flatMap((transform, column) => (transform === undefined ? [] : [column])),
    );
    this.#onFull = onFull;
  }

  get cut(): Cut | undefined {
    return this.#cut;
  }

  /** Bytes of the rows as stored, with their lengths. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Cells that a mask has changed, NULLs not counted. */
  get maskedCells(): number {
    return this.#maskedCells;
  }

  /**
   * Stores the row whose DataRow body is `source[start, end)`. False when a bound is reached or the result was
   * released: this row is not stored and no further one is wanted. @throws MalformedRow
   */
  row(source: Buffer, start: number, end: number): boolean {
    if (this.#cut !== undefined || this.#blocks.released) return false;
    if (this.#blocks.rows >= this.#limits.rows) return this.#stop('rows');
    const length = this.#check(source, start, end);
    if (this.#bytes + length > this.#limits.bytes) return this.#stop('bytes');
    let target: Buffer;
    try {
      target = this.#blocks.reserve(length);
    } catch (error) {
      this.#onFull(error);
      return this.#stop('disk');
    }
    const from = this.#blocks.used;
    const to =
      this.#masked.length === 0
        ? copy(source, start + 2, end, target, from)
        : this.#mask(source, start + 2, end, target, from);
    this.#blocks.commit(to);
    this.#bytes += to - from;
    return true;
  }

  #stop(cut: Cut): false {
    this.#cut = cut;
    return false;
  }

  /**
   * Bytes that the row takes at most, after proving that its cells fill it exactly. A masked cell counts as the longest
   * masked value: where a result is cut must not tell how long the value is.
   */
  #check(source: Buffer, start: number, end: number): number {
    const columns = this.#transforms.length;
    if (end - start < 2 || source.readUInt16BE(start) !== columns) throw new MalformedRow('wrong number of columns');
    let at = start + 2;
    let most = 0;
    for (let column = 0; column < columns; column++) {
      if (at + HEADER > end) throw new MalformedRow('row ends too early');
      const length = int32(source, at);
      if (length < NULL) throw new MalformedRow('cell of negative length');
      const bytes = length === NULL ? 0 : length;
      at += HEADER + bytes;
      most += HEADER + (length !== NULL && this.#transforms[column] !== undefined ? MASKED_LIMIT : bytes);
    }
    if (at !== end) throw new MalformedRow('cells do not fill the row');
    return most;
  }

  #mask(source: Buffer, start: number, end: number, target: Buffer, into: number): number {
    let copied = start;
    let at = start;
    let to = into;
    let column = 0;
    for (const masked of this.#masked) {
      for (; column < masked; column++) at += HEADER + Math.max(int32(source, at), 0);
      const length = int32(source, at);
      const cellEnd = at + HEADER + Math.max(length, 0);
      const transform = this.#transforms[masked];
      if (length !== NULL && transform !== undefined) {
        to = copy(source, copied, at, target, to);
        const made = transform(source, at + HEADER, cellEnd, target, to + HEADER);
        if (made > MASKED_LIMIT) throw new RangeError('a mask wrote more than it may');
        target.writeInt32BE(made < 0 ? MASKED_NULL : made, to);
        to += HEADER + Math.max(made, 0);
        copied = cellEnd;
        this.#maskedCells++;
      }
      at = cellEnd;
      column++;
    }
    return copy(source, copied, end, target, to);
  }
}

export const int32 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);

function copy(source: Buffer, start: number, end: number, target: Buffer, at: number): number {
  if (end - start >= LOOP) return at + source.copy(target, at, start, end);
  let to = at;
  for (let from = start; from < end; from++) target[to++] = source[from] ?? 0;
  return to;
}
