import { describe, expect, it } from 'vitest';
import {
  borderAt,
  columnAt,
  columnUnder,
  createColumnLayout,
  MIN_COLUMN_WIDTH,
  pinColumns,
  pinnedWidth,
  resizeColumn,
  scrollLeftToShow,
  totalWidth,
  visibleColumns,
} from './column-layout.ts';

const layout = createColumnLayout([100, 50, 200, 80]);

describe('column layout', () => {
  it.each([
    [-1, -1],
    [0, 0],
    [99, 0],
    [100, 1],
    [149.5, 1],
    [150, 2],
    [429, 3],
    [430, 4],
    [9999, 4],
  ])('finds at %d px column %i', (x, column) => {
    expect(columnAt(layout, x)).toBe(column);
  });

  it('agrees with a linear search over 2,000 columns', () => {
    const wide = createColumnLayout(Array.from({ length: 2000 }, (_, i) => 40 + ((i * 37) % 160)));
    for (let x = 0; x < totalWidth(wide); x += 997) {
      const linear = wide.widths.findIndex((_, i) => x >= (wide.edges[i] ?? 0) && x < (wide.edges[i + 1] ?? 0));
      expect(columnAt(wide, x)).toBe(linear);
    }
  });

  it('draws only the columns that show', () => {
    expect(visibleColumns(layout, 0, 120)).toEqual({ first: 0, last: 1 });
    expect(visibleColumns(layout, 100, 50)).toEqual({ first: 1, last: 1 });
    expect(visibleColumns(layout, 300, 5000)).toEqual({ first: 2, last: 3 });
  });

  it('has nothing to draw without columns', () => {
    const none = createColumnLayout([]);
    expect(visibleColumns(none, 0, 500).last).toBeLessThan(0);
    expect(totalWidth(none)).toBe(0);
  });

  it('keeps a resized column grabbable and every other column as wide as it was', () => {
    expect(resizeColumn(layout, 1, 3).widths).toEqual([100, MIN_COLUMN_WIDTH, 200, 80]);
    expect(resizeColumn(layout, 1, 90.4).widths).toEqual([100, 90, 200, 80]);
  });

  it('hits a pinned column where it stands, not what is scrolled under it', () => {
    const pinned = pinColumns(layout, 1);
    expect(columnUnder(pinned, 50, 90)).toBe(0);
    expect(columnUnder(pinned, 120, 90)).toBe(2);
    expect(pinnedWidth(pinned)).toBe(100);
    expect(visibleColumns(pinned, 60, 250)).toEqual({ first: 2, last: 2 });
  });

  it('finds the handle on both sides of a border and nowhere else', () => {
    expect(borderAt(layout, 97, 0)).toBe(0);
    expect(borderAt(layout, 103, 0)).toBe(0);
    expect(borderAt(layout, 120, 0)).toBe(-1);
    expect(borderAt(layout, 430, 0)).toBe(3);
    expect(borderAt(layout, 433, 0)).toBe(3);
  });

  it('does not offer the handle of a border that a pinned column covers', () => {
    const pinned = pinColumns(layout, 1);
    // Column 1 ends at 150 - 60 = 90, under the pinned column (0 to 100).
    expect(borderAt(pinned, 90, 60)).toBe(-1);
    expect(borderAt(pinned, 100, 60)).toBe(0);
  });

  it('scrolls the least that shows a column, and to its left edge when it is wider than the view', () => {
    expect(scrollLeftToShow(layout, 0, 40, 200)).toBe(0);
    expect(scrollLeftToShow(layout, 1, 0, 200)).toBe(0);
    expect(scrollLeftToShow(layout, 3, 0, 200)).toBe(230);
    expect(scrollLeftToShow(layout, 2, 0, 120)).toBe(150);
    expect(scrollLeftToShow(pinColumns(layout, 1), 0, 90, 200)).toBe(90);
    expect(scrollLeftToShow(pinColumns(layout, 1), 1, 90, 300)).toBe(0);
  });
});
