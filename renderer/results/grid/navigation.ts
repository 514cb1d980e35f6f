import { type CellPosition } from './model.ts';
import { type Extent } from './selection.ts';

/** What a key asks of the grid. Moves go from the focused cell; `extend` keeps the anchor (Shift). */
export type GridCommand =
  | { readonly kind: 'move'; readonly to: Move; readonly extend: boolean }
  | { readonly kind: 'select-all' | 'select-rows' | 'select-columns' | 'collapse' | 'open' | 'menu' }
  | { readonly kind: 'copy'; readonly headers: boolean };

export type Move =
  | 'up'
  | 'down'
  | 'left'
  | 'right'
  | 'page-up'
  | 'page-down'
  | 'row-start'
  | 'row-end'
  | 'first-row'
  | 'last-row'
  | 'first-cell'
  | 'last-cell';

export interface Keystroke {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

const plain: Readonly<Record<string, Move>> = {
  ArrowUp: 'up',
  ArrowDown: 'down',
  ArrowLeft: 'left',
  ArrowRight: 'right',
  PageUp: 'page-up',
  PageDown: 'page-down',
  Home: 'row-start',
  End: 'row-end',
};

const withControl: Readonly<Record<string, Move>> = {
  ArrowUp: 'first-row',
  ArrowDown: 'last-row',
  ArrowLeft: 'row-start',
  ArrowRight: 'row-end',
  Home: 'first-cell',
  End: 'last-cell',
};

/** The keys of a data grid (WAI-ARIA APG, grid pattern) with what spreadsheets add; null for keys that are not ours. */
export function commandFor(stroke: Keystroke): GridCommand | null {
  const control = stroke.ctrlKey || stroke.metaKey;
  const extend = stroke.shiftKey;
  if (stroke.altKey) return null;
  const to = control ? withControl[stroke.key] : plain[stroke.key];
  if (to !== undefined) return { kind: 'move', to, extend };
  switch (stroke.key) {
    case 'a':
    case 'A':
      return control && !extend ? { kind: 'select-all' } : null;
    case 'c':
    case 'C':
      return control ? { kind: 'copy', headers: extend } : null;
    case ' ':
      if (extend && !control) return { kind: 'select-rows' };
      return control && !extend ? { kind: 'select-columns' } : null;
    case 'Enter':
      return control || extend ? null : { kind: 'open' };
    case 'Escape':
      return control || extend ? null : { kind: 'collapse' };
    case 'ContextMenu':
      return { kind: 'menu' };
    case 'F10':
      return extend && !control ? { kind: 'menu' } : null;
    default:
      return null;
  }
}

/** The cell a move leads to. @param page rows that fit the view. */
export function moveFrom(from: CellPosition, to: Move, extent: Extent, page: number): CellPosition {
  const lastRow = extent.rows - 1;
  const lastColumn = extent.columns - 1;
  const row = (value: number): CellPosition => ({ ...from, row: Math.min(Math.max(value, 0), lastRow) });
  const column = (value: number): CellPosition => ({ ...from, column: Math.min(Math.max(value, 0), lastColumn) });
  switch (to) {
    case 'up':
      return row(from.row - 1);
    case 'down':
      return row(from.row + 1);
    case 'page-up':
      return row(from.row - page);
    case 'page-down':
      return row(from.row + page);
    case 'first-row':
      return row(0);
    case 'last-row':
      return row(lastRow);
    case 'left':
      return column(from.column - 1);
    case 'right':
      return column(from.column + 1);
    case 'row-start':
      return column(0);
    case 'row-end':
      return column(lastColumn);
    case 'first-cell':
      return { row: 0, column: 0 };
    case 'last-cell':
      return { row: lastRow, column: lastColumn };
  }
}
