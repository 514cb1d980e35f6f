import { describe, expect, it } from 'vitest';
import { CELL_LIMIT, CELL_MASKED, CELL_NULL, CELL_TRUNCATED, packWindow, ResultWindow } from './result-window.ts';

const utf8 = new TextEncoder();
const area = { firstRow: 512, rows: 3, firstColumn: 64, columns: 2 };
const cells: readonly (readonly (string | null)[])[] = [
  ['Ada', null],
  ['', 'é😀'],
  ['\uFEFFid', 'a\0b'],
];

const pack = (at: (row: number, column: number) => string | null, masked = false): ResultWindow =>
  new ResultWindow(
    packWindow(area, (row, column) => {
      const text = at(row - area.firstRow, column - area.firstColumn);
      return { bytes: text === null ? null : utf8.encode(text), masked };
    }),
  );

describe('a packed result window', () => {
  it('gives back every cell as it was, the byte order mark included', () => {
    const window = pack((row, column) => cells[row]?.[column] ?? null);
    for (let row = 0; row < 3; row++) {
      for (let column = 0; column < 2; column++) {
        const expected = cells[row]?.[column] ?? null;
        expect(window.text(512 + row, 64 + column)).toBe(expected ?? '');
        expect(window.flags(512 + row, 64 + column)).toBe(expected === null ? CELL_NULL : 0);
        expect(window.size(512 + row, 64 + column)).toBe(utf8.encode(expected ?? '').length);
      }
    }
  });

  it('knows nothing outside its rectangle', () => {
    const window = pack(() => 'x');
    for (const [row, column] of [
      [511, 64],
      [515, 64],
      [512, 63],
      [512, 66],
    ] as const) {
      expect(window.text(row, column)).toBeUndefined();
      expect(window.size(row, column)).toBeUndefined();
    }
  });

  it('cuts a big cell between characters and says how big the whole is', () => {
    const big = '€'.repeat(5000);
    const window = pack((row, column) => (row === 1 && column === 0 ? big : 'next'));
    const text = window.text(513, 64) ?? '';
    expect(big.startsWith(text)).toBe(true);
    expect(utf8.encode(text).length).toBeLessThanOrEqual(CELL_LIMIT);
    expect(window.flags(513, 64)).toBe(CELL_TRUNCATED);
    expect(window.size(513, 64)).toBe(15_000);
    expect(window.text(514, 64)).toBe('next');
  });

  it('marks masked cells', () => {
    expect(pack(() => '***', true).flags(512, 64)).toBe(CELL_MASKED);
  });

  it.each([
    new Uint8Array(0),
    new Uint8Array(24),
    packWindow(area, () => ({ bytes: null, masked: false })).subarray(0, 40),
  ])('refuses bytes that are not a window', (bytes) => {
    expect(() => new ResultWindow(bytes)).toThrow(RangeError);
  });
});
