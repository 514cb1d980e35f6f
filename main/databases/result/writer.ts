import { type Blocks, MASKED_NULL, NULL } from './blocks.ts';
import { copyBytes } from './copy-bytes.ts';
import { LastView } from './last-view.ts';

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

const HEADER = 4;
/** Of rows behind the first ones, every so many is looked at. */
const LOOK_EVERY = 256;

/** A column whose cells are masked. */
interface MaskedColumn {
  readonly column: number;
  readonly transform: CellTransform;
  /** True where NULL is masked like any other value. */
  readonly whole: boolean;
  /** Where its cell begins in the row that was checked last. */
  cell: number;
  /** How many of its cells the mask has changed. */
  cells: number;
}

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
  /** Ascending. */
  #masked: readonly MaskedColumn[] = [];
  /** Rows seen that are not stored yet; undefined once they are. */
  #held: Buffer[] | undefined;
  #heldBytes = 0;
  #seen = 0;
  #untilLook = 1;
  readonly #source = new LastView();
  readonly #target = new LastView();
  /** By column: rows stored before it was found that it must be masked. */
  readonly #hidden = new Map<number, number>();
  #cut: Cut | undefined;
  #bytes = 0;

  constructor(blocks: Blocks, { transforms, whole, inspection, limits, onFull }: WriterOptions) {
    this.#blocks = blocks;
    this.#transforms = [...transforms];
    this.#whole = whole ?? new Set();
    this.#inspection = inspection;
    this.#limits = limits;
    this.#onFull = onFull ?? (() => undefined);
    this.#masked = this.#maskedColumns();
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

  /** Cells of a column that a mask has changed, NULLs not counted. */
  maskedCells(column: number): number {
    return this.#masked.find((masked) => masked.column === column)?.cells ?? 0;
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
    this.#masked = this.#maskedColumns();
  }

  #maskedColumns(): readonly MaskedColumn[] {
    return this.#transforms.flatMap((transform, column) => {
      if (transform === undefined) return [];
      return [{ column, transform, whole: this.#whole.has(column), cell: 0, cells: this.maskedCells(column) }];
    });
  }

  #store(source: Buffer, start: number, end: number): boolean {
    if (this.#blocks.rows >= this.#limits.rows) return this.#stop('rows');
    const most = this.#check(source, start, end);
    if (this.#bytes + most > this.#limits.bytes) return this.#stop('bytes');
    return this.#masked.length === 0
      ? this.#storePlain(source, start + 2, end)
      : this.#storeMasked(source, start + 2, end, most);
  }

  #storePlain(source: Buffer, start: number, end: number): boolean {
    try {
      this.#blocks.append(source, start, end);
    } catch (error) {
      this.#onFull(error);
      return this.#stop('disk');
    }
    this.#bytes += end - start;
    return true;
  }

  #storeMasked(source: Buffer, start: number, end: number, most: number): boolean {
    let target: Buffer;
    try {
      target = this.#blocks.reserve(most);
    } catch (error) {
      this.#onFull(error);
      return this.#stop('disk');
    }
    const from = this.#blocks.used;
    const to = this.#copyMasked(source, start, end, target, from);
    this.#blocks.commit(to);
    this.#bytes += to - from;
    return true;
  }

  #stop(cut: Cut): false {
    this.#cut = cut;
    return false;
  }

  /**
   * Bytes that the row takes at most, after proving that its cells fill it exactly; notes where its masked cells begin. A
   * masked cell counts as the longest masked value: where a result is cut must not tell how long the value is.
   */
  #check(source: Buffer, start: number, end: number): number {
    const columns = this.#transforms.length;
    const view = this.#source.of(source);
    if (end - start < 2 || view.getUint16(start) !== columns) throw new MalformedRow('wrong number of columns');
    let at = start + 2;
    let most = end - at;
    let column = 0;
    for (const masked of this.#masked) {
      for (; column < masked.column; column++) at = endOfCell(view, at, end);
      masked.cell = at;
      at = endOfCell(view, at, end);
      column++;
      const bytes = at - masked.cell - HEADER;
      // Only NULL and an empty value have none, and the length tells which.
      if (bytes > 0 || masked.whole || view.getInt32(masked.cell) !== NULL) most += MASKED_LIMIT - bytes;
    }
    for (; column < columns; column++) at = endOfCell(view, at, end);
    if (at !== end) throw new MalformedRow('cells do not fill the row');
    return most;
  }

  /** Of the row that was checked last. */
  #copyMasked(source: Buffer, start: number, end: number, target: Buffer, into: number): number {
    const from = this.#source.of(source);
    const view = this.#target.of(target);
    let copied = start;
    let to = into;
    for (const masked of this.#masked) {
      const { cell, whole, transform } = masked;
      const length = from.getInt32(cell);
      if (length === NULL && !whole) continue;
      to = copyBytes(from, copied, cell, view, to);
      copied = cell + HEADER + (length === NULL ? 0 : length);
      const made = transform(source, cell + HEADER, copied, target, to + HEADER);
      if (made > MASKED_LIMIT) throw new RangeError('a mask wrote more than it may');
      view.setInt32(to, made < 0 ? MASKED_NULL : made);
      to += HEADER + Math.max(made, 0);
      masked.cells++;
    }
    return copyBytes(from, copied, end, view, to);
  }
}

/** The end of the cell that begins at `at`; what does not end by `end` is found by who reads on from there. */
function endOfCell(view: DataView, at: number, end: number): number {
  if (at + HEADER > end) throw new MalformedRow('row ends too early');
  const length = view.getInt32(at);
  if (length < NULL) throw new MalformedRow('cell of negative length');
  return length === NULL ? at + HEADER : at + HEADER + length;
}

export const int32 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
