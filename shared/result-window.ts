/**
 * A window of a result as one Uint8Array, column-major, little-endian, so that it crosses a link as one memcpy and is
 * decoded only where a cell is drawn.
 *
 *   u32 magic 'CSW1'   u32 firstRow   u32 rows   u32 firstColumn   u32 columns   u32 reserved
 *   per column:  u32 offsets[rows + 1] (from the start of `bytes` of this column)
 *                u8 flags[rows] padded to 4   (bit 0 NULL, bit 1 masked, bit 2 truncated)
 *                u32 byteLength   u8 bytes[byteLength] padded to 4   (UTF-8)
 *
 * A cell over CELL_LIMIT bytes is cut at a character boundary, flagged, and followed by its whole size as a u32 (which its
 * offsets include), so that the size can be shown; the whole is fetched by `result.cell`.
 */
export const CELL_LIMIT = 4096;
export const CELL_NULL = 1;
export const CELL_MASKED = 2;
export const CELL_TRUNCATED = 4;
const MAGIC = 0x31575343;
const HEADER = 24;
/** Bytes after a truncated cell that hold its whole size. */
const WHOLE_SIZE = 4;

const pad = (n: number): number => (n + 3) & ~3;

/** Bytes of one cell as the builder takes them: null for NULL. */
export interface WindowCell {
  readonly bytes: Uint8Array | null;
  readonly masked: boolean;
}

/** Cuts UTF-8 at or below `limit` bytes without splitting a character. */
function cutUtf8(bytes: Uint8Array, limit: number): Uint8Array {
  if (bytes.length <= limit) return bytes;
  let end = limit;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end);
}

/** Packs a rectangle; `cell(row, column)` is asked with indexes relative to the whole result. */
export function packWindow(
  area: { readonly firstRow: number; readonly rows: number; readonly firstColumn: number; readonly columns: number },
  cell: (row: number, column: number) => WindowCell,
): Uint8Array {
  const parts: {
    readonly bytes: Uint8Array[];
    readonly offsets: Uint32Array;
    readonly flags: Uint8Array;
    readonly length: number;
  }[] = [];
  let size = HEADER;
  for (let c = 0; c < area.columns; c++) {
    const offsets = new Uint32Array(area.rows + 1);
    const flags = new Uint8Array(area.rows);
    const bytes: Uint8Array[] = [];
    let length = 0;
    for (let r = 0; r < area.rows; r++) {
      const value = cell(area.firstRow + r, area.firstColumn + c);
      let flag = value.masked ? CELL_MASKED : 0;
      if (value.bytes === null) flag |= CELL_NULL;
      else {
        const cut = cutUtf8(value.bytes, CELL_LIMIT);
        bytes.push(cut);
        length += cut.length;
        if (cut.length < value.bytes.length) {
          flag |= CELL_TRUNCATED;
          bytes.push(new Uint8Array(Uint32Array.of(value.bytes.length).buffer));
          length += WHOLE_SIZE;
        }
      }
      flags[r] = flag;
      offsets[r + 1] = length;
    }
    parts.push({ bytes, offsets, flags, length });
    size += offsets.byteLength + pad(area.rows) + 4 + pad(length);
  }
  const out = new Uint8Array(size);
  const view = new DataView(out.buffer);
  [MAGIC, area.firstRow, area.rows, area.firstColumn, area.columns, 0].forEach((word, i) =>
    view.setUint32(i * 4, word, true),
  );
  let at = HEADER;
  for (const part of parts) {
    for (const offset of part.offsets) {
      view.setUint32(at, offset, true);
      at += 4;
    }
    out.set(part.flags, at);
    at += pad(area.rows);
    view.setUint32(at, part.length, true);
    at += 4;
    let into = at;
    for (const bytes of part.bytes) {
      out.set(bytes, into);
      into += bytes.length;
    }
    at += pad(part.length);
  }
  return out;
}

/** Reads cells out of a packed window without copying until asked for text. */
export class ResultWindow {
  readonly firstRow: number;
  readonly rows: number;
  readonly firstColumn: number;
  readonly columns: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  /** Start of each column's offsets. */
  readonly #starts: readonly number[];
  static readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  /** @throws RangeError when the bytes are not a window. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < HEADER || this.#view.getUint32(0, true) !== MAGIC) throw new RangeError('not a result window');
    const word = (i: number): number => this.#view.getUint32(i * 4, true);
    this.firstRow = word(1);
    this.rows = word(2);
    this.firstColumn = word(3);
    this.columns = word(4);
    const starts: number[] = [];
    let at = HEADER;
    for (let c = 0; c < this.columns; c++) {
      starts.push(at);
      at += (this.rows + 1) * 4 + pad(this.rows);
      at += 4 + pad(this.#view.getUint32(at, true));
    }
    if (at !== bytes.length) throw new RangeError('result window has a wrong length');
    this.#starts = starts;
  }

  /** Flags of a cell by indexes relative to the whole result; undefined outside the window. */
  flags(row: number, column: number): number | undefined {
    const start = this.#start(row, column);
    return start === undefined ? undefined : this.#bytes[start + (this.rows + 1) * 4 + (row - this.firstRow)];
  }

  /** Text of a cell (empty for NULL); undefined outside the window. */
  text(row: number, column: number): string | undefined {
    const place = this.#place(row, column);
    return place && ResultWindow.#decoder.decode(this.#bytes.subarray(place.from, place.to));
  }

  /** Size of the whole cell in bytes of UTF-8, also where the text is cut; undefined outside the window. */
  size(row: number, column: number): number | undefined {
    const place = this.#place(row, column);
    if (place === undefined) return undefined;
    return place.truncated ? this.#view.getUint32(place.to, true) : place.to - place.from;
  }

  #place(
    row: number,
    column: number,
  ): { readonly from: number; readonly to: number; readonly truncated: boolean } | undefined {
    const start = this.#start(row, column);
    if (start === undefined) return undefined;
    const r = row - this.firstRow;
    const flags = start + (this.rows + 1) * 4;
    const data = flags + pad(this.rows) + 4;
    const truncated = ((this.#bytes[flags + r] ?? 0) & CELL_TRUNCATED) !== 0;
    return {
      from: data + this.#view.getUint32(start + r * 4, true),
      to: data + this.#view.getUint32(start + (r + 1) * 4, true) - (truncated ? WHOLE_SIZE : 0),
      truncated,
    };
  }

  #start(row: number, column: number): number | undefined {
    if (row < this.firstRow || row >= this.firstRow + this.rows) return undefined;
    return this.#starts[column - this.firstColumn];
  }
}
