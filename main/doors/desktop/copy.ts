import { type StoredResult } from '../../gate/gate.ts';
import { type ResultColumn } from '../../gate/request.ts';
import { CountersignError } from '../../errors.ts';
import { frameBytes, TEXT_ROOM } from './frame-room.ts';
import { formatRows, type Row, type RowFormat } from '../format/rows.ts';
import { refuseWithoutRoom, withWatermark } from '../format/watermark.ts';

export interface CopyRequest {
  readonly firstRow: number;
  readonly rows: number;
  readonly firstColumn: number;
  readonly columns: number;
  readonly format: RowFormat;
  readonly headers: boolean;
}

/**
 * A rectangle of a result as text, from the cells as they were masked, as much as a link carries.
 *
 * @param watermark what stands beside each row; @throws CountersignError watermark-format, copy-too-large
 */
export function copyText(
  result: StoredResult,
  columns: readonly ResultColumn[],
  request: CopyRequest,
  watermark: string | undefined,
): { text: string; cut: boolean } {
  refuseWithoutRoom(request.format, watermark);
  const picked = columns.slice(request.firstColumn, request.firstColumn + request.columns);
  const marked = withWatermark(picked, rowsOf(result, request), watermark);
  const pieces: string[] = [];
  let length = 0;
  for (const piece of formatRows(request.format, marked.columns, marked.rows, { headers: request.headers })) {
    length += frameBytes(piece);
    if (length > TEXT_ROOM) {
      if (pieces.length === 0) throw tooLarge();
      return { text: pieces.join(''), cut: true };
    }
    pieces.push(piece);
  }
  return { text: pieces.join(''), cut: false };
}

const tooLarge = (): CountersignError =>
  new CountersignError('copy-too-large', 'Not even the first row of this is small enough to be copied (15 MB).', {
    next: 'Select fewer columns, or run the statement with: countersign query',
  });

function* rowsOf(result: StoredResult, { firstRow, rows, firstColumn, columns }: CopyRequest): Generator<Row> {
  const lastRow = Math.min(firstRow + rows, result.rows);
  const lastColumn = Math.min(firstColumn + columns, result.columns);
  for (let row = firstRow; row < lastRow; row++) {
    const cells: (string | null)[] = [];
    for (let column = firstColumn; column < lastColumn; column++) {
      const bytes = result.cell(row, column)?.bytes ?? null;
      cells.push(bytes === null ? null : decoder.decode(bytes));
    }
    yield cells;
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
