/**
 * Where columns stand, px. Plain data: a change of width makes a new layout. Pinned columns are the first `pinned`
 * ones: they stay at the left edge while the others scroll under them, so a copied rectangle stays a rectangle.
 */
export interface ColumnLayout {
  readonly widths: readonly number[];
  /** Left edge of each column in content coordinates, and the total as last entry. */
  readonly edges: Float64Array;
  readonly pinned: number;
}

export const MIN_COLUMN_WIDTH = 36;
export const MAX_COLUMN_WIDTH = 2000;

export function createColumnLayout(widths: readonly number[], pinned = 0): ColumnLayout {
  const edges = new Float64Array(widths.length + 1);
  widths.forEach((width, i) => (edges[i + 1] = (edges[i] ?? 0) + width));
  return { widths, edges, pinned: Math.min(pinned, widths.length) };
}

export function resizeColumn(layout: ColumnLayout, column: number, width: number): ColumnLayout {
  const fitted = Math.round(Math.min(Math.max(width, MIN_COLUMN_WIDTH), MAX_COLUMN_WIDTH));
  return createColumnLayout(
    layout.widths.map((old, i) => (i === column ? fitted : old)),
    layout.pinned,
  );
}

export const pinColumns = (layout: ColumnLayout, pinned: number): ColumnLayout =>
  createColumnLayout(layout.widths, pinned);

export const totalWidth = (layout: ColumnLayout): number => layout.edges[layout.widths.length] ?? 0;

export const pinnedWidth = (layout: ColumnLayout): number => layout.edges[layout.pinned] ?? 0;

/** The column at a content coordinate; -1 left of all, the number of columns right of all. */
export function columnAt(layout: ColumnLayout, x: number): number {
  if (x < 0) return -1;
  let low = 0;
  let high = layout.widths.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((layout.edges[middle + 1] ?? 0) <= x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Left edge of a column on the screen, from the left of the first column's place. */
export function columnLeft(layout: ColumnLayout, column: number, scrollLeft: number): number {
  const edge = layout.edges[column] ?? 0;
  return column < layout.pinned ? edge : edge - scrollLeft;
}

/** The column under a screen coordinate counted from the left of the first column's place, pinned ones first. */
export function columnUnder(layout: ColumnLayout, x: number, scrollLeft: number): number {
  return columnAt(layout, x < pinnedWidth(layout) ? x : x + scrollLeft);
}

/** The scrolled (not pinned) columns that show, `first` to `last` counted; `last < first` when there are none. */
export function visibleColumns(
  layout: ColumnLayout,
  scrollLeft: number,
  viewport: number,
): { readonly first: number; readonly last: number } {
  const count = layout.widths.length;
  const first = Math.max(layout.pinned, columnAt(layout, scrollLeft + pinnedWidth(layout)));
  const last = Math.min(count - 1, columnAt(layout, scrollLeft + viewport - 1));
  return { first, last };
}

/** The horizontal scroll that brings a column fully into view with the least movement. */
export function scrollLeftToShow(layout: ColumnLayout, column: number, scrollLeft: number, viewport: number): number {
  if (column < layout.pinned) return scrollLeft;
  const left = layout.edges[column] ?? 0;
  const right = layout.edges[column + 1] ?? left;
  const room = viewport - pinnedWidth(layout);
  if (left - pinnedWidth(layout) < scrollLeft || right - left > room) return Math.max(0, left - pinnedWidth(layout));
  return right > scrollLeft + viewport ? right - viewport : scrollLeft;
}

/** The column whose right border lies within `reach` px of a screen coordinate, or -1: the handle to resize by. */
export function borderAt(layout: ColumnLayout, x: number, scrollLeft: number, reach = 4): number {
  const column = columnUnder(layout, x, scrollLeft);
  for (const candidate of [layout.pinned - 1, column, column - 1]) {
    if (candidate < 0 || candidate >= layout.widths.length) continue;
    const right = columnLeft(layout, candidate, scrollLeft) + (layout.widths[candidate] ?? 0);
    const hidden = candidate >= layout.pinned && right < pinnedWidth(layout);
    if (!hidden && Math.abs(right - x) <= reach) return candidate;
  }
  return -1;
}
