import { borderAt, type ColumnLayout, columnLeft, columnUnder, pinnedWidth, visibleColumns } from './column-layout.ts';
import { type CellPosition, type CellRange } from './model.ts';

/** What of the grid is on the screen: everything that turns a point into a cell and a cell into a place. CSS px. */
export interface View {
  readonly width: number;
  readonly height: number;
  /** Height of the header, width of the row numbers, height of a row. */
  readonly header: number;
  readonly gutter: number;
  readonly row: number;
  /** Content pixels above the first visible one (scroll-map.ts), and left of it. */
  readonly position: number;
  readonly scrollLeft: number;
  readonly layout: ColumnLayout;
  readonly rowCount: number;
}

export interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export type Hit =
  | { readonly area: 'cell' | 'row'; readonly cell: CellPosition }
  | { readonly area: 'column'; readonly column: number }
  | { readonly area: 'border'; readonly column: number }
  | { readonly area: 'corner' | 'outside' };

const outside: Hit = { area: 'outside' };

/** Rows that show, both ends counted; `last < first` when there are none. */
export function visibleRows(view: View): { readonly first: number; readonly last: number } {
  const first = Math.floor(view.position / view.row);
  const last = Math.ceil((view.position + view.height - view.header) / view.row) - 1;
  return { first, last: Math.min(last, view.rowCount - 1) };
}

/** Whole rows that fit: what PageDown moves by, never less than one. */
export const pageRows = (view: View): number => Math.max(1, Math.floor((view.height - view.header) / view.row));

/** The cells that show, pinned columns included; null when there are none. */
export function visibleRange(view: View): CellRange | null {
  const rows = visibleRows(view);
  const columns = visibleColumns(view.layout, view.scrollLeft, view.width - view.gutter);
  const left = view.layout.pinned > 0 ? 0 : columns.first;
  const right = Math.max(columns.last, view.layout.pinned - 1);
  if (rows.last < rows.first || right < left) return null;
  return { top: rows.first, left, bottom: rows.last, right };
}

export function placeOf(view: View, cell: CellPosition): Place {
  return {
    x: view.gutter + columnLeft(view.layout, cell.column, view.scrollLeft),
    y: view.header + cell.row * view.row - view.position,
    width: view.layout.widths[cell.column] ?? 0,
    height: view.row,
  };
}

/** What is under a point counted from the top left of the grid. */
export function hitTest(view: View, x: number, y: number): Hit {
  if (x < 0 || y < 0 || x >= view.width || y >= view.height) return outside;
  const row = Math.floor((y - view.header + view.position) / view.row);
  const inHeader = y < view.header;
  if (x < view.gutter) {
    if (inHeader) return { area: 'corner' };
    return row < view.rowCount ? { area: 'row', cell: { row, column: 0 } } : outside;
  }
  if (inHeader) {
    const border = borderAt(view.layout, x - view.gutter, view.scrollLeft);
    if (border >= 0) return { area: 'border', column: border };
  }
  const column = columnUnder(view.layout, x - view.gutter, view.scrollLeft);
  if (column < 0 || column >= view.layout.widths.length) return outside;
  if (inHeader) return { area: 'column', column };
  return row < view.rowCount ? { area: 'cell', cell: { row, column } } : outside;
}

/** The nearest cell to a point, also far outside: where a drag that left the grid leads. */
export function nearestCell(view: View, x: number, y: number): CellPosition {
  const row = Math.floor(
    (Math.min(Math.max(y, view.header), view.height - 1) - view.header + view.position) / view.row,
  );
  const inside = Math.min(Math.max(x, view.gutter), view.width - 1) - view.gutter;
  return {
    row: Math.min(Math.max(row, 0), view.rowCount - 1),
    column: Math.min(columnUnder(view.layout, inside, view.scrollLeft), view.layout.widths.length - 1),
  };
}

/** How far a drag at a point scrolls per frame, px: more the further outside the cells the pointer is. */
export function autoscroll(view: View, x: number, y: number): { readonly x: number; readonly y: number } {
  const speed = (at: number, low: number, high: number): number => {
    const distance = at < low ? at - low : at > high ? at - high : 0;
    return Math.sign(distance) * Math.min(Math.ceil(Math.abs(distance) / 3), 60);
  };
  return {
    x: speed(x, view.gutter + pinnedWidth(view.layout), view.width),
    y: speed(y, view.header, view.height),
  };
}

/** The content position that brings a row fully into view with the least movement. */
export function positionToShow(view: View, row: number): number {
  const top = row * view.row;
  const room = view.height - view.header;
  if (top < view.position) return top;
  return top + view.row > view.position + room ? top + view.row - room : view.position;
}
