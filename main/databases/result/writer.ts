import { type Blocks, MASKED_NULL, NULL } from './blocks.ts';

/**
 * Turns the value at `source[start, end)` into what may be seen, written at `target[at]`. Returns its length in bytes, at
 * most MASKED_LIMIT, or -1 where only NULL is valid. Never called for NULL. Byte-level, so that masking a million rows
 * makes no JavaScript values.
 */
export type CellTransform = (source: Uint8Array, start: number, end: number, target: Uint8Array, at: number) => number;

/**
 * A second look at rows that are not masked, for what nobody knew they hold: at the first rows before any of them is
 * stored, at few of the later ones as they pass. What it finds is masked from then on, and hidden in rows stored before.
 */
export interface Inspection {
  /** Rows and bytes of rows that are held back at most until it is asked what to mask. */
  readonly rows: number;
  readonly bytes: number;
  /** Sees one row, the body of a DataRow. Valid during the call only. */
  see(source: Buffer, start: number, end: number): void;
  /** How columns must be masked by what it has seen so far, besides those that are; before the first row is stored, and again. */
  judge(): ReadonlyMap<number, CellTransform>;
}

/** Room that a transform has for its answer, bytes. */
export const MASKED_LIMIT = 256;

/** Why a result is not whole: a bound of the verdict, or no room left for it on this machine. */
export type Cut = 'rows' | 'bytes' | 'disk';

export interface WriterOptions {
  /** One per column: how its cells are masked before a byte is stored, or undefined where they may be seen. */
  readonly transforms: readonly (CellTransform | undefined)[];
  /** Columns of which NULL is masked like any other value: their transforms are given no bytes for it. */
  readonly whole?: ReadonlySet<number>;
  readonly inspection?: Inspection | undefined;
  readonly limits: WriterLimits;
  readonly onFull?: ((error: unknown) => void) | undefined;
}

export interface WriterLimits {
  readonly rows: number;
  readonly bytes: number;
}

/** Copies below this many bytes are quicker as a loop than as a call out of JavaScript. */
const LOOP = 48;
const HEADER = 4;
/** Of rows behind the first ones, every so many is looked at. */
const LOOK_EVERY = 256;

/** A row whose lengths do not add up. */
export class MalformedRow extends Error {
  override readonly name = 'MalformedRow';
}

/** Takes the bodies of DataRow messages and stores them masked; nothing unmasked is ever in a block. */
export class ResultWriter {
  readonly #blocks: Blocks;
  readonly #transforms: (CellTransform | undefined)[];
  readonly #whole: ReadonlySet<number>;
  readonly #inspection: Inspection | undefined;
  readonly #limits: WriterLimits;
  readonly #onFull: (error: unknown) => void;
  /** Indexes of masked columns, ascending. */
  #masked: Int32Array;
  /** Rows seen that are not stored yet; undefined once they are. */
  #held: Buffer[] | undefined;
  #heldBytes = 0;
  #seen = 0;
  #untilLook = 1;
  #viewed: Buffer | undefined;
  #view: DataView = new DataView(new ArrayBuffer(0));
  /** By column: rows stored before it was found that it must be masked. */
  readonly #hidden = new Map<number, number>();
  #cut: Cut | undefined;
  #bytes = 0;
  #maskedCells = 0;

  constructor(blocks: Blocks, { transforms, whole, inspection, limits, onFull }: WriterOptions) {
    this.#blocks = blocks;
    this.#transforms = [...transforms];
    this.#whole = whole ?? new Set();
    this.#inspection = inspection;
    this.#limits = limits;
    this.#onFull = onFull ?? (() => undefined);
    this.#masked = maskedOf(transforms);
    this.#held = inspection === undefined ? undefined : [];
  }

  get columns(): number {
    return this.#transforms.length;
  }

  isMasked(column: number): boolean {
    return this.#transforms[column] !== undefined;
  }

  /** Rows of this column that were stored as they came and must not be shown any more. */
  hiddenRows(column: number): number {
    return this.#hidden.get(column) ?? 0;
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
   * Takes the row whose DataRow body is `source[start, end)`. False when a bound is reached or the result was
   * released: this row is not stored and no further one is wanted. @throws MalformedRow
   */
  row(source: Buffer, start: number, end: number): boolean {
    if (this.#cut !== undefined || this.#blocks.released) return false;
    if (this.#inspection === undefined) return this.#store(source, start, end);
    if (this.#held !== undefined) return this.#hold(this.#held, this.#inspection, source, start, end);
    if (--this.#untilLook <= 0) {
      // Rows that were let through before there were enough of them are looked at one by one.
      this.#untilLook = ++this.#seen < this.#inspection.rows ? 1 : LOOK_EVERY;
      this.#check(source, start, end);
      this.#inspection.see(source, start, end);
      this.#mask(this.#inspection.judge());
    }
    return this.#store(source, start, end);
  }

  /** Stores what is held back, judged by what was seen of it: when no more rows come, or nobody should wait longer. */
  settle(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    this.#mask(this.#inspection?.judge() ?? new Map());
    if (this.#blocks.released) return;
    for (const row of held) if (!this.#store(row, 0, row.length)) return;
  }

  #hold(held: Buffer[], inspection: Inspection, source: Buffer, start: number, end: number): boolean {
    this.#check(source, start, end);
    inspection.see(source, start, end);
    this.#seen++;
    held.push(Buffer.from(source.subarray(start, end)));
    this.#heldBytes += end - start;
    // One more row than may be shown tells that the result is cut.
    if (held.length < Math.min(inspection.rows, this.#limits.rows + 1) && this.#heldBytes < inspection.bytes)
      return true;
    this.settle();
    return this.#cut === undefined;
  }

  #mask(found: ReadonlyMap<number, CellTransform>): void {
    if (found.size === 0) return;
    for (const [column, transform] of found) {
      if (this.#transforms[column] !== undefined) continue;
      this.#transforms[column] = transform;
      if (this.#blocks.rows > 0) this.#hidden.set(column, this.#blocks.rows);
    }
    this.#masked = maskedOf(this.#transforms);
  }

  #store(source: Buffer, start: number, end: number): boolean {
    if (this.#blocks.rows >= this.#limits.rows) return this.#stop('rows');
    return this.#masked.length === 0 ? this.#storePlain(source, start, end) : this.#storeMasked(source, start, end);
  }

  #storePlain(source: Buffer, start: number, end: number): boolean {
    const length = this.#checkPlain(source, start, end);
    if (this.#bytes + length > this.#limits.bytes) return this.#stop('bytes');
    try {
      this.#blocks.append(source, start + 2, end);
    } catch (error) {
      this.#onFull(error);
      return this.#stop('disk');
    }
    this.#bytes += length;
    return true;
  }

  #storeMasked(source: Buffer, start: number, end: number): boolean {
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
    const to = this.#copyMasked(source, start + 2, end, target, from);
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
      const masked = this.#transforms[column] !== undefined && (length !== NULL || this.#whole.has(column));
      most += HEADER + (masked ? MASKED_LIMIT : bytes);
    }
    if (at !== end) throw new MalformedRow('cells do not fill the row');
    return most;
  }

  /** What `#check` does where no column is masked: the bytes that the row takes. */
  #checkPlain(source: Buffer, start: number, end: number): number {
    if (end - start < 2 || source.readUInt16BE(start) !== this.#transforms.length)
      throw new MalformedRow('wrong number of columns');
    const view = this.#viewOf(source);
    let at = start + 2;
    for (let left = this.#transforms.length; left > 0; left--) {
      if (at + HEADER > end) throw new MalformedRow('row ends too early');
      const length = view.getInt32(at);
      if (length < NULL) throw new MalformedRow('cell of negative length');
      at += length === NULL ? HEADER : HEADER + length;
    }
    if (at !== end) throw new MalformedRow('cells do not fill the row');
    return end - start - 2;
  }

  /** Many rows come in one buffer. */
  #viewOf(source: Buffer): DataView {
    if (source === this.#viewed) return this.#view;
    this.#viewed = source;
    return (this.#view = new DataView(source.buffer, source.byteOffset, source.length));
  }

  #copyMasked(source: Buffer, start: number, end: number, target: Buffer, into: number): number {
    let copied = start;
    let at = start;
    let to = into;
    let column = 0;
    for (const masked of this.#masked) {
      for (; column < masked; column++) at += HEADER + Math.max(int32(source, at), 0);
      const length = int32(source, at);
      const cellEnd = at + HEADER + Math.max(length, 0);
      const transform = this.#transforms[masked];
      if (transform !== undefined && (length !== NULL || this.#whole.has(masked))) {
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

const maskedOf = (transforms: readonly (CellTransform | undefined)[]): Int32Array =>
  Int32Array.from(transforms.flatMap((transform, column) => (transform === undefined ? [] : [column])));

export const int32 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);

function copy(source: Buffer, start: number, end: number, target: Buffer, at: number): number {
  if (end - start >= LOOP) return at + source.copy(target, at, start, end);
  let to = at;
  for (let from = start; from < end; from++) target[to++] = source[from] ?? 0;
  return to;
}
