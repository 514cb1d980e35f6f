import { type CellPosition, type CellRange } from './model.ts';

/**
 * What is selected, as plain data: the cell with the focus, the corner a Shift-extension is measured from, and the
 * ranges, of which the last is the one that extends. Whole rows and columns are ranges over the whole other axis, so
 * a million selected rows cost nothing.
 */
export interface Selection {
  readonly focus: CellPosition;
  readonly anchor: CellPosition;
  readonly ranges: readonly CellRange[];
  readonly axis: 'cells' | 'rows' | 'columns';
}

/** Size of the result: rows and columns. */
export interface Extent {
  readonly rows: number;
  readonly columns: number;
}

/** `replace`: plain click; `extend`: Shift; `add`: Ctrl or Cmd. */
export type SelectMode = 'replace' | 'extend' | 'add';

const between = (a: CellPosition, b: CellPosition): CellRange => ({
  top: Math.min(a.row, b.row),
  left: Math.min(a.column, b.column),
  bottom: Math.max(a.row, b.row),
  right: Math.max(a.column, b.column),
});

const sameRange = (a: CellRange, b: CellRange): boolean =>
  a.top === b.top && a.left === b.left && a.bottom === b.bottom && a.right === b.right;

/** A range stretched over the whole result along what the axis selects. */
function along(axis: Selection['axis'], range: CellRange, extent: Extent): CellRange {
  if (axis === 'rows') return { ...range, left: 0, right: extent.columns - 1 };
  if (axis === 'columns') return { ...range, top: 0, bottom: extent.rows - 1 };
  return range;
}

export const selectCell = (cell: CellPosition): Selection => ({
  focus: cell,
  anchor: cell,
  ranges: [between(cell, cell)],
  axis: 'cells',
});

/** The selection after pointing at a cell, a row header or a column header. */
export function select(
  current: Selection | null,
  at: CellPosition,
  mode: SelectMode,
  axis: Selection['axis'],
  extent: Extent,
): Selection | null {
  if (extent.rows === 0 || extent.columns === 0) return null;
  if (mode === 'extend' && current?.axis === axis) {
    const range = along(axis, between(current.anchor, at), extent);
    return { ...current, focus: at, ranges: [...current.ranges.slice(0, -1), range] };
  }
  const range = along(axis, between(at, at), extent);
  if (mode !== 'add' || current === null) return { focus: at, anchor: at, ranges: [range], axis };
  const without = current.ranges.filter((other) => !sameRange(other, range));
  const removed = without.length < current.ranges.length && without.length > 0;
  return { focus: at, anchor: at, ranges: removed ? without : [...without, range], axis };
}

/** The selection while the pointer is dragged to `at`: the last range runs from the anchor to there. */
export function dragTo(current: Selection, at: CellPosition, extent: Extent): Selection {
  const range = along(current.axis, between(current.anchor, at), extent);
  return { ...current, focus: at, ranges: [...current.ranges.slice(0, -1), range] };
}

export function selectAll(current: Selection | null, extent: Extent): Selection | null {
  if (extent.rows === 0 || extent.columns === 0) return null;
  const focus = current?.focus ?? { row: 0, column: 0 };
  const all = { top: 0, left: 0, bottom: extent.rows - 1, right: extent.columns - 1 };
  return { focus, anchor: { row: 0, column: 0 }, ranges: [all], axis: 'cells' };
}

/** Rows or columns through every cell selected now (Shift+Space, Ctrl+Space). */
export function widen(current: Selection, axis: 'rows' | 'columns', extent: Extent): Selection {
  return { ...current, axis, ranges: current.ranges.map((range) => along(axis, range, extent)) };
}

/** The same selection in a result that has another size now; null when nothing of it is left. */
export function fitSelection(current: Selection | null, extent: Extent): Selection | null {
  if (current === null || extent.rows === 0 || extent.columns === 0) return null;
  const fit = (cell: CellPosition): CellPosition => ({
    row: Math.min(cell.row, extent.rows - 1),
    column: Math.min(cell.column, extent.columns - 1),
  });
  const ranges = current.ranges
    .filter((range) => range.top < extent.rows && range.left < extent.columns)
    .map((range) => ({
      ...range,
      bottom: Math.min(range.bottom, extent.rows - 1),
      right: Math.min(range.right, extent.columns - 1),
    }));
  if (ranges.length === 0) return null;
  return { ...current, focus: fit(current.focus), anchor: fit(current.anchor), ranges };
}

export const isSelected = (selection: Selection | null, row: number, column: number): boolean =>
  selection !== null &&
  selection.ranges.some((r) => row >= r.top && row <= r.bottom && column >= r.left && column <= r.right);

export const rangeCells = (range: CellRange): number => (range.bottom - range.top + 1) * (range.right - range.left + 1);

/**
 * The ranges as rectangles that do not overlap, so that a cell selected twice counts once. Rows are cut at every edge;
 * the number of ranges is what a person clicked, so the square of it is small.
 */
export function disjoint(ranges: readonly CellRange[]): readonly CellRange[] {
  if (ranges.length < 2) return ranges;
  const cuts = [...new Set(ranges.flatMap((r) => [r.top, r.bottom + 1]))].sort((a, b) => a - b);
  const out: CellRange[] = [];
  for (let i = 0; i + 1 < cuts.length; i++) {
    const top = cuts[i] ?? 0;
    const bottom = (cuts[i + 1] ?? 0) - 1;
    const spans = ranges
      .filter((r) => r.top <= top && r.bottom >= bottom)
      .map((r) => [r.left, r.right] as const)
      .sort((a, b) => a[0] - b[0]);
    let open: { left: number; right: number } | null = null;
    for (const [left, right] of spans) {
      if (open !== null && left <= open.right + 1) open.right = Math.max(open.right, right);
      else {
        if (open !== null) out.push({ top, bottom, ...open });
        open = { left, right };
      }
    }
    if (open !== null) out.push({ top, bottom, ...open });
  }
  return out;
}

export const selectedCells = (selection: Selection | null): number =>
  selection === null ? 0 : disjoint(selection.ranges).reduce((sum, range) => sum + rangeCells(range), 0);
