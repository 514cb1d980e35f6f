/** Rows of a result, each once however often it is named: sorted ranges that do not touch. */
export type RowRanges = readonly RowRange[];

export interface RowRange {
  readonly first: number;
  readonly count: number;
}

/** With the rows of another range among them. */
export function withRows(ranges: RowRanges, added: RowRange): RowRanges {
  if (added.count <= 0) return ranges;
  const joined: RowRange[] = [];
  for (const range of [...ranges, added].toSorted((one, other) => one.first - other.first)) {
    const last = joined.at(-1);
    const end = last === undefined ? -1 : last.first + last.count;
    if (last === undefined || range.first > end) joined.push(range);
    else
      joined[joined.length - 1] = { first: last.first, count: Math.max(end, range.first + range.count) - last.first };
  }
  return joined;
}

export const countOf = (ranges: RowRanges): number => ranges.reduce((sum, { count }) => sum + count, 0);
