/** What the grid draws and how it asks for it. The grid knows nothing of queries, links or React. */

/**
 * How a cell differs from a plain value.
 * - `null`, `empty`: no value, and a value of no characters: never drawn alike.
 * - `masked`: the text is what the masker made; the value itself is not in this process.
 * - `truncated`: the text is the beginning; `bytes` is the size of the whole.
 * - `edited`: staged, not yet written.
 * - `error`: could not be read; the text says why.
 */
export type CellState = 'value' | 'null' | 'empty' | 'masked' | 'truncated' | 'edited' | 'error';

export interface CellView {
  /** The text as the server (or the masker) sent it, possibly cut; empty for NULL. */
  readonly text: string;
  readonly state: CellState;
  /** The masker made NULL of it (`masked` only). */
  readonly none?: true;
  /** Size of the whole value in bytes of UTF-8, where it is not all here. */
  readonly bytes?: number;
}

export interface GridColumn {
  readonly name: string;
  readonly type: string;
  /** Right-aligned, and summed in the footer. */
  readonly numeric: boolean;
  /** Sentences for the tooltip of masked cells (class, rule, how to ask), or null where the column is plain. */
  readonly mask: readonly string[] | null;
}

/** A rectangle of cells; both ends count. */
export interface CellRange {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

export interface CellPosition {
  readonly row: number;
  readonly column: number;
}

/**
 * Obligations: `cell` answers at once (a cell that is not here yet is `'pending'`, and `ensure` has been or will be
 * called for it); `ensure` says what is on the screen and may fetch it; when something arrives, whoever holds the
 * model calls `Grid.refresh`.
 */
export interface GridModel {
  readonly rowCount: number;
  readonly columns: readonly GridColumn[];
  /** Written across the cells; null where nothing is. */
  readonly watermark: string | null;
  cell(row: number, column: number): CellView | 'pending';
  ensure(range: CellRange): void;
}
