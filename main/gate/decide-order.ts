import { type BaseColumn } from './facts.ts';
import { type OrderingIndex } from './lineage/index-order.ts';
import { type Allow } from './verdict.ts';

/**
 * Which scans would bring rows in the order of a masked column, or rows that are equal otherwise: of an index with a
 * masked column anywhere in its key. Where the statement has a use for such an index, no index is scanned; else only
 * index-only scans are left out, which every index offers that holds what is asked for. Bitmap scans stay: they come in
 * the order of the table.
 */
export function leftOutScans(
  indexes: readonly OrderingIndex[],
  isMasked: (column: BaseColumn) => boolean,
): Allow['leftOut'] {
  const hidden = indexes.filter(({ columns }) => columns.some(isMasked));
  if (hidden.some(({ scanned }) => scanned)) return 'index';
  return hidden.length > 0 ? 'index-only' : undefined;
}
