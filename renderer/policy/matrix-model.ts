import { type MatrixCellView, type MatrixView } from '../../shared/views.ts';
import { type Meaning } from '../design/index.ts';

/** The matrix as a table: for everybody the connections one below the other, and a column for each action. */

export interface MatrixRow {
  /** Indexes into the view. */
  readonly who: number;
  readonly place: number;
  readonly cells: readonly MatrixCellView[];
}

export interface MatrixFilter {
  readonly who: string;
  readonly place: string;
}

export const everything: MatrixFilter = { who: '', place: '' };

/** Every word somewhere in the texts, in any order and case. */
function matches(words: string, texts: readonly string[]): boolean {
  const all = texts.join('\n').toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}

/** The rows that match, those of one asker together, in the order of the view. */
export function rowsOf(view: MatrixView, filter: MatrixFilter): MatrixRow[] {
  const { who, places, actions, cells } = view;
  const shownPlaces = places.flatMap((place, at) =>
    matches(filter.place.trim(), [place.connection, place.title, place.environment]) ? [at] : [],
  );
  return who.flatMap((one, at) => {
    if (!matches(filter.who.trim(), [one.id, one.title])) return [];
    return shownPlaces.map((place) => {
      const from = (at * places.length + place) * actions.length;
      return { who: at, place, cells: cells.slice(from, from + actions.length) };
    });
  });
}

/** How an effect looks: its sign, its word, its colour. */
const effects: Readonly<
  Record<MatrixCellView['effect'], { readonly word: string; readonly icon: string; readonly meaning: Meaning }>
> = {
  allow: { word: 'allow', icon: 'check', meaning: 'approved' },
  deny: { word: 'deny', icon: 'circle-slash', meaning: 'refused' },
  approval: { word: 'asks', icon: 'clock', meaning: 'waiting' },
  depends: { word: 'depends', icon: 'question', meaning: 'write' },
};

/** What no rule allows is denied without a word: quieter than what a rule denies. */
const silence = { word: 'deny', icon: 'dash', meaning: 'read' } as const;

export const looksOf = ({ effect, rules }: MatrixCellView): (typeof effects)[MatrixCellView['effect']] =>
  effect === 'deny' && rules.length === 0 ? silence : effects[effect];

const sentences: Readonly<Record<MatrixCellView['effect'], string>> = {
  allow: 'Allowed',
  deny: 'Denied',
  approval: 'Needs approval',
  depends: 'Depends on what is asked',
};

/** The effect as a sentence says it. */
export const effectSentence = ({ effect, rules }: MatrixCellView): string =>
  effect === 'deny' && rules.length === 0 ? 'Denied: no rule allows it' : sentences[effect];

/** A place in the table: rows and columns from 0. */
export interface Spot {
  readonly row: number;
  readonly column: number;
}

/** Rows that Page Up and Page Down pass over. */
const PAGE = 10;

/** Where a key goes from a spot (ARIA Authoring Practices, grid pattern); null for keys that go nowhere. */
export function moved(
  spot: Spot,
  stroke: { readonly key: string; readonly ctrlKey: boolean },
  size: { readonly rows: number; readonly columns: number },
): Spot | null {
  const { row, column } = spot;
  const [lastRow, lastColumn] = [size.rows - 1, size.columns - 1];
  const targets: Readonly<Record<string, Spot>> = {
    ArrowDown: { row: row + 1, column },
    ArrowUp: { row: row - 1, column },
    ArrowRight: { row, column: column + 1 },
    ArrowLeft: { row, column: column - 1 },
    PageDown: { row: row + PAGE, column },
    PageUp: { row: row - PAGE, column },
    Home: { row: stroke.ctrlKey ? 0 : row, column: 0 },
    End: { row: stroke.ctrlKey ? lastRow : row, column: lastColumn },
  };
  const target = Object.hasOwn(targets, stroke.key) ? targets[stroke.key] : undefined;
  if (target === undefined || lastRow < 0 || lastColumn < 0) return null;
  return {
    row: Math.max(0, Math.min(lastRow, target.row)),
    column: Math.max(0, Math.min(lastColumn, target.column)),
  };
}

/** The cell that is looked at, by what it is about: it is found again when the matrix changes. */
export interface CellName {
  readonly who: string;
  readonly connection: string;
  readonly action: string;
}

export function cellOf(view: MatrixView, name: CellName): MatrixCellView | null {
  const who = view.who.findIndex(({ id }) => id === name.who);
  const place = view.places.findIndex(({ connection }) => connection === name.connection);
  const action = view.actions.indexOf(name.action);
  if (who < 0 || place < 0 || action < 0) return null;
  return view.cells[(who * view.places.length + place) * view.actions.length + action] ?? null;
}
