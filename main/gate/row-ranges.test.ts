import { describe, expect, it } from 'vitest';
import { countOf, type RowRange, type RowRanges, withRows } from './row-ranges.ts';

const all = (...ranges: readonly (readonly [number, number])[]): RowRanges =>
  ranges.map(([first, count]): RowRange => ({ first, count })).reduce<RowRanges>(withRows, []);

describe('rows of a result', () => {
  it.each([
    [
      'apart',
      [
        [0, 5],
        [10, 5],
      ],
      10,
    ],
    [
      'the same twice',
      [
        [3, 4],
        [3, 4],
      ],
      4,
    ],
    [
      'overlapping',
      [
        [0, 5],
        [3, 5],
      ],
      8,
    ],
    [
      'one in the other',
      [
        [0, 10],
        [2, 3],
      ],
      10,
    ],
    [
      'touching',
      [
        [0, 5],
        [5, 5],
      ],
      10,
    ],
    [
      'joined by a third',
      [
        [0, 2],
        [4, 2],
        [1, 4],
      ],
      6,
    ],
    [
      'in any order',
      [
        [20, 1],
        [0, 1],
        [10, 1],
      ],
      3,
    ],
    ['none', [[5, 0]], 0],
    ['a negative count', [[5, -3]], 0],
  ] as const)('that are %s are each counted once', (_how, ranges, count) => {
    expect(countOf(all(...ranges))).toBe(count);
  });

  it('are kept as few ranges', () => {
    const pieces = Array.from({ length: 1000 }, (_, i) => [(i * 37) % 1000, 1] as const);
    expect(all(...pieces)).toEqual([{ first: 0, count: 1000 }]);
  });
});
