import { columnLeft } from './column-layout.ts';
import { type Canvas2D, drawLock, fitText } from './brush.ts';
import { showText } from './cell-text.ts';
import { type CellRange, type GridColumn } from './model.ts';
import { type GridTheme } from './theme.ts';
import { type View } from './view.ts';

/** The parts around the cells: column headers, row numbers, the corner. */

const touches = (ranges: readonly CellRange[], at: number, from: 'top' | 'left', to: 'bottom' | 'right'): boolean =>
  ranges.some((range) => at >= range[from] && at <= range[to]);

export function paintHeader(
  context: Canvas2D,
  theme: GridTheme,
  view: View,
  columns: readonly GridColumn[],
  shown: { readonly first: number; readonly last: number },
  ranges: readonly CellRange[],
  selected: string,
): void {
  for (let index = shown.first; index <= shown.last; index++) {
    const column = columns[index];
    if (column === undefined) continue;
    const x = view.gutter + columnLeft(view.layout, index, view.scrollLeft);
    const width = view.layout.widths[index] ?? 0;
    context.fillStyle = touches(ranges, index, 'left', 'right') ? selected : theme.colors['chrome-quiet'];
    context.fillRect(x, 0, width, view.header);
    paintTitle(context, theme, column, x, width, view.header);
    context.fillStyle = theme.colors.line;
    context.fillRect(x + width - 1, 0, 1, view.header);
  }
}

/** A header name comes from the statement, so it is as hostile as a cell. */
export const headerName = (column: GridColumn): string => showText(column.name, 120).text;

function paintTitle(
  context: Canvas2D,
  theme: GridTheme,
  column: GridColumn,
  x: number,
  width: number,
  height: number,
): void {
  const middle = height / 2 + 0.5;
  let left = x + theme.padding;
  let room = width - 2 * theme.padding;
  if (column.mask !== null) {
    const lock = 11;
    drawLock(context, left, Math.round((height - lock) / 2) - 0.5, lock, theme.colors.masked);
    left += lock + 3;
    room -= lock + 3;
  }
  context.font = theme.headerFont;
  context.fillStyle = column.mask === null ? theme.colors.text : theme.colors.masked;
  const name = headerName(column);
  // The font is not monospaced: always measured.
  const fitted = fitText(context, name, room, theme.character, false);
  context.fillText(fitted, left, middle);
  const used = context.measureText(fitted).width + theme.padding * 0.75;
  if (fitted === name && room - used > theme.character * 2) {
    context.font = theme.smallFont;
    context.fillStyle = theme.colors['text-muted'];
    const type = fitText(context, showText(column.type, 60).text, room - used, theme.character, false);
    if (column.numeric) {
      context.textAlign = 'right';
      context.fillText(type, x + width - theme.padding, middle);
      context.textAlign = 'left';
    } else context.fillText(type, left + used, middle);
  }
}

export function paintGutter(
  context: Canvas2D,
  theme: GridTheme,
  view: View,
  rows: { readonly first: number; readonly last: number },
  ranges: readonly CellRange[],
  selected: string,
): void {
  context.fillStyle = theme.colors['chrome-quiet'];
  context.fillRect(0, view.header, view.gutter, view.height - view.header);
  context.textAlign = 'right';
  context.font = theme.smallFont;
  for (let row = rows.first; row <= rows.last; row++) {
    const y = view.header + row * view.row - view.position;
    const inRange = touches(ranges, row, 'top', 'bottom');
    if (inRange) {
      context.fillStyle = selected;
      context.fillRect(0, y, view.gutter, view.row);
    }
    context.fillStyle = inRange ? theme.colors.text : theme.colors['text-muted'];
    context.fillText(String(row + 1), view.gutter - theme.padding, y + view.row / 2 + 0.5);
  }
  context.textAlign = 'left';
}

/** The corner above the row numbers, and the lines that part header and numbers from the cells. */
export function paintFrame(context: Canvas2D, theme: GridTheme, view: View, pinned: number): void {
  context.fillStyle = theme.colors['chrome-quiet'];
  context.fillRect(0, 0, view.gutter, view.header);
  context.fillStyle = theme.colors['line-strong'];
  context.fillRect(0, view.header - 1, view.width, 1);
  context.fillRect(view.gutter - 1, 0, 1, view.height);
  if (pinned > 0) context.fillRect(view.gutter + pinned - 1, 0, 1, view.height);
}
