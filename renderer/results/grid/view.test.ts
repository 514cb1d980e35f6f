import { describe, expect, it } from 'vitest';
import { createColumnLayout } from './column-layout.ts';
import {
  autoscroll,
  hitTest,
  nearestCell,
  pageRows,
  placeOf,
  positionToShow,
  type View,
  visibleRange,
} from './view.ts';

const view: View = {
  width: 500,
  height: 266,
  header: 26,
  gutter: 40,
  row: 24,
  position: 0,
  scrollLeft: 0,
  layout: createColumnLayout([100, 100, 100, 100, 100, 100]),
  rowCount: 1000,
};

describe('what is under the pointer', () => {
  it.each([
    [10, 10, { area: 'corner' }],
    [90, 10, { area: 'column', column: 0 }],
    [141, 10, { area: 'border', column: 0 }],
    [10, 30, { area: 'row', cell: { row: 0, column: 0 } }],
    [141, 30, { area: 'cell', cell: { row: 0, column: 1 } }],
    [499, 265, { area: 'cell', cell: { row: 9, column: 4 } }],
    [500, 100, { area: 'outside' }],
    [-1, 100, { area: 'outside' }],
  ])('at %d, %d', (x, y, hit) => {
    expect(hitTest(view, x, y)).toEqual(hit);
  });

  it('is nothing below the last row and right of the last column', () => {
    expect(hitTest({ ...view, rowCount: 2 }, 100, 26 + 48)).toEqual({ area: 'outside' });
    expect(hitTest({ ...view, layout: createColumnLayout([50]) }, 200, 100)).toEqual({ area: 'outside' });
  });

  it('is the row that scrolled there, ten million rows down', () => {
    const far = { ...view, rowCount: 10_000_000, position: 9_999_000 * 24 + 5 };
    expect(hitTest(far, 50, 26)).toEqual({ area: 'cell', cell: { row: 9_999_000, column: 0 } });
    expect(hitTest(far, 50, 26 + 19)).toEqual({ area: 'cell', cell: { row: 9_999_001, column: 0 } });
  });

  it('is the cell whose place holds the point', () => {
    const scrolled = { ...view, position: 1234.5, scrollLeft: 77 };
    for (let x = 45; x < 500; x += 31) {
      for (let y = 30; y < 266; y += 17) {
        const hit = hitTest(scrolled, x, y);
        if (hit.area !== 'cell') throw new Error('a cell was expected');
        const place = placeOf(scrolled, hit.cell);
        expect(x >= place.x && x < place.x + place.width && y >= place.y && y < place.y + place.height).toBe(true);
      }
    }
  });
});

describe('what shows', () => {
  it('is the cells that are at least partly visible', () => {
    expect(visibleRange(view)).toEqual({ top: 0, left: 0, bottom: 9, right: 4 });
    expect(visibleRange({ ...view, position: 12, scrollLeft: 150 })).toEqual({ top: 0, left: 1, bottom: 10, right: 5 });
    expect(visibleRange({ ...view, rowCount: 0 })).toBeNull();
    expect(visibleRange({ ...view, layout: createColumnLayout([]) })).toBeNull();
  });

  it('pages by whole rows and never by none', () => {
    expect(pageRows(view)).toBe(10);
    expect(pageRows({ ...view, height: 30 })).toBe(1);
  });

  it('moves the least that shows a row', () => {
    expect(positionToShow(view, 5)).toBe(0);
    expect(positionToShow(view, 10)).toBe(24);
    expect(positionToShow({ ...view, position: 480 }, 3)).toBe(72);
  });
});

describe('a drag that leaves the grid', () => {
  it('ends at the nearest cell', () => {
    expect(nearestCell(view, -500, -500)).toEqual({ row: 0, column: 0 });
    expect(nearestCell(view, 9999, 9999)).toEqual({ row: 9, column: 4 });
  });

  it('scrolls faster the further it is away, and not at all inside', () => {
    expect(autoscroll(view, 100, 100)).toEqual({ x: 0, y: 0 });
    expect(autoscroll(view, 100, 269).y).toBe(1);
    expect(autoscroll(view, 100, 300).y).toBe(12);
    expect(autoscroll(view, 100, 9999).y).toBe(60);
    expect(autoscroll(view, 10, 100).x).toBe(-10);
  });
});
