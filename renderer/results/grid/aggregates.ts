import {
  addDecimal,
  compareDecimal,
  type Decimal,
  divideDecimal,
  formatDecimal,
  parseDecimal,
  zero,
} from './decimal.ts';
import { type CellView } from './model.ts';

/** What the footer says about the selected cells of numeric columns. Everything exact, or not said. */
export interface Totals {
  /** Numbers added up. */
  readonly numbers: number;
  readonly sum: Decimal;
  readonly least: Decimal | null;
  readonly greatest: Decimal | null;
  /** Cells of numeric columns that hold something else: masked, cut, NaN, Infinity. They are not in the sum. */
  readonly left: number;
}

export const noTotals: Totals = { numbers: 0, sum: zero, least: null, greatest: null, left: 0 };

/** Adds one cell of a numeric column. NULL is nothing, as in SQL's own aggregates. */
export function addCell(totals: Totals, cell: CellView): Totals {
  if (cell.state === 'null') return totals;
  const value = cell.state === 'value' ? parseDecimal(cell.text) : null;
  if (value === null) return { ...totals, left: totals.left + 1 };
  return {
    numbers: totals.numbers + 1,
    sum: addDecimal(totals.sum, value),
    least: totals.least === null || compareDecimal(value, totals.least) < 0 ? value : totals.least,
    greatest: totals.greatest === null || compareDecimal(value, totals.greatest) > 0 ? value : totals.greatest,
    left: totals.left,
  };
}

/** The footer's words, in order; empty when there is nothing to add up. */
export function totalsInWords(totals: Totals): readonly { readonly label: string; readonly value: string }[] {
  if (totals.numbers === 0 || totals.least === null || totals.greatest === null) return [];
  const average = divideDecimal(totals.sum, totals.numbers);
  const words = [{ label: 'Sum', value: formatDecimal(totals.sum) }];
  if (totals.numbers > 1) {
    words.push(
      { label: 'Average', value: `${average.exact ? '' : '≈ '}${formatDecimal(average.quotient, true)}` },
      { label: 'Min', value: formatDecimal(totals.least) },
      { label: 'Max', value: formatDecimal(totals.greatest) },
    );
  }
  if (totals.left > 0)
    words.push({ label: 'Left out', value: `${totals.left.toLocaleString('en')} masked or not a number` });
  return words;
}
