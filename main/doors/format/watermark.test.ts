import { describe, expect, it } from 'vitest';
import { formatRows, formatTable, type RowFormat } from './rows.ts';
import { refuseWithoutRoom, withWatermark } from './watermark.ts';

const MARK = 'ana@shop.example 2026-11-21T23:00Z 0190f1a0#12';
const columns = [
  { name: 'id', numeric: true },
  { name: 'name', numeric: false },
];
const rows = [
  ['1', 'Bo, "the" one'],
  ['2', null],
];

const written = (format: RowFormat): string => {
  const marked = withWatermark(columns, rows, MARK);
  return [...formatRows(format, marked.columns, marked.rows, { headers: true })].join('');
};

describe('a watermark', () => {
  it.each(['csv', 'tsv', 'json', 'markdown'] as const)(
    'stands on every row of %s, under a name of its own',
    (format) => {
      const text = written(format);
      expect(text.split(MARK)).toHaveLength(rows.length + 1);
      expect(text.split('seen_by').length).toBeGreaterThan(1);
    },
  );

  it('is the last field of each line of CSV', () => {
    const [head, ...lines] = written('csv').trimEnd().split('\r\n');
    expect(head).toBe('id,name,seen_by');
    for (const line of lines) expect(line.endsWith(`,${MARK}`)).toBe(true);
  });

  it('keeps a column of the same name in JSON', () => {
    const marked = withWatermark([{ name: 'seen_by', numeric: false }], [['me']], MARK);
    const text = [...formatRows('json', marked.columns, marked.rows, { headers: true })].join('');
    expect(JSON.parse(text)).toEqual([{ seen_by: 'me', seen_by_2: MARK }]);
  });

  it('stands on every row of a table', () => {
    const marked = withWatermark(columns, rows, MARK);
    expect(formatTable(marked.columns, [...marked.rows]).split(MARK)).toHaveLength(rows.length + 1);
  });

  it.each(['insert', 'in-list'] as const)('has no place in %s, which is refused', (format) => {
    expect(() => refuseWithoutRoom(format, MARK)).toThrow(
      expect.objectContaining({ code: 'watermark-format' }) as Error,
    );
    expect(() => refuseWithoutRoom(format, undefined)).not.toThrow();
  });

  it('leaves everything as it is where there is none', () => {
    expect(withWatermark(columns, rows, undefined)).toEqual({ columns, rows });
  });
});
