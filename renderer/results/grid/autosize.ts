import { cutText, showText } from './cell-text.ts';
import { MIN_COLUMN_WIDTH } from './column-layout.ts';
import { type GridColumn, type GridModel } from './model.ts';
import { headerName } from './paint-frame.ts';
import { type GridTheme } from './theme.ts';

/** Gives the width of a text in a font, px. */
export type Measure = (text: string, font: string) => number;

const LOCK_SPACE = 14;
/** Wider only by hand: one long text must not push everything else out of view. */
const COMFORTABLE_WIDTH = 340;
const LONGEST_MEASURED = 200;

/** Room for the name and the type of a column. */
export function headerWidth(theme: GridTheme, column: GridColumn, measure: Measure): number {
  const name = measure(headerName(column), theme.headerFont);
  const type = measure(cutText(column.type, 24), theme.smallFont);
  const lock = column.mask === null ? 0 : LOCK_SPACE;
  return Math.ceil(name + type + lock + theme.padding * 2.75 + 2);
}

function textWidth(theme: GridTheme, text: string): number {
  const shown = showText(text, LONGEST_MEASURED).text;
  let characters = 0;
  // East Asian wide characters take two places; close enough for a first width, and a double click measures again.
  for (const character of shown) characters += (character.codePointAt(0) ?? 0) >= 0x1100 ? 2 : 1;
  return characters * theme.character;
}

/** The width that shows the cells of the given rows that are here, and the header. */
export function fittedWidth(
  theme: GridTheme,
  model: GridModel,
  index: number,
  rows: { readonly first: number; readonly last: number },
  measure: Measure,
  limit = COMFORTABLE_WIDTH,
): number {
  const column = model.columns[index];
  if (column === undefined) return MIN_COLUMN_WIDTH;
  let widest = 0;
  for (let row = rows.first; row <= rows.last; row++) {
    const cell = model.cell(row, index);
    if (cell === 'pending') continue;
    const sign = cell.state === 'truncated' ? 12 * theme.character : 0;
    widest = Math.max(widest, cell.state === 'null' ? 4 * theme.character : textWidth(theme, cell.text) + sign);
  }
  const cells = Math.ceil(widest + 2 * theme.padding + 2);
  return Math.max(MIN_COLUMN_WIDTH, Math.min(cells, limit), Math.min(headerWidth(theme, column, measure), limit));
}

/** Room for the highest row number. */
export function gutterWidth(theme: GridTheme, rowCount: number, measure: Measure): number {
  const digits = Math.max(3, String(rowCount).length);
  return Math.ceil(measure('0'.repeat(digits), theme.smallFont) + 2 * theme.padding);
}
