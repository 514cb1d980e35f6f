import { type Canvas2D } from './brush.ts';
import { columnLeft, pinnedWidth, totalWidth, visibleColumns } from './column-layout.ts';
import { type CellPosition, type CellRange, type CellView, type GridModel } from './model.ts';
import { paintCell } from './paint-cell.ts';
import { paintFrame, paintGutter, paintHeader } from './paint-frame.ts';
import { paintWatermark } from './paint-watermark.ts';
import { type Selection } from './selection.ts';
import { type GridTheme } from './theme.ts';
import { type Place, placeOf, type View, visibleRows } from './view.ts';

/** One frame: a function of what is given, so the same state always gives the same picture. */
export interface Picture {
  readonly view: View;
  readonly model: GridModel;
  readonly selection: Selection | null;
  /** Has the grid the keyboard: its selection is strong, else quiet. */
  readonly focused: boolean;
  readonly hovered: CellPosition | null;
  /** Device pixels per CSS pixel. */
  readonly ratio: number;
}

/** Strong while the grid has the keyboard, quiet while something else has it. */
const selectionColor = (theme: GridTheme, picture: Picture): string =>
  picture.focused ? theme.colors.selection : theme.colors['selection-quiet'];

interface Span {
  readonly first: number;
  readonly last: number;
}

export function paint(context: Canvas2D, theme: GridTheme, picture: Picture): void {
  const view = onDevicePixels(picture);
  const { colors } = theme;
  const rows = visibleRows(view);
  const scrolled = visibleColumns(view.layout, view.scrollLeft, view.width - view.gutter);
  const pinned: Span = { first: 0, last: view.layout.pinned - 1 };
  const edge = pinnedWidth(view.layout);
  const ranges = picture.selection?.ranges ?? [];
  const selected = selectionColor(theme, picture);

  context.setTransform(picture.ratio, 0, 0, picture.ratio, 0, 0);
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  context.direction = 'ltr';
  context.fillStyle = colors.surface;
  context.fillRect(0, 0, view.width, view.height);
  context.fillStyle = colors['chrome-quiet'];
  context.fillRect(0, 0, view.width, view.header);

  for (const [columns, left] of [
    [scrolled, view.gutter + edge],
    [pinned, view.gutter],
  ] as const) {
    if (columns.last < columns.first) continue;
    const right = columns === pinned ? view.gutter + edge : view.width;
    context.save();
    context.beginPath();
    context.rect(left, 0, right - left, view.height);
    context.clip();
    paintBand(context, theme, { ...picture, view }, columns, rows);
    paintHeader(context, theme, view, picture.model.columns, columns, ranges, selected);
    context.restore();
  }
  paintGutter(context, theme, view, rows, ranges, selected);
  paintFrame(context, theme, view, edge);
}

/** Text and hairlines are sharp only when rows begin at whole device pixels. */
function onDevicePixels({ view, ratio }: Picture): View {
  const snap = (value: number): number => Math.round(value * ratio) / ratio;
  return { ...view, position: snap(view.position), scrollLeft: snap(view.scrollLeft) };
}

/** Cells of neighbouring columns: tints, selection, lines, text, then the outlines over them. */
function paintBand(context: Canvas2D, theme: GridTheme, picture: Picture, columns: Span, rows: Span): void {
  const { view, model, selection } = picture;
  const cells: (CellView | 'pending')[][] = [];
  for (let column = columns.first; column <= columns.last; column++) {
    const down: (CellView | 'pending')[] = [];
    for (let row = rows.first; row <= rows.last; row++) down.push(model.cell(row, column));
    cells.push(down);
    paintMaskTint(context, theme, view, column, rows.first, down);
  }
  paintSelection(context, theme, picture, columns, rows);
  paintLines(context, theme, view, columns, rows);
  if (model.watermark !== null) paintWatermark(context, theme, view, picture.ratio, model.watermark);

  context.font = theme.dataFont;
  cells.forEach((down, i) => {
    const column = columns.first + i;
    const numeric = model.columns[column]?.numeric === true;
    context.save();
    context.beginPath();
    context.rect(
      view.gutter + columnLeft(view.layout, column, view.scrollLeft),
      view.header,
      view.layout.widths[column] ?? 0,
      view.height,
    );
    context.clip();
    down.forEach((cell, j) => {
      const row = rows.first + j;
      const hovered = picture.hovered?.row === row && picture.hovered.column === column;
      paintCell(context, theme, placeOf(view, { row, column }), cell, { numeric, hovered });
    });
    context.restore();
  });
  if (selection !== null) paintOutlines(context, theme, picture, selection, columns);
}

/** One rectangle for a run of masked cells. */
function paintMaskTint(
  context: Canvas2D,
  theme: GridTheme,
  view: View,
  column: number,
  firstRow: number,
  cells: readonly (CellView | 'pending')[],
): void {
  context.fillStyle = theme.colors['masked-tint'];
  let from = -1;
  for (let i = 0; i <= cells.length; i++) {
    const cell = cells[i];
    const masked = cell !== undefined && cell !== 'pending' && cell.state === 'masked';
    if (masked && from < 0) from = i;
    if (masked || from < 0) continue;
    const place = placeOf(view, { row: firstRow + from, column });
    context.fillRect(place.x, place.y, place.width, (i - from) * view.row);
    from = -1;
  }
}

/** A range as a place, cut to just outside of what shows. */
function placeOfRange(view: View, range: CellRange, columns: Span, rows: Span): Place | null {
  const top = Math.max(range.top, rows.first - 1);
  const bottom = Math.min(range.bottom, rows.last + 1);
  // One column more on both sides, so that an outline that goes on is not closed at the edge of the view; but never
  // from the pinned columns into the scrolled ones, which stand elsewhere.
  const pinned = columns.last < view.layout.pinned;
  const left = Math.max(range.left, pinned ? 0 : columns.first - 1, 0);
  const right = Math.min(range.right, pinned ? columns.last : columns.last + 1, view.layout.widths.length - 1);
  if (bottom < top || right < left) return null;
  const start = placeOf(view, { row: top, column: left });
  const end = placeOf(view, { row: bottom, column: right });
  return { x: start.x, y: start.y, width: end.x + end.width - start.x, height: end.y + end.height - start.y };
}

function paintSelection(context: Canvas2D, theme: GridTheme, picture: Picture, columns: Span, rows: Span): void {
  context.fillStyle = selectionColor(theme, picture);
  for (const range of picture.selection?.ranges ?? []) {
    // A single cell is marked by its outline alone, so that its own tint still shows.
    if (range.top === range.bottom && range.left === range.right && picture.selection?.ranges.length === 1) continue;
    const place = placeOfRange(picture.view, range, columns, rows);
    if (place !== null) context.fillRect(place.x, place.y, place.width, place.height);
  }
}

function paintLines(context: Canvas2D, theme: GridTheme, view: View, columns: Span, rows: Span): void {
  const bottom = Math.min(view.height, view.header + view.rowCount * view.row - view.position);
  const right = Math.min(view.width, view.gutter + totalWidth(view.layout) - view.scrollLeft);
  context.fillStyle = theme.colors.line;
  const end = columns.last < view.layout.pinned ? view.gutter + pinnedWidth(view.layout) : right;
  for (let row = rows.first; row <= rows.last; row++) {
    context.fillRect(view.gutter, view.header + (row + 1) * view.row - view.position - 1, end - view.gutter, 1);
  }
  for (let column = columns.first; column <= columns.last; column++) {
    const x = view.gutter + columnLeft(view.layout, column, view.scrollLeft) + (view.layout.widths[column] ?? 0) - 1;
    context.fillRect(x, view.header, 1, bottom - view.header);
  }
}

/** The edge of every range, and the focused cell, as far as they lie in the columns of one band. */
function paintOutlines(
  context: Canvas2D,
  theme: GridTheme,
  picture: Picture,
  selection: Selection,
  columns: Span,
): void {
  const { view, focused } = picture;
  context.save();
  context.beginPath();
  context.rect(0, view.header, view.width, view.height - view.header);
  context.clip();
  context.strokeStyle = focused ? theme.colors['selection-line'] : theme.colors['control-line'];
  context.lineWidth = 1;
  for (const range of selection.ranges) {
    const place = placeOfRange(view, range, columns, visibleRows(view));
    if (place !== null) context.strokeRect(place.x - 0.5, place.y - 0.5, place.width, place.height);
  }
  const { focus } = selection;
  if (focus.column >= columns.first && focus.column <= columns.last) {
    const place = placeOf(view, focus);
    context.lineWidth = focused ? 2 : 1;
    context.strokeRect(place.x, place.y, place.width - 1, place.height - 1);
  }
  context.restore();
}
