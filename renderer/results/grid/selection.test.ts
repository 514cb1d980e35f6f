import { describe, expect, it } from 'vitest';
import {
  disjoint,
  dragTo,
  fitSelection,
  isSelected,
  select,
  selectAll,
  selectCell,
  selectedCells,
  type Selection,
  widen,
} from './selection.ts';

const extent = { rows: 1_000_000, columns: 10 };
const at = (row: number, column: number) => ({ row, column });

function must(selection: Selection | null): Selection {
  if (selection === null) throw new Error('a selection was expected');
  return selection;
}

describe('selection', () => {
  it('selects one cell on a click and replaces what was selected', () => {
    const first = must(select(null, at(3, 4), 'replace', 'cells', extent));
    const second = must(select(first, at(5, 5), 'replace', 'cells', extent));
    expect(selectedCells(second)).toBe(1);
    expect(isSelected(second, 3, 4)).toBe(false);
    expect(isSelected(second, 5, 5)).toBe(true);
  });

  it('extends from the anchor in every direction with Shift', () => {
    const start = selectCell(at(10, 5));
    expect(must(select(start, at(8, 7), 'extend', 'cells', extent)).ranges).toEqual([
      { top: 8, left: 5, bottom: 10, right: 7 },
    ]);
    const more = must(select(start, at(8, 7), 'extend', 'cells', extent));
    expect(must(select(more, at(12, 1), 'extend', 'cells', extent)).ranges).toEqual([
      { top: 10, left: 1, bottom: 12, right: 5 },
    ]);
  });

  it('adds with Ctrl and takes the same range away again', () => {
    const one = selectCell(at(1, 1));
    const two = must(select(one, at(3, 3), 'add', 'cells', extent));
    expect(selectedCells(two)).toBe(2);
    const back = must(select(two, at(3, 3), 'add', 'cells', extent));
    expect(back.ranges).toEqual(one.ranges);
  });

  it('keeps the last range when Ctrl is used on it', () => {
    expect(selectedCells(select(selectCell(at(1, 1)), at(1, 1), 'add', 'cells', extent))).toBe(1);
  });

  it('selects whole rows and columns without listing them', () => {
    expect(selectedCells(select(null, at(7, 0), 'replace', 'rows', extent))).toBe(10);
    expect(selectedCells(select(null, at(0, 2), 'replace', 'columns', extent))).toBe(1_000_000);
    const rows = must(select(null, at(7, 0), 'replace', 'rows', extent));
    expect(selectedCells(select(rows, at(9, 0), 'extend', 'rows', extent))).toBe(30);
  });

  it('counts a cell that two ranges share once', () => {
    const column = select(null, at(0, 2), 'replace', 'columns', extent);
    const both = select(column, at(5, 0), 'add', 'rows', extent);
    expect(selectedCells(both)).toBe(1_000_000 + 10 - 1);
  });

  it('selects everything and keeps the focus where it was', () => {
    const all = must(selectAll(selectCell(at(5, 5)), extent));
    expect(selectedCells(all)).toBe(10_000_000);
    expect(all.focus).toEqual(at(5, 5));
  });

  it('has nothing to select in an empty result', () => {
    expect(selectAll(null, { rows: 0, columns: 4 })).toBeNull();
    expect(select(null, at(0, 0), 'replace', 'cells', { rows: 0, columns: 4 })).toBeNull();
  });

  it('follows a drag from the anchor and back', () => {
    const start = selectCell(at(10, 3));
    const far = dragTo(start, at(20, 6), extent);
    expect(selectedCells(far)).toBe(44);
    expect(selectedCells(dragTo(far, at(10, 3), extent))).toBe(1);
  });

  it('widens cells to their rows and to their columns', () => {
    const cells = dragTo(selectCell(at(2, 2)), at(4, 3), extent);
    expect(selectedCells(widen(cells, 'rows', extent))).toBe(30);
    expect(selectedCells(widen(cells, 'columns', extent))).toBe(2_000_000);
  });

  it('is cut to a result that became smaller', () => {
    const all = selectAll(selectCell(at(999, 9)), extent);
    expect(selectedCells(fitSelection(all, { rows: 100, columns: 3 }))).toBe(300);
    expect(fitSelection(selectCell(at(999, 9)), { rows: 100, columns: 3 })).toBeNull();
  });

  it('covers exactly the cells of overlapping ranges with rectangles that do not overlap', () => {
    const ranges = [
      { top: 0, left: 0, bottom: 5, right: 5 },
      { top: 3, left: 3, bottom: 8, right: 8 },
      { top: 4, left: 0, bottom: 4, right: 9 },
      { top: 10, left: 2, bottom: 10, right: 2 },
    ];
    const pieces = disjoint(ranges);
    for (let row = 0; row < 12; row++) {
      for (let column = 0; column < 12; column++) {
        const inside = (r: (typeof ranges)[number]): boolean =>
          row >= r.top && row <= r.bottom && column >= r.left && column <= r.right;
        expect(pieces.filter(inside).length).toBe(ranges.some(inside) ? 1 : 0);
      }
    }
  });
});
