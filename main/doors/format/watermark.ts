import { CountersignError } from '../../errors.ts';
import { type Row, type RowFormat, type TextColumn } from './rows.ts';

/** Name of the column that says who has seen a row. */
const SEEN_BY: TextColumn = { name: 'seen_by', numeric: false };

/**
 * Columns and rows with the watermark in a last column of every row: one row alone, cut out of a file, still leads to
 * whoever took it.
 */
export function withWatermark<C extends TextColumn>(
  columns: readonly C[],
  rows: Iterable<Row>,
  watermark: string | undefined,
): { readonly columns: readonly (C | TextColumn)[]; readonly rows: Iterable<Row> } {
  if (watermark === undefined) return { columns, rows };
  return { columns: [...columns, SEEN_BY], rows: marked(rows, watermark) };
}

function* marked(rows: Iterable<Row>, watermark: string): Generator<Row> {
  for (const row of rows) yield [...row, watermark];
}

/** Formats that are code for a database: a column more would be another statement, and a list has no rows. */
const WITHOUT_ROOM: readonly RowFormat[] = ['insert', 'in-list'];

/** @throws CountersignError watermark-format, where the format has no room for the watermark that the policy asks for */
export function refuseWithoutRoom(format: RowFormat, watermark: string | undefined): void {
  if (watermark === undefined || !WITHOUT_ROOM.includes(format)) return;
  throw new CountersignError(
    'watermark-format',
    'The policy wants who has seen a row to stand beside it, and this format has no place for that.',
    { next: 'Copy it as CSV, JSON, Markdown or as a table.' },
  );
}
