import { readColor, readToken } from '../../design/theme.ts';

/** Everything the painter needs of the design tokens, resolved once per theme. No colour is written in the grid. */
export interface GridTheme {
  readonly colors: Readonly<Record<GridColor, string>>;
  readonly dataFont: string;
  readonly nullFont: string;
  readonly smallFont: string;
  readonly headerFont: string;
  /** Height of a row and of the header, space left and right of a cell's text, px. */
  readonly row: number;
  readonly header: number;
  readonly padding: number;
  /** Width of one character of the data font: it is monospaced, so most cells need no measuring. */
  readonly character: number;
}

const colors = [
  'surface',
  'chrome-quiet',
  'hover',
  'line',
  'line-strong',
  'control-line',
  'text',
  'text-secondary',
  'text-muted',
  'accent',
  'selection',
  'selection-quiet',
  'selection-line',
  'focus',
  'masked',
  'masked-tint',
  'write',
  'refused',
  'watermark',
] as const;

export type GridColor = (typeof colors)[number];

const pixels = (token: string): number => Number.parseFloat(readToken(token));

/** Reads the tokens as they are now. `measure` gives the width of a text in a font, px. */
export function readGridTheme(measure: (text: string, font: string) => number): GridTheme {
  const mono = readToken('font-mono');
  const ui = readToken('font-ui');
  const dataFont = `${readToken('code-size')} ${mono}`;
  return {
    colors: Object.fromEntries(colors.map((name) => [name, readColor(name)])) as Record<GridColor, string>,
    dataFont,
    nullFont: `italic ${readToken('small-size')} ${mono}`,
    smallFont: `${readToken('small-size')} ${ui}`,
    headerFont: `${readToken('strong')} ${readToken('text-size')} ${ui}`,
    row: pixels('row'),
    header: pixels('row-comfortable'),
    padding: pixels('space-3'),
    character: measure('0'.repeat(100), dataFont) / 100,
  };
}
