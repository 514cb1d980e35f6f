/**
 * Rows as text for the clipboard, files and the command line. Cells are the server's text, or null for NULL; nothing is
 * parsed, so no digit of an int8 or numeric is lost. Each format is a pair of pure functions over columns and rows.
 */
export type Row = readonly (string | null)[];

export interface TextColumn {
  readonly name: string;
  /** Numbers stay unquoted in JSON-free formats such as INSERT. */
  readonly numeric: boolean;
}

export type RowFormat = 'csv' | 'tsv' | 'json' | 'markdown' | 'insert' | 'in-list';

export interface FormatOptions {
  readonly headers: boolean;
  /** Table named in INSERT statements. */
  readonly table?: string;
}

/**
 * A spreadsheet takes a cell that begins with = + - @, tab or return for a formula (OWASP, CSV injection). Such a cell
 * gets a leading apostrophe, unless it is only digits and separators, which no spreadsheet can execute.
 */
export function spreadsheetSafe(text: string): string {
  return /^[=+\-@\t\r]/.test(text) && !/^[+-]?[\d\s.,:()/-]*$/.test(text) ? `'${text}` : text;
}

const quoteCsv = (text: string): string =>
  /[",\r\n]|^\s|\s$/.test(text) || text === '' ? `"${text.replaceAll('"', '""')}"` : text;

/** RFC 4180 with NULL as an empty field and the empty string as "". */
const csvCell = (cell: string | null): string => (cell === null ? '' : quoteCsv(spreadsheetSafe(cell)));

/** One line per row whatever the cell holds: tab, line break and backslash are escaped as PostgreSQL's COPY text does. */
const tsvCell = (cell: string | null): string =>
  cell === null
    ? ''
    : spreadsheetSafe(cell)
        .replaceAll('\\', '\\\\')
        .replaceAll('\t', '\\t')
        .replaceAll('\n', '\\n')
        .replaceAll('\r', '\\r');

const markdownCell = (cell: string | null): string =>
  cell === null
    ? ''
    : cell
        .replaceAll('\\', '\\\\')
        .replaceAll('|', '\\|')
        .replaceAll('<', '&lt;')
        .replaceAll(/\r\n|\r|\n/g, '<br>');

const identifier = (name: string): string =>
  /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;

/** A standard_conforming_strings literal. */
const literal = (cell: string | null, numeric: boolean): string => {
  if (cell === null) return 'NULL';
  return numeric && /^-?\d+(\.\d+)?$/.test(cell) ? cell : `'${cell.replaceAll("'", "''")}'`;
};

/** A row as a JSON object; a second column of the same name gets a suffix so that no value is lost. */
function jsonObject(columns: readonly TextColumn[], row: Row): string {
  const seen = new Map<string, number>();
  const members = columns.map((column, i) => {
    const count = (seen.get(column.name) ?? 0) + 1;
    seen.set(column.name, count);
    return `${JSON.stringify(count === 1 ? column.name : `${column.name}_${count}`)}:${JSON.stringify(row[i] ?? null)}`;
  });
  return `{${members.join(',')}}`;
}

/** Yields the text of `rows` in pieces that concatenate to the whole. */
export function* formatRows(
  format: RowFormat,
  columns: readonly TextColumn[],
  rows: Iterable<Row>,
  options: FormatOptions,
): Generator<string> {
  const names = columns.map((column) => column.name);
  switch (format) {
    case 'csv':
      if (options.headers) yield `${names.map(csvCell).join(',')}\r\n`;
      for (const row of rows) yield `${row.map(csvCell).join(',')}\r\n`;
      return;
    case 'tsv':
      if (options.headers) yield `${names.map(tsvCell).join('\t')}\n`;
      for (const row of rows) yield `${row.map(tsvCell).join('\t')}\n`;
      return;
    case 'json': {
      let separator = '[\n';
      for (const row of rows) {
        yield `${separator}  ${jsonObject(columns, row)}`;
        separator = ',\n';
      }
      yield separator === '[\n' ? '[]\n' : '\n]\n';
      return;
    }
    case 'markdown':
      yield `| ${names.map(markdownCell).join(' | ')} |\n| ${columns.map((column) => (column.numeric ? '---:' : '---')).join(' | ')} |\n`;
      for (const row of rows) yield `| ${row.map(markdownCell).join(' | ')} |\n`;
      return;
    case 'insert': {
      const into = `INSERT INTO ${options.table ?? 'table_name'} (${names.map(identifier).join(', ')}) VALUES `;
      for (const row of rows)
        yield `${into}(${row.map((cell, i) => literal(cell, columns[i]?.numeric ?? false)).join(', ')});\n`;
      return;
    }
    case 'in-list': {
      // NULL is left out: `x IN (NULL)` matches nothing.
      const values = new Set<string>();
      for (const row of rows) {
        row.forEach((cell, i) => {
          if (cell !== null) values.add(literal(cell, columns[i]?.numeric ?? false));
        });
      }
      yield `(${[...values].join(', ')})`;
    }
  }
}

/** A longer cell sticks out of its column instead of making every other row as long as it is. Terminal cells. */
const WIDEST = 200;

/** A table for a terminal: columns as wide as their widest cell among these rows, control characters made visible. */
export function formatTable(columns: readonly TextColumn[], rows: readonly Row[]): string {
  const show = (cell: string | null): string => (cell === null ? 'NULL' : visible(cell));
  const text = rows.map((row) => row.map(show));
  const widths = columns.map((column, i) =>
    Math.min(
      WIDEST,
      text.reduce((width, row) => Math.max(width, displayWidth(row[i] ?? '')), displayWidth(visible(column.name))),
    ),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => {
        const padding = ' '.repeat(Math.max(0, (widths[i] ?? 0) - displayWidth(cell)));
        return columns[i]?.numeric ? padding + cell : cell + padding;
      })
      .join(' | ')
      .trimEnd();
  return [
    line(columns.map((column) => visible(column.name))),
    widths.map((width) => '-'.repeat(width)).join('-+-'),
    ...text.map(line),
    '',
  ].join('\n');
}

/** Escape sequences in a cell must not reach the terminal (G14). */
export function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (c) =>
    c === '\n' ? '↵' : c === '\t' ? '→' : `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** Columns of a terminal that a text takes. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const c of text)
    width +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u.test(c) ||
      (c.codePointAt(0) ?? 0) > 0x1f000
        ? 2
        : 1;
  return width;
}
