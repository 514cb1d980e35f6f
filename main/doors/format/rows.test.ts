import { describe, expect, it } from 'vitest';
import { formatRows, formatTable, type RowFormat, spreadsheetSafe } from './rows.ts';

const columns = [
  { name: 'id', numeric: true },
  { name: 'note', numeric: false },
];
const text = (format: RowFormat, rows: readonly (readonly (string | null)[])[], headers = true): string =>
  [...formatRows(format, columns, rows, { headers })].join('');

describe('rows as text', () => {
  it('keeps every digit of a number too large for a double', () => {
    for (const format of ['csv', 'tsv', 'json', 'markdown', 'insert', 'in-list'] as const) {
      expect(text(format, [['9223372036854775807', 'x']])).toContain('9223372036854775807');
    }
  });

  it('tells NULL from the empty string in CSV', () => {
    expect(
      text('csv', [
        ['1', null],
        ['2', ''],
      ]),
    ).toBe('id,note\r\n1,\r\n2,""\r\n');
  });

  it('quotes what RFC 4180 wants quoted', () => {
    expect(text('csv', [['1', 'a "b", c\n']], false)).toBe('1,"a ""b"", c\n"\r\n');
  });

  it('keeps a row of TSV on one line whatever the cell holds', () => {
    expect(text('tsv', [['1', 'a\tb\nc\\']], false)).toBe('1\ta\\tb\\nc\\\\\n');
  });

  it.each(['=1+1', '+cmd', '-2+3+cmd|x', '@SUM(A1)', '\t=1', '=HYPERLINK("http://x")'])(
    'defuses %j for a spreadsheet',
    (cell) => {
      expect(spreadsheetSafe(cell)).toBe(`'${cell}`);
    },
  );

  it.each(['-5', '+47 920 11 222', '2026-01-01', '-12.50', 'plain', 'a=b'])('leaves %j as it is', (cell) => {
    expect(spreadsheetSafe(cell)).toBe(cell);
  });

  it('writes JSON that parses, with a suffix where two columns share a name', () => {
    const twice = [columns[1], columns[1]].filter((c) => c !== undefined);
    expect(JSON.parse([...formatRows('json', twice, [['a', null]], { headers: true })].join(''))).toEqual([
      { note: 'a', note_2: null },
    ]);
    expect(JSON.parse(text('json', []))).toEqual([]);
  });

  it('never lets a cell end a string literal or a Markdown cell', () => {
    expect(text('insert', [['1', "x'); DROP TABLE t; --"]])).toBe(
      "INSERT INTO table_name (id, note) VALUES (1, 'x''); DROP TABLE t; --');\n",
    );
    expect(text('insert', [['1; DROP', null]])).toContain("('1; DROP', NULL)");
    expect(text('markdown', [['1', 'a|b\n<img src=x>']], true)).toContain('a\\|b<br>&lt;img src=x>');
  });

  it('lists distinct values without NULL', () => {
    expect(
      [
        ...formatRows(
          'in-list',
          [columns[1]].filter((c) => c !== undefined),
          [['a'], ["o'b"], [null], ['a']],
          { headers: false },
        ),
      ].join(''),
    ).toBe("('a', 'o''b')");
  });

  it('shows escape sequences and bidirectional marks in a terminal table instead of obeying them', () => {
    const table = formatTable(columns, [['1', '\u001b[31mred\u202e']]);
    expect(table).toContain('\\u{1b}[31mred\\u{202e}');
    expect(table).not.toContain('\u001b');
  });
});
