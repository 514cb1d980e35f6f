import { ResultWindow } from '../../shared/result-window.ts';
import { addCell, noTotals, type Totals } from './grid/aggregates.ts';
import { type CellRange, type GridColumn } from './grid/model.ts';
import { disjoint, rangeCells } from './grid/selection.ts';
import { type Rectangle, viewOf } from './window-cache.ts';

/** More numbers than this are not added up: reading them would keep the link busy for seconds. */
const MAX_SUMMED = 1_000_000;
/** Cells decoded at a time: a few milliseconds, so that scrolling never waits for a sum. */
const SLICE_CELLS = 4096;

/** Rectangles of numeric columns inside the ranges, each cell once. */
export function numericParts(ranges: readonly CellRange[], columns: readonly GridColumn[]): readonly CellRange[] {
  const parts: CellRange[] = [];
  for (const range of disjoint(ranges)) {
    let left = -1;
    for (let column = range.left; column <= range.right + 1; column++) {
      const numeric = column <= range.right && columns[column]?.numeric === true;
      if (numeric && left < 0) left = column;
      if (numeric || left < 0) continue;
      parts.push({ ...range, left, right: column - 1 });
      left = -1;
    }
  }
  return parts;
}

/** Adds up the numeric cells of a selection, slice by slice; null when there are none or too many. */
export async function totalSelection(
  fetch: (area: Rectangle, signal: AbortSignal) => Promise<Uint8Array>,
  columns: readonly GridColumn[],
  ranges: readonly CellRange[],
  signal: AbortSignal,
): Promise<Totals | null> {
  const parts = numericParts(ranges, columns);
  const cells = parts.reduce((sum, part) => sum + rangeCells(part), 0);
  if (cells === 0 || cells > MAX_SUMMED) return null;
  let totals = noTotals;
  for (const part of parts) {
    for (let left = part.left; left <= part.right; left += 64) {
      const right = Math.min(part.right, left + 63);
      const step = Math.max(1, Math.floor(SLICE_CELLS / (right - left + 1)));
      for (let top = part.top; top <= part.bottom; top += step) {
        const rows = Math.min(step, part.bottom - top + 1);
        const area = { firstRow: top, rows, firstColumn: left, columns: right - left + 1 };
        totals = addWindow(totals, new ResultWindow(await fetch(area, signal)));
        if (signal.aborted) return null;
      }
    }
  }
  return totals;
}

function addWindow(before: Totals, window: ResultWindow): Totals {
  let totals = before;
  for (let row = window.firstRow; row < window.firstRow + window.rows; row++) {
    for (let column = window.firstColumn; column < window.firstColumn + window.columns; column++) {
      const cell = viewOf(window, row, column);
      if (cell !== undefined) totals = addCell(totals, cell);
    }
  }
  return totals;
}
