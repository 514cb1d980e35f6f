import { packWindow, type WindowCell } from '../../../shared/result-window.ts';
import { type Blocks, MASKED_NULL, NULL } from './blocks.ts';
import { type Cut, int32, type ResultWriter } from './writer.ts';

export interface Rectangle {
  readonly firstRow: number;
  readonly rows: number;
  readonly firstColumn: number;
  readonly columns: number;
}

const HEADER = 4;

/** Rows that may be seen, readable as soon as each is stored. Indexes count from 0. */
export class StoredResult {
  readonly id: string;
  readonly columns: number;
  readonly #blocks: Blocks;
  readonly #writer: ResultWriter;
  readonly #onUse: () => void;

  constructor(id: string, blocks: Blocks, writer: ResultWriter, onUse: () => void) {
    this.id = id;
    this.columns = writer.columns;
    this.#blocks = blocks;
    this.#writer = writer;
    this.#onUse = onUse;
  }

  get rows(): number {
    return this.#blocks.rows;
  }

  get bytes(): number {
    return this.#writer.bytes;
  }

  /** Cells of a column that a mask has changed, NULLs not counted. */
  maskedCells(column: number): number {
    return this.#writer.maskedCells(column);
  }

  /** Why the result is not whole; undefined when it is. */
  get cut(): Cut | undefined {
    return this.#writer.cut;
  }

  /** Bytes held in memory. */
  get memory(): number {
    return this.#blocks.memory;
  }

  /** The whole of one cell, as a copy; undefined outside the result. */
  cell(row: number, column: number): WindowCell | undefined {
    this.#onUse();
    const place = this.#blocks.place(row);
    if (place === undefined || column < 0 || column >= this.columns) return undefined;
    let at = place.start;
    for (let c = 0; c < column; c++) at += HEADER + Math.max(int32(place.block, at), 0);
    const { bytes, masked } = this.#read(place.block, at, row, column);
    return { bytes: bytes === null ? null : Uint8Array.from(bytes), masked };
  }

  /** A rectangle in the packed form of shared/result-window.ts, cut to what is there. */
  window(area: Rectangle): Uint8Array {
    this.#onUse();
    const firstRow = Math.min(area.firstRow, this.rows);
    const firstColumn = Math.min(area.firstColumn, this.columns);
    const rows = Math.min(area.rows, this.rows - firstRow);
    const columns = Math.min(area.columns, this.columns - firstColumn);
    // One walk over each row finds its cells: asking cell by cell would walk it once a column.
    const places = new Uint32Array(rows * columns);
    const blocks: Buffer[] = [];
    for (let r = 0; r < rows; r++) {
      const place = this.#blocks.place(firstRow + r);
      if (place === undefined) continue;
      blocks.push(place.block);
      let at = place.start;
      for (let c = 0; c < firstColumn + columns; c++) {
        if (c >= firstColumn) places[r * columns + c - firstColumn] = at;
        at += HEADER + Math.max(int32(place.block, at), 0);
      }
    }
    return packWindow({ firstRow, rows, firstColumn, columns }, (row, column) => {
      const r = row - firstRow;
      const block = blocks[r];
      if (block === undefined) return { bytes: null, masked: false };
      return this.#read(block, places[r * columns + column - firstColumn] ?? 0, row, column);
    });
  }

  /** Every row as text, null for NULL, from the first on; rows that come while reading are included. */
  *textRows(): Generator<readonly (string | null)[], void, undefined> {
    for (let row = 0; row < this.rows; row++) {
      this.#onUse();
      const place = this.#blocks.place(row);
      if (place === undefined) return;
      const { block, start } = place;
      const texts: (string | null)[] = [];
      let at = start;
      for (let column = 0; column < this.columns; column++) {
        const length = int32(block, at);
        at += HEADER;
        const hidden = length < 0 || row < this.#writer.hiddenRows(column);
        texts.push(hidden ? null : block.toString('utf8', at, at + length));
        at += Math.max(length, 0);
      }
      yield texts;
    }
  }

  #read(block: Buffer, at: number, row: number, column: number): WindowCell {
    const length = int32(block, at);
    if (length === NULL) return { bytes: null, masked: false };
    if (length === MASKED_NULL || row < this.#writer.hiddenRows(column)) return { bytes: null, masked: true };
    return { bytes: block.subarray(at + HEADER, at + HEADER + length), masked: this.#writer.isMasked(column) };
  }
}
